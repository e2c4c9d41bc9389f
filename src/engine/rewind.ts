import type { FailureDetails } from "../model/failure.ts";
import type {
  ChildWorkflowInstanceFailed,
  ExecutionCompleted,
  ExecutionRewound,
  HistoryEvent,
  HistoryFact,
  TaskFailed,
} from "../model/history-event.ts";
import { isAskedByCode } from "./records.ts";

/*
 * What a replay makes of a history in which somebody has rewound the execution. The history itself stays whole.
 *
 *   what was        … | facts of the last turn: before, the FATAL one, others | asked before, asked SINCE | COMPLETED | late answers | REWOUND
 *   what is replayed  … | before | asked before | REWOUND | the fatal one, unless it is a failed answer | others | late answers
 *
 * What the code has asked for since the fatal fact is left out, with all answers to it, and so is the end. What stands behind
 * the rewind in this order is news to the code, and has its time from there. A function of the history alone: which fact was fatal is
 * found out once, by `failurePoint`, and stands in ExecutionRewound.
 */

/** One event of a replay, and where it stands in the history. */
export interface ReplayStep {
  readonly event: HistoryEvent;
  readonly position: number;
  /** Of a rewind: the answer that is left out, whose call is open again. */
  readonly leftOut?: FailedAnswer | undefined;
}

export type FailedAnswer = TaskFailed | ChildWorkflowInstanceFailed;

/** The events that a replay has, in its order; `undefined`: all of the history, as it stands. */
export function replayOrder(history: readonly HistoryEvent[]): ReplayStep[] | undefined {
  if (!history.some(isRewind)) return undefined;
  let steps: ReplayStep[] = [];
  for (const [position, event] of history.entries()) {
    if (event.type === "ExecutionRewound") steps = rewound(steps, event, position);
    else steps.push({ event, position });
  }
  return steps;
}

function rewound(
  steps: readonly ReplayStep[],
  rewind: ExecutionRewound & HistoryEvent,
  position: number,
): ReplayStep[] {
  const found = steps.findIndex((step) => step.position === rewind.failedAt);
  const cut = found === -1 ? steps.length : found;
  const [fatal, ...others] = steps.slice(cut);
  const isLeftOut = fatal !== undefined && rewind.answerStays !== true && isFailedAnswer(fatal.event);
  const leftOut = isLeftOut ? (fatal.event as FailedAnswer) : undefined;
  const behind = fatal === undefined || leftOut !== undefined ? others : [fatal, ...others];
  const isSince = ({ event, position }: ReplayStep) => isAskedByCode(event) && position >= rewind.askedFrom;
  const dropped = new Set(behind.flatMap((step) => (isSince(step) ? (callOf(step.event) ?? []) : [])));
  const kept = behind.filter(
    (step) =>
      !isSince(step) &&
      step.event.type !== "ExecutionCompleted" &&
      !(isAnswer(step.event) && dropped.has(step.event.id)),
  );
  return [
    ...steps.slice(0, cut),
    ...kept.filter(({ event }) => isAskedByCode(event)),
    { event: rewind, position, leftOut },
    ...kept.filter(({ event }) => !isAskedByCode(event)),
  ];
}

/** The calls that a rewind to this point drops: whatever still comes of them is not for the code that goes on. */
export function droppedCalls(history: readonly HistoryEvent[], { askedFrom }: FailurePoint): number[] {
  return history.flatMap((event, position) => (position >= askedFrom ? (callOf(event) ?? []) : []));
}

/** Where an execution has failed; places are numbers of events. */
export type FailurePoint = Pick<ExecutionRewound, "failedAt" | "askedFrom" | "answerStays">;

/** Of an execution that has failed last. It is recorded where the history does not show it by itself; older code records nothing. */
export function failurePoint(instanceId: string, history: readonly HistoryEvent[]): FailurePoint | undefined {
  const end = history.findLastIndex(({ type }) => type === "ExecutionCompleted");
  const completed = history[end] as (ExecutionCompleted & HistoryEvent) | undefined;
  if (completed?.status !== "FAILED") return undefined;
  if (completed.failedAt !== undefined && completed.askedFrom !== undefined) {
    const { failedAt, askedFrom, answerStays } = completed;
    return { failedAt, askedFrom, answerStays };
  }
  let askedFrom = end;
  while (askedFrom > 0 && isAskedByCode(history[askedFrom - 1] as HistoryEvent)) askedFrom--;
  return { failedAt: namedAnswer(instanceId, history, askedFrom, completed.failure) ?? askedFrom - 1, askedFrom };
}

/**
 * Code before this one did not record at which of the answers of one turn the code had failed: where the last is no failure, it is the
 * one that the failure names.
 */
function namedAnswer(
  instanceId: string,
  history: readonly HistoryEvent[],
  end: number,
  failure: FailureDetails | undefined,
): number | undefined {
  const id = failedTaskId(instanceId, failure);
  if (id === undefined) return undefined;
  for (let at = end - 1; at >= 0; at--) {
    const event = history[at] as HistoryEvent;
    if (!isAnswer(event)) return undefined;
    if (isFailedAnswer(event)) return event.id === id ? at : undefined;
  }
  return undefined;
}

/** The number of the call that a failure has come from, as code of any time has worded it. */
export function failedTaskId(instanceId: string, failure: FailureDetails | undefined): number | undefined {
  for (let at = failure; at !== undefined; at = at.innerFailure) {
    if (at.errorType !== "TaskFailedError" || !at.message.startsWith(`${instanceId}: `)) continue;
    const [, id] =
      /^(?:.{0,16500}?: )?(?:Activity|Sub-orchestration) task #(\d+) failed: /s.exec(
        at.message.slice(instanceId.length + 2),
      ) ?? [];
    if (id !== undefined) return Number(id);
  }
  return undefined;
}

export function isFailedAnswer(event: HistoryFact): event is FailedAnswer {
  return event.type === "TaskFailed" || event.type === "ChildWorkflowInstanceFailed";
}

function isAnswer(
  event: HistoryFact,
): event is Extract<HistoryFact, { type: "TaskCompleted" | "TimerFired" }> | FailedAnswer {
  return (
    isFailedAnswer(event) ||
    event.type === "TaskCompleted" ||
    event.type === "TimerFired" ||
    event.type === "ChildWorkflowInstanceCompleted"
  );
}

function callOf(event: HistoryFact): number | undefined {
  return isAskedByCode(event) && "id" in event ? event.id : undefined;
}

function isRewind({ type }: HistoryEvent): boolean {
  return type === "ExecutionRewound";
}
