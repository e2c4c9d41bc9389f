// [S5] What is read of a history by key. How events lie in its rows: shared-rows.test.ts.
import { describe, expect, it } from "vitest";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { toStored } from "../../../src/storage/history-row.ts";
import { plainTexts } from "../../../src/storage/vault.ts";
import { at, change, type Opened, openInstance, openStore, RECORD, reopen, STARTED } from "./support.ts";

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

  it("[S5.5] a start that waits has no history, and the instance's row is not taken for an event", () => {
    const opened = openStore();
    opened.store.create(RECORD, STARTED, 9_000);
    const store = reopen(opened);
    expect([store.nextHistorySeq, store.history(), store.historyPage(0, 9), store.lastStall()]).toEqual([
      0,
      [],
      [],
      undefined,
    ]);
    expect(store.outline(undefined)).toEqual({ first: undefined, completed: undefined, lastAtMs: undefined });
    store.commit(change({ append: [STARTED], taken: [0] }));
    expect(reopen(opened).history()).toEqual([STARTED]);
  });

  it.each([
    [0, 4],
    [1, 3],
  ])("[S5.6] a page of exactly 8 MiB is whole, and with %i letters more ends before", (more, count) => {
    const opened = openInstance();
    const piece = 349_525;
    const rest = 8 * 1024 * 1024 - 22 * piece;
    const lengths = [200_000, 200_000, rest - 400_000 + more, 22 * piece];
    const append = lengths.map((length, id) => at({ type: "TaskCompleted", id, result: "x".repeat(length) }));
    opened.store.commit(change({ append }));
    expect(opened.store.historyPage(1, 9)).toHaveLength(count);
  });
});

describe("[S5.7] A row of several events in a form that is not known yet", () => {
  const prepared = (): Opened => {
    const opened = openInstance();
    opened.store.commit(change({ append: [1, 2].map((id) => at({ type: "TimerCreated", id, fireAtMs: 1 })) }));
    opened.db.tamper("UPDATE instance SET version = 2, payload = 'not JSON' WHERE type = 'Events'");
    return opened;
  };

  it("is loaded, and counts as one", () => {
    expect(reopen(prepared()).nextHistorySeq).toBe(2);
  });

  it("is not seen by queries", () => {
    const store = reopen(prepared());
    expect([store.hasOpenWork("RUNNING"), store.children()]).toEqual([false, []]);
  });

  it("is not read: UnknownEventError", () => {
    const opened = prepared();
    opened.db.tamper("UPDATE instance SET payload = '[]' WHERE type = 'Events'");
    expect(() => reopen(opened).history()).toThrow(expect.objectContaining({ name: "UnknownEventError" }));
  });
});

it("[S5.8] A call without options has no detail in its row, and its attempt and its times are there where it has any", () => {
  const call = { type: "TaskScheduled", id: 1, name: "a", input: "1" } as const;
  const detailOf = (fact: HistoryFact) => toStored(at(fact), plainTexts).detail;
  expect(detailOf(call)).toBeNull();
  for (const options of [{ attempt: 2, firstId: 1 }, { timeoutMs: 5 }, { deadlineAtMs: 6 }, { heartbeatTimeoutMs: 7 }])
    expect(detailOf({ ...call, ...options })).toBe(JSON.stringify(options));
});
