// [S4] What is written together is there together, or not at all.
import { describe, expect, it } from "vitest";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { at, change, LONG, openInstance, openStore, RECORD, reopen, STARTED, toFormerTables } from "./support.ts";

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
        const before = opened.db.dump();
        let count = 0;
        opened.fault.before = () => {
          if (count++ === n) throw new Error("SQLITE_FULL");
        };
        expect(() => opened.store.commit(turn)).toThrow("SQLITE_FULL");
        expect(opened.db.dump()).toEqual(before);
        opened.fault.before = undefined;
        opened.store.commit(turn);
        expect(opened.db.dump()).toEqual(expected.db.dump());
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
      const before = opened.db.dump();
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
          expect(opened.db.dump()).toEqual(before);
        }
      }
      const fresh = prepared();
      fresh.store.commit(whole);
      step(fresh.store);
      expect(opened.db.dump()).toEqual(fresh.db.dump());
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

  it("[S4.4] a long event alone: its pieces and its row", () => {
    const opened = openInstance();
    opened.store.saveProgress(1, "1");
    const before = opened.db.dump();
    opened.fault.before = (statement) => {
      if (statement.includes("INTO instance")) throw new Error("SQLITE_FULL");
    };
    const append = [at({ type: "TaskCompleted", id: 1, result: LONG })];
    expect(() => opened.store.commit(change({ append }))).toThrow("SQLITE_FULL");
    expect(opened.db.dump()).toEqual(before);
  });

  it("[S4.5] two events in tables where each has a row of its own", () => {
    const opened = openInstance();
    toFormerTables(opened, 3);
    const before = opened.db.dump();
    let inserts = 0;
    const store = new InstanceStore(
      opened.db.port(() => {
        if (++inserts === 2) throw new Error("SQLITE_FULL");
      }),
    );
    store.load();
    const append = [1, 2].map((id) => at({ type: "TimerFired", id }));
    expect(() => store.commit(change({ append }))).toThrow("SQLITE_FULL");
    expect([opened.db.dump(), store.nextHistorySeq]).toEqual([before, 1]);
  });

  it("[S4.6] a start in the place of an ended instance, whose rows are held back", () => {
    const opened = openInstance();
    opened.store.receive({ fact: { type: "EventRaised", name: "e" } });
    const before = opened.db.dump();
    opened.fault.before = (statement) => {
      if (statement.startsWith("DELETE FROM instance")) throw new Error("SQLITE_FULL");
    };
    expect(() => opened.store.create(RECORD, STARTED, undefined, true)).toThrow("SQLITE_FULL");
    expect(opened.db.dump()).toEqual(before);
  });

  it("[S4.7] the tables beside the first, when one of them cannot be made", () => {
    const opened = openInstance();
    opened.db.tamper("CREATE TABLE recovery (a)");
    const receive = () => opened.store.receive({ fact: { type: "EventRaised", name: "e" } });
    expect(receive).toThrow("already exists");
    expect([opened.db.tables(), opened.store.inbox()]).toEqual([["instance", "recovery"], []]);
    opened.db.tamper("DROP TABLE recovery");
    expect(receive()).toMatchObject({ seq: 0 });
  });

  it("[S4.8] the first start of an ID asks the database nothing that the load has told", () => {
    const { db, store } = openStore();
    const { statements } = db.counters;
    store.create(RECORD, STARTED, undefined, true);
    expect(db.counters.statements - statements).toBe(1);
  });
});

describe("[S4.9] Order is asked for, never what SQLite happens to give", () => {
  it("all that is read is the same where unordered rows come in reverse", () => {
    const opened = openInstance();
    const child = (id: number, instanceId: string) =>
      at({ type: "ChildWorkflowInstanceCreated", id, name: "c", instanceId });
    opened.store.commit(change({ append: [child(1, "x")] }));
    const next = at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 1 });
    const record = {
      ...RECORD,
      executionId: "e2",
      parent: { instanceId: "p", executionId: "q", name: "n", taskId: 1 },
    };
    opened.store.commit(change({ newHistory: [next], record }));
    for (let id = 1; id <= 40; id++) {
      const append = [at({ type: "TaskCompleted", id, result: id === 7 ? LONG : "1" }), child(id, `c${id % 5}`)];
      opened.store.commit(
        change({ append, send: [{ to: `t${id}`, message: { version: 1, type: "Novelty" } as never }] }),
      );
      opened.store.receive({ fact: { type: "EventRaised", name: `e${id}` } });
    }
    const read = () => {
      const store = new InstanceStore(opened.db.port());
      return [
        store.load(),
        store.history(),
        store.historyPage(2, 70),
        store.outline(1),
        store.inbox(),
        store.outbox(),
        store.kin(),
        store.children(),
      ];
    };
    const before = read();
    opened.db.commit();
    opened.db.tamper("PRAGMA reverse_unordered_selects = ON");
    expect(opened.db.read("SELECT seq FROM inbox")[0]).toEqual({ seq: 39 });
    expect(read()).toEqual(before);
    opened.store.commit(change({ newHistory: [next], record: { ...record, executionId: "e3" } }));
    expect(opened.store.formerChildren()).toContainEqual({ instanceId: "c1", executionId: "e2" });
  });
});
