import type { Action, Completion } from "../model/action.ts";
import type { ExecutionStarted, HistoryEvent, HistoryFact, TaskScheduled } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import type { RuntimeStatus, TerminalStatus } from "../model/status.ts";
import { Execution } from "./execution.ts";
import { PendingWork } from "./pending-work.ts";
import type { Registry } from "./registry.ts";

/** A caller repeats a raise within seconds. What was taken longer ago, or before so many others, is forgotten. */
const REMEMBERED_MS = 60_000;
const REMEMBERED_MESSAGES = 1_000;

/** What one turn decided. Nothing of it has happened yet: the instance commits it first, and acts on it then. */
export interface Turn {
  /** How many of the facts belong to this execution. The rest is for the one that continue-as-new begins. */
  readonly taken: number;
  /** To append to the history, in this order: the accepted facts, what the code asked for, how it ended. */
  readonly events: readonly HistoryEvent[];
  /** To run, once the events are durable. */
  readonly activities: readonly TaskScheduled[];
  /** To deliver, once the events are durable. */
  readonly messages: readonly AddressedMessage[];
  readonly status: RuntimeStatus;
  /** Not told any more in the turns after the end: it stays as it was. */
  readonly customStatus: string | undefined;
  /** Set in the turn in which the execution ended. */
  readonly completion: Completion | undefined;
}

/**
 * The engine: history and new facts in, decisions out. Holds one execution and its pending work in memory between
 * turns; both can be made again from the history by `load` at any moment, with the same decisions to follow.
 * Pure but for the author's code: time comes with the facts, and what should happen is returned as data.
 */
export class Orchestration {
  readonly pending = new PendingWork();
  readonly #execution: Execution;
  /** Raises that have been taken, by their IDs, and when. */
  readonly #seenMessages = new Map<string, number>();
  #status: RuntimeStatus;
  /** The history ends with ExecutionCompleted: only answers to activities that still run are taken. */
  #ended = false;
  #uncommitted: boolean;
  /** The highest time of the history: no turn is earlier, whatever the machine's clock says. */
  #latestMs = 0;

  private constructor(instanceId: string, registry: Registry | undefined, firstTurnDone: boolean) {
    this.#execution = new Execution(instanceId, registry);
    this.#status = firstTurnDone ? "RUNNING" : "PENDING";
    this.#uncommitted = !firstTurnDone;
  }

  /**
   * Builds the state that the history led to. `firstTurnDone: false` says that the events have been recorded and
   * never been shown to the code: they are news to it, not replay. Without a registry the code is not run: enough to terminate an instance whose code holds up its turn.
   */
  static async load(
    instanceId: string,
    registry: Registry | undefined,
    history: readonly HistoryEvent[],
    firstTurnDone: boolean,
  ): Promise<Orchestration> {
    const orchestration = new Orchestration(instanceId, registry, firstTurnDone);
    await orchestration.#replay(history, firstTurnDone);
    return orchestration;
  }

  /** Whether a turn is due although no new fact has come: a first turn, or a replay that found the code changed. */
  get hasUncommitted(): boolean {
    return this.#uncommitted;
  }

  get status(): RuntimeStatus {
    return this.#status;
  }

  get started(): ExecutionStarted | undefined {
    return this.#execution.started;
  }

