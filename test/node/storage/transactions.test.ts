// [S4] What is written together is there together, or not at all.
import { describe, expect, it } from "vitest";
import type { InstanceStore } from "../../../src/storage/instance-store.ts";
import { at, change, dump, openInstance, RECORD, reopen } from "./support.ts";

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
