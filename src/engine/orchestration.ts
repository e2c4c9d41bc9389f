import type { Completion, UpdateOutcome } from "../model/action.ts";
import type {
  ExecutionCompleted,
  ExecutionStarted,
  HistoryEvent,
  HistoryFact,
  TaskScheduled,
} from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import type { RuntimeStatus, TerminalStatus } from "../model/status.ts";
import { Execution, type ExecutionCode } from "./execution.ts";
import type { QueryAnswer } from "./interactions.ts";
import { Messages } from "./messages.ts";
import { PendingWork } from "./pending-work.ts";
import { isRecordOfTheEngine, messageKeyOf, recordOf } from "./records.ts";
import { SeenMessages } from "./seen-messages.ts";
import type { Stall } from "./stall.ts";
import type { Outline, Turn } from "./turn.ts";

/**
 * The engine: history and new facts in, decisions out. Holds one execution and its pending work in memory between
 * turns; both can be made again from the history by `load` at any moment, with the same decisions to follow.
 * Pure but for the author's code: time comes with the facts, and what should happen is returned as data.
 */
export class Orchestration {
  readonly pending = new PendingWork();
  readonly #execution: Execution;
  readonly #isFirstTurn: boolean;
  readonly #seenMessages = new SeenMessages();
  readonly #openUpdates = new Set<string>();
  readonly #updateOutcomes = new Map<string, UpdateOutcome>();
  /** Updates that have ended in the last turn. */
  #lastEnded: string[] = [];
  #status: RuntimeStatus;
  /** The history ends with ExecutionCompleted: only answers to activities that still run are taken. */
  #ended = false;
  #uncommitted: boolean;
  #cancelRequested = false;
  /** The highest time of the history: no turn is earlier, whatever the machine's clock says. */
  #latestMs = 0;

  #first: ExecutionStarted | undefined;
  #completed: ExecutionCompleted | undefined;

  /** The stall that the history ends with. */
  #recordedStall: Stall | undefined;

  private constructor(
    instanceId: string,
    code: ExecutionCode | undefined,
    history: readonly HistoryEvent[],
    firstTurnDone: boolean,
  ) {
    const patches = history.flatMap((event) => (event.type === "PatchRecorded" ? [event.name] : []));
    this.#execution = new Execution(instanceId, code, patches, (timerId) => this.pending.dropTimer(timerId));
    this.#status = firstTurnDone ? "RUNNING" : "PENDING";
    this.#uncommitted = !firstTurnDone;
    this.#isFirstTurn = !firstTurnDone;
  }

  /**
   * Builds the state that the history led to. `firstTurnDone: false` says that the events have been recorded and
   * never been shown to the code: they are news to it, not replay. Without code nothing is run: enough to terminate an
   * instance whose code holds up its turn. `runEnded` runs the code of an ended history too, so that it can be queried.
   */
  static async load(
    instanceId: string,
    code: ExecutionCode | undefined,
    history: readonly HistoryEvent[],
    firstTurnDone: boolean,
    { runEnded = false } = {},
  ): Promise<Orchestration> {
    const last = history.at(-1);
    const begun = firstTurnDone && !(last?.type === "ExecutionStalled" && last.beforeFirstTurn);
    const orchestration = new Orchestration(instanceId, code, history, begun);
    orchestration.#execution.beginTurn();
    await orchestration.#replay(history, begun, runEnded);
    orchestration.#execution.endTurn();
    return orchestration;
  }

  /** Whether a turn is due although no new fact has come: a first turn, or a replay that found the code changed. */
  get hasUncommitted(): boolean {
    return this.#uncommitted;
  }

  get status(): RuntimeStatus {
    return this.#status;
  }

  /** The names of the external events that the workflow waits for, in lower case. */
  get awaitedEvents(): string[] {
    return this.#execution.awaitedEvents;
  }

  get awaitsCondition(): boolean {
    return this.#execution.awaitsCondition;
  }

  /** How an update has ended, if it has. */
  updateOutcome(updateId: string): UpdateOutcome | undefined {
    return this.#updateOutcomes.get(updateId);
  }

  /** Whether it is the last turn, begun or decided, that has ended the update. */
  hasJustEnded(updateId: string): boolean {
    return this.#lastEnded.includes(updateId);
  }

