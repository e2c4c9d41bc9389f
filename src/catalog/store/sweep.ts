import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { Place } from "../protocol.ts";
import { COLUMNS, type EntryRow } from "./entry-table.ts";
import { endOfStep } from "./pages.ts";
import { fromOf, orderOf, type Scan } from "./scan.ts";
import { readMeta, writeMeta } from "./schema.ts";
import { Bindings } from "./where.ts";

/*
 * The sweep: the alarm goes through the table, a stretch at a time, for rows that are to be asked after. An instance that has not
 * ended is asked a day after it was last heard of, then after 2, 4 … 30 days more, one that has ended once in 30 days.
 */

const DAY_MS = 86_400_000;
const MOST_DAYS = 30;

export interface SweepLimits {
  /** How many rows are looked at. */
  readonly rows: number;
  /** How many of them are asked after. */
  readonly due: number;
}

export interface Stretch {
  readonly due: EntryRow[];
  /** Where the next one begins; `undefined`: at the beginning. */
  readonly after?: Place | undefined;
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

export function readStretch(db: SqlDatabase, after: Place | undefined, nowMs: number, limits: SweepLimits): Stretch {
  const scan: Scan = { condition: "status >= 0", order: "asc", after };
  const end = endOfStep(db, scan, limits.rows);
  const bindings = new Bindings();
  const from = fromOf({ ...scan, until: end }, bindings);
  const due = db.query<EntryRow>(
    `SELECT ${COLUMNS} ${from} AND ${isDue(bindings.bind(nowMs))} ${orderOf("asc")} LIMIT ${bindings.bind(limits.due)}`,
    ...bindings.values,
  );
  const last = due.length === limits.due ? due.at(-1) : undefined;
  if (last !== undefined) return { due, after: { createdAtMs: last.created, instanceId: last.id }, isLast: false };
  return { due, after: end, isLast: end === undefined };
}

/** How far the sweep has come. */
export function readSweep(db: SqlDatabase): Place | undefined {
  const text = readMeta(db, "sweep");
  return text === undefined ? undefined : ((JSON.parse(text) as { after?: Place }).after ?? undefined);
}

export function writeSweep(db: SqlDatabase, after: Place | undefined): void {
  writeMeta(db, "sweep", JSON.stringify({ after }));
}
