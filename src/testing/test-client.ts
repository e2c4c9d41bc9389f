import { TimeoutError } from "../authoring/client-errors.ts";
import type { InputAndStart, ScheduleOptions, UpdateOptions } from "../authoring/client-options.ts";
import { WorkflowRuntimeStatus } from "../authoring/runtime-status.ts";
import { DaprWorkflowClient } from "../authoring/workflow-client.ts";
import type { WorkflowState } from "../authoring/workflow-state.ts";
import type { UpdateDeclaration, WorkflowDeclaration } from "../engine/declarations.ts";
import type { Target } from "../engine/function-names.ts";
import { nameOf } from "../engine/names.ts";
import type { AnyWorkflow, InputOf } from "../engine/signatures.ts";
import { isTerminal, type RuntimeStatus } from "../model/status.ts";

/** The code has come to rest, and what a test waits for can never happen. */
export class NothingWillHappenError extends Error {
  override readonly name = "NothingWillHappenError";
}

/** What the client needs of its environment. */
export interface VirtualTime {
  readonly now: Date;
  newId(): string;
  workflowName(workflow: Target): string;
  statusOf(instanceId: string): RuntimeStatus | undefined;
  describeWait(instanceId: string): Promise<string>;
  step(untilMs: number): Promise<"moved" | "late" | "never">;
  until(holds: () => boolean, timeoutSeconds: number, whatFor: () => Promise<string>): Promise<boolean>;
}

/** Waits in virtual time, and without limit unless one is given. */
export class TestClient extends DaprWorkflowClient {
  readonly #env: VirtualTime;

  constructor(env: VirtualTime, send: (request: Request) => Promise<Response>) {
    super({ fetch: send });
    this.#env = env;
  }

  override scheduleNewWorkflow<W extends AnyWorkflow>(
    workflow: W,
    ...inputAndOptions: InputAndStart<InputOf<W>>
  ): Promise<string>;
  override async scheduleNewWorkflow(
    workflow: AnyWorkflow,
    input?: unknown,
    instanceIdOrOptions?: string | ScheduleOptions | null,
    startAt?: Date | null,
  ): Promise<string> {
    const isId = typeof instanceIdOrOptions === "string" && instanceIdOrOptions !== "";
    const withId = isId ? instanceIdOrOptions : this.#withId(instanceIdOrOptions || {});
    return super.scheduleNewWorkflow(this.#env.workflowName(workflow), input, withId, startAt);
  }

  override updateWorkflow<TInput, TResult>(
    instanceId: string,
    update: UpdateDeclaration<TInput, TResult>,
    input: TInput,
    options?: UpdateOptions | null,
  ): Promise<TResult>;
  override updateWorkflow(
    instanceId: string,
    update: string,
    input?: unknown,
    options?: UpdateOptions | null,
    // biome-ignore lint/suspicious/noExplicitAny: without a declaration, the result is what the workflow gives
  ): Promise<any>;
  /** Asks without waiting, and again after whatever has happened: a request that waits would make time pass for itself. */
  override async updateWorkflow(
    instanceId: string,
    update: string | { readonly name: string },
    input?: unknown,
    options?: UpdateOptions | null,
  ): Promise<unknown> {
    const updateId = options?.updateId ?? this.#env.newId();
    const seconds = options?.timeoutInSeconds ?? Number.POSITIVE_INFINITY;
    const untilMs = this.#env.now.getTime() + seconds * 1000;
    let step: "moved" | "late" | "never" = "moved";
    for (;;) {
      try {
        return await super.updateWorkflow(instanceId, nameOf(update), input, {
          ...options,
          updateId,
          timeoutInSeconds: 0,
        });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        if (step === "late") throw new TimeoutError({ instanceId, seconds, what: "has not ended the update" });
        if (step === "never") throw new NothingWillHappenError(await this.#env.describeWait(instanceId));
        step = await this.#env.step(untilMs);
      }
    }
  }

  override waitForWorkflowStart(
    instanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<WorkflowState | undefined> {
    return this.#wait(instanceId, (status) => status !== "PENDING", fetchPayloads, timeoutInSeconds, "has not started");
  }

  override waitForWorkflowCompletion(
    instanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<WorkflowState | undefined> {
    return this.#wait(instanceId, isTerminal, fetchPayloads, timeoutInSeconds, "has not ended");
  }

  override waitForWorkflowResult<TInput, TOutput>(
    workflow: WorkflowDeclaration<TInput, TOutput>,
    instanceId: string,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<TOutput> {
    return super.waitForWorkflowResult(workflow, instanceId, timeoutInSeconds ?? Number.POSITIVE_INFINITY);
  }

  /** IDs are the same whenever the test runs. What is no options object is left to be refused. */
  #withId(options: ScheduleOptions): ScheduleOptions {
    if (typeof options !== "object" || Array.isArray(options)) return options;
    return options.instanceId ? options : { ...options, instanceId: this.#env.newId() };
  }

  async #wait(
    instanceId: string,
    isReached: (status: RuntimeStatus) => boolean,
    fetchPayloads: boolean | null,
    timeoutInSeconds: number | null,
    what: string,
  ): Promise<WorkflowState | undefined> {
    const seconds = timeoutInSeconds ?? Number.POSITIVE_INFINITY;
    const untilMs = this.#env.now.getTime() + seconds * 1000;
    const isOver = (status = this.#env.statusOf(instanceId)) => status === undefined || isReached(status);
    const holds = () => isOver() || this.#env.statusOf(instanceId) === "STALLED";
    const whatFor = () => this.#env.describeWait(instanceId);
    for (;;) {
      const leftSeconds = (untilMs - this.#env.now.getTime()) / 1000;
      if (!(await this.#env.until(holds, leftSeconds, whatFor))) throw new TimeoutError({ instanceId, seconds, what });
      // A stalled instance that is asked looks for other code, which may be here by now. No time that passes brings any.
      const wasOver = isOver();
      const state = await this.getWorkflowState(instanceId, fetchPayloads ?? true);
      if (wasOver) return state;
      if (state?.runtimeStatus === WorkflowRuntimeStatus.STALLED) throw new NothingWillHappenError(await whatFor());
    }
  }
}
