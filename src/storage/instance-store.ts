import type { ExecutionStalled, HistoryEvent } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { isLong } from "./chunk-table.ts";
import { toStoredColumns } from "./fact-columns.ts";
import { type FormerChild, readFormerChildren } from "./former-child-table.ts";
import { type NumberedEvent, type StoredSizes, searchHistory, sizesOf, skimHistory } from "./history-reading.ts";
import { fitIntoOneRow, toStored } from "./history-row.ts";
import type { HistoryFound, HistorySearch } from "./history-search.ts";
import {
  childrenInHistory,
  hasOpenCalls,
  readHistory,
  readHistoryPage,
  readLastStall,
  readOutline,
  readTime,
} from "./history-table.ts";
import { type InboxEntry, type NewInboxEntry, readInbox } from "./inbox-table.ts";
import { type InstanceRecord, type Kin, kinOf, readRow, storedStatus, toRecord } from "./instance-row.ts";
import { InstanceTables } from "./instance-tables.ts";
import { areQueuesEmpty, deleteOutbox, isOutboxEmpty, type OutboxEntry, readOutbox } from "./outbox-table.ts";
import { countRecovery, type Recovery, readProgress, readRecoveries, saveProgress } from "./recovery-table.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { Tellings } from "./tellings.ts";
import { isSimple, type TurnChange } from "./turn-change.ts";
import { plainTexts, type TextCodec } from "./vault.ts";
import { Webhooks } from "./webhooks.ts";
import { addToHistory, addToInbox, type Created, writeFirst, writeTurn } from "./writes.ts";

/**
 * What an instance keeps, and all that it may ask for and do with it: no other folder knows of tables. Every method is
 * synchronous; what several statements do together is one transaction, but for `flush`, after whose failure the object has to
 * be given up. The platform makes one commit of all that happens without waiting for I/O, and holds back every answer and every
 * request of the object until that commit is on disk.
 *
 * The statements are in the files of the tables; InstanceTables knows which tables there are. Some methods only hand on what
 * one table holds, and are here all the same: what an instance depends on is one list, which the test kit implements in memory,
 * and a table that is not there yet is empty for everybody who asks.
 */
export class InstanceStore {
  readonly #tables: InstanceTables;
  readonly #codec: TextCodec;

  constructor(db: SqlDatabase, codec: TextCodec = plainTexts) {
    this.#tables = new InstanceTables(db);
    this.#codec = codec;
  }

