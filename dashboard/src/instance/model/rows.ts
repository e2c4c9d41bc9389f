import type { HistoryEvent } from "./wire.ts";

/*
 * The rows of a history: one for each event, or one for each thing that was done, with all the events that tell of it.
 *
 *   R1  Grouped, an activity is one row: its call, its attempts, the pauses between, its answer. So are a timer, a child, an update, a pause, a stall.
 *   R2  A row stands where its last event does, so that what happens now is on top of a history that is read from its end.
 *   R3  What was read of a history is enough: a row whose call stands further back has what there is, and says so.
 */

export interface Numbered {
  readonly position: number;
  readonly event: HistoryEvent;
}

export interface HistoryRow {
  /** The same whatever comes before and after it. */
  readonly key: string;
  readonly label: string;
  /** Of what a branch has called, and of the answers to that. */
  readonly branch?: string | undefined;
  readonly kind: RowKind;
  readonly outcome: Outcome;
  /** In the order in which they happened. */
  readonly events: readonly Numbered[];
}

export type RowKind = "instance" | "activity" | "timer" | "event" | "child" | "update" | "operator" | "other";
export type Outcome = "open" | "done" | "failed" | "none";

/** `events` in ascending order. */
export function rawRows(events: readonly Numbered[]): HistoryRow[] {
  const branches = branchesIn(events);
  return events.map((one) => ({
    key: `e${one.position}`,
    label: labelOf(one.event),
    branch: branchOf(one.event, branches),
    kind: kindOf(one.event),
    outcome: outcomeOf(one.event),
    events: [one],
  }));
}

