import { expect } from "vitest";
import { Orchestration, type Turn } from "../../../src/engine/orchestration.ts";
import { Registry, type TWorkflow } from "../../../src/engine/registry.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";

export const T0 = 1_000_000;

export function registryOf(...workflows: TWorkflow[]): Registry {
  const registry = new Registry();
  for (const workflow of workflows) registry.addWorkflow(workflow.name || "workflow", workflow);
  return registry;
}

/** The start of instance "i" with the workflow registered under the name. */
export function startedAs(name: string, input?: string): HistoryEvent {
  return { type: "ExecutionStarted", timestampMs: T0, name, executionId: "x", generation: 0, input };
}

/**
 * Runs one instance turn by turn, one second apart. After every turn a second Orchestration is built from the history
 * alone, and is given the next turn as well: both must decide the same ([T1]).
 */
export class Driver {
  readonly history: HistoryEvent[];
  readonly registry: Registry;
  nowMs = T0;
  #live: Orchestration | undefined;
  #firstTurnDone = false;

  constructor(workflow: TWorkflow, input?: unknown, name = workflow.name || "workflow") {
    this.registry = new Registry();
    this.registry.addWorkflow(name, workflow);
    this.history = [startedAs(name, input === undefined ? undefined : JSON.stringify(input))];
  }

  async turn(...facts: HistoryFact[]): Promise<Turn> {
    const rebuilt = await this.load();
    this.#live ??= await this.load();
    const turn = await this.#live.turn(facts, this.nowMs);
    expect(comparable(await rebuilt.turn(facts, this.nowMs))).toEqual(comparable(turn));
    this.history.push(...turn.events);
    this.#firstTurnDone = true;
    this.nowMs += 1000;
    return turn;
  }

  load(): Promise<Orchestration> {
    return Orchestration.load("i", this.registry, this.history, this.#firstTurnDone);
  }
}

/** Stacks differ from run to run; everything else must not. */
function comparable(turn: Turn): unknown {
  return JSON.parse(JSON.stringify(turn, (key, value) => (key === "stackTrace" ? undefined : value)));
}

/** Runs a workflow whose first turn ends it, and gives its output or its failure. */
export async function outcomeOf(workflow: TWorkflow, input?: unknown, ...facts: HistoryFact[]): Promise<unknown> {
  return endOf(await new Driver(workflow, input).turn(...facts));
}

export function endOf(turn: Turn): unknown {
  const { completion } = turn;
  if (completion?.type === "Completed")
    return completion.output === undefined ? undefined : JSON.parse(completion.output);
  if (completion?.type === "Failed") return `${completion.failure.errorType}: ${completion.failure.message}`;
  return completion?.type ?? turn.status;
}

export const completed = (id: number, result?: unknown): HistoryFact => ({
  type: "TaskCompleted",
  id,
  result: result === undefined ? undefined : JSON.stringify(result),
});
export const failed = (id: number, message: string): HistoryFact => ({
  type: "TaskFailed",
  id,
  failure: { errorType: "Error", message },
});
export const fired = (id: number): HistoryFact => ({ type: "TimerFired", id });
export const raised = (name: string, payload?: unknown): HistoryFact => ({
  type: "EventRaised",
  name,
  input: payload === undefined ? undefined : JSON.stringify(payload),
});
export const suspended: HistoryFact = { type: "ExecutionSuspended" };
export const resumed: HistoryFact = { type: "ExecutionResumed" };
export const terminated: HistoryFact = { type: "ExecutionTerminated", output: '"stopped"', recursive: true };
