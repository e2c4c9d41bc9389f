import type { Turn } from "../engine/orchestration.ts";
import type { Completion } from "../model/action.ts";
import type { HistoryEvent } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import { isTerminal } from "../model/status.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import type { TurnChange } from "../storage/instance-store.ts";

/** What a turn means for the database, and for the memory that follows it. */
export interface DecidedChange {
  readonly change: TurnChange;
  readonly record: InstanceRecord;
}

/** What the change depends on beside the turn and the instance's row. */
export interface ChangeContext {
  readonly nowMs: number;
  readonly newExecutionId: () => string;
  readonly traceparent: string | undefined;
  /** Raises that were taken lately: the next execution has to know them if they come again. */
  readonly recentMessages: () => Record<string, number>;
  /** Where the first event of the turn will stand in the history. */
  readonly nextHistorySeq: number;
  /** Inbox rows of the facts that the turn has taken. */
  readonly taken: readonly number[];
  /** Children of the executions before a continue-as-new: only the database knows them. */
  readonly formerChildren: () => { instanceId: string; executionId: string }[];
}

/** Pure: the decision of a turn as a change of rows. */
export function decideChange(turn: Turn, before: InstanceRecord, context: ChangeContext): DecidedChange {
  const { completion } = turn;
  const continued = completion?.type === "ContinuedAsNew" ? continueAsNew(completion, before, context) : undefined;
  const record = continued?.record ?? recordAfter(turn, before, context.nextHistorySeq);
  const former = completion?.type === "Terminated" && completion.recursive && before.generation > 0;
  return {
    record,
    change: {
      append: turn.events,
      newHistory: continued?.history,
      taken: context.taken,
      send: former ? [...turn.messages, ...terminateEach(context.formerChildren(), before, completion)] : turn.messages,
      record: record === before ? undefined : record,
    },
  };
}

/** Which of the activities that have a row in `recovery` need it no longer after this turn. */
export function answeredBy(turn: Turn, recovered: ReadonlySet<number>): number[] {
  // After a terminate no result is taken any more.
  if (turn.completion?.type === "Terminated") return [...recovered];
  return turn.events.flatMap((event) => ("id" in event && recovered.has(event.id) ? [event.id] : []));
}

function recordAfter(turn: Turn, before: InstanceRecord, nextHistorySeq: number): InstanceRecord {
  if (isTerminal(before.status)) return before;
  if (turn.status === before.status && turn.customStatus === before.customStatus) return before;
  const ended = turn.events.findIndex((event) => event.type === "ExecutionCompleted");
  return {
    ...before,
    status: turn.status,
    customStatus: turn.customStatus,
    completedSeq: ended === -1 ? undefined : nextHistorySeq + ended,
  };
}

/** The next execution: same instance, same parent, nothing of the old history but the events carried over. */
function continueAsNew(
  completion: Extract<Completion, { type: "ContinuedAsNew" }>,
  before: InstanceRecord,
  { nowMs: timestampMs, newExecutionId, traceparent, recentMessages }: ChangeContext,
): { record: InstanceRecord; history: HistoryEvent[] } {
  const executionId = newExecutionId();
  const generation = before.generation + 1;
  const started: HistoryEvent = {
    type: "ExecutionStarted",
    timestampMs,
    name: before.name,
    executionId,
    generation,
    version: completion.version,
    input: completion.input,
    parent: before.parent,
    traceparent,
    recentMessages: recentMessages(),
  };
  return {
    record: { ...before, executionId, generation, status: "PENDING", customStatus: undefined },
    history: [started, ...completion.carriedEvents.map((event) => ({ ...event, timestampMs }))],
  };
}

function terminateEach(
  children: readonly { instanceId: string; executionId: string }[],
  { instanceId }: InstanceRecord,
  { output }: Extract<Completion, { type: "Terminated" }>,
): AddressedMessage[] {
  return children.map(({ instanceId: to, executionId }) => ({
    to,
    message: { version: 1, type: "Terminate", parent: { instanceId, executionId }, output },
  }));
}
