import { type CatalogConfig, catalogOption } from "./catalog/options.ts";
import { MAX_BODY_BYTES } from "./http/deps.ts";
import type { Dashboard } from "./http/served-files.ts";
import { type InstanceLimits, limitsOption } from "./instance/limits.ts";
import type { Jurisdiction, LocationHint } from "./instance/namespace.ts";
import { LOG_LEVELS, type LogLevel } from "./model/log.ts";
import {
  aBoolean,
  aNumber,
  aString,
  type Given,
  oneOf,
  optionsOf,
  readOptions,
  shown,
  typeRule,
} from "./model/options.ts";
import { retentionPolicyOption, type StateRetentionPolicy } from "./model/retention.ts";
import { type TelemetryOptions, telemetryOption } from "./telemetry/options.ts";
import { type WebhookOptions, webhooksOption } from "./webhooks/options.ts";

export interface WorkerOptions {
  /** Longest request body, in bytes, at most 15.5 MiB, which take twice as much on their way to an instance. Default 4 MiB, as in Dapr. */
  readonly maxBodyBytes?: number | undefined;
  /** Name of this application, as `GET /v1.0/metadata` and `/v1.0/healthz?appid=` know it. Default "edge-workflows". */
  readonly appId?: string | undefined;
  /** Limits of one instance; see InstanceLimits for what there is and its defaults. */
  readonly limits?: Given<InstanceLimits> | undefined;
  /**
   * What becomes of an instance whose code does something else than its history says, or is not registered any more.
   * "stall": it is STALLED until code is deployed that fits. "fail", as in Dapr: it is FAILED, for good. Default "stall".
   */
  readonly onNonDeterminism?: "fail" | "stall" | undefined;
  /**
   * Which lines are logged, one JSON text each: "info", for every request and every ended instance; "warn", what the author
   * or the caller should look at; "error", faults; "none". Default "info". What they cost: docs/performance.md.
   */
  readonly logLevel?: LogLevel | undefined;
  /** Whether the log has the messages of failures, which may quote payloads. Default: unless there are PAYLOAD_KEYS. */
  readonly logFailureMessages?: boolean | undefined;
  /**
   * What a start of a workflow that is not registered is answered. "accept", as in Dapr: 202, and the instance fails. "refuse": 400
   * `ERR_WORKFLOW_NOT_REGISTERED`. Default "accept".
   */
  readonly unknownWorkflows?: "accept" | "refuse" | undefined;
  /** The path under which the Worker is mounted, for instance "/workflows-api". What lies outside of it is answered 404. Default: none. */
  readonly basePath?: string | undefined;
  /**
   * The catalog, which lists and counts instances, where it is bound as WORKFLOW_CATALOG: `shards`, how many objects it has (default 4;
   * each takes some 250 announcements a second); `former`, the numbers of shards that there were before; `confirm`, whether a start is
   * answered when the catalog has heard of what it has led to ("before-answer", the default) or at once ("background"). `false`: none.
   */
  readonly catalog?: Given<CatalogConfig> | false | undefined;
  /** Origins whose web pages may send requests and read the answers, for instance ["https://app.example.com"]. Default: none. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * How long an instance is kept after its end, as in Dapr's configuration: Go durations such as "24h", by status; "0s" purges it at its end.
   * `anyTerminal` is for those that are not named, `terminated` for CANCELED too. Default: for ever.
   */
  readonly stateRetentionPolicy?: Given<StateRetentionPolicy> | undefined;
  /** Who is told, outside, how instances end: receivers as Standard Webhooks 1.0 has them; see WebhookOptions. Default: nobody. */
  readonly webhooks?: readonly Given<WebhookOptions>[] | undefined;
  /** What can be seen of the workflows from outside: see TelemetryOptions. Default: nothing is counted or sent. */
  readonly telemetry?: Given<TelemetryOptions> | undefined;
  /**
   * The dashboard, for a Worker that has no assets: what `edge-workflows/dashboard` exports. With assets, their directory has it, and costs no
   * requests. Default: none.
   */
  readonly dashboard?: Dashboard | undefined;
  /** Where all instances live and stay: "eu", "fedramp", "fedramp-high" or "us". To change it is to have other instances. Default: anywhere. */
  readonly jurisdiction?: Jurisdiction | undefined;
  /** Where new instances had best be made, for instance "weur". Default: near to whoever starts them. */
  readonly locationHint?: LocationHint | undefined;
}

