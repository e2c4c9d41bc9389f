import { DurableObject } from "cloudflare:workers";
import { logFrom } from "../instance/log.ts";
import { errorFields } from "../instance/log-text.ts";
import { instanceStub, type Placement } from "../instance/namespace.ts";
import { payloadVault, sqlDatabase } from "../instance/platform-ports.ts";
import type { LogLevel, LogLine } from "../model/log.ts";
import { boundSchedules, INDEX, idOfObject } from "./binding.ts";
import type { Declaration, Deployment } from "./deployments.ts";
import type { SchedulePorts, StartedInstance } from "./ports.ts";
import type {
  BackfillRequest,
  BackfillResult,
  DoneResult,
  IndexApi,
  NewSchedule,
  SavedResult,
  ScheduleApi,
  ScheduleChange,
  ScheduleView,
  TriggerRequest,
  TriggerResult,
} from "./protocol.ts";
import { Schedule } from "./schedule.ts";
import { ScheduleIndex } from "./schedule-index.ts";
import type { Pause } from "./state.ts";
import { IndexStore } from "./store/index-store.ts";
import { ScheduleStore } from "./store/schedule-store.ts";

/** How long an alarm pauses that could not do its work. */
const ALARM_RETRY_MS = 60_000;

/** The bindings that a schedule needs: the namespaces of the instances that it starts, and of its own class. */
export interface ScheduleEnv {
  /** As instances have it. */
  readonly PAYLOAD_KEYS?: string | undefined;
  readonly WORKFLOW_INSTANCE: Parameters<typeof instanceStub<StartedInstance>>[0];
}

export interface ScheduleClassOptions {
  readonly logLevel?: LogLevel | undefined;
  /** Where instances and schedules live. */
  readonly placement?: Placement | undefined;
  /** What the code declares, in a Worker with these bindings. */
  readonly deployment: (env: object) => Deployment;
}

/** What a stub of a WorkflowSchedule can be asked. */
export type WorkflowScheduleObject = DurableObject<ScheduleEnv> & ScheduleApi & IndexApi;

/** The constructor of the WorkflowSchedule class that a Worker exports. */
export type WorkflowScheduleClass = new (ctx: DurableObjectState, env: ScheduleEnv) => WorkflowScheduleObject;

/** Makes the Durable Object class of schedules, and of the index that names them. */
export function workflowScheduleClass(options: ScheduleClassOptions): WorkflowScheduleClass {
  const log = logFrom(options.logLevel ?? "info");
  return class WorkflowSchedule extends ScheduleObject {
    constructor(ctx: DurableObjectState, env: ScheduleEnv) {
      super(ctx, env, options, log);
    }
  };
}

/** What the platform calls: it opens the schedule, or the index, and passes on. */
class ScheduleObject extends DurableObject<ScheduleEnv> implements ScheduleApi, IndexApi {
  readonly #options: ScheduleClassOptions;
  readonly #log: (line: LogLine) => void;
  #opened: Promise<Schedule> | undefined;
  #index: ScheduleIndex | undefined;

  constructor(ctx: DurableObjectState, env: ScheduleEnv, options: ScheduleClassOptions, log: (line: LogLine) => void) {
    super(ctx, env);
    this.#options = options;
    this.#log = log;
  }

  get #name(): string {
    return this.ctx.id.name ?? "";
  }

  /** Rejects when the database cannot be read, and is tried again with the next call. */
  #schedule(): Promise<Schedule> {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<Schedule> {
    const { storage } = this.ctx;
    const { placement = {}, deployment } = this.#options;
    const id = idOfObject(this.#name);
    const initialMs = (await storage.getAlarm()) ?? undefined;
    const failed = (error: unknown) => this.#fault("setAlarm", error);
    const ports: SchedulePorts = {
      id,
      store: new ScheduleStore(sqlDatabase(storage)),
      now: Date.now,
      alarm: {
        initialMs,
        set: (atMs) => void storage.setAlarm(atMs).catch(failed),
        clear: () => void storage.deleteAlarm().catch(failed),
      },
      instance: (instanceId) => instanceStub(this.env.WORKFLOW_INSTANCE, placement, instanceId),
      index: () => this.#others.index(),
      deployment: () => deployment(this.env),
      cipher: payloadVault(this.env.PAYLOAD_KEYS, this.#name),
      wipe: async () => {
        await storage.deleteAlarm();
        await storage.deleteAll();
      },
      log: this.#log,
    };
    return new Schedule(ports);
  }

  get #others() {
    const bound = boundSchedules(this.env, this.#options.placement ?? {});
    if (bound === undefined) throw new Error("A schedule's object has no binding of its own class");
    return bound;
  }

  get #names(): ScheduleIndex {
    if (this.#name !== INDEX) throw new Error("This object is a schedule, and not the index");
    this.#index ??= new ScheduleIndex({
      store: new IndexStore(sqlDatabase(this.ctx.storage)),
      now: Date.now,
      schedule: (id) => this.#others.schedule(id),
      log: this.#log,
    });
    return this.#index;
  }

  async create(request: NewSchedule): Promise<SavedResult> {
    return (await this.#schedule()).create(request);
  }
  async change(request: ScheduleChange): Promise<SavedResult> {
    return (await this.#schedule()).change(request);
  }
  async view(nextTimes: number): Promise<ScheduleView | undefined> {
    return (await this.#schedule()).view(nextTimes);
  }
  async remove(): Promise<DoneResult> {
    return (await this.#schedule()).remove();
  }
  async trigger(request: TriggerRequest): Promise<TriggerResult> {
    return (await this.#schedule()).trigger(request);
  }
  async pause(why: Omit<Pause, "atMs">): Promise<DoneResult> {
    return (await this.#schedule()).pause(why);
  }
  async resume(): Promise<DoneResult> {
    return (await this.#schedule()).resume();
  }
  async backfill(request: BackfillRequest): Promise<BackfillResult> {
    return (await this.#schedule()).backfill(request);
  }
  async declare(declaration: Declaration, deployment: number): Promise<DoneResult> {
    return (await this.#schedule()).declare(declaration, deployment);
  }
  async undeclare(deployment: number): Promise<DoneResult> {
    return (await this.#schedule()).undeclare(deployment);
  }

  async add(id: string): Promise<void> {
    return this.#names.add(id);
  }
  async removeName(id: string): Promise<void> {
    return this.#names.removeName(id);
  }
  async list(after: string, limit: number): Promise<readonly string[]> {
    return this.#names.list(after, limit);
  }
  async reconcile(deployment: Deployment): Promise<void> {
    return this.#names.reconcile(deployment);
  }

  /** Never throws: after the seventh failure the platform would drop the alarm, and the schedule would start nothing any more. */
  override async alarm(): Promise<void> {
    try {
      await (await this.#schedule()).alarm();
    } catch (error) {
      this.#fault("alarm", error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS).catch(() => undefined);
    }
  }

  #fault(msg: string, error: unknown): void {
    this.#log({ level: "error", msg, schedule: idOfObject(this.#name), ...errorFields({}, error) });
  }
}
