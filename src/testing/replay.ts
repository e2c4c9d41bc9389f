import { registryOf, type WorkflowRuntime } from "../authoring/workflow-runtime.ts";
import type { Difference } from "../engine/errors.ts";
import { Execution } from "../engine/execution.ts";
import { withoutCalls } from "../engine/failed-call.ts";
import { inBranch } from "../engine/non-determinism.ts";
import { replayOf } from "../engine/replay.ts";
import type { ReplayStep } from "../engine/rewind.ts";
import { type HistoryEvent, isEventType } from "../model/history-event.ts";
import type { ExportedHistory } from "./environment.ts";
import { readHistoryText } from "./history-text.ts";

/** Today's code does something else than the history says. The message shows where, and what each of them does. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
  /** `undefined` when there is no place: the code has no such workflow or version, or misses a patch. */
  readonly difference: Difference | undefined;

  constructor(message: string, difference: Difference | undefined) {
    super(message);
    this.difference = difference;
  }
}

export interface ReplayResult {
  /** How many events were replayed. */
  readonly events: number;
  /** Where the code stands after them. */
  readonly state: "waiting" | "ended";
}

/**
 * Runs today's code over a history that was exported before (`WorkflowTestEnvironment.history`,
 * `DaprWorkflowClient.getWorkflowHistory`, or what `GET …/history` answers, with `format=jsonl` as text), without running any activity. Rejects with a ReplayError when an instance with
 * this history would not go on, or would end otherwise than it did; with a TypeError when it is given no history.
 */
export async function replayHistory(
  runtime: WorkflowRuntime,
  exported: ExportedHistory | Pick<ExportedHistory, "events"> | readonly HistoryEvent[] | string,
): Promise<ReplayResult> {
  const registry = registryOf(runtime, "replayHistory");
  const history = typeof exported === "string" ? readHistoryText(exported) : exported;
  const events = "events" in history ? history.events : history;
  const { instanceId = "replayed" } = history as Partial<ExportedHistory>;
  checkHistory(events);
  const { order, patches, version } = replayOf(events, true);
  const steps = order ?? events.map((event, position) => ({ event, position }));
  const code = { registry, onNonDeterminism: "stall" } as const;
  const execution = new Execution(instanceId, code, patches, () => undefined, version);
  const end = steps.findIndex(({ event }) => event.type === "ExecutionCompleted");
  execution.beginTurn();
  for (const { event, position } of steps) await execution.apply(event, true, position);
  if (execution.stall === undefined) execution.checkReplay(end !== -1);
  if (execution.stall !== undefined) {
    const { difference } = execution;
    const where = difference === undefined ? execution.stall.message : show(events, difference);
    throw new ReplayError(`Today's code cannot go on with the history of '${instanceId}'.\n${where}`, difference);
  }
  const difference = endDifference(execution, steps[end]);
  if (difference !== undefined)
    throw new ReplayError(
      `Today's code ends otherwise than the history of '${instanceId}'.\n${show(events, difference)}`,
      difference,
    );
  return { events: events.length, state: execution.completion === undefined ? "waiting" : "ended" };
}

/** A file may hold anything, and a replay that passes over what it does not know would pass for good. */
function checkHistory(events: readonly HistoryEvent[]): void {
  if (!Array.isArray(events))
    throw new TypeError("A history is an array of events, or an object with `instanceId` and `events`");
  if (events[0]?.type !== "ExecutionStarted")
    throw new TypeError(`A history begins with ExecutionStarted, found ${JSON.stringify(events[0]?.type)}`);
  for (const [index, event] of events.entries()) {
    if (!isEventType(event?.type)) {
      throw new TypeError(
        `Event ${index} of the history has the type ${JSON.stringify(event?.type)}, which this version of edge-workflows ` +
          "does not know. Newer code may have recorded it.",
      );
    }
  }
}

/** A history that has ended must be ended in the same way. In one that has not, the code may have been given a new end. */
function endDifference(execution: Execution, end: ReplayStep | undefined): Difference | undefined {
  const recorded = end?.event;
  const { completion } = execution;
  const actual = completion === undefined ? "still waits" : endOf(completion);
  if (end === undefined || recorded?.type !== "ExecutionCompleted") return undefined;
  const status = recorded.status.toLowerCase();
  const expected = endOf({ type: status, output: recorded.output, failure: recorded.failure });
  // How the library words the failure of a call is not the code's: code before this one worded it otherwise.
  return withoutCalls(expected) === withoutCalls(actual) ? undefined : { historyIndex: end.position, expected, actual };
}

function endOf(end: { type: string; output?: string | undefined; failure?: { message: string } | undefined }): string {
  const outcome = end.failure === undefined ? (end.output ?? "no output") : end.failure.message;
  return `${end.type.toLowerCase()} with ${outcome}`;
}

const AROUND = 3;

/** A few events before and after, the one in question marked. */
function show(events: readonly HistoryEvent[], { historyIndex, expected, actual }: Difference): string {
  const from = Math.max(0, historyIndex - AROUND);
  const branches = new Map(events.flatMap((event) => ("branch" in event ? [[event.id, event.branch]] : [])));
  const lines = events.slice(from, historyIndex + AROUND + 1).map((event, n) => {
    const index = from + n;
    return `${index === historyIndex ? ">" : " "} ${String(index).padStart(5)}  ${describe(event, branches)}`;
  });
  return [...lines, `the history: ${expected}`, `the code:    ${actual}`].join("\n");
}

/** `branches`: of calls, by their numbers. An answer is named with the branch of its call. */
function describe(event: HistoryEvent, branches: ReadonlyMap<number, string | undefined>): string {
  const id = "id" in event ? ` #${event.id}` : "";
  const name = "name" in event ? ` '${event.name}'` : "";
  return `${event.type}${id}${name}${"id" in event ? inBranch(branches.get(event.id)) : ""}`;
}
