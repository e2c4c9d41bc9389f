/** Why an activity, a child workflow or an instance failed (Dapr: TaskFailureDetails). */
export interface FailureDetails {
  /** Name of the error's class, for instance `TypeError`. */
  readonly errorType: string;
  readonly message: string;
  readonly stackTrace?: string;
  /** No retry policy calls again after this failure. */
  readonly isNonRetriable?: boolean;
}

/**
 * Describes whatever was thrown. An `Error` gives the name of its class, as Dapr's JavaScript SDK does;
 * any other value gives its type and its text, so that a failure is never without a reason.
 */
export function describeFailure(thrown: unknown): FailureDetails {
  if (thrown instanceof Error) {
    const errorType = thrown.constructor?.name || thrown.name || "Error";
    return {
      errorType,
      message: thrown.message,
      ...(thrown.stack !== undefined && { stackTrace: thrown.stack }),
      ...(isNonRetriable(thrown) && { isNonRetriable: true }),
    };
  }
  const errorType =
    thrown === null || thrown === undefined ? String(thrown) : (thrown.constructor?.name ?? typeof thrown);
  return {
    errorType,
    message: typeof thrown === "object" && thrown !== null ? (toJsonOrText(thrown) ?? "") : String(thrown),
  };
}

/** NonRetriableError of this library, any error that carries its mark, and the error of Cloudflare Workflows. */
function isNonRetriable(error: Error & { isNonRetriable?: unknown }): boolean {
  return error.isNonRetriable === true || error.name === "NonRetryableError";
}

function toJsonOrText(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
