import type { Completion, UpdateOutcome } from "../model/action.ts";
import type { ExecutionStarted, HistoryEvent, HistoryFact } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { Execution, type ExecutionCode } from "./execution.ts";
import type { QueryAnswer } from "./interactions.ts";
import { Messages } from "./messages.ts";
import type { PendingWork } from "./pending-work.ts";
import { RecordedHistory } from "./recorded-history.ts";
import { isRecordOfTheEngine, messageKeyOf } from "./records.ts";
import type { Stall } from "./stall.ts";
import type { Outline, Turn } from "./turn.ts";
import { TurnDraft } from "./turn-draft.ts";

/**
 * The engine: history and new facts in, decisions out. Holds one execution and what its history says in memory between
 * turns; both can be made again from the history by `load` at any moment, with the same decisions to follow.
 * Pure but for the author's code: time comes with the facts, and what should happen is returned as data.
 */
export class Orchestration {
  readonly #history = new RecordedHistory();
  readonly #execution: Execution;
  readonly #toOthers: Messages;
  readonly #isFirstTurn: boolean;
  /** The updates that have ended in the last turn. */
  #lastUpdates: Turn["updates"] = [];
  #status: RuntimeStatus;
  /** The execution is over: only answers to activities that still run are taken. */
  #ended = false;
  #uncommitted: boolean;

  private constructor(
    instanceId: string,
    code: ExecutionCode | undefined,
    history: readonly HistoryEvent[],
    firstTurnDone: boolean,
  ) {
    const patches = history.flatMap((event) => (event.type === "PatchRecorded" ? [event.name] : []));
    this.#execution = new Execution(instanceId, code, patches, (timerId) => this.pending.dropTimer(timerId));
    this.#toOthers = new Messages(this.#execution);
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

  /** What the workflow has called and has no answer to. */
  get pending(): PendingWork {
    return this.#history.pending;
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
    return this.#history.updateOutcome(updateId);
  }

  /** Whether it is the last turn, begun or decided, that has ended the update. */
  hasJustEnded(updateId: string): boolean {
    return this.#lastUpdates.some((update) => update.updateId === updateId);
  }

  /** `forgotten`: an execution before this one has taken it, and how it ended is not known any more. */
  updateState(updateId: string): "unknown" | "open" | "ended" | "forgotten" {
    return this.#history.updateState(updateId);
  }

  get started(): ExecutionStarted | undefined {
    return this.#execution.started;
  }

  /** What the history begins with, what has ended it, and the time of its last event. */
  get outline(): Outline {
    return this.#history.outline;
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
    return this.#history.seenMessages.recent(nowMs);
  }

  async turn(facts: readonly HistoryFact[], nowMs: number): Promise<Turn> {
    const timestampMs = Math.max(nowMs, this.#history.latestMs);
    const draft = new TurnDraft(timestampMs, this.#history, this.#toOthers);
    this.#lastUpdates = draft.updates;
    if (facts.some((fact) => fact.type === "ExecutionTerminated")) {
      // An instance that is terminated before its start never begins.
      if (this.#execution.started === undefined) this.#execution.giveUpCode();
      // One that continues as new whenever it begins would never come to take a fact.
      if (!this.#ended) this.#execution.cancelContinuation();
    }
    this.#execution.beginTurn();
    // A terminate ends a stalled execution without its code, which has not come back then.
    if (this.#history.stall !== undefined && this.#execution.stall === undefined && this.#execution.hasCode)
      draft.append({ type: "ExecutionUnstalled", timestampMs });
    let taken = 0;
    for (const fact of facts) {
      if (this.#execution.completion?.type === "ContinuedAsNew" || this.#execution.stall !== undefined) break;
      taken++;
      if (!this.#accepts(fact)) continue;
      const event = { ...fact, timestampMs };
      draft.append(event);
      if (event.type === "ExecutionCancelRequested") draft.cancel(event);
      const applied = this.#ended ? undefined : this.#execution.apply(event, false);
      if (applied !== undefined) await applied;
    }
    this.#execution.endTurn();
    return this.#decide(draft, taken);
  }

  #accepts(fact: HistoryFact): boolean {
    if (isRecordOfTheEngine(fact)) return false;
    const messageKey = messageKeyOf(fact);
    if (messageKey !== undefined && this.#history.seenMessages.has(messageKey)) return false;
    const { completion } = this.#execution;
    if (this.#ended || completion !== undefined) {
      if (completion?.type === "Terminated") return false;
      return (fact.type === "TaskCompleted" || fact.type === "TaskFailed") && this.pending.accepts(fact);
    }
    if (fact.type === "ExecutionSuspended") return !this.#execution.isSuspended;
    if (fact.type === "ExecutionResumed") return this.#execution.isSuspended;
    if (fact.type === "ExecutionCancelRequested") return !this.#history.isCancelRequested;
    return this.pending.accepts(fact);
  }

  /** What the code has asked for behind the facts, and what has become of its execution. */
  #decide(draft: TurnDraft, taken: number): Turn {
    this.#uncommitted = false;
    const wasEnded = this.#ended;
    for (const action of this.#execution.takeActions()) draft.ask(action);
    const { stall } = this.#execution;
    if (stall !== undefined) draft.stall(stall, this.#isFirstTurn);
    const completion = wasEnded ? undefined : this.#execution.completion;
    if (completion !== undefined) this.#end(draft, completion);
    else if (!wasEnded) this.#status = this.#liveStatus;
    const { events, activities, messages, aborts, updates } = draft;
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

  #end(draft: TurnDraft, completion: Completion): void {
    this.#ended = true;
    if (completion.type !== "ContinuedAsNew") this.#status = draft.end(completion);
  }

  get #liveStatus(): RuntimeStatus {
    if (this.#execution.stall !== undefined) return "STALLED";
    return this.#execution.isSuspended ? "SUSPENDED" : "RUNNING";
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

  async #replay(history: readonly HistoryEvent[], firstTurnDone: boolean, runEnded: boolean): Promise<void> {
    const last = history.findLast((event) => event.type === "ExecutionCompleted");
    if (last?.type === "ExecutionCompleted") {
      // The code has nothing more to say; only what it left running is of interest.
      this.#ended = true;
      this.#status = last.status;
      for (const event of history) {
        this.#history.record(event);
        const applied = runEnded ? this.#execution.apply(event, true) : undefined;
        if (applied !== undefined) await applied;
      }
      return;
    }
    for (const event of history) {
      this.#history.record(event);
      const applied = this.#execution.apply(event, firstTurnDone);
      if (applied !== undefined) await applied;
    }
    if (firstTurnDone) this.#execution.checkReplay(false);
    const { stall, completion, hasActions } = this.#execution;
    const recordedStall = this.#history.stall;
    if (recordedStall !== undefined) this.#status = "STALLED";
    else if (firstTurnDone) this.#status = this.#liveStatus;
    if (stall !== undefined) this.#uncommitted = !this.#history.hasStalledAs(stall);
    else if (recordedStall !== undefined) this.#uncommitted = true;
    else if (completion !== undefined || hasActions) this.#uncommitted = true;
  }
}
