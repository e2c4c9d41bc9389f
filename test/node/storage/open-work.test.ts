import { describe, expect, it } from "vitest";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { at, change, openInstance, RECORD, reopen, STARTED } from "./support.ts";

describe("[S6] what an instance leaves, and what it has open", () => {
  it("[S6.1] a start in the place of an ended instance leaves nothing of it", () => {
    const { db, store } = openInstance();
    store.commit(
      change({ append: [at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c1" })] }),
    );
    store.commit(change({ newHistory: [STARTED], record: { ...RECORD, generation: 1 } }));
    expect(store.children()).toEqual(["c1"]);
    expect(store.formerChildren()).toEqual([{ instanceId: "c1", executionId: "e1" }]);
    store.countRecovery([1, 1]);
    store.saveProgress(1, "7");
    store.saveProgress(2, "1");
    store.saveProgress(2, "8");
    expect([...store.recoveries()]).toEqual([
      [1, { count: 2, progress: "7" }],
      [2, { count: 0, progress: "8" }],
    ]);
    store.create({ ...RECORD, executionId: "e2" }, { ...STARTED, executionId: "e2" }, undefined);
    expect(store.children()).toEqual([]);
    expect([...store.recoveries()]).toEqual([]);
    expect(reopen({ db }).history()).toHaveLength(1);
  });

  it("[S6.2] open work is what has been called and not answered, children apart", () => {
    const { store } = openInstance();
    const open = (...list: HistoryFact[]) => {
      store.commit(change({ append: list.map((fact) => at(fact)) }));
      return (["RUNNING", "COMPLETED", "TERMINATED"] as const).map((status) => store.hasOpenWork(status));
    };
    expect(open({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c" })).toEqual([
      false,
      false,
      false,
    ]);
    // An activity that the last turn has called still runs, unless it was a terminate.
    expect(open({ type: "TaskScheduled", id: 2, name: "a" })).toEqual([true, true, false]);
    expect(open({ type: "TaskFailed", id: 2, failure: { errorType: "E", message: "m" } })).toEqual([
      false,
      false,
      false,
    ]);
    expect(open({ type: "TimerCreated", id: 3, fireAtMs: 1 })).toEqual([true, false, false]);
    expect(open({ type: "TimerFired", id: 3 })).toEqual([false, false, false]);
  });

  it("[S6.5] of a rewound execution, what the rewind has opened again, and not what it has taken back", () => {
    const { store } = openInstance();
    const open = (...list: HistoryFact[]) => {
      store.commit(change({ append: list.map((fact) => at(fact)) }));
      return (["RUNNING", "COMPLETED"] as const).map((status) => store.hasOpenWork(status));
    };
    const failure = { errorType: "E", message: "m" };
    expect(
      open(
        { type: "TaskScheduled", id: 1, name: "a" },
        { type: "TaskFailed", id: 1, failure },
        { type: "TaskScheduled", id: 2, name: "un-awaited" },
        { type: "ExecutionCompleted", status: "FAILED", failure },
      ),
    ).toEqual([true, true]);
    store.commit(change({ record: { ...RECORD, status: "RUNNING", rewinds: 1 } }));
    expect(open({ type: "ExecutionRewound", failedAt: 2, askedFrom: 3 })).toEqual([true, true]);
    expect(open({ type: "TaskCompleted", id: 1, result: "1" })).toEqual([false, false]);
    expect(open({ type: "TimerCreated", id: 2, fireAtMs: 1 })).toEqual([true, false]);
    expect(open({ type: "TimerFired", id: 2 })).toEqual([false, false]);
  });

  it("[S6.3] a fact not taken and a message not delivered are open work, whatever the status", () => {
    const { store } = openInstance();
    const open = () => (["RUNNING", "COMPLETED", "TERMINATED"] as const).map((status) => store.hasOpenWork(status));
    const { seq } = store.receive({ fact: { type: "EventRaised", name: "e" } });
    expect(open()).toEqual([true, true, true]);
    const parent = { instanceId: RECORD.instanceId, executionId: RECORD.executionId };
    const [sent] = store.commit(
      change({ taken: [seq], send: [{ to: "c", message: { version: 1, type: "Cancel", parent } }] }),
    );
    expect(open()).toEqual([true, true, true]);
    store.acknowledge(sent?.seq ?? -1, undefined);
    expect(open()).toEqual([false, false, false]);
  });

  it("[S6.4] before the first turn, and while it is stalled, an instance has work whatever the tables hold", () => {
    const { store } = openInstance();
    expect((["PENDING", "STALLED", "RUNNING"] as const).map((status) => store.hasOpenWork(status))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("[S6.5] an activity with a result is not open", () => {
    const { store } = openInstance();
    store.commit(change({ append: [at({ type: "TaskScheduled", id: 1, name: "a" })] }));
    store.commit(change({ append: [at({ type: "TaskCompleted", id: 1 })] }));
    expect(store.hasOpenWork("RUNNING")).toBe(false);
  });

  it("[S6.6] nothing is left of the pieces of an ended instance, so that the next may use their numbers", () => {
    const { db, store } = openInstance();
    const input = "x".repeat(400_000);
    store.receive({ fact: { type: "EventRaised", name: "e", input } });
    store.create(RECORD, { ...STARTED, input }, undefined);
    expect(db.read("SELECT DISTINCT owner FROM chunk")).toEqual([{ owner: "history" }]);
    store.receive({ fact: { type: "EventRaised", name: "e", input } });
    expect(reopen({ db }).inbox()).toHaveLength(1);
  });
});
