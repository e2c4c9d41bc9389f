import { expect, it } from "vitest";
import { at, change, openInstance, reopen } from "./support.ts";

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
