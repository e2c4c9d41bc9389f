import { parseRfc3339 } from "../model/rfc3339.ts";
import { SCHEDULES_MISSING, type Schedules } from "../schedules/binding.ts";
import { changeFields, type FieldChanges, type ScheduleFields } from "../schedules/fields.ts";
import type { GivenInput, Refusal, SavedResult, ScheduleApi } from "../schedules/protocol.ts";
import { nominalTime, timesAfter, timetableOf } from "../schedules/timetable.ts";
import { noteAsked } from "./asked.ts";
import {
  BACKFILL,
  CHANGED_SCHEDULE,
  NEW_SCHEDULE,
  PREVIEWED_SCHEDULE,
  PUT_SCHEDULE,
  REASON_ALONE,
  type ScheduleBody,
  TRIGGER,
} from "./bodies.ts";
import { fieldAsJson } from "./body.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import {
  bodyMalformed,
  malformed,
  operationFailed,
  scheduleExists,
  scheduleNotFound,
  schedulesNotConfigured,
} from "./errors.ts";
import { retrying } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { PREVIEW, REQUEST_ID, readParameters, SCHEDULES_PAGE } from "./parameters.ts";
import { accepted, json, noContent, type Reply } from "./replies.ts";
import { toSchedule } from "./schedule.ts";
import { checkRegistered } from "./start.ts";

/*
 * Schedules: made, seen, changed and asked for more. All of it is ours. Each is a call of the object of one schedule; what is wrong with what was asked
 * for is found there.
 */

const ID = /^[A-Za-z0-9_-]{1,40}$/;
/** What a preview of times alone has for a workflow. */
const NO_WORKFLOW = { workflowName: "preview" };

/** `POST /v1.0/workflow-schedules/{component}`: 201 and the schedule. One that is there is in the way: 409. */
export async function createSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const body = await readJsonBody(call, deps, NEW_SCHEDULE);
  const { id, ...rest } = body;
  checkNewId(id);
  return saved(id, await make(id, rest, call, deps, false));
}

/** `PUT /v1.0/workflow-schedules/{component}/{schedule}`: 201 and the schedule, or 200 where it has replaced one: what that has done stays. */
export async function putSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  checkNewId(id);
  return saved(id, await make(id, await readJsonBody(call, deps, PUT_SCHEDULE), call, deps, true));
}

async function make(
  id: string,
  body: ScheduleBody,
  call: Call,
  deps: HttpDeps,
  replaces: boolean,
): Promise<SavedResult> {
  const { reason, actor: by } = noteAsked(call, body);
  const { input: _, paused, remainingActions, reason: __, ...fields } = body;
  checkRegistered(fields.workflowName, deps);
  const { requestID = deps.newId() } = readParameters(call, REQUEST_ID);
  const request = {
    fields,
    input: fieldAsJson(body, "input"),
    remainingActions,
    pause: paused === true ? { reason, by } : paused === false ? null : undefined,
    replaces,
    requestId: requestID,
  };
  return ask(id, call, deps, (schedule) => schedule.create(request));
}

function saved(id: string, result: SavedResult): Reply {
  if (!result.ok) throw refused(id, result);
  return json(result.isNew ? 201 : 200, toSchedule(result.schedule));
}

/** `PATCH …/{schedule}`: 200 and the schedule. Only what is named changes; `null` takes a field away. */
export async function changeSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const body = await readJsonBody(call, deps, CHANGED_SCHEDULE);
  noteAsked(call, body);
  const { input: _, remainingActions, reason: __, ...fields } = body;
  if (fields.workflowName !== undefined) checkRegistered(fields.workflowName, deps);
  const input = givenInput(body);
  const { id } = call.params;
  return saved(id, await ask(id, call, deps, (schedule) => schedule.change({ fields, input, remainingActions })));
}

/** `GET …/{component}[?pageSize=][&continuationToken=]`: 200 and the schedules, in the order of their IDs. */
export async function listSchedules(call: Call, deps: HttpDeps): Promise<Reply> {
  const schedules = schedulesFor("", call, deps);
  const { pageSize, continuationToken = "" } = readParameters(call, SCHEDULES_PAGE);
  const target = { operation: "schedule", instanceId: "", subject: "" } as const;
  const ids = await retrying(call, deps, target, () => schedules.index().list(continuationToken, pageSize + 1));
  const page = ids.slice(0, pageSize);
  const views = await Promise.all(page.map((id) => ask(id, call, deps, (schedule) => schedule.view(1))));
  const last = page.at(-1);
  return json(200, {
    // One that is being made or deleted may have its name here, and nothing else.
    schedules: views.filter((view) => view !== undefined).map(toSchedule),
    ...(ids.length > pageSize && { continuationToken: last }),
  });
}

/** `GET …/{schedule}`: 200 and the schedule, with its next and its last times. */
export async function getSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const view = await ask(id, call, deps, (schedule) => schedule.view(10));
  if (view === undefined) throw scheduleNotFound(id);
  return json(200, toSchedule(view));
}

/** `DELETE …/{schedule}`: 204. What it has started goes on. */
export async function deleteSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  noteAsked(call, await readJsonBody(call, deps, REASON_ALONE));
  await done(call, deps, (schedule) => schedule.remove());
  return noContent();
}

