import { DurableObject } from "cloudflare:workers";
import { logFrom } from "../instance/log.ts";
import { errorFields } from "../instance/log-text.ts";
import { instanceStub, type Placement } from "../instance/namespace.ts";
import { sqlDatabase } from "../instance/platform-ports.ts";
import type { Announced, Announcement, CatalogSource, Departure } from "../model/catalog-entry.ts";
import type { LogLevel, LogLine } from "../model/log.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import { timers } from "./patience.ts";
import type {
  CatalogApi,
  ChangesPart,
  ChangesRequest,
  CountPart,
  CountRequest,
  PagePart,
  PageRequest,
  ShardHealth,
  ShardMetrics,
} from "./protocol.ts";
import { ALARM_RETRY_MS, Shard } from "./shard.ts";
import { ShardStore } from "./store/shard-store.ts";

/** The bindings that a shard needs: the namespace of the instances, to ask after them. */
export interface CatalogEnv {
  readonly WORKFLOW_INSTANCE: Parameters<typeof instanceStub<CatalogSource>>[0];
}

export interface CatalogOptions {
  readonly logLevel?: LogLevel | undefined;
  /** Where instances are looked for. */
  readonly placement?: Placement | undefined;
  /** How long ended instances are kept. Default: for ever. */
  readonly retention?: RetentionPolicy | undefined;
}

/** What a stub of a WorkflowCatalog can be asked. */
export type WorkflowCatalogObject = DurableObject<CatalogEnv> & CatalogApi;

/** The constructor of the WorkflowCatalog class that a Worker exports. */
export type WorkflowCatalogClass = new (ctx: DurableObjectState, env: CatalogEnv) => WorkflowCatalogObject;

/** Makes the Durable Object class of the catalog's shards. Their names are those of `allShards`. */
export function workflowCatalogClass(options: CatalogOptions = {}): WorkflowCatalogClass {
  const log = logFrom(options.logLevel ?? "info");
  return class WorkflowCatalog extends CatalogObject {
    constructor(ctx: DurableObjectState, env: CatalogEnv) {
      super(ctx, env, options, log);
    }
  };
}

/** What the platform calls: it opens the shard, and passes on. */
class CatalogObject extends DurableObject<CatalogEnv> implements CatalogApi {
  readonly #options: CatalogOptions;
  readonly #log: (line: LogLine) => void;
  #opened: Promise<Shard> | undefined;

  constructor(ctx: DurableObjectState, env: CatalogEnv, options: CatalogOptions, log: (line: LogLine) => void) {
    super(ctx, env);
    this.#options = options;
    this.#log = log;
  }

  get #name(): string {
    return this.ctx.id.name ?? "";
  }

  /** Rejects when the database cannot be read, and is tried again with the next call. */
  #shard(): Promise<Shard> {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<Shard> {
    const { storage } = this.ctx;
    const initialMs = (await storage.getAlarm()) ?? undefined;
    const store = new ShardStore(sqlDatabase(storage), this.#name, crypto.randomUUID().slice(0, 8));
    store.open();
    return new Shard({
      store,
      name: this.#name,
      now: Date.now,
      schedule: timers,
      durable: () => storage.sync(),
      alarm: { initialMs, set: (atMs) => void storage.setAlarm(atMs).catch((error) => this.#fault("setAlarm", error)) },
      retention: this.#options.retention ?? {},
      source: (instanceId) => instanceStub(this.env.WORKFLOW_INSTANCE, this.#options.placement ?? {}, instanceId),
      log: this.#log,
    });
  }

  async announce(announcement: Announcement): Promise<Announced> {
    return (await this.#shard()).announce(announcement);
  }
  async leave(departure: Departure): Promise<Announced> {
    return (await this.#shard()).leave(departure);
  }
  async forget(departure: Departure): Promise<Announced> {
    return (await this.#shard()).forget(departure);
  }
  async list(request: PageRequest): Promise<PagePart> {
    return (await this.#shard()).list(request);
  }
  async count(request: CountRequest): Promise<CountPart> {
    return (await this.#shard()).count(request);
  }
  async changes(request: ChangesRequest): Promise<ChangesPart> {
    return (await this.#shard()).changes(request);
  }
  async health(): Promise<ShardHealth> {
    return (await this.#shard()).health();
  }
  async metrics(): Promise<ShardMetrics> {
    return (await this.#shard()).metrics();
  }

  /**
   * Never throws: after the seventh failure the platform would drop the alarm, and nothing would look after the rows. What can
   * fail here is the opening.
   */
  override async alarm(): Promise<void> {
    try {
      await (await this.#shard()).alarm();
    } catch (error) {
      this.#fault("alarm", error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS).catch(() => undefined);
    }
  }

  #fault(msg: string, error: unknown): void {
    this.#log({ level: "error", msg, shard: this.#name, ...errorFields({}, error) });
  }
}
