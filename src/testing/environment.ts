import type { DaprWorkflowClient } from "../authoring/workflow-client.ts";
import type { WorkflowRuntime } from "../authoring/workflow-runtime.ts";
import type { ActivityDeclaration } from "../engine/declarations.ts";
import type { Target } from "../engine/function-names.ts";
import { Orchestration } from "../engine/orchestration.ts";
import type { TWorkflowActivity } from "../engine/registry.ts";
import { DEFAULT_MAX_BODY_BYTES } from "../http/deps.ts";
import { createHttpHandler } from "../http/handler.ts";
import { Instance } from "../instance/instance.ts";
import { type InstanceLimits, limitsFrom } from "../instance/limits.ts";
import type { InstancePorts } from "../instance/ports.ts";
import type { HistoryEvent } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import type { InstanceStorage } from "../storage/instance-store.ts";
import { type ActivityCallRecord, TestRegistry } from "./activity-double.ts";
import { MemoryStore } from "./memory-store.ts";
import { NothingWillHappenError, TestClient } from "./test-client.ts";
import { promisesDone, VirtualClock } from "./virtual-clock.ts";

// An activity of whatever types: by itself, by its declaration or by its name.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyActivity = string | TWorkflowActivity<any, any> | ActivityDeclaration<any, any>;

/** What is kept of one instance when its object loses its memory. */
interface Host {
  readonly instanceId: string;
  readonly store: MemoryStore;
  alarmAtMs: number | undefined;
  isRinging: boolean;
  instance: Promise<Instance> | undefined;
  life: { over: boolean };
}

/** An instance's history, as it can be kept in a file and replayed later. */
export interface ExportedHistory {
  readonly instanceId: string;
  readonly events: readonly HistoryEvent[];
}

export interface TestEnvironmentOptions {
  /** The time at which the virtual clock begins. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: Date;
  readonly limits?: Partial<InstanceLimits>;
  /** As in `createWorker`. Default "stall". */
  readonly onNonDeterminism?: "fail" | "stall";
}

/**
 * Workflows in one process, without workerd: the engine, the instances, the HTTP API and the client are the real ones;
 * clock, alarms and storage are in memory. Time is virtual: it moves when a test waits for something and no activity is
 * at work, straight to whatever is due next, so that a timer of 30 days takes no time. An activity that does I/O takes
 * the time it takes.
 *
 *     const env = new WorkflowTestEnvironment(runtime);
 *     env.mockActivity(charge, () => "paid");
 *     const id = await env.client.scheduleNewWorkflow(order, { item: "car" });
 *     const state = await env.client.waitForWorkflowCompletion(id);
 */
export class WorkflowTestEnvironment {
  readonly client: DaprWorkflowClient;
  readonly #clock: VirtualClock;
  readonly #options: TestEnvironmentOptions;
  readonly #hosts = new Map<string, Host>();
  #registry: TestRegistry;
  #ids = 0;
  #step: Promise<boolean> | undefined;
  #callsUnderWay = 0;

