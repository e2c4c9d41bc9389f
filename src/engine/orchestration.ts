import type { UpdateOutcome } from "../model/action.ts";
import type { ExecutionStarted, HistoryEvent, HistoryFact } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { Execution, type ExecutionCode } from "./execution.ts";
import type { QueryAnswer } from "./interactions.ts";
import { Messages } from "./messages.ts";
import type { PendingWork } from "./pending-work.ts";
import { RecordedHistory } from "./recorded-history.ts";
import { type Replay, replayOf } from "./replay.ts";
import type { Stall } from "./stall.ts";
import type { Standing } from "./standing.ts";
import type { Outline, Turn } from "./turn.ts";
import { TurnDraft } from "./turn-draft.ts";
import type { Waits } from "./waits.ts";

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

  private constructor(instanceId: string, code: ExecutionCode | undefined, { patches, version, hasBegun }: Replay) {
    const timerCanceled = (timerId: number) => this.pending.dropTimer(timerId);
    this.#execution = new Execution(instanceId, code, patches, timerCanceled, version);
    this.#toOthers = new Messages(this.#execution);
    this.#status = hasBegun ? "RUNNING" : "PENDING";
    this.#uncommitted = this.#isFirstTurn = !hasBegun;
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
    const replay = replayOf(history, firstTurnDone);
    const orchestration = new Orchestration(instanceId, code, replay);
    orchestration.#execution.beginTurn();
    await orchestration.#replay(replay, runEnded);
    orchestration.#history.isWhole(history.length);
    orchestration.#execution.endReplay(history.length, orchestration.#history.latestMs);
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

  /** What the workflow waits for beside its calls, and what can be asked of it. */
  get waits(): Waits {
    return this.#execution.waits(this.pending);
  }
  get standing(): Standing {
    return this.#ended ? {} : this.#execution.standing(this.pending);
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
      if (event.type === "ExecutionCancelRequested") draft.cancel(event, this.#execution.nextCallId);
      const applied = this.#ended ? undefined : this.#execution.apply(event, false, this.#history.length - 1);
      if (applied !== undefined) await applied;
    }
    this.#execution.endTurn();
    return this.#decide(draft, taken);
  }

  #accepts(fact: HistoryFact): boolean {
    if (!this.#history.isNews(fact)) return false;
    const { completion } = this.#execution;
    if (this.#ended || completion !== undefined)
      return completion?.type !== "Terminated" && (fact.type === "TaskCompleted" || fact.type === "TaskFailed");
    if (fact.type === "ExecutionSuspended") return !this.#execution.isSuspended;
    return fact.type !== "ExecutionResumed" || this.#execution.isSuspended;
  }

  /** What the code has asked for behind the facts, and what has become of its execution. */
  #decide(draft: TurnDraft, taken: number): Turn {
    this.#uncommitted = false;
    const wasEnded = this.#ended;
    draft.factsAreIn();
    for (const action of this.#execution.takeActions()) draft.ask(action);
    const { stall } = this.#execution;
    if (stall !== undefined) draft.stall(stall, this.#isFirstTurn);
    const completion = wasEnded ? undefined : this.#execution.completion;
    if (completion !== undefined) {
      this.#ended = true;
      if (completion.type !== "ContinuedAsNew") this.#status = draft.end(completion, this.#execution.endedAt);
    } else if (!wasEnded) this.#status = liveStatus(this.#execution);
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
      searchAttributes: wasEnded ? undefined : this.#execution.searchAttributes,
      completion,
      warnings: this.#execution.takeWarnings(completion !== undefined),
    };
  }

  async #replay({ history, order, newsFrom, hasBegun, end }: Replay, runEnded: boolean): Promise<void> {
    const { length } = order ?? history;
    const hasEnded = end !== undefined;
    // The code of an ended one has nothing more to say; only what it left running is of interest.
    const isRun = !hasEnded || runEnded;
    for (let index = 0; index < length; index++) {
      const step = order?.[index];
      const event = step?.event ?? (history[index] as HistoryEvent);
      this.#history.record(event, step?.leftOut);
      if (index === newsFrom && hasBegun && isRun) this.#execution.checkReplay(false);
      const applied = isRun
        ? this.#execution.apply(event, hasEnded || index < newsFrom, step?.position ?? index)
        : undefined;
      if (applied !== undefined) await applied;
    }
    if (hasEnded) {
      this.#ended = true;
      this.#status = end.status;
      return;
    }
    const isReplayOnly = newsFrom === length;
    if (hasBegun && isReplayOnly) this.#execution.checkReplay(false);
    const { stall, completion, hasActions } = this.#execution;
    const recordedStall = this.#history.stall;
    if (recordedStall !== undefined) this.#status = "STALLED";
    else if (hasBegun) this.#status = liveStatus(this.#execution);
    if (stall !== undefined) this.#uncommitted = !this.#history.hasStalledAs(stall);
    else if (recordedStall !== undefined || completion !== undefined || hasActions || !isReplayOnly)
      this.#uncommitted = true;
  }
}

function liveStatus({ stall, isSuspended }: Execution): RuntimeStatus {
  if (stall !== undefined) return "STALLED";
  return isSuspended ? "SUSPENDED" : "RUNNING";
}
