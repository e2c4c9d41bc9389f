import type { Action, Completion } from "../model/action.ts";
import { describeFailure, type FailureDetails } from "../model/failure.ts";
import type {
  ChildWorkflowInstanceCreated,
  EventRaised,
  ExecutionStarted,
  HistoryEvent,
  HistoryFact,
  TaskScheduled,
  TimerCreated,
} from "../model/history-event.ts";
import { childInstanceId } from "../model/ids.ts";
import { Coroutine, type Step } from "./coroutine.ts";
import { NonDeterminismError, OrchestratorNotRegisteredError } from "./errors.ts";
import { Mailbox } from "./mailbox.ts";
import { missingAction, wrongAction, wrongName } from "./non-determinism.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import type { Registry } from "./registry.ts";
import { CompletableTask, type Task } from "./task.ts";
import { type OrchestrationContext, WorkflowContext } from "./workflow-context.ts";

/** It lies in the instance's own row, which every change of the status writes. */
const MAX_CUSTOM_STATUS_LENGTH = 65_536;

/**
 * One execution of a workflow: its code, driven over its history.
 *
 *   not started --ExecutionStarted--> running <--Resumed/Suspended--> suspended
 *   running | suspended --code ended, or Terminated--> ended
 *
 * It is a cache of the history and nothing more: built again from the same events it is in the same state, because
 * time, order and results come from the events alone. Events are applied strictly one after the other, and after each
 * the code runs as far as it can. What the code asks for gathers in `takeActions`; when the history holds it already
 * (replay), the event that recorded it takes it away again, or ends the execution with a NonDeterminismError.
 */
export class Execution implements OrchestrationContext {
  readonly instanceId: string;
  /** `undefined`: the code is not run (any more). Only what others decide still happens: suspend, resume, terminate. */
  #registry: Registry | undefined;
  readonly #coroutine = new Coroutine();
  readonly #mailbox = new Mailbox();
  readonly #tasks = new Map<number, CompletableTask>();
  readonly #actions = new Map<number, Action>();
  /** Events that came while suspended; they are applied in order on resume. */
  readonly #held: HistoryEvent[] = [];

  #started: ExecutionStarted | undefined;
  #lastTaskId = 0;
  #currentTimeMs = 0;
  #replaying = false;
  #suspended = false;
  #customStatus: string | undefined;
  #continuation: { input: string | undefined; saveEvents: boolean } | undefined;
  #completion: Completion | undefined;

  constructor(instanceId: string, registry: Registry | undefined) {
    this.instanceId = instanceId;
    this.#registry = registry;
  }

  get started(): ExecutionStarted | undefined {
    return this.#started;
  }
  get completion(): Completion | undefined {
    return this.#completion;
  }
  get isSuspended(): boolean {
    return this.#suspended;
  }
  get customStatus(): string | undefined {
    return this.#customStatus;
  }
  get currentTimeMs(): number {
    return this.#currentTimeMs;
  }
  get isReplaying(): boolean {
    return this.#replaying;
  }

  /** From here on the code is not begun, and what it would have done is not checked. */
  giveUpCode(): void {
    this.#registry = undefined;
  }

