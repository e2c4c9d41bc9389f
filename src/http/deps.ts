import type { InstanceApi } from "../instance/protocol.ts";
import type { LogLine } from "../model/log.ts";
import { MAX_MESSAGE_BYTES } from "../model/message-limits.ts";

/** Everything the HTTP face needs from outside. It reads no clock, makes no ID and knows no platform by itself. */
export interface HttpDeps {
  /** A stub for the object of this instance. It is asked for again at each attempt, because a stub that threw may be broken for good. */
  instance(instanceId: string): InstanceApi;
  /** The names that code has registered; `GET /v1.0/metadata` shows them. */
  registered(): { readonly workflows: readonly string[]; readonly activities: readonly string[] };
  /** The secret every caller has to send. `undefined` or empty: only requests to a loopback host are served. */
  readonly apiToken: string | undefined;
  /** Longest request body that is read. Dapr's default is 4 MiB, see {@link DEFAULT_MAX_BODY_BYTES}. */
  readonly maxBodyBytes: number;
  readonly appId: string;
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
