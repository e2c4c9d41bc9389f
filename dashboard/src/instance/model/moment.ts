import type {
  FailureDetails,
  HistoryEvent,
  HistoryEventType,
  RerunOf,
  RuntimeStatus,
  WireActivity,
  WireChild,
  WireDetail,
} from "./wire.ts";
import { msOf } from "./wire.ts";

/*
 * Where an instance stands after so many events of its history: a function of these events alone, which live pages and time travel share.
 *
 *   M1  A moment is never changed: `advance` gives the one that follows.
 *   M2  Events that are applied one by one give the same as all at once, from whichever moment they go on.
 *   M3  What no event tells (what the code waits for, its custom status, timers that it has called off) is not guessed here.
 */

export interface Moment {
  /** How many events have happened. */
  readonly events: number;
  readonly executionId: string;
  readonly generation: number;
  readonly name: string;
  readonly version?: string | undefined;
  readonly status: RuntimeStatus;
  readonly startedMs?: number | undefined;
  readonly lastMs?: number | undefined;
  readonly endedMs?: number | undefined;
  readonly lastType?: HistoryEventType | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly failure?: FailureDetails | undefined;
  readonly traceparent?: string | undefined;
  readonly rerunOf?: RerunOf | undefined;
  /** Who has paused, canceled or terminated it, and why. */
  readonly asked?:
    | { readonly what: "paused" | "canceled" | "terminated"; readonly reason?: string; readonly actor?: string }
    | undefined;
  readonly stall?: { readonly reason: string; readonly message: string } | undefined;
  /** By the ID of the first attempt. */
  readonly calls: ReadonlyMap<number, Call>;
  /** By the ID of its last attempt, the ID of its first. */
  readonly attempts: ReadonlyMap<number, number>;
  readonly timers: ReadonlyMap<number, Timer>;
  readonly updates: ReadonlyMap<string, { readonly name: string; readonly sinceMs: number }>;
  /** How often an event of this name has come. */
  readonly raised: ReadonlyMap<string, number>;
  /** The calls that have failed last, for a rewind that opens one of them again; by the number of the event. */
  readonly failed: readonly { readonly position: number; readonly call: Call }[];
  /** Answers of calls. */
  readonly completed: number;
  readonly failures: number;
}

/** An activity or a child without an answer. */
export interface Call {
  readonly kind: "activity" | "child";
  readonly id: number;
  /** That of its last attempt. */
  readonly lastId: number;
  readonly position: number;
  readonly name: string;
  readonly branch?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly status: "running" | "retrying";
  readonly attempt: number;
  readonly scheduledMs: number;
  readonly attemptMs: number;
  readonly lastFailure?: Pick<FailureDetails, "errorType" | "message"> | undefined;
  readonly nextAttemptMs?: number | undefined;
}

export interface Timer {
  readonly id: number;
  readonly branch?: string | undefined;
  readonly position: number;
  readonly createdMs: number;
  readonly fireMs: number;
}

export const NOTHING_YET: Moment = {
  events: 0,
  executionId: "",
  generation: 0,
  name: "",
  status: "PENDING",
  calls: new Map(),
  attempts: new Map(),
  timers: new Map(),
  updates: new Map(),
  raised: new Map(),
  failed: [],
  completed: 0,
  failures: 0,
};

const MAX_FAILED = 50;

/**
 * As the server tells it, so that what happens from there on can be applied. `lastIdOf`: the ID of the last attempt of the call with this ID,
 * which the description does not tell, and the timeline does.
 */
export function momentOf(detail: WireDetail, lastIdOf: (id: number) => number = (id) => id): Moment {
  const { runtimeStatus: status, executionId, generation, workflowName: name = "", version, failure, stall } = detail;
  const calls = [
    ...detail.pendingActivities.map((one) => pending("activity", one, { name: one.name, scheduled: one.scheduledAt })),
    ...detail.openChildren.map((one) =>
      pending("child", one, { name: one.workflowName, scheduled: one.createdAt, instanceId: one.instanceID }),
    ),
  ].map((call): Call => ({ ...call, lastId: lastIdOf(call.id) }));
  const timers = detail.openTimers.map(({ id, branch, createdAt, fireAt }) => ({
    id,
    branch,
    position: -1,
    createdMs: msOf(createdAt),
    fireMs: msOf(fireAt),
  }));
  return {
    ...NOTHING_YET,
    events: detail.sizes?.historyEvents ?? 0,
    executionId,
    generation,
    name,
    version,
    status,
    startedMs: msOf(detail.createdAt),
    lastMs: msOf(detail.lastUpdatedAt),
    endedMs: msOf(detail.endedAt),
    input: detail.properties?.["dapr.workflow.input"],
    output: detail.properties?.["dapr.workflow.output"],
    failure,
    stall,
    calls: new Map(calls.map((call) => [call.id, call])),
    attempts: new Map(calls.map(({ id, lastId }) => [lastId, id])),
    timers: new Map(timers.map((timer) => [timer.id, timer])),
  };
}

