import type { Action, Completion } from "../model/action.ts";
import { describeFailure, type FailureDetails } from "../model/failure.ts";
import type { EventRaised, ExecutionStarted, HistoryEvent, HistoryFact, StallReason } from "../model/history-event.ts";
import { childInstanceId, detachedInstanceId } from "../model/ids.ts";
import { Calls } from "./calls.ts";
import { Coroutine, type Step } from "./coroutine.ts";
import {
  type Difference,
  type NonDeterminismError,
  OrchestratorNotRegisteredError,
  WorkflowCanceledError,
} from "./errors.ts";
import {
  Interactions,
  type QueryAnswer,
  type QueryHandler,
  type UpdateHandler,
  type UpdateValidator,
} from "./interactions.ts";
import { Mailbox } from "./mailbox.ts";
import { Patches } from "./patches.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import { SeededRandom } from "./random.ts";
import type { Registry } from "./registry.ts";
import { type CancelableTask, CompletableTask, type Task } from "./task.ts";
import {
  type ActivityCallOptions,
  type ChildCallOptions,
  type ContinueAsNewOptions,
  type OrchestrationContext,
  WorkflowContext,
} from "./workflow-context.ts";

/** It lies in the instance's own row, which every change of the status writes. */
const MAX_CUSTOM_STATUS_LENGTH = 65_536;

/** The code that an execution runs. */
export interface ExecutionCode {
  readonly registry: Registry;
  /** What becomes of an execution whose code does something else than its history says. */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
}

/** Why an execution cannot go on with today's code. */
export interface Stall {
  readonly reason: StallReason;
  readonly message: string;
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
export class Execution implements OrchestrationContext {
  readonly instanceId: string;
  /** `undefined`: the code is not run (any more). Only what others decide still happens: suspend, resume, terminate. */
  #code: ExecutionCode | undefined;
  readonly #coroutine = new Coroutine();
  readonly #mailbox = new Mailbox();
  readonly #calls: Calls;
  readonly #patches: Patches;
  readonly #interactions: Interactions;
  #conditions: { readonly holds: () => boolean; readonly task: CompletableTask }[] = [];
  /** Events that came while suspended; they are applied in order on resume. */
  readonly #held: HistoryEvent[] = [];

