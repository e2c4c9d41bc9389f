import type {
  InstanceDescription,
  OpenChild,
  PendingActivity,
  PendingAttempt,
  WaitingLease,
} from "../instance/protocol.ts";
import { formatDuration } from "../model/go-duration.ts";
import { stateForm } from "./description.ts";
import { timeOf } from "./timeline.ts";

/** The answer of `?detail=full`: Dapr's form, and beside its fields what else there is to tell. What is undefined is left out. */
export function toFullState(state: InstanceDescription): object {
  // Dapr tells little of one that is PENDING.
  const { customStatus, searchAttributes, retentionMs } = state;
  const form = {
    ...stateForm(state),
    customStatus,
    searchAttributes,
    retention: retentionMs === undefined ? undefined : formatDuration(retentionMs),
  };
  const { detail } = state;
  if (detail === undefined) return form;
  const { executionId, generation, version, parent, stall, sizes, more } = detail;
  const { waitingFor, retrying, awaitedEvents, awaitsCondition, bufferedEvents, queries, updates } = detail;
  return {
    ...form,
    version,
    executionId,
    generation,
    startTime: timeOf(detail.startAtMs),
    endedAt: timeOf(detail.endedAtMs),
    parentInstanceID: parent?.instanceId,
    parent,
    waitingFor,
    retrying,
    branches: detail.branches,
    actor: detail.actor,
    pendingActivities: detail.activities.map(toActivity),
    openTimers: detail.timers.map(({ id, branch, createdAtMs, fireAtMs }) => ({
      id,
      branch,
      createdAt: timeOf(createdAtMs),
      fireAt: timeOf(fireAtMs),
    })),
    openChildren: detail.children.map(toChild),
    awaitedEvents,
    awaitsCondition,
    bufferedEvents,
    queries,
    updates,
    limits: detail.limits && detail.limits.length > 0 ? detail.limits.map(toWaiting) : undefined,
    more: more && Object.keys(more).length > 0 ? more : undefined,
    sizes,
    stall,
    nextDueAt: timeOf(detail.nextDueAtMs),
    past: state.past,
  };
}

function toActivity({ id, name, scheduledAtMs, ...attempt }: PendingActivity): object {
  return { id, name, scheduledAt: timeOf(scheduledAtMs), ...toAttempt(attempt) };
}

function toWaiting({ limit, key, taskId: id, activity: name, position, ahead, sinceMs }: WaitingLease): object {
  const activity = id === undefined ? undefined : { id, name };
  return { limit, key, activity, position, ahead, waitingSince: timeOf(sinceMs) };
}

function toChild({ id, name, instanceId, createdAtMs, ...attempt }: OpenChild): object {
  return { id, workflowName: name, instanceID: instanceId, createdAt: timeOf(createdAtMs), ...toAttempt(attempt) };
}

function toAttempt({ branch, status, attempt, lastFailure, nextAttemptAtMs }: PendingAttempt): object {
  return { branch, status, attempt, lastFailure, nextAttemptAt: timeOf(nextAttemptAtMs) };
}
