import { HeldWrites } from "./held-writes.ts";
import type { StoredEvent } from "./history-row.ts";
import { nextHistorySeq } from "./history-table.ts";
import { nextInboxSeq } from "./inbox-table.ts";
import { type InstanceRecord, type InstanceRow, readRow } from "./instance-row.ts";
import { nextOutboxSeq } from "./outbox-table.ts";
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

/** What memory knows of the tables, so that no statement has to ask. */
interface Known {
  /** There is no table, and so no instance. */
  areNone: boolean;
  /** False: nothing has ever been in the tables beside the first. */
  hasOthers: boolean;
  /** The catalog has not been told of something: a table of its own, which outlasts lives. */
  hasTelling: boolean;
  /** There is, or was, a webhook that was not taken yet: the same. */
  hasWebhooks: boolean;
  /** Of the tables. Where they are older, the code before this one may come back to them. */
  version: number;
  /** The number of the next event. */
  history: number;
  /** The numbers of the next rows. */
  inbox: number;
  outbox: number;
}

const UNKNOWN: Known = {
  areNone: false,
  hasOthers: false,
  hasTelling: false,
  hasWebhooks: false,
  version: SCHEMA_VERSION,
  history: 0,
  inbox: 0,
  outbox: 0,
};

/**
 * The tables of one instance as a whole: which there are, which numbers come next in them, and what is still to be written.
 * A table's own file has its statements, and knows nothing beside the database; what it takes several tables to know is here,
 * in one value, because a transaction that fails has to put all of it back. Nobody else opens a transaction for a change.
 *
 * Whoever asks for the database gets it with everything in it that belongs there: what is held back is written before.
 */
export class InstanceTables {
  readonly #database: SqlDatabase;
  readonly #held = new HeldWrites();
  #known: Known = { ...UNKNOWN };
  /** Something has been written since the last `flush`, and another `flush` will come before the platform's commit. */
  mayHold = false;

  constructor(db: SqlDatabase) {
    this.#database = db;
  }

  /** The database, when all that belongs into it has been written. */
  get db(): SqlDatabase {
    if (!this.#held.isEmpty) this.#writeHeld();
    return this.#database;
  }

  /** The database, unless nothing has ever been in the tables beside the first: then they are not there. */
  get others(): SqlDatabase | undefined {
    return this.#known.hasOthers ? this.db : undefined;
  }

  /** The database with the tables beside the first, which are created unless they are there. */
  needOthers(): SqlDatabase {
    const { db } = this;
    if (this.#known.hasOthers) return db;
    // Whole or not at all: what an instance finds of them decides what it takes to be there.
    db.transaction(() => createOtherTables(db));
    this.#known.hasOthers = true;
    return db;
  }

  /** The database, where something waits to be told to the catalog. */
  get tellings(): SqlDatabase | undefined {
    return this.#known.hasTelling ? this.db : undefined;
  }

  set haveTelling(hasTelling: boolean) {
    this.#known.hasTelling = hasTelling;
  }

  /** The database, where there are webhooks, or were. */
  get webhooks(): SqlDatabase | undefined {
    return this.#known.hasWebhooks ? this.db : undefined;
  }

  /** The database with a table for them, which the caller makes in its transaction. */
  needWebhooks(): SqlDatabase {
    this.#known.hasWebhooks = true;
    return this.db;
  }

  /** No instance is there any more: all tables have been removed, but those that are known. */
  removed(): void {
    this.#known = { ...UNKNOWN, areNone: true, hasTelling: this.#known.hasTelling };
  }

  /** `load` has found no table, and nothing has been created since. */
  get areNone(): boolean {
    return this.#known.areNone;
  }

  /** Where the history lies. */
  get history(): HistoryTable {
    return historyTable(this.#known.version);
  }

  /** Whether events may share a row: the code before this one knows rows of one event only. */
  get isSharing(): boolean {
    return this.#known.version >= SHARING_VERSION;
  }

  /** Where the next event of the history will stand. */
  get nextHistorySeq(): number {
    return this.#known.history;
  }

  /** So many events are there from the next one on. */
  addedEvents(count: number): void {
    this.#known.history += count;
  }

  /** The history is to be empty. */
  removedEvents(): void {
    this.#known.history = 0;
  }

  /** Gives a number away. */
  takeSeq(table: "inbox" | "outbox"): number {
    return this.#known[table]++;
  }

  /** Looks at what is there. Returns the instance's row, if there is one. Throws SchemaTooNewError. */
  load(): InstanceRow | undefined {
    const { db } = this;
    const tables = tablesIn(db);
    this.#known.areNone = tables.areNone;
    this.#known.hasTelling = tables.haveTelling;
    this.#known.hasWebhooks = tables.haveWebhooks;
    const row = tables.areNone ? undefined : readRow(db);
    if (row === undefined) return undefined;
    const version = row.schema_version as number;
    this.#known.version = version;
    this.#known.hasOthers = tables.areAll;
    migrate(db, version);
    this.#known.history = nextHistorySeq(db, this.history);
    this.#known.inbox = tables.areAll ? nextInboxSeq(db) : 0;
    this.#known.outbox = tables.areAll ? nextOutboxSeq(db) : 0;
    return row;
  }

  /** Makes them ready for a new instance, in the place of an ended one if there is one. */
  renew(): void {
    const { hasTelling, hasWebhooks } = this.#known;
    const found = this.#known.areNone ? NO_TABLES : tablesIn(this.db);
    if (found.areNone) createFirstTable(this.db);
    else clearTables(this.db, found);
    this.#known = { ...UNKNOWN, hasOthers: found.areAll, hasTelling, hasWebhooks };
  }

  /** When it fails, the numbers it has given away are free again, and tables are what they were, as its rows are. */
  transaction<T>(change: () => T extends Promise<unknown> ? never : T): T {
    // What is held back is not part of the change, and stays when that fails.
    const { db } = this;
    const before = { ...this.#known };
    try {
      return db.transaction(change);
    } catch (error) {
      this.#known = before;
      throw error;
    }
  }

  /** Events that are to be written later, and the instance's row, which may be new; `customStatus` is as it is stored. */
  hold(
    events: readonly StoredEvent[],
    record: InstanceRecord | undefined,
    customStatus: string | null,
    isNew = false,
  ): void {
    if (!this.#held.add(events)) {
      this.#writeHeld();
      this.#held.add(events);
    }
    this.addedEvents(events.length);
    if (record !== undefined) this.#held.setRecord(record, customStatus, isNew);
  }

  /** Writes what is held back. When it throws, the object has to be given up: memory is ahead of the database. */
  flush(): void {
    this.mayHold = false;
    if (!this.#held.isEmpty) this.#writeHeld();
  }

  #writeHeld(): void {
    this.#held.write(this.#database, this.history, this.nextHistorySeq);
  }
}
