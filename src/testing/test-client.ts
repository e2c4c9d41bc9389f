import { TimeoutError } from "../authoring/client-errors.ts";
import {
  type InputAndRun,
  type InputAndStart,
  payloadsOf,
  type RunOptions,
  runOptions,
  type ScheduleOptions,
  scheduleOptions,
  timeoutOf,
  type UpdateOptions,
  updateOptions,
  type WatchOptions,
  watchOptions,
} from "../authoring/client-options.ts";
import type { WatchedEvent } from "../authoring/client-watch.ts";
import { segment } from "../authoring/workflow-api.ts";
import { DaprWorkflowClient } from "../authoring/workflow-client.ts";
import { WorkflowState } from "../authoring/workflow-state.ts";
import type { UpdateDeclaration } from "../engine/declarations.ts";
import type { Target } from "../engine/function-names.ts";
import { nameOf } from "../engine/names.ts";
import type { PayloadConverter } from "../engine/payload.ts";
import type { InputOf, OutputOfWorkflow } from "../engine/signatures.ts";
import type { AnyWorkflow } from "../engine/workflow-context.ts";
import { toDaprState } from "../http/description.ts";
import type { Instance } from "../instance/instance.ts";
import type { WaitedFor } from "../instance/protocol.ts";
import { readOptions } from "../model/options.ts";
import { useRealMicrotasks } from "./event-loop.ts";
import type { Hosts } from "./hosts.ts";
import { watchInTime } from "./test-watch.ts";
import type { VirtualTime, Wait } from "./virtual-time.ts";
import type { WaitText } from "./wait-text.ts";

/** What the client needs of its environment. */
export interface TestClientOptions {
  readonly hosts: Hosts;
  readonly time: VirtualTime;
  readonly waitText: WaitText;
  now(): number;
  newId(): string;
  /** The name that a workflow is started by. */
  workflowName(workflow: Target): string;
  /** That of the runtime. */
  readonly payloadConverter: PayloadConverter | undefined;
  send(request: Request): Promise<Response>;
}

/** A request is made before `call` returns. `send` sees to its being read. */
function withRealMicrotasks<T>(call: () => T): T {
  const giveBack = useRealMicrotasks();
  try {
    return call();
  } finally {
    giveBack();
  }
}

/** Those of its bases, too. */
function methodsOf(prototype: object): Set<string> {
  const names = new Set<string>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  return names;
}

/** What a wait asks of the instance; the promise ends when there is an answer, however long that takes. */
type Question<T> = (instance: Instance) => Promise<T>;

/** Waits in virtual time, and without limit unless one is given. A wait begins when it is called, and sees the first moment at which it holds. */
export class TestClient extends DaprWorkflowClient {
  readonly #env: TestClientOptions;

