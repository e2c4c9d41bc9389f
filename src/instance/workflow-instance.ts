import * as platform from "cloudflare:workers";
import { DurableObject } from "cloudflare:workers";
import type { Registry } from "../engine/registry.ts";
import type { CatalogSource, Departure, Presence } from "../model/catalog-entry.ts";
import type { LeaseGrant, LeaseHolder } from "../model/lease.ts";
import type { LogLevel } from "../model/log.ts";
import type { Message } from "../model/message.ts";
import type { Given } from "../model/options.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import { Instance } from "./instance.ts";
import { type InstanceLimits, limitsFrom } from "./limits.ts";
import { logFrom } from "./log.ts";
import { errorFields } from "./log-text.ts";
import type { Placement } from "./namespace.ts";
import { spannedBy, spannedStart } from "./native-spans.ts";
import { PlatformPorts, type Shared } from "./platform-ports.ts";
import { notAWatcher, PlatformSocket, readWatch, watchAnswer } from "./platform-sockets.ts";
import type { CatalogPort, InstancePorts, LimitersPort, TracePort, WebhookPort } from "./ports.ts";
import type {
  Command,
  DeliveryResult,
  DescribeOptions,
  FindActiveRequest,
  HistoryPage,
  HistoryRequest,
  InstanceApi,
  InstanceDescription,
  InstancePeer,
  IsOwed,
  OperationResult,
  PurgeRequest,
  QueryResult,
  RaiseEventRequest,
  RerunPage,
  RerunRead,
  RerunRequest,
  RerunResult,
  RestartRequest,
  RestartResult,
  StartRequest,
  StartResult,
  TerminateRequest,
  TimelinePage,
  TimelineRequest,
  UpdateRequest,
  UpdateResult,
  WaitedFor,
  WaitOptions,
} from "./protocol.ts";
import type { RepairResult, RewindRequest, TakenRequest, VersionRequest } from "./repair-protocol.ts";

/** Where this version of the platform has spans. */
const spanned = spannedBy(Reflect.get(platform, "tracing"));

/** How long an alarm pauses that could not do its work. */
const ALARM_RETRY_MS = 60_000;

/** The bindings that an instance needs: the namespace of its own class, to reach parents and children. */
export interface InstanceEnv {
  /** A secret, `id:key[,id:key…]`: payloads are encrypted with the first of these keys. See docs/encryption.md. Default: none. */
  readonly PAYLOAD_KEYS?: string | undefined;
  readonly WORKFLOW_INSTANCE: DurableObjectNamespace<WorkflowInstanceObject>;
}

/** What a stub of a WorkflowInstance can be asked. */
export type WorkflowInstanceObject = DurableObject<InstanceEnv> &
  InstanceApi &
  InstancePeer &
  CatalogSource &
  LeaseHolder;

/** The constructor of the WorkflowInstance class that a Worker exports. */
export type WorkflowInstanceClass = new (ctx: DurableObjectState, env: InstanceEnv) => WorkflowInstanceObject;

export interface InstanceOptions {
  readonly limits?: Given<InstanceLimits> | undefined;
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Whether the log has the messages of failures, which may quote payloads. Default: unless there are PAYLOAD_KEYS. */
  readonly logFailureMessages?: boolean | undefined;
  /** How long ended instances are kept. Default: for ever. */
  readonly retention?: RetentionPolicy | undefined;
  /** Where instances are made and looked for: the HTTP API has to ask in the same place. */
  readonly placement?: Placement | undefined;
  /** What bulk jobs run. Default: there are none. */
  readonly jobs?: ((env: object) => Registry) | undefined;
  /** The catalog, where a Worker with these bindings has one. */
  readonly catalog?: ((env: object) => CatalogPort | undefined) | undefined;
  /** The receivers of webhooks. Default: there are none. */
  readonly webhooks?: ((env: object) => WebhookPort) | undefined;
  /** The collector of spans. Default: there is none. */
  readonly traces?: ((env: object) => TracePort | undefined) | undefined;
  /** The limiters, where a Worker with these bindings has them. */
  readonly limiters?: ((env: object) => LimitersPort | undefined) | undefined;
}

/** Makes the Durable Object class for one set of workflows. */
export function workflowInstanceClass(registry: Registry, options: InstanceOptions = {}): WorkflowInstanceClass {
  const { limits, logLevel = "info", ...others } = options;
  const shared: Shared = { ...others, spanned, registry, limits: limitsFrom(limits), log: logFrom(logLevel) };
  return class WorkflowInstance extends InstanceObject {
    constructor(ctx: DurableObjectState, env: InstanceEnv) {
      super(ctx, env, shared);
    }
  };
}

