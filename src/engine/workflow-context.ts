import { nameOf, type TWorkflow, type TWorkflowActivity } from "./registry.ts";
import { type Task, WhenAllTask, WhenAnyTask } from "./task.ts";

/** What a running execution offers its workflow; implemented by `Execution`. */
export interface OrchestrationContext {
  readonly instanceId: string;
  readonly currentTimeMs: number;
  readonly isReplaying: boolean;
  callActivity(name: string, input: unknown): Task<unknown>;
  callChild(name: string, input: unknown, instanceId: string | undefined): Task<unknown>;
  createTimer(fireAtMs: number): Task<unknown>;
  waitForExternalEvent(name: string): Task<unknown>;
  continueAsNew(input: unknown, saveEvents: boolean): void;
  setCustomStatus(status: string): void;
}

// Dapr's signatures promise the author no more than `any`.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any;

/** The first argument of every workflow: Dapr's JavaScript WorkflowContext, method for method. */
export class WorkflowContext {
  readonly #inner: OrchestrationContext;

  constructor(innerContext: OrchestrationContext) {
    if (innerContext === null || innerContext === undefined) throw new Error("ActivityContext cannot be undefined");
    this.#inner = innerContext;
  }

  getWorkflowInstanceId(): string {
    return this.#inner.instanceId;
  }

  /** The time of the turn that the workflow is in; the same in every replay. Use it in place of `Date.now()`. */
  getCurrentUtcDateTime(): Date {
    return new Date(this.#inner.currentTimeMs);
  }

  /** True while the code runs again over what it has done before. */
  isReplaying(): boolean {
    return this.#inner.isReplaying;
  }

  /**
   * A durable timer. A number is in seconds from `getCurrentUtcDateTime()`; a time that has passed fires at once.
   * Never fires early. Throws a RangeError for NaN, an infinity or an invalid date.
   */
  createTimer(fireAt: Date | number): Task<Any> {
    const fireAtMs = typeof fireAt === "number" ? this.#inner.currentTimeMs + fireAt * 1000 : fireAt?.getTime?.();
    // The range of Date: beyond it, a time cannot be shown or compared.
    if (typeof fireAtMs !== "number" || !(Math.abs(fireAtMs) <= 8.64e15)) {
      throw new RangeError(`createTimer takes a Date or a number of seconds, but was given ${String(fireAt)}`);
    }
    return this.#inner.createTimer(Math.ceil(fireAtMs));
  }

  /** Calls an activity, by itself or by its registered name. The input is passed as JSON. */
  callActivity(activity: TWorkflowActivity | string, input?: unknown): Task<Any> {
    return this.#inner.callActivity(nameOf(activity), input);
  }

  /**
   * Starts a workflow and waits for its result. Without an `instanceId` it gets one made from this instance's ID.
   * Fails with errorType `WorkflowInstanceAlreadyExists` when an instance under that ID has not ended.
   */
  callChildWorkflow(workflow: TWorkflow | string, input?: unknown, instanceId?: string): Task<Any> {
    return this.#inner.callChild(nameOf(workflow), input, instanceId);
  }

  /** @deprecated The former name of callChildWorkflow. */
  callSubWorkflow(workflow: TWorkflow | string, input?: unknown, instanceId?: string): Task<Any> {
    return this.callChildWorkflow(workflow, input, instanceId);
  }

  /** The next event of this name, in any letter case. Events raised before the wait are kept for it. */
  waitForExternalEvent(name: string): Task<Any> {
    if (typeof name !== "string" || name === "") {
      throw new TypeError("waitForExternalEvent takes the name of an event, a string that is not empty");
    }
    return this.#inner.waitForExternalEvent(name);
  }

  /**
   * Ends this execution and begins a new one of the same instance with `newInput` and an empty history.
   * `saveEvents` carries over the events that nobody has waited for. What the code schedules afterwards is dropped.
   */
  continueAsNew(newInput?: unknown, saveEvents = false): void {
    this.#inner.continueAsNew(newInput, saveEvents);
  }

  /** Shown as `dapr.workflow.custom_status`. A string is kept as it is; any other value as JSON. Throws a RangeError beyond 65,536 characters. */
  setCustomStatus(status: string): void {
    this.#inner.setCustomStatus(status);
  }

  /** All results in order, or the first failure as soon as it happens. */
  whenAll<T>(tasks: Task<T>[]): WhenAllTask<T> {
    return new WhenAllTask(tasks);
  }

  /** The task that ends first, well or badly: `const winner = yield ctx.whenAny([a, b]); if (winner === a) …` */
  whenAny(tasks: Task<Any>[]): WhenAnyTask {
    return new WhenAnyTask(tasks);
  }
}