  /** `forgotten`: an execution before this one has taken it, and how it ended is not known any more. */
  updateState(updateId: string): "unknown" | "open" | "ended" | "forgotten" {
    if (this.#updateOutcomes.has(updateId)) return "ended";
    if (this.#openUpdates.has(updateId)) return "open";
    return this.#seenMessages.has(`update:${updateId}`) ? "forgotten" : "unknown";
  }

  get started(): ExecutionStarted | undefined {
    return this.#execution.started;
  }

  /** What the history begins with, what has ended it, and the time of its last event. */
  get outline(): Outline {
    return { first: this.#first, completed: this.#completed, lastAtMs: this.#latestMs };
  }

  /** Today's code cannot go on with this history. No fact is taken until an Orchestration with other code can. */
  get stall(): Stall | undefined {
    return this.#execution.stall;
  }

  /** Asks the workflow's code a question. Changes nothing. */
  query(name: string, input: string | undefined): QueryAnswer {
    return this.#execution.query(name, input);
  }

  /** What the next execution has to know of the raises that this one, and those before it, have taken. */
  recentMessages(nowMs: number): Record<string, number> {
    return this.#seenMessages.recent(nowMs);
  }

  async turn(facts: readonly HistoryFact[], nowMs: number): Promise<Turn> {
    if (this.#lastEnded.length > 0) this.#lastEnded = [];
    const timestampMs = Math.max(nowMs, this.#latestMs);
    if (facts.some((fact) => fact.type === "ExecutionTerminated")) {
      // An instance that is terminated before its start never begins.
      if (this.#execution.started === undefined) this.#execution.giveUpCode();
      // One that continues as new whenever it begins would never come to take a fact.
      if (!this.#ended) this.#execution.cancelContinuation();
    }
    this.#execution.beginTurn();
    const events: HistoryEvent[] = [];
    const messages: AddressedMessage[] = [];
    const aborts: number[] = [];
    // A terminate ends a stalled execution without its code, which has not come back then.
    if (this.#recordedStall !== undefined && this.#execution.stall === undefined && this.#execution.hasCode) {
      const event: HistoryEvent = { type: "ExecutionUnstalled", timestampMs };
      events.push(event);
      this.#record(event);
    }
    let taken = 0;
    for (const fact of facts) {
      if (this.#execution.completion?.type === "ContinuedAsNew" || this.#execution.stall !== undefined) break;
      taken++;
      if (!this.#accepts(fact)) continue;
      const event = { ...fact, timestampMs };
      events.push(event);
      this.#record(event);
      if (event.type === "ExecutionCancelRequested") {
        aborts.push(...this.pending.activities.keys());
        for (const { instanceId } of this.pending.children.values())
          messages.push(this.#messages.toChild(instanceId, { type: "Cancel", reason: event.reason }));
      }
      const applied = this.#ended ? undefined : this.#execution.apply(event, false);
      if (applied !== undefined) await applied;
    }
    this.#execution.endTurn();
    return this.#decide(events, messages, aborts, taken, timestampMs);
  }

  #accepts(fact: HistoryFact): boolean {
    if (isRecordOfTheEngine(fact)) return false;
    const messageKey = messageKeyOf(fact);
    if (messageKey !== undefined && this.#seenMessages.has(messageKey)) return false;
    const { completion } = this.#execution;
    if (this.#ended || completion !== undefined) {
      if (completion?.type === "Terminated") return false;
      return (fact.type === "TaskCompleted" || fact.type === "TaskFailed") && this.pending.accepts(fact);
    }
    if (fact.type === "ExecutionSuspended") return !this.#execution.isSuspended;
    if (fact.type === "ExecutionResumed") return this.#execution.isSuspended;
    if (fact.type === "ExecutionCancelRequested") return !this.#cancelRequested;
    return this.pending.accepts(fact);
  }

  #record(event: HistoryEvent): void {
    if (event.timestampMs > this.#latestMs) this.#latestMs = event.timestampMs;
    this.pending.apply(event);
    if (event.type === "ExecutionStarted") {
      this.#first = event;
      this.#seenMessages.carry(event.recentMessages ?? {});
    } else if (event.type === "ExecutionCancelRequested") this.#cancelRequested = true;
    this.#recordedStall = event.type === "ExecutionStalled" ? event : undefined;
    if (event.type === "ExecutionCompleted") this.#completed = event;
    if (event.type === "UpdateRequested") this.#openUpdates.add(event.updateId);
    if (event.type === "UpdateCompleted") this.#updateOutcomes.set(event.updateId, { ok: true, result: event.result });
    if (event.type === "UpdateFailed") {
      const { updateId, rejected, failure } = event;
      this.#updateOutcomes.set(updateId, { ok: false, rejected, failure });
    }
    if (event.type === "UpdateCompleted" || event.type === "UpdateFailed") this.#openUpdates.delete(event.updateId);
    const messageKey = messageKeyOf(event);
    if (messageKey !== undefined) this.#seenMessages.add(messageKey, event.timestampMs);
  }

  #decide(
    events: HistoryEvent[],
    messages: AddressedMessage[],
    aborts: readonly number[],
    taken: number,
    timestampMs: number,
  ): Turn {
    this.#uncommitted = false;
    const wasEnded = this.#ended;
    const activities: TaskScheduled[] = [];
    const updates: { updateId: string; outcome: UpdateOutcome }[] = [];
    for (const action of this.#execution.takeActions()) {
      const event = recordOf(action, timestampMs);
      events.push(event);
      this.#record(event);
      if (action.type === "EndUpdate") {
        updates.push(action);
        this.#lastEnded.push(action.updateId);
      }
      if (event.type === "TaskScheduled") activities.push(event);
      else if (event.type === "ChildWorkflowInstanceCreated") messages.push(this.#messages.startChild(event));
      else if (event.type === "DetachedWorkflowScheduled") messages.push(this.#messages.startDetached(event));
      else if (event.type === "EventSent") messages.push(this.#messages.raiseEvent(event));
    }
    if (this.#execution.stall !== undefined) this.#recordStall(this.#execution.stall, events, timestampMs);
    const completion = wasEnded ? undefined : this.#execution.completion;
    if (completion !== undefined) this.#end(completion, events, messages, timestampMs);
    else if (!wasEnded) this.#status = this.#liveStatus;
    return {
      taken,
      events,
      activities,
      messages,
      aborts,
      updates,
      status: this.#status,
      customStatus: wasEnded ? undefined : this.#execution.customStatus,
      completion,
      warnings: this.#warnings(completion !== undefined),
    };
  }

  get #liveStatus(): RuntimeStatus {
    if (this.#execution.stall !== undefined) return "STALLED";
    return this.#execution.isSuspended ? "SUSPENDED" : "RUNNING";
  }

  /** Once, as long as the reason stays the same. */
  #recordStall(stall: Stall, events: HistoryEvent[], timestampMs: number): void {
    if (this.#isRecorded(stall)) return;
    const { reason, message, knownBy } = stall;
    const beforeFirstTurn = this.#isFirstTurn;
    const event: HistoryEvent = { type: "ExecutionStalled", timestampMs, reason, message, beforeFirstTurn, knownBy };
    events.push(event);
    this.#record(event);
  }

  #warnings(hasEnded: boolean): string[] {
    const farAhead = this.#execution.takeFarAhead();
    const warnings = farAhead === undefined ? [] : [farAhead];
    const forgotten = hasEnded ? this.#execution.forgottenTasks : 0;
    if (forgotten === 0) return warnings;
    return [
      ...warnings,
      `${forgotten} task(s) of workflow '${this.#execution.started?.name}' were made and never waited for. ` +
        "If that is not meant so, a yield is missing before callActivity, createTimer, whenAll or the like.",
    ];
  }

  #end(completion: Completion, events: HistoryEvent[], messages: AddressedMessage[], timestampMs: number): void {
    this.#ended = true;
    if (completion.type === "ContinuedAsNew") return;
    const status = terminalStatus[completion.type];
    this.#status = status;
    if (completion.type === "Terminated" && completion.recursive) {
      const { output, reason } = completion;
      for (const child of this.pending.children.values())
        messages.push(this.#messages.toChild(child.instanceId, { type: "Terminate", output, reason }));
    }
    const ended: HistoryEvent = {
      type: "ExecutionCompleted",
      timestampMs,
      status,
      output: "failure" in completion ? undefined : completion.output,
      failure: "failure" in completion ? completion.failure : undefined,
    };
    events.push(ended);
    this.#record(ended);
    const message = this.#messages.toParent(completion);
    if (message !== undefined) messages.push(message);
  }

  get #messages(): Messages {
    return new Messages(this.#execution.instanceId, this.#execution.started);
  }

  async #replay(history: readonly HistoryEvent[], firstTurnDone: boolean, runEnded: boolean): Promise<void> {
    const last = history.findLast((event) => event.type === "ExecutionCompleted");
    if (last?.type === "ExecutionCompleted") {
      // The code has nothing more to say; only what it left running is of interest.
      this.#ended = true;
      this.#status = last.status;
      for (const event of history) {
        this.#record(event);
        const applied = runEnded ? this.#execution.apply(event, true) : undefined;
        if (applied !== undefined) await applied;
      }
      return;
    }
    for (const event of history) {
      this.#record(event);
      const applied = this.#execution.apply(event, firstTurnDone);
      if (applied !== undefined) await applied;
    }
    if (firstTurnDone) this.#execution.checkReplay(false);
    if (this.#recordedStall !== undefined) this.#status = "STALLED";
    else if (firstTurnDone) this.#status = this.#liveStatus;
    if (this.#execution.stall !== undefined) this.#uncommitted = !this.#isRecorded(this.#execution.stall);
    else if (this.#recordedStall !== undefined) this.#uncommitted = true;
    else if (this.#execution.completion !== undefined || this.#execution.hasActions) this.#uncommitted = true;
  }

  /** An error that tells of a time, or of a random number, is the same error. */
  #isRecorded({ reason, message, knownBy }: Stall): boolean {
    const recorded = this.#recordedStall;
    if (recorded?.reason !== reason || recorded.knownBy !== knownBy) return false;
    return knownBy !== undefined || recorded.message === message;
  }
}

const terminalStatus = {
  Completed: "COMPLETED",
  Failed: "FAILED",
  Canceled: "CANCELED",
  Terminated: "TERMINATED",
} satisfies Record<Exclude<Completion["type"], "ContinuedAsNew">, TerminalStatus>;
