import type { WorkflowActivityContext } from "../engine/activity-context.ts";
import { hasMore, mayHold, moreIn, type Resources, resourcesNow } from "./event-loop.ts";

/** So long a mock that has nothing to wait for is given, for what the event loop does not show, such as `crypto.subtle`. */
const MOCK_GRACE_MS = 20;

/** Code that is at work in real time, or seems to be. */
export interface Work {
  /** It has been waited for in real time, and counts as waiting from here on: time passes it. */
  readonly isPassed: boolean;
  /** It has begun something real that is not over: it will end by itself. */
  readonly isAtIo: boolean;
  /** Whether it has begun something real: what others begin and end meanwhile shall not hide it. */
  look(now: Resources): void;
  wasSilentFor(ms: number, graceMs: number, now: Resources): void;
}

/** A turn that the workflow's code holds up: it awaits something that is no task. */
export class HeldTurn implements Work {
  #silentMs = 0;
  isPassed = false;
  readonly isAtIo = false;

  look(): void {}

  wasSilentFor(ms: number, graceMs: number): void {
    this.#silentMs += ms;
    this.isPassed = this.#silentMs >= graceMs;
  }
}

/** One run of an activity that is at work. */
export class ActivityRun implements Work {
  readonly instanceId: string;
  readonly taskId: number;
  readonly name: string;
  readonly attempt: number;
  readonly isMock: boolean;
  readonly #context: WorkflowActivityContext;
  readonly #life: { readonly isOver: boolean };
  /** What was under way before, and still is. */
  #before: Resources;
  #hasBegunIo = false;
  /** What it had begun when it returned: nobody else was at work, so that it is its own. */
  #own: Resources = new Map();
  #silentMs = 0;
  isPassed = false;

  constructor(name: string, isMock: boolean, context: WorkflowActivityContext, life: { readonly isOver: boolean }) {
    this.instanceId = context.getWorkflowInstanceId();
    this.taskId = context.getWorkflowActivityId();
    this.name = name;
    this.attempt = context.getAttemptNumber();
    this.isMock = isMock;
    this.#context = context;
    this.#life = life;
    this.#before = resourcesNow();
  }

  /** Its code has returned a promise. `hasAsked`: it has asked the client for something meanwhile, which is nothing real. */
  hasReturned(hasAsked: boolean): void {
    if (hasAsked) return;
    const now = resourcesNow();
    this.#own = moreIn(now, this.#before);
    this.look(now);
  }

  look(now: Resources): void {
    if (hasMore(now, this.#before)) this.#hasBegunIo = true;
    else this.#before = now;
  }

  /** Nobody waits for its result any more. */
  get isAbandoned(): boolean {
    return this.#life.isOver || this.#context.signal.aborted;
  }

  get isAtIo(): boolean {
    return this.#own.size > 0 && mayHold(resourcesNow(), this.#own);
  }

  /** It has sent a heartbeat. */
  isAlive(): void {
    this.#silentMs = 0;
    this.isPassed = false;
  }

  wasSilentFor(ms: number, graceMs: number, now: Resources): void {
    this.#silentMs += ms;
    // Something real has been begun since its start, by itself or by others.
    const takesTime = !this.isMock || this.#hasBegunIo || hasMore(now, this.#before);
    this.isPassed = this.#silentMs >= (takesTime ? graceMs : Math.min(graceMs, MOCK_GRACE_MS));
  }
}
