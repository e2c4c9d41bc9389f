import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { Random } from "../random.ts";

/*
 * Histories as an instance writes them, of any length: what the pages of an instance are tested with where recording one would take long.
 */

export interface Made {
  readonly seed?: number;
  readonly events: number;
  /** Whether it has come to its end. */
  readonly ended?: boolean;
  readonly executionId?: string;
}

export const BEGIN_MS = Date.UTC(2026, 0, 1);

/** About so many events: one that is open is closed by its answer. */
export function madeHistory({ seed = 1, events: count, ended = true, executionId = "made" }: Made): HistoryEvent[] {
  const random = new Random(seed);
  const events: HistoryEvent[] = [];
  let [nowMs, id] = [BEGIN_MS, 0];
  const add = (fact: HistoryFact) => events.push({ ...fact, timestampMs: nowMs });
  const pass = (mostMs: number) => {
    nowMs += random.below(mostMs);
  };
  add({ type: "ExecutionStarted", name: "made", executionId, generation: 0, input: '{"pens":3}' });
  const activity = (name: string) => {
    const call = ++id;
    add({ type: "TaskScheduled", id: call, name, input: `{"call":${call}}` });
    return call;
  };
  const retried = () => {
    const first = activity("charge");
    let last = first;
    for (let attempt = 2; attempt <= 2 + random.below(3); attempt++) {
      pass(500);
      add({ type: "TaskFailed", id: last, failure: { errorType: "CardDeclined", message: `attempt ${attempt - 1}` } });
      const pause = ++id;
      add({ type: "TimerCreated", id: pause, fireAtMs: nowMs + 1_000, firstId: first });
      nowMs += 1_000;
      add({ type: "TimerFired", id: pause });
      last = ++id;
      add({ type: "TaskScheduled", id: last, name: "charge", attempt, firstId: first });
    }
    pass(500);
    if (random.below(3) === 0)
      add({ type: "TaskFailed", id: last, failure: { errorType: "CardDeclined", message: "for good" } });
    else add({ type: "TaskCompleted", id: last, result: "true" });
  };
  const together = () => {
    const calls = Array.from({ length: 2 + random.below(5) }, () => activity("count"));
    while (calls.length > 0) {
      pass(200);
      const [call] = calls.splice(random.below(calls.length), 1);
      add({ type: "TaskCompleted", id: call ?? 0, result: "1" });
    }
  };
  const timer = () => {
    const call = ++id;
    add({ type: "TimerCreated", id: call, fireAtMs: nowMs + 3_600_000 });
    nowMs += 3_600_000;
    add({ type: "TimerFired", id: call });
  };
  const child = () => {
    const call = ++id;
    add({ type: "ChildWorkflowInstanceCreated", id: call, name: "ship", instanceId: `made-${call}` });
    pass(3_000);
    if (random.below(4) > 0) add({ type: "ChildWorkflowInstanceCompleted", id: call, result: '"shipped"' });
    else add({ type: "ChildWorkflowInstanceFailed", id: call, failure: { errorType: "Error", message: "lost" } });
  };
  const others = () => {
    add({ type: "EventRaised", name: "approval", input: "true", messageId: `m${id}` });
    add({ type: "UpdateRequested", updateId: `u${id}`, name: "change", input: "1" });
    pass(100);
    add({ type: "UpdateCompleted", updateId: `u${id}`, result: "1" });
    add({ type: "ExecutionSuspended", reason: "stocktaking", actor: "ann" });
    pass(60_000);
    add({ type: "ExecutionResumed" });
    add({ type: "EventSent", id: ++id, name: "told", instanceId: "other" });
    add({ type: "ChildEventSent", id: ++id, taskId: 1, name: "hurry", instanceId: "made-1" });
    add({ type: "ChildCancelRequested", id: ++id, taskId: 1, instanceId: "made-1", reason: "too late" });
  };
  const single = () => {
    const call = activity(`step${random.below(6)}`);
    pass(300);
    add({ type: "TaskCompleted", id: call, result: '{"ok":true}' });
    pass(3);
  };
  const steps = [single, single, single, single, together, retried, timer, child, others];
  while (events.length < count - 1) steps[random.below(steps.length)]?.();
  if (ended) add({ type: "ExecutionCompleted", status: "COMPLETED", output: '"done"' });
  return events;
}
