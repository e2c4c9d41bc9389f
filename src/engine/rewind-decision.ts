import type { Asked, HistoryEvent } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { Messages } from "./messages.ts";
import { RecordedHistory } from "./recorded-history.ts";
import { droppedCalls, failurePoint, replayOrder } from "./rewind.ts";

/** What it takes to rewind an execution. As with a turn, nothing of it has happened yet. */
export interface RewindDecision {
  /** To append to the history, which goes on then. */
  readonly event: HistoryEvent;
  /** To the children that the execution waits for again: they may have ended, and nobody may have heard of it. */
  readonly messages: readonly AddressedMessage[];
  /** Calls whose activities may still run, and whose results nobody wants: another call may have the number. */
  readonly dropped: readonly number[];
}

/** `undefined`: it has not failed. */
export function decideRewind(
  instanceId: string,
  history: readonly HistoryEvent[],
  { requestId, reason, actor }: Asked & { readonly requestId?: string | undefined },
  nowMs: number,
): RewindDecision | undefined {
  const point = failurePoint(instanceId, history);
  if (point === undefined) return undefined;
  const timestampMs = Math.max(nowMs, history.at(-1)?.timestampMs ?? 0);
  const event = { type: "ExecutionRewound", timestampMs, requestId, reason, actor, ...point } as const;
  const steps = replayOrder([...history, event]) ?? [];
  const recorded = new RecordedHistory();
  for (const step of steps) recorded.record(step.event, step.leftOut);
  const { first } = recorded.outline;
  const started = first?.type === "ExecutionStarted" ? first : undefined;
  const rewinds = steps.filter((step) => step.event.type === "ExecutionRewound").length;
  const toChildren = new Messages({ instanceId, started, rewinds });
  const fatal = steps.find((step) => step.event === event)?.leftOut;
  const messages = [...recorded.pending.children.values()].map((call) =>
    toChildren.rewindChild(call, call.id === fatal?.id, { reason, actor }),
  );
  return { event, messages, dropped: droppedCalls(history, point) };
}