/** `POST …/{schedule}/trigger`: 202 and the ID of the instance that is started now. */
export async function triggerSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const body = await readJsonBody(call, deps, TRIGGER);
  const asked = noteAsked(call, body);
  const { requestID = deps.newId() } = readParameters(call, REQUEST_ID);
  const request = { requestId: requestID, input: givenInput(body), overlap: body.overlap, ...asked };
  const { id } = call.params;
  const result = await ask(id, call, deps, (schedule) => schedule.trigger(request));
  if (!result.ok) throw refused(id, result);
  return json(202, { instanceID: result.instanceId, outcome: result.outcome });
}

/** `POST …/{schedule}/pause`: 202. Times that come are passed over until it is resumed. */
export async function pauseSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const { reason, actor: by } = noteAsked(call, await readJsonBody(call, deps, REASON_ALONE));
  await done(call, deps, (schedule) => schedule.pause({ reason, by }));
  return accepted();
}

/** `POST …/{schedule}/resume`: 202. */
export async function resumeSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  noteAsked(call, await readJsonBody(call, deps, REASON_ALONE));
  await done(call, deps, (schedule) => schedule.resume());
  return accepted();
}

/** `POST …/{schedule}/backfill`, from when to when: 202 and the instances that are started for times of the past; with `dryRun` 200, and none is. */
export async function backfillSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const body = await readJsonBody(call, deps, BACKFILL);
  noteAsked(call, body);
  const { overlap = "allowAll", dryRun: isDry = false } = body;
  const fromMs = timeIn({ from: body.from });
  const toMs = timeIn({ to: body.to });
  if (fromMs > toMs) throw bodyMalformed("from is not after to");
  if (toMs > deps.now()) throw bodyMalformed("to is not after now: what is to come is started when it comes");
  const { id } = call.params;
  const result = await ask(id, call, deps, (schedule) => schedule.backfill({ fromMs, toMs, overlap, isDry }));
  if (!result.ok) throw refused(id, result);
  const instanceIDs = result.times.map((ms) => `${id}-${nominalTime(ms).replace(/[-:]/g, "")}`);
  return json(isDry ? 200 : 202, { times: result.times.map(nominalTime), instanceIDs });
}

function timeIn(field: Readonly<Record<string, string>>): number {
  const [[name, text] = ["", ""]] = Object.entries(field);
  const ms = parseRfc3339(text);
  if (ms !== undefined) return ms;
  throw bodyMalformed(`${name} is an RFC 3339 time such as 2026-01-02T03:04:05Z, found ${JSON.stringify(text)}`);
}

/** `GET …/{schedule}/preview[?count=]`: 200 and the next times of a schedule. */
export async function previewSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const { count } = readParameters(call, PREVIEW);
  const view = await ask(id, call, deps, (schedule) => schedule.view(count));
  if (view === undefined) throw scheduleNotFound(id);
  return json(200, toPreview(view.fields, view.nextMs));
}

/**
 * `POST …/{schedule}/preview[?count=]`: 200 and the next times of a schedule that is not stored: what the body says; of one that is there, as it were with
 * these changes.
 */
export async function previewNewSchedule(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const { count } = readParameters(call, PREVIEW);
  const body = await readJsonBody(call, deps, PREVIEWED_SCHEDULE);
  const { input: _, paused: __, reason: ___, remainingActions, ...changes } = body;
  const view = await ask(id, call, deps, (schedule) => schedule.view(1));
  const fields = changeFields(view?.fields ?? NO_WORKFLOW, changes as FieldChanges);
  const read = timetableOf(fields);
  if ("problem" in read) throw bodyMalformed(read.problem);
  const left = remainingActions === undefined ? view?.remainingActions : remainingActions;
  return json(200, toPreview(fields, timesAfter(read, deps.now(), Math.min(count, left ?? count))));
}

function toPreview({ timeZone = "UTC" }: ScheduleFields, times: readonly number[]): object {
  return { timeZone, times: times.map(nominalTime) };
}

/** `null` is an input, too. */
function givenInput(body: Readonly<Record<string, unknown>>): GivenInput | undefined {
  return Object.hasOwn(body, "input") ? { text: fieldAsJson(body, "input") } : undefined;
}

async function done(
  call: Call,
  deps: HttpDeps,
  run: (schedule: ScheduleApi) => Promise<{ readonly ok: true } | Refusal>,
): Promise<void> {
  const { id } = call.params;
  const result = await ask(id, call, deps, run);
  if (!result.ok) throw refused(id, result);
}

async function ask<T>(id: string, call: Call, deps: HttpDeps, run: (schedule: ScheduleApi) => Promise<T>): Promise<T> {
  const schedules = schedulesFor(id, call, deps);
  if (!ID.test(id)) throw scheduleNotFound(id);
  return retrying(call, deps, targetOf(id), () => run(schedules.schedule(id)));
}

function targetOf(id: string) {
  return { operation: "schedule", instanceId: id, subject: id } as const;
}

function schedulesFor(id: string, call: Call, deps: HttpDeps): Schedules {
  checkAppId(call, deps, targetOf(id));
  if (deps.schedules === undefined) throw schedulesNotConfigured(deps.withoutSchedules ?? SCHEDULES_MISSING);
  return deps.schedules;
}

function checkNewId(id: string): void {
  if (!ID.test(id))
    throw malformed(
      `the ID of a schedule has 1 to 40 letters, digits, _ and -, found ${JSON.stringify(id.slice(0, 60))}`,
    );
}

function refused(id: string, refusal: Refusal): Error {
  switch (refusal.code) {
    case "NOT_FOUND":
      return scheduleNotFound(id);
    case "EXISTS":
      return scheduleExists(id);
    case "INVALID":
      return bodyMalformed(refusal.message);
    default:
      refusal satisfies never;
      return operationFailed("schedule", id, "it refused");
  }
}
