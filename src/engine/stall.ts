import type { FailureDetails } from "../model/failure.ts";
import type { StallReason } from "../model/history-event.ts";
import type { NonDeterminismError } from "./errors.ts";

/** Why an execution cannot go on with today's code. */
export interface Stall {
  readonly reason: StallReason;
  readonly message: string;
  /** As in ExecutionStalled. */
  readonly knownBy?: string | undefined;
}

/** The code does something else than its history says. `failure`: how it has ended, quoted in the error. */
export function differs(error: NonDeterminismError, failure: FailureDetails | undefined): Stall {
  const { message, difference } = error;
  const knownBy = failure && `event ${difference.historyIndex}: ${failure.errorType}`;
  return { reason: "NON_DETERMINISM", message, knownBy };
}

/** The version that the history names is not registered. */
export function versionNotAvailable(version: string | undefined): Stall {
  const message = `Version not available: ${version ?? "none is registered as the latest"}`;
  return { reason: "VERSION_NOT_AVAILABLE", message };
}
