// [I42] The timeline: histories in, bars out. What the instance makes of it is in views.test.ts.
import { describe, expect, it } from "vitest";
import type { Bar } from "../../../../src/instance/protocol.ts";
import { Timeline } from "../../../../src/instance/reading/timeline.ts";
import type { HistoryFact } from "../../../../src/model/history-event.ts";

const failure = { errorType: "RangeError", message: "no" };
const started: HistoryFact = { type: "ExecutionStarted", name: "w", executionId: "e", generation: 0 };
const scheduled = (id: number, more = {}): HistoryFact => ({ type: "TaskScheduled", id, name: "charge", ...more });
const pause = (id: number, firstId: number, fireAtMs: number): HistoryFact => ({
  type: "TimerCreated",
  id,
  fireAtMs,
  firstId,
});
const fired = (id: number): HistoryFact => ({ type: "TimerFired", id });
const failed = (id: number): HistoryFact => ({ type: "TaskFailed", id, failure });
const completed = (id: number): HistoryFact => ({ type: "TaskCompleted", id });
const ended = (status: "COMPLETED" | "TERMINATED"): HistoryFact => ({ type: "ExecutionCompleted", status });

/** Turns, by their times. */
type Turns = Readonly<Record<number, readonly HistoryFact[]>>;

function drawn(turns: Turns): Timeline {
  const timeline = new Timeline();
  let seq = 0;
  for (const [atMs, facts] of Object.entries(turns))
    for (const fact of facts) timeline.add(seq++, { ...fact, timestampMs: Number(atMs) });
  return timeline;
}

/** The bars but those of turns, without what is undefined. */
function barsOf(turns: Turns): Bar[] {
  const { bars } = drawn(turns);
  return JSON.parse(JSON.stringify(bars.filter(({ kind }) => kind !== "turn")));
}

