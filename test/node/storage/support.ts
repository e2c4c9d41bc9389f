import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import type { InstanceRecord } from "../../../src/storage/instance-row.ts";
import { InstanceStore, type TurnChange } from "../../../src/storage/instance-store.ts";
import { MemoryDatabase } from "../instance/database.ts";

export const RECORD: InstanceRecord = {
  instanceId: "a",
  name: "w",
  status: "PENDING",
  executionId: "e1",
  generation: 0,
  createdAtMs: 1_000,
  startRequestId: "r",
};
export const STARTED: HistoryEvent = {
  type: "ExecutionStarted",
  timestampMs: 1_000,
  name: "w",
  executionId: "e1",
  generation: 0,
};

export interface Opened {
  readonly db: MemoryDatabase;
  readonly store: InstanceStore;
  /** Set it to make statements throw. */
  readonly fault: { before: ((statement: string) => void) | undefined };
}

/** A store over an empty database. */
export function openStore(): Opened {
  const db = new MemoryDatabase();
  const fault: Opened["fault"] = { before: undefined };
  const store = new InstanceStore(db.port((statement) => fault.before?.(statement)));
  store.load();
  return { db, store, fault };
}

/** With an instance in it. */
export function openInstance(): Opened {
  const opened = openStore();
  opened.store.create(RECORD, STARTED, undefined);
  return opened;
}

/** As a restart finds it. */
export function reopen({ db }: Opened): InstanceStore {
  const store = new InstanceStore(db.port());
  store.load();
  return store;
}

export const change = (more: Partial<TurnChange>): TurnChange => ({ append: [], taken: [], send: [], ...more });

export const at = (fact: HistoryFact, timestampMs = 2_000): HistoryEvent => ({ ...fact, timestampMs });

/** All rows of all tables. */
export function dump(db: MemoryDatabase): Record<string, unknown[]> {
  return Object.fromEntries(db.tables().map((table) => [table, db.read(`SELECT * FROM ${table}`)]));
}
