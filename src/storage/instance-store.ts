import type { ExecutionStalled, HistoryEvent, HistoryFact, ParentLink } from "../model/history-event.ts";
import type { AddressedMessage, Message } from "../model/message.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";
import { checkVersion, type FactRow, readFact, textsOfFact, toStoredColumns } from "./event-row.ts";
import { HeldWrites } from "./held-writes.ts";
import {
  childrenInHistory,
  EVENTS,
  insertEvents,
  lengthOf,
  MAX_SHARED_LENGTH,
  needsChunks,
  nextHistorySeq,
  readHistory,
  readHistoryPage,
  readLastStall,
  readOutline,
  type StoredEvent,
  toStored,
} from "./history-table.ts";
import {
  EXECUTION_ID,
  type InstanceRecord,
  insertRecord,
  parentOf,
  readRow,
  toRecord,
  updateRecord,
} from "./instance-row.ts";
import { type ChunkOwner, isLong, readPayload, type StoredPayload, writeChunks } from "./payload-chunks.ts";
import {
  clearTables,
  createFirstTable,
  createOtherTables,
  type HistoryTable,
  historyTable,
  migrate,
  NO_TABLES,
  SCHEMA_VERSION,
  SHARING_VERSION,
  tablesIn,
} from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { readMessage } from "./stored-failures.ts";
import { plainTexts, type TextCodec } from "./vault.ts";

/** A fact received and not yet taken by a turn. */
export interface InboxEntry {
  readonly seq: number;
  readonly fact: HistoryFact;
  /** Only for this execution; a later one drops it. */
  readonly executionId?: string | undefined;
  /** Of a start: the first turn is not taken before this time, unless something ends the instance. */
  readonly dueAtMs?: number | undefined;
}

export interface OutboxEntry extends AddressedMessage {
  readonly seq: number;
}

/** Everything that one turn changes. It is written whole or not at all. */
export interface TurnChange {
  readonly append: readonly HistoryEvent[];
  /** Inbox rows whose facts the turn has taken. */
  readonly taken: readonly number[];
  readonly send: readonly AddressedMessage[];
  /** The changed row of the instance; absent when it stays as it is. */
  readonly record?: InstanceRecord | undefined;
  /** Set by continue-as-new: this history takes the place of the whole former one. */
  readonly newHistory?: readonly HistoryEvent[] | undefined;
  /** Activities with a result now, of which a restart had found the call open. */
  readonly recovered?: readonly number[] | undefined;
}

/**
 * The tables of an instance, of which no other folder knows. Every method is synchronous; what several statements do together is one
 * transaction, but for `flush`, after whose failure the object has to be given up. The platform makes one commit of all that
 * happens without waiting for I/O, and holds back every answer and every request of the object until that commit is on disk.
 */
export class InstanceStore {
  readonly #database: SqlDatabase;
  readonly #codec: TextCodec;
  readonly #held = new HeldWrites();
  /** Something has been written since the last `flush`, and another `flush` will come before the platform's commit. */
  #mayHold = false;
  /** `load` has found no table, and nothing has been created since. */
  #isEmpty = false;
  /** False: nothing has ever been in the tables beside the first. */
  #hasOtherTables = false;
  /** Of the tables. Where they are older, the code before this one may come back to them. */
  #version = SCHEMA_VERSION;
  #nextHistorySeq = 0;
  #nextInboxSeq = 0;
  #nextOutboxSeq = 0;

  constructor(db: SqlDatabase, codec: TextCodec = plainTexts) {
    this.#database = db;
    this.#codec = codec;
  }

  /** Where the history lies. */
  get #table(): HistoryTable {
    return historyTable(this.#version);
  }

