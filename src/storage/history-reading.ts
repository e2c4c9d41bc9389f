import type { HistoryEvent } from "../model/history-event.ts";
import { historyPayloadBytes } from "./chunk-table.ts";
import { type HistoryFound, type HistorySearch, searchCells } from "./history-search.ts";
import { historyBytes, historyCells } from "./history-table.ts";
import type { InstanceTables } from "./instance-tables.ts";
import type { TextCodec } from "./vault.ts";

/*
 * What people and programs read of a history, which no turn needs: parts of it, all of it without its payloads, how much it is.
 */

export interface NumberedEvent {
  readonly seq: number;
  readonly event: HistoryEvent;
}

export interface StoredSizes {
  readonly historyEvents: number;
  /** Of its texts, as they are stored. */
  readonly historyBytes: number;
  /** The whole database, where that is known. */
  readonly databaseBytes?: number | undefined;
}

export function searchHistory(tables: InstanceTables, codec: TextCodec, search: HistorySearch): HistoryFound {
  const { db, history, nextHistorySeq } = tables;
  const { order, limit, types, contains, from = order === "desc" ? nextHistorySeq - 1 : 0 } = search;
  const most = types === undefined && contains === undefined ? limit : Number.POSITIVE_INFINITY;
  return searchCells(historyCells(db, history, codec, { from, order, most }), search);
}

/** Payloads are left out, unless they tell how something has failed, and that is asked for. */
export function* skimHistory(
  { db, history }: InstanceTables,
  codec: TextCodec,
  from: number,
  withFailures: boolean,
): Iterable<NumberedEvent> {
  for (const cell of historyCells(db, history, codec, { from, most: Number.POSITIVE_INFINITY }))
    yield { seq: cell.seq, event: cell.read(withFailures && tellsFailure(cell.type)) };
}

function tellsFailure(type: string): boolean {
  return type.endsWith("Failed") || type === "ExecutionCompleted";
}

export function sizesOf({ db, history, others, nextHistorySeq }: InstanceTables): StoredSizes {
  const long = others === undefined ? 0 : historyPayloadBytes(others);
  return {
    historyEvents: nextHistorySeq,
    historyBytes: historyBytes(db, history) + long,
    databaseBytes: db.sizeBytes,
  };
}
