import * as v from "valibot";
import { MOST_REBUILT } from "../catalog/rebuild.ts";
import { JOB_OPERATIONS, MOST_TARGETS } from "../jobs/job.ts";
import { OVERLAPS } from "../schedules/fields.ts";
import { MAX_REASON, MAX_RPS } from "./parameters.ts";

/*
 * What the bodies of the routes beyond Dapr may have: their handlers read them with `readJsonBody`, and the OpenAPI document describes them.
 */

export const reason = v.pipe(v.string(), v.maxLength(MAX_REASON));

/** An instance may have any ID: those of children are made of the parent's. */
const instanceId = v.pipe(
  v.string(),
  v.nonEmpty(() => "is the ID of an instance, found an empty text"),
  v.maxLength(1_024),
);

/** Of what is asked of one instance. */
export const REASON_ALONE = v.strictObject({ reason: v.exactOptional(reason) });

/** Names of versions are the author's: the code that asks for one has it as a text. */
export const NEW_VERSION = v.strictObject({
  version: v.pipe(
    v.string(),
    v.nonEmpty(() => "is the name of a version, found an empty text"),
  ),
  reason: v.exactOptional(reason),
});

export const CATALOG_REBUILD = v.strictObject({
  instanceIDs: v.pipe(v.array(instanceId), v.minLength(1), v.maxLength(MOST_REBUILT)),
  reason: v.exactOptional(reason),
});

/** Any JSON value, or none. */
const value = v.exactOptional(v.unknown());

export const START_AND_RAISE = v.strictObject({
  input: value,
  eventPayload: value,
  reason: v.exactOptional(reason),
});

const flag = v.exactOptional(v.boolean());
const eventId = v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)));

export const BULK_JOB = v.strictObject({
  operation: v.picklist(JOB_OPERATIONS),
  instanceIDs: v.exactOptional(v.pipe(v.array(instanceId), v.minLength(1), v.maxLength(MOST_TARGETS))),
  filter: v.exactOptional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))),
  dryRun: flag,
  confirm: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  rps: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_RPS))),
  reason: v.exactOptional(reason),
  eventName: v.exactOptional(v.pipe(v.string(), v.minLength(1))),
  payload: value,
  output: value,
  nonRecursive: flag,
  force: flag,
  eventID: eventId,
  input: value,
});

export type JobBody = v.InferOutput<typeof BULK_JOB>;

export const RERUN = v.strictObject({
  eventID: eventId,
  newInstanceID: v.exactOptional(v.string()),
  input: value,
  newChildWorkflowInstanceID: v.exactOptional(instanceId),
  reason: v.exactOptional(reason),
});

const duration = v.pipe(v.string(), v.maxLength(100));
const timeText = v.pipe(v.string(), v.maxLength(100));
const expression = v.pipe(v.string(), v.maxLength(200));
const attributes = v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]));
const overlap = v.picklist(OVERLAPS);
const actions = v.pipe(v.number(), v.integer(), v.minValue(1));

/** What a schedule may have. What its texts mean is found out where schedules are. */
const SCHEDULE_FIELDS = {
  workflowName: v.pipe(v.string(), v.minLength(1), v.maxLength(1_024)),
  cron: v.union([expression, v.pipe(v.array(expression), v.minLength(1), v.maxLength(20))]),
  interval: duration,
  offset: duration,
  anchor: timeText,
  at: timeText,
  timeZone: v.pipe(v.string(), v.maxLength(100)),
  searchAttributes: attributes,
  retention: duration,
  overlap,
  catchUpWindow: duration,
  jitter: duration,
  startAt: timeText,
  endAt: timeText,
  pauseOnFailure: v.boolean(),
};
type ScheduleFieldSchemas = typeof SCHEDULE_FIELDS;

function each<W>(wrap: (schema: v.GenericSchema) => v.GenericSchema) {
  return Object.fromEntries(Object.entries(SCHEDULE_FIELDS).map(([name, schema]) => [name, wrap(schema)])) as W;
}

const given = {
  ...each<{ [Name in keyof ScheduleFieldSchemas]: v.ExactOptionalSchema<ScheduleFieldSchemas[Name], undefined> }>(
    (schema) => v.exactOptional(schema),
  ),
  workflowName: SCHEDULE_FIELDS.workflowName,
  input: value,
  remainingActions: v.exactOptional(actions),
  paused: flag,
  reason: v.exactOptional(reason),
};

const scheduleId = v.string();
export const NEW_SCHEDULE = v.strictObject({ id: scheduleId, ...given });
export const PUT_SCHEDULE = v.strictObject(given);
export type ScheduleBody = v.InferOutput<typeof PUT_SCHEDULE>;

const changed = each<{
  [Name in keyof ScheduleFieldSchemas]: v.ExactOptionalSchema<
    v.NullableSchema<ScheduleFieldSchemas[Name], undefined>,
    undefined
  >;
}>((schema) => v.exactOptional(v.nullable(schema)));

/** `null` takes a field away. */
const changedSchedule = {
  ...changed,
  workflowName: v.exactOptional(SCHEDULE_FIELDS.workflowName),
  input: value,
  remainingActions: v.exactOptional(v.nullable(actions)),
  reason: v.exactOptional(reason),
};
export const CHANGED_SCHEDULE = v.strictObject(changedSchedule);
/** What makes or changes a schedule can be previewed as it is. */
export const PREVIEWED_SCHEDULE = v.strictObject({ ...changedSchedule, paused: flag });

export const TRIGGER = v.strictObject({
  input: value,
  overlap: v.exactOptional(overlap),
  reason: v.exactOptional(reason),
});

export const BACKFILL = v.strictObject({
  from: timeText,
  to: timeText,
  overlap: v.exactOptional(overlap),
  dryRun: flag,
  reason: v.exactOptional(reason),
});
