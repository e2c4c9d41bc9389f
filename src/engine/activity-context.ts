/** What the instance tells an activity about the call it runs for, and what the activity tells it. */
export interface ActivityCall {
  readonly instanceId: string;
  readonly taskId: number;
  readonly taskExecutionId: string;
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** The details of the last heartbeat that is known, of this attempt or the one before. */
  readonly progress: unknown;
  heartbeat(details: unknown): void;
}

/** The first argument of every activity (Dapr JS: WorkflowActivityContext). */
export class WorkflowActivityContext {
  readonly #call: ActivityCall;

  constructor(call: ActivityCall) {
    if (call === null || call === undefined) throw new Error("ActivityContext cannot be undefined");
    this.#call = call;
  }

  /** ID of the workflow instance that called this activity. */
  getWorkflowInstanceId(): string {
    return this.#call.instanceId;
  }

  /** Number of the call within its execution, from 1. Each attempt of a call with a retry policy has its own. */
  getWorkflowActivityId(): number {
    return this.#call.taskId;
  }

  /**
   * Names this call and no other, the same for every attempt and after every restart. An activity may run more
   * than once; give this to the service it calls as the idempotency key (Dapr 1.16: GetTaskExecutionID).
   *
   *     await bank.charge(amount, { idempotencyKey: ctx.getTaskExecutionId() });
   */
  getTaskExecutionId(): string {
    return this.#call.taskExecutionId;
  }

  /** Which attempt of its call this is, from 1. A run after a restart of the object belongs to the same attempt. */
  getAttemptNumber(): number {
    return this.#call.attempt;
  }

  /**
   * Aborted when nobody waits for the result any more: the attempt has run out of time, or the workflow was canceled or
   * terminated. Not when a `whenAny` is lost, or the workflow ends in another way. Pass it to `fetch`; an activity that does
   * not look at it runs on, and its result is dropped.
   *
   *     const response = await fetch(url, { signal: ctx.signal });
   */
  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /**
   * Says that the activity still makes progress. `details`, any JSON of at most 65,536 characters, are there for the next
   * attempt, and for a run after a restart (they are written at most once a second, so that one may find them older).
   * Throws a RangeError for longer ones.
   *
   *     for (let page = ctx.getLastHeartbeatDetails() ?? 0; page < pages; page++) {
   *       await copy(page);
   *       ctx.heartbeat(page + 1);
   *     }
   */
  heartbeat(details?: unknown): void {
    this.#call.heartbeat(details);
  }

  /** The details of the last heartbeat of the attempt, or the run, before this one; `undefined` when there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: what the author has put in
  getLastHeartbeatDetails(): any {
    return this.#call.progress;
  }
}

// The author's own input and output types are unknown here, and `any` is what lets every author's signature fit
// (Dapr's JavaScript SDK declares both as `any` for the same reason).
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any;

/** An activity: any function, async or not. Its result must be JSON. */
export type TWorkflowActivity<TInput = Any, TOutput = Any> = (
  context: WorkflowActivityContext,
  input: TInput,
) => TOutput | Promise<TOutput>;
