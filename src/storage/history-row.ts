import type { HistoryEvent } from "../model/history-event.ts";
import { isLong, PIECE_LENGTH, type StoredPayload } from "./chunk-table.ts";
import { checkVersion, type FactRow, fromColumns, readFact, toStoredColumns } from "./fact-columns.ts";
import type { FactColumns } from "./fact-forms.ts";
import type { StoredCell } from "./history-search.ts";
import type { SqlDatabase } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/**
 * How events lie in the rows of the history. Small events that are written together share a row, because rows are what
 * Cloudflare bills and what a statement costs time for; a longer one, and one that is written alone, has a row to itself.
 *
 *   one event      seq: its number, at_ms: its time, type, task_id, name, payload, chunks, detail
 *   several        seq: the number of the first, at_ms: the time of the last, type: 'Events',
 *                  payload: JSON, an array of [at_ms, type, task_id, name, payload, detail]
 */
export const SEVERAL = "Events";
type Cells = readonly [number, string, number | null, string | null, string | null, string | null];

/** Events share a row up to about so many characters: 256 of the shortest. */
export const MAX_SHARED_LENGTH = 16_384;
/** What one takes beside its texts. */
const CELLS_LENGTH = 64;

/** An event as it is stored, but for its number. */
export interface StoredEvent extends FactColumns, StoredPayload {
  readonly timestampMs: number;
}

export type HistoryRow = FactRow & { at_ms: number };

export function toStored(event: HistoryEvent, codec: TextCodec): StoredEvent {
  const { type, task_id, name, payload, detail } = toStoredColumns(event, codec);
  return { type, task_id, name, payload, chunks: null, detail, timestampMs: event.timestampMs };
}

/** Its payload does not fit into a row. */
export function needsChunks({ payload }: StoredEvent): boolean {
  return isLong(payload);
}

/** How much of a row they take together. */
export function lengthOf(events: readonly StoredEvent[]): number {
  let length = 0;
  for (const { payload, name, detail } of events)
    length += CELLS_LENGTH + (payload?.length ?? 0) + (name?.length ?? 0) + (detail?.length ?? 0);
  return length;
}

/** Whether one statement writes them, and no other is needed for their payloads. `sharing`: several may lie in one row. */
export function fitIntoOneRow(events: readonly StoredEvent[], sharing: boolean): boolean {
  if (events.length > 1 && !(sharing && lengthOf(events) <= MAX_SHARED_LENGTH)) return false;
  return !events.some(needsChunks);
}

/** Where the row ends that begins with event `from`. */
export function endOfRow(events: readonly StoredEvent[], from: number): number {
  let length = 0;
  let to = from;
  for (; to < events.length; to++) {
    const event = events[to] as StoredEvent;
    length += lengthOf([event]);
    if (event.chunks !== null || length > MAX_SHARED_LENGTH) break;
  }
  return Math.max(to, from + 1);
}

/** Several events as they share a row. */
export function inOneRow(events: readonly StoredEvent[]): { readonly atMs: number; readonly payload: string } {
  const cells = events.map((event): Cells => {
    const { timestampMs, type, task_id, name, payload, detail } = event;
    return [timestampMs, type, task_id, name, payload, detail];
  });
  return { atMs: events.at(-1)?.timestampMs ?? 0, payload: JSON.stringify(cells) };
}

/** The events of a row, or `count` of them from `from` on; a negative `from` counts from the end, as in `slice`. */
export function eventsIn(
  row: HistoryRow,
  db: SqlDatabase,
  codec: TextCodec,
  from = 0,
  count = Number.POSITIVE_INFINITY,
): HistoryEvent[] {
  if (row.type !== SEVERAL) {
    if (from > 0) return [];
    return [{ timestampMs: row.at_ms, ...readFact(db, codec, "history", row) }];
  }
  const all = allCells(row);
  const cells = from === 0 && count >= all.length ? all : all.slice(from, from < 0 ? undefined : from + count);
  return cells.map((ofOne) => toEvent(ofOne, codec));
}

/** When the event of that number happened, which is in this row or behind it. */
export function timeIn(row: HistoryRow, seq: number): number | undefined {
  return row.type === SEVERAL ? allCells(row)[seq - row.seq]?.[0] : row.at_ms;
}

function allCells(row: HistoryRow): Cells[] {
  checkVersion(row.version);
  return JSON.parse(row.payload ?? "[]");
}

function toEvent([timestampMs, type, task_id, name, payload, detail]: Cells, codec: TextCodec): HistoryEvent {
  return { timestampMs, ...fromColumns({ type, task_id, name, detail }, payload, codec) };
}

/** The events of a row where they lie, in order. */
export function cellsIn(row: HistoryRow, db: SqlDatabase, codec: TextCodec): StoredCell[] {
  if (row.type !== SEVERAL) return [new OwnRow(row, db, codec)];
  return allCells(row).map((cells, n) => new SharedRow(cells, row.seq + n, codec));
}

/** An event that has a row to itself. */
class OwnRow implements StoredCell {
  readonly #row: HistoryRow;
  readonly #db: SqlDatabase;
  readonly #codec: TextCodec;

  constructor(row: HistoryRow, db: SqlDatabase, codec: TextCodec) {
    this.#row = row;
    this.#db = db;
    this.#codec = codec;
  }

  get seq(): number {
    return this.#row.seq;
  }
  get type(): string {
    return this.#row.type;
  }
  get length(): number {
    const { payload, chunks, name, detail } = this.#row;
    const length = chunks === null ? (payload?.length ?? 0) : chunks * PIECE_LENGTH;
    return length + (name?.length ?? 0) + (detail?.length ?? 0);
  }
  read(payload = true): HistoryEvent {
    const row = payload ? this.#row : { ...this.#row, payload: null, chunks: null };
    return { timestampMs: row.at_ms, ...readFact(this.#db, this.#codec, "history", row) };
  }
}

/** One that shares its row with others. */
class SharedRow implements StoredCell {
  readonly seq: number;
  readonly #cells: Cells;
  readonly #codec: TextCodec;

  constructor(cells: Cells, seq: number, codec: TextCodec) {
    this.seq = seq;
    this.#cells = cells;
    this.#codec = codec;
  }

  get type(): string {
    return this.#cells[1];
  }
  get length(): number {
    const [, , , name, payload, detail] = this.#cells;
    return (name?.length ?? 0) + (payload?.length ?? 0) + (detail?.length ?? 0);
  }
  read(payload = true): HistoryEvent {
    const [timestampMs, type, taskId, name, , detail] = this.#cells;
    return toEvent(payload ? this.#cells : [timestampMs, type, taskId, name, null, detail], this.#codec);
  }
}