describe("[I42] A bar", () => {
  it("[I42.1] of an activity: from its call to its answer, or open; one attempt is not told apart", () => {
    expect(
      barsOf({ 1: [started, scheduled(1), scheduled(2), scheduled(3)], 2: [completed(1)], 3: [failed(2)] }),
    ).toEqual([
      { position: 1, kind: "activity", status: "completed", id: 1, name: "charge", scheduledAtMs: 1, endedAtMs: 2 },
      {
        position: 2,
        kind: "activity",
        status: "failed",
        id: 2,
        name: "charge",
        scheduledAtMs: 1,
        endedAtMs: 3,
        errorType: "RangeError",
      },
      { position: 3, kind: "activity", status: "running", id: 3, name: "charge", scheduledAtMs: 1 },
    ]);
  });

  it("[I42.2] has all attempts of a call; a pause between them is none of its own, and says when the next one comes", () => {
    const paused = { 1: [started, scheduled(1)], 2: [failed(1), pause(2, 1, 9)] };
    const bar = { position: 1, kind: "activity", id: 1, name: "charge", scheduledAtMs: 1, errorType: "RangeError" };
    const first = { id: 1, attempt: 1, status: "failed", scheduledAtMs: 1, endedAtMs: 2, errorType: "RangeError" };
    expect(barsOf(paused)).toEqual([
      { ...bar, status: "retrying", dueAtMs: 9, attempts: [{ ...first, nextAttemptAtMs: 9 }] },
    ]);
    const again = { ...paused, 9: [fired(2), scheduled(3, { attempt: 2, firstId: 1 })] };
    const second = { id: 3, attempt: 2, status: "running", scheduledAtMs: 9 };
    expect(barsOf(again)).toEqual([
      { ...bar, status: "running", startedAtMs: 9, attempts: [{ ...first, nextAttemptAtMs: 9 }, second] },
    ]);
    expect(barsOf({ ...again, 10: [completed(3)] })).toMatchObject([
      { status: "completed", endedAtMs: 10, attempts: [{}, { status: "completed", endedAtMs: 10 }] },
    ]);
  });

  it("[I42.3] of a call that is retried at once needs no pause; one that is not retried is not retrying", () => {
    const [bar, ...others] = barsOf({
      1: [started, scheduled(1)],
      2: [failed(1), scheduled(2, { attempt: 2, firstId: 1 })],
      3: [failed(2)],
    });
    expect(others).toEqual([]);
    expect(bar).toMatchObject({ status: "failed", endedAtMs: 3, attempts: [{ id: 1 }, { id: 2, status: "failed" }] });
  });

  it("[I42.4] of a child has its ID, and that of its last attempt", () => {
    const child = (id: number, more = {}): HistoryFact => ({
      type: "ChildWorkflowInstanceCreated",
      id,
      name: "kid",
      instanceId: `i:${id}`,
      ...more,
    });
    const turns: Turns = {
      1: [started, child(1), child(2)],
      2: [{ type: "ChildWorkflowInstanceFailed", id: 1, failure }, pause(3, 1, 5)],
      5: [fired(3), child(4, { attempt: 2, firstId: 1 })],
      6: [{ type: "ChildWorkflowInstanceCompleted", id: 2 }],
    };
    expect(barsOf(turns)).toMatchObject([
      { kind: "child", id: 1, status: "running", instanceId: "i:4", name: "kid", attempts: [{ id: 1 }, { id: 4 }] },
      { kind: "child", id: 2, status: "completed", instanceId: "i:2", endedAtMs: 6 },
    ]);
  });

  it("[I42.5] of a timer waits until it fires; of what code says that it was called off, it is canceled", () => {
    const timer = (id: number): HistoryFact => ({ type: "TimerCreated", id, fireAtMs: 7 });
    const timeline = drawn({ 1: [started, timer(1), timer(2), timer(3)], 7: [fired(1)] });
    expect(timeline.openTimers((id) => id === 3)).toMatchObject([{ id: 3 }]);
    expect(timeline.bars.filter(({ kind }) => kind === "timer")).toEqual([
      { position: 1, kind: "timer", status: "completed", id: 1, scheduledAtMs: 1, dueAtMs: 7, endedAtMs: 7 },
      { position: 2, kind: "timer", status: "canceled", id: 2, scheduledAtMs: 1, dueAtMs: 7 },
      { position: 3, kind: "timer", status: "waiting", id: 3, scheduledAtMs: 1, dueAtMs: 7 },
    ]);
  });

  it("[I42.6] of what happens at once ends where it begins: events, and what was sent", () => {
    const bars = barsOf({
      1: [
        started,
        { type: "EventRaised", name: "paid", messageId: "m" },
        { type: "EventSent", id: 1, name: "go", instanceId: "x" },
        { type: "DetachedWorkflowScheduled", id: 2, name: "d", instanceId: "y" },
        { type: "PatchRecorded", name: "p" },
        { type: "ExecutionCancelRequested" },
        { type: "ChildEventSent", id: 3, taskId: 1, name: "hurry", instanceId: "z" },
        { type: "ChildCancelRequested", id: 4, taskId: 1, instanceId: "z" },
      ],
      2: [{ type: "ExecutionTerminated", recursive: true }],
    });
    const now = { status: "completed", scheduledAtMs: 1, endedAtMs: 1 };
    expect(bars).toEqual([
      { ...now, position: 1, kind: "event", name: "paid" },
      { ...now, position: 2, kind: "sent", id: 1, name: "go", instanceId: "x" },
      { ...now, position: 3, kind: "detached", id: 2, name: "d", instanceId: "y" },
      { ...now, position: 5, kind: "cancel" },
      { ...now, position: 6, kind: "sent", id: 3, name: "hurry", instanceId: "z" },
      { ...now, position: 7, kind: "cancel", id: 4, instanceId: "z" },
      { ...now, position: 8, kind: "terminate", scheduledAtMs: 2, endedAtMs: 2 },
    ]);
  });

  it("[I42.7] of an update, a pause and a stall lasts until each is over", () => {
    const begun: Turns = {
      1: [started, { type: "UpdateRequested", updateId: "u", name: "change" }],
      2: [{ type: "UpdateRequested", updateId: "v", name: "change" }, { type: "ExecutionSuspended" }],
      3: [{ type: "ExecutionStalled", reason: "NON_DETERMINISM", message: "m", beforeFirstTurn: false }],
    };
    expect(barsOf(begun)).toMatchObject([
      { kind: "update", status: "running", updateId: "u", name: "change" },
      { kind: "update", status: "running" },
      { kind: "pause", status: "waiting", scheduledAtMs: 2 },
      { kind: "stall", status: "waiting", name: "NON_DETERMINISM" },
    ]);
    const over = barsOf({
      ...begun,
      4: [{ type: "ExecutionUnstalled" }, { type: "ExecutionResumed" }],
      5: [
        { type: "UpdateCompleted", updateId: "u" },
        { type: "UpdateFailed", updateId: "v", failure, rejected: true },
      ],
    });
    expect(over.map(({ status, endedAtMs, errorType }) => [status, endedAtMs, errorType])).toEqual([
      ["completed", 5, undefined],
      ["failed", 5, "RangeError"],
      ["completed", 4, undefined],
      ["completed", 4, undefined],
    ]);
  });

  it("[I42.8] of a turn has the events of one time, and stands before those of its first", () => {
    const { bars } = drawn({ 1: [started, scheduled(1)], 4: [completed(1), scheduled(2)] });
    expect(bars.map(({ kind, position, events, scheduledAtMs }) => [kind, position, events, scheduledAtMs])).toEqual([
      ["turn", 0, 2, 1],
      ["activity", 1, undefined, 1],
      ["turn", 2, 2, 4],
      ["activity", 3, undefined, 4],
    ]);
  });
});

