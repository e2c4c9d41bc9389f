import { describe, expect, it } from "vitest";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { at, change, dump, openInstance, openStore, RECORD, reopen, STARTED, toFormerTables } from "./support.ts";

it("[B10] failures that code before this one has written at whatever length are cut when they are read, in the history, the inbox and the outbox", () => {
  const opened = openInstance();
  const failure = { errorType: "Error", message: "E".repeat(1_000_000), stackTrace: "S".repeat(1_000_000) };
  const fact = { type: "ChildWorkflowInstanceFailed", id: 1, failure } as const;
  const outcome = { ok: false, failure } as const;
  const message = { version: 1, type: "ChildEnded", parentExecutionId: "e0", taskId: 1, outcome } as const;
  opened.store.receive({ fact });
  opened.store.commit(change({ append: [at(fact)], send: [{ to: "p", message }] }));
  const store = reopen(opened);
  for (const read of [store.history().at(-1), store.inbox(), store.outbox()]) {
    expect(JSON.stringify(read)).toContain("EEE");
    expect(JSON.stringify(read).length).toBeLessThan(70_000);
  }
});

describe("[S3] Schema", () => {
  it("[S3.1] loading an empty database writes nothing, and finds no instance", () => {
    const db = new MemoryDatabase();
    const store = new InstanceStore(db.port());
    expect(store.load()).toBeUndefined();
    expect(db.tables()).toEqual([]);
    expect(db.hasUncommitted).toBe(false);
    expect([...db.counters.rows]).toEqual([]);
  });

  it("[S3.2] the start makes the tables, in its own transaction", () => {
    const { db, store, fault } = openStore();
    fault.before = (statement) => {
      if (statement.includes("INTO instance")) throw new Error("SQLITE_FULL");
    };
    expect(() => store.create(RECORD, STARTED, undefined)).toThrow("SQLITE_FULL");
    expect(db.tables()).toEqual([]);
    fault.before = undefined;
    store.create(RECORD, STARTED, undefined);
    expect(db.tables()).toEqual(["instance"]);
    expect(store.load()).toEqual({ ...RECORD, customStatus: undefined, parent: undefined, completedSeq: undefined });
    expect(store.history()).toHaveLength(1);
  });

  it("[S3.2] the other tables come with the first row of one of them, together, and go when that fails", () => {
    const { db, store, fault } = openInstance();
    const all = ["chunk", "former_child", "inbox", "instance", "outbox", "recovery"];
    fault.before = (statement) => {
      if (statement.includes("INTO outbox")) throw new Error("SQLITE_FULL");
    };
    const send = change({
      send: [{ to: "b", message: { version: 1, type: "RaiseEvent", name: "e", messageId: "m" } }],
    });
    expect(() => store.commit(send)).toThrow("SQLITE_FULL");
    expect(db.tables()).toEqual(["instance"]);
    expect([store.inbox(), store.outbox(), store.formerChildren(), [...store.recoveries()]]).toEqual([[], [], [], []]);
    fault.before = undefined;
    expect(store.commit(send)).toHaveLength(1);
    expect(db.tables()).toEqual(all);
  });

  it("[S3.3] a newer schema is refused, and nothing is changed", () => {
    const opened = openInstance();
    opened.db.tamper(`UPDATE instance SET schema_version = ${SCHEMA_VERSION + 1}`);
    opened.db.commit();
    const before = dump(opened.db);
    const store = new InstanceStore(opened.db.port());
    expect(() => store.load()).toThrow(expect.objectContaining({ name: "SchemaTooNewError" }));
    expect(opened.db.hasUncommitted).toBe(false);
    expect(dump(opened.db)).toEqual(before);
  });

  it("[S3.4] a database of version 1 is brought up to today's, with what it holds", () => {
    const opened = openInstance();
    opened.store.receive({ fact: { type: "EventRaised", name: "go" } });
    opened.db.tamper("DELETE FROM recovery");
    opened.db.tamper("ALTER TABLE recovery DROP COLUMN progress");
    opened.db.tamper("INSERT INTO recovery (task_id, count) VALUES (1, 4)");
    toFormerTables(opened, 1);
    const store = new InstanceStore(opened.db.port());
    expect(store.load()).toMatchObject({ instanceId: RECORD.instanceId });
    store.saveProgress(1, "5");
    expect([...store.recoveries()]).toEqual([[1, { count: 4, progress: "5" }]]);
    expect(opened.db.read("SELECT schema_version FROM instance")).toEqual([{ schema_version: 2 }]);
    expect(new InstanceStore(opened.db.port()).load()).toMatchObject({ instanceId: RECORD.instanceId });
  });

  it.each([
    ["instance", "type = 'PatchApplied'", "PatchApplied"],
    ["instance", "version = 2", "version 2"],
    ["inbox", "type = 'PatchApplied'", "PatchApplied"],
    ["inbox", "version = 2", "version 2"],
  ])("[S3.4] %s with %s: UnknownEventError, that says so", (table, set, says) => {
    const opened = openInstance();
    opened.store.receive({ fact: { type: "EventRaised", name: "go" } });
    opened.db.tamper(`UPDATE ${table} SET ${set} WHERE seq >= 0`);
    const read = () => (table === "instance" ? reopen(opened).history() : reopen(opened).inbox());
    expect(read).toThrow(
      expect.objectContaining({ name: "UnknownEventError", message: expect.stringContaining(says) }),
    );
  });

  it("[S3.5] a message of a newer version is read as it is, and left to whoever knows it", () => {
    const opened = openInstance();
    const message = { version: 2, type: "Novelty" } as never;
    opened.store.commit(change({ send: [{ to: "b", message }] }));
    expect(reopen(opened).outbox()).toEqual([{ seq: 0, to: "b", message }]);
  });

  it("[S3.6] no statement has more than 100 bindings", () => {
    let most = 0;
    const port = new MemoryDatabase().port();
    const store = new InstanceStore({
      ...port,
      run: (statement, ...bindings) => {
        most = Math.max(most, bindings.length);
        port.run(statement, ...bindings);
      },
    });
    store.load();
    store.create(RECORD, STARTED, undefined);
    store.receive({ fact: { type: "EventRaised", name: "e", input: "x".repeat(400_000) } });
    store.commit(change({ append: Array.from({ length: 100 }, (_, n) => at({ type: "TimerFired", id: n })) }));
    expect(most).toBeLessThanOrEqual(100);
    expect(store.history()).toHaveLength(101);
  });
});