/** What the platform calls: it opens the instance, and passes on. */
class InstanceObject
  extends DurableObject<InstanceEnv>
  implements InstanceApi, InstancePeer, CatalogSource, LeaseHolder
{
  readonly #ports: InstancePorts;
  #opened: Promise<Instance> | undefined;

  constructor(ctx: DurableObjectState, env: InstanceEnv, shared: Shared) {
    super(ctx, env);
    this.#ports = new PlatformPorts(ctx, env, shared);
  }

  /** Rejects when the database cannot be read, and is tried again with the next call. */
  #instance(isRinging = false, isForCatalog = false): Promise<Instance> {
    this.#opened ??= open(this.#ports, isRinging, isForCatalog).catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** `isOwed` comes with that of a schedule. */
  async start(request: StartRequest, isOwed?: IsOwed): Promise<StartResult> {
    const instance = await this.#instance();
    return spannedStart(spanned, request, () => instance.start(request, isOwed));
  }
  async rerun(request: RerunRequest): Promise<RerunResult> {
    return (await this.#instance()).rerun(request);
  }
  async readForRerun(request: RerunRead): Promise<RerunPage> {
    return (await this.#instance()).readForRerun(request);
  }
  async restart(request: RestartRequest): Promise<RestartResult> {
    return (await this.#instance()).restart(request);
  }
  async describe(options: DescribeOptions): Promise<InstanceDescription | undefined> {
    return (await this.#instance()).describe(options);
  }
  async waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined> {
    return (await this.#instance()).waitFor(until, options);
  }
  async raiseEvent(request: RaiseEventRequest): Promise<OperationResult> {
    return (await this.#instance()).raiseEvent(request);
  }
  async suspend(request: Command): Promise<OperationResult> {
    return (await this.#instance()).suspend(request);
  }
  async resume(request: Command): Promise<OperationResult> {
    return (await this.#instance()).resume(request);
  }
  async cancel(request: Command): Promise<OperationResult> {
    return (await this.#instance()).cancel(request);
  }
  async rewind(request: RewindRequest): Promise<RepairResult> {
    return (await this.#instance()).rewind(request);
  }
  async changeVersion(request: VersionRequest): Promise<RepairResult> {
    return (await this.#instance()).changeVersion(request);
  }
  async query(request: { readonly name: string; readonly input?: string | undefined }): Promise<QueryResult> {
    return (await this.#instance()).query(request);
  }
  async update(request: UpdateRequest): Promise<UpdateResult> {
    return (await this.#instance()).update(request);
  }
  async history(request: HistoryRequest): Promise<HistoryPage | undefined> {
    return (await this.#instance()).history(request);
  }
  async timeline(request: TimelineRequest): Promise<TimelinePage | undefined> {
    return (await this.#instance()).timeline(request);
  }
  async terminate(request: TerminateRequest): Promise<OperationResult> {
    return (await this.#instance()).terminate(request);
  }
  async purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult> {
    return (await this.#instance()).purge(request, isOwed);
  }
  async deliver(message: Message, isOwed?: IsOwed): Promise<DeliveryResult> {
    return (await this.#instance()).deliver(message, isOwed);
  }
  async hasTaken(request: TakenRequest): Promise<boolean> {
    return (await this.#instance()).hasTaken(request);
  }
  async leaseGranted(grant: LeaseGrant): Promise<readonly boolean[]> {
    return (await this.#instance()).leaseGranted(grant);
  }
  async findActive(request: FindActiveRequest): Promise<string | undefined> {
    return (await this.#instance()).findActive(request);
  }

  async presence(): Promise<Presence> {
    return (await this.#instance(false, true)).catalog.presence();
  }
  async expire(life: Departure): Promise<Presence> {
    return (await this.#instance(false, true)).catalog.expire(life);
  }

  /** For watchers alone: what else an instance is asked are calls. */
  override async fetch(request: Request): Promise<Response> {
    const watch = readWatch(request);
    return watch === undefined ? notAWatcher() : watchAnswer(await (await this.#instance()).watch(watch));
  }

  // What follows never throws: the socket's other end knows what to do when it is closed.

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    try {
      (await this.#instance()).passedOn(new PlatformSocket(socket), Number(message));
    } catch {
      socket.close();
    }
  }
  /** Of an object that was out of memory the instance is not opened: it counts its watchers when it is. */
  override async webSocketClose(socket: WebSocket): Promise<void> {
    new PlatformSocket(socket).close();
    (await this.#opened?.catch(() => undefined))?.watcherLeft();
  }
  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket);
  }

  /** Never throws: after the seventh failure the platform would drop the alarm, and the instance would sleep for ever. */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    try {
      await (await this.#instance(true)).alarm({
        retryCount: info?.retryCount ?? 0,
        scheduledTime: info?.scheduledTime ?? 0,
      });
    } catch (error) {
      const { name: instanceId } = this.ctx.id;
      this.#ports.log({ level: "error", msg: "alarm", instanceId, ...errorFields(this.#ports, error) });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS).catch(() => undefined);
    }
  }
}

async function open(ports: InstancePorts, isRinging: boolean, isForCatalog: boolean): Promise<Instance> {
  const instance = new Instance(ports);
  await instance.open(isRinging, isForCatalog);
  return instance;
}
