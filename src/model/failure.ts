import type { FailureDetails } from "./failure-details.ts";
import { cutText, fitFailure, MAX_INNER_FAILURES } from "./failure-size.ts";

export type { FailureDetails } from "./failure-details.ts";

/** An error that stands for a failure that has been described already has it under this key. */
export const describedFailure: unique symbol = Symbol("describedFailure");

const MAX_PROPERTIES = 20;
const MAX_PROPERTY_BYTES = 1_024;
const MAX_ERRORS = 10;
/** Of all that is described for one error. */
const MAX_DESCRIBED = 100;
/** What FailureDetails has a field of its own for. */
const NO_PROPERTIES: readonly string[] = ["name", "message", "stack", "cause", "errors", "isNonRetriable"];

/**
 * Describes whatever was thrown. Any value that is no error gives its type and its text, so that a failure is never without
 * a reason. Never throws, whatever the value does when it is read; reads each field once, and gives plain data only.
 */
export function describeFailure(thrown: unknown): FailureDetails {
  return fitFailure(describe(thrown, [], { left: MAX_DESCRIBED }));
}

/** `above`: the errors that this one is within. */
function describe(thrown: unknown, above: readonly unknown[], count: { left: number }): FailureDetails {
  count.left--;
  if (isError(thrown)) return describeError(thrown, above, count);
  if (thrown === null || thrown === undefined) return { errorType: String(thrown), message: String(thrown) };
  if (isLeftPromise(thrown)) return { errorType: "Promise", message: "what was thrown is a promise: await it first" };
  return {
    errorType: textOf(() => thrown.constructor?.name) || typeof thrown,
    message: cutText(textOf(() => (typeof thrown === "object" ? thrown : String(thrown))) ?? ""),
  };
}

/** Of a promise nobody is to hear any more how it is settled. */
function isLeftPromise(thrown: object): boolean {
  const left = valueIn(() => thrown instanceof Promise && thrown.catch(() => undefined));
  return left instanceof Promise;
}

type Fields = Partial<Record<string | symbol, unknown>>;

function describeError(error: Error & Fields, above: readonly unknown[], count: { left: number }): FailureDetails {
  const name = textOf(() => error.name);
  const message = textOf(() => error.message) ?? "";
  const stack = textOf(() => error.stack);
  const isNonRetriable = name === "NonRetryableError" || valueIn(() => error.isNonRetriable) === true;
  const properties = propertiesOf(error);
  return {
    errorType: typeOf(error, name),
    message: cutText(message),
    ...(stack !== undefined && { stackTrace: cutStack(stack, message) }),
    ...(isNonRetriable && { isNonRetriable }),
    ...(properties !== undefined && { properties }),
    ...innerFailures(error, [...above, error], count),
  };
}

/** A name that says no more than that it is an error gives way to that of the class. */
function typeOf(error: Error, name: string | undefined): string {
  const isTelling = name !== undefined && name !== "" && !isBuiltInName(error, name);
  return cutText((isTelling ? name : textOf(() => error.constructor?.name) || name) || "Error", 1_024);
}

/** Whether the name is that of the prototype of a class that the language has. */
function isBuiltInName(error: Error, name: string): boolean {
  // So is a DOMException called that is given no name.
  if (name === "Error" && valueIn(() => !Object.hasOwn(error, "name"))) return true;
  const built = valueIn(() => {
    let owner: object | null = error;
    for (let n = 0; n < 100 && owner !== null && !Object.hasOwn(owner, "name"); n++)
      owner = Object.getPrototypeOf(owner);
    if (owner === null) return undefined;
    return Object.getOwnPropertyDescriptor(owner, "constructor")?.value;
  });
  if (typeof built !== "function" || textOf(() => built.name) !== name) return false;
  return Function.prototype.toString.call(built).includes("[native code]");
}

/** The message stands in front of the places; a long one would leave no room for them. */
function cutStack(stack: string, message: string): string {
  const short = cutText(message, 4_096);
  return cutText(short === message ? stack : stack.replace(message, () => short));
}

