import { replayOrder } from "../engine/rewind.ts";
import type { ExecutionStalled, HistoryEvent } from "../model/history-event.ts";
import { executionOfName } from "../model/ids.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";
import {
  cellsIn,
  endOfRow,
  eventsIn,
  type HistoryRow,
  inOneRow,
  SEVERAL,
  type StoredEvent,
  timeIn,
} from "./history-row.ts";
import { type StoredCell, searchCells } from "./history-search.ts";
import { EXECUTION_ID, type RecordColumns } from "./instance-row.ts";
import { type HistoryTable, SCHEMA_VERSION } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/*
 * The history: events of the current execution, numbered from 0 on. They lie in the table `instance` behind the instance's
 * own row, and up to schema version 4 in a table of their own, which is why each statement is told the table.
 *
 * Written by: a start, and the commit of a turn. Only appended; no row is ever changed.
 * Deleted by: a continue-as-new, the reuse of the ID, and a purge.
 */

/**
 * For queries: all events, one in each row, whatever rows of the table they lie in. A payload in chunks is NULL. Events that
 * share a row in a form that this code does not know are not seen.
 */
export const EVENTS: Readonly<Record<HistoryTable, string>> = {
  instance: eventsOf("instance"),
  history: eventsOf("history"),
};

function eventsOf(table: HistoryTable): string {
  return `(
  SELECT seq, at_ms, type, task_id, name, payload, detail FROM ${table} WHERE seq >= 0 AND type <> '${SEVERAL}'
  UNION ALL
  SELECT rows.seq + cells.key, cells.value ->> 0, cells.value ->> 1, cells.value ->> 2, cells.value ->> 3,
    cells.value ->> 4, cells.value ->> 5
    FROM ${table} AS rows, json_each(iif(rows.version = 1, rows.payload, '[]')) AS cells
    WHERE rows.seq >= 0 AND rows.type = '${SEVERAL}'
)`;
}

/** Appends events, numbered from `firstSeq` on. `sharing`: several may lie in one row. Long payloads are in chunks already. */
export function insertEvents(
  db: SqlDatabase,
  table: HistoryTable,
  events: readonly StoredEvent[],
  firstSeq: number,
  sharing: boolean,
): void {
  for (let from = 0; from < events.length; ) {
    const to = sharing ? endOfRow(events, from) : from + 1;
    if (to === from + 1) insertOne(db, table, firstSeq + from, events[from] as StoredEvent);
    else insertSeveral(db, table, firstSeq + from, events.slice(from, to));
    from = to;
  }
}

