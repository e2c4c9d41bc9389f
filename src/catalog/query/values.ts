import { parseDay, parseRfc3339 } from "../../model/rfc3339.ts";
import { RUNTIME_STATUSES, type RuntimeStatus } from "../../model/status.ts";

/*
 * How values are written in a filter, in `q=` and in the parameters of a URL alike.
 */

export const STATUS_NAMES = RUNTIME_STATUSES;

/** In any case of letters. */
export function statusFrom(text: string): RuntimeStatus | undefined {
  return STATUS_NAMES.find((status) => status === text.toUpperCase());
}

export const A_TIME = "a time as 2026-11-28T10:00:00Z, or a day as 2026-11-28";

/** Milliseconds since 1970 of an RFC 3339 time, or of the beginning of a day in UTC. */
export function timeFrom(text: string): number | undefined {
  return parseRfc3339(text) ?? parseDay(text);
}