describe("[I42] A bar of a branch", () => {
  it("[I42.17] has its name: of a call with all its attempts, a timer, a child, what was sent; its pauses are none", () => {
    const branch = "flight";
    const child = { type: "ChildWorkflowInstanceCreated", id: 5, name: "c", instanceId: "kid", branch } as const;
    const sent = { id: 6, name: "s", instanceId: "x", branch } as const;
    const bars = barsOf({
      1: [started, scheduled(1, { branch }), scheduled(2), { type: "TimerCreated", id: 3, fireAtMs: 9, branch }],
      2: [failed(1), { ...pause(4, 1, 3), branch } as HistoryFact],
      3: [fired(4), scheduled(7, { firstId: 1, attempt: 2, branch }), child, { type: "EventSent", ...sent }],
      4: [
        { type: "DetachedWorkflowScheduled", ...sent, id: 8 },
        { type: "EventRaised", name: "e" },
      ],
    });
    expect(bars.map(({ kind, id, branch }) => [kind, id, branch])).toEqual([
      ["activity", 1, "flight"],
      ["activity", 2, undefined],
      ["timer", 3, "flight"],
      ["child", 5, "flight"],
      ["sent", 6, "flight"],
      ["detached", 8, "flight"],
      ["event", undefined, undefined],
    ]);
  });

  it("[I42.18] also where its first attempt lies before what is looked at", () => {
    expect(barsOf({ 1: [scheduled(7, { firstId: 1, attempt: 2, branch: "flight" })] })).toMatchObject([
      { id: 1, branch: "flight" },
    ]);
  });
});

describe("[I42] The end", () => {
  const open: Turns = {
    1: [
      started,
      scheduled(1),
      scheduled(2),
      { type: "TimerCreated", id: 3, fireAtMs: 99 },
      { type: "ChildWorkflowInstanceCreated", id: 4, name: "kid", instanceId: "k" },
      { type: "ExecutionSuspended" },
    ],
    2: [failed(2), pause(5, 2, 50)],
  };
  const statuses = (turns: Turns) =>
    Object.fromEntries(barsOf(turns).map(({ kind, id, status }) => [`${kind} ${id}`, status]));

  it("[I42.9] calls off timers, ends pauses, and leaves children; activities run on", () => {
    const done = { ...open, 3: [ended("COMPLETED")] };
    expect(statuses(done)).toEqual({
      "activity 1": "running",
      "activity 2": "failed",
      "timer 3": "canceled",
      "child 4": "left",
      "pause undefined": "completed",
    });
    expect(drawn(done).openCalls()).toMatchObject([{ bar: { id: 1 } }]);
    expect(statuses({ ...done, 4: [completed(1)] })).toMatchObject({ "activity 1": "completed" });
    expect([drawn(done).endedAtMs, drawn(open).endedAtMs]).toEqual([3, undefined]);
  });

  it("[I42.10] of a terminate leaves activities, too", () => {
    const terminated = drawn({ ...open, 3: [ended("TERMINATED")] });
    expect(statuses({ ...open, 3: [ended("TERMINATED")] })).toMatchObject({ "activity 1": "left", "child 4": "left" });
    expect(terminated.openCalls()).toEqual([]);
  });
});

