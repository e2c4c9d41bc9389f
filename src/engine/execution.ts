import type { Action, Completion } from "../model/action.ts";
import type { ExecutionStarted, HistoryEvent } from "../model/history-event.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";
import { answerCall } from "./answers.ts";
import { CodeRun, type ExecutionCode } from "./code-run.ts";
import type { CodeWatch } from "./code-watch.ts";
import type { Difference } from "./errors.ts";
import { ExecutionEnd } from "./execution-end.ts";
import { ExecutionState } from "./execution-state.ts";
import type { QueryAnswer } from "./interactions.ts";
import type { PendingWork } from "./pending-work.ts";
import type { Stall } from "./stall.ts";
import { type Standing, standingOf } from "./standing.ts";
import { Suspension } from "./suspension.ts";
import type { EndedAt } from "./turn-draft.ts";
import { type Waits, waitsOf } from "./waits.ts";

export type { ExecutionCode } from "./code-run.ts";

/**
 * One execution of a workflow: its code, driven over its history.
 *
 *   not started --ExecutionStarted--> running <--Resumed/Suspended--> suspended
 *   running | suspended --code ended, or Terminated--> ended
 *   not started | running --today's code does not fit the history--> stalled
 *
 * It is a cache of the history and nothing more: built again from the same events it is in the same state, because
 * time, order and results come from the events alone. Events are applied strictly one after the other, and after each
 * the code runs as far as it can: the workflow first, then its updates. What the code asks for gathers in `takeActions`;
 * when the history holds it already (replay), the event that recorded it takes it away again, or ends the execution with
 * a NonDeterminismError.
 */
export class Execution {
  readonly instanceId: string;
  readonly #state: ExecutionState;
  readonly #suspension = new Suspension();
  readonly #end: ExecutionEnd;
  readonly #run: CodeRun;

  /** As an `ExecutionState` is made. */
  constructor(
    instanceId: string,
    code: ExecutionCode | undefined,
    recordedPatches: readonly string[],
    timerCanceled: (id: number) => void,
    version?: string,
  ) {
    this.instanceId = instanceId;
    this.#state = new ExecutionState(instanceId, code?.registry, recordedPatches, timerCanceled, version);
    const fails = code?.onNonDeterminism === "fail";
    this.#end = new ExecutionEnd(this.#state, this.#suspension, fails);
    this.#run = new CodeRun(code, this.#state, this.#end);
  }

