// What a rerun keeps and what it does again, told before it is asked for: as the engine will do it.
import { describe, expect, it } from "vitest";
import { rerunPlan } from "../../../dashboard/src/act/rerun-plan.ts";
import { rerunHistory } from "../../../src/engine/rerun.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";

type Fact = HistoryEvent extends infer E ? (E extends HistoryEvent ? Omit<E, "timestampMs"> : never) : never;
const history = (...facts: Fact[]) => facts.map((fact, n) => ({ timestampMs: n, ...fact }) as HistoryEvent);

const started: Fact = { type: "ExecutionStarted", name: "order", executionId: "e", generation: 0, input: "1" };
const scheduled = (id: number, name: string, input?: string): Fact => ({ type: "TaskScheduled", id, name, input });
const completed = (id: number): Fact => ({ type: "TaskCompleted", id, result: "1" });
const failed = (id: number): Fact => ({ type: "TaskFailed", id, failure: { errorType: "Error", message: "no" } });
const timer = (id: number, fireAtMs: number): Fact => ({ type: "TimerCreated", id, fireAtMs });
const fired = (id: number): Fact => ({ type: "TimerFired", id });
const child = (id: number, name: string): Fact => ({
  type: "ChildWorkflowInstanceCreated",
  id,
  name,
  instanceId: `i:${id}`,
});

/** Calls that are open when the rerun begins, as the engine has it. */
function openCalls(events: readonly HistoryEvent[], eventId: number): number[] {
  const at = events.findIndex(
    (event) => "id" in event && event.id === eventId && !/Completed|Failed|Fired/.test(event.type),
  );
  const made = rerunHistory(events.slice(0, at + 1), {
    ...{ sourceInstanceId: "i", instanceId: "j", executionId: "f", nowMs: 1_000_000, eventId, started: {} },
  });
  const answered = new Set(
    made.filter(({ type }) => /(Completed|Failed|Fired)$/.test(type)).map((event) => "id" in event && event.id),
  );
  return made.flatMap((event) =>
    "id" in event && /Scheduled|Created/.test(event.type) && !answered.has(event.id) ? [Number(event.id)] : [],
  );
}

describe("[D35] the plan of a rerun", () => {
  it("[D35.1] what was answered before the call is kept, the call is made again with its input, what came later is not there", () => {
    const events = history(
      started,
      scheduled(1, "reserve"),
      completed(1),
      scheduled(2, "charge", '{"a":1}'),
      failed(2),
      scheduled(3, "refund"),
    );
    expect(rerunPlan(events, 2)).toEqual({
      target: { id: 2, kind: "activity", name: "charge", input: '{"a":1}' },
      kept: [{ id: 1, kind: "activity", name: "reserve" }],
      again: [],
      events: [],
    });
  });

  it("[D35.2] siblings that had no answer by then are made again, too, as the engine has it", () => {
    const events = history(
      ...[started, scheduled(1, "a"), timer(2, 60_000), child(3, "c"), scheduled(4, "b")],
      ...[completed(1), scheduled(5, "d"), completed(4), fired(2)],
    );
    const plan = rerunPlan(events, 5);
    expect(plan).toMatchObject({
      target: { id: 5, name: "d" },
      kept: [{ id: 1 }],
      again: [
        { id: 2, kind: "timer", name: "1970-01-01T00:01:00.000Z" },
        { id: 3, kind: "child", name: "c" },
        { id: 4, kind: "activity", name: "b" },
      ],
    });
    expect([...(plan?.again ?? []).map(({ id }) => id), 5]).toEqual(openCalls(events, 5));
  });

  it("[D35.3] what a rewind has taken back is open again", () => {
    const events = history(
      ...[started, scheduled(1, "charge"), failed(1)],
      { type: "ExecutionCompleted", status: "FAILED", failure: { errorType: "Error", message: "no" } },
      { type: "ExecutionRewound", failedAt: 2, askedFrom: 3 },
      ...[scheduled(2, "notify")],
    );
    expect(rerunPlan(events, 2)).toMatchObject({ kept: [], again: [{ id: 1, name: "charge" }] });
  });

  it("[D35.4] events that were raised before count; a history without the call has no plan", () => {
    const raised: Fact = { type: "EventRaised", name: "paid", messageId: "m", input: "1" };
    const events = history(started, raised, scheduled(1, "ship"), { ...raised, name: "late" });
    expect(rerunPlan(events, 1)?.events).toEqual(["paid"]);
    expect(rerunPlan(events, 7)).toBeUndefined();
    expect(rerunPlan([], 1)).toBeUndefined();
  });
});