  /** False: the code before this one knows rows of one event only. */
  get #isSharing(): boolean {
    return this.#version >= SHARING_VERSION;
  }

  /** The database, when all that belongs into it has been written. */
  get #db(): SqlDatabase {
    if (!this.#held.isEmpty) this.#writeHeld();
    return this.#database;
  }

  /** Writes what commits have held back. When it throws, the object has to be given up: memory is ahead of the database. */
  flush(): void {
    this.#mayHold = false;
    if (!this.#held.isEmpty) this.#writeHeld();
  }

  /** The instance's row; `undefined` when there is no instance. Throws SchemaTooNewError. */
  load(): InstanceRecord | undefined {
    const db = this.#db;
    const tables = tablesIn(db);
    this.#isEmpty = tables.areNone;
    const row = tables.areNone ? undefined : readRow(db);
    if (row === undefined) return undefined;
    this.#version = row.schema_version as number;
    this.#hasOtherTables = tables.areAll;
    migrate(db, this.#version);
    this.#nextHistorySeq = nextHistorySeq(db, this.#table);
    this.#nextInboxSeq = this.#hasOtherTables ? this.#nextSeq("inbox") : 0;
    this.#nextOutboxSeq = this.#hasOtherTables ? this.#nextSeq("outbox") : 0;
    return toRecord(row, this.#codec);
  }

  /**
   * Creates the instance, in the place of an ended one if there is one. Returns the inbox entry of a start that is to wait.
   * `flushFollows`: as in `commit`.
   */
  create(
    record: InstanceRecord,
    started: HistoryEvent,
    dueAtMs: number | undefined,
    flushFollows = false,
  ): InboxEntry | undefined {
    const stored = toStored(started, this.#codec);
    const isHeld = flushFollows && dueAtMs === undefined && !needsChunks(stored);
    const create = () => {
      const tables = this.#isEmpty ? NO_TABLES : tablesIn(this.#db);
      this.#hasOtherTables = tables.areAll;
      this.#version = SCHEMA_VERSION;
      if (tables.areNone) createFirstTable(this.#db);
      else clearTables(this.#db, tables);
      this.#nextHistorySeq = this.#nextInboxSeq = this.#nextOutboxSeq = 0;
      if (isHeld) return undefined;
      insertRecord(this.#db, record, this.#encode(record.customStatus));
      if (dueAtMs !== undefined) return this.#insertInbox({ fact: started, dueAtMs });
      this.#insertHistory([stored]);
      return undefined;
    };
    // One statement needs no transaction.
    const entry = this.#isEmpty && isHeld ? create() : this.#atomically(create);
    this.#isEmpty = false;
    this.#mayHold = flushFollows;
    if (isHeld) this.#hold([stored], record, true);
    return entry;
  }

  receive(entry: Omit<InboxEntry, "seq">): InboxEntry {
    const columns = toStoredColumns(entry.fact, this.#codec);
    if (!isLong(columns.payload)) return this.#insertInbox(entry, columns);
    return this.#atomically(() => this.#insertInbox(entry, columns));
  }

  /**
   * Commits a turn. Returns the messages as they stand in the outbox.
   *
   * `flushFollows`: `flush` will be called before the platform commits what is written now. Then rows may be held back until
   * then, or until anything else is read or written: they are in the same commit. Something is written at once, because the
   * platform holds back what the object sends only while something is written and not committed.
   */
  commit(change: TurnChange, flushFollows = false): OutboxEntry[] {
    const events = (change.newHistory ?? change.append).map((event) => toStored(event, this.#codec));
    // The usual turn of a running workflow appends an event or two, and perhaps changes the status.
    if (isSimple(change) && (this.#mayHold || change.record === undefined)) {
      const isOneStatement = events.length <= 1 || (this.#isSharing && lengthOf(events) <= MAX_SHARED_LENGTH);
      if (isOneStatement && !events.some(needsChunks)) {
        if (this.#mayHold) this.#hold(events, change.record);
        else this.#insertHistory(events);
        this.#mayHold ||= flushFollows && this.#isSharing && events.length > 0;
        return [];
      }
    }
    return this.#atomically(() => {
      if (change.newHistory !== undefined) this.#removeHistory();
      this.#insertHistory(events);
      for (const seq of change.taken) this.#delete("inbox", seq);
      for (const taskId of this.#hasOtherTables ? (change.recovered ?? []) : [])
        this.#db.run("DELETE FROM recovery WHERE task_id = ?", taskId);
      if (change.record !== undefined)
        updateRecord(this.#db, this.#table, change.record, this.#encode(change.record.customStatus));
      return change.send.map((message) => this.#insertOutbox(message));
    });
  }

  /** Where the next event of the history will stand. */
  get nextHistorySeq(): number {
    return this.#nextHistorySeq;
  }

  /** The whole history. Throws UnreadableError when any text of this execution cannot be read, also one that lies elsewhere. */
  history(): HistoryEvent[] {
    const events = readHistory(this.#db, this.#table, this.#codec);
    // The progress of activities is handed on as it is stored, and opened when they run.
    for (const event of events)
      if ((event.type === "TaskScheduled" || event.type === "TaskFailed") && event.progress !== undefined)
        this.#codec.decode(event.progress);
    if (!this.#hasOtherTables) return events;
    const rows = this.#db.query<{ progress: string }>("SELECT progress FROM recovery WHERE progress IS NOT NULL");
    for (const { progress } of rows) this.#codec.decode(progress);
    return events;
  }

  /** At most `limit` events from number `from` on, counted from 0. */
  historyPage(from: number, limit: number): HistoryEvent[] {
    return readHistoryPage(this.#db, this.#table, this.#codec, from, limit);
  }

  /** The first event of the history, the one that ended it, and the time of the last; each read by its key. */
  outline(completedSeq: number | undefined): ReturnType<typeof readOutline> {
    return readOutline(this.#db, this.#table, this.#codec, completedSeq);
  }

  /** The stall that the history ends with. */
  lastStall(): ExecutionStalled | undefined {
    return readLastStall(this.#db, this.#table, this.#codec);
  }

  inbox(): InboxEntry[] {
    if (!this.#hasOtherTables) return [];
    return this.#db.query<FactRow>("SELECT * FROM inbox ORDER BY seq").map((row) => ({
      seq: row.seq,
      fact: readFact(this.#db, this.#codec, "inbox", row),
      executionId: (row.execution_id as string | null) ?? undefined,
      dueAtMs: (row.due_at_ms as number | null) ?? undefined,
    }));
  }

  outbox(): OutboxEntry[] {
    if (!this.#hasOtherTables) return [];
    return this.#db
      .query<
        StoredPayload & { seq: number; version: number; target: string; [column: string]: string | number | null }
      >("SELECT seq, version, target, payload, chunks FROM outbox ORDER BY seq")
      .map((row) => {
        checkVersion(row.version, "a message");
        const text = this.#codec.decode(readPayload(this.#db, "outbox", row.seq, row) ?? "null");
        return { seq: row.seq, to: row.target, message: readMessage(text) };
      });
  }

  /** Whose child the instance is. Nothing of that is encrypted, and it is known of an instance that cannot be read, too. */
  parent(): ParentLink | undefined {
    const row = readRow(this.#db);
    return row && parentOf(row);
  }

  /** Whether every message has been acknowledged: memory may not know of those of the last turn yet. */
  get hasDelivered(): boolean {
    return !this.#hasOtherTables || this.#db.query("SELECT 1 FROM outbox LIMIT 1").length === 0;
  }

  /** A message was acknowledged; `reply` is what the acknowledgement means to this instance, if anything. */
  acknowledge(seq: number, reply: Omit<InboxEntry, "seq"> | undefined): InboxEntry | undefined {
    return this.#atomically(() => {
      this.#delete("outbox", seq);
      return reply && this.#insertInbox(reply);
    });
  }

  /**
   * Whether something is left that only this instance can go on with: its first turn, a stall to look at again, a fact not
   * taken, a message not delivered, a timer or an activity not answered. After the end timers do not count, and after a
   * terminate no activities either.
   */
  hasOpenWork(status: RuntimeStatus): boolean {
    if (status === "PENDING" || status === "STALLED" || this.#hasQueued) return true;
    if (status === "TERMINATED") return false;
    const timers = isTerminal(status) ? "" : ", 'TimerCreated', 'TimerFired'";
    const open = this.#db.query(
      `SELECT task_id FROM ${EVENTS[this.#table]} WHERE type IN ('TaskScheduled', 'TaskCompleted', 'TaskFailed'${timers})
         GROUP BY task_id HAVING count(*) = 1 LIMIT 1`,
    );
    return open.length > 0;
  }

  get #hasQueued(): boolean {
    if (!this.#hasOtherTables) return false;
    return this.#db.query("SELECT 1 FROM inbox UNION ALL SELECT 1 FROM outbox LIMIT 1").length > 0;
  }

  /** The children of executions before a continue-as-new. */
  formerChildren(): { instanceId: string; executionId: string }[] {
    if (!this.#hasOtherTables) return [];
    return this.#db
      .query<{ instance_id: string; execution_id: string }>("SELECT instance_id, execution_id FROM former_child")
      .map((row) => ({ instanceId: row.instance_id, executionId: row.execution_id }));
  }

  /** The IDs of all children that this instance has started, in this execution and in those before it. */
  children(): string[] {
    const former = this.formerChildren().map((child) => child.instanceId);
    return [...new Set([...former, ...childrenInHistory(this.#db, this.#table)])];
  }

  /** How often a restart has found each activity without a result, and the details of its last heartbeat (JSON). */
  recoveries(): Map<number, { count: number; progress: string | undefined }> {
    if (!this.#hasOtherTables) return new Map();
    const rows = this.#db.query<{ task_id: number; count: number; progress: string | null }>("SELECT * FROM recovery");
    return new Map(rows.map((row) => [row.task_id, { count: row.count, progress: row.progress ?? undefined }]));
  }

  saveProgress(taskId: number, progress: string): void {
    this.#needOtherTables();
    this.#db.run(
      "INSERT INTO recovery (task_id, count, progress) VALUES (?, 0, ?) ON CONFLICT (task_id) DO UPDATE SET progress = excluded.progress",
      taskId,
      progress,
    );
  }

  countRecovery(taskIds: readonly number[]): void {
    this.#atomically(() => {
      this.#needOtherTables();
      for (const taskId of taskIds) {
        this.#db.run(
          "INSERT INTO recovery (task_id, count) VALUES (?, 1) ON CONFLICT (task_id) DO UPDATE SET count = count + 1",
          taskId,
        );
      }
    });
  }

  /** One transaction; when it fails, the numbers it has given away are free again, and tables are what they were, as its rows are. */
  #atomically<T>(change: () => T extends Promise<unknown> ? never : T): T {
    const before = [this.#nextHistorySeq, this.#nextInboxSeq, this.#nextOutboxSeq, this.#version] as const;
    const hadOtherTables = this.#hasOtherTables;
    // What is held back is not part of the change, and stays when that fails.
    const db = this.#db;
    try {
      return db.transaction(change);
    } catch (error) {
      [this.#nextHistorySeq, this.#nextInboxSeq, this.#nextOutboxSeq, this.#version] = before;
      this.#hasOtherTables = hadOtherTables;
      throw error;
    }
  }

  #hold(events: readonly StoredEvent[], record: InstanceRecord | undefined, isNew = false): void {
    if (!this.#held.add(events)) {
      this.#writeHeld();
      this.#held.add(events);
    }
    this.#nextHistorySeq += events.length;
    if (record !== undefined) this.#held.setRecord(record, this.#encode(record.customStatus), isNew);
  }

  #writeHeld(): void {
    this.#held.write(this.#database, this.#table, this.#nextHistorySeq);
  }

  #encode(text: string | undefined): string | null {
    return text === undefined ? null : this.#codec.encode(text);
  }

  #insertHistory(events: readonly StoredEvent[]): void {
    const first = this.#nextHistorySeq;
    const stored = events.map((event, n) => (needsChunks(event) ? this.#withChunks(event, first + n) : event));
    insertEvents(this.#db, this.#table, stored, first, this.#isSharing);
    this.#nextHistorySeq = first + events.length;
  }

  #withChunks(event: StoredEvent, seq: number): StoredEvent {
    return { ...event, ...this.#writePayload("history", seq, event.payload) };
  }

  /** What a continue-as-new leaves behind, but for the children that it has started. */
  #removeHistory(): void {
    if (this.#hasChildren) this.#needOtherTables();
    if (this.#hasOtherTables) {
      this.#db.run(
        `INSERT OR REPLACE INTO former_child (instance_id, execution_id)
           SELECT json_extract(detail, '$.instanceId'), ${EXECUTION_ID[this.#table]}
           FROM ${EVENTS[this.#table]} WHERE type = 'ChildWorkflowInstanceCreated'`,
      );
      this.#db.run("DELETE FROM chunk WHERE owner = 'history'");
      this.#db.run("DELETE FROM recovery");
    }
    this.#db.run(`DELETE FROM ${this.#table} WHERE seq >= 0`);
    this.#nextHistorySeq = 0;
  }

  get #hasChildren(): boolean {
    return (
      this.#db.query(`SELECT 1 FROM ${EVENTS[this.#table]} WHERE type = 'ChildWorkflowInstanceCreated' LIMIT 1`)
        .length > 0
    );
  }

  /** Creates the tables beside the first, unless they are there. */
  #needOtherTables(): void {
    if (this.#hasOtherTables) return;
    // Whole or not at all: what an instance finds of them decides what it takes to be there.
    const db = this.#db;
    db.transaction(() => createOtherTables(db));
    this.#hasOtherTables = true;
  }

  #insertInbox(entry: Omit<InboxEntry, "seq">, columns = toStoredColumns(entry.fact, this.#codec)): InboxEntry {
    this.#needOtherTables();
    const seq = this.#nextInboxSeq++;
    const { type, task_id, name, payload, detail } = columns;
    const stored = this.#writePayload("inbox", seq, payload);
    this.#db.run(
      `INSERT INTO inbox (seq, execution_id, due_at_ms, type, task_id, name, payload, chunks, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      entry.executionId ?? null,
      entry.dueAtMs ?? null,
      type,
      task_id,
      name,
      stored.payload,
      stored.chunks,
      detail,
    );
    return { ...entry, seq };
  }

  #insertOutbox({ to, message }: AddressedMessage): OutboxEntry {
    this.#needOtherTables();
    const seq = this.#nextOutboxSeq++;
    const stored = this.#writePayload("outbox", seq, this.#codec.encode(textOf(message)));
    this.#db.run(
      "INSERT INTO outbox (seq, target, payload, chunks) VALUES (?, ?, ?, ?)",
      seq,
      to,
      stored.payload,
      stored.chunks,
    );
    return { seq, to, message };
  }

  #writePayload(owner: ChunkOwner, seq: number, payload: string | null): StoredPayload {
    if (payload === null || !isLong(payload)) return { payload, chunks: null };
    this.#needOtherTables();
    return writeChunks(this.#db, owner, seq, payload);
  }

  #delete(table: "inbox" | "outbox", seq: number): void {
    if (!this.#hasOtherTables) return;
    this.#db.run(`DELETE FROM ${table} WHERE seq = ?`, seq);
    this.#db.run("DELETE FROM chunk WHERE owner = ? AND seq = ?", table, seq);
  }

  #nextSeq(table: "inbox" | "outbox"): number {
    const [row] = this.#db.query<{ last: number | null }>(`SELECT max(seq) AS last FROM ${table}`);
    return (row?.last ?? -1) + 1;
  }
}

/** What an instance needs of its store. */
export type InstanceStorage = Pick<InstanceStore, keyof InstanceStore>;

/** All texts of a change that its store encodes. */
export function textsOf({ append = [], newHistory = [], send = [], record }: Partial<TurnChange>): string[] {
  const texts = [...append, ...newHistory].flatMap(textsOfFact);
  if (record?.customStatus !== undefined) texts.push(record.customStatus);
  return [...texts, ...send.map(({ message }) => textOf(message))];
}

export { textsOfFact };

function textOf(message: Message): string {
  return JSON.stringify(message);
}

/** Nothing but a few events and the instance's row. */
function isSimple({ newHistory, taken, send, recovered = [] }: TurnChange): boolean {
  return newHistory === undefined && taken.length === 0 && send.length === 0 && recovered.length === 0;
}