describe("[S3.7] Tables of schema version 2 to 4, in which the history has one to itself", () => {
  const running = { ...RECORD, status: "RUNNING", customStatus: "on", generation: 3 } as const;
  const ended = { ...running, status: "COMPLETED", completedSeq: 2 } as const;
  const child = at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c" });
  const end = at({ type: "ExecutionCompleted", status: "COMPLETED", output: "1" });

  it.each([2, 3, 4])("version %i: are read and written as they are", (version) => {
    const opened = openInstance();
    toFormerTables(opened, version);
    const store = reopen(opened);
    expect(store.load()).toEqual(RECORD);
    store.commit(change({ append: [child], record: running }));
    store.commit(change({ append: [end], record: ended }), true);
    store.flush();
    expect(opened.db.tables().filter((name) => ["instance", "history"].includes(name))).toEqual([
      "history",
      "instance",
    ]);
    expect(opened.db.read("SELECT schema_version AS version, status FROM instance")).toEqual([
      { version, status: "COMPLETED" },
    ]);
    const again = reopen(opened);
    expect([again.load(), again.history(), again.nextHistorySeq]).toEqual([ended, [STARTED, child, end], 3]);
    expect([again.historyPage(1, 1), again.children(), again.outline(2).completed]).toEqual([[child], ["c"], end]);
    expect(again.hasOpenWork("COMPLETED")).toBe(false);
  });

  it.each([2, 3, 4])("version %i: continue-as-new removes the history, and keeps who was started", (version) => {
    const opened = openInstance();
    toFormerTables(opened, version);
    const store = reopen(opened);
    store.commit(change({ append: [child], record: running }));
    const next = { ...STARTED, executionId: "e2" };
    store.commit(change({ newHistory: [next], record: { ...running, executionId: "e2" } }));
    expect([store.history(), store.formerChildren()]).toEqual([[next], [{ instanceId: "c", executionId: "e1" }]]);
  });

  it("are replaced by today's when the ID is used anew; when that fails, they are there and gone on with", () => {
    const opened = openInstance();
    toFormerTables(opened, 4);
    const store = reopen(opened);
    store.receive({ fact: { type: "EventRaised", name: "go" } });
    store.commit(change({ append: [end], record: { ...ended, completedSeq: 1 }, taken: [0] }));
    opened.db.commit();
    const before = dump(opened.db);
    const broken = new InstanceStore(
      opened.db.port((statement) => {
        if (statement.includes("INSERT INTO instance")) throw new Error("SQLITE_FULL");
      }),
    );
    broken.load();
    const anew = { ...RECORD, executionId: "e9" };
    expect(() => broken.create(anew, STARTED, undefined)).toThrow("SQLITE_FULL");
    expect(dump(opened.db)).toEqual(before);
    expect(broken.history()).toEqual([STARTED, end]);

    const again = reopen(opened);
    again.create(anew, STARTED, undefined, true);
    again.commit(change({ append: [child], record: { ...anew, status: "RUNNING" } }), true);
    again.flush();
    expect(opened.db.tables()).toEqual(["chunk", "former_child", "inbox", "instance", "outbox", "recovery"]);
    const last = reopen(opened);
    expect([last.load(), last.history(), last.inbox()]).toEqual([{ ...anew, status: "RUNNING" }, [STARTED, child], []]);
    expect(opened.db.read("SELECT seq, schema_version AS version FROM instance ORDER BY seq")).toEqual([
      { seq: -1, version: SCHEMA_VERSION },
      { seq: 0, version: null },
    ]);
  });
});

