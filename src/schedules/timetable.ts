import { parseDuration } from "../model/go-duration.ts";
import { shown } from "../model/options.ts";
import { retentionFrom } from "../model/retention.ts";
import { parseRfc3339 } from "../model/rfc3339.ts";
import { attributesProblem } from "../model/search-attributes.ts";
import { sha256 } from "../model/sha256.ts";
import { cronTimes } from "./cron.ts";
import type { Overlap, ScheduleFields } from "./fields.ts";
import { Zone } from "./zone.ts";

/*
 * The times of a schedule. A nominal time is when it says that an instance starts, in whole seconds; when that is done is another matter.
 */

const HOUR_MS = 3_600_000;
const MOST_EXPRESSIONS = 20;
/** Alarms are late by some milliseconds at best, and by seconds where an object moves: with less, every time would be missed. */
const LEAST_CATCH_UP_MS = 10_000;
/** They are added to those of each start, and count with them. */
const OUR_ATTRIBUTES = { schedule: "x".repeat(40), scheduledTime: "2026-11-28T08:30:00Z" };

/** What a schedule's fields mean. */
export interface Timetable {
  readonly overlap: Overlap;
  readonly catchUpWindowMs: number;
  readonly jitterMs: number;
  readonly pauseOnFailure: boolean;
  readonly retentionMs?: number | undefined;
  /** The first nominal time after this one. */
  next(afterMs: number): number | undefined;
  /** When what is due at this nominal time is started: later by some of the jitter, the same each time that it is asked. */
  dueAt(id: string, nominalMs: number): number;
}

class FieldError extends Error {}

/** Or what is wrong with a field. */
export function timetableOf(fields: ScheduleFields): Timetable | { readonly problem: string } {
  try {
    return read(fields);
  } catch (error) {
    if (error instanceof FieldError) return { problem: error.message };
    throw error;
  }
}

function read(fields: ScheduleFields): Timetable {
  const { workflowName, searchAttributes, overlap = "skip", pauseOnFailure = false, retention } = fields;
  if (workflowName === "") throw new FieldError("workflowName is the name of a workflow, found an empty text");
  const ours = Object.keys(OUR_ATTRIBUTES).find((name) => searchAttributes && Object.hasOwn(searchAttributes, name));
  if (ours !== undefined) throw new FieldError(`searchAttributes: ${ours} is added to each start by the schedule`);
  const problem = attributesProblem(searchAttributes && { ...searchAttributes, ...OUR_ATTRIBUTES });
  if (problem !== undefined)
    throw new FieldError(
      `searchAttributes: ${problem}; two of them, schedule and scheduledTime, are added to each start`,
    );
  const next = within(timesOf(fields), timeIn(fields, "startAt"), timeIn(fields, "endAt"));
  const jitterMs = durationIn(fields, "jitter", 0) ?? 0;
  return {
    overlap,
    pauseOnFailure,
    catchUpWindowMs: durationIn(fields, "catchUpWindow", LEAST_CATCH_UP_MS) ?? HOUR_MS,
    retentionMs: retention === undefined ? undefined : retentionIn(retention),
    jitterMs,
    next,
    dueAt: (id, nominalMs) => nominalMs + jitterOf(id, nominalMs, jitterMs, next),
  };
}

function timesOf(fields: ScheduleFields): Timetable["next"] {
  const given = [fields.cron, fields.interval, fields.at].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new FieldError(`expected one of cron, interval and at, found ${given.length === 0 ? "none" : given.length}`);
  const zone = zoneIn(fields);
  if (fields.interval === undefined)
    for (const name of ["offset", "anchor"] as const)
      if (fields[name] !== undefined) throw new FieldError(`${name} goes with interval`);
  if (fields.cron !== undefined) return cronIn(fields.cron, zone);
  if (fields.interval !== undefined) return intervalIn(fields);
  const atMs = timeIn(fields, "at") ?? 0;
  return (afterMs) => (atMs > afterMs ? atMs : undefined);
}

function zoneIn({ timeZone = "UTC" }: ScheduleFields): Zone {
  try {
    return new Zone(timeZone);
  } catch {
    throw new FieldError(
      `timeZone is the name of a time zone such as "Europe/Berlin", found ${shown(timeZone)}, which is not known`,
    );
  }
}