function propertiesOf(error: Fields): FailureDetails["properties"] {
  const found: [string, string | number | boolean | null][] = [];
  for (const key of valueIn(() => Object.keys(error)) ?? []) {
    if (found.length === MAX_PROPERTIES) break;
    if (NO_PROPERTIES.includes(key) || isLong(key)) continue;
    const value = valueIn(() => error[key]);
    if (isProperty(value)) found.push([key, value]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function isProperty(value: unknown): value is string | number | boolean | null {
  if (typeof value === "string") return !isLong(value);
  return value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function isLong(text: string): boolean {
  return cutText(text, MAX_PROPERTY_BYTES) !== text;
}

function innerFailures(
  error: Fields,
  above: readonly unknown[],
  count: { left: number },
): Pick<FailureDetails, "innerFailure" | "otherFailures"> {
  const described = valueIn(() => error[describedFailure]) as FailureDetails | undefined;
  if (described !== undefined) return { innerFailure: withoutMiddle(described) };
  const within = (inner: unknown) =>
    inner === undefined ||
    inner === null ||
    above.includes(inner) ||
    above.length > MAX_INNER_FAILURES ||
    count.left <= 0
      ? []
      : [describe(inner, above, count)];
  const cause = within(valueIn(() => error.cause));
  const [innerFailure, ...otherFailures] = [...cause, ...errorsOf(error).flatMap(within)];
  return {
    ...(innerFailure !== undefined && { innerFailure }),
    ...(otherFailures.length > 0 && { otherFailures }),
  };
}

/** Those of an AggregateError, and of any error that holds errors in `errors`. */
function errorsOf(error: Fields): unknown[] {
  const errors = valueIn(() => {
    const list = error.errors;
    return Array.isArray(list) ? Array.from({ length: Math.min(list.length, MAX_ERRORS) }, (_, n) => list[n]) : [];
  });
  if (errors === undefined) return [];
  const isAggregate = valueIn(() => error instanceof AggregateError) === true;
  return isAggregate || errors.some(isError) ? errors : [];
}

/**
 * A failure that is handed on through many workflows is described once for the level that tells of it, and once for the
 * deepest, which names the activity: not once for each level between them.
 */
function withoutMiddle(failure: FailureDetails): FailureDetails {
  const { innerFailure } = failure;
  if (failure.errorType !== "TaskFailedError" || innerFailure?.errorType !== "TaskFailedError") return failure;
  return withoutMiddle(innerFailure);
}

/** The places in the code that a stack names, at most so many: without the message before them, which may quote a payload. */
export function placesOf(thrown: unknown, most = 5): string[] {
  if (!isError(thrown)) return [];
  const message = textOf(() => thrown.message) ?? "";
  const stack = textOf(() => thrown.stack) ?? "";
  const begin = message === "" ? -1 : stack.indexOf(message);
  const places = begin < 0 ? stack : stack.slice(begin + message.length);
  const lines = places.split("\n").filter((line) => /^\s+at /.test(line));
  return lines.slice(0, most).map((line) => line.trim().slice(3));
}

/** One of another realm too. Never throws, whatever the value does. */
export function isError(thrown: unknown): thrown is Error & Fields {
  try {
    return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
  } catch {
    return false;
  }
}

/** The name of an error, or the type of what is none: for the log. */
export function errorTypeOf(thrown: unknown): string {
  return isError(thrown) ? textOf(() => thrown.name) || "Error" : typeof thrown;
}

/** `undefined` when it cannot be read. */
function valueIn<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
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

/** One that JSON empties, such as a Response, or cannot write has at least its tag. */
function toJsonOrText(value: object): string | undefined {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
    if (json !== "{}") return json;
  } catch {
    // It has a circle, or a BigInt.
  }
  const text = valueIn(() => String(value)) ?? Object.prototype.toString.call(value);
  return text === "[object Object]" ? (json ?? text) : text;
}
