import type { Place } from "../protocol.ts";
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

/**
 * Where a list goes on, without the ID of an instance that is not for the reader, at which a search may have been given up: the place before all of
 * the reader's of the same millisecond, or behind them.
 */
export function placeWithin(place: Place, prefix: string | undefined): Place {
  const { createdAtMs, instanceId } = place;
  if (prefix === undefined || instanceId.startsWith(prefix)) return place;
  return { createdAtMs, instanceId: compareTexts(instanceId, prefix) < 0 ? "" : (prefixEnd(prefix) ?? prefix) };
}
