import type { FailureDetails } from "../model/failure.ts";

/** An activity or a child workflow failed; thrown into the workflow where it waits for the result. */
export class TaskFailedError extends Error {
  override readonly name = "TaskFailedError";
  readonly #details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message);
    this.#details = details;
  }

  /** Class, message and stack of the error that the activity or the child threw. */
  get details(): FailureDetails {
    return this.#details;
  }
}

/**
 * The workflow's code did something else than its history says it did. It ends the execution as FAILED and
 * passes by the workflow's own try/catch. The texts are those of Dapr's JavaScript SDK, so that searches find them.
 */
export class NonDeterminismError extends Error {
  override readonly name = "NonDeterminismError";
}

/** The history starts a workflow that today's code does not have. */
export class OrchestratorNotRegisteredError extends Error {
  override readonly name = "OrchestratorNotRegisteredError";
  constructor(workflowName: string) {
    super(`Orchestrator '${workflowName}' does not exist.`);
  }
}

/** The workflow called an activity that today's code does not have. The workflow can catch it. */
export class ActivityNotRegisteredError extends Error {
  override readonly name = "ActivityNotRegisteredError";
  constructor(activityName: string) {
    super(`Activity function '${activityName}' is not registered.`);
  }
}
