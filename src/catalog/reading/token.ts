import { fnv1a } from "../../model/catalog-shards.ts";
import type { ChangesPlace, Order, Place } from "../protocol.ts";
import { type Condition, FilterError } from "../query/condition.ts";

/*
 * Where a list goes on: the place behind which the next page begins, or how far the changes of each shard are known, and the hash
 * of the filter, since a place of one filter says nothing in another. It holds nothing that a caller may not know or change.
 */

type PageToken = readonly [createdAtMs: number, instanceId: string, filter: string];
type SinceToken = readonly [filter: string, ...shards: (readonly [name: string, epoch: string, position: number])[]];

export function pageToken({ createdAtMs, instanceId }: Place, filter: Condition, order: Order): string {
  return encode([createdAtMs, instanceId, hashOf(filter, order)] satisfies PageToken);
}

/** Throws FilterError. */
export function placeFrom(token: string, filter: Condition, order: Order): Place {
  const value = decode(token);
  if (!Array.isArray(value) || value.length !== 3) throw malformed("continuationToken");
  const [createdAtMs, instanceId, hash] = value as [unknown, unknown, unknown];
  if (typeof createdAtMs !== "number" || typeof instanceId !== "string") throw malformed("continuationToken");
  if (hash !== hashOf(filter, order))
    throw new FilterError("continuationToken: expected one of this filter and order, found one of another list");
  return { createdAtMs, instanceId };
}

export function sinceToken(places: ReadonlyMap<string, ChangesPlace>, filter: Condition): string {
  const shards = [...places].map(([name, { epoch, position }]) => [name, epoch, position] as const);
  return encode([hashOf(filter), ...shards] satisfies SinceToken);
}

/** How far each shard is known; without any where the token is empty. Throws FilterError. */
export function placesFrom(token: string, filter: Condition): Map<string, ChangesPlace> {
  if (token === "") return new Map();
  const value = decode(token);
  if (!Array.isArray(value)) throw malformed("since");
  const [hash, ...shards] = value as unknown[];
  if (hash !== hashOf(filter)) throw new FilterError("since: expected one of this filter, found one of another list");
  return new Map(shards.map(placeOfShard));
}

function placeOfShard(shard: unknown): [string, ChangesPlace] {
  if (!Array.isArray(shard)) throw malformed("since");
  const [name, epoch, position] = shard as [unknown, unknown, unknown];
  if (typeof name !== "string" || typeof epoch !== "string" || !Number.isSafeInteger(position))
    throw malformed("since");
  return [name, { epoch, position: position as number }];
}

function hashOf(filter: Condition, order?: Order): string {
  return fnv1a(JSON.stringify([filter, order])).toString(36);
}

function malformed(name: string): FilterError {
  return new FilterError(`${name}: expected one that an answer has given, found another text`);
}

/** base64url of the JSON's UTF-8. */
function encode(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function decode(token: string): unknown {
  try {
    const text = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