  constructor(runtime: WorkflowRuntime, options: TestEnvironmentOptions = {}) {
    this.#options = options;
    this.#clock = new VirtualClock((options.startAt ?? new Date("2026-01-01T00:00:00Z")).getTime());
    this.#registry = new TestRegistry(runtime.registry);
    this.client = new TestClient(this, (request) => this.#handle(request));
  }

  /** The virtual time. */
  get now(): Date {
    return new Date(this.#clock.nowMs);
  }

  /** Lets virtual time pass, and everything happen in it that falls due. */
  async advance(seconds: number): Promise<void> {
    const untilMs = this.#clock.nowMs + seconds * 1000;
    while (await this.#move(untilMs));
    this.#clock.nowMs = Math.max(this.#clock.nowMs, untilMs);
  }

  /** Until nothing happens any more without time passing. */
  async idle(): Promise<void> {
    while (await this.#move(this.#clock.nowMs));
  }

  /** Runs in place of the activity from here on, also in place of one that is not registered. */
  mockActivity(activity: AnyActivity, mock: TWorkflowActivity): void {
    this.#registry.mock(this.#registry.activityName(activity), mock);
  }

  /** The next `times` (1) calls of the activity fail with the error; then it runs again. */
  failActivity(activity: AnyActivity, { times = 1, error = new Error("injected failure") } = {}): void {
    this.#registry.fail(this.#registry.activityName(activity), Array(times).fill(error));
  }

  /** The calls of an activity, every attempt one, in the order in which they began. Of this code: `useRuntime` begins anew. */
  calls(activity: AnyActivity): readonly ActivityCallRecord[] {
    return this.#registry.calls.get(this.#registry.activityName(activity)) ?? [];
  }

  /** All objects lose their memory, as in a crash: what was running is over, and everything is built again from the histories. */
  async restart(): Promise<void> {
    for (const host of this.#hosts.values()) {
      host.life.over = true;
      host.life = { over: false };
      host.instance = undefined;
      if (host.isRinging) host.alarmAtMs ??= this.#clock.nowMs;
      host.isRinging = false;
    }
    await this.idle();
  }

  /** A restart with other code: what a deploy does to running instances. Mocks stay. */
  async useRuntime(runtime: WorkflowRuntime): Promise<void> {
    this.#registry = this.#registry.withCode(runtime.registry);
    await this.restart();
  }

  /** The history of the instance's current execution. Throws when there is no such instance. */
  history(instanceId: string): ExportedHistory {
    const events = this.#hosts.get(instanceId)?.store.history() ?? [];
    if (events.length === 0) throw new Error(`There is no workflow instance '${instanceId}'`);
    return structuredClone({ instanceId, events });
  }

  /**
   * Lets time pass until the condition holds. False when `timeoutSeconds` of virtual time have passed before. Rejects with
   * a NothingWillHappenError when it never will.
   */
  async until(holds: () => boolean, timeoutSeconds: number, whatFor: () => Promise<string>): Promise<boolean> {
    const untilMs = this.#clock.nowMs + timeoutSeconds * 1000;
    while (!holds()) {
      if (await this.#move(untilMs)) continue;
      if (holds()) break;
      if (this.#nextAtMs() !== Number.POSITIVE_INFINITY || Number.isFinite(untilMs)) {
        this.#clock.nowMs = untilMs;
        return false;
      }
      throw new NothingWillHappenError(await whatFor());
    }
    return true;
  }

  /** @internal Lets one thing happen. `late`: nothing would before that time, and it has come; `never`: nothing ever will. */
  async step(untilMs: number): Promise<"moved" | "late" | "never"> {
    if (await this.#move(untilMs)) return "moved";
    if (!Number.isFinite(untilMs)) return "never";
    this.#clock.nowMs = Math.max(this.#clock.nowMs, untilMs);
    return "late";
  }

  /** @internal Where an instance stands; `undefined` when there is none. */
  statusOf(instanceId: string): RuntimeStatus | undefined {
    return this.#hosts.get(instanceId)?.store.load()?.status;
  }

  /** @internal The name that a workflow is started by. */
  workflowName(workflow: Target): string {
    return this.#registry.workflowName(workflow);
  }

  /** @internal What an instance waits for, in words. */
  async describeWait(instanceId: string): Promise<string> {
    const { store } = this.#host(instanceId);
    const status = this.statusOf(instanceId);
    const orchestration = await Orchestration.load(instanceId, this.#code(), store.history(), status !== "PENDING");
    const events = orchestration.awaitedEvents.map((name) => `event '${name}'`);
    const children = [...orchestration.pending.children.values()].map((child) => `child '${child.instanceId}'`);
    const resume = status === "SUSPENDED" ? ["a resume"] : [];
    const stall = orchestration.stall === undefined ? [] : [`other code: ${orchestration.stall.message}`];
    const waits = [...resume, ...events, ...children, ...stall].join(", ") || "nothing that this environment knows";
    return `Instance '${instanceId}' is ${status} and waits for ${waits}. Nothing is running, and no time is due.`;
  }

  // What happens next.

  /** True when something has happened, or may have. One step at a time, whoever asks. */
  #move(untilMs: number): Promise<boolean> {
    this.#step ??= this.#moveOnce(untilMs).finally(() => {
      this.#step = undefined;
    });
    return this.#step;
  }

  async #moveOnce(untilMs: number): Promise<boolean> {
    await promisesDone();
    if (this.#runDue()) return true;
    if (this.#registry.isRunning) {
      await this.#registry.nextEnd();
      return true;
    }
    const nextAtMs = this.#nextAtMs();
    if (nextAtMs > untilMs || nextAtMs === Number.POSITIVE_INFINITY) return false;
    this.#clock.nowMs = Math.max(this.#clock.nowMs, nextAtMs);
    this.#runDue();
    return true;
  }

  #runDue(): boolean {
    const due = this.#clock.takeDue();
    if (due !== undefined) due();
    const ringing = [...this.#hosts.values()].filter((host) => this.#ringsAtMs(host) <= this.#clock.nowMs);
    for (const host of ringing) this.#ring(host);
    return due !== undefined || ringing.length > 0;
  }

  #nextAtMs(): number {
    return Math.min(this.#clock.nextAtMs, ...[...this.#hosts.values()].map((host) => this.#ringsAtMs(host)));
  }

  /** Handlers of one object never overlap. */
  #ringsAtMs({ alarmAtMs, isRinging }: Host): number {
    return isRinging ? Number.POSITIVE_INFINITY : (alarmAtMs ?? Number.POSITIVE_INFINITY);
  }

  #ring(host: Host): void {
    const { life } = host;
    host.alarmAtMs = undefined;
    host.isRinging = true;
    const rung = () => {
      if (!life.over) host.isRinging = false;
    };
    void this.#open(host, true)
      .then((instance) => instance.alarm({ retryCount: 0, scheduledTime: 0 }))
      .then(rung, rung);
  }

  // Instances.

  async #handle(request: Request): Promise<Response> {
    const handler = createHttpHandler({
      instance: (instanceId) => this.#stub(instanceId),
      registered: () => this.#registry.names(),
      apiToken: undefined,
      maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
      appId: "test",
      log: () => undefined,
      newId: () => this.newId(),
      now: () => this.#clock.nowMs,
      trusted: true,
    });
    let response: Response | undefined;
    const answer = handler(request).then((answered) => {
      response = answered;
    });
    // A request that waits inside an instance, for an update for instance, lets time pass. One that is still on its way
    // there does not.
    for (;;) {
      await promisesDone();
      if (response !== undefined) break;
      if (this.#callsUnderWay > 0 && !(await this.#move(Number.POSITIVE_INFINITY))) break;
    }
    await answer;
    return response as unknown as Response;
  }

  /** Calls the object as it is at the moment of the call. */
  #stub(instanceId: string): Instance {
    const call = async (method: string, args: unknown[]) => {
      this.#callsUnderWay++;
      if (method === "start") Object.assign(args[0] as object, { traceparent: this.#newTraceparent() });
      try {
        const instance = await this.#open(this.#host(instanceId), false);
        const ask = Reflect.get(instance, method) as (...args: unknown[]) => Promise<unknown>;
        // A function is called where it is: that is how a receiver asks its sender something.
        const sent = args.map((arg) => (typeof arg === "function" ? arg : structuredClone(arg)));
        return structuredClone(await ask.apply(instance, sent));
      } finally {
        this.#callsUnderWay--;
      }
    };
    const get =
      (_: object, method: string | symbol) =>
      (...args: unknown[]) =>
        call(String(method), args);
    return new Proxy({}, { get }) as Instance;
  }

  #host(instanceId: string): Host {
    let host = this.#hosts.get(instanceId);
    if (host === undefined) {
      host = {
        instanceId,
        store: new MemoryStore(),
        alarmAtMs: undefined,
        isRinging: false,
        instance: undefined,
        life: { over: false },
      };
      this.#hosts.set(instanceId, host);
    }
    return host;
  }

  #open(host: Host, isRinging: boolean): Promise<Instance> {
    host.instance ??= (async () => {
      const instance = new Instance(this.#ports(host));
      await instance.open(isRinging);
      return instance;
    })();
    return host.instance;
  }

  #code() {
    return { registry: this.#registry, onNonDeterminism: this.#options.onNonDeterminism };
  }

  /** @internal A UUID that is the same whenever the test runs. */
  newId(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }

  /** The HTTP API makes one by chance where the caller has sent none. */
  #newTraceparent(): string {
    const id = (++this.#ids).toString(16);
    return `00-${id.padStart(32, "0")}-${id.padStart(16, "0")}-01`;
  }

  #ports(host: Host): InstancePorts {
    const { life, instanceId } = host;
    const schedule = (ms: number, callback: () => void) => this.#clock.schedule(ms, () => life.over || callback());
    return {
      ...this.#code(),
      store: ofLife(host.store, life),
      limits: limitsFrom(this.#options.limits),
      clock: {
        now: () => this.#clock.nowMs,
        delay: (ms) => new Promise((resolve) => void schedule(ms, resolve)),
        schedule,
      },
      alarm: {
        get: async () => host.alarmAtMs ?? null,
        set: (atMs) => {
          if (!life.over) host.alarmAtMs = atMs;
        },
        clear: () => {
          if (!life.over) host.alarmAtMs = undefined;
        },
      },
      instanceId: () => instanceId,
      newId: () => this.newId(),
      peer: (to) => this.#stub(to),
      sync: async () => undefined,
      wipe: async () => {
        host.alarmAtMs = undefined;
        host.store.wipe();
      },
      abort: () => undefined,
      log: () => undefined,
    };
  }
}

/** A store that serves one life of its object: what is left running of a former one can change nothing. */
function ofLife(store: MemoryStore, life: { readonly over: boolean }): InstanceStorage {
  return new Proxy(store, {
    get: (target, name) => {
      if (life.over) throw new Error("This object has lost its memory");
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
