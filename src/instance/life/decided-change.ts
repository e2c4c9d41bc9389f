import type { Turn } from "../../engine/turn.ts";
import type { Completion } from "../../model/action.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import type { AddressedMessage } from "../../model/message.ts";
import { sameAttributes } from "../../model/search-attributes.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { TurnChange } from "../../storage/instance-store.ts";
import type { QueuedFact } from "./fact-queue.ts";

/** What a turn means for the database, and for the memory that follows it. */
export interface DecidedChange {
  readonly change: TurnChange;
  readonly record: InstanceRecord;
}

/** What a change may depend on beside the turn and the instance's row; asked only where it does. */
export interface Surroundings {
  newExecutionId(): string;
  readonly traceparent: string | undefined;
  /** Raises that were taken lately: the next execution has to know them if they come again. */
  recentMessages(nowMs: number): Record<string, number>;
  /** Where the first event of the turn will stand in the history. */
  readonly nextHistorySeq: number;
  /** Children of the executions before a continue-as-new: only the database knows them. */
  formerChildren(): { instanceId: string; executionId: string }[];
}

/** The decision of a turn as a change of rows. `taken`: the facts that the turn has taken. */
export function decideChange(
  turn: Turn,
  before: InstanceRecord,
  taken: readonly QueuedFact[],
  nowMs: number,
  surroundings: Surroundings,
): DecidedChange {
  const { completion, searchAttributes = before.searchAttributes } = turn;
  const continued =
    completion?.type === "ContinuedAsNew"
      ? continueAsNew(completion, { ...before, searchAttributes }, nowMs, surroundings)
      : undefined;
  const record = continued?.record ?? recordAfter(turn, before, surroundings);
  const former = completion?.type === "Terminated" && completion.recursive && before.generation > 0;
  const messages = completion === undefined ? turn.messages : turn.messages.map((sent) => toParentOf(before, sent));
  return {
    record,
    change: {
      append: turn.events,
      newHistory: continued?.history,
      taken: taken.flatMap((item) => item.seq ?? []),
      send: former ? [...messages, ...terminateEach(surroundings.formerChildren(), before, completion)] : messages,
      record: record === before ? undefined : record,
    },
  };
}

/** A parent that was rewound is known by another name since, which the row has and not the history. */
function toParentOf({ parent }: InstanceRecord, sent: AddressedMessage): AddressedMessage {
  const { message } = sent;
  if (message.type !== "ChildEnded" || parent === undefined || message.parentExecutionId === parent.executionId)
    return sent;
  return { ...sent, message: { ...message, parentExecutionId: parent.executionId } };
}

function recordAfter(turn: Turn, before: InstanceRecord, surroundings: Surroundings): InstanceRecord {
  if (isTerminal(before.status)) return before;
  const { searchAttributes = before.searchAttributes } = turn;
  const isSame = turn.status === before.status && turn.customStatus === before.customStatus;
  if (isSame && sameAttributes(searchAttributes, before.searchAttributes)) return before;
  const ended = turn.events.findIndex((event) => event.type === "ExecutionCompleted");
  return {
    ...before,
    status: turn.status,
    customStatus: turn.customStatus,
    searchAttributes,
    completedSeq: ended === -1 ? undefined : surroundings.nextHistorySeq + ended,
  };
}

/** The next execution: same instance, same parent, nothing of the old history but the events carried over. */
function continueAsNew(
  completion: Extract<Completion, { type: "ContinuedAsNew" }>,
  before: InstanceRecord,
  timestampMs: number,
  surroundings: Surroundings,
): { record: InstanceRecord; history: HistoryEvent[] } {
  const executionId = surroundings.newExecutionId();
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
    traceparent: surroundings.traceparent,
    recentMessages: surroundings.recentMessages(timestampMs),
    searchAttributes: before.searchAttributes,
  };
  return {
    record: {
      ...before,
      executionId,
      rewinds: undefined,
      generation,
      version: undefined,
      status: "PENDING",
      customStatus: undefined,
    },
    history: [started, ...completion.carriedEvents.map((event) => ({ ...event, timestampMs }))],
  };
}

/** Children are told of the limits of which a workflow above them has a lease. */
export function covered(
  messages: readonly AddressedMessage[],
  coveredBy: readonly string[] | undefined,
): readonly AddressedMessage[] {
  if (coveredBy === undefined) return messages;
  return messages.map((sent) => {
    const { message } = sent;
    if (message.type !== "StartChild" && message.type !== "RewindChild") return sent;
    return { ...sent, message: { ...message, coveredBy } };
  });
}

function terminateEach(
  children: readonly { instanceId: string; executionId: string }[],
  { instanceId }: InstanceRecord,
  { output, reason, actor }: Extract<Completion, { type: "Terminated" }>,
): AddressedMessage[] {
  return children.map(({ instanceId: to, executionId }) => ({
    to,
    message: { version: 1, type: "Terminate", parent: { instanceId, executionId }, output, reason, actor },
  }));
}
