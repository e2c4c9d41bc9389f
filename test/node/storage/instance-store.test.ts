import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { UnknownEventError } from "../../../src/storage/event-row.ts";
import type { InstanceRecord } from "../../../src/storage/instance-row.ts";
import { InstanceStore, type TurnChange } from "../../../src/storage/instance-store.ts";
import { SchemaTooNewError } from "../../../src/storage/schema.ts";
import { MemoryDatabase } from "../instance/database.ts";

const record: InstanceRecord = {
  instanceId: "i",
  name: "w",
  status: "PENDING",
  executionId: "x",
  generation: 0,
  createdAtMs: 5,
  startRequestId: "r",
  parent: { instanceId: "p", executionId: "px", name: "pw", taskId: 3 },
};
const started: HistoryEvent = {
  type: "ExecutionStarted",
  timestampMs: 5,
  name: "w",
  executionId: "x",
  generation: 0,
  input: "1",
};
const noChange: TurnChange = { append: [], taken: [], send: [] };
const at = (fact: HistoryFact): HistoryEvent => ({ timestampMs: 7, ...fact });

function create(): { db: MemoryDatabase; store: InstanceStore } {
  const db = new MemoryDatabase();
  const store = new InstanceStore(db.port());
  store.load();
  store.create(record, started, undefined);
  return { db, store };
}

/** Another life over the same database. */
function reopen(db: MemoryDatabase): InstanceStore {
  const store = new InstanceStore(db.port());
  store.load();
  return store;
}

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant("\u0000\u0001\n\"'\\"), fc.constant("😀".repeat(3)));
const optional = fc.option(text, { nil: undefined });
const id = fc.nat();
const failure = fc.record({ errorType: text, message: text });
const facts: Record<HistoryFact["type"], fc.Arbitrary<HistoryFact>> = {
  ExecutionStarted: fc.record({
    type: fc.constant("ExecutionStarted"),
    name: text,
    executionId: text,
    generation: id,
    input: optional,
  }),
  TaskScheduled: fc.record({ type: fc.constant("TaskScheduled"), id, name: text, input: optional }),
  TaskCompleted: fc.record({ type: fc.constant("TaskCompleted"), id, result: optional }),
  TaskFailed: fc.record({ type: fc.constant("TaskFailed"), id, failure }),
  TimerCreated: fc.record({ type: fc.constant("TimerCreated"), id, fireAtMs: id }),
  TimerFired: fc.record({ type: fc.constant("TimerFired"), id }),
  EventRaised: fc.record({ type: fc.constant("EventRaised"), name: text, input: optional, messageId: optional }),
  ChildWorkflowInstanceCreated: fc.record({
    type: fc.constant("ChildWorkflowInstanceCreated"),
    id,
    name: text,
    instanceId: text,
    input: optional,
  }),
  ChildWorkflowInstanceCompleted: fc.record({
    type: fc.constant("ChildWorkflowInstanceCompleted"),
    id,
    result: optional,
  }),
  ChildWorkflowInstanceFailed: fc.record({ type: fc.constant("ChildWorkflowInstanceFailed"), id, failure }),
  ExecutionSuspended: fc.record({ type: fc.constant("ExecutionSuspended"), reason: optional }),
  ExecutionResumed: fc.record({ type: fc.constant("ExecutionResumed"), reason: optional }),
  ExecutionTerminated: fc.record({
    type: fc.constant("ExecutionTerminated"),
    output: optional,
    recursive: fc.boolean(),
  }),
  ExecutionCompleted: fc.oneof(
    fc.record({
      type: fc.constant("ExecutionCompleted"),
      status: fc.constantFrom("COMPLETED", "TERMINATED"),
      output: optional,
    }),
    fc.record({ type: fc.constant("ExecutionCompleted"), status: fc.constant("FAILED"), failure }),
  ),
} as Record<HistoryFact["type"], fc.Arbitrary<HistoryFact>>;

