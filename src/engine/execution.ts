import type { Action, Completion } from "../model/action.ts";
import { describeFailure, type FailureDetails } from "../model/failure.ts";
import type { ExecutionStarted, HistoryEvent, UpdateRequested } from "../model/history-event.ts";
import { answerCall } from "./answers.ts";
import type { CodeWatch } from "./code-watch.ts";
import type { Continuation } from "./continuation.ts";
import { Coroutine, type Step } from "./coroutine.ts";
import {
  type Difference,
  type NonDeterminismError,
  OrchestratorNotRegisteredError,
  WorkflowCanceledError,
} from "./errors.ts";
import { ExecutionContext } from "./execution-context.ts";

import type { QueryAnswer } from "./interactions.ts";
import { failsWhereItWentOn, isRecordedCall } from "./non-determinism.ts";
import { jsonPayloads, type Payloads } from "./payload.ts";
import type { Registry } from "./registry.ts";
import { differs, type Stall, versionNotAvailable } from "./stall.ts";
import { Suspension } from "./suspension.ts";
import { WorkflowContext } from "./workflow-context.ts";

/** The code that an execution runs. */
export interface ExecutionCode {
  readonly registry: Registry;
  /** What becomes of an execution whose code does something else than its history says, or is gone. Default "stall". */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
}

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
  /** `undefined`: the code is not run (any more). Only what others decide still happens: suspend, resume, terminate. */
  #code: ExecutionCode | undefined;
  readonly #context: ExecutionContext;
  readonly #coroutine: Coroutine;
  readonly #payloads: Payloads;
  readonly #suspension = new Suspension();

  #historyIndex = -1;
  #endedAtIndex = -1;
  #cancelRequest: { readonly reason: string | undefined } | undefined;
  #completion: Completion | undefined;
  #isTakenBack = false;
  #stall: Stall | undefined;
  #difference: Difference | undefined;

  /** `recordedPatches`: those that the history holds. `timerCanceled`: nobody waits for that timer any more. */
  constructor(
    instanceId: string,
    code: ExecutionCode | undefined,
    recordedPatches: readonly string[],
    timerCanceled: (id: number) => void,
  ) {
    this.instanceId = instanceId;
    this.#code = code;
    this.#payloads = code?.registry.payloads ?? jsonPayloads;
    this.#context = new ExecutionContext(instanceId, code?.registry, recordedPatches, timerCanceled);
    this.#coroutine = new Coroutine(this.#watch);
  }

  get started(): ExecutionStarted | undefined {
    return this.#context.started;
  }
  get completion(): Completion | undefined {
    return this.#completion;
  }
  get stall(): Stall | undefined {
    return this.#stall;
  }
  get isSuspended(): boolean {
    return this.#suspension.isOn;
  }
  get customStatus(): string | undefined {
    return this.#context.customStatus;
  }
  get awaitedEvents(): string[] {
    return this.#context.mailbox.awaited();
  }
  get awaitsCondition(): boolean {
    return this.#context.conditions.areAwaited;
  }
  /** Where code and history part, when that is why the execution is stalled. */
  get difference(): Difference | undefined {
    return this.#difference;
  }
  /** How many tasks the code has made and never waited for: a `yield` may be missing. */
  get forgottenTasks(): number {
    return this.#context.calls.unheld;
  }

  /** What the author is to be told of a time that the code has called for; once. */
  takeFarAhead(): string | undefined {
    return this.#context.farAhead.takeWarning();
  }

  get hasCode(): boolean {
    return this.#code !== undefined;
  }

  get #watch(): CodeWatch {
    return this.#context.calls.watch;
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
    this.#code = undefined;
  }

  /**
   * Applies one event and lets the code go on as far as it can. Does nothing once the execution has ended, or is stalled.
   * Returns a promise only where the code goes on: most events of a history are records of what it has asked for.
   */
  apply(event: HistoryEvent, replaying: boolean): void | Promise<void> {
    this.#historyIndex++;
    if (this.#stall !== undefined) return;
    // In a replay too: code that continues as new where it waited before leaves what came since.
    if (this.#completion?.type === "ContinuedAsNew") this.#context.continuation?.leave(event);
    if (this.#completion !== undefined) return this.#checkAfterEnd(event);
    this.#context.replaying = replaying;
    if (event.timestampMs > this.#context.currentTimeMs) this.#context.currentTimeMs = event.timestampMs;
    if (event.type === "UpdateRequested") this.#context.interactions.expect(event.updateId);
    if (this.#suspension.holds(event)) return;
    const applied = this.#applyNow(event);
    return this.#suspension.held.length === 0 ? applied : this.#applyHeld(applied);
  }

  async #applyHeld(applied: void | Promise<void>): Promise<void> {
    await applied;
    const { held } = this.#suspension;
    while (!this.#suspension.isOn && !this.#isOver() && held.length > 0)
      await this.#applyNow(held.shift() as HistoryEvent);
  }

  /**
   * To be called after a replay: whether the code has come as far as the history, by all the patches that it holds. Code that
   * fails where it went on before has been changed, or does what is refused now: the instance waits for other code.
   */
  checkReplay(historyHasEnded: boolean): void {
    if (this.#code === undefined || this.#completion?.type === "Terminated") return;
    if (this.#completion?.type === "Failed") {
      if (historyHasEnded || this.#difference !== undefined || this.#code.onNonDeterminism === "fail") return;
      const { failure } = this.#completion;
      return this.#check(failsWhereItWentOn(failure, this.#endedAtIndex), failure);
    }
    const message = this.#context.patches.mismatch;
    if (message !== undefined) this.#stallAs({ reason: "PATCH_MISMATCH", message });
  }

  /** A continue-as-new that no turn has decided yet is taken back, for the sake of a terminate. The code stays where it is. */
  cancelContinuation(): void {
    if (this.#completion?.type !== "ContinuedAsNew") return;
    this.#completion = undefined;
    this.#isTakenBack = true;
  }

  get hasActions(): boolean {
    return this.#context.calls.actions.size > 0;
  }

  /** What the code has asked for and no event has recorded yet, in the order of the calls. Forgets it. */
  takeActions(): Action[] {
    return this.#context.calls.takeActions();
  }

  query(name: string, input: string | undefined): QueryAnswer {
    return this.#context.query(name, input);
  }

  #applyNow(event: HistoryEvent): void | Promise<void> {
    switch (event.type) {
      case "ExecutionStarted":
        return this.#start(event);
      case "TaskScheduled":
      case "TimerCreated":
      case "ChildWorkflowInstanceCreated":
      case "DetachedWorkflowScheduled":
      case "EventSent":
        if (this.#code !== undefined) this.#check(this.#context.calls.confirm(event, this.#historyIndex));
        return;
      case "UpdateCompleted":
      case "UpdateFailed":
        if (this.#code !== undefined)
          this.#check(this.#context.calls.confirmUpdateEnd(event.updateId, this.#historyIndex));
        return;
      case "TaskCompleted":
      case "TaskFailed":
      case "ChildWorkflowInstanceCompleted":
      case "ChildWorkflowInstanceFailed": {
        const decided = answerCall(event, this.#context.calls.take(event.id), this.#payloads, this.instanceId);
        if (decided !== undefined) return this.#driveAfter(decided);
        break;
      }
      case "TimerFired":
        this.#context.calls.take(event.id)?.complete(undefined);
        break;
      case "EventRaised":
        this.#context.mailbox.receive(event);
        break;
      case "UpdateRequested":
        return this.#beginUpdate(event);
      case "ExecutionCancelRequested":
        return this.#cancel(event.reason);
      case "ExecutionSuspended":
        this.#suspension.isOn = true;
        return;
      case "ExecutionResumed":
        this.#suspension.isOn = false;
        return;
      case "ExecutionTerminated":
        this.#context.calls.keepOnly("EndUpdate");
        this.#complete({ type: "Terminated", output: event.output, recursive: event.recursive, reason: event.reason });
        return;
      case "PatchRecorded":
      case "ExecutionStalled":
      case "ExecutionUnstalled":
      case "ExecutionCompleted":
        return;
      default:
        event satisfies never;
    }
    const { conditions, interactions, continuation } = this.#context;
    const mayGoOn = this.#coroutine.canResume || conditions.areAwaited || !interactions.areIdle;
    if (mayGoOn || continuation !== undefined) return this.#drive();
  }

  /** A retry handler of the author's decides before the next event is applied. */
  async #driveAfter(decided: Promise<void>): Promise<void> {
    await decided;
    await this.#drive();
  }

  async #beginUpdate(event: UpdateRequested): Promise<void> {
    if (this.#code !== undefined) await this.#context.interactions.begin(event, this.#isOver);
    await this.#drive();
  }

  async #start(event: ExecutionStarted): Promise<void> {
    if (this.#context.started !== undefined)
      throw new Error(`A second ExecutionStarted in the history of '${this.instanceId}'`);
    this.#context.started = event;
    if (this.#code === undefined) return;
    const found = this.#code.registry.workflow(event.name, event.version);
    if (found.type === "not registered") return this.#notRegistered(event, this.#code.onNonDeterminism === "fail");
    if (found.type === "version not available") return this.#stallAs(versionNotAvailable(event.version));
    const context = new WorkflowContext(this.#context);
    let input: unknown;
    try {
      input = this.#payloads.decode(event.input, "input", "workflow", event.name);
    } catch (error) {
      return this.#fail(error);
    }
    this.#settle(await this.#coroutine.start(() => found.workflow(context, input), this.#isOver));
    await this.#drive();
  }

  /** As in Dapr, a new instance fails. One that has begun waits for its code: a deploy may have forgotten it. */
  #notRegistered({ name, generation }: ExecutionStarted, failsAlways: boolean): void {
    const error = new OrchestratorNotRegisteredError(name, this.#code?.registry.names().workflows ?? []);
    const hasBegun = this.#context.replaying || generation > 0;
    if (hasBegun && !failsAlways) return this.#stallAs({ reason: "WORKFLOW_NOT_REGISTERED", message: error.message });
    this.giveUpCode();
    this.#fail(error);
  }

  /** Lets the workflow and its updates go on until all of them wait. */
  async #drive(): Promise<void> {
    while (!this.#isOver()) {
      if (this.#coroutine.canResume) this.#settle(await this.#coroutine.resume(this.#isOver));
      else if (this.#context.interactions.canResume) await this.#context.interactions.resume(this.#isOver);
      else if (!this.#context.conditions.meet()) break;
    }
    // Not only the workflow's own code continues as new, but an update handler or a callback, too.
    if (this.#context.continuation !== undefined && !this.#isTakenBack) this.#settle({ type: "waiting" });
  }

  /** Whoever waits gets an error, once; what the code does then is up to it. */
  async #cancel(reason: string | undefined): Promise<void> {
    this.#cancelRequest = { reason };
    // Its code, which is not run any more, may have gone on: the terminate, for whose sake it is not run, ends it.
    if (this.#code === undefined) return;
    this.#context.calls.stopRetries();
    this.#settle(await this.#coroutine.interrupt(new WorkflowCanceledError(reason), this.#isOver));
    await this.#drive();
  }

  /** After continue-as-new, a terminate or a non-determinism, the code is not driven any further. */
  readonly #isOver = (): boolean =>
    this.#context.continuation !== undefined || this.#completion !== undefined || this.#stall !== undefined;

  #settle(step: Step): void {
    if (this.#completion !== undefined || this.#stall !== undefined) return;
    if (step.type === "threw") return this.#fail(step.error);
    const { continuation } = this.#context;
    if (continuation !== undefined) return this.#continueAsNew(continuation);
    if (step.type === "waiting") return;
    try {
      const output = this.#payloads.encode(step.value, "result", "workflow", this.#context.started?.name);
      this.#complete({ type: "Completed", output });
    } catch (error) {
      this.#fail(error);
    }
  }

  #continueAsNew(continuation: Continuation): void {
    const { input, toLatestVersion, carried: carriedEvents } = continuation;
    const { name = "", version: started } = this.#context.started ?? {};
    const version = toLatestVersion ? this.#code?.registry.latestVersion(name) : started;
    this.#context.calls.keepOnly("SendEvent", "StartDetached", "EndUpdate");
    this.#complete({ type: "ContinuedAsNew", input, version, carriedEvents });
    for (const event of this.#context.mailbox.unclaimed()) continuation.leave(event);
    for (const event of this.#suspension.held) continuation.leave(event);
  }

  #fail(error: unknown): void {
    const isCanceled = this.#cancelRequest !== undefined && error instanceof WorkflowCanceledError;
    this.#complete(isCanceled ? canceled(error) : { type: "Failed", failure: describeFailure(error) });
  }

  #complete(completion: Completion): void {
    this.#completion = completion;
    this.#endedAtIndex = this.#historyIndex;
    this.#context.calls.close();
    this.#watch.over();
    const how = completion.type === "ContinuedAsNew" ? "continued as new" : "ended";
    this.#context.interactions.endAll(`The workflow ${how} before the update did.`);
  }

  /** The history says what the code has done: it must be what the code does now. `failure`: how that has ended, quoted in the error. */
  #check(error: NonDeterminismError | undefined, failure?: FailureDetails): void {
    if (error === undefined) return;
    this.#difference = error.difference;
    if (this.#code?.onNonDeterminism !== "fail") return this.#stallAs(differs(error, failure));
    this.#context.calls.keepOnly("EndUpdate");
    this.#fail(error);
  }

  /** What the last turn had called and not waited for stands behind its end. Anything else the code should have called before. */
  #checkAfterEnd(event: HistoryEvent): void {
    if (this.#code === undefined || this.#difference !== undefined || !isRecordedCall(event)) return;
    if (this.#completion?.type === "Terminated") return;
    const failure = this.#completion?.type === "Failed" ? this.#completion.failure : undefined;
    this.#check(this.#context.calls.confirm(event, this.#historyIndex, failure), failure);
  }

  #stallAs(stall: Stall): void {
    this.#stall = stall;
    this.#completion = undefined;
    this.#context.calls.keepOnly();
    this.#context.calls.close();
    this.#watch.over();
  }
}

function canceled(error: WorkflowCanceledError): Completion {
  return { type: "Canceled", failure: describeFailure(error) };
}
