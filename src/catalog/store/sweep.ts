import { type RetentionPolicy, retentionOf } from "../../model/retention.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { Place } from "../protocol.ts";
import { COLUMNS, type EntryRow } from "./entry-table.ts";
import { endOfStep } from "./pages.ts";
import { fromOf, orderOf, type Scan } from "./scan.ts";
import { readMeta, writeMeta } from "./schema.ts";
import { toNumber } from "./statuses.ts";
import { Bindings } from "./where.ts";

/*
 * The sweep: the alarm goes through the table, a stretch at a time, for rows that are to be asked after, or whose time is over. An
 * instance that has not ended is asked a day after it was last heard of, then after 2, 4 … 30 days more, one that has ended once in
 * 30 days; one that has ended may be kept for some time only.
 */

const TERMINAL = ["COMPLETED", "FAILED", "TERMINATED", "CANCELED"] as const;
const DAY_MS = 86_400_000;
const MOST_DAYS = 30;

export interface SweepOptions {
  /** How many rows are looked at. */
  readonly rows: number;
  /** How many of them are found due. */
  readonly due: number;
  readonly retention: RetentionPolicy;
}

/** `isExpired`: it is not asked after, but is to go. */
export type DueRow = EntryRow & { readonly isExpired: number };

/** How far a sweep has come. */
export interface Sweep {
  /** Where the next stretch begins; `undefined`: at the beginning. */
  readonly after?: Place | undefined;
  /** When the time of the next instance is over that has a say of its own in that; of those that the sweep has seen. */
  readonly expiresAtMs?: number | undefined;
}

export interface Stretch extends Sweep {
  readonly due: DueRow[];
  /** The end of the table has been reached. */
  readonly isLast: boolean;
}

/**
 * SQL: whether a row is to be asked after, at the time that is bound. `asked - updated` is the age at which it was last asked, so the
 * pauses double: at 1, 3, 7, 15 days …
 */
function isDue(now: string): string {
  const live = `${now} >= coalesce(asked + min(asked - updated + ${DAY_MS}, ${MOST_DAYS * DAY_MS}), updated + ${DAY_MS})`;
  const ended = `${now} >= max(coalesce(asked, 0), updated) + ${MOST_DAYS * DAY_MS}`;
  return `CASE WHEN status < 4 THEN ${live} ELSE ${ended} END`;
}

/** SQL: whether the time is over for which an ended instance is kept. */
function isExpired(now: string, policy: RetentionPolicy, bindings: Bindings): string {
  const kept = TERMINAL.map((status) => {
    const ms = retentionOf(policy, status);
    return `WHEN ${toNumber(status)} THEN ${ms === undefined ? "NULL" : bindings.bind(ms)}`;
  });
  return `coalesce(${now} >= ended + coalesce(retention, CASE status ${kept.join(" ")} END), 0)`;
}

export function readStretch(db: SqlDatabase, sweep: Sweep, nowMs: number, options: SweepOptions): Stretch {
  const scan: Scan = { condition: "status >= 0", order: "asc", after: sweep.after };
  const end = endOfStep(db, scan, options.rows);
  const bindings = new Bindings();
  const from = fromOf({ ...scan, until: end }, bindings);
  const now = bindings.bind(nowMs);
  const expired = isExpired(now, options.retention, bindings);
  const due = db.query<DueRow>(
    `SELECT ${COLUMNS}, ${expired} AS isExpired ${from} AND (${isDue(now)} OR ${expired})
     ${orderOf("asc")} LIMIT ${bindings.bind(options.due)}`,
    ...bindings.values,
  );
  const times = [sweep.expiresAtMs, nextExpiry(db, { ...scan, until: end }, nowMs)].filter((ms) => ms !== undefined);
  const expiresAtMs = times.length === 0 ? undefined : Math.min(...times);
  const last = due.length === options.due ? due.at(-1) : undefined;
  if (last === undefined) return { due, after: end, expiresAtMs, isLast: end === undefined };
  return { due, after: { createdAtMs: last.created, instanceId: last.id }, expiresAtMs, isLast: false };
}

function nextExpiry(db: SqlDatabase, scan: Scan, nowMs: number): number | undefined {
  const bindings = new Bindings();
  const from = fromOf(scan, bindings);
  const [row] = db.query<{ at: number | null }>(
    `SELECT min(ended + retention) AS at ${from} AND retention IS NOT NULL AND ended + retention > ${bindings.bind(nowMs)}`,
    ...bindings.values,
  );
  return row?.at ?? undefined;
}

export function readSweep(db: SqlDatabase): Sweep {
  const text = readMeta(db, "sweep");
  return text === undefined ? {} : (JSON.parse(text) as Sweep);
}

/** After its last stretch a sweep begins anew. */
export function writeSweep(db: SqlDatabase, { after, expiresAtMs, isLast }: Stretch): void {
  writeMeta(db, "sweep", JSON.stringify(isLast ? {} : ({ after, expiresAtMs } satisfies Sweep)));
}