  constructor(env: TestClientOptions) {
    super({ fetch: (request) => env.send(request), payloadConverter: env.payloadConverter ?? null });
    this.#env = env;
    for (const name of methodsOf(DaprWorkflowClient.prototype)) {
      const method: unknown = Reflect.get(this, name);
      if (typeof method !== "function" || name === "constructor") continue;
      const value = (...args: unknown[]) => withRealMicrotasks(() => method.apply(this, args));
      Object.defineProperty(this, name, { value, configurable: true, writable: true });
    }
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
    const name = this.#env.workflowName(workflow);
    const options =
      typeof instanceIdOrOptions === "string"
        ? { instanceId: instanceIdOrOptions }
        : readOptions(scheduleOptions, instanceIdOrOptions, "scheduleNewWorkflow", name);
    // IDs are the same whenever the test runs.
    const { instanceId, ...others } = options;
    return super.scheduleNewWorkflow(name, input, { ...others, instanceId: instanceId || this.#env.newId() }, startAt);
  }

  override runWorkflow<W extends AnyWorkflow>(
    workflow: W,
    ...inputAndOptions: InputAndRun<InputOf<W>>
  ): Promise<WorkflowState>;
  /** Starts without waiting, so that time passes as in any other wait. */
  override async runWorkflow(
    workflow: AnyWorkflow,
    input?: unknown,
    options?: RunOptions | null,
  ): Promise<WorkflowState> {
    const read = readOptions(runOptions, options, "runWorkflow", this.#env.workflowName(workflow));
    const { waitFor, timeoutInSeconds = null, fetchPayloads = null, ...start } = read;
    const id = await this.scheduleNewWorkflow(workflow, input, start);
    const state =
      waitFor === "started"
        ? await this.waitForWorkflowStart(id, fetchPayloads, timeoutInSeconds)
        : await this.waitForWorkflowCompletion(id, fetchPayloads, timeoutInSeconds);
    if (state === undefined) throw new Error(`There is no workflow instance '${id}' any more`);
    return state;
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
  /** Asks without waiting, waits, and asks again: the answer is then there. */
  override async updateWorkflow(
    instanceId: string,
    update: string | { readonly name: string },
    input?: unknown,
    options?: UpdateOptions | null,
  ): Promise<unknown> {
    const read = readOptions(updateOptions, options, "updateWorkflow", instanceId);
    const updateId = read.updateId || this.#env.newId();
    const seconds = read.timeoutInSeconds ?? Number.POSITIVE_INFINITY;
    const name = nameOf(update);
    const ask = () =>
      withRealMicrotasks(() =>
        super.updateWorkflow(instanceId, name, input, { ...read, updateId, timeoutInSeconds: 0 }),
      );
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    const ends = (instance: Instance) => instance.update({ updateId, name, timeoutMs: Number.POSITIVE_INFINITY });
    await this.#until(instanceId, "has not ended the update", seconds, ends);
    return ask();
  }

  /** Each thing that is told is waited for as in any other wait: time passes until it happens. */
  override watchWorkflow(instanceId: string, options?: WatchOptions | null): AsyncIterable<WatchedEvent> {
    const { after, signal } = readOptions(watchOptions, options, "watchWorkflow", instanceId);
    segment(instanceId);
    return watchInTime(instanceId, after ?? undefined, async (question) => {
      signal?.throwIfAborted();
      return this.#until(instanceId, "has nothing to tell", Number.POSITIVE_INFINITY, question, signal ?? undefined);
    });
  }

  override waitForWorkflowStart(
    instanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<WorkflowState | undefined> {
    return this.#wait("started", "waitForWorkflowStart", instanceId, fetchPayloads, timeoutInSeconds);
  }

  override waitForWorkflowCompletion(
    instanceId: string,
    fetchPayloads: boolean | null = true,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<WorkflowState | undefined> {
    return this.#wait("ended", "waitForWorkflowCompletion", instanceId, fetchPayloads, timeoutInSeconds);
  }

  override waitForWorkflowResult<W extends AnyWorkflow>(
    workflow: W,
    instanceId: string,
    timeoutInSeconds: number | null = Number.POSITIVE_INFINITY,
  ): Promise<OutputOfWorkflow<W>> {
    return super.waitForWorkflowResult(workflow, instanceId, timeoutInSeconds ?? Number.POSITIVE_INFINITY);
  }

  async #wait(
    until: WaitedFor,
    call: string,
    instanceId: string,
    fetchPayloads: boolean | null,
    timeoutInSeconds: number | null,
  ): Promise<WorkflowState | undefined> {
    segment(instanceId);
    const payloads = payloadsOf(fetchPayloads, call, instanceId);
    const seconds =
      timeoutInSeconds === Number.POSITIVE_INFINITY || timeoutInSeconds === null
        ? Number.POSITIVE_INFINITY
        : timeoutOf(timeoutInSeconds, call, instanceId);
    const what = until === "started" ? "has not started" : "has not ended";
    const state = await this.#until(instanceId, what, seconds, (instance) =>
      instance.waitFor(until, { timeoutMs: Number.POSITIVE_INFINITY, payloads }),
    );
    return state === undefined ? undefined : new WorkflowState(JSON.parse(JSON.stringify(toDaprState(state))));
  }

  /** Lets time pass until the instance has answered. */
  #until<T>(
    instanceId: string,
    what: string,
    seconds: number,
    question: Question<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { hosts, time, waitText, now } = this.#env;
    return new Promise((resolve, reject) => {
      const abort = () => {
        time.remove(wait);
        reject(signal?.reason);
      };
      const wait: Wait = {
        untilMs: now() + seconds * 1000,
        late: () => reject(new TimeoutError({ instanceId, seconds, what })),
        isStalled: () => hosts.statusOf(instanceId) === "STALLED",
        describe: () => waitText.of(instanceId),
        fail: reject,
      };
      time.add(wait);
      signal?.addEventListener("abort", abort);
      hosts
        .ask(instanceId, question)
        .finally(() => {
          time.remove(wait);
          signal?.removeEventListener("abort", abort);
        })
        .then(resolve, reject);
    });
  }
}
