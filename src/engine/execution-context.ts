import type { ExecutionStarted } from "../model/history-event.ts";
import { childInstanceId, detachedInstanceId } from "../model/ids.ts";
import { checkMessage } from "../model/message-limits.ts";
import type {
  ActivityCallOptions,
  ChildCallOptions,
  ContinueAsNewOptions,
  DetachedCallOptions,
} from "./call-options.ts";
import { type CallOwner, Calls } from "./calls.ts";
import type { CancelableTask } from "./completable-task.ts";
import { taskList, WhenAllTask, WhenAnyTask } from "./composite-task.ts";
import { Conditions } from "./conditions.ts";
import { Continuation } from "./continuation.ts";
import { FarAhead } from "./far-ahead.ts";
import type { Target } from "./function-names.ts";
import {
  Interactions,
  type QueryAnswer,
  type QueryHandler,
  type UpdateHandler,
  type UpdateValidator,
} from "./interactions.ts";
import { Mailbox } from "./mailbox.ts";
import { nameOf } from "./names.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import { Patches } from "./patches.ts";
import { jsonPayloads, type Payloads } from "./payload.ts";
import { SeededRandom } from "./random.ts";
import type { Registry } from "./registry.ts";
import type { Task } from "./task.ts";

/** It lies in the instance's own row, which every change of the status writes. */
const MAX_CUSTOM_STATUS_LENGTH = 65_536;

/**
 * What the code of one execution may do, and what becomes of it: calls, waits, handlers, patches, status. The execution
 * tells it the time, where it is in the history and whether it replays, and takes from here what the code has asked for.
 */
export class ExecutionContext implements OrchestrationContext, CallOwner {
  readonly instanceId: string;
  readonly #registry: Registry | undefined;
  readonly timerCanceled: (id: number) => void;
  readonly calls: Calls;
  readonly patches: Patches;
  readonly interactions: Interactions;
  readonly mailbox: Mailbox;
  readonly conditions = new Conditions();
  started: ExecutionStarted | undefined;
  currentTimeMs = 0;
  replaying = false;
  /** Of the event that is applied now. */
  historyIndex = -1;
  customStatus: string | undefined;
  continuation: Continuation | undefined;
  readonly farAhead = new FarAhead();
  readonly payloads: Payloads;
  #random: SeededRandom | undefined;

  /**
   * `registry`: that of the code, where any is run. `recordedPatches`: those that the history holds. `timerCanceled`: nobody
   * waits for that timer any more.
   */
  constructor(
    instanceId: string,
    registry: Registry | undefined,
    recordedPatches: readonly string[],
    timerCanceled: (id: number) => void,
  ) {
    this.instanceId = instanceId;
    this.#registry = registry;
    this.patches = new Patches(recordedPatches);
    this.timerCanceled = timerCanceled;
    this.calls = new Calls(this);
    this.payloads = registry?.payloads ?? jsonPayloads;
    this.mailbox = new Mailbox(this.payloads);
    this.interactions = new Interactions(this.calls.watch, this.payloads, (updateId, outcome) =>
      this.calls.note({ type: "EndUpdate", updateId, outcome }),
    );
  }

  get isReplaying(): boolean {
    return this.replaying || this.calls.watch.isQuery;
  }

  query(name: string, input: string | undefined): QueryAnswer {
    return this.calls.watch.query(() => this.interactions.query(name, input));
  }

  get parent(): OrchestrationContext["parent"] {
    return this.started?.parent;
  }

  get version(): string | undefined {
    return this.started?.version;
  }

  /** The one that a new execution of the same workflow runs. */
  get latestVersion(): string | undefined {
    return this.#registry?.latestVersion(this.started?.name ?? "");
  }

  activityName(target: Target): string {
    return this.#registry === undefined ? nameOf(target) : this.#registry.activityName(target);
  }

  checkInput(activityName: string, input: unknown): void {
    this.payloads.encode(input, "input", "activity", activityName);
  }

  workflowName(target: Target): string {
    return this.#registry === undefined ? nameOf(target) : this.#registry.workflowName(target);
  }

  /** Every call of the code passes here, or at `checkTurn`. */
  check(method: string): void {
    this.calls.watch.check(method);
  }

  checkTurn(method: string): void {
    this.calls.watch.checkTurn(method);
  }

