import type { FailureDetails } from "../model/failure.ts";

/**
 * The error that a failure describes, as far as it can be had again: name, message, stack and simple fields are its own, and
 * so are the failures within it, as `cause` and `errors`. Its class is Error: the code that threw it may be another Worker's.
 */
export function rebuiltError(failure: FailureDetails): Error {
  const { errorType, message, stackTrace, isNonRetriable, properties = {}, innerFailure, otherFailures } = failure;
  const error = new Error(message);
  const set = (key: string, value: unknown, enumerable = false) =>
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  for (const [key, value] of Object.entries(properties)) set(key, value, true);
  set("name", errorType);
  set("stack", stackTrace);
  if (isNonRetriable) set("isNonRetriable", true);
  if (innerFailure !== undefined) set("cause", rebuiltError(innerFailure));
  if (otherFailures !== undefined) set("errors", otherFailures.map(rebuiltError));
  return error;
}
