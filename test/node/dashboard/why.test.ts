// Why an instance stands where it does, in words.
import { describe, expect, it } from "vitest";
import { advance, type Moment, NOTHING_YET } from "../../../dashboard/src/instance/model/moment.ts";
import { causesOf, failedCallOf, type Part, reasonsOf } from "../../../dashboard/src/instance/model/why.ts";
import type { WireDetail } from "../../../dashboard/src/instance/model/wire.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";

const started: HistoryEvent = { type: "ExecutionStarted", timestampMs: 0, name: "w", executionId: "x", generation: 0 };
const at = (...events: HistoryEvent[]): Moment => advance(NOTHING_YET, [started, ...events]);
const detail = (fields: Partial<WireDetail>): WireDetail => ({
  ...{
    instanceID: "i",
    createdAt: "2026-01-01T00:00:00Z",
    lastUpdatedAt: "2026-01-01T00:00:00Z",
    runtimeStatus: "RUNNING",
  },
  ...{ executionId: "x", generation: 0, pendingActivities: [], openTimers: [], openChildren: [] },
  ...fields,
});
const text = (parts: readonly Part[] = []) =>
  parts
    .map((part) => {
      if (typeof part === "string") return part;
      if ("code" in part) return `‹${part.code}›`;
      if ("timeMs" in part) return `@${part.timeMs}`;
      return "sinceMs" in part ? `since ${part.sinceMs}` : `→${part.instance}`;
    })
    .join("");
const told = (moment: Moment, known?: WireDetail) => reasonsOf(moment, known).map((reason) => text(reason.text));

