// [S5] What is read of a history by key. How events lie in its rows: shared-rows.test.ts.
import { describe, expect, it } from "vitest";
import { at, change, openInstance } from "./support.ts";

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
});
