import { DurableObject } from "cloudflare:workers";
import { logFrom } from "../instance/log.ts";
import { errorFields } from "../instance/log-text.ts";
import { instanceStub, type Placement } from "../instance/namespace.ts";
import { timers } from "../instance/patience.ts";
import { sqlDatabase } from "../instance/platform-ports.ts";
import type { LeaseHolder, LeasePlace, LeaseRequest, LeaseState } from "../model/lease.ts";
import type { Limits } from "../model/limit.ts";
import type { LogLevel, LogLine } from "../model/log.ts";
import { ALARM_RETRY_MS, Limiter } from "./limiter.ts";
import type { LimiterApi, LimiterHealth } from "./protocol.ts";
import { LeaseStore } from "./store/lease-store.ts";

/** The bindings that a limiter needs: the namespace of the instances, to tell them of what they are given. */
export interface LimiterEnv {
  readonly WORKFLOW_INSTANCE: Parameters<typeof instanceStub<LeaseHolder>>[0];
}

export interface LimiterOptions {
  readonly logLevel?: LogLevel | undefined;
  /** Where instances are looked for. */
  readonly placement?: Placement | undefined;
}

/** What a stub of a WorkflowLimiter can be asked. */
export type WorkflowLimiterObject = DurableObject<LimiterEnv> & LimiterApi;

/** The constructor of the WorkflowLimiter class that a Worker exports. */
export type WorkflowLimiterClass = new (ctx: DurableObjectState, env: LimiterEnv) => WorkflowLimiterObject;

/** Makes the Durable Object class of these limits. The names of its objects are those of `limiterNames`. */
export function workflowLimiterClass(limits: Limits, options: LimiterOptions = {}): WorkflowLimiterClass {
  const log = logFrom(options.logLevel ?? "info");
  return class WorkflowLimiter extends LimiterObject {
    constructor(ctx: DurableObjectState, env: LimiterEnv) {
      super(ctx, env, limits, options, log);
    }
  };
}

/** What the platform calls: it opens the limiter, and passes on. */
class LimiterObject extends DurableObject<LimiterEnv> implements LimiterApi {
  readonly #limits: Limits;
  readonly #placement: Placement;
  readonly #log: (line: LogLine) => void;
  #opened: Promise<Limiter> | undefined;

  constructor(
    ctx: DurableObjectState,
    env: LimiterEnv,
    limits: Limits,
    options: LimiterOptions,
    log: (line: LogLine) => void,
  ) {
    super(ctx, env);
    this.#limits = limits;
    this.#placement = options.placement ?? {};
    this.#log = log;
  }

  get #name(): string {
    return this.ctx.id.name ?? "";
  }

  /** Rejects when the database cannot be read, and is tried again with the next call. */
  #limiter(): Promise<Limiter> {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<Limiter> {
    const { storage } = this.ctx;
    const initialMs = (await storage.getAlarm()) ?? undefined;
    const ledger = new LeaseStore(sqlDatabase(storage));
    ledger.open();
    const limiter = new Limiter({
      ledger,
      name: this.#name,
      quota: this.#limits.quotaOf(this.#name) ?? {},
      now: Date.now,
      schedule: timers,
      durable: () => storage.sync(),
      alarm: { initialMs, set: (atMs) => void storage.setAlarm(atMs).catch((error) => this.#fault("setAlarm", error)) },
      holder: (instanceId) => instanceStub(this.env.WORKFLOW_INSTANCE, this.#placement, instanceId),
      log: this.#log,
    });
    limiter.open();
    return limiter;
  }

  async lease(request: LeaseRequest): Promise<readonly LeaseState[]> {
    return (await this.#limiter()).lease(request);
  }
  async places(instanceId: string, leases: readonly string[]): Promise<readonly (LeasePlace | undefined)[]> {
    return (await this.#limiter()).places(instanceId, leases);
  }
  async health(mostQueues: number): Promise<LimiterHealth> {
    return (await this.#limiter()).health(mostQueues);
  }
  async positions(instanceIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return (await this.#limiter()).positions(instanceIds);
  }

  /** Never throws: after the seventh failure the platform would drop the alarm. What can fail here is the opening. */
  override async alarm(): Promise<void> {
    try {
      await (await this.#limiter()).alarm();
    } catch (error) {
      this.#fault("limiter", error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS).catch(() => undefined);
    }
  }

  #fault(msg: string, error: unknown): void {
    this.#log({ level: "error", msg, limiter: this.#name, ...errorFields({}, error) });
  }
}
