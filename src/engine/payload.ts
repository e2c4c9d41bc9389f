import { describeFailure } from "../model/failure.ts";
import { isPromise, leave } from "./callbacks.ts";
import { plainCopy } from "./payload-copy.ts";
import { type PayloadPlace, pathOf, payloadError } from "./payload-error.ts";
import { unyielded } from "./task.ts";
import { taskWithin } from "./tasks-within.ts";

/**
 * Writes payloads that JSON cannot hold, and reads them again: `new WorkflowRuntime({ payloadConverter })`, and the same one for the
 * clients. Both functions must be deterministic, as a workflow is. What they throw fails the call, once.
 */
export interface PayloadConverter {
  /** The value as JSON text; `undefined` leaves it to JSON. Asked for every value but `undefined`, which is no payload. */
  encode(value: unknown): string | undefined;
  /** Gets every payload that is JSON, whoever wrote it. */
  decode(text: string): unknown;
}

/**
 * Every value that leaves code, and every payload that reaches it, passes through here. Payloads are texts. What this library
 * writes is JSON, and what JSON cannot hold is refused with its path; what came over HTTP is whatever was sent, and reaches the code
 * as the parsed JSON, or as the text itself where it is not JSON.
 */
export class Payloads {
  readonly converter: PayloadConverter | undefined;

  constructor(converter?: PayloadConverter | null) {
    this.converter = converter ?? undefined;
  }

  /** Throws a TypeError, not to be retried, whose text begins `<kind> '<name>': <root>.path.to.it`. */
  encode(value: unknown, root: string, kind: string, name?: string): string | undefined {
    if (value === undefined) return undefined;
    if (this.converter !== undefined) {
      const place = { root, kind, name };
      refuseTasks(value, place);
      const text = converted(this.converter, value, place);
      if (text !== undefined) return text;
    }
    try {
      if (isPlain(value)) return JSON.stringify(value);
    } catch {
      // The other way finds out where; it also copes with what is nested too deeply for this one.
    }
    return carefully(value, { root, kind, name });
  }

  /** Throws a TypeError, not to be retried, when the payload converter throws, and never without one. */
  decode(text: string | undefined, root: string, kind: string, name?: string): unknown {
    if (text === undefined || text === "") return undefined;
    let json = text;
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      if (!text.startsWith(BYTE_ORDER_MARK)) return text;
      json = text.slice(1);
      if (json === "") return undefined;
      try {
        value = JSON.parse(json);
      } catch {
        return text;
      }
    }
    return this.converter === undefined ? value : restored(this.converter, json, { root, kind, name });
  }
}

/** Before JSON it is none of its text (RFC 8259, 8.1). */
const BYTE_ORDER_MARK = "\ufeff";

/** Of a runtime, or a client, without a payload converter. */
export const jsonPayloads = new Payloads();

const dateToJson = Date.prototype.toJSON;

/**
 * Whether JSON holds the value as it is, so that it can be written at once: plain data, dates, and objects of classes with
 * fields. False where somebody has to look more closely: a `toJSON` of the object's own is a function, and so is none of these.
 * Takes about a fifth of the time of JSON.stringify.
 */
function isPlain(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "number") return true;
  if (typeof value !== "object") return typeof value === "boolean" || value === undefined;
  if (value === null) return true;
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (toJSON !== undefined) return toJSON === dateToJson && value instanceof Date;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return areMembersPlain(value);
  if (prototype === Array.prototype && Array.isArray(value)) {
    for (let n = 0; n < value.length; n++) {
      const item: unknown = value[n];
      if (typeof item !== "number" && typeof item !== "string" && !isPlain(item)) return false;
    }
    return true;
  }
  // A Map, a Set, an Error, a typed array have tags of their own.
  if (Object.prototype.toString.call(value) !== "[object Object]") return false;
  return Object.keys(value).length > 0 && areMembersPlain(value);
}

function areMembersPlain(value: object): boolean {
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item !== "number" && typeof item !== "string" && !isPlain(item)) return false;
  }
  return true;
}

function carefully(value: unknown, place: PayloadPlace): string | undefined {
  const copy = plainCopy(value, place);
  try {
    return JSON.stringify(copy);
  } catch (error) {
    const { message } = describeFailure(error);
    throw payloadError(
      place,
      `${place.root} is nested too deeply, or too long, to be written as JSON: ${message}`,
      error,
    );
  }
}

/** A converter would write one as it writes any object. */
function refuseTasks(value: unknown, place: PayloadPlace): void {
  const found = taskWithin(value);
  if (found !== undefined) throw payloadError(place, `${pathOf(place.root, found.path)} is ${unyielded(found.task)}`);
}

function converted(converter: PayloadConverter, value: unknown, place: PayloadPlace): string | undefined {
  let text: unknown;
  try {
    text = converter.encode(value);
  } catch (error) {
    throw payloadError(
      place,
      `the payload converter could not encode the ${place.root}: ${describeFailure(error).message}`,
      error,
    );
  }
  if (text === undefined || isJson(text)) return text;
  leave(text);
  throw payloadError(
    place,
    `the payload converter's encode has to return JSON text, or undefined to leave the ${place.root} to JSON, and it returned ${found(text)}`,
  );
}

function found(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return value === null ? "null" : isPromise(value) ? "a promise" : typeof value;
}

function isJson(text: unknown): text is string {
  if (typeof text !== "string") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function restored(converter: PayloadConverter, text: string, place: PayloadPlace): unknown {
  let value: unknown;
  try {
    value = converter.decode(text);
  } catch (error) {
    throw payloadError(
      place,
      `the payload converter could not decode the ${place.root}: ${describeFailure(error).message}`,
      error,
    );
  }
  if (!isPromise(value)) return value;
  leave(value);
  throw payloadError(
    place,
    `the payload converter's decode has to answer at once, and it returned a promise for the ${place.root}`,
  );
}
