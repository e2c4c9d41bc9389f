import type { FailureDetails } from "../model/failure.ts";

/** An activity or a child workflow failed; thrown into the workflow where it waits for the result. */
export class TaskFailedError extends Error {
  override readonly name = "TaskFailedError";
  readonly #details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message);
    this.#details = details;
    // Where the activity or the child threw is of use; where the engine made this error is not.
    setStack(this, details.stackTrace);
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
  constructor(message: string) {
    super(message);
    setStack(this, undefined);
  }
}

/** The history starts a workflow that today's code does not have. */
export class OrchestratorNotRegisteredError extends Error {
  override readonly name = "OrchestratorNotRegisteredError";
  constructor(workflowName: string) {
    super(`Orchestrator '${workflowName}' does not exist.`);
    setStack(this, undefined);
  }
}

/** The workflow called an activity that today's code does not have. The workflow can catch it. */
export class ActivityNotRegisteredError extends Error {
  override readonly name = "ActivityNotRegisteredError";
  constructor(activityName: string) {
    super(`Activity function '${activityName}' is not registered.`);
    setStack(this, undefined);
  }
}

/** The engine's own rule was broken: the message says all, and the stack would show only the engine. */
export function withoutStack<E extends Error>(error: E): E {
  setStack(error, undefined);
  return error;
}

function setStack(error: Error, stack: string | undefined): void {
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
}