  #started: ExecutionStarted | undefined;
  #currentTimeMs = 0;
  #historyIndex = -1;
  #replaying = false;
  #querying = false;
  #suspended = false;
  #customStatus: string | undefined;
  #random: SeededRandom | undefined;
  #cancelRequest: { readonly reason: string | undefined } | undefined;
  #continuation: { input: string | undefined; saveEvents: boolean; toLatestVersion: boolean } | undefined;
  #completion: Completion | undefined;
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
    this.#patches = new Patches(recordedPatches);
    const execution = this;
    this.#calls = new Calls({
      instanceId,
      get currentTimeMs() {
        return execution.#currentTimeMs;
      },
      random: () => this.#chance.next(),
      timerCanceled,
    });
    this.#interactions = new Interactions((updateId, outcome) =>
      this.#calls.note({ type: "EndUpdate", updateId, outcome }),
    );
  }

  get started(): ExecutionStarted | undefined {
    return this.#started;
  }
  get completion(): Completion | undefined {
    return this.#completion;
  }
  get stall(): Stall | undefined {
    return this.#stall;
  }
  get isSuspended(): boolean {
    return this.#suspended;
  }
  get isCancelRequested(): boolean {
    return this.#cancelRequest !== undefined;
  }
  get customStatus(): string | undefined {
    return this.#customStatus;
  }
  get currentTimeMs(): number {
    return this.#currentTimeMs;
  }
  get isReplaying(): boolean {
    return this.#replaying || this.#querying;
  }
  get awaitedEvents(): string[] {
    return this.#mailbox.awaited();
  }
  /** Where code and history part, when that is why the execution is stalled. */
  get difference(): Difference | undefined {
    return this.#difference;
  }
  /** How many tasks the code has made and never waited for: a `yield` may be missing. */
  get forgottenTasks(): number {
    return this.#calls.unheld;
  }

  /** From here on the code is not begun, and what it would have done is not checked. */
  giveUpCode(): void {
    this.#code = undefined;
  }

  /** Applies one event and lets the code go on as far as it can. Does nothing once the execution has ended, or is stalled. */
  async apply(event: HistoryEvent, replaying: boolean): Promise<void> {
    this.#historyIndex++;
    if (this.#completion !== undefined || this.#stall !== undefined) return;
    this.#replaying = replaying;
    if (event.timestampMs > this.#currentTimeMs) this.#currentTimeMs = event.timestampMs;
    if (event.type === "UpdateRequested") this.#interactions.expect(event.updateId);
    if (this.#suspended && isHeldWhileSuspended(event)) {
      this.#held.push(event);
      return;
    }
    await this.#applyNow(event);
    while (!this.#suspended && !this.#isOver() && this.#held.length > 0) {
      await this.#applyNow(this.#held.shift() as HistoryEvent);
    }
  }

  /** To be called after a replay: whether the code has come by all the patches that the history holds. */
  checkPatches(): void {
    if (this.#code === undefined || this.#completion?.type === "Terminated") return;
    const message = this.#patches.mismatch;
    if (message !== undefined) this.#stallBecause("PATCH_MISMATCH", message);
  }

  /** A continue-as-new that no turn has decided yet is taken back, for the sake of a terminate. The code stays where it is. */
  cancelContinuation(): void {
    if (this.#completion?.type === "ContinuedAsNew") this.#completion = undefined;
  }

  get hasActions(): boolean {
    return this.#calls.actions.size > 0;
  }

  /** What the code has asked for and no event has recorded yet, in the order of the calls. Forgets it. */
  takeActions(): Action[] {
    return this.#calls.takeActions();
  }

  query(name: string, input: string | undefined): QueryAnswer {
    this.#querying = true;
    try {
      return this.#interactions.query(name, input);
    } finally {
      this.#querying = false;
    }
  }

  async #applyNow(event: HistoryEvent): Promise<void> {
    switch (event.type) {
      case "ExecutionStarted":
        return this.#start(event);
      case "TaskScheduled":
      case "TimerCreated":
      case "ChildWorkflowInstanceCreated":
      case "DetachedWorkflowScheduled":
      case "EventSent":
        if (this.#code !== undefined) this.#check(this.#calls.confirm(event, this.#historyIndex));
        return;
      case "UpdateCompleted":
      case "UpdateFailed":
        if (this.#code !== undefined) this.#check(this.#calls.confirmUpdateEnd(event.updateId, this.#historyIndex));
        return;
      case "TaskCompleted":
      case "ChildWorkflowInstanceCompleted":
        this.#calls.take(event.id)?.complete(decodePayload(event.result));
        break;
      case "TaskFailed":
        this.#failCall(event.id, "Activity", event.failure, event.progress);
        break;
      case "ChildWorkflowInstanceFailed":
        this.#failCall(event.id, "Sub-orchestration", event.failure, undefined);
        break;
      case "TimerFired":
        this.#calls.take(event.id)?.complete(undefined);
        break;
      case "EventRaised":
        this.#mailbox.receive(event);
        break;
      case "UpdateRequested":
        if (this.#code !== undefined) await this.#interactions.begin(event, this.#isOver);
        break;
      case "ExecutionCancelRequested":
        return this.#cancel(event.reason);
      case "ExecutionSuspended":
        this.#suspended = true;
        return;
      case "ExecutionResumed":
        this.#suspended = false;
        return;
      case "ExecutionTerminated":
        this.#calls.keepOnly("EndUpdate");
        this.#complete({ type: "Terminated", output: event.output, recursive: event.recursive });
        return;
      case "PatchRecorded":
      case "ExecutionStalled":
      case "ExecutionUnstalled":
      case "ExecutionCompleted":
        return;
      default:
        event satisfies never;
    }
    if (this.#interactions.areIdle) {
      // The usual case, without a promise more than it needs.
      if (this.#coroutine.canResume && !this.#isOver()) this.#settle(await this.#coroutine.resume(this.#isOver));
      if (this.#conditions.length === 0) return;
    }
    await this.#drive();
  }

  async #start(event: ExecutionStarted): Promise<void> {
    if (this.#started !== undefined)
      throw new Error(`A second ExecutionStarted in the history of '${this.instanceId}'`);
    this.#started = event;
    if (this.#code === undefined) return;
    const found = this.#code.registry.workflow(event.name, event.version);
    if (found.type === "not registered") return this.#fail(new OrchestratorNotRegisteredError(event.name));
    if (found.type === "version not available")
      return this.#stallBecause("VERSION_NOT_AVAILABLE", `Version not available: ${event.version ?? ""}`);
    const context = new WorkflowContext(this);
    const input = decodePayload(event.input);
    this.#settle(await this.#coroutine.start(() => found.workflow(context, input), this.#isOver));
    await this.#drive();
  }

  /** Lets the workflow and its updates go on until all of them wait. */
  async #drive(): Promise<void> {
    while (!this.#isOver()) {
      if (this.#coroutine.canResume) this.#settle(await this.#coroutine.resume(this.#isOver));
      else if (this.#interactions.canResume) await this.#interactions.resume(this.#isOver);
      else if (!this.#meetConditions()) return;
    }
  }

  /** True when a condition that somebody waits for has become true. */
  #meetConditions(): boolean {
    if (this.#conditions.length === 0) return false;
    const met = this.#conditions.filter(({ holds }) => holds());
    if (met.length === 0) return false;
    this.#conditions = this.#conditions.filter((condition) => !met.includes(condition));
    for (const { task } of met) task.complete(undefined);
    return true;
  }

  /** Whoever waits gets an error, once; what the code does then is up to it. */
  async #cancel(reason: string | undefined): Promise<void> {
    this.#cancelRequest = { reason };
    if (this.#code === undefined) return this.#complete(canceled(new WorkflowCanceledError(reason)));
    this.#calls.stopRetries();
    this.#settle(await this.#coroutine.interrupt(new WorkflowCanceledError(reason), this.#isOver));
    await this.#drive();
  }

  /** After continue-as-new, a terminate or a non-determinism, the code is not driven any further. */
  readonly #isOver = (): boolean =>
    this.#continuation !== undefined || this.#completion !== undefined || this.#stall !== undefined;

  #settle(step: Step): void {
    if (this.#completion !== undefined || this.#stall !== undefined) return;
    if (step.type === "threw") return this.#fail(step.error);
    if (this.#continuation !== undefined) {
      const { input, saveEvents, toLatestVersion } = this.#continuation;
      const { name = "", version } = this.#started ?? {};
      this.#calls.keepOnly("SendEvent", "StartDetached", "EndUpdate");
      this.#complete({
        type: "ContinuedAsNew",
        input,
        version: toLatestVersion ? this.#code?.registry.latestVersion(name) : version,
        carriedEvents: saveEvents ? this.#unclaimedEvents() : [],
      });
      return;
    }
    if (step.type === "waiting") return;
    try {
      // As in Dapr's JavaScript SDK, null and undefined give no output.
      this.#complete({ type: "Completed", output: encodePayload(step.value ?? undefined) });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** In the order of their arrival: those held back by a suspend came after those in the mailbox. */
  #unclaimedEvents(): EventRaised[] {
    return [...this.#mailbox.unclaimed(), ...this.#held.filter((event) => event.type === "EventRaised")];
  }

  #fail(error: unknown): void {
    const isCanceled = this.#cancelRequest !== undefined && error instanceof WorkflowCanceledError;
    this.#complete(isCanceled ? canceled(error) : { type: "Failed", failure: describeFailure(error) });
  }

  #complete(completion: Completion): void {
    this.#completion = completion;
    this.#calls.close();
    const how = completion.type === "ContinuedAsNew" ? "continued as new" : "ended";
    this.#interactions.endAll(`The workflow ${how} before the update did.`);
  }

  /** The history says what the code has done: it must be what the code does now. */
  #check(error: NonDeterminismError | undefined): void {
    if (error === undefined) return;
    this.#difference = error.difference;
    if (this.#code?.onNonDeterminism === "stall") return this.#stallBecause("NON_DETERMINISM", error.message);
    this.#calls.keepOnly("EndUpdate");
    this.#fail(error);
  }

  #stallBecause(reason: StallReason, message: string): void {
    this.#stall = { reason, message };
    this.#completion = undefined;
    this.#calls.keepOnly();
    this.#calls.close();
  }

  #failCall(
    id: number,
    kind: "Activity" | "Sub-orchestration",
    failure: FailureDetails,
    progress: string | undefined,
  ): void {
    const message = `${this.instanceId}: ${kind} task #${id} failed: ${failure.message}`;
    this.#calls.take(id)?.fail(message, failure, progress);
  }

  // OrchestrationContext: what the code calls.

  get parent(): OrchestrationContext["parent"] {
    return this.#started?.parent;
  }

  get version(): string | undefined {
    return this.#started?.version;
  }

  callActivity(name: string, input: unknown, options: ActivityCallOptions): Task<unknown> {
    this.#refuseInQuery("callActivity");
    const encoded = encodePayload(input);
    const { retry, timeoutMs, totalTimeoutMs, heartbeatTimeoutMs } = options;
    // What most calls are: one attempt, without a limit.
    if (
      retry === undefined &&
      timeoutMs === undefined &&
      totalTimeoutMs === undefined &&
      heartbeatTimeoutMs === undefined
    )
      return this.#calls.callOnce((id) => ({ type: "ScheduleActivity", id, name, input: encoded }));
    const deadlineAtMs = totalTimeoutMs === undefined ? undefined : this.#currentTimeMs + totalTimeoutMs;
    return this.#calls.call({
      kind: "Activity",
      retry,
      deadlineAtMs,
      action: (id, attempt) => ({
        type: "ScheduleActivity",
        id,
        name,
        input: encoded,
        ...attempt,
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(deadlineAtMs !== undefined && { deadlineAtMs }),
        ...(heartbeatTimeoutMs !== undefined && { heartbeatTimeoutMs }),
      }),
    });
  }

  callChild(name: string, input: unknown, { instanceId, retry }: ChildCallOptions): Task<unknown> {
    this.#refuseInQuery("callChildWorkflow");
    const encoded = encodePayload(input);
    const generation = this.#started?.generation ?? 0;
    return this.#calls.call({
      kind: "Sub-orchestration",
      retry,
      action: (id) => ({
        type: "StartChild",
        id,
        name,
        input: encoded,
        instanceId: instanceId || childInstanceId(this.instanceId, generation, id),
      }),
    });
  }

  createTimer(fireAtMs: number): CancelableTask {
    this.#refuseInQuery("createTimer");
    return this.#calls.timer(fireAtMs);
  }

  waitForExternalEvent(name: string, timeoutMs: number | undefined): CancelableTask {
    this.#refuseInQuery("waitForExternalEvent");
    const wait = this.#calls.watch(this.#mailbox.wait(name));
    if (timeoutMs !== undefined && timeoutMs >= 0 && !wait.isComplete) {
      const message = `Event '${name}' did not come within ${timeoutMs / 1000} s`;
      this.#calls.limit(wait, this.#currentTimeMs + timeoutMs, message);
    }
    return wait;
  }

  waitForCondition(holds: () => boolean): Task<unknown> {
    this.#refuseInQuery("waitForCondition");
    const task = this.#calls.watch(new CompletableTask());
    if (holds()) task.complete(undefined);
    else this.#conditions.push({ holds, task });
    return task;
  }

  watch<T extends Task>(task: T): T {
    return this.#calls.watch(task);
  }

  scheduleNewWorkflow(
    name: string,
    input: unknown,
    { instanceId, startAtMs }: { readonly instanceId?: string | undefined; readonly startAtMs?: number | undefined },
  ): string {
    this.#refuseInQuery("scheduleNewWorkflow");
    const encoded = encodePayload(input);
    const generation = this.#started?.generation ?? 0;
    const target = (id: number) => instanceId || detachedInstanceId(this.instanceId, generation, id);
    const id = this.#calls.ask(undefined, (id) => ({
      type: "StartDetached",
      id,
      name,
      instanceId: target(id),
      input: encoded,
      startAtMs,
    }));
    return target(id);
  }

  sendEvent(instanceId: string, name: string, input: unknown): void {
    this.#refuseInQuery("sendEvent");
    const encoded = encodePayload(input);
    this.#calls.ask(undefined, (id) => ({ type: "SendEvent", id, name, instanceId, input: encoded }));
  }

  continueAsNew(input: unknown, saveEvents: boolean, { toLatestVersion = false }: ContinueAsNewOptions): void {
    this.#refuseInQuery("continueAsNew");
    this.#continuation = { input: encodePayload(input), saveEvents, toLatestVersion };
    this.#calls.close();
  }

  setCustomStatus(status: unknown): void {
    this.#refuseInQuery("setCustomStatus");
    const text = typeof status === "string" ? status : encodePayload(status ?? undefined);
    if (text !== undefined && text.length > MAX_CUSTOM_STATUS_LENGTH) {
      throw new RangeError(
        `A custom status has at most ${MAX_CUSTOM_STATUS_LENGTH} characters, and this one ${text.length}`,
      );
    }
    this.#customStatus = text;
  }

  isPatched(name: string): boolean {
    this.#refuseInQuery("isPatched");
    return this.#patches.isPatched(name, this.#replaying, () => this.#calls.note({ type: "RecordPatch", name }));
  }

  newGuid(): string {
    this.#refuseInQuery("newGuid");
    return this.#chance.nextUuid();
  }

  random(): number {
    this.#refuseInQuery("random");
    return this.#chance.next();
  }

  setQueryHandler(name: string, handler: QueryHandler): void {
    this.#interactions.setQuery(name, handler);
  }

  setUpdateHandler(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void {
    this.#interactions.setUpdate(name, handler, validator);
  }

  /** One stream for the whole execution; made when it is first needed. */
  get #chance(): SeededRandom {
    this.#random ??= new SeededRandom(`${this.instanceId} ${this.#started?.executionId}`);
    return this.#random;
  }

  #refuseInQuery(method: string): void {
    if (this.#querying) throw new Error(`A query only reads, and this one has called ${method}`);
  }
}

function canceled(error: WorkflowCanceledError): Completion {
  return { type: "Canceled", failure: { errorType: error.name, message: error.message } };
}

function isHeldWhileSuspended(event: HistoryFact): boolean {
  switch (event.type) {
    case "TaskCompleted":
    case "TaskFailed":
    case "TimerFired":
    case "EventRaised":
    case "UpdateRequested":
    case "ExecutionCancelRequested":
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return true;
    default:
      return false;
  }
}
