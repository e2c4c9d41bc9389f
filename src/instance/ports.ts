import type { Registry } from "../engine/registry.ts";
import type { CatalogShard } from "../model/catalog-entry.ts";
import type { LimiterPeer } from "../model/lease.ts";
import type { Limit } from "../model/limit.ts";
import type { LogLine } from "../model/log.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import type { Attributes, Span } from "../model/span.ts";
import type { WebhookEvent, WebhookTarget } from "../model/webhook-event.ts";
import type { InstanceStorage } from "../storage/instance-store.ts";
import type { Vault } from "../storage/vault.ts";
import type { InstanceLimits } from "./limits.ts";
import type { InstancePeer, WatchSocket } from "./protocol.ts";

/** Everything an instance has of the world outside it. The Durable Object gives it these; so can a test. */
export interface InstancePorts {
  readonly store: InstanceStorage;
  /** What `store` reads and writes is encrypted: the same that the store has. Default: nothing is. */
  readonly vault?: Vault | undefined;
  readonly registry: Registry;
  readonly limits: InstanceLimits;
  /** What becomes of an instance whose code does something else than its history says, or is gone. Default "stall". */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
  /** Whether the log has the messages of failures, which may quote payloads. Default true. */
  readonly logFailureMessages?: boolean | undefined;
  /** How long ended instances are kept. Default: for ever. */
  readonly retention?: RetentionPolicy | undefined;
  /** Default: there is none, and nothing is told of the instance. */
  readonly catalog?: CatalogPort | undefined;
  /** Default: nobody outside is told of ends. */
  readonly webhooks?: WebhookPort | undefined;
  /** Default: the platform has no spans of its own. */
  readonly spanned?: Spanned | undefined;
  /** Default: no spans are made. */
  readonly traces?: TracePort | undefined;
  /** Default: there are none, and what is limited waits. */
  readonly limiters?: LimitersPort | undefined;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly sockets: Sockets;
  /** The ID under which this object is reached. */
  instanceId(): string;
  newId(): string;
  peer(instanceId: string): InstancePeer;
  /** Resolves once all that has been written is on disk. */
  sync(): Promise<void>;
  /** Removes all tables and the alarm: the object is as if it had never been used. */
  wipe(): Promise<void>;
  /** Gives up what the object has in memory: what is not on disk is lost, callers get an error, and the next call or alarm begins anew. */
  abort(reason: string): void;
  log(line: LogLine): void;
}

/** The catalog, as instances know it: the same for all of a Worker. */
export interface CatalogPort {
  /** Whether a start is answered when the shard has what it has led to, or at once. */
  readonly confirm: "before-answer" | "background";
  /** Whether instances tell what they add to the metrics of all. Default: no. */
  readonly countsTotals?: boolean | undefined;
  /** The name of the shard that a new life under this ID is announced to. */
  shardOf(instanceId: string): string;
  /** Of a life that does not know it. */
  firstShardOf(instanceId: string): string;
  /** Its calls reject when it cannot be reached. */
  shard(name: string): CatalogShard;
}

/** The receivers of webhooks that the Worker is configured with. */
export interface WebhookPort {
  targets(event: WebhookEvent, workflowName: string): readonly WebhookTarget[];
  /** The status of the answer; `undefined` when there is no such receiver any more. Rejects when none came, or nothing could be signed. */
  send(webhook: OutgoingWebhook): Promise<number | undefined>;
  /** What the log may tell of a URL. */
  hostOf(url: string): string;
}

/** Runs it in a span of the platform, which ends with it. */
export type Spanned = <T>(name: string, attributes: Attributes, run: () => T) => T;

/** A collector of spans. */
/** Spans that are to be sent, of all instances that are in memory together: one of them sends for all. */
export interface SpanOutbox {
  spans: Span[];
  /** Until when an instance has them in its hands, unless it is lost. */
  takenUntilMs: number;
}

export interface TracePort {
  readonly outbox: SpanOutbox;
  /** The status of the answer. Rejects when none came. */
  send(spans: readonly Span[], signal: AbortSignal): Promise<number>;
}

export interface OutgoingWebhook {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

/** The limiters, as instances know them: the same for all of a Worker. */
export interface LimitersPort {
  /** The one with the queue of this key, for this instance. Its calls reject when it cannot be reached. */
  limiter(limit: Limit, key: string, instanceId: string): LimiterPeer;
}

export interface Clock {
  now(): number;
  /** Resolves after at least `ms`; 0 lets the event loop turn. */
  delay(ms: number): Promise<void>;
  /** Calls back after at least `ms`, unless it is called off before. */
  schedule(ms: number, callback: () => void): () => void;
}

/** The object's one alarm. Changes belong to the transaction in which they are made. */
export interface Alarm {
  get(): Promise<number | null>;
  set(atMs: number): void;
  clear(): void;
}

/** The WebSockets of those who watch: they stay open while the object is out of memory, and it finds them again. */
export interface Sockets {
  open(): readonly Socket[];
  /** A new one. `theirs` is its other end, to be handed to the watcher. */
  accept(state: WatchState): { readonly socket: Socket; readonly theirs: WatchSocket };
}

/** Sends nothing before all that has been written is on disk, and nothing once it is closed. */
export interface Socket {
  /** Kept with the socket. */
  state: WatchState;
  send(text: string): void;
  close(): void;
}

/** Where a watcher is. */
export interface WatchState {
  /** That it reads; empty: none so far. */
  readonly executionId: string;
  /** The number of the event that it is to be sent next. */
  readonly next: number;
  /** How many characters more it may be sent, until it tells that it has passed some on. */
  readonly room: number;
}
