import { describe, expect, it } from "vitest";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import type { InstanceRecord } from "../../../src/storage/instance-row.ts";
import { InstanceStore, type TurnChange } from "../../../src/storage/instance-store.ts";
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

describe("[S6] what an instance leaves, and what it has open", () => {
  it("[S6.1] a start in the place of an ended instance leaves nothing of it", () => {
    const { db, store } = create();
    store.commit({
      ...noChange,
      append: [at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c1" })],
    });
    store.commit({ ...noChange, newHistory: [started], record: { ...record, generation: 1 } });
    expect(store.children()).toEqual(["c1"]);
    expect(store.formerChildren()).toEqual([{ instanceId: "c1", executionId: "x" }]);
    store.countRecovery([1, 1]);
    store.saveProgress(1, "7");
    store.saveProgress(2, "1");
    store.saveProgress(2, "8");
    expect([...store.recoveries()]).toEqual([
      [1, { count: 2, progress: "7" }],
      [2, { count: 0, progress: "8" }],
    ]);
    store.create({ ...record, executionId: "y" }, { ...started, executionId: "y" }, undefined);
    expect(store.children()).toEqual([]);
    expect([...store.recoveries()]).toEqual([]);
    expect(reopen(db).history()).toHaveLength(1);
  });

  it("[S6.2] open work is what has been called and not answered, children apart", () => {
    const { store } = create();
    const open = (...list: HistoryFact[]) => {
      store.commit({ ...noChange, append: list.map(at) });
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

  it("[S6.3] a fact not taken and a message not delivered are open work, whatever the status", () => {
    const { store } = create();
    const open = () => (["RUNNING", "COMPLETED", "TERMINATED"] as const).map((status) => store.hasOpenWork(status));
    const { seq } = store.receive({ fact: { type: "EventRaised", name: "e" } });
    expect(open()).toEqual([true, true, true]);
    const parent = { instanceId: "i", executionId: "x" };
    const [sent] = store.commit({
      ...noChange,
      taken: [seq],
      send: [{ to: "c", message: { version: 1, type: "Cancel", parent } }],
    });
    expect(open()).toEqual([true, true, true]);
    store.acknowledge(sent?.seq ?? -1, undefined);
    expect(open()).toEqual([false, false, false]);
  });

  it("[S6.4] before the first turn, and while it is stalled, an instance has work whatever the tables hold", () => {
    const { store } = create();
    expect((["PENDING", "STALLED", "RUNNING"] as const).map((status) => store.hasOpenWork(status))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("[S6.5] an activity with a result is not open", () => {
    const { store } = create();
    store.commit({ ...noChange, append: [at({ type: "TaskScheduled", id: 1, name: "a" })] });
    store.commit({ ...noChange, append: [at({ type: "TaskCompleted", id: 1 })] });
    expect(store.hasOpenWork("RUNNING")).toBe(false);
  });

  it("[S6.6] nothing is left of the pieces of an ended instance, so that the next may use their numbers", () => {
    const { db, store } = create();
    const input = "x".repeat(400_000);
    store.receive({ fact: { type: "EventRaised", name: "e", input } });
    store.create(record, { ...started, input }, undefined);
    expect(db.read("SELECT DISTINCT owner FROM chunk")).toEqual([{ owner: "history" }]);
    store.receive({ fact: { type: "EventRaised", name: "e", input } });
    expect(reopen(db).inbox()).toHaveLength(1);
  });
});
