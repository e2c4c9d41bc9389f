import type { HistoryEvent } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { deleteHistoryPayloads, writePayload } from "./chunk-table.ts";
import { toStoredColumns } from "./fact-columns.ts";
import { keepChildren } from "./former-child-table.ts";
import { needsChunks, type StoredEvent } from "./history-row.ts";
import { deleteEvents, hasChildren, insertEvents } from "./history-table.ts";
import { deleteInbox, type InboxEntry, insertInbox, type NewInboxEntry } from "./inbox-table.ts";
import { type InstanceRecord, insertRecord, storedStatus, updateRecord } from "./instance-row.ts";
import type { InstanceTables } from "./instance-tables.ts";
import { insertOutbox, type OutboxEntry } from "./outbox-table.ts";
import { deleteRecoveries, deleteRecovery } from "./recovery-table.ts";
import type { TurnChange } from "./turn-change.ts";
import type { TextCodec } from "./vault.ts";
import { insertWebhooks } from "./webhook-table.ts";

/*
 * Writes that concern more than one table, or that take a number or a table that may not be there yet. None opens a
 * transaction: where it takes several statements, the store has opened one around it.
 */

/** All that a turn changes. `events`: what it appends, or the history that takes the place of the former one. */
export function writeTurn(
  tables: InstanceTables,
  codec: TextCodec,
  { newHistory, taken, recovered = [], record, send, webhooks }: TurnChange,
  events: readonly StoredEvent[],
): OutboxEntry[] {
  if (newHistory !== undefined) removeHistory(tables);
  addToHistory(tables, events);
  const { others } = tables;
  if (others !== undefined) {
    for (const seq of taken) deleteInbox(others, seq);
    for (const taskId of recovered) deleteRecovery(others, taskId);
  }
  if (record !== undefined) updateRecord(tables.db, tables.history, record, storedStatus(record, codec));
  if (webhooks !== undefined) insertWebhooks(tables.needWebhooks(), codec, webhooks);
  return send.map((message) => addToOutbox(tables, codec, message));
}

/** `columns`: those of its fact, where they are known already. */
export function addToInbox(
  tables: InstanceTables,
  codec: TextCodec,
  entry: NewInboxEntry,
  columns = toStoredColumns(entry.fact, codec),
): InboxEntry {
  return insertInbox(tables.needOthers(), tables.takeSeq("inbox"), entry, columns);
}

/** What a new instance has beside its history: facts that its start waits with, and messages to others. */
export interface Created {
  readonly waiting: readonly InboxEntry[];
  readonly sent: readonly OutboxEntry[];
}

interface First {
  readonly record: InstanceRecord;
  readonly events: readonly HistoryEvent[];
  readonly stored: readonly StoredEvent[];
  readonly dueAtMs: number | undefined;
  readonly send: readonly AddressedMessage[];
}

/** All that an instance begins with. `dueAtMs`: its start, and what has come with that, waits in the inbox. */
export function writeFirst(
  tables: InstanceTables,
  codec: TextCodec,
  { record, events, stored, dueAtMs, send }: First,
): Created {
  insertRecord(tables.db, record, storedStatus(record, codec));
  if (dueAtMs === undefined) addToHistory(tables, stored);
  const inbox = dueAtMs === undefined ? [] : events;
  return {
    waiting: inbox.map((fact) =>
      addToInbox(tables, codec, fact.type === "ExecutionStarted" ? { fact, dueAtMs } : { fact }),
    ),
    sent: send.map((message) => addToOutbox(tables, codec, message)),
  };
}

function addToOutbox(tables: InstanceTables, codec: TextCodec, message: AddressedMessage): OutboxEntry {
  return insertOutbox(tables.needOthers(), codec, tables.takeSeq("outbox"), message);
}

export function addToHistory(tables: InstanceTables, events: readonly StoredEvent[]): void {
  const first = tables.nextHistorySeq;
  const stored = events.map((event, n) => (needsChunks(event) ? withChunks(tables, event, first + n) : event));
  insertEvents(tables.db, tables.history, stored, first, tables.isSharing);
  tables.addedEvents(events.length);
}

function withChunks(tables: InstanceTables, event: StoredEvent, seq: number): StoredEvent {
  return { ...event, ...writePayload(tables.needOthers(), "history", seq, event.payload) };
}

/** What a continue-as-new leaves behind, but for the children that it has started. */
function removeHistory(tables: InstanceTables): void {
  if (hasChildren(tables.db, tables.history)) tables.needOthers();
  const { others } = tables;
  if (others !== undefined) {
    keepChildren(others, tables.history);
    deleteHistoryPayloads(others);
    deleteRecoveries(others);
  }
  deleteEvents(tables.db, tables.history);
  tables.removedEvents();
}