describe("[S4] A commit is all or nothing", () => {
  const whole = change({
    append: [
      at({ type: "TaskScheduled", id: 1, name: "x", input: "y".repeat(400_000) }),
      at({ type: "ChildWorkflowInstanceCreated", id: 2, name: "c", instanceId: "c" }),
    ],
    taken: [0, 1],
    recovered: [7],
    record: { ...RECORD, status: "RUNNING", customStatus: "on" },
    send: [
      { to: "c", message: { version: 1, type: "Terminate", parent: { instanceId: "a", executionId: "e1" } } },
      { to: "d", message: { version: 1, type: "Terminate", parent: { instanceId: "a", executionId: "e1" } } },
    ],
  });
  const prepared = () => {
    const opened = openInstance();
    for (const name of ["go", "on"]) opened.store.receive({ fact: { type: "EventRaised", name } });
    opened.store.countRecovery([7]);
    return opened;
  };
  const continued = {
    ...whole,
    newHistory: [at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 1 })],
  };

  it.each([
    ["a turn", whole],
    ["continue-as-new", continued],
  ])(
    "[S4.1] %s: whichever statement throws, nothing has changed, and the same commit goes through after it",
    (_, turn) => {
      const expected = prepared();
      let statements = 0;
      expected.fault.before = () => void statements++;
      expected.store.commit(turn);
      expect(statements).toBeGreaterThan(5);
      for (let n = 0; n < statements; n++) {
        const opened = prepared();
        const before = dump(opened.db);
        let count = 0;
        opened.fault.before = () => {
          if (count++ === n) throw new Error("SQLITE_FULL");
        };
        expect(() => opened.store.commit(turn)).toThrow("SQLITE_FULL");
        expect(dump(opened.db)).toEqual(before);
        opened.fault.before = undefined;
        opened.store.commit(turn);
        expect(dump(opened.db)).toEqual(dump(expected.db));
      }
    },
  );

  it("[S4.2] the same of creating, receiving, acknowledging", () => {
    const input = "x".repeat(400_000);
    const started = at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 0, input });
    const steps = [
      (store: InstanceStore) => store.create({ ...RECORD, executionId: "e2" }, started, undefined),
      (store: InstanceStore) => store.create({ ...RECORD, executionId: "e2" }, started, 9_000),
      (store: InstanceStore) => store.receive({ fact: { type: "EventRaised", name: "long", input } }),
      (store: InstanceStore) => store.acknowledge(0, { fact: { type: "TimerFired", id: 1 } }),
      (store: InstanceStore) => store.countRecovery([1, 2, 3]),
    ];
    for (const step of steps) {
      const opened = prepared();
      opened.store.commit(whole);
      const before = dump(opened.db);
      for (let n = 0; ; n++) {
        let count = 0;
        opened.fault.before = () => {
          if (count++ === n) throw new Error("SQLITE_FULL");
        };
        try {
          step(opened.store);
          break;
        } catch (error) {
          expect(error).toMatchObject({ message: "SQLITE_FULL" });
          expect(dump(opened.db)).toEqual(before);
        }
      }
      const fresh = prepared();
      fresh.store.commit(whole);
      step(fresh.store);
      expect(dump(opened.db)).toEqual(dump(fresh.db));
    }
  });

  it("[S4.3] numbers go on where a restart has found them", () => {
    const opened = openInstance();
    opened.store.commit(change({ append: [at({ type: "TimerFired", id: 1 })] }));
    const again = reopen(opened);
    expect(again.nextHistorySeq).toBe(2);
    again.commit(change({ append: [at({ type: "TimerFired", id: 2 })] }));
    expect(opened.db.read("SELECT seq FROM instance WHERE seq >= 0 ORDER BY seq")).toEqual([
      { seq: 0 },
      { seq: 1 },
      { seq: 2 },
    ]);
  });
});

describe("[S5] Reading by key", () => {
  it("[S5.1] the outline has the first event, the end and the last time, and nothing when there is no history", () => {
    const opened = openInstance();
    expect(opened.store.outline(undefined)).toEqual({
      first: expect.anything(),
      completed: undefined,
      lastAtMs: 1_000,
    });
    opened.store.commit(
      change({
        append: [
          at({ type: "ExecutionCompleted", status: "COMPLETED", output: "1" }),
          at({ type: "TaskCompleted", id: 1 }, 3_000),
        ],
      }),
    );
    expect(opened.store.outline(1)).toMatchObject({
      completed: { type: "ExecutionCompleted", output: "1" },
      lastAtMs: 3_000,
    });
  });

  it("[S5.2] children: of this execution and those before it, each once", () => {
    const opened = openInstance();
    const child = (id: number, instanceId: string) =>
      at({ type: "ChildWorkflowInstanceCreated", id, name: "c", instanceId });
    opened.store.commit(change({ append: [child(1, "x"), child(2, "y")] }));
    opened.store.commit(
      change({
        newHistory: [at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 1 })],
        record: { ...RECORD, executionId: "e2", generation: 1 },
      }),
    );
    opened.store.commit(change({ append: [child(1, "y"), child(2, "z")] }));
    expect(opened.store.children().toSorted()).toEqual(["x", "y", "z"]);
    expect(opened.store.formerChildren()).toEqual([
      { instanceId: "x", executionId: "e1" },
      { instanceId: "y", executionId: "e1" },
    ]);
  });
});
