// [S5] The children of executions that have continued as new.
import { describe, expect, it } from "vitest";
import { at, change, openInstance, RECORD } from "./support.ts";

describe("[S5] Former children", () => {
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

  it("[S5.3] a child that was started again is that of the later execution", () => {
    const { store } = openInstance();
    const child = at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "x" });
    for (const executionId of ["e2", "e3"]) {
      store.commit(change({ append: [child] }));
      const next = at({ type: "ExecutionStarted", name: "w", executionId, generation: 1 });
      store.commit(change({ newHistory: [next], record: { ...RECORD, executionId } }));
    }
    expect(store.formerChildren()).toEqual([{ instanceId: "x", executionId: "e2" }]);
  });

  it("[S5.4] who gets an event is no child, and without children a continue-as-new makes no table", () => {
    const { db, store } = openInstance();
    store.commit(change({ append: [at({ type: "EventSent", id: 1, name: "e", instanceId: "x" })] }));
    expect(store.children()).toEqual([]);
    store.commit(
      change({ newHistory: [at({ type: "ExecutionStarted", name: "w", executionId: "e2", generation: 1 })] }),
    );
    expect([store.children(), db.tables()]).toEqual([[], ["instance"]]);
  });
});
