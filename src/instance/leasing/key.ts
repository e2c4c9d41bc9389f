import type { Limit } from "../../model/limit.ts";
import { shown } from "../../model/options.ts";
import { sha256 } from "../../model/sha256.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts } from "../ports.ts";

/** A longer one is told by its hash. */
const MAX_KEY_LENGTH = 256;

/**
 * The queue of a limit that an input belongs to. Where the author's function throws, or gives no text, that is the queue of the empty
 * key, and the log says so: what has no key is limited all the same. With keys for payloads, no part of an input leaves the instance.
 */
export function keyOf(ports: InstancePorts, limit: Limit, input: string | undefined): string {
  if (limit.key === undefined) return "";
  try {
    const { payloads } = ports.registry;
    const key: unknown = limit.key(payloads.decode(input, "input", limit.kind, limit.target));
    if (typeof key !== "string") throw new TypeError(`The key of an input is a string, found ${shown(key)}`);
    return ports.vault !== undefined || key.length > MAX_KEY_LENGTH ? sha256(key) : key;
  } catch (error) {
    const line = { level: "warn", msg: "limit", instanceId: ports.instanceId(), limit: limit.name } as const;
    ports.log({ ...line, text: "its key could not be told from the input", ...errorFields(ports, error) });
    return "";
  }
}
