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
export const STARTED = {
  type: "ExecutionStarted",
  timestampMs: 1_000,
  name: "w",
  executionId: "e1",
  generation: 0,
} as const satisfies HistoryEvent;

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
export function reopen({ db }: Pick<Opened, "db">): InstanceStore {
  const store = new InstanceStore(db.port());
  store.load();
  return store;
}

/** Makes its tables those of schema version 1 to 4, where the instance and its history have a table each. */
export function toFormerTables({ db }: Opened, version: number): void {
  for (const statement of [
    `CREATE TABLE history (seq INTEGER PRIMARY KEY, version INTEGER NOT NULL DEFAULT 1, at_ms INTEGER NOT NULL,
       type TEXT NOT NULL, task_id INTEGER, name TEXT, payload TEXT, chunks INTEGER, detail TEXT) STRICT`,
    `INSERT INTO history SELECT seq, version, at_ms, type, task_id, name, payload, chunks, detail
       FROM instance WHERE seq >= 0`,
    "ALTER TABLE instance RENAME TO newer",
    `CREATE TABLE instance (id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL,
       instance_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, execution_id TEXT NOT NULL,
       generation INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, start_request_id TEXT, custom_status TEXT,
       parent TEXT, completed_seq INTEGER) STRICT`,
    `INSERT INTO instance SELECT 1, ${version}, detail ->> '$.instanceId', name, type, detail ->> '$.executionId',
       detail ->> '$.generation', at_ms, detail ->> '$.startRequestId', payload, detail -> '$.parent',
       detail ->> '$.completedSeq' FROM newer WHERE seq = -1`,
    "DROP TABLE newer",
  ])
    db.tamper(statement);
  db.commit();
}

export const change = (more: Partial<TurnChange>): TurnChange => ({ append: [], taken: [], send: [], ...more });

export const at = (fact: HistoryFact, timestampMs = 2_000): HistoryEvent => ({ ...fact, timestampMs });

export const scheduled = (id: number): HistoryEvent => at({ type: "TaskScheduled", id, name: "n", input: `${id}` });
export const completed = (id: number, result = `${id}`): HistoryEvent => at({ type: "TaskCompleted", id, result });

/** Does not fit into one row. */
export const LONG = "x".repeat(349_526);

/** The rows that have pieces. */
export function piecesIn({ db }: Opened): string[] {
  return db
    .read<{ owner: string; seq: number }>("SELECT DISTINCT owner, seq FROM chunk ORDER BY owner, seq")
    .map(({ owner, seq }) => `${owner} ${seq}`);
}