  callActivity(name: string, input: unknown, options: ActivityCallOptions): Task<unknown> {
    this.check("callActivity");
    const encoded = this.payloads.encode(input, "input", "activity", name);
    const { retry, timeoutMs, totalTimeoutMs, heartbeatTimeoutMs } = options;
    // What most calls are: one attempt, without a limit.
    if (
      retry === undefined &&
      timeoutMs === undefined &&
      totalTimeoutMs === undefined &&
      heartbeatTimeoutMs === undefined
    )
      return this.calls.callOnce("callActivity", name, (id) => ({
        type: "ScheduleActivity",
        id,
        name,
        input: encoded,
      }));
    const deadlineAtMs = totalTimeoutMs === undefined ? undefined : this.currentTimeMs + totalTimeoutMs;
    return this.calls.call({
      method: "callActivity",
      name,
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
    this.check("callChildWorkflow");
    const encoded = this.payloads.encode(input, "input", "workflow", name);
    const generation = this.started?.generation ?? 0;
    const childId = instanceId || childInstanceId(this.instanceId, generation, this.calls.nextId);
    checkMessage("callChildWorkflow", childId, encoded);
    return this.calls.call({
      method: "callChildWorkflow",
      name,
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
    this.check("createTimer");
    this.farAhead.check("createTimer", fireAtMs, this);
    return this.calls.timer(fireAtMs);
  }

  waitForExternalEvent(name: string, timeoutMs: number | undefined): CancelableTask {
    this.check("waitForExternalEvent");
    const wait = this.calls.made(this.mailbox.wait(name), "waitForExternalEvent", name);
    if (timeoutMs !== undefined && timeoutMs >= 0 && !wait.isComplete) {
      this.farAhead.check("waitForExternalEvent", this.currentTimeMs + timeoutMs, this);
      const message = `Event '${name}' did not come within ${timeoutMs / 1000} s`;
      this.calls.limit(wait, this.currentTimeMs + timeoutMs, message);
    }
    return wait;
  }

  waitForCondition(holds: () => boolean): Task<unknown> {
    this.check("waitForCondition");
    return this.calls.made(this.conditions.wait(holds), "waitForCondition", undefined);
  }

  whenAll(tasks: readonly Task[]): WhenAllTask {
    return this.calls.made(new WhenAllTask(this.#ownTasks("whenAll", tasks)), "whenAll", undefined);
  }

  whenAny(tasks: readonly Task[]): WhenAnyTask {
    return this.calls.made(new WhenAnyTask(this.#ownTasks("whenAny", tasks)), "whenAny", undefined);
  }

  #ownTasks(method: string, given: readonly Task[]): readonly Task[] {
    this.check(method);
    const tasks = taskList(method, given);
    for (const task of tasks) this.calls.watch.checkOwn(task);
    return tasks;
  }

  scheduleNewWorkflow(name: string, input: unknown, { instanceId, startAtMs }: DetachedCallOptions): string {
    this.check("scheduleNewWorkflow");
    const encoded = this.payloads.encode(input, "input", "workflow", name);
    const generation = this.started?.generation ?? 0;
    const target = (id: number) => instanceId || detachedInstanceId(this.instanceId, generation, id);
    checkMessage("scheduleNewWorkflow", target(this.calls.nextId), encoded);
    const id = this.calls.ask(undefined, (id) => ({
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
    this.check("sendEvent");
    const encoded = this.payloads.encode(input, "payload", "event", name);
    checkMessage("sendEvent", instanceId, encoded);
    this.calls.ask(undefined, (id) => ({ type: "SendEvent", id, name, instanceId, input: encoded }));
  }

  continueAsNew(input: unknown, saveEvents: boolean, { toLatestVersion = false }: ContinueAsNewOptions): void {
    this.check("continueAsNew");
    const encoded = this.payloads.encode(input, "input", "continueAsNew");
    this.continuation = new Continuation(encoded, saveEvents, toLatestVersion);
    this.calls.close();
  }

  setCustomStatus(status: unknown): void {
    this.check("setCustomStatus");
    const text = typeof status === "string" ? status.toWellFormed() : this.#encodeStatus(status);
    if (text !== undefined && text.length > MAX_CUSTOM_STATUS_LENGTH) {
      throw new RangeError(
        `A custom status has at most ${MAX_CUSTOM_STATUS_LENGTH} characters, and this one ${text.length}`,
      );
    }
    this.customStatus = text;
  }

  #encodeStatus(status: unknown): string | undefined {
    return this.payloads.encode(status ?? undefined, "status", "setCustomStatus");
  }

  isPatched(name: string): boolean {
    this.check("isPatched");
    return this.patches.isPatched(name, this.replaying, () => this.calls.note({ type: "RecordPatch", name }));
  }

  newGuid(): string {
    this.check("newGuid");
    return this.#chance.nextUuid();
  }

  random(): number {
    this.check("random");
    return this.#chance.next();
  }

  setQueryHandler(name: string, handler: QueryHandler): void {
    this.check("setQueryHandler");
    this.interactions.setQuery(name, handler);
  }

  setUpdateHandler(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void {
    this.check("setUpdateHandler");
    this.interactions.setUpdate(name, handler, validator);
  }

  /** One stream for the whole execution; made when it is first needed. */
  get #chance(): SeededRandom {
    this.#random ??= new SeededRandom(`${this.instanceId} ${this.started?.executionId}`);
    return this.#random;
  }
}