it("[I42.11] Calls without an answer are told with their attempt and the failure before it", () => {
  const calls = drawn({
    1: [started, scheduled(1), scheduled(2), scheduled(3)],
    2: [failed(1), pause(4, 1, 9)],
    3: [failed(2), scheduled(5, { attempt: 2, firstId: 2 })],
  }).openCalls();
  expect(calls.map(({ bar, attempt, failure }) => [bar.id, bar.status, attempt, failure, bar.dueAtMs])).toEqual([
    [1, "retrying", 1, failure, 9],
    [2, "running", 2, failure, undefined],
    [3, "running", 1, undefined, undefined],
  ]);
});

it("[I42.12] Of a call that is retried for ever the last 100 attempts are told, each with its number", () => {
  const turns: Record<number, HistoryFact[]> = { 1: [started, scheduled(1)] };
  for (let n = 2; n <= 150; n++) turns[n] = [failed(n - 1), scheduled(n, { attempt: n, firstId: 1 })];
  const [bar] = barsOf(turns);
  expect([bar?.attempts?.length, bar?.attempts?.[0]?.attempt, bar?.attempts?.at(-1)?.attempt]).toEqual([100, 51, 150]);
});

it("[I42.13] A part of a history shows what begins in it; what began before is not there, but a retry of it is", () => {
  expect(
    barsOf({ 5: [completed(1), fired(2), pause(6, 1, 6)], 6: [scheduled(7, { attempt: 3, firstId: 1 })] }),
  ).toMatchObject([{ kind: "activity", id: 1, status: "running" }]);
});

describe("[I42] A rewind", () => {
  const run: Turns = {
    1: [started, scheduled(1), { type: "TimerCreated", id: 2, fireAtMs: 99 }],
    2: [failed(1), scheduled(3), { type: "ExecutionCompleted", status: "FAILED", failure }],
    5: [{ type: "ExecutionRewound", failedAt: 3, askedFrom: 4 }],
  };

  it("[I42.14] takes back the answer that was fatal, the end, and what was asked for since", () => {
    expect(barsOf(run)).toMatchObject([
      {
        kind: "activity",
        id: 1,
        status: "running",
        startedAtMs: 5,
        attempts: [
          { id: 1, status: "failed", endedAtMs: 2 },
          { id: 1, status: "running", scheduledAtMs: 5 },
        ],
      },
      { kind: "timer", id: 2, status: "waiting" },
      { kind: "activity", id: 3, status: "left" },
      { kind: "rewind", status: "completed", scheduledAtMs: 5 },
    ]);
    const timeline = drawn(run);
    expect([timeline.endedAtMs, timeline.openCalls().map(({ bar }) => bar.id)]).toEqual([undefined, [1]]);
    const done = barsOf({ ...run, 6: [completed(1)], 99: [fired(2)], 100: [ended("COMPLETED")] });
    expect(done.slice(0, 2)).toMatchObject([
      { status: "completed", endedAtMs: 6 },
      { status: "completed", endedAtMs: 99 },
    ]);
  });

  it("[I42.15] leaves an answer that stays, and calls off timers that were set since", () => {
    const bars = barsOf({
      ...run,
      2: [
        failed(1),
        { type: "TimerCreated", id: 3, fireAtMs: 9 },
        { type: "ExecutionCompleted", status: "FAILED", failure },
      ],
      5: [{ type: "ExecutionRewound", failedAt: 3, askedFrom: 4, answerStays: true }],
    });
    expect(bars.slice(0, 3).map(({ status }) => status)).toEqual(["failed", "waiting", "canceled"]);
  });

  it("[I42.16] and a change of the version are bars, too", () => {
    expect(barsOf({ 1: [started], 2: [{ type: "ExecutionVersionChanged", version: "2" }] })).toMatchObject([
      { kind: "version", name: "2", status: "completed" },
    ]);
  });
});
