import type { ExecutionCompleted, HistoryEvent } from "../model/history-event.ts";
import { type ReplayStep, replayOrder } from "./rewind.ts";

/** What is to be done with a history, so that code goes on from it. */
export interface Replay {
  readonly history: readonly HistoryEvent[];
  /** `undefined`: all of it, as it stands. */
  readonly order: readonly ReplayStep[] | undefined;
  /** From this step on, the code has never seen what has come: it is no replay any more. */
  readonly newsFrom: number;
  /** That the code has taken, in order. */
  readonly patches: readonly string[];
  /** The one that somebody has put the execution on since its start. */
  readonly version: string | undefined;
  /** The first turn has been taken. */
  readonly hasBegun: boolean;
  /** What has ended the execution, unless it has been rewound since. */
  readonly end: ExecutionCompleted | undefined;
}

/** `firstTurnDone`: as `Orchestration.load` is told. */
export function replayOf(history: readonly HistoryEvent[], firstTurnDone: boolean): Replay {
  const order = replayOrder(history);
  const hasBegun = firstTurnDone && !isStalledBeforeFirstTurn(history);
  const newsFrom = !hasBegun ? 0 : order === undefined ? history.length : newsOf(order, history);
  const replayed = order?.map(({ event }) => event) ?? history;
  const patches = replayed.flatMap((event) => (event.type === "PatchRecorded" ? [event.name] : []));
  const end = replayed.findLast(({ type }) => type === "ExecutionCompleted") as ExecutionCompleted | undefined;
  return { history, order, newsFrom, patches, version: changedVersion(history), hasBegun, end };
}

/** The version that somebody has put the execution on since its start. */
export function changedVersion(history: readonly HistoryEvent[]): string | undefined {
  const changed = history.findLast(({ type }) => type === "ExecutionVersionChanged");
  return changed?.type === "ExecutionVersionChanged" ? changed.version : undefined;
}

function isStalledBeforeFirstTurn(history: readonly HistoryEvent[]): boolean {
  const last = history.findLast(({ type }) => type !== "ExecutionVersionChanged");
  return last?.type === "ExecutionStalled" && last.beforeFirstTurn;
}

/** As long as the code has had no turn since a rewind, what stands behind that is news to it. */
function newsOf(steps: readonly ReplayStep[], history: readonly HistoryEvent[]): number {
  const last = history.findLastIndex(({ type }) => !isBesideTheCode(type));
  if (history[last]?.type !== "ExecutionRewound") return steps.length;
  return steps.findIndex(({ position }) => position === last);
}

function isBesideTheCode(type: HistoryEvent["type"]): boolean {
  return type === "ExecutionStalled" || type === "ExecutionUnstalled" || type === "ExecutionVersionChanged";
}
