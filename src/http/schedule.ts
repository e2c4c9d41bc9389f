import { formatDuration } from "../model/go-duration.ts";
import type { ScheduleView } from "../schedules/protocol.ts";
import type { Fire, FireRecord, Pause } from "../schedules/state.ts";
import { compactTime, nominalTime } from "../schedules/timetable.ts";

/** A schedule as the API shows it: as it was given, with what is known of it. */
export function toSchedule(view: ScheduleView): object {
  const { id, fields, input, source, paused, remainingActions, problem } = view;
  const { timeZone = "UTC", overlap = "skip", jitter = "0s", pauseOnFailure = false, catchUpWindow, ...given } = fields;
  return {
    id,
    ...given,
    timeZone,
    overlap,
    jitter,
    pauseOnFailure,
    catchUpWindow: catchUpWindow ?? formatDuration(view.catchUpWindowMs),
    ...(input !== undefined && { input: JSON.parse(input) }),
    ...(remainingActions !== undefined && { remainingActions }),
    source,
    paused: paused !== undefined,
    ...(paused !== undefined && { pause: toPause(paused) }),
    ...(problem !== undefined && { problem }),
    createdAt: new Date(view.createdMs).toISOString(),
    lastUpdatedAt: new Date(view.updatedMs).toISOString(),
    nextTimes: view.nextMs.map(nominalTime),
    running: view.running.map(({ key }) => `${id}-${key}`),
    fires: [
      ...view.waiting.map(toOpen(id, "waiting")).reverse(),
      ...view.starting.map(toOpen(id, "starting")).reverse(),
      ...view.fires.map(toFire(id)),
    ].slice(0, MOST_SHOWN),
  };
}

const MOST_SHOWN = 20;

function toPause({ reason, by, atMs }: Pause): object {
  return { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }), at: new Date(atMs).toISOString() };
}

const toFire =
  (id: string) =>
  ({ key, kind, nominalMs, dueMs, actualMs, outcome, message }: FireRecord): object => ({
    instanceID: `${id}-${key}`,
    kind,
    nominalTime: nominalTime(nominalMs),
    actualTime: new Date(actualMs).toISOString(),
    latenessMs: actualMs - dueMs,
    outcome,
    ...(message !== undefined && { message }),
  });

/** One of which nothing has become yet. */
const toOpen =
  (id: string, outcome: "waiting" | "starting") =>
  ({ kind, nominalMs, trigger }: Fire): object => ({
    instanceID: `${id}-${compactTime(nominalMs)}${trigger === undefined ? "" : `-${trigger}`}`,
    kind,
    nominalTime: nominalTime(nominalMs),
    outcome,
  });
