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
 * any other value gives its type and its text, so that a failure is never without a reason. Never throws, whatever the
 * value does when it is read, and gives texts only.
 */
export function describeFailure(thrown: unknown): FailureDetails {
  if (isError(thrown)) {
    const stackTrace = textOf(() => thrown.stack);
    return {
      errorType: textOf(() => thrown.constructor?.name) || textOf(() => thrown.name) || "Error",
      message: textOf(() => thrown.message) ?? "",
      ...(stackTrace !== undefined && { stackTrace }),
      ...(isNonRetriable(thrown) && { isNonRetriable: true }),
    };
  }
  if (thrown === null || thrown === undefined) return { errorType: String(thrown), message: String(thrown) };
  return {
    errorType: textOf(() => thrown.constructor?.name) || typeof thrown,
    message: textOf(() => (typeof thrown === "object" ? thrown : String(thrown))) ?? "",
  };
}

/** The places in the code that a stack names, at most so many: without the message before them, which may quote a payload. */
export function placesOf(thrown: unknown, most = 5): string[] {
  const { message, stackTrace = "" } = describeFailure(thrown);
  const begin = message === "" ? -1 : stackTrace.indexOf(message);
  const places = begin < 0 ? stackTrace : stackTrace.slice(begin + message.length);
  const lines = places.split("\n").filter((line) => /^\s+at /.test(line));
  return lines.slice(0, most).map((line) => line.trim().slice(3));
}

/** Never throws, whatever the value does. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** The name of an error, or the type of what is none: for the log. */
export function errorTypeOf(thrown: unknown): string {
  return isError(thrown) ? textOf(() => thrown.name) || "Error" : typeof thrown;
}

/** NonRetriableError of this library, any error that carries its mark, and the error of Cloudflare Workflows. */
function isNonRetriable(error: Error & { isNonRetriable?: unknown }): boolean {
  try {
    return error.isNonRetriable === true || error.name === "NonRetryableError";
  } catch {
    return false;
  }
}

/** `undefined` when there is nothing, or it cannot be read. */
function textOf(read: () => unknown): string | undefined {
  try {
    const value = read();
    if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
    return typeof value === "object" ? toJsonOrText(value) : String(value);
  } catch {
    return undefined;
  }
}

function toJsonOrText(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
