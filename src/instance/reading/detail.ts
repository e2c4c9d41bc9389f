import type { Outline } from "../../engine/turn.ts";
import type { FailureDetails } from "../../model/failure.ts";
import type { ExecutionStalled, HistoryFact } from "../../model/history-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import type { Bar, BufferedEvents, InstanceDetail, PendingAttempt, WaitingLease } from "../views.ts";
import type { Snapshot } from "./snapshot.ts";
import { shownBranches, shownStanding } from "./standing.ts";
import { type OpenCall, Timeline } from "./timeline.ts";

/** What is known of an instance beside its database. */
export interface Moment extends Snapshot {
  readonly startAtMs: number | undefined;
  readonly nextDueAtMs: number | undefined;
  readonly leases: readonly WaitingLease[] | undefined;
  waitsForLimit(activity: string | undefined, callId?: number): string | undefined;
  /** What waits for its start with it. */
  readonly waiting: readonly HistoryFact[];
}

interface Read {
  readonly started: HistoryFact | undefined;
  readonly completed: Outline["completed"];
  readonly stall: ExecutionStalled | undefined;
}

/** So many of a kind are told. */
const MAX_LISTED = 1_000;
const MAX_MESSAGE = 1_024;

/** Reads the whole history but its payloads: calls that are open, and how their attempts have failed, stand nowhere else. */
export function detailOf(
  { store }: InstancePorts,
  { executionId, generation, version, parent }: InstanceRecord,
  moment: Moment,
  { started, completed, stall }: Read,
): InstanceDetail {
  const { waits, isOpen, startAtMs, nextDueAtMs, waiting, standing, leases } = moment;
  const timeline = new Timeline();
  for (const { seq, event } of store.skimHistory()) timeline.add(seq, event);
  const calls = timeline.openCalls();
  const { listed, more } = listing();
  const start = started?.type === "ExecutionStarted" ? started : undefined;
  return {
    executionId,
    generation,
    version: version ?? start?.version,
    parent,
    actor: start?.actor,
    endedAtMs: timeline.endedAtMs,
    startAtMs,
    ...(standing && shownStanding(startAtMs, standing, moment.waitsForLimit)),
    branches: waits && shownBranches(listed("branches", waits.branches), moment.waitsForLimit),
    activities: listed("pendingActivities", ofKind(calls, "activity")).map(toActivity),
    timers: listed("openTimers", timeline.endedAtMs === undefined ? timeline.openTimers(isOpen) : []).map(toTimer),
    children: listed("openChildren", ofKind(calls, "child")).map(toChild),
    awaitedEvents: waits && listed("awaitedEvents", waits.events),
    awaitsCondition: waits?.condition,
    bufferedEvents: listed("bufferedEvents", byName([...(waits?.buffered ?? []), ...waiting])),
    queries: waits && listed("queries", waits.handlers.queries),
    updates: waits && listed("updates", waits.handlers.updates),
    limits: leases && listed("limits", leases),
    more,
    sizes: { ...store.sizes(), inputBytes: bytesOf(start?.input), outputBytes: bytesOf(outputOf(completed)) },
    stall: stall && { reason: stall.reason, message: stall.message },
    nextDueAtMs,
  };
}

/** Cuts lists; `more` has how many there are of those that were. */
function listing() {
  const more: Record<string, number> = {};
  const listed = <T>(name: string, all: readonly T[]): readonly T[] => {
    if (all.length > MAX_LISTED) more[name] = all.length;
    return all.slice(0, MAX_LISTED);
  };
  return { listed, more };
}

/** Of an instance that this code, or these keys, cannot read. */
export function unreadableDetail(
  { executionId, generation, version, parent }: InstanceRecord,
  stall: NonNullable<InstanceDetail["stall"]>,
): InstanceDetail {
  return { executionId, generation, version, parent, retrying: false, activities: [], timers: [], children: [], stall };
}

function ofKind(calls: readonly OpenCall[], kind: Bar["kind"]): OpenCall[] {
  return calls.filter(({ bar }) => bar.kind === kind);
}

function attemptOf({ bar, attempt, failure }: OpenCall): PendingAttempt {
  const status = bar.status === "retrying" ? "retrying" : "running";
  return {
    attempt,
    status,
    branch: bar.branch,
    lastFailure: failure && shortened(failure),
    nextAttemptAtMs: bar.dueAtMs,
  };
}

/** A thousand of them fit into one answer; the history has them whole. */
function shortened({ errorType, message }: FailureDetails): FailureDetails {
  const isLong = message.length > MAX_MESSAGE;
  return { errorType, message: isLong ? `${message.slice(0, MAX_MESSAGE).toWellFormed()}…` : message };
}

function toActivity(call: OpenCall) {
  const { id = 0, name = "", scheduledAtMs } = call.bar;
  return { id, name, scheduledAtMs, ...attemptOf(call) };
}

function toChild(call: OpenCall) {
  const { id = 0, name = "", instanceId = "", scheduledAtMs } = call.bar;
  return { id, name, instanceId, createdAtMs: scheduledAtMs, ...attemptOf(call) };
}

function toTimer({ id = 0, branch, scheduledAtMs, dueAtMs = 0 }: Bar) {
  return { id, branch, createdAtMs: scheduledAtMs, fireAtMs: dueAtMs };
}

export function byName(facts: readonly HistoryFact[]): BufferedEvents[] {
  const counts = new Map<string, number>();
  for (const fact of facts) if (fact.type === "EventRaised") counts.set(fact.name, (counts.get(fact.name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count }));
}

function outputOf(completed: Outline["completed"]): string | undefined {
  return completed?.type === "ExecutionCompleted" ? completed.output : undefined;
}

function bytesOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text).byteLength;
}
