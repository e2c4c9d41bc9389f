import { detachedInstanceId } from "../model/ids.ts";
import { checkMessage } from "../model/message-limits.ts";
import type { AttributeChanges } from "../model/search-attributes.ts";
import type { BranchTask } from "./branch-task.ts";
import type {
  ActivityCallOptions,
  ChildCallOptions,
  ContinueAsNewOptions,
  DetachedCallOptions,
} from "./call-options.ts";
import { type ChildTask, callChild } from "./child-task.ts";
import type { CancelableTask } from "./completable-task.ts";
import { WhenAllTask, WhenAnyTask } from "./composite-task.ts";
import { Continuation } from "./continuation.ts";
import { ExecutionView } from "./execution-view.ts";
import type { QueryHandler, UpdateHandler, UpdateValidator } from "./interactions.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import type { Payloads } from "./payload.ts";
import type { Task } from "./task.ts";

/** It lies in the instance's own row, which every change of the status writes. */
const MAX_CUSTOM_STATUS_LENGTH = 65_536;

/** What the code of one execution may do. What it asks for gathers in the execution's state. */
export class ExecutionContext extends ExecutionView implements OrchestrationContext {
  callActivity(name: string, input: unknown, options: ActivityCallOptions): Task<unknown> {
    const { calls, payloads, currentTimeMs } = this.enter("callActivity");
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

  callChild(name: string, input: unknown, options: ChildCallOptions): ChildTask {
    return callChild(this.enter("callChildWorkflow"), name, input, options);
  }

  createTimer(fireAtMs: number): CancelableTask {
    const state = this.enter("createTimer");
    state.farAhead.check("createTimer", fireAtMs, state);
    return state.calls.timer(fireAtMs);
  }

  waitForExternalEvent(name: string, timeoutMs: number | undefined): CancelableTask {
    const state = this.enter("waitForExternalEvent");
    const wait = state.calls.made(state.mailbox.wait(name), "waitForExternalEvent", name);
    if (timeoutMs !== undefined && timeoutMs >= 0 && !wait.isComplete) {
      const endsAtMs = state.currentTimeMs + timeoutMs;
      state.farAhead.check("waitForExternalEvent", endsAtMs, state);
      state.calls.limit(wait, endsAtMs, `Event '${name}' did not come within ${timeoutMs / 1000} s`);
    }
    return wait;
  }

  waitForCondition(holds: () => boolean): Task<unknown> {
    const { calls, conditions } = this.enter("waitForCondition");
    return calls.made(conditions.wait(holds), "waitForCondition", undefined);
  }

  branch(generator: unknown, name: string | undefined): BranchTask {
    const { branches } = this.enter("branch");
    return branches.make(branches.checked("branch", generator), name);
  }

  whenAll(parts: readonly unknown[]): WhenAllTask {
    const { branches, calls } = this.enter("whenAll");
    return calls.made(new WhenAllTask(branches.tasksOf("whenAll", parts)), "whenAll", undefined);
  }

  whenAny(parts: readonly unknown[]): WhenAnyTask {
    const { branches, calls } = this.enter("whenAny");
    return calls.made(new WhenAnyTask(branches.tasksOf("whenAny", parts)), "whenAny", undefined);
  }

  scheduleNewWorkflow(name: string, input: unknown, options: DetachedCallOptions): string {
    const { instanceId, startAtMs, searchAttributes } = options;
    const { calls, payloads, started, instanceId: starterId } = this.enter("scheduleNewWorkflow");
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
    const { calls, payloads } = this.enter("sendEvent");
    const encoded = payloads.encode(input, "payload", "event", name);
    checkMessage("sendEvent", instanceId, encoded);
    calls.ask(undefined, (id) => ({ type: "SendEvent", id, name, instanceId, input: encoded }));
  }

  continueAsNew(input: unknown, saveEvents: boolean, { toLatestVersion = false }: ContinueAsNewOptions): void {
    const state = this.enter("continueAsNew");
    const encoded = state.payloads.encode(input, "input", "continueAsNew");
    state.continuation = new Continuation(encoded, saveEvents, toLatestVersion);
    state.calls.close();
  }

  setCustomStatus(status: unknown): void {
    const state = this.enter("setCustomStatus");
    state.customStatus = statusOf(status, state.payloads);
  }

  setSearchAttributes(changes: AttributeChanges): void {
    this.enter("setSearchAttributes").changeAttributes(changes);
  }

  isPatched(name: string): boolean {
    const { calls, patches, replaying } = this.enter("isPatched");
    return patches.isPatched(name, replaying, () => calls.note({ type: "RecordPatch", name }));
  }

  newGuid(): string {
    return this.enter("newGuid").chance.nextUuid();
  }

  random(): number {
    return this.enter("random").chance.next();
  }

  setQueryHandler(name: string, handler: QueryHandler): void {
    this.enter("setQueryHandler").interactions.setQuery(name, handler);
  }

  setUpdateHandler(name: string, handler: UpdateHandler, validator: UpdateValidator | undefined): void {
    this.enter("setUpdateHandler").interactions.setUpdate(name, handler, validator);
  }
}

/** What most calls are: one attempt, without a limit. */
function isPlain({ retry, timeoutMs, totalTimeoutMs, heartbeatTimeoutMs }: ActivityCallOptions): boolean {
  const isUnlimited = timeoutMs === undefined && totalTimeoutMs === undefined && heartbeatTimeoutMs === undefined;
  return isUnlimited && retry === undefined;
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