function insertOne(db: SqlDatabase, table: HistoryTable, seq: number, event: StoredEvent): void {
  const { timestampMs, type, task_id, name, payload, chunks, detail } = event;
  db.run(
    `INSERT INTO ${table} (seq, at_ms, type, task_id, name, payload, chunks, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    timestampMs,
    type,
    task_id,
    name,
    payload,
    chunks,
    detail,
  );
}

function insertSeveral(db: SqlDatabase, table: HistoryTable, seq: number, events: readonly StoredEvent[]): void {
  const { atMs, payload } = inOneRow(events);
  db.run(`INSERT INTO ${table} (seq, at_ms, type, payload) VALUES (?, ?, '${SEVERAL}', ?)`, seq, atMs, payload);
}

/** A new instance and its first events, of which there are several that fit into one row: one statement. */
export function insertWithRecord(db: SqlDatabase, record: RecordColumns, events: readonly StoredEvent[]): void {
  const { atMs, payload } = inOneRow(events);
  db.run(
    `INSERT INTO instance (seq, schema_version, at_ms, type, name, payload, detail)
       VALUES (-1, ${SCHEMA_VERSION}, ?, ?, ?, ?, ?), (0, NULL, ?, '${SEVERAL}', NULL, ?, NULL)`,
    record.at_ms,
    record.type,
    record.name,
    record.payload,
    record.detail,
    atMs,
    payload,
  );
}

/** Where the next event will stand. */
export function nextHistorySeq(db: SqlDatabase, table: HistoryTable): number {
  const [last] = db.query<{ next: number }>(
    `SELECT seq + iif(type = '${SEVERAL}' AND version = 1, json_array_length(payload), 1) AS next
       FROM ${table} WHERE seq >= 0 ORDER BY seq DESC LIMIT 1`,
  );
  return last?.next ?? 0;
}

export function readHistory(db: SqlDatabase, table: HistoryTable, codec: TextCodec): HistoryEvent[] {
  return db
    .query<HistoryRow>(`SELECT * FROM ${table} WHERE seq >= 0 ORDER BY seq`)
    .flatMap((row) => eventsIn(row, db, codec));
}

/** So many rows at most are read at a time, as it is not known how many events are in each. */
const ROWS_AT_A_TIME = 32;

/** The events where they lie, from number `from` on, forward or back. Read some rows at a time, as far as they are asked for, `most` at first. */
export function* historyCells(
  db: SqlDatabase,
  table: HistoryTable,
  codec: TextCodec,
  {
    from,
    order = "asc",
    most,
  }: { readonly from: number; readonly order?: "asc" | "desc" | undefined; readonly most: number },
): Generator<StoredCell, void> {
  const isBack = order === "desc";
  // The row that event `from` lies in, then those behind it.
  let rows = db.query<HistoryRow>(`SELECT * FROM ${table} WHERE seq BETWEEN 0 AND ? ORDER BY seq DESC LIMIT 1`, from);
  for (let atMost = Math.min(ROWS_AT_A_TIME, most); rows.length > 0; atMost = ROWS_AT_A_TIME) {
    for (const row of rows) {
      const cells = cellsIn(row, db, codec);
      for (const cell of isBack ? cells.reverse() : cells) if (isBack ? cell.seq <= from : cell.seq >= from) yield cell;
    }
    const last = (rows.at(-1) as HistoryRow).seq;
    const behind = isBack ? "BETWEEN 0 AND ? - 1 ORDER BY seq DESC" : "> ? ORDER BY seq";
    rows = db.query<HistoryRow>(`SELECT * FROM ${table} WHERE seq ${behind} LIMIT ?`, last, atMost);
  }
}

/** At most `limit` events from number `from` on, counted from 0, fewer when they are long, and one at least. Nothing beyond them is decoded. */
export function readHistoryPage(
  db: SqlDatabase,
  table: HistoryTable,
  codec: TextCodec,
  from: number,
  limit: number,
  maxLength?: number,
): HistoryEvent[] {
  return searchCells(historyCells(db, table, codec, { from, most: limit }), { limit, maxLength }).events;
}

/** How many bytes the texts of the history take. */
export function historyBytes(db: SqlDatabase, table: HistoryTable): number {
  const [found] = db.query<{ bytes: number }>(
    `SELECT CAST(total(octet_length(payload)) + total(octet_length(name)) + total(octet_length(detail)) AS INTEGER) AS bytes
       FROM ${table} WHERE seq >= 0`,
  );
  return found?.bytes ?? 0;
}

/** The first event, the one numbered `completedSeq`, and the time of the last; each read by its key. */
export function readOutline(
  db: SqlDatabase,
  table: HistoryTable,
  codec: TextCodec,
  completedSeq: number | undefined,
): { first?: HistoryEvent | undefined; completed?: HistoryEvent | undefined; lastAtMs?: number | undefined } {
  const [first] = db.query<HistoryRow>(`SELECT * FROM ${table} WHERE seq >= 0 ORDER BY seq LIMIT 1`);
  const [last] = db.query<{ at_ms: number }>(`SELECT at_ms FROM ${table} WHERE seq >= 0 ORDER BY seq DESC LIMIT 1`);
  return {
    first: first && eventsIn(first, db, codec, 0, 1)[0],
    completed: completedSeq === undefined ? undefined : readHistoryPage(db, table, codec, completedSeq, 1)[0],
    lastAtMs: last?.at_ms,
  };
}

/** When the event of that number happened, in milliseconds since 1970; nothing else of it is read. */
export function readTime(db: SqlDatabase, table: HistoryTable, seq: number): number | undefined {
  const [row] = db.query<HistoryRow>(`SELECT * FROM ${table} WHERE seq BETWEEN 0 AND ? ORDER BY seq DESC LIMIT 1`, seq);
  return row && timeIn(row, seq);
}

/** The stall that the history ends with. */
export function readLastStall(db: SqlDatabase, table: HistoryTable, codec: TextCodec): ExecutionStalled | undefined {
  const [row] = db.query<HistoryRow>(`SELECT * FROM ${table} WHERE seq >= 0 ORDER BY seq DESC LIMIT 1`);
  const last = row && eventsIn(row, db, codec, -1)[0];
  return last?.type === "ExecutionStalled" ? last : undefined;
}

/** The IDs of the children of this execution. */
export function childrenInHistory(db: SqlDatabase, table: HistoryTable): string[] {
  const rows = db.query<{ detail: string }>(
    `SELECT detail FROM ${EVENTS[table]} WHERE type = 'ChildWorkflowInstanceCreated' ORDER BY seq`,
  );
  return rows.map((row) => JSON.parse(row.detail).instanceId as string);
}

export function hasChildren(db: SqlDatabase, table: HistoryTable): boolean {
  const found = db.query(`SELECT 1 FROM ${EVENTS[table]} WHERE type = 'ChildWorkflowInstanceCreated' LIMIT 1`);
  return found.length > 0;
}

/** Whether an activity or a timer has no answer. After the end timers do not count. */
export function hasOpenCalls(db: SqlDatabase, table: HistoryTable, status: RuntimeStatus): boolean {
  if (hasBeenRewound(db, table)) return isAnyOpen(db, table, isTerminal(status));
  const timers = isTerminal(status) ? "" : ", 'TimerCreated', 'TimerFired'";
  const open = db.query(
    `SELECT task_id FROM ${EVENTS[table]} WHERE type IN ('TaskScheduled', 'TaskCompleted', 'TaskFailed'${timers})
       GROUP BY task_id HAVING count(*) = 1 LIMIT 1`,
  );
  return open.length > 0;
}

function hasBeenRewound(db: SqlDatabase, table: HistoryTable): boolean {
  const [row] = db.query<{ name: string | null }>(`SELECT ${EXECUTION_ID[table]} AS name`);
  return executionOfName(row?.name ?? "").rewinds !== undefined;
}

/** The same of the history as it is replayed: some calls are open again, and others nobody's any more. */
function isAnyOpen(db: SqlDatabase, table: HistoryTable, hasEnded: boolean): boolean {
  const rows = db.query<{ at_ms: number; type: string; task_id: number | null; detail: string | null }>(
    `SELECT at_ms, type, task_id, detail FROM ${EVENTS[table]} ORDER BY seq`,
  );
  const events = rows.map(({ at_ms, type, task_id, detail }) => ({
    ...(type === "ExecutionRewound" && JSON.parse(detail ?? "{}")),
    type,
    timestampMs: at_ms,
    id: task_id ?? undefined,
  })) as HistoryEvent[];
  const open = new Set<number>();
  for (const { event } of replayOrder(events) ?? []) {
    if (event.type === "TaskScheduled" || (event.type === "TimerCreated" && !hasEnded)) open.add(event.id);
    if (event.type === "TaskCompleted" || event.type === "TaskFailed" || event.type === "TimerFired")
      open.delete(event.id);
  }
  return open.size > 0;
}

/** All events, and not the instance's row. */
export function deleteEvents(db: SqlDatabase, table: HistoryTable): void {
  db.run(`DELETE FROM ${table} WHERE seq >= 0`);
}
