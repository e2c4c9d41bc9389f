import * as v from "valibot";
import type { HistoryEvent, HistoryEventType, RerunOf } from "../../../model/history-event.ts";
import {
  atMs,
  count,
  type Exactly,
  exactly,
  failureDetails,
  may,
  parent,
  payload,
  type Schema,
  searchAttributes,
  text,
  whole,
} from "./shape.ts";

type EventOf<Type extends HistoryEventType> = Omit<Extract<HistoryEvent, { type: Type }>, "type" | "timestampMs">;

function event<const Type extends HistoryEventType, F extends v.ObjectEntries>(
  type: Type,
  fields: F & Exactly<EventOf<Type>, v.ObjectSchema<F, undefined>>,
) {
  return v.object({ timestampMs: atMs, type: v.literal(type), ...(fields as F) });
}

const rerunOf: v.GenericSchema<RerunOf> = exactly<RerunOf>()(
  v.object({ instanceId: text, executionId: text, eventId: may(whole), events: count, delayMs: v.number() }),
);
const ofBranch = { branch: may(text) };
const asked = { reason: may(text), actor: may(text) };
const failed = { id: whole, failure: failureDetails };
const EVENTS = {
  ExecutionStarted: event("ExecutionStarted", {
    name: text,
    executionId: text,
    generation: count,
    version: may(text),
    input: may(payload),
    parent: may(parent),
    traceparent: may(text),
    startAtMs: may(atMs),
    recentMessages: may(v.record(text, atMs)),
    ...asked,
    searchAttributes: may(searchAttributes),
    rerunOf: may(rerunOf),
    seed: may(text),
  }),
  TaskScheduled: event("TaskScheduled", {
    id: whole,
    name: text,
    input: may(payload),
    attempt: may(whole),
    firstId: may(whole),
    timeoutMs: may(v.number()),
    deadlineAtMs: may(atMs),
    heartbeatTimeoutMs: may(v.number()),
    progress: may(payload),
    ...ofBranch,
  }),
  TaskCompleted: event("TaskCompleted", { id: whole, result: may(payload) }),
  TaskFailed: event("TaskFailed", { ...failed, progress: may(payload) }),
  TimerCreated: event("TimerCreated", { id: whole, fireAtMs: atMs, firstId: may(whole), ...ofBranch }),
  TimerFired: event("TimerFired", { id: whole }),
  EventRaised: event("EventRaised", { name: text, input: may(payload), messageId: may(text), ...asked }),
  ChildWorkflowInstanceCreated: event("ChildWorkflowInstanceCreated", {
    id: whole,
    name: text,
    instanceId: text,
    input: may(payload),
    attempt: may(whole),
    firstId: may(whole),
    searchAttributes: may(searchAttributes),
    ...ofBranch,
  }),
  ChildWorkflowInstanceCompleted: event("ChildWorkflowInstanceCompleted", { id: whole, result: may(payload) }),
  ChildWorkflowInstanceFailed: event("ChildWorkflowInstanceFailed", failed),
  DetachedWorkflowScheduled: event("DetachedWorkflowScheduled", {
    id: whole,
    name: text,
    instanceId: text,
    input: may(payload),
    startAtMs: may(atMs),
    searchAttributes: may(searchAttributes),
    ...ofBranch,
  }),
  EventSent: event("EventSent", { id: whole, name: text, instanceId: text, input: may(payload), ...ofBranch }),
  ChildCancelRequested: event("ChildCancelRequested", {
    id: whole,
    taskId: whole,
    instanceId: text,
    reason: may(text),
    ...ofBranch,
  }),
  ChildEventSent: event("ChildEventSent", {
    id: whole,
    taskId: whole,
    name: text,
    instanceId: text,
    input: may(payload),
    ...ofBranch,
  }),
  PatchRecorded: event("PatchRecorded", { name: text }),
  UpdateRequested: event("UpdateRequested", { updateId: text, name: text, input: may(payload), ...asked }),
  UpdateCompleted: event("UpdateCompleted", { updateId: text, result: may(payload) }),
  UpdateFailed: event("UpdateFailed", { updateId: text, failure: failureDetails, rejected: v.boolean() }),
  ExecutionSuspended: event("ExecutionSuspended", asked),
  ExecutionResumed: event("ExecutionResumed", asked),
  ExecutionCancelRequested: event("ExecutionCancelRequested", asked),
  ExecutionTerminated: event("ExecutionTerminated", {
    output: may(payload),
    recursive: v.boolean(),
    ...asked,
  }),
  ExecutionStalled: event("ExecutionStalled", {
    reason: v.picklist(["VERSION_NOT_AVAILABLE", "PATCH_MISMATCH", "NON_DETERMINISM", "WORKFLOW_NOT_REGISTERED"]),
    message: text,
    beforeFirstTurn: v.boolean(),
    knownBy: may(text),
  }),
  ExecutionUnstalled: event("ExecutionUnstalled", {}),
  ExecutionCompleted: event("ExecutionCompleted", {
    status: v.picklist(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]),
    output: may(payload),
    failure: may(failureDetails),
    failedAt: may(count),
    askedFrom: may(count),
    answerStays: may(v.literal(true)),
  }),
  ExecutionRewound: event("ExecutionRewound", {
    requestId: may(text),
    failedAt: count,
    askedFrom: count,
    answerStays: may(v.literal(true)),
    ...asked,
  }),
  ExecutionVersionChanged: event("ExecutionVersionChanged", { requestId: may(text), version: text, ...asked }),
} satisfies Record<HistoryEventType, Schema>;

const historyEvent = v.variant("type", Object.values(EVENTS) as [(typeof EVENTS)[HistoryEventType]]);

/** Events of a history, and a page of them. */
export const HISTORY_SCHEMAS = {
  History: v.object({
    events: v.array(historyEvent),
    positions: may(v.pipe(v.array(whole), v.description("Of a search: the number of each event, counted from 0."))),
    continuationToken: may(text),
    complete: may(v.pipe(v.literal(false), v.description("The search was given up before the page was full."))),
  }),
  HistoryEvent: historyEvent,
};
