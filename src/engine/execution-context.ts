import { childInstanceId, detachedInstanceId } from "../model/ids.ts";
import { checkMessage } from "../model/message-limits.ts";
import { type AttributeChanges, NO_ATTRIBUTES, type SearchAttributes } from "../model/search-attributes.ts";
import type {
  ActivityCallOptions,
  ChildCallOptions,
  ContinueAsNewOptions,
  DetachedCallOptions,
} from "./call-options.ts";
import type { Calls } from "./calls.ts";
import type { CancelableTask } from "./completable-task.ts";
import { taskList, WhenAllTask, WhenAnyTask } from "./composite-task.ts";
import { Continuation } from "./continuation.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { Target } from "./function-names.ts";
import type { QueryHandler, UpdateHandler, UpdateValidator } from "./interactions.ts";
import { nameOf } from "./names.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import type { Payloads } from "./payload.ts";
import type { Task } from "./task.ts";

/** It lies in the instance's own row, which every change of the status writes. */
const MAX_CUSTOM_STATUS_LENGTH = 65_536;

/** What the code of one execution may do, and what it is told. What it asks for gathers in the execution's state. */
export class ExecutionContext implements OrchestrationContext {
  readonly #state: ExecutionState;

  constructor(state: ExecutionState) {
    this.#state = state;
  }

  get instanceId(): string {
    return this.#state.instanceId;
  }

  get currentTimeMs(): number {
    return this.#state.currentTimeMs;
  }

  get isReplaying(): boolean {
    return this.#state.replaying || this.#state.calls.watch.isQuery;
  }

  get parent(): OrchestrationContext["parent"] {
    return this.#state.started?.parent;
  }

  get version(): string | undefined {
    return this.#state.version;
  }

  get searchAttributes(): SearchAttributes {
    return this.#state.searchAttributes ?? NO_ATTRIBUTES;
  }

  activityName(target: Target): string {
    return this.#state.registry === undefined ? nameOf(target) : this.#state.registry.activityName(target);
  }

  checkInput(activityName: string, input: unknown): void {
    this.#state.payloads.encode(input, "input", "activity", activityName);
  }

  workflowName(target: Target): string {
    return this.#state.registry === undefined ? nameOf(target) : this.#state.registry.workflowName(target);
  }

  check(method: string): void {
    this.#state.calls.watch.check(method);
  }

  checkTurn(method: string): void {
    this.#state.calls.watch.checkTurn(method);
  }