  /** The instance's row; `undefined` when there is no instance. Throws SchemaTooNewError. */
  load(): InstanceRecord | undefined {
    const row = this.#tables.load();
    return row && toRecord(row, this.#codec);
  }

  /**
   * Creates the instance, in the place of an ended one if there is one, with what it begins with: its start, and what has come with
   * that. `send`: what its first events have told others. `flushFollows`: as in `commit`.
   */
  create(
    record: InstanceRecord,
    first: HistoryEvent | readonly [HistoryEvent, ...HistoryEvent[]],
    dueAtMs: number | undefined,
    flushFollows = false,
    send: TurnChange["send"] = [],
  ): Created {
    const tables = this.#tables;
    const events = "type" in first ? [first] : first;
    const stored = events.map((event) => toStored(event, this.#codec));
    const isHeld = flushFollows && dueAtMs === undefined && send.length === 0 && fitIntoOneRow(stored, true);
    const create = (): Created => {
      tables.renew();
      if (isHeld) return { waiting: [], sent: [] };
      return writeFirst(tables, this.#codec, { record, events, stored, dueAtMs, send });
    };
    // One statement needs no transaction.
    const created = tables.areNone && isHeld ? create() : tables.transaction(create);
    tables.mayHold = flushFollows;
    if (isHeld) tables.hold(stored, record, storedStatus(record, this.#codec), true);
    return created;
  }

  receive(entry: NewInboxEntry): InboxEntry {
    const columns = toStoredColumns(entry.fact, this.#codec);
    if (!isLong(columns.payload)) return addToInbox(this.#tables, this.#codec, entry, columns);
    return this.#tables.transaction(() => addToInbox(this.#tables, this.#codec, entry, columns));
  }

  /**
   * Commits a turn. Returns the messages as they stand in the outbox.
   *
   * `flushFollows`: `flush` will be called before the platform commits what is written now. Then rows may be held back until
   * then, or until anything else is read or written: they are in the same commit. Something is written at once, because the
   * platform holds back what the object sends only while something is written and not committed.
   */
  commit(change: TurnChange, flushFollows = false): OutboxEntry[] {
    const tables = this.#tables;
    const events = (change.newHistory ?? change.append).map((event) => toStored(event, this.#codec));
    // The usual turn of a running workflow appends an event or two, and perhaps changes the status.
    const isSmall = isSimple(change) && (tables.mayHold || change.record === undefined);
    if (isSmall && fitIntoOneRow(events, tables.isSharing)) {
      if (tables.mayHold) tables.hold(events, change.record, storedStatus(change.record, this.#codec));
      else addToHistory(tables, events);
      tables.mayHold ||= flushFollows && tables.isSharing && events.length > 0;
      return [];
    }
    return tables.transaction(() => writeTurn(tables, this.#codec, change, events));
  }

  /** Writes what commits have held back. When it throws, the object has to be given up: memory is ahead of the database. */
  flush(): void {
    this.#tables.flush();
  }

  /** A message was acknowledged; `reply` is what the acknowledgement means to this instance, if anything. */
  acknowledge(seq: number, reply: NewInboxEntry | undefined): InboxEntry | undefined {
    const tables = this.#tables;
    return tables.transaction(() => {
      if (tables.others !== undefined) deleteOutbox(tables.others, seq);
      return reply && addToInbox(tables, this.#codec, reply);
    });
  }

  saveProgress(taskId: number, progress: string): void {
    saveProgress(this.#tables.needOthers(), taskId, progress);
  }

  countRecovery(taskIds: readonly number[]): void {
    this.#tables.transaction(() => countRecovery(this.#tables.needOthers(), taskIds));
  }

  /** Where the next event of the history will stand. */
  get nextHistorySeq(): number {
    return this.#tables.nextHistorySeq;
  }

  /** The whole history. Throws UnreadableError when any text of this execution cannot be read, also one that lies elsewhere. */
  history(): HistoryEvent[] {
    const { db, history, others } = this.#tables;
    const events = readHistory(db, history, this.#codec);
    // The progress of activities is handed on as it is stored, and opened when they run.
    for (const event of events)
      if ((event.type === "TaskScheduled" || event.type === "TaskFailed") && event.progress !== undefined)
        this.#codec.decode(event.progress);
    if (others !== undefined) for (const progress of readProgress(others)) this.#codec.decode(progress);
    return events;
  }

  /** At most `limit` events from number `from` on, counted from 0; fewer when their texts are longer than `maxLength` together. */
  historyPage(from: number, limit: number, maxLength?: number): HistoryEvent[] {
    return readHistoryPage(this.#tables.db, this.#tables.history, this.#codec, from, limit, maxLength);
  }

  /** Events of the history from either end, by type and text. */
  searchHistory(search: HistorySearch): HistoryFound {
    return searchHistory(this.#tables, this.#codec, search);
  }

  /** All events from number `from` on, without their payloads; those that tell how something has failed stay, unless nothing is to be decrypted. */
  skimHistory(from = 0, withFailures = true): Iterable<NumberedEvent> {
    return skimHistory(this.#tables, this.#codec, from, withFailures);
  }

  /** How much there is. */
  sizes(): StoredSizes {
    return sizesOf(this.#tables);
  }

  /** The first event of the history, the one that ended it, and the time of the last; each read by its key. */
  outline(completedSeq: number | undefined): ReturnType<typeof readOutline> {
    return readOutline(this.#tables.db, this.#tables.history, this.#codec, completedSeq);
  }

  /** When the event of that number happened. It is never encrypted. */
  timeOf(seq: number): number | undefined {
    return readTime(this.#tables.db, this.#tables.history, seq);
  }

  /** The stall that the history ends with. */
  lastStall(): ExecutionStalled | undefined {
    return readLastStall(this.#tables.db, this.#tables.history, this.#codec);
  }

  inbox(): InboxEntry[] {
    return readInbox(this.#tables.others, this.#codec);
  }

  outbox(): OutboxEntry[] {
    return readOutbox(this.#tables.others, this.#codec);
  }

  /** Whether every message has been acknowledged: memory may not know of those of the last turn yet. */
  get hasDelivered(): boolean {
    const { others } = this.#tables;
    return others === undefined || isOutboxEmpty(others);
  }

  /**
   * Whether something is left that only this instance can go on with: its first turn, a stall to look at again, a fact not
   * taken, a message not delivered, a timer or an activity not answered. After the end timers do not count, and after a
   * terminate no activities either.
   */
  hasOpenWork(status: RuntimeStatus): boolean {
    if (status === "PENDING" || status === "STALLED") return true;
    const { others } = this.#tables;
    if (others !== undefined && !areQueuesEmpty(others)) return true;
    return status !== "TERMINATED" && hasOpenCalls(this.#tables.db, this.#tables.history, status);
  }

  /** What nothing encrypts: what the instance is called, whose child it is, how the catalog knows it. It is known of one that cannot be read, too. */
  kin(): Kin {
    return kinOf(readRow(this.#tables.db));
  }

  /** What shards of the catalog have not been told yet. */
  get tellings(): Pick<Tellings, keyof Tellings> {
    return new Tellings(this.#tables);
  }

  get webhooks(): Pick<Webhooks, keyof Webhooks> {
    return new Webhooks(this.#tables, this.#codec);
  }

  /** The children of executions before a continue-as-new. */
  formerChildren(): FormerChild[] {
    return readFormerChildren(this.#tables.others);
  }

  /** The IDs of all children that this instance has started, in this execution and in those before it. */
  children(): string[] {
    const former = this.formerChildren().map((child) => child.instanceId);
    return [...new Set([...former, ...childrenInHistory(this.#tables.db, this.#tables.history)])];
  }

  /** How often a restart has found each activity without a result, and the details of its last heartbeat (JSON). */
  recoveries(): Map<number, Recovery> {
    return readRecoveries(this.#tables.others);
  }
}

/** What an instance needs of its store. */
export type InstanceStorage = Pick<InstanceStore, keyof InstanceStore>;

export { textsOfFact } from "./fact-columns.ts";
export type { NumberedEvent, StoredSizes } from "./history-reading.ts";
export type { HistoryFound, HistorySearch } from "./history-search.ts";
export type { InboxEntry } from "./inbox-table.ts";
export type { OutboxEntry } from "./outbox-table.ts";
export type { OwedTelling } from "./telling-table.ts";
export { type TurnChange, textsOf } from "./turn-change.ts";
export type { NewWebhook, OwedWebhook, WebhookKey } from "./webhook-table.ts";