/** An absent field and an undefined one are the same. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const withMessageId = (fact: HistoryFact) =>
  fact.type === "EventRaised" && fact.messageId === "" ? { ...fact, messageId: undefined } : fact;

describe("[S1] every fact comes back as it went in", () => {
  it.each(Object.keys(facts) as HistoryFact["type"][])("[S1] %s, through history and inbox", (type) => {
    fc.assert(
      fc.property(facts[type], (fact) => {
        const { db, store } = create();
        store.commit({ ...noChange, append: [at(fact)] });
        store.receive({ fact, executionId: "x", dueAtMs: 9 });
        const again = reopen(db);
        expect(plain(again.history()[1])).toEqual(plain(at(withMessageId(fact))));
        expect(plain(again.inbox())).toEqual(
          plain([{ seq: 0, fact: withMessageId(fact), executionId: "x", dueAtMs: 9 }]),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe("[S2] long payloads", () => {
  const PIECE = 349_525;
  it.each([
    ["just below a piece", "a".repeat(PIECE - 1), 0],
    ["a piece", "a".repeat(PIECE), 0],
    ["just above a piece", "a".repeat(PIECE + 1), 2],
    ["two pieces and one", "ü".repeat(PIECE * 2 + 1), 3],
    ["a pair across the border", `${"a".repeat(PIECE - 1)}😀${"b".repeat(PIECE)}`, 3],
    ["5 MB", "x".repeat(5_000_000), 15],
  ])("[S2] %s comes back whole, no row above 2 MB, pieces go with their rows", (_what, payload, pieces) => {
    const { db, store } = create();
    const chunks = () => db.read<{ n: number }>("SELECT count(*) AS n FROM chunk")[0]?.n;
    store.commit({ ...noChange, append: [at({ type: "TaskCompleted", id: 1, result: payload })] });
    expect(chunks()).toBe(pieces);
    const { seq } = store.receive({ fact: { type: "EventRaised", name: "e", input: payload } });
    const terminate = {
      version: 1,
      type: "Terminate",
      parent: { instanceId: "i", executionId: "x" },
      output: payload,
    } as const;
    const [sent] = store.commit({ ...noChange, send: [{ to: "child", message: terminate }] });
    const again = reopen(db);
    expect(again.history()[1]).toEqual(at({ type: "TaskCompleted", id: 1, result: payload }));
    expect(again.inbox()[0]?.fact).toMatchObject({ input: payload });
    expect(again.outbox()).toEqual([{ seq: 0, to: "child", message: terminate }]);
    const longest = db.read<{ n: number }>("SELECT max(length(CAST(text AS BLOB))) AS n FROM chunk")[0]?.n ?? 0;
    expect(longest).toBeLessThan(2_000_000);
    store.commit({ ...noChange, taken: [seq] });
    store.acknowledge(sent?.seq ?? -1, undefined);
    expect(chunks()).toBe(pieces);
    store.commit({ ...noChange, newHistory: [started], record });
    expect(chunks()).toBe(0);
  });

  it("[S2] a missing piece is an error and not a shorter payload", () => {
    const { db, store } = create();
    store.commit({ ...noChange, append: [at({ type: "TaskCompleted", id: 1, result: "a".repeat(PIECE * 2) })] });
    db.tamper("DELETE FROM chunk WHERE part = 1");
    expect(() => reopen(db).history()).toThrow(/should have 2 pieces/);
  });
});

describe("[S3] the schema", () => {
  it("[S3] to look for an instance writes nothing", () => {
    const db = new MemoryDatabase();
    expect(new InstanceStore(db.port()).load()).toBeUndefined();
    expect(db.tables()).toEqual([]);
  });

  it("[S3] a database of newer code is refused and left as it is", () => {
    const { db } = create();
    db.tamper("UPDATE instance SET schema_version = 99");
    expect(() => new InstanceStore(db.port()).load()).toThrow(SchemaTooNewError);
    expect(db.read("SELECT schema_version FROM instance")).toEqual([{ schema_version: 99 }]);
  });

  it("[S3] an event of a type or version that this code does not know is named", () => {
    const { db, store } = create();
    store.commit({ ...noChange, append: [at({ type: "TimerFired", id: 1 })] });
    db.tamper("UPDATE history SET type = 'FromTheFuture' WHERE seq = 1");
    expect(() => reopen(db).history()).toThrow(UnknownEventError);
    db.tamper("UPDATE history SET type = 'TimerFired', version = 2 WHERE seq = 1");
    expect(() => reopen(db).history()).toThrow(/version 2/);
  });
});

describe("[S4] all or nothing", () => {
  it("[S4] a commit that fails in the middle leaves every table and every number as it was", () => {
    const db = new MemoryDatabase();
    let fail = "";
    const store = new InstanceStore(
      db.port((statement) => {
        if (fail !== "" && statement.includes(fail)) throw new Error("SQLITE_FULL");
      }),
    );
    store.create(record, started, undefined);
    store.receive({ fact: { type: "TimerFired", id: 1 } });
    const state = () => [
      store.history(),
      store.inbox(),
      store.outbox(),
      db.read("SELECT * FROM instance"),
      store.nextHistorySeq,
    ];
    const before = state();
    const message = {
      version: 1,
      type: "ChildEnded",
      parentExecutionId: "px",
      taskId: 3,
      outcome: { ok: true },
    } as const;
    const change: TurnChange = {
      append: [at({ type: "TimerFired", id: 1 })],
      taken: [0],
      send: [{ to: "p", message }],
      record: { ...record, status: "COMPLETED", completedSeq: 1 },
    };
    for (const statement of ["INTO history", "DELETE FROM inbox", "UPDATE instance", "INTO outbox"]) {
      fail = statement;
      expect(() => store.commit(change)).toThrow("SQLITE_FULL");
      expect(state()).toEqual(before);
    }
    fail = "UPDATE instance";
    expect(() => store.commit({ ...noChange, newHistory: [started], record })).toThrow("SQLITE_FULL");
    expect(state()).toEqual(before);
    fail = "";
    expect(store.commit(change)).toEqual([{ seq: 0, to: "p", message }]);
    expect(reopen(db).load()).toEqual({ ...record, status: "COMPLETED", completedSeq: 1, customStatus: undefined });
  });

  it("[S5] a start in the place of an ended instance leaves nothing of it", () => {
    const { db, store } = create();
    store.commit({
      ...noChange,
      append: [at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c1" })],
    });
    store.commit({ ...noChange, newHistory: [started], record: { ...record, generation: 1 } });
    expect(store.children()).toEqual(["c1"]);
    expect(store.formerChildren()).toEqual([{ instanceId: "c1", executionId: "x" }]);
    store.countRecovery([1, 1]);
    expect([...store.recoveries()]).toEqual([[1, 2]]);
    store.create({ ...record, executionId: "y" }, { ...started, executionId: "y" }, undefined);
    expect(store.children()).toEqual([]);
    expect([...store.recoveries()]).toEqual([]);
    expect(reopen(db).history()).toHaveLength(1);
  });

  it("[S6] open work is what has been called and not answered, children apart", () => {
    const { store } = create();
    const open = (...list: HistoryFact[]) => {
      store.commit({ ...noChange, append: list.map(at) });
      return store.hasOpenWork();
    };
    expect(open({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c" })).toBe(false);
    expect(open({ type: "TaskScheduled", id: 2, name: "a" })).toBe(true);
    expect(open({ type: "TaskFailed", id: 2, failure: { errorType: "E", message: "m" } })).toBe(false);
    expect(open({ type: "TimerCreated", id: 3, fireAtMs: 1 })).toBe(true);
    expect(open({ type: "TimerFired", id: 3 })).toBe(false);
  });
});
