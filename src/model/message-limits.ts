import { shown } from "./options.ts";

/** What one message between instances may carry. A call between Durable Objects holds 32 MiB: the rest is for what goes with it. */
export const MAX_MESSAGE_BYTES = 31 * 1024 * 1024;
/** Of an instance that another one starts or sends to: an object with a longer name does not know it (Cloudflare, `DurableObjectId.name`). */
export const MAX_NAME_BYTES = 1_024;

const WIDE = /[\u0100-\uffff]/;

/** As the platform serializes it: a byte for each character, or two when there is one beyond Latin-1. */
function bytesOf(text: string): number {
  return WIDE.test(text) ? 2 * text.length : text.length;
}

export function isTooLong(text: string | undefined): boolean {
  return text !== undefined && text.length > MAX_MESSAGE_BYTES / 2 && bytesOf(text) > MAX_MESSAGE_BYTES;
}

/** Why no instance can be found under this ID; `undefined` when one can. */
export function faultOfInstanceId(instanceId: unknown): string | undefined {
  if (typeof instanceId !== "string" || !instanceId.isWellFormed())
    return `an instance ID is a string of whole characters, found ${shown(instanceId)}`;
  // Parts of a path that every URL loses.
  if (instanceId === "." || instanceId === ".." || instanceId === "")
    return `an instance ID is neither empty nor "." or "..", which no URL can hold, found ${shown(instanceId)}`;
  return undefined;
}

/** Why it is too long for one; `undefined` when it is not. */
export function excessOfInstanceId(instanceId: string): string | undefined {
  if (instanceId.length <= MAX_NAME_BYTES / 3) return undefined;
  const bytes = new TextEncoder().encode(instanceId).byteLength;
  return bytes > MAX_NAME_BYTES
    ? `an instance ID has at most ${MAX_NAME_BYTES} bytes, and this one ${bytes}`
    : undefined;
}

/** Throws a TypeError or RangeError when no instance can be named so, or the payload does not fit into a message to it. */
export function checkMessage(what: string, instanceId: string, payload: string | undefined): void {
  const fault = faultOfInstanceId(instanceId);
  if (fault !== undefined) throw new TypeError(`${what}: ${fault}`);
  const excess = excessOfInstanceId(instanceId);
  if (excess !== undefined) throw new RangeError(`${what}: ${excess}`);
  if (isTooLong(payload)) {
    throw new RangeError(
      `${what}: a message between instances holds ${MAX_MESSAGE_BYTES} bytes, and this payload has ${bytesOf(payload ?? "")}`,
    );
  }
}
