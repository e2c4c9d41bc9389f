import type { TWorkflowActivity } from "../engine/activity-context.ts";
import type { ActivityDeclaration, WorkflowDeclaration } from "../engine/declarations.ts";
import type { Target } from "../engine/function-names.ts";
import { functionName, givenName } from "../engine/names.ts";
import { Payloads } from "../engine/payload.ts";
import { Registry } from "../engine/registry.ts";
import type { Any, InputOf, Registrable } from "../engine/signatures.ts";
import type { Task } from "../engine/task.ts";
import type { AnyWorkflow, TWorkflow, WorkflowContext } from "../engine/workflow-context.ts";
import { type LimitKind, parseRate, partsFor } from "../model/limit.ts";
import { listNames } from "../model/near-name.ts";
import { aBoolean, type Given, optionsOf, readArgument, readOptions, required, shown } from "../model/options.ts";
import type { Declaration } from "../schedules/deployments.ts";
import { readConnection, type WorkflowClientOptions } from "./connection-options.ts";
import { checkLimit, type LimitOptions, limitOptions } from "./limit-options.ts";
import {
  aScheduleId,
  type DeclaredSchedule,
  declaredSchedule,
  encodedInput,
  type ScheduledInput,
  type ScheduleTimes,
  timesOf,
} from "./schedules.ts";

/** The code behind a declared workflow. */
export type DeclaredWorkflow<TInput, TOutput> = (
  context: WorkflowContext,
  input: TInput,
) => Generator<Task<Any>, TOutput, Any> | AsyncGenerator<Task<Any>, TOutput, Any> | Promise<TOutput> | TOutput;

export interface VersionOptions {
  /** New instances run this version. Default false. */
  readonly latest?: boolean | undefined;
}
const versionOptions = optionsOf<VersionOptions>({ latest: aBoolean });

/**
 * The workflows and activities of a Worker (Dapr JS: WorkflowRuntime). Histories know them by their names, so a name
 * must stay as long as instances live; give one explicitly where a bundler may shorten function names.
 */
export class WorkflowRuntime {
  /** @internal What has been registered; `createWorker` reads it whenever it needs it. */
  readonly registry = new Registry();
  /** @internal What all runtimes of this program have registered that were started; of two with one name, the later. */
  static readonly started: WorkflowRuntime = new WorkflowRuntime();
  /** @internal The schedules that code declares. */
  readonly schedules = new Map<string, Declaration>();
  #isRunning = false;

  /** Takes the options of Dapr's runtime, and a payload converter. */
  constructor(options?: Given<WorkflowClientOptions> | null) {
    const { payloadConverter } = readConnection<WorkflowClientOptions>(options, "WorkflowRuntime");
    if (payloadConverter) this.registry.payloads = new Payloads(payloadConverter);
  }

  /** Registers a workflow under its function's name. Throws when the name is taken, or the function has none. */
  registerWorkflow<W extends TWorkflow>(workflow: W & Registrable<W>): WorkflowRuntime {
    return this.registerWorkflowWithName(lastingName(workflow), workflow);
  }

  /** The code of a declared workflow has to fit its declaration. */
  registerWorkflowWithName<
    TInput = Any,
    TOutput = Any,
    W extends DeclaredWorkflow<TInput, TOutput> = DeclaredWorkflow<TInput, TOutput>,
  >(name: string | WorkflowDeclaration<TInput, TOutput>, workflow: W & Registrable<W>): WorkflowRuntime {
    this.#refuseWhileRunning("orchestrator");
    this.registry.addWorkflow(givenName(name), workflow);
    return this;
  }

  /**
   * Registers one version of a workflow. An instance stays with the version it was started with; new ones get the version
   * that is marked as `latest`; mark one, or new ones are STALLED unless the name is registered without a version too. One
   * whose version is no longer registered is STALLED until it is again. Throws when name or version are empty, when the
   * version exists, or when another is the latest already.
   *
   *     runtime.registerVersionedWorkflow("order", "v1", orderV1).registerVersionedWorkflow("order", "v2", orderV2, { latest: true });
   */
  registerVersionedWorkflow<
    TInput = Any,
    TOutput = Any,
    W extends DeclaredWorkflow<TInput, TOutput> = DeclaredWorkflow<TInput, TOutput>,
  >(
    name: string | WorkflowDeclaration<TInput, TOutput>,
    version: string,
    workflow: W & Registrable<W>,
    options?: VersionOptions | null,
  ): WorkflowRuntime {
    const { latest = false } = readOptions(versionOptions, options, "registerVersionedWorkflow", givenName(name));
    this.#refuseWhileRunning("orchestrator");
    this.registry.addVersion(givenName(name), version, workflow, latest);
    return this;
  }

  /** Registers an activity under its function's name. Throws when the name is taken, or the function has none. */
  registerActivity(fn: TWorkflowActivity): WorkflowRuntime {
    return this.registerActivityWithName(lastingName(fn), fn);
  }

