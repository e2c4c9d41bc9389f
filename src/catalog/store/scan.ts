import type { RuntimeStatus } from "../../model/status.ts";
import type { Order, Place } from "../protocol.ts";
import type { Bounds } from "../query/bounds.ts";
import { type Condition, countConditions } from "../query/condition.ts";
import { comparePlaces } from "../query/places.ts";
import { COMPLETED, toNumber } from "./statuses.ts";
import type { Bindings } from "./where.ts";

/*
 * Which rows are read for a condition, and in which steps. All ways through the table are in the order of lists: the key itself,
 * or, where COMPLETED instances cannot fit, one of the partial indexes for each status.
 */

/** One way through the table. `condition` is of words of this file alone; that of a partial index is in it, or it would not be used. */
export interface Scan {
  readonly condition: string;
  readonly order: Order;
  /** Behind this place, as far as this one; without them from the beginning, or to the end. */
  readonly after?: Place | undefined;
  readonly until?: Place | undefined;
}

/** As many rows are looked at for one page, in all scans together: about 30 ms. */
const MOST_ROWS_SCANNED = 200_000;
/**
 * How many of them are looked at in a step before the next: where a step ends is itself a look at its rows, which a filter that
 * many rows fit should not have to pay for.
 */
const STEPS = [0.025, 0.225, 0.75];

/** How many rows each scan may look at. An attribute is JSON, up to 2 KB, and read for each condition: more of them, fewer rows. */
export function rowsFor(filter: Condition, scans: number): number {
  return Math.ceil(MOST_ROWS_SCANNED / Math.max(1, countConditions(filter, "attribute")) / scans);
}

export function stepsFor(filter: Condition, scans: number): number[] {
  const rows = rowsFor(filter, scans);
  return STEPS.map((share) => Math.ceil(share * rows));
}

export function scansOf({ statuses, createdFrom, createdBefore }: Bounds, order: Order, after?: Place): Scan[] {
  if (createdFrom >= createdBefore) return [];
  const [begin, until] = order === "desc" ? [createdBefore, createdFrom] : [createdFrom, createdBefore];
  const range = { order, after: later(after, edge(begin), order), until: edge(until) };
  return conditionsOf(statuses).map((condition) => ({ condition, ...range }));
}

function conditionsOf(statuses: readonly RuntimeStatus[] | undefined): string[] {
  const numbers = statuses?.map(toNumber);
  if (numbers === undefined || numbers.includes(COMPLETED)) return ["status >= 0"];
  return numbers.map((number) =>
    number < COMPLETED ? `status = ${number} AND status >= 0 AND status < 4` : `status = ${number} AND status >= 5`,
  );
}

/** Before all rows of this time: no ID is empty. */
function edge(createdAtMs: number): Place | undefined {
  return Number.isFinite(createdAtMs) ? { createdAtMs, instanceId: "" } : undefined;
}

function later(a: Place | undefined, b: Place | undefined, order: Order): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return comparePlaces(a, b, order) > 0 ? a : b;
}

/** SQL: `FROM` and the conditions of the scan. */
export function fromOf({ condition, order, after, until }: Scan, bindings: Bindings): string {
  const place = ({ createdAtMs, instanceId }: Place) => `(${bindings.bind(createdAtMs)}, ${bindings.bind(instanceId)})`;
  const [behind, asFarAs] = order === "desc" ? ["<", ">="] : [">", "<="];
  const conditions = [
    condition,
    ...(after === undefined ? [] : [`(created, id) ${behind} ${place(after)}`]),
    ...(until === undefined ? [] : [`(created, id) ${asFarAs} ${place(until)}`]),
  ];
  return `FROM entry WHERE ${conditions.join(" AND ")}`;
}

/** SQL. */
export function orderOf(order: Order): string {
  return order === "desc" ? "ORDER BY created DESC, id DESC" : "ORDER BY created, id";
}