  get started(): ExecutionStarted | undefined {
    return this.#state.started;
  }
  /** How often it has been rewound. */
  get rewinds(): number {
    return this.#state.rewinds;
  }
  get completion(): Completion | undefined {
    return this.#end.completion;
  }
  get stall(): Stall | undefined {
    return this.#end.stall;
  }
  get isSuspended(): boolean {
    return this.#suspension.isOn;
  }
  get customStatus(): string | undefined {
    return this.#state.customStatus;
  }
  /** `undefined` where there are none, and where code that is not run, or does not fit, may have set others. */
  get searchAttributes(): SearchAttributes | undefined {
    return this.hasCode && this.stall === undefined ? this.#state.searchAttributes : undefined;
  }
  waits(pending: PendingWork): Waits {
    return waitsOf(this.#state, this.#suspension, pending);
  }
  standing(pending: PendingWork): Standing {
    return standingOf(this.#run.waitingFor, this.#state.calls, pending);
  }
  /** Where code and history part, when that is why the execution is stalled. */
  get difference(): Difference | undefined {
    return this.#end.difference;
  }

  get endedAt(): EndedAt {
    return { position: this.#end.endedAt, askedBefore: this.#state.calls.askedBefore };
  }

  /** What the author should know, in words. `hasEnded`: the execution does not go on. */
  takeWarnings(hasEnded: boolean): string[] {
    const isDone = hasEnded && this.completion?.type !== "Terminated";
    return this.#state.takeWarnings(hasEnded, isDone);
  }

  get hasCode(): boolean {
    return this.#run.hasCode;
  }

  get #watch(): CodeWatch {
    return this.#state.calls.watch;
  }

  /** Between the two the code may call its context. */
  beginTurn(): void {
    this.#watch.begin();
  }
  endTurn(): void {
    this.#watch.end();
  }

  /** From here on the code is not begun, and what it would have done is not checked. */
  giveUpCode(): void {
    this.#run.giveUpCode();
  }

  /**
   * Applies the event that stands there in the history, by default the next, and lets the code go on as far as it can. Does nothing once
   * the execution has ended, or is stalled.
   * Returns a promise only where the code goes on: most events of a history are records of what it has asked for.
   */
  apply(event: HistoryEvent, replaying: boolean, position = this.#state.historyIndex + 1): void | Promise<void> {
    const { completion, stall } = this.#end;
    this.#state.historyIndex = position;
    if (stall !== undefined) return;
    if (completion !== undefined) return this.#applyBehindEnd(event, completion);
    this.#state.replaying = replaying;
    if (event.timestampMs > this.#state.currentTimeMs) this.#state.currentTimeMs = event.timestampMs;
    if (event.type === "UpdateRequested") this.#state.interactions.expect(event.updateId);
    if (this.#suspension.holds(event, position)) return;
    const applied = this.#applyNow(event);
    return this.#suspension.held.length === 0 ? applied : this.#applyHeld(applied);
  }

  async #applyHeld(applied: void | Promise<void>): Promise<void> {
    await applied;
    const { held } = this.#suspension;
    const latest = this.#state.historyIndex;
    while (!this.#suspension.isOn && !this.#end.enough() && held.length > 0) {
      const { event, position } = held.shift() as (typeof held)[number];
      this.#state.historyIndex = position;
      await this.#applyNow(event);
    }
    this.#state.historyIndex = latest;
  }

  /** What came behind the end. In a replay too: code that continues as new where it waited before leaves what came since. */
  #applyBehindEnd(event: HistoryEvent, { type }: Completion): void {
    if (type === "ContinuedAsNew") this.#state.continuation?.leave(event);
    if (this.#run.hasCode) this.#end.checkBehind(event);
  }

  /** To be called after a replay: stalls the execution when the code has not come as far as the history. */
  checkReplay(historyHasEnded: boolean): void {
    if (this.#run.hasCode) this.#end.checkReplay(historyHasEnded);
  }

  /** A continue-as-new that no turn has decided yet is taken back, for the sake of a terminate. */
  cancelContinuation(): void {
    this.#end.takeBackContinuation();
  }

  /** Of so many events. Where a rerun begins, what the code has asked for beside the call that is made again has the source's times. */
  endReplay(events: number, nowMs: number): void {
    this.endTurn();
    this.#state.replayed(events, nowMs);
  }

  /** The number of the next call of its code. */
  get nextCallId(): number {
    return this.#state.calls.nextId;
  }

  get hasActions(): boolean {
    return this.#state.calls.actions.size > 0;
  }

  /** What the code has asked for and no event has recorded yet, in the order of the calls. Forgets it. */
  takeActions(): Action[] {
    return this.#state.calls.takeActions();
  }

  query(name: string, input: string | undefined): QueryAnswer {
    const { calls, interactions } = this.#state;
    return calls.watch.query(() => interactions.query(name, input));
  }

  #applyNow(event: HistoryEvent): void | Promise<void> {
    this.#state.calls.beginEvent();
    switch (event.type) {
      case "ExecutionStarted":
        return this.#run.start(event);
      case "TaskCompleted":
      case "TaskFailed":
      case "ChildWorkflowInstanceCompleted":
      case "ChildWorkflowInstanceFailed": {
        const { calls, payloads } = this.#state;
        const decided = answerCall(event, calls.take(event.id), payloads, this.instanceId);
        if (decided !== undefined) return this.#run.driveAfter(decided);
        break;
      }
      case "TimerFired":
        this.#state.calls.take(event.id)?.complete(undefined);
        break;
      case "EventRaised":
        this.#state.mailbox.receive(event);
        break;
      case "UpdateRequested":
        return this.#run.beginUpdate(event);
      case "ExecutionCancelRequested":
        return this.#run.cancel(event.reason);
      case "ExecutionSuspended":
      case "ExecutionResumed":
        this.#suspension.isOn = event.type === "ExecutionSuspended";
        return;
      case "ExecutionTerminated":
        return this.#end.terminate(event);
      case "ExecutionRewound":
        this.#state.rewinds++;
        return;
      default:
        if (this.#run.hasCode) this.#end.confirm(event);
        return;
    }
    if (this.#run.mayGoOn) return this.#run.drive();
  }
}