function pending(
  kind: Call["kind"],
  { id, branch, status, attempt, lastFailure, nextAttemptAt }: WireActivity | WireChild,
  { name, scheduled, instanceId }: { readonly name: string; readonly scheduled: string; readonly instanceId?: string },
): Omit<Call, "lastId"> {
  const scheduledMs = msOf(scheduled);
  const rest = { branch, lastFailure, nextAttemptMs: msOf(nextAttemptAt), instanceId };
  return { kind, id, position: -1, name, status, attempt, scheduledMs, attemptMs: scheduledMs, ...rest };
}

/** What follows when these events have happened. Copies once, however many they are: thousands of calls may be open. */
export function advance(moment: Moment, events: readonly HistoryEvent[]): Moment {
  if (events.length === 0) return moment;
  const { calls, attempts, timers, updates, raised } = moment;
  const draft: Draft = {
    ...moment,
    calls: new Map(calls),
    attempts: new Map(attempts),
    timers: new Map(timers),
    updates: new Map(updates),
    raised: new Map(raised),
    failed: [...moment.failed],
  };
  for (const event of events) {
    const position = draft.events;
    draft.events++;
    draft.lastMs = event.timestampMs;
    draft.lastType = event.type;
    apply(draft, event, position);
  }
  return draft;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Writable<Omit<Moment, "calls" | "attempts" | "timers" | "updates" | "raised" | "failed">> & {
  readonly calls: Map<number, Call>;
  readonly attempts: Map<number, number>;
  readonly timers: Map<number, Timer>;
  readonly updates: Map<string, { readonly name: string; readonly sinceMs: number }>;
  readonly raised: Map<string, number>;
  readonly failed: { readonly position: number; readonly call: Call }[];
};

function apply(draft: Draft, event: HistoryEvent, position: number): void {
  switch (event.type) {
    case "ExecutionStarted": {
      const { name, executionId, generation, version, input, traceparent, rerunOf, timestampMs: startedMs } = event;
      const told = { name, executionId, generation, version, input, traceparent, rerunOf, startedMs };
      Object.assign(draft, told, { status: "RUNNING" });
      return;
    }
    case "TaskScheduled":
    case "ChildWorkflowInstanceCreated":
      return called(draft, event, position);
    case "TaskCompleted":
    case "ChildWorkflowInstanceCompleted":
      if (closed(draft, event.id) !== undefined) draft.completed++;
      return;
    case "TaskFailed":
    case "ChildWorkflowInstanceFailed":
      return failedCall(draft, event, position);
    case "TimerCreated":
      return timerCreated(draft, event, position);
    case "TimerFired":
      draft.timers.delete(event.id);
      return;
    case "EventRaised":
      draft.raised.set(event.name, (draft.raised.get(event.name) ?? 0) + 1);
      return;
    case "UpdateRequested":
      draft.updates.set(event.updateId, { name: event.name, sinceMs: event.timestampMs });
      return;
    case "UpdateCompleted":
    case "UpdateFailed":
      draft.updates.delete(event.updateId);
      return;
    case "DetachedWorkflowScheduled":
    case "EventSent":
    case "ChildCancelRequested":
    case "ChildEventSent":
    case "PatchRecorded":
      return;
    default:
      return applyState(draft, event);
  }
}

type OfState = Extract<HistoryEvent, { type: `Execution${string}` }>;

function applyState(draft: Draft, event: OfState): void {
  switch (event.type) {
    case "ExecutionSuspended":
      draft.status = "SUSPENDED";
      draft.asked = askedIn(event);
      return;
    case "ExecutionResumed":
      draft.status = "RUNNING";
      draft.asked = undefined;
      return;
    case "ExecutionCancelRequested":
      draft.asked = askedIn(event);
      return;
    case "ExecutionTerminated":
      draft.asked = askedIn(event);
      return;
    case "ExecutionStalled":
      draft.status = "STALLED";
      draft.stall = { reason: event.reason, message: event.message };
      return;
    case "ExecutionUnstalled":
      draft.status = "RUNNING";
      draft.stall = undefined;
      return;
    case "ExecutionCompleted": {
      const { status, output, failure, timestampMs: endedMs } = event;
      Object.assign(draft, { status, output, failure, endedMs, stall: undefined });
      return;
    }
    case "ExecutionRewound":
      return rewound(draft, event);
    case "ExecutionVersionChanged":
      draft.version = event.version;
  }
}

function called(
  { calls, attempts }: Draft,
  event: HistoryEvent & { type: "TaskScheduled" | "ChildWorkflowInstanceCreated" },
  position: number,
): void {
  const { id, name, branch, firstId = id, timestampMs } = event;
  const former = calls.get(firstId);
  const isChild = event.type === "ChildWorkflowInstanceCreated";
  attempts.delete(former?.lastId ?? id);
  attempts.set(id, firstId);
  calls.set(firstId, {
    kind: isChild ? "child" : "activity",
    id: firstId,
    lastId: id,
    position: former?.position ?? position,
    name,
    branch,
    instanceId: isChild ? event.instanceId : undefined,
    status: "running",
    attempt: event.attempt ?? (former?.attempt ?? 0) + 1,
    scheduledMs: former?.scheduledMs ?? timestampMs,
    attemptMs: timestampMs,
    lastFailure: former?.lastFailure,
  });
}

/** The call that this answers; `undefined` when nobody waits for it any more. */
function closed({ calls, attempts }: Draft, id: number): Call | undefined {
  const call = calls.get(attempts.get(id) ?? id);
  if (call === undefined) return undefined;
  attempts.delete(call.lastId);
  calls.delete(call.id);
  return call;
}

/** It may be tried again: what follows in the same turn tells. Until then it is kept with those that have failed. */
function failedCall(
  draft: Draft,
  { id, failure }: HistoryEvent & { type: "TaskFailed" | "ChildWorkflowInstanceFailed" },
  position: number,
): void {
  const call = closed(draft, id);
  if (call === undefined) return;
  draft.failures++;
  const { errorType, message } = failure;
  draft.failed.push({ position, call: { ...call, lastFailure: { errorType, message } } });
  if (draft.failed.length > MAX_FAILED) draft.failed.shift();
}

function timerCreated(
  { calls, attempts, timers, failed }: Draft,
  { id, branch, fireAtMs, firstId, timestampMs }: HistoryEvent & { type: "TimerCreated" },
  position: number,
): void {
  if (firstId === undefined) {
    timers.set(id, { id, branch, position, createdMs: timestampMs, fireMs: fireAtMs });
    return;
  }
  const call = calls.get(firstId) ?? failed.findLast((one) => one.call.id === firstId)?.call;
  if (call === undefined) return;
  calls.set(firstId, { ...call, status: "retrying", nextAttemptMs: fireAtMs });
  attempts.set(call.lastId, firstId);
}

/** What the code has asked for since the failure is dropped; the fatal answer is none any more, so its call is open again. */
function rewound(
  draft: Draft,
  { failedAt, askedFrom, answerStays, timestampMs }: HistoryEvent & { type: "ExecutionRewound" },
): void {
  const { calls, timers, failed } = draft;
  for (const [id, { position }] of calls) if (position >= askedFrom) calls.delete(id);
  for (const [id, { position }] of timers) if (position >= askedFrom) timers.delete(id);
  const fatal = answerStays === true ? undefined : failed.find(({ position }) => position === failedAt)?.call;
  if (fatal !== undefined) {
    calls.set(fatal.id, { ...fatal, status: "running", attemptMs: timestampMs, nextAttemptMs: undefined });
    draft.attempts.set(fatal.lastId, fatal.id);
  }
  Object.assign(draft, {
    status: "RUNNING",
    endedMs: undefined,
    failure: undefined,
    output: undefined,
    asked: undefined,
  });
}

/** Who has asked for what, where the event is such. */
export function askedIn(event: HistoryEvent): Moment["asked"] {
  const what = WHAT[event.type];
  if (what === undefined) return undefined;
  const { reason, actor } = event as { readonly reason?: string; readonly actor?: string };
  return { what, ...(reason !== undefined && { reason }), ...(actor !== undefined && { actor }) };
}

const WHAT: Partial<Record<HistoryEventType, NonNullable<Moment["asked"]>["what"]>> = {
  ExecutionSuspended: "paused",
  ExecutionCancelRequested: "canceled",
  ExecutionTerminated: "terminated",
};

/** Calls that somebody still waits for: of an instance that has ended, none. */
export function openCalls({ calls, endedMs }: Moment): Call[] {
  return endedMs === undefined ? [...calls.values()] : [];
}

export function openTimers({ timers, endedMs }: Moment): Timer[] {
  return endedMs === undefined ? [...timers.values()] : [];
}
