import type { HistoryEvent } from "../src/model/history-event.ts";
import { elapsedOf, secondsOf } from "./times.ts";

/*
 * A history as `dapr workflow history` prints it: its names of types, its details, its attributes. What our histories have beyond Dapr's
 * keeps our names. Dapr's have an event at the beginning of each turn, which ours do not need: PLAY counts the turns by their times, as the timeline does.
 */

/** Dapr's keys, in its order. */
export interface HistoryRow {
  readonly namespace: string;
  readonly appID: string;
  readonly play: number;
  readonly type: string;
  readonly name: string | null;
  readonly eventId?: number;
  readonly timestamp: string;
  readonly elapsed: string;
  readonly status: string;
  readonly details: string | null;
  readonly router?: string;
  readonly executionId?: string;
  readonly attrs?: string;
}

const DAPR_TYPES: Partial<Record<HistoryEvent["type"], string>> = {
  ChildWorkflowInstanceCreated: "SubOrchCreated",
  ChildWorkflowInstanceCompleted: "SubOrchCompleted",
  ChildWorkflowInstanceFailed: "SubOrchFailed",
};

const STATUSES: Partial<Record<HistoryEvent["type"], string>> = {
  TaskFailed: "FAILED",
  ChildWorkflowInstanceFailed: "FAILED",
  UpdateFailed: "FAILED",
  ExecutionTerminated: "TERMINATED",
  ExecutionSuspended: "SUSPENDED",
  ExecutionResumed: "RESUMED",
  ExecutionStalled: "STALLED",
};

/** Makes a row of each event as it comes. */
export class HistoryRows {
  readonly #place: { readonly namespace: string; readonly appID: string };
  readonly #nowMs: number;
  #play = 0;
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(place: { readonly namespace: string; readonly appID: string }, nowMs: number) {
    this.#place = place;
    this.#nowMs = nowMs;
  }

