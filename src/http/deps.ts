import type { Shards } from "../catalog/reading/shards.ts";
import type { RebuildPorts } from "../catalog/rebuild.ts";
import type { InstanceApi, WatchResult } from "../instance/protocol.ts";
import type { LimitsReach } from "../limits/overview.ts";
import type { HistoryPosition } from "../model/history-position.ts";
import type { LogLine } from "../model/log.ts";
import { MAX_MESSAGE_BYTES } from "../model/message-limits.ts";
import type { Registered } from "../model/registered.ts";
import type { Schedules } from "../schedules/binding.ts";
import type { Dashboard } from "./served-files.ts";
import type { ApiToken } from "./tokens.ts";

/** Everything the HTTP face needs from outside. It reads no clock, makes no ID and knows no platform by itself. */
export interface HttpDeps {
  /** A stub for the object of this instance. It is asked for again at each attempt, because a stub that threw may be broken for good. */
  instance(instanceId: string): InstanceApi;
  /** The catalog, where there is one. */
  readonly catalog?: (Shards & RebuildPorts) | undefined;
  /** Why there is none, and what to do about it. Default: that its binding is missing. */
  readonly withoutCatalog?: string | undefined;
  /** Schedules, where they are bound. */
  readonly schedules?: Schedules | undefined;
  /** Why they are not. Default: that their binding is missing. */
  readonly withoutSchedules?: string | undefined;
  /** The limits that are declared, where their objects can be reached, or there are none. */
  readonly limits?: LimitsReach | undefined;
  /** Why they cannot. Default: that their binding is missing. */
  readonly withoutLimits?: string | undefined;
  /** Begins to watch an instance, with the event after that one, or the first. */
  watch(instanceId: string, after: HistoryPosition | undefined): Promise<WatchResult>;
  /** What the code of this deployment has registered. */
  registered(): Registered;
  /** The secret every caller has to send. `undefined` or empty: only requests to a loopback host are served. */
  readonly apiToken?: string | undefined;
  /** Tokens beside it. There, they have to be sent as well, also where there are none of them. */
  readonly tokens?: readonly ApiToken[] | undefined;
  /** Why no caller can send that secret: what every request but a health probe is told. */
  readonly tokenProblem?: string | undefined;
  /** Whose pages may send requests and read the answers, as browsers write them in `Origin`. Default: nobody else's. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The path under which the Worker is mounted: with a slash at its beginning and none at its end. Default: none. */
  readonly basePath?: string | undefined;
  /** Whether a start of a workflow that is not registered is refused. Default: it is accepted, and the instance fails, as in Dapr. */
  readonly refusesUnknownWorkflows?: boolean | undefined;
  /** What the configuration lacks, so that no instance can be reached: what every operation answers. */
  readonly notReady?: string | undefined;
  /** Whether reasons stay out of the log, because payloads are encrypted. */
  readonly hidesReasons?: boolean | undefined;
  /** Longest request body that is read. Dapr's default is 4 MiB, see {@link DEFAULT_MAX_BODY_BYTES}. */
  readonly maxBodyBytes: number;
  readonly appId: string;
  /** Answers what is below `/ui`. Default: nothing, since files stand there. */
  readonly dashboard?: Dashboard | undefined;
  /** Takes one object for each request, without payloads, tokens or query strings. */
  log(line: LogLine): void;
  /** A UUID, version 4. */
  newId(): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** The caller runs in this process and needs no token. */
  readonly trusted?: boolean;
}

/** Dapr HEAD: `--max-body-size`, 4 MiB. */
export const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Half of what a message holds: one character beyond Latin-1 makes all of them take two bytes. */
export const MAX_BODY_BYTES = MAX_MESSAGE_BYTES / 2;
