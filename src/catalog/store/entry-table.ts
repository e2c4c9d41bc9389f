import type { CatalogEntry, LifeKey } from "../../model/catalog-entry.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";
import { toNumber, toStatus } from "./statuses.ts";

/*
 * The table `entry`: one row for each life of an instance.
 *
 * Written by: an announcement, the mark of a purge, what an instance answers when it is asked.
 * Deleted by: the alarm, an hour after the life was told or found to be gone.
 */

export type EntryRow = {
  created: number;
  id: string;
  seq: number;
  /** See statuses.ts. */
  status: number;
  /** Of the table `names`; 0 where a life that is leaving was never announced. */
  name: number;
  updated: number;
  ended: number | null;
  version: string | null;
  parent: string | null;
  custom_status: string | null;
  error_type: string | null;
  error_message: string | null;
  waiting_for: string | null;
  retrying: number | null;
  /** JSON. */
  attributes: string | null;
  /** How long after its end, where the instance has said so. */
  retention: number | null;
  /** When the instance was last asked; of one that is leaving or gone, when it was marked. */
  asked: number | null;
};

/** All that a list needs of a row. */
export const COLUMNS =
  "created, id, seq, status, name, updated, ended, version, parent, custom_status, error_type, error_message, " +
  "waiting_for, retrying, attributes, retention, asked";

const CHANGES = `seq = excluded.seq, status = excluded.status, name = excluded.name,
  updated = excluded.updated, ended = excluded.ended, version = excluded.version, parent = excluded.parent,
  custom_status = excluded.custom_status, error_type = excluded.error_type, error_message = excluded.error_message,
  waiting_for = excluded.waiting_for, retrying = excluded.retrying, attributes = excluded.attributes,
  retention = excluded.retention, asked = excluded.asked`;
const PLACES = Array<string>(COLUMNS.split(",").length).fill("?").join(", ");
const UPSERT = `
INSERT INTO entry (${COLUMNS}) VALUES (${PLACES}) ON CONFLICT (created, id) DO UPDATE SET ${CHANGES}`;
/** With what tallies.ts has added to the table. */
const UPSERT_TOTALS = `
INSERT INTO entry (${COLUMNS}, totals) VALUES (${PLACES}, ?) ON CONFLICT (created, id) DO UPDATE SET ${CHANGES},
  totals = excluded.totals`;
/** The newest version wins, whoever else looks at the row before. */
const IF_NEWER = " WHERE excluded.seq > seq";

export function readEntry(db: SqlDatabase, { instanceId, createdAtMs }: LifeKey): EntryRow | undefined {
  return db.query<EntryRow>(`SELECT ${COLUMNS} FROM entry WHERE created = ? AND id = ?`, createdAtMs, instanceId)[0];
}

/** Leaves a row alone that is as new, or newer. */
export function upsertEntry(db: SqlDatabase, row: EntryRow, totals?: string): void {
  if (totals === undefined) db.run(UPSERT + IF_NEWER, ...valuesOf(row));
  else db.run(UPSERT_TOTALS + IF_NEWER, ...valuesOf(row), totals);
}

/** Whatever the number of the row that is there: the instance itself has said so. */
export function replaceEntry(db: SqlDatabase, row: EntryRow, totals?: string): void {
  if (totals === undefined) db.run(UPSERT, ...valuesOf(row));
  else db.run(UPSERT_TOTALS, ...valuesOf(row), totals);
}

/** Leaving, or gone: the rest of the row stays, for the case that the instance is still there. */
export function markEntry(db: SqlDatabase, key: LifeKey, mark: number, seq: number, atMs: number): void {
  db.run(
    "UPDATE entry SET status = ?, seq = ?, asked = ? WHERE created = ? AND id = ?",
    mark,
    seq,
    atMs,
    key.createdAtMs,
    key.instanceId,
  );
}

/** The instance has said the same as the row. */
export function confirmEntry(db: SqlDatabase, key: LifeKey, atMs: number): void {
  db.run("UPDATE entry SET asked = ? WHERE created = ? AND id = ?", atMs, key.createdAtMs, key.instanceId);
}

/** The oldest marks first. An index is used only with the condition that it was made with. */
export function readMarked(db: SqlDatabase, mark: number, beforeMs: number, limit: number): EntryRow[] {
  return db.query<EntryRow>(
    `SELECT ${COLUMNS} FROM entry WHERE status = ? AND status < 0 AND asked < ? ORDER BY asked LIMIT ?`,
    mark,
    beforeMs,
    limit,
  );
}

