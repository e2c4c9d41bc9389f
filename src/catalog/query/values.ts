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
const TIME = /^(\d{4}-\d\d-\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/** Milliseconds since 1970 of an RFC 3339 time, or of the beginning of a day in UTC. */
export function timeFrom(text: string): number | undefined {
  const day = TIME.exec(text)?.[1];
  // A day that is in no calendar becomes another one, or none.
  if (day === undefined || !isDay(day)) return undefined;
  return Date.parse(text);
}

function isDay(day: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}
