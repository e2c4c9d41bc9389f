import { expect } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import { decideRewind, type RewindDecision } from "../../../src/engine/rewind-decision.ts";
import type { Turn } from "../../../src/engine/turn.ts";
import type { TWorkflow } from "../../../src/engine/workflow-context.ts";
import type { HistoryEvent, HistoryFact } from "../../../src/model/history-event.ts";
import { isTerminal } from "../../../src/model/status.ts";

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
 * Runs one instance turn by turn, one second apart, and through its continue-as-new, as its Durable Object does. Before
 * every turn a second Orchestration is built from the history alone, and is given the same facts: both must decide the
 * same, and know the same work as pending ([T1]).
 */
export class Driver {
  /** Of the execution that runs now; a continue-as-new begins another. */
  history: HistoryEvent[];
  readonly registry: Registry;
  nowMs = T0;
  #live: Orchestration | undefined;
  #firstTurnDone = false;
  #generation = 0;

  constructor(workflow: TWorkflow, input?: unknown, name = workflow.name || "workflow") {
    this.registry = new Registry();
    this.registry.addWorkflow(name, workflow);
    this.history = [startedAs(name, input === undefined ? undefined : JSON.stringify(input))];
  }

  async turn(...facts: HistoryFact[]): Promise<Turn> {
    const rebuilt = await this.load();
    this.#live ??= await this.load();
    expect(this.#stateOf(rebuilt)).toEqual(this.#stateOf(this.#live));
    const turn = await this.#live.turn(facts, this.nowMs);
    expect(comparable(await rebuilt.turn(facts, this.nowMs))).toEqual(comparable(turn));
    expect(this.#stateOf(rebuilt)).toEqual(this.#stateOf(this.#live));
    this.history.push(...turn.events);
    this.#firstTurnDone = true;
    if (turn.completion?.type === "ContinuedAsNew")
      await this.#continue(turn.completion, this.#live, turn.searchAttributes);
    this.nowMs += 1000;
    return turn;
  }

  /** As its Durable Object does it, beside the turns. */
  rewind(reason?: string): RewindDecision {
    const decision = decideRewind("i", this.history, { reason }, this.nowMs);
    if (decision === undefined) throw new Error("it has not failed");
    this.history.push(decision.event);
    this.#live = undefined;
    return decision;
  }

  changeVersion(version: string): void {
    this.history.push({ type: "ExecutionVersionChanged", timestampMs: this.nowMs, version });
    this.#live = undefined;
  }

  /** Other code under the same name, as after a deploy. */
  deploy(workflow: TWorkflow, name = "workflow"): void {
    const registry = new Registry();
    registry.addWorkflow(name, workflow);
    this.registry.addAll(registry);
    this.#live = undefined;
  }

  /** Whoever loads a rewound execution has a turn to take, as long as nothing stands behind the rewind: a turn that decides nothing leaves no trace. */
  #stateOf(orchestration: Orchestration): unknown {
    const state = stateOf(orchestration);
    return this.history.at(-1)?.type === "ExecutionRewound" ? { ...state, hasUncommitted: true } : state;
  }

  load(): Promise<Orchestration> {
    return Orchestration.load("i", { registry: this.registry }, this.history, this.#firstTurnDone);
  }

  async #continue(
    { input, carriedEvents }: Extract<Turn["completion"], { type: "ContinuedAsNew" }>,
    former: Orchestration,
    searchAttributes: Turn["searchAttributes"],
  ): Promise<void> {
    const { nowMs: timestampMs } = this;
    const generation = ++this.#generation;
    const executionId = `x${generation}`;
    const recentMessages = former.recentMessages(timestampMs);
    const start = { ...this.history[0], timestampMs, executionId, generation, input, recentMessages, searchAttributes };
    this.history = [start as HistoryEvent, ...carriedEvents.map((event) => ({ ...event, timestampMs }))];
    this.#firstTurnDone = false;
    this.#live = await this.load();
  }
}

/** What the instance reads of an Orchestration between two turns. */
function stateOf(orchestration: Orchestration): object {
  const { status, hasUncommitted, pending, started } = orchestration;
  const hasEnded = isTerminal(status);
  return {
    status,
    hasUncommitted,
    // The start of an ended execution is of no interest any more, and is not read again.
    started: hasEnded ? undefined : started,
    activities: [...pending.activities.values()],
    children: [...pending.children.values()],
    nextTimerAtMs: pending.nextTimerAtMs(),
    dueTimers: pending.dueTimers(Number.MAX_SAFE_INTEGER),
    recentMessages: orchestration.recentMessages(0),
  };
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
