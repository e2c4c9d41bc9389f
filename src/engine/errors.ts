import { describedFailure, type FailureDetails } from "../model/failure.ts";
import { listNames, nearName } from "../model/near-name.ts";
import { rebuiltError } from "./rebuilt-error.ts";

/**
 * An activity or a child workflow failed; thrown into the workflow where it waits for the result. `cause` is the error that
 * the failure itself was caused by, made again from `details.innerFailure`.
 */
export class TaskFailedError extends Error {
  override readonly name = "TaskFailedError";
  readonly #details: FailureDetails;

  constructor(message: string, details: FailureDetails) {
    super(message, details.innerFailure && { cause: rebuiltError(details.innerFailure) });
    this.#details = details;
    // Where the activity or the child threw is of use; where the engine made this error is not.
    setStack(this, details.stackTrace);
  }

  /** The error that the activity or the child threw: its type, message, stack, simple fields, and what caused it. */
  get details(): FailureDetails {
    return this.#details;
  }

  /** @internal */
  get [describedFailure](): FailureDetails {
    return this.#details;
  }
}

/** Throw it from an activity or a child workflow: no retry policy calls again. Same as an `isNonRetriable: true` on any error. */
export class NonRetriableError extends Error {
  override readonly name: string;
  readonly isNonRetriable = true;

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    // A class made of this one has a name of its own to tell.
    this.name = new.target === NonRetriableError ? "NonRetriableError" : new.target.name;
  }
}

/** Thrown into a workflow where it waits, when somebody has asked for its cancellation. Left uncaught, the instance ends as CANCELED. */
export class WorkflowCanceledError extends Error {
  override readonly name = "WorkflowCanceledError";
  constructor(reason: string | undefined) {
    super(reason === undefined ? "The workflow was canceled" : `The workflow was canceled: ${reason}`);
    setStack(this, undefined);
  }
}

/** The result of a timer or a wait that the workflow has canceled itself. */
export class TaskCanceledError extends Error {
  override readonly name = "TaskCanceledError";
  constructor(what: string) {
    super(`${what} was canceled`);
    setStack(this, undefined);
  }
}

/** An event did not come in time. */
export class TaskTimeoutError extends Error {
  override readonly name = "TaskTimeoutError";
  constructor(message: string) {
    super(message);
    setStack(this, undefined);
  }
}

/**
 * The workflow's code did something else than its history says it did. It ends the execution as FAILED and
 * passes by the workflow's own try/catch. The texts begin as those of Dapr's JavaScript SDK, so that searches find them.
 */
export class NonDeterminismError extends Error {
  override readonly name = "NonDeterminismError";
  readonly difference: Difference;
  constructor(message: string, difference: Difference) {
    super(message);
    this.difference = difference;
    setStack(this, undefined);
  }
}

/** Where code and history part. */
export interface Difference {
  /** Which event of the history, counted from 0. */
  readonly historyIndex: number;
  /** What the history holds there, for instance `callActivity 'charge' #3`. */
  readonly expected: string;
  /** What the code did in its place. */
  readonly actual: string;
}

/** A query or an update was sent to a workflow that has not registered one of this name. */
export class HandlerNotRegisteredError extends Error {
  override readonly name = "HandlerNotRegisteredError";
  constructor(kind: "query" | "update", handlerName: string, known: readonly string[]) {
    super(`The workflow has no ${kind} '${handlerName}'. It has ${known.length === 0 ? "none" : known.join(", ")}.`);
    setStack(this, undefined);
  }
}

function whatIsRegistered(wanted: string, registered: readonly string[]): string {
  if (registered.length === 0) return "Nothing is registered.";
  const near = nearName(wanted, registered);
  const meant = near === undefined ? "" : `Did you mean '${near}'? `;
  return `${meant}Registered are: ${listNames(registered, wanted)}.`;
}

/** The history starts a workflow that today's code does not have. */
export class OrchestratorNotRegisteredError extends Error {
  override readonly name = "OrchestratorNotRegisteredError";
  constructor(workflowName: string, registered: readonly string[]) {
    super(`Orchestrator '${workflowName}' does not exist. ${whatIsRegistered(workflowName, registered)}`);
    setStack(this, undefined);
  }
}

/** The workflow called an activity that today's code does not have. The workflow can catch it. */
export class ActivityNotRegisteredError extends Error {
  override readonly name = "ActivityNotRegisteredError";
  constructor(activityName: string, registered: readonly string[]) {
    super(`Activity function '${activityName}' is not registered. ${whatIsRegistered(activityName, registered)}`);
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
