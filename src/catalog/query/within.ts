import type { Order, Place } from "../protocol.ts";
import type { Condition } from "./condition.ts";
import { compareTexts } from "./places.ts";
import { prefixEnd } from "./prefix.ts";

/*
 * A list that is for somebody who may know of some instances only: those whose IDs begin with a prefix. The filter leaves the others out;
 * what else a list tells of is looked after here.
 */

export function within(filter: Condition, prefix: string | undefined): Condition {
  if (prefix === undefined) return filter;
  return { type: "and", parts: [filter, { type: "text", field: "id", operator: "startsWith", value: prefix }] };
}

/** The greatest letter there is. */
const LAST = "\u{10ffff}";

/**
 * Where a list goes on, without the ID of another's instance, at which a search may have been given up. Those of the reader lie together in a
 * millisecond: it goes on before the first of them where they are still to come, else behind all of that millisecond.
 */
export function placeWithin(place: Place, prefix: string | undefined, order: Order): Place {
  const { createdAtMs, instanceId } = place;
  if (prefix === undefined || instanceId.startsWith(prefix)) return place;
  const areToCome = compareTexts(instanceId, prefix) < 0 === (order === "asc");
  if (order === "asc") return { createdAtMs, instanceId: areToCome ? justBefore(prefix) : LAST };
  return { createdAtMs, instanceId: areToCome ? (prefixEnd(prefix) ?? LAST) : "" };
}

/** Less than the prefix, and greater than whatever else is. */
function justBefore(prefix: string): string {
  const points = Array.from(prefix, (letter) => letter.codePointAt(0) ?? 0);
  const last = points.pop() ?? 0;
  return last === 0 ? "" : `${String.fromCodePoint(...points, last === 0xe000 ? 0xd7ff : last - 1)}${LAST}`;
}
