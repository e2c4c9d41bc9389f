import { isTooLong } from "../model/message-limits.ts";
import { bodyMalformed, bodyUnreadable, HttpError } from "./errors.ts";

// `ignoreBOM: true` means that a byte order mark is left in the text: a payload comes back exactly as it was sent.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const CUT_OFF = "the connection ended before the body did";

/**
 * The whole body as text; empty when there is none. Content-Type is not looked at (Dapr HEAD pkg/api/http/workflow.go).
 * A body longer than `maxBytes` is refused by its declared length, and otherwise as soon as the bytes received say so;
 * the rest is not read. Payloads are stored as text, so bytes that are no UTF-8 are refused rather than altered.
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const declared = request.headers.get("content-length");
  if (Number(declared ?? 0) > maxBytes) throw bodyTooLarge();
  const bytes = declared === null ? await collect(request, maxBytes) : await readWhole(request, maxBytes);
  try {
    return utf8.decode(bytes);
  } catch {
    throw bodyMalformed("the body is not valid UTF-8 text");
  }
}

/**
 * A millisecond less than piece by piece, which is a sixth of what a small instance takes; not even a stream is made. HTTP holds a sender to the
 * length that it declares. A Worker that calls this one by a binding might say less: it is found out afterwards.
 */
async function readWhole(request: Request, maxBytes: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await request.arrayBuffer());
  } catch {
    throw bodyUnreadable(CUT_OFF);
  }
  if (bytes.byteLength > maxBytes) throw bodyTooLarge();
  return bytes;
}

async function collect({ body: stream }: Request, maxBytes: number): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Leaving the loop by a throw cancels the stream.
    for await (const chunk of stream) {
      length += chunk.byteLength;
      if (length > maxBytes) throw bodyTooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HttpError ? error : bodyUnreadable(CUT_OFF);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : concatenate(chunks, length);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function bodyTooLarge(): HttpError {
  return bodyUnreadable("http: request body too large");
}

/** Fields of a body that has to be a JSON object. Which fields count is the caller's business. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bodyMalformed(`expected a JSON object, found ${text === "" ? "nothing" : "text that is not JSON"}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw bodyMalformed(`expected a JSON object, found ${found}`);
}

/**
 * The body of get, terminate, pause, resume and purge: a JSON object or nothing. Dapr parses it although the URL says it
 * all, so text that is no JSON object is refused and unknown fields are ignored (Dapr HEAD pkg/api/http/universal.go).
 */
export async function readOptionalFields(
  request: Request,
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await readBody(request, maxBytes);
  return text === "" ? {} : parseJsonObject(text);
}

/** A field as JSON text; `undefined` when it is not there. */
export function fieldAsJson(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (!Object.hasOwn(fields, name)) return undefined;
  let text: string;
  try {
    text = JSON.stringify(fields[name]);
  } catch {
    // JSON.parse takes any depth, JSON.stringify only as much as the stack holds. Go stops at a depth of 10 000.
    throw bodyMalformed(`${name} is nested too deeply`);
  }
  // Numbers may have grown: 1e20 is written with 21 digits.
  if (isTooLong(text)) throw bodyMalformed(`${name} is too long as JSON, of ${text.length} characters`);
  return text;
}

export function fieldAsString(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (!Object.hasOwn(fields, name)) return undefined;
  const value = fields[name];
  if (typeof value === "string") return value.toWellFormed();
  throw bodyMalformed(`${name} has to be a string`);
}
