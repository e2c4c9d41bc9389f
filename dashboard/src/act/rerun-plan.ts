import type { HistoryEvent } from "../../../src/model/history-event.ts";

/*
 * What a rerun takes over, and what it does again, as its reader wants to know it before. The engine decides by the same rule
 * (`rerunHistory` in src/engine/rerun.ts): all before the call counts as it is, and what had no answer by then is open again.
 */

type CallType = "TaskScheduled" | "TimerCreated" | "ChildWorkflowInstanceCreated";
type Call = Extract<HistoryEvent, { readonly type: CallType }>;

export interface PlannedCall {
  readonly id: number;
  readonly kind: "activity" | "timer" | "child";
  /** Of a timer: when it is due. */
  readonly name: string;
}

export interface RerunPlan {
  /** The call that is made again, with the input that it had; a timer has none. */
  readonly target: PlannedCall & { readonly input?: string | undefined };
  /** Answered before: what they have answered counts. */
  readonly kept: readonly PlannedCall[];
  /** Without an answer by then, beside the target. */
  readonly again: readonly PlannedCall[];
  /** Raised before: they count, too. */
  readonly events: readonly string[];
}

const KINDS: Readonly<Record<CallType, PlannedCall["kind"]>> = {
  TaskScheduled: "activity",
  TimerCreated: "timer",
  ChildWorkflowInstanceCreated: "child",
};

const ANSWERS: ReadonlySet<string> = new Set([
  "TaskCompleted",
  "TaskFailed",
  "TimerFired",
  "ChildWorkflowInstanceCompleted",
  "ChildWorkflowInstanceFailed",
]);

export function isCall(event: HistoryEvent): event is Call {
  return Object.hasOwn(KINDS, event.type);
}

/** Of the history up to that call, or more of it; `undefined`: it has no such call. */
export function rerunPlan(history: readonly HistoryEvent[], eventID: number): RerunPlan | undefined {
  const calls = new Map<number, PlannedCall>();
  const kept = new Map<number, PlannedCall>();
  const events: string[] = [];
  for (const [index, event] of history.entries()) {
    if (isCall(event) && event.id === eventID) {
      const input = "input" in event ? event.input : undefined;
      return { target: { ...plannedCall(event), input }, kept: [...kept.values()], again: openOf(calls, kept), events };
    }
    if (isCall(event)) calls.set(event.id, plannedCall(event));
    else if (ANSWERS.has(event.type)) keep(event, calls, kept);
    else if (event.type === "EventRaised") events.push(event.name);
    // What has failed is taken back: its call is open again.
    else if (event.type === "ExecutionRewound") forget(history.slice(0, index)[event.failedAt], kept);
  }
  return undefined;
}

function openOf(calls: ReadonlyMap<number, PlannedCall>, kept: ReadonlyMap<number, PlannedCall>): PlannedCall[] {
  return [...calls.values()].filter(({ id }) => !kept.has(id));
}

function keep(event: HistoryEvent, calls: ReadonlyMap<number, PlannedCall>, kept: Map<number, PlannedCall>): void {
  const call = "id" in event && typeof event.id === "number" ? calls.get(event.id) : undefined;
  if (call !== undefined) kept.set(call.id, call);
}

function forget(answer: HistoryEvent | undefined, kept: Map<number, PlannedCall>): void {
  if (answer !== undefined && ANSWERS.has(answer.type) && "id" in answer) kept.delete(Number(answer.id));
}

function plannedCall(event: Call): PlannedCall {
  const name = event.type === "TimerCreated" ? new Date(event.fireAtMs).toISOString() : event.name;
  return { id: event.id, kind: KINDS[event.type], name };
}
