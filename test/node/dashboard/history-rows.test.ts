// The rows of a history, one by one or one for each thing that was done.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mergeEvents, numberedEvents } from "../../../dashboard/src/instance/model/history-page.ts";
import {
  cut,
  groupedRows,
  isFailure,
  kindOf,
  labelOf,
  type Numbered,
  outcomeOf,
  rawRows,
  summaryOf,
} from "../../../dashboard/src/instance/model/rows.ts";
import type { WireHistory } from "../../../dashboard/src/instance/model/wire.ts";
import { HISTORY_EVENT_TYPES, type HistoryEvent } from "../../../src/model/history-event.ts";
import { ROOT } from "../e2e/server.ts";
import { madeHistory } from "./made-history.ts";

const numbered = (events: readonly HistoryEvent[], from = 0): Numbered[] =>
  events.map((event, n) => ({ position: from + n, event }));
const { events: order } = JSON.parse(readFileSync(join(ROOT, "test/histories/order-approved.json"), "utf8"));

describe("[R] Rows of a history", () => {
  it("[R1] an order: a row for each activity with its call and its answer", () => {
    const rows = groupedRows(numbered(order)).map(
      ({ label, events, outcome }) => `${label} ${events.length} ${outcome}`,
    );
    expect(rows).toContain("verifyInventory 2 done");
    expect(rows[0]).toBe("started: orderProcessingWorkflow 1 none");
    expect(rows.at(-1)).toBe("ended: COMPLETED 1 done");
    expect(rawRows(numbered(order))).toHaveLength(order.length);
  });

  it("[R1.1] all attempts and the pauses between are one row", () => {
    const failure = { errorType: "E", message: "m" };
    const events: HistoryEvent[] = [
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge" },
      { type: "TaskFailed", timestampMs: 2, id: 1, failure },
      { type: "TimerCreated", timestampMs: 2, id: 2, fireAtMs: 9, firstId: 1 },
      { type: "TimerFired", timestampMs: 9, id: 2 },
      { type: "TaskScheduled", timestampMs: 9, id: 3, name: "charge", attempt: 2, firstId: 1 },
    ];
    const outcomes = events.map((_, n) => groupedRows(numbered(events.slice(0, n + 1)))).map(([row]) => row?.outcome);
    expect(outcomes).toEqual(["open", "failed", "open", "open", "open"]);
    const [row, ...others] = groupedRows(numbered([...events, { type: "TaskCompleted", timestampMs: 10, id: 3 }]));
    expect(others).toEqual([]);
    expect(row).toMatchObject({ key: "c1", label: "charge", kind: "activity", outcome: "done" });
  });

  it("[R1.3] what is asked of a child, and what is sent to it, name the child in rows of their own", () => {
    const to = { timestampMs: 1, taskId: 1, instanceId: "i:0001" };
    const events: HistoryEvent[] = [
      { type: "ChildWorkflowInstanceCreated", timestampMs: 1, id: 1, name: "ship", instanceId: "i:0001" },
      { type: "ChildEventSent", id: 2, name: "address", input: '"Bern"', branch: "flight", ...to },
      { type: "ChildCancelRequested", id: 3, reason: "too late", ...to },
    ];
    const told = groupedRows(numbered(events)).map(({ label, branch, kind, outcome }) => [
      label,
      branch,
      kind,
      outcome,
    ]);
    expect(told).toEqual([
      ["ship", undefined, "child", "open"],
      ["address → i:0001", "flight", "child", "none"],
      ["cancel → i:0001", undefined, "child", "none"],
    ]);
    expect(events.map(summaryOf)).toEqual([undefined, '"Bern"', "too late"]);
  });

  it("[R1.2] a row has the branch of its call; read one by one, so has the answer, where the call was read", () => {
    const events: HistoryEvent[] = [
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge", branch: "flight" },
      { type: "TimerCreated", timestampMs: 1, id: 2, fireAtMs: 9, branch: "hotel" },
      { type: "TaskScheduled", timestampMs: 1, id: 3, name: "own" },
      { type: "TaskCompleted", timestampMs: 2, id: 1 },
      { type: "TimerFired", timestampMs: 9, id: 2 },
    ];
    expect(groupedRows(numbered(events)).map(({ label, branch }) => [label, branch])).toEqual([
      ["own", undefined],
      ["charge", "flight"],
      ["timer #2", "hotel"],
    ]);
    expect(rawRows(numbered(events)).map(({ branch }) => branch)).toEqual([
      ...["flight", "hotel", undefined, "flight", "hotel"],
    ]);
    expect(rawRows(numbered(events.slice(3), 3)).map(({ branch }) => branch)).toEqual([undefined, undefined]);
  });

  it("[R2] no event is lost or doubled, and rows stand where their last event does", () => {
    const rows = groupedRows(numbered(madeHistory({ seed: 9, events: 300 })));
    const positions = rows.flatMap(({ events }) => events.map(({ position }) => position));
    expect(positions.toSorted((one, other) => one - other)).toEqual([...positions.keys()]);
    const lasts = rows.map(({ events }) => events.at(-1)?.position ?? -1);
    expect(lasts).toEqual(lasts.toSorted((one, other) => one - other));
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it("[R3] what was read from the end is enough", () => {
    const [row] = groupedRows(numbered([{ type: "TaskCompleted", timestampMs: 5, id: 7, result: "1" }], 40));
    expect(row).toMatchObject({ key: "c7", label: "#7", kind: "activity", outcome: "done" });
  });

  it("[R4] every type of event has a label, a kind and an outcome, also one that this page does not know", () => {
    for (const type of [...HISTORY_EVENT_TYPES, "SomethingNewer"]) {
      const event = { type, timestampMs: 1 } as HistoryEvent;
      expect(labelOf(event)).toBeTypeOf("string");
      expect([kindOf(event), outcomeOf(event)]).not.toContain(undefined);
      expect(groupedRows(numbered([event]))).toHaveLength(1);
    }
  });

  it("[R5] an end in peace is no failure; any other end is", () => {
    const end = (status: "COMPLETED" | "FAILED" | "CANCELED"): HistoryEvent => ({
      type: "ExecutionCompleted",
      timestampMs: 1,
      status,
    });
    expect([end("COMPLETED"), end("FAILED"), end("CANCELED")].map(isFailure)).toEqual([false, true, true]);
  });

  it("[R7] events of a page have their numbers, from either end, and those of a search as it tells them", () => {
    const events = madeHistory({ events: 10 }).slice(0, 3);
    const positions = (page: Partial<WireHistory>, order: "asc" | "desc", from?: number) =>
      numberedEvents({ events, ...page }, { order, from }).map(({ position }) => position);
    expect(positions({}, "asc")).toEqual([0, 1, 2]);
    expect(positions({ continuationToken: "e.7" }, "asc", 4)).toEqual([4, 5, 6]);
    expect(positions({ continuationToken: "e.96" }, "desc")).toEqual([97, 98, 99]);
    expect(positions({}, "desc")).toEqual([0, 1, 2]);
    expect(positions({ continuationToken: "e.3" }, "desc", 6)).toEqual([4, 5, 6]);
    expect(positions({ positions: [40, 20, 10] }, "desc")).toEqual([10, 20, 40]);
  });

  it("[R8] pages and what comes live are one list, in which nothing stands twice", () => {
    const all = numbered(madeHistory({ events: 40 }).slice(0, 30));
    const merged = mergeEvents(mergeEvents(all.slice(10, 20), all.slice(18, 30)), all.slice(0, 12));
    expect(merged).toEqual(all);
    expect(mergeEvents([], all)).toEqual(all);
    expect(mergeEvents(all, [])).toEqual(all);
  });

  it("[R6] a payload in one line is cut, and never in the middle of a character", () => {
    expect(summaryOf({ type: "TaskCompleted", timestampMs: 1, id: 1, result: "x".repeat(500) })).toBe(
      `${"x".repeat(200)}…`,
    );
    expect(cut("a\u{1F600}", 2)).toBe("a\uFFFD…");
    expect(summaryOf({ type: "TimerFired", timestampMs: 1, id: 1 })).toBeUndefined();
  });
});