const JURISDICTIONS = { eu: 1, fedramp: 1, "fedramp-high": 1, us: 1 } satisfies Record<Jurisdiction, 1>;
const LOCATION_HINTS = {
  wnam: 1,
  enam: 1,
  sam: 1,
  weur: 1,
  eeur: 1,
  apac: 1,
  "apac-ne": 1,
  "apac-se": 1,
  oc: 1,
  afr: 1,
  me: 1,
} satisfies Record<LocationHint, 1>;

export const workerOptions = optionsOf<WorkerOptions>({
  maxBodyBytes: aNumber(`a number from 1 to ${MAX_BODY_BYTES}`, (bytes) => bytes >= 1 && bytes <= MAX_BODY_BYTES),
  appId: aString,
  limits: limitsOption,
  onNonDeterminism: oneOf("fail", "stall"),
  logLevel: oneOf(...LOG_LEVELS),
  logFailureMessages: aBoolean,
  unknownWorkflows: oneOf("accept", "refuse"),
  basePath: aString,
  catalog: catalogOption,
  allowedOrigins: typeRule('a list of origins such as ["https://app.example.com"]', (value) => Array.isArray(value)),
  stateRetentionPolicy: retentionPolicyOption,
  webhooks: webhooksOption,
  telemetry: telemetryOption,
  dashboard: typeRule('what "edge-workflows/dashboard" exports', (value) => typeof value === "function"),
  jurisdiction: oneOf(...Object.keys(JURISDICTIONS)),
  locationHint: oneOf(...Object.keys(LOCATION_HINTS)),
});

/** Throws a TypeError or RangeError for what is unknown or wrong: when the Worker is loaded, so that it is not even deployed. */
export function readWorkerOptions(given?: WorkerOptions | null): WorkerOptions {
  const options = readOptions(workerOptions, given, "createWorker");
  checkBasePath(options.basePath);
  options.allowedOrigins?.forEach(checkOrigin);
  return options;
}

const BASE_PATH =
  'createWorker: basePath is a path such as "/workflows-api", with a slash at its beginning and none at its end';

function checkBasePath(basePath: string | undefined): void {
  if (basePath === undefined) return;
  if (!/^(\/[^/]+)+$/.test(basePath) || asPath(basePath) !== basePath)
    throw new RangeError(`${BASE_PATH}, as URL writes it, found ${shown(basePath)}`);
  if (/^\/v1\.0(-alpha1|-beta1)?(\/|$)/.test(basePath))
    throw new RangeError(`${BASE_PATH}, before that of the API and not a part of it, found ${shown(basePath)}`);
}

function asPath(path: string): string | undefined {
  try {
    return new URL(`http://localhost${path}`).pathname;
  } catch {
    return undefined;
  }
}

/** They are compared with `Origin` as browsers write it, so one that is written otherwise would let nobody in. */
function checkOrigin(origin: unknown, index: number): void {
  const where = `createWorker: allowedOrigins[${index}]`;
  if (origin === "*")
    throw new RangeError(
      `${where} is "*", which would let the pages of everybody start, read and purge workflows: name the origins, for instance "https://app.example.com"`,
    );
  const written = asOrigin(origin);
  if (written !== undefined && written === origin) return;
  const instead = written === undefined ? "" : `: write ${shown(written)}`;
  throw new RangeError(
    `${where} is an origin as browsers write it, http or https with a host and a port that is not the usual one, for instance "https://app.example.com", found ${shown(origin)}${instead}`,
  );
}

function asOrigin(origin: unknown): string | undefined {
  if (typeof origin !== "string") return undefined;
  try {
    const url = new URL(origin);
    return /^https?:$/.test(url.protocol) && !url.host.includes("*") ? url.origin : undefined;
  } catch {
    return undefined;
  }
}
