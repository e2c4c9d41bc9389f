import type { Registry } from "../engine/registry.ts";
import { isJobId } from "../model/ids.ts";
import type { LogLine } from "../model/log.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import { InstanceStore } from "../storage/instance-store.ts";
import type { SqlDatabase, SqlValue } from "../storage/sql-database.ts";
import { plainTexts, Vault } from "../storage/vault.ts";
import type { InstanceLimits } from "./limits.ts";
import { errorFields } from "./log-text.ts";
import { instanceStub, type Placement } from "./namespace.ts";
import { timers } from "./patience.ts";
import { PlatformSockets } from "./platform-sockets.ts";
import type {
  Alarm,
  CatalogPort,
  Clock,
  InstancePorts,
  LimitersPort,
  Sockets,
  Spanned,
  TracePort,
  WebhookPort,
} from "./ports.ts";
import type { InstancePeer } from "./protocol.ts";
import { payloadCipher } from "./reading/index.ts";

/** What all instances of a Worker have in common. */
export interface Shared {
  readonly registry: Registry;
  /** What bulk jobs run, which are instances of a workflow of our own. */
  readonly jobs?: ((env: object) => Registry) | undefined;
  readonly limits: InstanceLimits;
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
  /** Default: unless payloads are encrypted. */
  readonly logFailureMessages?: boolean | undefined;
  readonly retention?: RetentionPolicy | undefined;
  readonly placement?: Placement | undefined;
  readonly catalog?: ((env: object) => CatalogPort | undefined) | undefined;
  readonly webhooks?: ((env: object) => WebhookPort) | undefined;
  readonly spanned?: Spanned | undefined;
  readonly traces?: ((env: object) => TracePort | undefined) | undefined;
  readonly limiters?: ((env: object) => LimitersPort | undefined) | undefined;
  readonly log: (line: LogLine) => void;
}

const ANYWHERE: Placement = {};

/** The secret with the keys, and the way to other instances. */
interface PlatformEnv {
  readonly PAYLOAD_KEYS?: string | undefined;
  readonly WORKFLOW_INSTANCE: Parameters<typeof instanceStub<InstancePeer>>[0];
}

const CLOCK: Clock = {
  now() {
    return Date.now();
  },
  delay(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  },
  schedule: timers,
};

/**
 * The platform, as an instance sees it. Made for each object, of which most do little, so it holds few objects of its own, and no
 * closures: esbuild, and so wrangler, names each with `Object.defineProperty`, and the names took a third of what a small
 * instance allocates.
 */
export class PlatformPorts implements InstancePorts {
  readonly store: InstanceStore;
  readonly vault: Vault | undefined;
  readonly registry: Registry;
  readonly limits: InstanceLimits;
  readonly onNonDeterminism: "fail" | "stall" | undefined;
  readonly logFailureMessages: boolean;
  readonly retention: RetentionPolicy | undefined;
  readonly catalog: CatalogPort | undefined;
  readonly webhooks: WebhookPort | undefined;
  readonly traces: TracePort | undefined;
  readonly spanned: Spanned | undefined;
  readonly limiters: LimitersPort | undefined;
  readonly clock = CLOCK;
  readonly alarm: Alarm;
  readonly sockets: Sockets;
  readonly log: (line: LogLine) => void;
  readonly #ctx: DurableObjectState;
  readonly #env: PlatformEnv;
  readonly #placement: Placement;

  constructor(ctx: DurableObjectState, env: PlatformEnv, shared: Shared) {
    const { registry, jobs, limits, onNonDeterminism, log } = shared;
    this.#ctx = ctx;
    this.#env = env;
    this.#placement = shared.placement ?? ANYWHERE;
    const isJob = isJobId(this.instanceId());
    this.registry = jobs !== undefined && isJob ? jobs(env) : registry;
    this.limits = limits;
    this.onNonDeterminism = onNonDeterminism;
    this.logFailureMessages = shared.logFailureMessages ?? !env.PAYLOAD_KEYS;
    this.retention = shared.retention;
    // Bulk jobs lie in a shard of their own, which no list of instances reads.
    this.catalog = shared.catalog?.(env);
    this.webhooks = isJob ? undefined : shared.webhooks?.(env);
    this.spanned = shared.spanned;
    this.traces = isJob ? undefined : shared.traces?.(env);
    this.limiters = shared.limiters?.(env);
    this.log = log;
    this.vault = env.PAYLOAD_KEYS ? new Vault(payloadCipher(env.PAYLOAD_KEYS, () => this.instanceId())) : undefined;
    this.store = new InstanceStore(sqlDatabase(ctx.storage), this.vault);
    this.alarm = new PlatformAlarm(ctx.storage, log);
    this.sockets = new PlatformSockets(ctx);
  }

  instanceId(): string {
    return this.#ctx.id.name ?? "";
  }

  newId(): string {
    return crypto.randomUUID();
  }

  peer(instanceId: string): InstancePeer {
    return instanceStub(this.#env.WORKFLOW_INSTANCE, this.#placement, instanceId);
  }

  sync(): Promise<void> {
    return this.#ctx.storage.sync();
  }

  wipe(): Promise<void> {
    return this.#ctx.storage.deleteAll();
  }

  abort(reason: string): void {
    this.#ctx.abort(reason);
  }
}

class PlatformAlarm implements Alarm {
  readonly #storage: DurableObjectStorage;
  readonly #log: (line: LogLine) => void;

  constructor(storage: DurableObjectStorage, log: (line: LogLine) => void) {
    this.#storage = storage;
    this.#log = log;
  }

  get(): Promise<number | null> {
    return this.#storage.getAlarm();
  }

  set(atMs: number): void {
    void this.#storage.setAlarm(atMs).catch((error) => this.#logFault("setAlarm", error));
  }

  clear(): void {
    void this.#storage.deleteAlarm().catch((error) => this.#logFault("deleteAlarm", error));
  }

  #logFault(msg: string, error: unknown): void {
    // The storage knows no payload when it tells why it has set no alarm.
    this.#log({ level: "error", msg, ...errorFields({}, error) });
  }
}

/** What payloads are encrypted with that lie elsewhere than in an instance: bound to their owner, so that they cannot be put into another's database. */
export function payloadVault(keys: string | undefined, owner: string): Pick<Vault, "seal" | "open"> {
  if (keys) return new Vault(payloadCipher(keys, () => owner));
  return {
    seal: async (text) => plainTexts.encode(text),
    open: async (stored) => plainTexts.decode(stored),
  };
}

/** Boundary to the platform: its SQL API as the stores use it. */
export function sqlDatabase(storage: DurableObjectStorage): SqlDatabase {
  return new PlatformDatabase(storage);
}

class PlatformDatabase implements SqlDatabase {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  query<Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]): Row[] {
    return this.#storage.sql.exec<Row>(statement, ...bindings).toArray();
  }

  run(statement: string, ...bindings: SqlValue[]): void {
    this.#storage.sql.exec(statement, ...bindings);
  }

  get sizeBytes(): number {
    return this.#storage.sql.databaseSize;
  }

  transaction<T>(change: () => T extends Promise<unknown> ? never : T): T {
    return this.#storage.transactionSync(change as () => never);
  }
}
