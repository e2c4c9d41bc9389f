import * as v from "valibot";
import type { BarKind, BarStatus } from "../../../model/timeline.ts";
import { count, may, text, time, whole } from "./shape.ts";
import { branch } from "./standing.ts";

const barStatus = v.picklist(
  Object.keys({
    running: 1,
    retrying: 1,
    waiting: 1,
    completed: 1,
    failed: 1,
    canceled: 1,
    left: 1,
  } satisfies Record<BarStatus, 1>) as BarStatus[],
);
const barKind = v.picklist(
  Object.keys({
    turn: 1,
    activity: 1,
    child: 1,
    timer: 1,
    event: 1,
    update: 1,
    pause: 1,
    stall: 1,
    cancel: 1,
    terminate: 1,
    rewind: 1,
    version: 1,
    sent: 1,
    detached: 1,
  } satisfies Record<BarKind, 1>) as BarKind[],
);
const position = v.pipe(count, v.description("The number of the event that it begins with."));
const timelineBar = v.object({
  position,
  kind: barKind,
  status: barStatus,
  id: may(whole),
  name: may(text),
  branch,
  instanceID: may(text),
  updateID: may(text),
  scheduled: time,
  started: may(v.pipe(time, v.description("Its last attempt, where that is not the first."))),
  ended: may(time),
  due: may(v.pipe(time, v.description("Of a timer, or of the next attempt."))),
  errorType: may(text),
  attempts: may(
    v.array(
      v.object({
        id: whole,
        attempt: whole,
        status: barStatus,
        scheduled: time,
        ended: may(time),
        errorType: may(text),
        nextAttempt: may(time),
      }),
    ),
  ),
  events: may(v.pipe(count, v.description("Of a turn: how many events it has."))),
});

export const TIMELINE_SCHEMAS = {
  Timeline: v.object({
    instanceID: text,
    executionId: text,
    bars: v.array(timelineBar),
    continuationToken: may(text),
    truncated: may(
      v.pipe(v.literal(true), v.description("What ends after the events that were looked at is shown as open.")),
    ),
  }),
};