  /** Every call of the code that changes something comes to the state by here. */
  #enter(method: string): ExecutionState {
    this.#state.calls.watch.check(method);
    return this.#state;
  }

  callActivity(name: string, input: unknown, options: ActivityCallOptions): Task<unknown> {
    const { calls, payloads, currentTimeMs } = this.#enter("callActivity");
    const encoded = payloads.encode(input, "input", "activity", name);
    const { retry, timeoutMs, totalTimeoutMs, heartbeatTimeoutMs } = options;
    if (isPlain(options))
      return calls.callOnce("callActivity", name, (id) => ({ type: "ScheduleActivity", id, name, input: encoded }));
    const deadlineAtMs = totalTimeoutMs === undefined ? undefined : currentTimeMs + totalTimeoutMs;
    return calls.call({
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

  callChild(name: string, input: unknown, options: ChildCallOptions): Task<unknown> {
    const { instanceId, retry, searchAttributes } = options;
    const { calls, payloads, started, instanceId: parentId } = this.#enter("callChildWorkflow");
    const encoded = payloads.encode(input, "input", "workflow", name);
    const generation = started?.generation ?? 0;
    checkMessage("callChildWorkflow", instanceId || childInstanceId(parentId, generation, calls.nextId), encoded);
    return calls.call({
      method: "callChildWorkflow",
      name,
      retry,
      action: (id, { attempt, firstId }) => ({
        type: "StartChild",
        id,
        name,
        input: encoded,
        attempt,
        firstId,
        searchAttributes,
        instanceId: instanceId || childInstanceId(parentId, generation, id),
      }),
    });
  }

  createTimer(fireAtMs: number): CancelableTask {
    const state = this.#enter("createTimer");
    state.farAhead.check("createTimer", fireAtMs, state);
    return state.calls.timer(fireAtMs);
  }

  waitForExternalEvent(name: string, timeoutMs: number | undefined): CancelableTask {
    const state = this.#enter("waitForExternalEvent");
    const wait = state.calls.made(state.mailbox.wait(name), "waitForExternalEvent", name);
    if (timeoutMs !== undefined && timeoutMs >= 0 && !wait.isComplete) {
      const endsAtMs = state.currentTimeMs + timeoutMs;
      state.farAhead.check("waitForExternalEvent", endsAtMs, state);
      state.calls.limit(wait, endsAtMs, `Event '${name}' did not come within ${timeoutMs / 1000} s`);
    }
    return wait;
  }

  waitForCondition(holds: () => boolean): Task<unknown> {
    const { calls, conditions } = this.#enter("waitForCondition");
    return calls.made(conditions.wait(holds), "waitForCondition", undefined);
  }

  whenAll(tasks: readonly Task[]): WhenAllTask {
    const { calls } = this.#enter("whenAll");
    return calls.made(new WhenAllTask(ownTasks("whenAll", tasks, calls)), "whenAll", undefined);
  }

  whenAny(tasks: readonly Task[]): WhenAnyTask {
    const { calls } = this.#enter("whenAny");
    return calls.made(new WhenAnyTask(ownTasks("whenAny", tasks, calls)), "whenAny", undefined);
  }

  scheduleNewWorkflow(name: string, input: unknown, options: DetachedCallOptions): string {
    const { instanceId, startAtMs, searchAttributes } = options;
    const { calls, payloads, started, instanceId: starterId } = this.#enter("scheduleNewWorkflow");
    const encoded = payloads.encode(input, "input", "workflow", name);
    const generation = started?.generation ?? 0;
    const target = (id: number) => instanceId || detachedInstanceId(starterId, generation, id);
    checkMessage("scheduleNewWorkflow", target(calls.nextId), encoded);
    const id = calls.ask(undefined, (id) => ({
      type: "StartDetached",
      id,
      name,
      instanceId: target(id),
      input: encoded,
      startAtMs,
      searchAttributes,
    }));
    return target(id);
  }

  sendEvent(instanceId: string, name: string, input: unknown): void {
    const { calls, payloads } = this.#enter("sendEvent");
    const encoded = payloads.encode(input, "payload", "event", name);
    checkMessage("sendEvent", instanceId, encoded);
    calls.ask(undefined, (id) => ({ type: "SendEvent", id, name, instanceId, input: encoded }));
  }

  continueAsNew(input: unknown, saveEvents: boolean, { toLatestVersion = false }: ContinueAsNewOptions): void {
    const state = this.#enter("continueAsNew");
    const encoded = state.payloads.encode(input, "input", "continueAsNew");
    state.continuation = new Continuation(encoded, saveEvents, toLatestVersion);
    state.calls.close();
  }

  setCustomStatus(status: unknown): void {
    const state = this.#enter("setCustomStatus");
    state.customStatus = statusOf(status, state.payloads);
  }

  setSearchAttributes(changes: AttributeChanges): void {
    this.#enter("setSearchAttributes").changeAttributes(changes);
  }

  isPatched(name: string): boolean {
    const { calls, patches, replaying } = this.#enter("isPatched");
    return patches.isPatched(name, replaying, () => calls.note({ type: "RecordPatch", name }));
  }

  newGuid(): string {
    return this.#enter("newGuid").chance.nextUuid();
  }

  random(): number {
    return this.#enter("random").chance.next();
  }

  setQueryHandler(name: string, handler: QueryHandler): void {
    this.#enter("setQueryHandler").interactions.setQuery(name, handler);
  }

  setUpdateHandler(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void {
    this.#enter("setUpdateHandler").interactions.setUpdate(name, handler, validator);
  }
}

/** What most calls are: one attempt, without a limit. */
function isPlain({ retry, timeoutMs, totalTimeoutMs, heartbeatTimeoutMs }: ActivityCallOptions): boolean {
  const isUnlimited = timeoutMs === undefined && totalTimeoutMs === undefined && heartbeatTimeoutMs === undefined;
  return isUnlimited && retry === undefined;
}

/** Those of the list, each of this execution. */
function ownTasks(method: string, given: readonly Task[], { watch }: Calls): readonly Task[] {
  const tasks = taskList(method, given);
  for (const task of tasks) watch.checkOwn(task);
  return tasks;
}

/** As it is shown and stored. */
function statusOf(given: unknown, payloads: Payloads): string | undefined {
  const status =
    typeof given === "string" ? given.toWellFormed() : payloads.encode(given ?? undefined, "status", "setCustomStatus");
  if (status !== undefined && status.length > MAX_CUSTOM_STATUS_LENGTH) {
    throw new RangeError(
      `A custom status has at most ${MAX_CUSTOM_STATUS_LENGTH} characters, and this one ${status.length}`,
    );
  }
  return status;
}
