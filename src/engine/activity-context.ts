/** What the instance tells an activity about the call it runs for. */
export interface ActivityCall {
  readonly instanceId: string;
  readonly taskId: number;
  readonly taskExecutionId: string;
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

  /** Number of the call within its execution, from 1. */
  getWorkflowActivityId(): number {
    return this.#call.taskId;
  }

  /**
   * Names this call and no other, the same for every attempt and after every restart. An activity may run more
   * than once; give this to the service it calls as the idempotency key (Dapr 1.16: GetTaskExecutionID).
   */
  getTaskExecutionId(): string {
    return this.#call.taskExecutionId;
  }
}