  add(event: HistoryEvent): HistoryRow {
    const { timestampMs } = event;
    const isFirst = this.#firstMs === undefined;
    this.#firstMs ??= timestampMs;
    if (isFirst || timestampMs !== this.#lastMs) this.#play += 1;
    const elapsed = isFirst ? `Age:${elapsedOf(this.#nowMs - timestampMs)}` : elapsedOf(timestampMs - this.#lastMs);
    this.#lastMs = timestampMs;
    const attrs = attributesOf(event);
    const eventId = eventIdOf(event);
    return {
      ...this.#place,
      play: this.#play,
      type: DAPR_TYPES[event.type] ?? event.type,
      name: nameOf(event),
      ...(eventId !== undefined && { eventId }),
      timestamp: secondsOf(timestampMs),
      elapsed,
      status: event.type === "ExecutionCompleted" ? event.status : (STATUSES[event.type] ?? "RUNNING"),
      details: detailsOf(event, this.#firstMs),
      ...(event.type === "ExecutionStarted" && { executionId: event.executionId }),
      ...(attrs !== "" && { attrs }),
    };
  }
}

/** That of the call which it makes; what answers a call has that of the call in its details. */
function eventIdOf(event: HistoryEvent): number | undefined {
  switch (event.type) {
    case "TaskScheduled":
    case "TimerCreated":
    case "ChildWorkflowInstanceCreated":
    case "DetachedWorkflowScheduled":
    case "EventSent":
    case "ChildCancelRequested":
    case "ChildEventSent":
      return event.id;
    default:
      return undefined;
  }
}

function nameOf(event: HistoryEvent): string | null {
  return "name" in event ? event.name : null;
}

function detailsOf(event: HistoryEvent, firstMs: number): string | null {
  switch (event.type) {
    case "ExecutionStarted":
      return "orchestration start";
    case "TaskScheduled":
      return `activity=${event.name}${attemptOf(event.attempt)}`;
    case "TaskCompleted":
    case "TaskFailed":
    case "TimerFired":
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return `eventId=${event.id}`;
    case "TimerCreated":
      return `fireAt=${secondsOf(event.fireAtMs)}`;
    case "ChildWorkflowInstanceCreated":
      return `instance=${event.instanceId}${attemptOf(event.attempt)}`;
    case "DetachedWorkflowScheduled":
      return `instance=${event.instanceId}`;
    case "EventRaised":
      return `event=${event.name}`;
    case "ChildCancelRequested":
      return `cancel -> ${event.instanceId}`;
    case "EventSent":
    case "ChildEventSent":
      return `event=${event.name} -> ${event.instanceId}`;
    case "ExecutionStalled":
      return `reason=${event.reason}`;
    case "ExecutionVersionChanged":
      return `version=${event.version}`;
    case "ExecutionCompleted":
      return `execDuration=${elapsedOf(event.timestampMs - firstMs) || "0ms"}`;
    default:
      return null;
  }
}

function attemptOf(attempt: number | undefined): string {
  return attempt === undefined ? "" : ` attempt=${attempt}`;
}

const PAYLOAD = 120;
const MESSAGE = 160;

/** `key=value;…`, without those that say nothing. */
function attributesOf(event: HistoryEvent): string {
  return Object.entries({ ...attributesIn(event), branch: "branch" in event ? event.branch : undefined })
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${value}`)
    .join(";");
}

function attributesIn(event: HistoryEvent): Readonly<Record<string, string | undefined>> {
  switch (event.type) {
    case "ExecutionStarted":
      return {
        input: payload(event.input),
        version: event.version,
        tags: tagsOf(event.searchAttributes),
        ...asked(event),
      };
    case "TaskScheduled":
    case "ChildWorkflowInstanceCreated":
    case "DetachedWorkflowScheduled":
      return { input: payload(event.input) };
    case "TaskCompleted":
    case "ChildWorkflowInstanceCompleted":
      return { scheduledId: String(event.id), output: payload(event.result) };
    case "TaskFailed":
    case "ChildWorkflowInstanceFailed":
      return {
        scheduledId: String(event.id),
        errorType: event.failure.errorType,
        errorMsg: shortened(event.failure.message, MESSAGE),
        nonRetriable: event.failure.isNonRetriable === true ? "true" : undefined,
      };
    case "TimerCreated":
      return { fireAt: secondsOf(event.fireAtMs) };
    case "TimerFired":
      return { timerId: String(event.id) };
    case "EventRaised":
      return { eventName: event.name, payload: payload(event.input), ...asked(event) };
    case "ChildCancelRequested":
      return { targetInstance: event.instanceId, reason: shortened(event.reason, MESSAGE) };
    case "EventSent":
    case "ChildEventSent":
      return { eventName: event.name, payload: payload(event.input), targetInstance: event.instanceId };
    case "ExecutionCompleted":
      return {
        output: payload(event.output, MESSAGE),
        failureType: event.failure?.errorType,
        failureMessage: shortened(event.failure?.message, MESSAGE),
      };
    case "ExecutionStalled":
      return { description: shortened(event.message, PAYLOAD) };
    case "ExecutionTerminated":
      return { output: payload(event.output), ...asked(event) };
    case "ExecutionSuspended":
    case "ExecutionResumed":
    case "ExecutionCancelRequested":
    case "ExecutionRewound":
    case "ExecutionVersionChanged":
      return asked(event);
    case "UpdateRequested":
      return { updateId: event.updateId, payload: payload(event.input), ...asked(event) };
    case "UpdateCompleted":
      return { updateId: event.updateId, output: payload(event.result) };
    case "UpdateFailed":
      return {
        updateId: event.updateId,
        errorType: event.failure.errorType,
        errorMsg: shortened(event.failure.message, MESSAGE),
      };
    case "PatchRecorded":
    case "ExecutionUnstalled":
      return {};
    default:
      // A newer server may tell more.
      event satisfies never;
      return {};
  }
}

function asked({ reason, actor }: { reason?: string | undefined; actor?: string | undefined }) {
  return { reason: shortened(reason, MESSAGE), actor };
}

const TAGS = 6;

function tagsOf(attributes: object = {}): string {
  const tags = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  return `${tags.slice(0, TAGS).sort().join(",")}${tags.length > TAGS ? ",…" : ""}`;
}

/** A text is shown without the quotes of its JSON. */
function payload(text: string | undefined, most = PAYLOAD): string | undefined {
  return text === undefined ? undefined : shortened(unquoted(text), most);
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}

function shortened(text: string | undefined, most: number): string | undefined {
  if (text === undefined || text.length <= most) return text;
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most).join("")}…`;
}
