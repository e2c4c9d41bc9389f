import type { ExecutionStarted, HistoryEvent } from "../model/history-event.ts";
import { childInstanceId } from "../model/ids.ts";
import type { AddressedMessage } from "../model/message.ts";
import { Messages } from "./messages.ts";
import { PendingWork } from "./pending-work.ts";
import { replayOrder } from "./rewind.ts";

/** An execution that begins with what another one has done. */
export interface Rerun {
  readonly sourceInstanceId: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly nowMs: number;
  /** The call that is made again; 0: the execution begins anew. */
  readonly eventId: number;
  /** In place of that of the call, or of the workflow. */
  readonly input?: { readonly text: string | undefined } | undefined;
  /** Of the call, when it is that of a child. */
  readonly newChildWorkflowInstanceId?: string | undefined;
  /** Of its start: the trace, who has asked for it and why. */
  readonly started: Pick<ExecutionStarted, "traceparent" | "reason" | "actor">;
}

/**
 * The history that a rerun begins with. `source`: that of the source up to the event that records the call, which is the last. All before
 * it is taken over as it is, with its times, since a replay has to come to the same calls; that call is open again, and so are those that
 * had no answer by then. What else the code asked for in that turn, it asks for again when it is replayed, as no event records it.
 *
 * Times that lie ahead stay: a timer is due when it was to be. One that is over by now begins anew with the time it had left, so that a
 * timeout of the call does not end the rerun at once.
 */
export function rerunHistory(
  source: readonly HistoryEvent[],
  rerun: Rerun,
): readonly [HistoryEvent, ...HistoryEvent[]] {
  const [first, ...others] = source;
  if (first?.type !== "ExecutionStarted") throw new Error("A history begins with ExecutionStarted");
  const { eventId, input } = rerun;
  if (eventId === 0)
    return [
      {
        ...startOf(first, rerun, 1, 0),
        timestampMs: rerun.nowMs,
        input: input === undefined ? first.input : input.text,
      },
    ];
  const target = source.at(-1) as HistoryEvent;
  // The clock of the source may have been ahead, and in a history time never goes back.
  const nowMs = Math.max(rerun.nowMs, source.at(-2)?.timestampMs ?? 0);
  const pending = pendingAfter(source);
  let isSuspended = false;
  for (const event of source) {
    if (event.type === "ExecutionSuspended" || event.type === "ExecutionResumed")
      isSuspended = event.type === "ExecutionSuspended";
  }
  const delayMs = nowMs - target.timestampMs;
  const later = (atMs: number) => (atMs > nowMs ? atMs : atMs + delayMs);
  const events = others.map((event) => openAgain(event, event === target, pending, { ...rerun, nowMs }, later));
  const resumed: HistoryEvent[] = isSuspended
    ? [{ type: "ExecutionResumed", timestampMs: nowMs, ...rerun.started }]
    : [];
  return [startOf(first, rerun, source.length + resumed.length, delayMs), ...events, ...resumed];
}

/** The messages that start the children that are open, and what had been asked of them. */
export function childrenToStart(history: readonly HistoryEvent[], instanceId: string): AddressedMessage[] {
  const [started] = history;
  const { children } = pendingAfter(history);
  const rewinds = history.filter(({ type }) => type === "ExecutionRewound").length;
  const from = { instanceId, started: started?.type === "ExecutionStarted" ? started : undefined, rewinds };
  const messages = new Messages(from);
  return asReplayed(history).flatMap((event) => {
    if (event.type === "ChildWorkflowInstanceCreated")
      return children.has(event.id) ? [messages.startChild(event)] : [];
    return "taskId" in event && children.has(event.taskId) ? [messages.askOfChild(event)] : [];
  });
}

function asReplayed(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  return replayOrder(history)?.map((step) => step.event) ?? history;
}

/** What is open after all of it, as a replay has it. */
function pendingAfter(history: readonly HistoryEvent[]): PendingWork {
  const pending = new PendingWork();
  for (const event of asReplayed(history)) pending.apply(event);
  return pending;
}

function startOf(first: ExecutionStarted & HistoryEvent, rerun: Rerun, events: number, delayMs: number) {
  const { sourceInstanceId: instanceId, executionId, eventId, started } = rerun;
  const { recentMessages: _, startAtMs: __, ...same } = first;
  const rerunOf = { instanceId, executionId: first.executionId, eventId: eventId || undefined, events, delayMs };
  const seed = first.seed ?? `${instanceId} ${first.executionId}`;
  return { ...same, executionId, generation: 0, ...started, rerunOf, seed };
}

function openAgain(
  event: HistoryEvent,
  isTarget: boolean,
  pending: PendingWork,
  rerun: Rerun,
  later: (atMs: number) => number,
): HistoryEvent {
  const again = isTarget ? { timestampMs: rerun.nowMs } : {};
  const input = isTarget && rerun.input !== undefined ? { input: rerun.input.text } : {};
  switch (event.type) {
    case "TaskScheduled": {
      if (!pending.activities.has(event.id)) return event;
      const { deadlineAtMs } = event;
      return { ...event, ...again, ...input, ...(deadlineAtMs !== undefined && { deadlineAtMs: later(deadlineAtMs) }) };
    }
    case "TimerCreated":
      return pending.hasTimer(event.id) ? { ...event, ...again, fireAtMs: later(event.fireAtMs) } : event;
    case "ChildWorkflowInstanceCreated": {
      if (!pending.children.has(event.id)) return event;
      const given = isTarget ? rerun.newChildWorkflowInstanceId : undefined;
      return { ...event, ...again, ...input, instanceId: given ?? childInstanceId(rerun.instanceId, 0, event.id) };
    }
    case "ChildCancelRequested":
    case "ChildEventSent":
      if (!pending.children.has(event.taskId)) return event;
      return { ...event, instanceId: childInstanceId(rerun.instanceId, 0, event.taskId) };
    default:
      return event;
  }
}
