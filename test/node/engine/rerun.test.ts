// [T40] Rerun: what a history is made of that begins with another one.
import { describe, expect, it } from "vitest";
import { childrenToStart, type Rerun, rerunHistory } from "../../../src/engine/rerun.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";

const at = (timestampMs: number, fact: HistoryFact): HistoryEvent => ({ timestampMs, ...fact });
const started = at(0, {
  type: "ExecutionStarted",
  name: "w",
  executionId: "e1",
  generation: 2,
  input: "1",
  recentMessages: { m: 1 },
});
const activity = (id: number, atMs: number) => at(atMs, { type: "TaskScheduled", id, name: "a", input: `"${id}"` });
const done = (id: number, atMs: number) => at(atMs, { type: "TaskCompleted", id, result: "1" });
const RERUN: Rerun = {
  sourceInstanceId: "s",
  instanceId: "n",
  executionId: "e2",
  nowMs: 1_000,
  eventId: 2,
  started: { reason: "why" },
};

function rerun(source: readonly HistoryEvent[], more: Partial<Rerun> = {}): HistoryEvent[] {
  const before = structuredClone(source);
  const history = rerunHistory(source, { ...RERUN, ...more });
  expect(source).toEqual(before);
  return [...history];
}

describe("[T40] A rerun", () => {
  it("[T40.1] begins as the source did, in an execution of its own, as its first generation", () => {
    const [first, ...others] = rerun([started, activity(1, 10), done(1, 20), activity(2, 20)]);
    expect(first).toEqual({
      timestampMs: 0,
      type: "ExecutionStarted",
      name: "w",
      executionId: "e2",
      generation: 0,
      input: "1",
      reason: "why",
      seed: "s e1",
      rerunOf: { instanceId: "s", executionId: "e1", eventId: 2, events: 4, delayMs: 980 },
    });
    expect(others).toEqual([activity(1, 10), done(1, 20), activity(2, 1_000)]);
  });

  it("[T40.2] without a call, has the start alone, of now, with the input that is given", () => {
    const [first, ...others] = rerun([started], { eventId: 0, input: { text: "2" } });
    expect([first, others]).toMatchObject([{ timestampMs: 1_000, input: "2", rerunOf: { events: 1, delayMs: 0 } }, []]);
    expect(first).not.toHaveProperty("rerunOf.eventId", 0);
  });

  it("[T40.3] keeps the seed of a rerun before", () => {
    expect(rerun([{ ...started, seed: "first" } as HistoryEvent, activity(2, 1)])[0]).toMatchObject({ seed: "first" });
  });

  it("[T40.4] leaves times that lie ahead, and gives what is over the time that it had left", () => {
    const timer = (id: number, fireAtMs: number) => at(5, { type: "TimerCreated", id, fireAtMs });
    const limited = { ...activity(5, 5), deadlineAtMs: 30 } as HistoryEvent;
    const source = [
      started,
      timer(1, 50),
      timer(3, 4_000),
      timer(4, 60),
      at(60, { type: "TimerFired", id: 4 }),
      limited,
      activity(2, 20),
    ];
    expect(rerun(source).slice(1)).toEqual([
      timer(1, 1_030),
      timer(3, 4_000),
      timer(4, 60),
      at(60, { type: "TimerFired", id: 4 }),
      { ...limited, deadlineAtMs: 1_010 },
      activity(2, 1_000),
    ]);
  });

  it("[T40.12] on a machine whose clock is behind that of the source, time stands still and does not go back", () => {
    const source = [
      started,
      at(10, { type: "ExecutionSuspended" }),
      activity(1, 10),
      done(1, 1_500),
      activity(2, 1_500),
    ];
    expect(rerun(source).slice(-3)).toEqual([
      done(1, 1_500),
      activity(2, 1_500),
      at(1_500, { type: "ExecutionResumed", reason: "why" }),
    ]);
  });

  it("[T40.5] of a timer that is over, waits as long as that was set for", () => {
    expect(rerun([started, at(20, { type: "TimerCreated", id: 2, fireAtMs: 100 })])[1]).toEqual(
      at(1_000, { type: "TimerCreated", id: 2, fireAtMs: 1_080 }),
    );
  });

  it("[T40.6] starts the children that are open under IDs of the new instance; that of the call under the one that is given", () => {
    const child = (id: number, atMs = 5, instanceId = `s:000${id}`) =>
      at(atMs, { type: "ChildWorkflowInstanceCreated", id, name: "c", instanceId, input: "1" });
    const ended = at(6, { type: "ChildWorkflowInstanceCompleted", id: 1, result: "1" });
    const source = [started, child(1), child(3), ended, child(2)];
    const history = rerun(source, { newChildWorkflowInstanceId: "own", input: { text: "7" } });
    expect(history.slice(1)).toEqual([
      child(1),
      child(3, 5, "n:0003"),
      ended,
      { ...child(2, 1_000, "own"), input: "7" },
    ]);
    expect(childrenToStart(history, "n").map(({ to, message }) => [to, message])).toMatchObject([
      ["n:0003", { type: "StartChild", parent: { instanceId: "n", executionId: "e2", taskId: 3 } }],
      ["own", { type: "StartChild", input: "7", parent: { instanceId: "n", executionId: "e2", taskId: 2 } }],
    ]);
  });

  it("[T40.7] is resumed where the source was paused by then, and not where it had been resumed", () => {
    const paused = at(10, { type: "ExecutionSuspended" });
    const resumed = at(15, { type: "ExecutionResumed" });
    expect(rerun([started, paused, activity(2, 20)]).slice(1)).toEqual([
      paused,
      activity(2, 1_000),
      at(1_000, { type: "ExecutionResumed", reason: "why" }),
    ]);
    expect(rerun([started, paused, activity(2, 20)])[0]).toMatchObject({ rerunOf: { events: 4 } });
    expect(rerun([started, paused, resumed, activity(2, 20)]).slice(1)).toEqual([paused, resumed, activity(2, 1_000)]);
  });

  it("[T40.8] makes the last of several events with the number of the call again", () => {
    expect(rerun([started, activity(2, 5), done(2, 6), activity(2, 20)]).slice(1)).toEqual([
      activity(2, 5),
      done(2, 6),
      activity(2, 1_000),
    ]);
  });
});