describe("[Y] Why it stands where it does", () => {
  it("[Y1] waits for an event, and until when", () => {
    const waits = at({ type: "TimerCreated", timestampMs: 1, id: 4, fireAtMs: 900 });
    const open = [{ id: 4, createdAt: "2026-01-01T00:00:00Z", fireAt: "2026-01-01T00:00:00.9Z" }];
    expect(told(waits, detail({ awaitedEvents: ["approval"], openTimers: open }))).toEqual([
      "Waits for the event ‹approval›, or until @900.",
    ]);
    expect(told(waits, detail({ openTimers: open }))).toEqual(["Waits until @900."]);
    expect(told(at(), detail({ awaitedEvents: ["a", "b", "c", "d"] }))).toEqual([
      "Waits for the events ‹a›, ‹b›, ‹c› and 1 more.",
    ]);
    expect(told(at(), detail({ awaitsCondition: true }))).toEqual(["Waits for a condition of its own."]);
  });

  it("[Y1.1] a timer that the code has called off is none", () => {
    expect(told(at({ type: "TimerCreated", timestampMs: 1, id: 4, fireAtMs: 900 }), detail({}))).toEqual([
      "Its code is at work.",
    ]);
  });

  it("[Y2] what is tried again comes first: which attempt has failed, why, and when the next comes", () => {
    const failed = at(
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge" },
      { type: "TaskScheduled", timestampMs: 1, id: 9, name: "notify" },
      { type: "TaskFailed", timestampMs: 2, id: 1, failure: { errorType: "Declined", message: "<img onerror>" } },
      { type: "TimerCreated", timestampMs: 2, id: 2, fireAtMs: 70, firstId: 1 },
    );
    expect(told(failed)).toEqual([
      "‹charge› has failed in attempt 1: ‹Declined: <img onerror>›. Next attempt @70.",
      "Runs ‹notify›, since 1.",
    ]);
    expect(reasonsOf(failed, undefined)[0]).toMatchObject({ tone: "warn", call: 1 });
    const again = advance(failed, [
      { type: "TaskScheduled", timestampMs: 70, id: 3, name: "charge", attempt: 2, firstId: 1 },
    ]);
    expect(told(again)[0]).toBe("‹charge› runs in attempt 2 after ‹Declined: <img onerror>›, since 70.");
  });

  it("[Y3] what runs, and a child by its ID; of many calls how many", () => {
    const child: HistoryEvent = {
      type: "ChildWorkflowInstanceCreated",
      timestampMs: 3,
      id: 1,
      name: "ship",
      instanceId: "ship-1",
    };
    expect(told(at(child))).toEqual(["Waits for the child →ship-1 (‹ship›), since 3."]);
    const many = Array.from(
      { length: 5 },
      (_, n): HistoryEvent => ({ type: "TaskScheduled", timestampMs: 1, id: n + 1, name: "count" }),
    );
    expect(told(at(...many))).toEqual(["5 calls run: ‹count›."]);
    expect(told(at(), detail({ limits: [{ limit: "mail", key: "", ahead: 3 }] }))).toEqual([
      "Waits for the limit ‹mail›: 3 come before it.",
    ]);
  });

  it("[Y3.1] of what a branch has called, or waits for, the branch is named", () => {
    const branch = "<b>flight</b>";
    const moment = at(
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge", branch },
      { type: "TaskFailed", timestampMs: 2, id: 1, failure: { errorType: "Declined", message: "no" } },
      { type: "TimerCreated", timestampMs: 2, id: 2, fireAtMs: 70, firstId: 1, branch },
      { type: "TaskScheduled", timestampMs: 2, id: 3, name: "notify", branch },
      { type: "ChildWorkflowInstanceCreated", timestampMs: 2, id: 4, name: "ship", instanceId: "s", branch: "ships" },
    );
    const branches = [{ name: "hotel", waitingFor: "event:paid" }];
    expect(told(moment, detail({ awaitedEvents: ["paid", "own"], branches }))).toEqual([
      "‹charge› in branch ‹<b>flight</b>› has failed in attempt 1: ‹Declined: no›. Next attempt @70.",
      "Waits for the events ‹paid› in branch ‹hotel›, ‹own›.",
      "Runs ‹notify› in branch ‹<b>flight</b>›, since 2.",
      "Waits for the child →s (‹ship›) in branch ‹ships›, since 2.",
    ]);
    const again: HistoryEvent = { type: "TaskScheduled", timestampMs: 70, id: 5, name: "charge", firstId: 1, branch };
    expect(told(advance(moment, [again]))[0]).toBe(
      "‹charge› in branch ‹<b>flight</b>› runs in attempt 2 after ‹Declined: no›, since 70.",
    );
  });

  it("[Y4] stalled: why, and what mends it", () => {
    const stall = (reason: "NON_DETERMINISM" | "VERSION_NOT_AVAILABLE"): HistoryEvent => ({
      type: "ExecutionStalled",
      timestampMs: 1,
      reason,
      message: "m",
      beforeFirstTurn: false,
    });
    for (const reason of ["NON_DETERMINISM", "VERSION_NOT_AVAILABLE"] as const) {
      const [told] = reasonsOf(at(stall(reason)), undefined);
      expect(text(told?.text)).toBe(`‹${reason}›: ‹m›`);
      expect(text(told?.mend)).toMatch(/^Deploy code /);
    }
    expect(
      reasonsOf(
        { ...NOTHING_YET, status: "STALLED" },
        detail({ stall: { reason: "Unreadable", message: "no key" } }),
      )[0]?.mend,
    ).toBeDefined();
  });

  it("[Y5] paused, canceled, terminated: by whom, and why", () => {
    const asked = { reason: "stocktaking", actor: "ann" };
    expect(told(at({ type: "ExecutionSuspended", timestampMs: 1, ...asked }))).toEqual([
      "Paused by ‹ann›: ‹stocktaking›.",
    ]);
    expect(told(at({ type: "ExecutionCancelRequested", timestampMs: 1 }))).toEqual([
      "Somebody has asked for its cancellation.",
    ]);
    const over = at(
      { type: "ExecutionTerminated", timestampMs: 1, recursive: true, ...asked },
      { type: "ExecutionCompleted", timestampMs: 1, status: "TERMINATED" },
    );
    expect(told(over)).toEqual(["Terminated by ‹ann›: ‹stocktaking›."]);
  });

  it("[Y6] failed: the first cause, and the step that it has come from", () => {
    const failure = {
      errorType: "TaskFailedError",
      message: "i: activity 'charge': Activity task #7 failed: no",
      innerFailure: { errorType: "Declined", message: "no" },
    };
    const [reason] = reasonsOf(
      at({ type: "ExecutionCompleted", timestampMs: 1, status: "FAILED", failure }),
      undefined,
    );
    expect(text(reason?.text)).toBe("‹Declined: no›");
    expect(reason).toMatchObject({ tone: "bad", call: 7 });
    expect(causesOf(failure).map(({ errorType }) => errorType)).toEqual(["TaskFailedError", "Declined"]);
    expect(
      failedCallOf({ errorType: "Error", message: "Activity task #7 failed: by another's words" }),
    ).toBeUndefined();
  });

  it("[Y7] completed, it needs no reason; one that waits for its start says until when", () => {
    expect(told(at({ type: "ExecutionCompleted", timestampMs: 1, status: "COMPLETED" }))).toEqual([]);
    const startTime = "2026-01-01T00:00:00Z";
    expect(told(NOTHING_YET, detail({ runtimeStatus: "PENDING", startTime }))).toEqual([
      `Starts @${Date.parse(startTime)}.`,
    ]);
  });
});
