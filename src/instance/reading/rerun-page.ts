import { isRecordedCall } from "../../engine/records.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { NumberedEvent } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { RerunPage, RerunRead } from "../protocol.ts";
import { isMeant } from "./meant.ts";
import { openText, reading } from "./sealing.ts";

/** A page is shorter where its events are long (`historyPage`). */
const MAX_EVENTS = 10_000;

type Refused = Extract<RerunPage, { ok: false }>;

/** The texts are Dapr's (HEAD pkg/actors/targets/workflow/orchestrator/rerun.go and fork.go), and so is the order of these checks. */
export async function readRerunPage(
  ports: InstancePorts,
  recordNow: () => InstanceRecord | undefined,
  request: RerunRead,
): Promise<RerunPage> {
  const record = recordNow();
  const id = ports.instanceId();
  if (!isMeant(request, record)) return notFound(`workflow instance does not exist with ID '${id}'`);
  if (!isTerminal(record.status)) return invalid(`'${id}' is not in a terminal state`);
  if (record.parent !== undefined) return invalid(`'${id}': cannot rerun from child-workflows`);
  const { executionId, retentionMs } = record;
  if (request.executionId !== undefined && request.executionId !== executionId) return { ok: false, code: "CHANGED" };
  try {
    const count = request.count ?? (await lastOf(ports, request));
    if (typeof count === "object") return count;
    const limit = Math.min(MAX_EVENTS, count - request.from);
    const found = await reading(ports, () => ports.store.historyPage(request.from, limit));
    const events = await Promise.all(found.map((event) => withOpenProgress(ports, event)));
    // A start, or a purge, may have come while texts were opened.
    if (recordNow()?.executionId !== executionId) return { ok: false, code: "CHANGED" };
    return { ok: true, executionId, events, count, retentionMs };
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { ok: false, code: "UNREADABLE", message: error.message };
  }
}

/** How many events a rerun begins with, or why there is none. */
async function lastOf(ports: InstancePorts, request: RerunRead): Promise<number | Refused> {
  const { eventId, hasInput, newChildWorkflowInstanceId } = request;
  if (eventId === 0)
    return newChildWorkflowInstanceId === undefined
      ? 1
      : invalid("cannot set new child workflow instance ID without the event of a child workflow");
  const target = await reading(ports, () => callIn(ports.store.skimHistory(), eventId));
  if (target === undefined) return notFound(`does not have history event with ID '${eventId}'`);
  const { seq, event } = target;
  switch (event.type) {
    case "ChildWorkflowInstanceCreated":
      return seq + 1;
    case "TimerCreated":
      if (hasInput) return invalid(`cannot write input to timer event '${eventId}'`);
      break;
    case "TaskScheduled":
      break;
    default:
      return notFound(
        `target event '*protos.HistoryEvent_${event.type}' with ID '${eventId}' is not an event that can be rerun`,
      );
  }
  if (newChildWorkflowInstanceId === undefined) return seq + 1;
  const kind = event.type === "TimerCreated" ? "timer" : "activity";
  return invalid(`cannot set new child workflow instance ID on ${kind} event '${eventId}'`);
}

/** The event that records the call of that number; of several, where a rewind has let it be made again, the last. */
function callIn(history: Iterable<NumberedEvent>, id: number): NumberedEvent | undefined {
  let last: NumberedEvent | undefined;
  for (const one of history) if (isRecordedCall(one.event) && one.event.id === id) last = one;
  return last;
}

/** It is stored as it was written, and opened when an activity asks for it. */
async function withOpenProgress(ports: InstancePorts, event: HistoryEvent): Promise<HistoryEvent> {
  if ((event.type !== "TaskScheduled" && event.type !== "TaskFailed") || event.progress === undefined) return event;
  return { ...event, progress: await openText(ports, event.progress) };
}

function notFound(message: string): Refused {
  return { ok: false, code: "NOT_FOUND", message };
}

function invalid(message: string): Refused {
  return { ok: false, code: "INVALID_ARGUMENT", message };
}