function cronIn(cron: string | readonly string[], zone: Zone): Timetable["next"] {
  const expressions = typeof cron === "string" ? [cron] : cron;
  if (expressions.length === 0 || expressions.length > MOST_EXPRESSIONS)
    throw new FieldError(`cron has 1 to ${MOST_EXPRESSIONS} expressions, found ${expressions.length}`);
  const all = expressions.map((expression) => {
    let next: Timetable["next"];
    try {
      next = cronTimes(expression, zone);
    } catch (error) {
      throw new FieldError(
        `cron ${shown(expression)} cannot be read: ${error instanceof Error ? error.message : error}`,
      );
    }
    // From a moment that all have behind them, so that the answer is the same in each replay of this.
    if (next(0) === undefined) throw new FieldError(`cron ${shown(expression)} never comes: no day has that date`);
    return next;
  });
  return (afterMs) => earliest(all.map((next) => next(afterMs)));
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const found = times.filter((time) => time !== undefined);
  return found.length === 0 ? undefined : Math.min(...found);
}

function intervalIn(fields: ScheduleFields): Timetable["next"] {
  const everyMs = durationIn(fields, "interval", 1_000) ?? 1_000;
  const phaseMs = (durationIn(fields, "offset", 0) ?? 0) + (timeIn(fields, "anchor") ?? 0);
  return (afterMs) => (Math.floor((afterMs - phaseMs) / everyMs) + 1) * everyMs + phaseMs;
}

function within(next: Timetable["next"], startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY) {
  if (startMs > endMs) throw new FieldError("startAt is not after endAt");
  return (afterMs: number) => {
    const atMs = next(Math.max(afterMs, startMs - 1));
    return atMs !== undefined && atMs <= endMs ? atMs : undefined;
  };
}

/** In whole seconds, finer cut off: a nominal time has no milliseconds. */
function timeIn(fields: ScheduleFields, name: "at" | "anchor" | "startAt" | "endAt"): number | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  const atMs = parseRfc3339(text);
  if (atMs === undefined)
    throw new FieldError(`${name} is an RFC 3339 time such as 2026-01-02T03:04:05Z, found ${shown(text)}`);
  return Math.floor(atMs / 1_000) * 1_000;
}

function durationIn(
  fields: ScheduleFields,
  name: "interval" | "offset" | "catchUpWindow" | "jitter",
  leastMs: number,
): number | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  const expected = `${name} is a Go duration in whole seconds from ${leastMs / 1_000}s, for instance "1h30m"`;
  const duration = parseDuration(text);
  if ("problem" in duration) throw new FieldError(`${expected}: ${duration.problem}`);
  const ms = Number(duration.ns) / 1_000_000;
  if (ms < leastMs || ms % 1_000 !== 0) throw new FieldError(`${expected}, found ${shown(text)}`);
  return ms;
}

function retentionIn(text: string): number {
  const read = retentionFrom(text);
  if ("problem" in read)
    throw new FieldError(`retention is a Go duration from 0s, for instance "24h": ${read.problem}`);
  return read.ms;
}

/** Below the time to the next one, so that their order stays. */
function jitterOf(id: string, nominalMs: number, jitterMs: number, next: Timetable["next"]): number {
  if (jitterMs === 0) return 0;
  const mostMs = Math.min(jitterMs, (next(nominalMs) ?? Number.POSITIVE_INFINITY) - nominalMs);
  const chance = Number.parseInt(sha256(`${id}:${nominalMs}`).slice(0, 8), 16) / 2 ** 32;
  return Math.floor(mostMs * chance);
}

/** At most so many, the first ones behind that time, and none behind the other. */
export function timesAfter(
  { next }: Timetable,
  afterMs: number,
  count: number,
  throughMs = Number.POSITIVE_INFINITY,
): number[] {
  const times: number[] = [];
  for (let last = afterMs; times.length < count; ) {
    const atMs = next(last);
    if (atMs === undefined || atMs > throughMs) break;
    times.push(atMs);
    last = atMs;
  }
  return times;
}

/** As it stands in an ID: `20261128T083000Z`. */
export function compactTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** As it is told: `2026-11-28T08:30:00Z`. */
export function nominalTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+/, "");
}