  /** The code of a declared activity has to fit its declaration. */
  registerActivityWithName<TInput = Any, TOutput = Any>(
    name: string | ActivityDeclaration<TInput, TOutput>,
    fn: TWorkflowActivity<NoInfer<TInput>, NoInfer<TOutput>>,
  ): WorkflowRuntime {
    this.#refuseWhileRunning("activity");
    this.registry.addActivity(givenName(name), fn);
    return this;
  }

  /**
   * Limits how many instances of a workflow, or runs of an activity, there are at once across all instances, and how many begin in a
   * time. The others wait: the first comes first, and of several keys each in its turn. Needs the binding WORKFLOW_LIMITER. Throws
   * when the name is taken, and when the workflow or activity has a limit.
   *
   *     runtime.limit("card-payments", { activity: "charge", key: (order) => order.tenant, concurrency: 10, rate: "100/m" });
   */
  limit(name: string, options: LimitOptions): WorkflowRuntime {
    const read = readOptions(limitOptions, options, "limit", name);
    checkLimit(name, read);
    const { workflow, activity, key, concurrency, concurrencyPerKey } = read;
    const kind = workflow === undefined ? "activity" : "workflow";
    this.#refuseWhileRunning("limit");
    const target =
      workflow === undefined ? this.registry.activityName(activity as Target) : this.registry.workflowName(workflow);
    const rate = read.rate === undefined ? undefined : parseRate(read.rate);
    const { parts = partsFor({ rate, concurrency }) } = read;
    this.registry.limits.add({ name, kind, target, key, concurrency, concurrencyPerKey, rate, parts });
    return this;
  }

  /**
   * Declares a schedule, which starts instances of a workflow that is registered here: one of `cron`, `interval` and `at` says when. What was
   * deployed last holds; one that is taken out of the code is paused. docs/schedules.md has more.
   *
   *     runtime.schedule("nightly", { workflow: report, cron: "30 2 * * *", timeZone: "Europe/Berlin", input: { full: true } });
   */
  schedule<W extends AnyWorkflow>(
    scheduleId: string,
    schedule: ScheduleTimes & { readonly workflow: W } & ScheduledInput<InputOf<W>>,
  ): WorkflowRuntime;
  schedule(scheduleId: string, schedule: DeclaredSchedule): WorkflowRuntime {
    readArgument(required(aScheduleId), scheduleId, "the ID of a schedule", "schedule");
    const read = readOptions(declaredSchedule, schedule, "schedule", scheduleId);
    if (this.schedules.has(scheduleId)) throw new Error(`A schedule '${scheduleId}' already exists.`);
    const workflowName = this.registry.workflowName(read.workflow ?? "");
    const { remainingActions, ...fields } = timesOf(read);
    this.schedules.set(scheduleId, {
      id: scheduleId,
      fields: { workflowName, ...fields },
      input: encodedInput(this.registry.payloads, read, workflowName),
      remainingActions: read.remainingActions ?? undefined,
    });
    return this;
  }

  #refuseWhileRunning(what: "orchestrator" | "activity" | "limit"): void {
    if (this.#isRunning) throw new Error(`Cannot add ${what} while worker is running.`);
  }

  /**
   * Nothing has to be started at the edge. Closes the registration, as in Dapr, until `stop`, and adds it to what a Worker
   * made without a runtime serves.
   */
  async start(): Promise<void> {
    if (this.#isRunning) throw new Error("The worker is already running.");
    this.#isRunning = true;
    WorkflowRuntime.started.registry.addAll(this.registry);
    for (const [id, declaration] of this.schedules) WorkflowRuntime.started.schedules.set(id, declaration);
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) throw new Error("The worker is not running.");
    this.#isRunning = false;
  }
}

/** @internal What a runtime has registered. `taker` stands in the TypeError for what is no runtime. */
export function registryOf(runtime: WorkflowRuntime, taker: string): Registry {
  const registry: unknown = runtime?.registry;
  if (registry instanceof Registry) return registry;
  throw new TypeError(`${taker} takes a WorkflowRuntime, found ${shown(runtime)}`);
}

/**
 * @internal Throws for limits and schedules of what is not registered, a name that is mistyped: such a limit lets everything through, and such a schedule
 * starts what fails.
 */
export function checkTargets({ registry, schedules }: Pick<WorkflowRuntime, "registry" | "schedules">): void {
  const { workflows, activities } = registry.names();
  const check = (what: string, kind: LimitKind, target: string) => {
    const known = kind === "workflow" ? workflows : activities;
    if (!known.includes(target))
      throw new TypeError(
        `${what}: the ${kind} '${target}' is not registered. Registered: ${listNames(known, target)}`,
      );
  };
  for (const { name, kind, target } of registry.limits.all) check(`limit '${name}'`, kind, target);
  for (const { id, fields } of schedules.values()) check(`schedule '${id}'`, "workflow", fields.workflowName);
}

/** The function's name. One or two letters are what a minifier leaves of it, and the next build leaves others. */
function lastingName(fn: unknown): string {
  const name = functionName(fn);
  if (name.length <= 2) {
    console.warn(
      `'${name}' looks like a name that a minifier has made. Running instances would not find it after the next build: ` +
        "keep function names (esbuild: keepNames), or use registerWorkflowWithName and registerActivityWithName.",
    );
  }
  return name;
}
