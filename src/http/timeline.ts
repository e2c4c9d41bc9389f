import type { Bar, BarAttempt } from "../instance/protocol.ts";
import { formatTime } from "../model/time.ts";

/** A bar as the timeline shows it. What is undefined is left out. */
export function toBar(bar: Bar): object {
  const { position, kind, status, id, name, branch, errorType, events } = bar;
  return {
    position,
    kind,
    status,
    id,
    name,
    branch,
    instanceID: bar.instanceId,
    updateID: bar.updateId,
    scheduled: formatTime(bar.scheduledAtMs),
    started: timeOf(bar.startedAtMs),
    ended: timeOf(bar.endedAtMs),
    due: timeOf(bar.dueAtMs),
    errorType,
    attempts: bar.attempts?.map(toAttempt),
    events,
  };
}

function toAttempt({ id, attempt, status, scheduledAtMs, endedAtMs, errorType, nextAttemptAtMs }: BarAttempt): object {
  const [scheduled, ended] = [formatTime(scheduledAtMs), timeOf(endedAtMs)];
  return { id, attempt, status, scheduled, ended, errorType, nextAttempt: timeOf(nextAttemptAtMs) };
}

export function timeOf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : formatTime(atMs);
}
