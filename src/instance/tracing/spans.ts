import type { Turn } from "../../engine/turn.ts";
import type { FailureDetails } from "../../model/failure.ts";
import type { ExecutionStarted, HistoryEvent } from "../../model/history-event.ts";
import { placeIn, type Span, type SpanPlace, spanIdOf, traceIdOf } from "../../model/span.ts";
import { type InstanceRecord, nameOf } from "../../storage/instance-row.ts";

/** A call that is open: what its span will begin with. */
export interface OpenCall {
  readonly name: string;
  readonly atMs: number;
  readonly attempt?: number | undefined;
  readonly instanceId?: string | undefined;
}

/** What the spans of a turn are made of, beside the turn. */
export interface Surroundings {
  readonly before: InstanceRecord;
  readonly started: ExecutionStarted;
  /** Of the whole execution: what `placeOf` gives. */
  readonly place: SpanPlace;
  /** When the execution began. */
  readonly startedAtMs: number;
  /** The call that has this number. */
  callOf(id: number): OpenCall | undefined;
  /** When the event before those of the turn happened. */
  readonly restedAtMs: number | undefined;
  /** The execution that follows by continue-as-new. */
  readonly next: InstanceRecord | undefined;
  readonly withMessages: boolean;
}

type Own = Pick<Span, "name" | "spanId" | "startMs" | "endMs">;

type Ended =
  | "TaskCompleted"
  | "TaskFailed"
  | "ChildWorkflowInstanceCompleted"
  | "ChildWorkflowInstanceFailed"
  | "TimerFired";

/** Where the whole execution is in its trace: that of whoever started it, or one of its own. */
export function placeOf(record: InstanceRecord, traceparent: string | undefined): SpanPlace {
  const traceId = placeIn(traceparent)?.traceId ?? traceIdOf(record.instanceId, record.executionId);
  return { traceId, spanId: spanIdOf(nameOf(record), "workflow") };
}

/** The spans of all that has ended in a turn. */
export function spansOf(turn: Turn, of: Surroundings): Span[] {
  const spans: Span[] = [];
  const { next } = of;
  let beforeMs = of.restedAtMs;
  for (const event of turn.events) {
    const span = spanOf(event, of, beforeMs);
    if (span !== undefined) spans.push(span);
    if (span === undefined || event.type !== "EventRaised") continue;
    beforeMs = event.timestampMs;
  }
  if (next !== undefined) spans.push(workflowSpan(of, turn.events.at(-1)?.timestampMs ?? next.createdAtMs, undefined));
  return spans;
}

function spanOf(event: HistoryEvent, of: Surroundings, restedAtMs: number | undefined): Span | undefined {
  switch (event.type) {
    case "TaskCompleted":
    case "TaskFailed":
      return callSpan(event, "activity", of, "failure" in event ? event.failure : undefined);
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return callSpan(event, "child", of, "failure" in event ? event.failure : undefined);
    case "TimerFired":
      return callSpan(event, "timer", of);
    case "EventRaised":
      return within(of, {
        name: `event ${event.name}`,
        spanId: spanIdOf(nameOf(of.before), "event", event.messageId ?? event.timestampMs, event.name),
        startMs: Math.min(restedAtMs ?? event.timestampMs, event.timestampMs),
        endMs: event.timestampMs,
      });
    case "ExecutionCompleted":
      return workflowSpan(of, event.timestampMs, event);
    default:
      return undefined;
  }
}

/** From the call to its answer. A child's own span is below this one: it knows the call that started it. */
function callSpan(
  event: HistoryEvent & { readonly type: Ended },
  kind: "activity" | "child" | "timer",
  of: Surroundings,
  failure?: FailureDetails,
): Span | undefined {
  const call = of.callOf(event.id);
  if (call === undefined) return undefined;
  return within(of, {
    name: kind === "timer" ? "timer" : `${kind} ${call.name}`,
    kind: kind === "child" ? 3 : 1,
    spanId: spanIdOf(nameOf(of.before), kind, event.id),
    startMs: call.atMs,
    endMs: event.timestampMs,
    attributes: {
      ...common(of.before),
      "dapr.workflow.attempt": kind === "activity" ? (call.attempt ?? 1) : undefined,
      "dapr.workflow.child_instance_id": call.instanceId,
    },
    error: errorOf(failure, of),
  });
}

function workflowSpan(
  of: Surroundings,
  endMs: number,
  end: (HistoryEvent & { type: "ExecutionCompleted" }) | undefined,
): Span {
  const { before, started, place, next } = of;
  const { traceparent } = started;
  const { parent } = before;
  const parentSpanId =
    parent === undefined ? callerOf(traceparent) : spanIdOf(parent.executionId, "child", parent.taskId);
  return {
    ...place,
    parentSpanId,
    name: `workflow ${before.name}`,
    kind: 1,
    startMs: Math.min(of.startedAtMs, endMs),
    endMs,
    attributes: { ...common(before), "dapr.workflow.status": end?.status ?? "CONTINUED_AS_NEW" },
    error: errorOf(end?.failure, of) ?? (end?.status === "TERMINATED" ? { type: "TERMINATED" } : undefined),
    ...(next !== undefined && { links: [placeOf(next, traceparent)] }),
  };
}

/** The span of the request that has started it; `undefined`: the trace begins with the instance. */
function callerOf(traceparent: string | undefined): string | undefined {
  const place = placeIn(traceparent);
  return place?.spanId === place?.traceId.slice(16) ? undefined : place?.spanId;
}

/** The request that has started the instance, as the span that its `traceparent` names. */
export function startSpan(record: InstanceRecord, place: SpanPlace, parentSpanId: string | undefined): Span {
  const { createdAtMs } = record;
  const times = { startMs: createdAtMs, endMs: createdAtMs };
  const { traceId, spanId } = place;
  return { traceId, spanId, parentSpanId, name: "workflow.start", kind: 2, ...times, attributes: common(record) };
}

function within(
  { before, place }: Surroundings,
  { name, kind = 1, spanId, startMs, endMs, attributes = common(before), error }: Partial<Span> & Own,
): Span {
  const { traceId, spanId: parentSpanId } = place;
  return { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error };
}

function common({ instanceId, name, executionId }: InstanceRecord) {
  return {
    "dapr.workflow.name": name,
    "dapr.workflow.instance_id": instanceId,
    "dapr.workflow.execution_id": executionId,
  };
}

function errorOf(failure: FailureDetails | undefined, { withMessages }: Surroundings): Span["error"] {
  if (failure === undefined) return undefined;
  return { type: failure.errorType, ...(withMessages && { message: failure.message.slice(0, 1_024) }) };
}
