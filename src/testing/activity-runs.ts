import type { WorkflowActivityContext } from "../engine/activity-context.ts";
import { hasMore, type Resources, resourcesNow } from "./event-loop.ts";

/** So long a mock that has nothing to wait for is given, for what the event loop does not show, such as `crypto.subtle`. */
const MOCK_GRACE_MS = 20;

/** One run of an activity that is at work. */
export class ActivityRun {
  readonly instanceId: string;
  readonly name: string;
  readonly attempt: number;
  readonly isMock: boolean;
  readonly #context: WorkflowActivityContext;
  readonly #life: { readonly isOver: boolean };
  /** What was under way before, and still is. */
  #before: Resources;
  #hasBegunIo = false;
  #silentMs = 0;
  /** It has been waited for in real time, and counts as waiting from here on: time passes it. */
  isPassed = false;

  constructor(name: string, isMock: boolean, context: WorkflowActivityContext, life: { readonly isOver: boolean }) {
    this.instanceId = context.getWorkflowInstanceId();
    this.name = name;
    this.attempt = context.getAttemptNumber();
    this.isMock = isMock;
    this.#context = context;
    this.#life = life;
    this.#before = resourcesNow();
  }

  /** Its code has returned a promise. `hasAsked`: it has asked the client for something meanwhile, which is nothing real. */
  hasReturned(hasAsked: boolean): void {
    if (!hasAsked) this.look();
  }

  /** Whether it has begun something real: what others begin and end meanwhile shall not hide it. */
  look(): void {
    const now = resourcesNow();
    if (hasMore(now, this.#before)) this.#hasBegunIo = true;
    else this.#before = now;
  }

  /** Nobody waits for its result any more. */
  get isAbandoned(): boolean {
    return this.#life.isOver || this.#context.signal.aborted;
  }

  /** Something real has been begun since its start and is not over: by itself, as far as can be told. */
  get isAtIo(): boolean {
    return hasMore(resourcesNow(), this.#before);
  }

  /** It has sent a heartbeat. */
  isAlive(): void {
    this.#silentMs = 0;
    this.isPassed = false;
  }

  wasSilentFor(ms: number, graceMs: number): void {
    this.#silentMs += ms;
    const takesTime = !this.isMock || this.#hasBegunIo || this.isAtIo;
    this.isPassed = this.#silentMs >= (takesTime ? graceMs : Math.min(graceMs, MOCK_GRACE_MS));
  }
}
