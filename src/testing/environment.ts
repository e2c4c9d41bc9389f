import type { DaprWorkflowClient } from "../authoring/workflow-client.ts";
import { checkTargets, registryOf, type WorkflowRuntime } from "../authoring/workflow-runtime.ts";
import type { TWorkflowActivity } from "../engine/activity-context.ts";
import type { ActivityDeclaration } from "../engine/declarations.ts";
import { type InstanceLimits, limitsOption } from "../instance/limits.ts";
import type { HistoryEvent } from "../model/history-event.ts";
import {
  aDate,
  aFunction,
  aNumber,
  anything,
  type Given,
  oneOf,
  optionsOf,
  rangeRule,
  readOptions,
  shown,
} from "../model/options.ts";
import { checkDeclared } from "../schedules/declared.ts";
import { type ActivityCallRecord, type Stage, TestRegistry } from "./activity-double.ts";
import { nextTurn } from "./event-loop.ts";
import { Hosts } from "./hosts.ts";
import { Requests } from "./requests.ts";
import { TestClient } from "./test-client.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { VirtualTime } from "./virtual-time.ts";
import { WaitText } from "./wait-text.ts";
import { Warnings } from "./warnings.ts";

// An activity of whatever types: by itself, by its declaration or by its name.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyActivity = string | TWorkflowActivity<any, any> | ActivityDeclaration<any, any>;

/** An instance's history, as it can be kept in a file and replayed later. */
export interface ExportedHistory {
  readonly instanceId: string;
  readonly events: readonly HistoryEvent[];
}

export interface TestEnvironmentOptions {
  /** The time at which the virtual clock begins, from 1970 on. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: Date | undefined;
  readonly limits?: Given<InstanceLimits> | undefined;
  /** As in `createWorker`. Default "stall". */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
  /** So much real time, in milliseconds, an activity may take without a sign of life before virtual time passes it. Default 1,000. */
  readonly activityGraceMs?: number | undefined;
  /** Takes each warning to the author once, such as one of a forgotten `yield`. Default: `console.warn`. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

const environmentOptions = optionsOf<TestEnvironmentOptions>({
  startAt: rangeRule("a Date that is valid, from 1970 on", (at) => aDate.fits(at) && Number(at) >= 0),
  limits: limitsOption,
  onNonDeterminism: oneOf("fail", "stall"),
  activityGraceMs: aNumber("a number of milliseconds from 0", (ms) => ms >= 0),
  onWarning: aFunction,
});

export interface FailureOptions {
  /** Default 1. */
  readonly times?: number | undefined;
  readonly error?: Error | undefined;
}

const failureOptions = optionsOf<FailureOptions>({
  times: aNumber("a whole number from 0", (times) => Number.isInteger(times) && times >= 0),
  error: anything,
});

/**
 * Workflows in one process, without workerd: the engine, the instances, the HTTP API and the client are the real ones;
 * clock, alarms and storage are in memory. Time is virtual: it moves when a test waits for something, straight to whatever is due
 * next, so that a timer of 30 days takes no time. An activity that does I/O takes the time it takes.
 *
 *     const env = new WorkflowTestEnvironment(runtime);
 *     env.mockActivity(charge, () => "paid");
 *     const id = await env.client.scheduleNewWorkflow(order, { item: "car" });
 *     const state = await env.client.waitForWorkflowCompletion(id);
 */
export class WorkflowTestEnvironment {
  readonly client: DaprWorkflowClient;
  readonly #clock: VirtualClock;
  readonly #hosts: Hosts;
  readonly #time: VirtualTime;
  readonly #stage: Stage;
  #registry: TestRegistry;
  #ids = 0;