/** `events` in ascending order; the rows are, too, by their last event. */
export function groupedRows(events: readonly Numbered[]): HistoryRow[] {
  const groups = new Map<string, Numbered[]>();
  const firsts = new Map<number, number>();
  let [pauses, stalls] = [0, 0];
  for (const one of events) {
    const { event, position } = one;
    if ("firstId" in event && event.firstId !== undefined && "id" in event) firsts.set(event.id, event.firstId);
    if (event.type === "ExecutionSuspended") pauses++;
    if (event.type === "ExecutionStalled") stalls++;
    const key = groupOf(event, firsts, pauses, stalls) ?? `e${position}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const branches = branchesIn(events);
  const rows = [...groups].map(([key, group]) => rowOf(key, group, branches));
  return rows.sort((one, other) => lastOf(one) - lastOf(other));
}

/** Of calls, by their numbers. */
function branchesIn(events: readonly Numbered[]): ReadonlyMap<number, string> {
  const branches = new Map<number, string>();
  for (const { event } of events)
    if ("branch" in event && event.branch !== undefined) branches.set(event.id, event.branch);
  return branches;
}

function branchOf(event: HistoryEvent, branches: ReadonlyMap<number, string>): string | undefined {
  return "id" in event ? branches.get(event.id) : undefined;
}

function lastOf({ events }: HistoryRow): number {
  return events.at(-1)?.position ?? 0;
}

function groupOf(
  event: HistoryEvent,
  firsts: ReadonlyMap<number, number>,
  pauses: number,
  stalls: number,
): string | undefined {
  switch (event.type) {
    case "TaskScheduled":
    case "TaskCompleted":
    case "TaskFailed":
    case "TimerCreated":
    case "TimerFired":
    case "ChildWorkflowInstanceCreated":
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return `c${firsts.get(event.id) ?? event.id}`;
    case "UpdateRequested":
    case "UpdateCompleted":
    case "UpdateFailed":
      return `u${event.updateId}`;
    case "ExecutionSuspended":
    case "ExecutionResumed":
      return `p${pauses}`;
    case "ExecutionStalled":
    case "ExecutionUnstalled":
      return `s${stalls}`;
    default:
      return undefined;
  }
}

function rowOf(key: string, events: readonly Numbered[], branches: ReadonlyMap<number, string>): HistoryRow {
  const first = (events.find(({ event }) => "name" in event) ?? events[0])?.event as HistoryEvent;
  const last = events.at(-1)?.event as HistoryEvent;
  const kind = kindOf(first);
  // A pause between two attempts ends before the call does.
  const outcome = last.type === "TimerFired" && kind !== "timer" ? "open" : outcomeOf(last);
  return { key, label: labelOf(first), branch: branchOf(first, branches), kind, outcome, events };
}

export function outcomeOf(event: HistoryEvent): Outcome {
  switch (event.type) {
    case "TaskFailed":
    case "ChildWorkflowInstanceFailed":
    case "UpdateFailed":
      return "failed";
    case "ExecutionCompleted":
      return event.status === "COMPLETED" ? "done" : event.status === "FAILED" ? "failed" : "none";
    case "TaskScheduled":
    case "ChildWorkflowInstanceCreated":
    case "TimerCreated":
    case "UpdateRequested":
    case "ExecutionSuspended":
    case "ExecutionStalled":
      return "open";
    case "TaskCompleted":
    case "ChildWorkflowInstanceCompleted":
    case "TimerFired":
    case "UpdateCompleted":
    case "ExecutionResumed":
    case "ExecutionUnstalled":
      return "done";
    default:
      return "none";
  }
}

export function kindOf({ type }: HistoryEvent): RowKind {
  if (type.startsWith("Task")) return "activity";
  if (type.startsWith("Timer")) return "timer";
  if (type.startsWith("Child") || type === "DetachedWorkflowScheduled") return "child";
  if (type.startsWith("Event")) return "event";
  if (type.startsWith("Update")) return "update";
  if (type === "ExecutionStarted" || type === "ExecutionCompleted") return "instance";
  return type.startsWith("Execution") ? "operator" : "other";
}

/** What a person calls it. */
export function labelOf(event: HistoryEvent): string {
  const { type } = event;
  switch (type) {
    case "ExecutionStarted":
      return `started: ${event.name}`;
    case "ExecutionCompleted":
      return `ended: ${event.status}`;
    case "ExecutionSuspended":
      return "paused";
    case "ExecutionResumed":
      return "resumed";
    case "ExecutionCancelRequested":
      return "cancel asked for";
    case "ExecutionTerminated":
      return "terminated";
    case "ExecutionStalled":
      return `stalled: ${event.reason}`;
    case "ExecutionUnstalled":
      return "goes on after a stall";
    case "ExecutionRewound":
      return "rewound";
    case "ExecutionVersionChanged":
      return `goes on with version ${event.version}`;
    case "TimerCreated":
    case "TimerFired":
      return `timer #${event.id}`;
    case "ChildCancelRequested":
      return `cancel → ${event.instanceId}`;
    case "EventSent":
    case "ChildEventSent":
      return `${event.name} → ${event.instanceId}`;
    case "PatchRecorded":
      return `patch ${event.name}`;
  }
  if ("name" in event) return event.name;
  if ("id" in event) return `#${event.id}`;
  return "updateId" in event ? event.updateId : type;
}

/** The types of events of which one is a failure or a trouble: of the filter "only failures". */
export const FAILURE_TYPES = [
  "TaskFailed",
  "ChildWorkflowInstanceFailed",
  "UpdateFailed",
  "ExecutionStalled",
  "ExecutionCompleted",
  "ExecutionTerminated",
  "ExecutionCancelRequested",
] as const satisfies readonly HistoryEvent["type"][];

/** An end in peace is none. */
export function isFailure(event: HistoryEvent): boolean {
  if (event.type === "ExecutionCompleted") return event.status !== "COMPLETED";
  return (FAILURE_TYPES as readonly string[]).includes(event.type);
}

/** The text of an event for one line: its payload, or why it failed. `undefined`: it has none. */
export function summaryOf(event: HistoryEvent): string | undefined {
  const told = event as {
    readonly failure?: { readonly errorType: string; readonly message: string };
    readonly message?: string;
    readonly result?: string;
    readonly output?: string;
    readonly input?: string;
    readonly reason?: string;
  };
  if (told.failure !== undefined) return `${told.failure.errorType}: ${told.failure.message}`;
  const text = told.message ?? told.result ?? told.output ?? told.input ?? told.reason;
  return text === undefined ? undefined : cut(text, 200);
}

/** Never in the middle of a character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}