  /** What the next execution has to know of the raises that this one, and those before it, have taken. */
  recentMessages(nowMs: number): Record<string, number> {
    const recent = [...this.#seenMessages].filter(([, takenAtMs]) => takenAtMs > nowMs - REMEMBERED_MS);
    return Object.fromEntries(recent.slice(-REMEMBERED_MESSAGES));
  }

  async turn(facts: readonly HistoryFact[], nowMs: number): Promise<Turn> {
    const timestampMs = Math.max(nowMs, this.#latestMs);
    if (facts.some((fact) => fact.type === "ExecutionTerminated")) {
      // An instance that is terminated before its start never begins.
      if (this.#execution.started === undefined) this.#execution.giveUpCode();
      // One that continues as new whenever it begins would never come to take a fact.
      if (!this.#ended) this.#execution.cancelContinuation();
    }
    const events: HistoryEvent[] = [];
    let taken = 0;
    for (const fact of facts) {
      if (this.#execution.completion?.type === "ContinuedAsNew") break;
      taken++;
      if (!this.#accepts(fact)) continue;
      const event = { ...fact, timestampMs };
      events.push(event);
      this.#record(event);
      if (!this.#ended) await this.#execution.apply(event, false);
    }
    return this.#decide(events, taken, timestampMs);
  }

  #accepts(fact: HistoryFact): boolean {
    if (isRecordOfTheEngine(fact)) return false;
    if (fact.type === "EventRaised" && fact.messageId !== undefined && this.#seenMessages.has(fact.messageId))
      return false;
    const { completion } = this.#execution;
    if (this.#ended || completion !== undefined) {
      if (completion?.type === "Terminated") return false;
      return (fact.type === "TaskCompleted" || fact.type === "TaskFailed") && this.pending.accepts(fact);
    }
    if (fact.type === "ExecutionSuspended") return !this.#execution.isSuspended;
    if (fact.type === "ExecutionResumed") return this.#execution.isSuspended;
    return this.pending.accepts(fact);
  }

  #record(event: HistoryEvent): void {
    if (event.timestampMs > this.#latestMs) this.#latestMs = event.timestampMs;
    this.pending.apply(event);
    if (event.type === "ExecutionStarted") {
      for (const [messageId, takenAtMs] of Object.entries(event.recentMessages ?? {})) {
        this.#seenMessages.set(messageId, takenAtMs);
      }
    }
    if (event.type === "EventRaised" && event.messageId !== undefined)
      this.#seenMessages.set(event.messageId, event.timestampMs);
  }

  #decide(events: HistoryEvent[], taken: number, timestampMs: number): Turn {
    this.#uncommitted = false;
    const wasEnded = this.#ended;
    const activities: TaskScheduled[] = [];
    const messages: AddressedMessage[] = [];
    for (const action of this.#execution.takeActions()) {
      const event = recordOf(action, timestampMs);
      events.push(event);
      this.#record(event);
      if (event.type === "TaskScheduled") activities.push(event);
      else if (event.type === "ChildWorkflowInstanceCreated") messages.push(this.#startChild(event));
    }
    const completion = wasEnded ? undefined : this.#execution.completion;
    if (completion !== undefined) this.#end(completion, events, messages, timestampMs);
    else if (!wasEnded) this.#status = this.#execution.isSuspended ? "SUSPENDED" : "RUNNING";
    return {
      taken,
      events,
      activities,
      messages,
      status: this.#status,
      customStatus: wasEnded ? undefined : this.#execution.customStatus,
      completion,
    };
  }

  #end(completion: Completion, events: HistoryEvent[], messages: AddressedMessage[], timestampMs: number): void {
    this.#ended = true;
    if (completion.type === "ContinuedAsNew") return;
    const status = terminalStatus[completion.type];
    this.#status = status;
    if (completion.type === "Terminated" && completion.recursive) {
      for (const child of this.pending.children.values())
        messages.push(this.#terminateChild(child.instanceId, completion.output));
    }
    const ended: HistoryEvent = {
      type: "ExecutionCompleted",
      timestampMs,
      status,
      output: completion.type === "Failed" ? undefined : completion.output,
      failure: completion.type === "Failed" ? completion.failure : undefined,
    };
    events.push(ended);
    this.#record(ended);
    const parent = this.#execution.started?.parent;
    if (parent !== undefined) {
      messages.push({
        to: parent.instanceId,
        message: {
          version: 1,
          type: "ChildEnded",
          parentExecutionId: parent.executionId,
          taskId: parent.taskId,
          outcome: outcomeFor(completion, this.#execution.instanceId),
        },
      });
    }
  }

  #startChild(event: Extract<HistoryEvent, { type: "ChildWorkflowInstanceCreated" }>): AddressedMessage {
    const started = this.#execution.started;
    return {
      to: event.instanceId,
      message: {
        version: 1,
        type: "StartChild",
        name: event.name,
        input: event.input,
        parent: {
          instanceId: this.#execution.instanceId,
          executionId: started?.executionId ?? "",
          name: started?.name ?? "",
          taskId: event.id,
        },
        traceparent: started?.traceparent,
      },
    };
  }

  #terminateChild(childInstanceId: string, output: string | undefined): AddressedMessage {
    const parent = { instanceId: this.#execution.instanceId, executionId: this.#execution.started?.executionId ?? "" };
    return { to: childInstanceId, message: { version: 1, type: "Terminate", parent, output } };
  }

  async #replay(history: readonly HistoryEvent[], firstTurnDone: boolean): Promise<void> {
    const last = history.findLast((event) => event.type === "ExecutionCompleted");
    if (last?.type === "ExecutionCompleted") {
      // The code has nothing more to say; only what it left running is of interest.
      this.#ended = true;
      this.#status = last.status;
      for (const event of history) this.#record(event);
      return;
    }
    for (const event of history) {
      this.#record(event);
      await this.#execution.apply(event, firstTurnDone);
    }
    if (firstTurnDone) this.#status = this.#execution.isSuspended ? "SUSPENDED" : "RUNNING";
    if (this.#execution.completion !== undefined || this.#execution.hasActions) this.#uncommitted = true;
  }
}

const terminalStatus = {
  Completed: "COMPLETED",
  Failed: "FAILED",
  Terminated: "TERMINATED",
} satisfies Record<Exclude<Completion["type"], "ContinuedAsNew">, TerminalStatus>;

/** What only a turn itself writes, and nobody can tell it. */
function isRecordOfTheEngine({ type }: HistoryFact): boolean {
  return (
    type === "TaskScheduled" ||
    type === "TimerCreated" ||
    type === "ChildWorkflowInstanceCreated" ||
    type === "ExecutionCompleted"
  );
}

function recordOf(action: Action, timestampMs: number): Extract<HistoryEvent, { id: number }> {
  switch (action.type) {
    case "ScheduleActivity":
      return { type: "TaskScheduled", timestampMs, id: action.id, name: action.name, input: action.input };
    case "CreateTimer":
      return { type: "TimerCreated", timestampMs, id: action.id, fireAtMs: action.fireAtMs };
    case "StartChild":
      return {
        type: "ChildWorkflowInstanceCreated",
        timestampMs,
        id: action.id,
        name: action.name,
        instanceId: action.instanceId,
        input: action.input,
      };
  }
}

function outcomeFor(completion: Exclude<Completion, { type: "ContinuedAsNew" }>, instanceId: string) {
  switch (completion.type) {
    case "Completed":
      return { ok: true, result: completion.output } as const;
    case "Failed":
      return { ok: false, failure: completion.failure } as const;
    case "Terminated":
      return {
        ok: false,
        failure: { errorType: "WorkflowTerminated", message: `workflow instance '${instanceId}' was terminated` },
      } as const;
  }
}