  constructor(runtime: WorkflowRuntime, options?: TestEnvironmentOptions | null) {
    const given = readOptions(environmentOptions, options, "WorkflowTestEnvironment");
    const { startAt = new Date("2026-01-01T00:00:00Z"), limits, onNonDeterminism, activityGraceMs = 1000 } = given;
    const clock = new VirtualClock(startAt.getTime());
    const warnings = new Warnings(given.onWarning);
    const newId = () => this.#newId();
    const code = () => ({ registry: this.#registry, onNonDeterminism });
    const moved = () => this.#time.moved();
    const hosts = new Hosts({
      clock,
      code,
      limits,
      newId,
      newTraceparent: () => this.#newTraceparent(),
      log: (line) => warnings.take(line),
      moved,
    });
    const runs = () => this.#registry.runs;
    const world = {
      clock,
      nextAtMs: () => Math.min(clock.nextAtMs, hosts.nextAtMs()),
      runDue: () => {
        clock.takeDue()?.();
        hosts.ringDue();
      },
      work: () => [...runs(), ...hosts.heldTurns()],
    };
    const time = new VirtualTime(world, activityGraceMs);
    const now = () => clock.nowMs;
    const requests = new Requests({ hosts, time, registry: () => this.#registry, newId, now });
    this.#stage = {
      lifeOf: (instanceId) => hosts.lifeOf(instanceId),
      get requests() {
        return requests.count;
      },
      moved,
    };
    this.#clock = clock;
    this.#hosts = hosts;
    this.#time = time;
    const registry = registryOf(runtime, "WorkflowTestEnvironment");
    checkDeclared(runtime);
    checkTargets(runtime);
    this.#registry = new TestRegistry(registry, this.#stage);
    this.client = new TestClient({
      hosts,
      time,
      now,
      newId,
      waitText: new WaitText(hosts, code, runs),
      workflowName: (workflow) => {
        this.#registry.refresh();
        return this.#registry.workflowName(workflow);
      },
      payloadConverter: registry.payloads.converter,
      send: (request) => {
        this.#registry.refresh();
        return requests.send(request);
      },
    });
  }

  /** The virtual time. */
  get now(): Date {
    return new Date(this.#clock.nowMs);
  }

  /** Lets virtual time pass, and everything happen in it that falls due. */
  async advance(seconds: number): Promise<void> {
    if (typeof seconds !== "number" || !(seconds >= 0 && seconds < Number.POSITIVE_INFINITY))
      throw new RangeError(`env.advance takes a number of seconds from 0, found ${shown(seconds)}`);
    this.#registry.refresh();
    const untilMs = this.#clock.nowMs + seconds * 1000;
    return new Promise((resolve, reject) => {
      const describe = async () => "Time passes";
      this.#time.add({ untilMs, late: resolve, describe, fail: reject });
    });
  }

  /** Until nothing happens any more without time passing. */
  idle(): Promise<void> {
    return this.advance(0);
  }

  /** Runs in place of the activity from here on, also in place of one that is not registered. */
  mockActivity(activity: AnyActivity, mock: TWorkflowActivity): void {
    if (typeof mock !== "function")
      throw new TypeError(`env.mockActivity takes a function that runs in the activity's place, found ${shown(mock)}`);
    this.#registry.mock(this.#nameOf(activity), mock);
  }

  /** The next `times` (1) calls of the activity fail with the error; then it runs again. */
  failActivity(activity: AnyActivity, options?: FailureOptions | null): void {
    const name = this.#nameOf(activity);
    const { times = 1, error = new Error("injected failure") } = readOptions(
      failureOptions,
      options,
      "failActivity",
      name,
    );
    this.#registry.fail(name, Array(times).fill(error));
  }

  /**
   * The calls of an activity, every attempt one, in the order in which they began. Of this code: `useRuntime` begins anew. Throws
   * for one that is neither registered nor mocked.
   */
  calls(activity: AnyActivity): readonly ActivityCallRecord[] {
    return this.#registry.callsOf(this.#nameOf(activity));
  }

  /** All objects lose their memory, as in a crash: what was running is over, and everything is built again from the histories. */
  async restart(): Promise<void> {
    // What an object does without waiting for anything is on disk as a whole, or not at all.
    await nextTurn();
    this.#hosts.loseMemory();
    await this.idle();
  }

  /** A restart with other code: what a deploy does to running instances. Mocks stay. */
  async useRuntime(runtime: WorkflowRuntime): Promise<void> {
    const registry = registryOf(runtime, "env.useRuntime");
    checkDeclared(runtime);
    checkTargets(runtime);
    this.#registry = new TestRegistry(registry, this.#stage, this.#registry);
    await this.restart();
  }

  /** Ends the environment: whoever waits in it is told, and nothing in it runs any more. */
  dispose(): void {
    this.#hosts.dispose();
    this.#time.dispose(new Error("The test environment was disposed of"));
  }

  /** The history of the instance's current execution. Throws when there is no such instance. */
  history(instanceId: string): ExportedHistory {
    const events = this.#hosts.store(instanceId)?.history() ?? [];
    if (events.length === 0) throw new Error(`There is no workflow instance '${instanceId}'`);
    return structuredClone({ instanceId, events });
  }

  #nameOf(activity: AnyActivity): string {
    this.#registry.refresh();
    return this.#registry.activityName(activity);
  }

  /** A UUID that is the same whenever the test runs. */
  #newId(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }

  /** The HTTP API makes one by chance where the caller has sent none. */
  #newTraceparent(): string {
    const id = (++this.#ids).toString(16);
    return `00-${id.padStart(32, "0")}-${id.padStart(16, "0")}-01`;
  }
}