/** Since when the oldest mark of this kind is there. */
export function oldestMark(db: SqlDatabase, mark: number): number | undefined {
  const [row] = db.query<{ asked: number }>(
    "SELECT asked FROM entry WHERE status = ? AND status < 0 ORDER BY asked LIMIT 1",
    mark,
  );
  return row?.asked;
}

/** At most 10,000. */
export function countMarked(db: SqlDatabase, mark: number): number {
  const marked = "SELECT 1 FROM entry WHERE status = ? AND status < 0 LIMIT 10000";
  return db.query<{ n: number }>(`SELECT count(*) AS n FROM (${marked})`, mark)[0]?.n ?? 0;
}

export function deleteEntry(db: SqlDatabase, key: LifeKey): void {
  db.run("DELETE FROM entry WHERE created = ? AND id = ?", key.createdAtMs, key.instanceId);
}

export function hasEntries(db: SqlDatabase): boolean {
  return db.query("SELECT 1 FROM entry LIMIT 1").length > 0;
}

/** Of rows without a mark. */
export function countEntries(db: SqlDatabase, most: number): { name: number; status: number; n: number }[] {
  return db.query(
    "SELECT name, status, count(*) AS n FROM entry WHERE status >= 0 GROUP BY name, status LIMIT ?",
    most,
  );
}

export function countByStatus(db: SqlDatabase): { status: number; n: number }[] {
  return db.query("SELECT status, count(*) AS n FROM entry WHERE status >= 0 GROUP BY status");
}

function valuesOf(row: EntryRow): (string | number | null)[] {
  return [
    row.created,
    row.id,
    row.seq,
    row.status,
    row.name,
    row.updated,
    row.ended,
    row.version,
    row.parent,
    row.custom_status,
    row.error_type,
    row.error_message,
    row.waiting_for,
    row.retrying,
    row.attributes,
    row.retention,
    row.asked,
  ];
}

export function keyOf({ created, id }: EntryRow): LifeKey {
  return { instanceId: id, createdAtMs: created };
}

/** `name` is that of the table `names`. */
export function toRow(entry: CatalogEntry, seq: number, name: number): EntryRow {
  const { failure, searchAttributes, retrying } = entry;
  return {
    created: entry.createdAtMs,
    id: entry.instanceId,
    seq,
    status: toNumber(entry.status),
    name,
    updated: entry.updatedAtMs,
    ended: entry.endedAtMs ?? null,
    version: entry.version ?? null,
    parent: entry.parentInstanceId ?? null,
    custom_status: entry.customStatus ?? null,
    error_type: failure?.errorType ?? null,
    error_message: failure?.message ?? null,
    waiting_for: entry.waitingFor ?? null,
    retrying: retrying ? 1 : null,
    attributes: searchAttributes === undefined ? null : JSON.stringify(searchAttributes),
    retention: entry.retentionMs ?? null,
    asked: null,
  };
}

/** A life that is marked, and was never announced. */
export function markedRow(key: LifeKey, mark: number, seq: number, atMs: number): EntryRow {
  const entry = { ...key, workflowName: "", status: "PENDING", updatedAtMs: atMs } as const;
  return { ...toRow(entry, seq, 0), status: mark, asked: atMs };
}

/** What the row says of its instance, without what it does not say. */
export function toEntry(row: EntryRow, workflowName: string): CatalogEntry {
  const failure = row.error_type !== null && {
    errorType: row.error_type,
    ...(row.error_message !== null && { message: row.error_message }),
  };
  return {
    instanceId: row.id,
    createdAtMs: row.created,
    workflowName,
    status: toStatus(row.status),
    updatedAtMs: row.updated,
    ...(row.ended !== null && { endedAtMs: row.ended }),
    ...(row.version !== null && { version: row.version }),
    ...(row.parent !== null && { parentInstanceId: row.parent }),
    ...(row.custom_status !== null && { customStatus: row.custom_status }),
    ...(failure && { failure }),
    ...(row.attributes !== null && { searchAttributes: JSON.parse(row.attributes) }),
    ...(row.waiting_for !== null && { waitingFor: row.waiting_for }),
    ...(row.retrying !== null && { retrying: true }),
    ...(row.retention !== null && { retentionMs: row.retention }),
  };
}
