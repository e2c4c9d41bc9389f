// Where an instance stood after so many events: what live pages and time travel show.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { advance, momentOf, NOTHING_YET, openCalls, openTimers } from "../../../dashboard/src/instance/model/moment.ts";
import { SNAPSHOT_EVERY, Travel } from "../../../dashboard/src/instance/model/travel.ts";
import type { WireDetail } from "../../../dashboard/src/instance/model/wire.ts";
import { Timeline } from "../../../src/instance/reading/timeline.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { ROOT } from "../e2e/server.ts";
import { madeHistory } from "./made-history.ts";

const started: HistoryEvent = { type: "ExecutionStarted", timestampMs: 0, name: "w", executionId: "x", generation: 0 };
const failure = { errorType: "CardDeclined", message: "no" };
const at = (...events: HistoryEvent[]) => advance(NOTHING_YET, [started, ...events]);

describe("[M] Where an instance stood", () => {
  it("[M1] what follows leaves the moment before as it was", () => {
    const before = at({ type: "TaskScheduled", timestampMs: 1, id: 1, name: "a" });
    const then = advance(before, [{ type: "TaskCompleted", timestampMs: 2, id: 1 }]);
    expect(openCalls(before)).toMatchObject([{ id: 1, name: "a", status: "running", attempt: 1 }]);
    expect(openCalls(then)).toEqual([]);
    expect(then).toMatchObject({ events: 3, lastMs: 2, completed: 1 });
  });

  it.each([1, 2, 3])(
    "[M2] one by one as all at once, and the open calls are those of the server's timeline: seed %i",
    (seed) => {
      const events = madeHistory({ seed, events: 200 });
      const timeline = new Timeline();
      let moment = NOTHING_YET;
      for (const [position, event] of events.entries()) {
        timeline.add(position, event);
        moment = advance(moment, [event]);
        expect(moment).toEqual(advance(NOTHING_YET, events.slice(0, position + 1)));
        const open = timeline.openCalls().map(({ bar, attempt }) => `${bar.id} ${bar.status} ${attempt}`);
        // What has failed for good, or may be tried again, is told by the event behind it.
        expect(
          openCalls(moment)
            .map(({ id, status, attempt }) => `${id} ${status} ${attempt}`)
            .sort(),
        ).toEqual(open.sort());
        expect(openTimers(moment).map(({ id }) => id)).toEqual(timeline.openTimers().map(({ id }) => id));
      }
    },
  );

  it("[M2.1] every attempt of a call is known: its number, why the one before failed, when the next comes", () => {
    const call: HistoryEvent = { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge" };
    const failed: HistoryEvent = { type: "TaskFailed", timestampMs: 2, id: 1, failure };
    const pause: HistoryEvent = { type: "TimerCreated", timestampMs: 2, id: 2, fireAtMs: 10, firstId: 1 };
    const waits = at(call, failed, pause);
    expect(openCalls(waits)).toMatchObject([
      { status: "retrying", attempt: 1, lastFailure: failure, nextAttemptMs: 10 },
    ]);
    expect(openTimers(waits)).toEqual([]);
    const again = advance(waits, [
      { type: "TimerFired", timestampMs: 10, id: 2 },
      { type: "TaskScheduled", timestampMs: 10, id: 3, name: "charge", attempt: 2, firstId: 1 },
    ]);
    expect(openCalls(again)).toMatchObject([
      { id: 1, lastId: 3, status: "running", attempt: 2, attemptMs: 10, scheduledMs: 1 },
    ]);
    expect(openCalls(advance(again, [{ type: "TaskCompleted", timestampMs: 11, id: 3 }]))).toEqual([]);
  });

  it("[M2.2] who has paused, canceled or terminated it, and why; what it stalls for", () => {
    const asked = { reason: "stocktaking", actor: "ann" };
    const paused = at({ type: "ExecutionSuspended", timestampMs: 1, ...asked });
    expect(paused).toMatchObject({ status: "SUSPENDED", asked: { what: "paused", ...asked } });
    expect(advance(paused, [{ type: "ExecutionResumed", timestampMs: 2 }])).toMatchObject({
      status: "RUNNING",
      asked: undefined,
    });
    const stalled: HistoryEvent = {
      type: "ExecutionStalled",
      timestampMs: 1,
      reason: "NON_DETERMINISM",
      message: "m",
      beforeFirstTurn: false,
    };
    expect(at(stalled)).toMatchObject({ status: "STALLED", stall: { reason: "NON_DETERMINISM", message: "m" } });
    expect(at(stalled, { type: "ExecutionUnstalled", timestampMs: 2 })).toMatchObject({
      status: "RUNNING",
      stall: undefined,
    });
    const over = at(
      { type: "ExecutionTerminated", timestampMs: 3, recursive: true, reason: "why" },
      { type: "ExecutionCompleted", timestampMs: 3, status: "TERMINATED" },
    );
    expect(over).toMatchObject({ status: "TERMINATED", endedMs: 3, asked: { what: "terminated", reason: "why" } });
  });

  it("[M2.3] a rewind opens the fatal call again and drops what was asked since", () => {
    const failed = at(
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge" },
      { type: "TimerCreated", timestampMs: 1, id: 2, fireAtMs: 9_000 },
      { type: "TaskFailed", timestampMs: 2, id: 1, failure },
      { type: "TaskScheduled", timestampMs: 2, id: 3, name: "refund" },
      { type: "ExecutionCompleted", timestampMs: 2, status: "FAILED", failure },
    );
    expect(failed).toMatchObject({ status: "FAILED", failure });
    expect([...openCalls(failed), ...openTimers(failed)]).toEqual([]);
    const rewound = advance(failed, [{ type: "ExecutionRewound", timestampMs: 5, failedAt: 3, askedFrom: 4 }]);
    expect(rewound).toMatchObject({ status: "RUNNING", endedMs: undefined, failure: undefined });
    expect(openCalls(rewound)).toMatchObject([{ id: 1, name: "charge", status: "running" }]);
    expect(openTimers(rewound)).toMatchObject([{ id: 2 }]);
    expect(openCalls(advance(rewound, [{ type: "TaskCompleted", timestampMs: 6, id: 1 }]))).toEqual([]);
  });

  it("[M4.1] calls and timers have their branch, as events and as the server tell it", () => {
    const branch = "flight";
    const moment = at(
      { type: "TaskScheduled", timestampMs: 1, id: 1, name: "a", branch },
      { type: "ChildWorkflowInstanceCreated", timestampMs: 1, id: 2, name: "c", instanceId: "k", branch },
      { type: "TimerCreated", timestampMs: 1, id: 3, fireAtMs: 9, branch },
      { type: "TaskScheduled", timestampMs: 1, id: 4, name: "own" },
    );
    expect(openCalls(moment).map((call) => call.branch)).toEqual([branch, branch, undefined]);
    expect(openTimers(moment).map((timer) => timer.branch)).toEqual([branch]);
    const time = "2026-01-01T00:00:00Z";
    const told = momentOf({
      ...{ instanceID: "i", executionId: "x", generation: 0, runtimeStatus: "RUNNING" },
      ...{ createdAt: time, lastUpdatedAt: time, openChildren: [] },
      pendingActivities: [{ id: 1, name: "a", branch, scheduledAt: time, status: "running", attempt: 1 }],
      openTimers: [{ id: 3, branch, createdAt: time, fireAt: time }],
    });
    const again: HistoryEvent = { type: "TaskScheduled", timestampMs: 9, id: 5, name: "a", firstId: 1, branch };
    expect(openCalls(told).map((call) => call.branch)).toEqual([branch]);
    expect(openCalls(advance(told, [again])).map((call) => call.branch)).toEqual([branch]);
    expect(openTimers(told).map((timer) => timer.branch)).toEqual([branch]);
  });

  it("[M4] goes on from what the server tells, also of a call in a later attempt", () => {
    const detail: WireDetail = {
      ...{ instanceID: "i", workflowName: "w", executionId: "x", generation: 0, runtimeStatus: "RUNNING" },
      ...{ createdAt: "2026-01-01T00:00:00Z", lastUpdatedAt: "2026-01-01T00:00:01Z", openTimers: [], openChildren: [] },
      pendingActivities: [
        { id: 1, name: "charge", scheduledAt: "2026-01-01T00:00:00Z", status: "running", attempt: 2 },
      ],
      sizes: { historyEvents: 6, historyBytes: 1 },
    };
    const moment = momentOf(detail, () => 3);
    expect(openCalls(moment)).toMatchObject([{ id: 1, lastId: 3, attempt: 2 }]);
    expect(advance(moment, [{ type: "TaskCompleted", timestampMs: 9, id: 3 }])).toMatchObject({
      events: 7,
      calls: new Map(),
    });
  });

  it("[M5] time travel is the same at each place, forwards, backwards and at random", () => {
    const events = madeHistory({ seed: 5, events: SNAPSHOT_EVERY * 3 + 77 });
    const travel = new Travel();
    travel.add(events.slice(0, 700));
    travel.add(events.slice(700));
    for (const count of [events.length, 0, 1, 499, 500, 501, 1_000, 1_234, 3, events.length + 9, -1]) {
      const upTo = Math.max(0, Math.min(count, events.length));
      expect(travel.at(count)).toEqual(advance(NOTHING_YET, events.slice(0, upTo)));
    }
  });

  it("[M5.1] at 50,000 events, of which 5,000 are open calls, each place is there within a frame or two", () => {
    const open = Array.from(
      { length: 5_000 },
      (_, n): HistoryEvent => ({ type: "TaskScheduled", timestampMs: 1, id: 1_000_000 + n, name: "open" }),
    );
    const [first, ...rest] = madeHistory({ seed: 6, events: 45_000 });
    const travel = new Travel();
    travel.add([first as HistoryEvent, ...open, ...rest]);
    const places = [49_999, 17_250, 499, 33_333, 25_001];
    const begun = performance.now();
    for (const place of places) travel.at(place);
    // Some 3 ms each; from the beginning each would be some hundred.
    expect((performance.now() - begun) / places.length).toBeLessThan(50);
  });

  it("[M6] an order that waits for its approval: nothing runs, a timer is open, and it has got no event", () => {
    const { events } = JSON.parse(readFileSync(join(ROOT, "test/histories/order-waiting.json"), "utf8"));
    const moment = advance(NOTHING_YET, events);
    expect(openCalls(moment)).toEqual([]);
    expect(openTimers(moment)).toHaveLength(1);
    expect(moment).toMatchObject({ status: "RUNNING", name: "orderProcessingWorkflow", raised: new Map() });
  });
});
