/** Why an activity, a child workflow or an instance failed (Dapr: TaskFailureDetails). */
export interface FailureDetails {
  /** Name of the error's class, for instance `TypeError`. */
  readonly errorType: string;
  readonly message: string;
  readonly stackTrace?: string;
}

/**
 * Describes whatever was thrown. An `Error` gives the name of its class, as Dapr's JavaScript SDK does;
 * any other value gives its type and its text, so that a failure is never without a reason.
 */
export function describeFailure(thrown: unknown): FailureDetails {
  if (thrown instanceof Error) {
    const errorType = thrown.constructor?.name || thrown.name || "Error";
    return thrown.stack === undefined
      ? { errorType, message: thrown.message }
      : { errorType, message: thrown.message, stackTrace: thrown.stack };
  }
  const errorType =
    thrown === null || thrown === undefined ? String(thrown) : (thrown.constructor?.name ?? typeof thrown);
  return {
    errorType,
    message: typeof thrown === "object" && thrown !== null ? (toJsonOrText(thrown) ?? "") : String(thrown),
  };
}

function toJsonOrText(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
