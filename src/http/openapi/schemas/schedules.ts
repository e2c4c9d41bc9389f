import * as v from "valibot";
import { OVERLAPS } from "../../../schedules/fields.ts";
import { BACKFILL, CHANGED_SCHEDULE, NEW_SCHEDULE, PREVIEWED_SCHEDULE, PUT_SCHEDULE, TRIGGER } from "../../bodies.ts";
import { count, may, searchAttributes, text, time, whole } from "./shape.ts";

const duration = v.pipe(v.string(), v.description("A Go duration."));
const times = v.array(time);
const kind = v.picklist(["scheduled", "triggered", "backfilled"]);
const outcome = v.picklist(["started", "skipped", "missed", "ID in use", "waiting", "starting"]);

const fire = v.object({
  instanceID: text,
  kind,
  nominalTime: time,
  actualTime: may(v.pipe(time, v.description("When that was known; there is none while it waits, or is starting."))),
  latenessMs: may(v.pipe(whole, v.description("How much later than it was due, jitter included."))),
  outcome,
  message: may(text),
});

const schedule = v.object({
  id: text,
  workflowName: text,
  input: may(v.unknown()),
  cron: may(v.union([text, v.array(text)])),
  interval: may(duration),
  offset: may(duration),
  anchor: may(time),
  at: may(time),
  timeZone: text,
  searchAttributes: may(searchAttributes),
  retention: may(duration),
  overlap: v.picklist(OVERLAPS),
  catchUpWindow: duration,
  jitter: duration,
  startAt: may(time),
  endAt: may(time),
  pauseOnFailure: v.boolean(),
  remainingActions: may(count),
  source: v.pipe(v.picklist(["api", "code"]), v.description("Whether code declares it, or the API has made it.")),
  paused: v.boolean(),
  pause: may(v.object({ reason: may(text), by: may(text), at: time })),
  problem: may(v.pipe(v.string(), v.description("Why it does nothing: the code of today cannot read it."))),
  createdAt: time,
  lastUpdatedAt: time,
  nextTimes: v.pipe(times, v.description("The next 10; in a list, the next.")),
  running: v.pipe(v.array(text), v.description("Instances that are not known to have ended.")),
  fires: v.pipe(v.array(fire), v.maxLength(20), v.description("The last, the newest first.")),
});

export const SCHEDULE_SCHEMAS = {
  NewSchedule: NEW_SCHEDULE,
  PutSchedule: PUT_SCHEDULE,
  ScheduleChange: CHANGED_SCHEDULE,
  PreviewedSchedule: PREVIEWED_SCHEDULE,
  ScheduleTrigger: TRIGGER,
  ScheduleBackfill: BACKFILL,
  Schedule: schedule,
  ScheduleList: v.object({ schedules: v.array(schedule), continuationToken: may(text) }),
  ScheduleTriggered: v.object({ instanceID: text, outcome }),
  ScheduleBackfilled: v.object({ times, instanceIDs: v.array(text) }),
  SchedulePreview: v.object({ timeZone: text, times }),
};