  /** Applies one event and lets the code go on as far as it can. Does nothing once the execution has ended. */
  async apply(event: HistoryEvent, replaying: boolean): Promise<void> {
    if (this.#completion !== undefined) return;
    this.#replaying = replaying;
    if (event.timestampMs > this.#currentTimeMs) this.#currentTimeMs = event.timestampMs;
    if (this.#suspended && isHeldWhileSuspended(event)) {
      this.#held.push(event);
      return;
    }
    await this.#applyNow(event);
    while (!this.#suspended && this.#completion === undefined && this.#held.length > 0) {
      await this.#applyNow(this.#held.shift() as HistoryEvent);
    }
  }

  /** A continue-as-new that no turn has decided yet is taken back, for the sake of a terminate. The code stays where it is. */
  cancelContinuation(): void {
    if (this.#completion?.type === "ContinuedAsNew") this.#completion = undefined;
  }

  get hasActions(): boolean {
    return this.#actions.size > 0;
  }

  /** What the code has asked for and no event has recorded yet, in the order of the calls. Forgets it. */
  takeActions(): Action[] {
    if (this.#actions.size === 0) return [];
    const actions = [...this.#actions.values()];
    this.#actions.clear();
    return actions;
  }

  async #applyNow(event: HistoryEvent): Promise<void> {
    switch (event.type) {
      case "ExecutionStarted":
        return this.#start(event);
      case "TaskScheduled":
      case "TimerCreated":
      case "ChildWorkflowInstanceCreated":
        return this.#confirm(event);
      case "TaskCompleted":
      case "ChildWorkflowInstanceCompleted":
        this.#takeTask(event.id)?.complete(decodePayload(event.result));
        break;
      case "TaskFailed":
        this.#failTask(event.id, "Activity", event.failure);
        break;
      case "ChildWorkflowInstanceFailed":
        this.#failTask(event.id, "Sub-orchestration", event.failure);
        break;
      case "TimerFired":
        this.#takeTask(event.id)?.complete(undefined);
        break;
      case "EventRaised":
        this.#mailbox.receive(event);
        break;
      case "ExecutionSuspended":
        this.#suspended = true;
        return;
      case "ExecutionResumed":
        this.#suspended = false;
        return;
      case "ExecutionTerminated":
        this.#actions.clear();
        this.#completion = { type: "Terminated", output: event.output, recursive: event.recursive };
        return;
      case "ExecutionCompleted":
        return;
      default:
        event satisfies never;
    }
    if (this.#continuation === undefined && this.#coroutine.canResume)
      this.#settle(await this.#coroutine.resume(this.#isOver));
  }

  async #start(event: ExecutionStarted): Promise<void> {
    if (this.#started !== undefined)
      throw new Error(`A second ExecutionStarted in the history of '${this.instanceId}'`);
    this.#started = event;
    if (this.#registry === undefined) return;
    const workflow = this.#registry.workflow(event.name);
    if (workflow === undefined) return this.#fail(new OrchestratorNotRegisteredError(event.name));
    const context = new WorkflowContext(this);
    this.#settle(await this.#coroutine.start(workflow, context, decodePayload(event.input), this.#isOver));
  }

  /** After continue-as-new, a terminate or a non-determinism, the code is not driven any further. */
  readonly #isOver = (): boolean => this.#continuation !== undefined || this.#completion !== undefined;

  #settle(step: Step): void {
    if (this.#completion !== undefined) return;
    if (step.type === "threw") return this.#fail(step.error);
    if (this.#continuation !== undefined) {
      const { input, saveEvents } = this.#continuation;
      this.#completion = { type: "ContinuedAsNew", input, carriedEvents: saveEvents ? this.#unclaimedEvents() : [] };
      this.#actions.clear();
      return;
    }
    if (step.type === "waiting") return;
    try {
      // As in Dapr's JavaScript SDK, null and undefined give no output.
      this.#completion = { type: "Completed", output: encodePayload(step.value ?? undefined) };
    } catch (error) {
      this.#fail(error);
    }
  }

  /** In the order of their arrival: those held back by a suspend came after those in the mailbox. */
  #unclaimedEvents(): EventRaised[] {
    return [...this.#mailbox.unclaimed(), ...this.#held.filter((event) => event.type === "EventRaised")];
  }

  #fail(error: unknown): void {
    this.#completion = { type: "Failed", failure: describeFailure(error) };
  }

  // What the history says the code did: it must be what the code does now.

  #confirm(event: TaskScheduled | TimerCreated | ChildWorkflowInstanceCreated): void {
    if (this.#registry === undefined) return;
    const action = this.#actions.get(event.id);
    if (action === undefined) return this.#failNonDeterministic(missingAction(event));
    const mismatch = wrongAction(event, action) ?? wrongName(event, action);
    if (mismatch !== undefined) return this.#failNonDeterministic(mismatch);
    this.#actions.delete(event.id);
  }

  #failNonDeterministic(message: string): void {
    this.#actions.clear();
    this.#fail(new NonDeterminismError(message));
  }

  #takeTask(id: number): CompletableTask | undefined {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    return task;
  }

  #failTask(id: number, kind: "Activity" | "Sub-orchestration", failure: FailureDetails): void {
    this.#takeTask(id)?.fail(`${this.instanceId}: ${kind} task #${id} failed: ${failure.message}`, failure);
  }

  // OrchestrationContext: what the code calls.

  callActivity(name: string, input: unknown): Task<unknown> {
    const encoded = encodePayload(input);
    return this.#ask((id) => ({ type: "ScheduleActivity", id, name, input: encoded }));
  }

  callChild(name: string, input: unknown, instanceId: string | undefined): Task<unknown> {
    const encoded = encodePayload(input);
    return this.#ask((id) => ({
      type: "StartChild",
      id,
      name,
      input: encoded,
      instanceId: instanceId || childInstanceId(this.instanceId, this.#started?.generation ?? 0, id),
    }));
  }

  createTimer(fireAtMs: number): Task<unknown> {
    return this.#ask((id) => ({ type: "CreateTimer", id, fireAtMs }));
  }

  waitForExternalEvent(name: string): Task<unknown> {
    return this.#mailbox.wait(name);
  }

  continueAsNew(input: unknown, saveEvents: boolean): void {
    this.#continuation = { input: encodePayload(input), saveEvents };
  }

  setCustomStatus(status: unknown): void {
    const text = typeof status === "string" ? status : encodePayload(status ?? undefined);
    if (text !== undefined && text.length > MAX_CUSTOM_STATUS_LENGTH) {
      throw new RangeError(
        `A custom status has at most ${MAX_CUSTOM_STATUS_LENGTH} characters, and this one ${text.length}`,
      );
    }
    this.#customStatus = text;
  }

  #ask(action: (id: number) => Action): Task<unknown> {
    const id = ++this.#lastTaskId;
    const task = new CompletableTask();
    // Code that goes on after continueAsNew, or after its execution has ended, is heard no more.
    if (!this.#isOver()) {
      this.#tasks.set(id, task);
      this.#actions.set(id, action(id));
    }
    return task;
  }
}

function isHeldWhileSuspended(event: HistoryFact): boolean {
  switch (event.type) {
    case "TaskCompleted":
    case "TaskFailed":
    case "TimerFired":
    case "EventRaised":
    case "ChildWorkflowInstanceCompleted":
    case "ChildWorkflowInstanceFailed":
      return true;
    default:
      return false;
  }
}
