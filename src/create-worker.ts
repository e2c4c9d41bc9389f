import { env as workerEnv } from "cloudflare:workers";
import { type StateStores, setStateStores } from "./authoring/dapr/dapr-state.ts";
import { NotAvailableError } from "./authoring/dapr/not-available.ts";
import { setInProcessFetch } from "./authoring/http-endpoint.ts";
import type { StateStore } from "./authoring/state-store.ts";
import { checkTargets, registryOf, WorkflowRuntime } from "./authoring/workflow-runtime.ts";
import { boundCatalog, CATALOG_OFF, instancesCatalog } from "./catalog/binding.ts";
import { catalogConfig } from "./catalog/options.ts";
import {
  type WorkflowCatalogClass,
  type WorkflowCatalogObject,
  workflowCatalogClass,
} from "./catalog/workflow-catalog.ts";
import type { Registry } from "./engine/registry.ts";
import { secretsOf } from "./http/api-token.ts";
import { DEFAULT_MAX_BODY_BYTES, type HttpDeps } from "./http/deps.ts";
import { createHttpHandler } from "./http/handler.ts";
import { bindingProblem } from "./instance/binding.ts";
import { logFrom } from "./instance/log.ts";
import { instanceStub, type Placement } from "./instance/namespace.ts";
import { watchInstance } from "./instance/platform-sockets.ts";
import type { InstanceApi } from "./instance/protocol.ts";
import { type InstanceEnv, type WorkflowInstanceClass, workflowInstanceClass } from "./instance/workflow-instance.ts";
import { jobRegistry } from "./jobs/activities.ts";
import { boundLimiters, LIMITER_MISSING, limitsReach } from "./limits/binding.ts";
import {
  type WorkflowLimiterClass,
  type WorkflowLimiterObject,
  workflowLimiterClass,
} from "./limits/workflow-limiter.ts";
import { retentionPolicyFrom } from "./model/retention.ts";
import { boundSchedules } from "./schedules/binding.ts";
import { DeclaredSchedules } from "./schedules/declared.ts";
import {
  type WorkflowScheduleClass,
  type WorkflowScheduleObject,
  workflowScheduleClass,
} from "./schedules/workflow-schedule.ts";
import { otlpExporter } from "./telemetry/otlp.ts";
import { readWebhooks } from "./webhooks/options.ts";
import { webhookReceivers } from "./webhooks/webhooks.ts";
import { readWorkerOptions, type WorkerOptions } from "./worker-options.ts";

export type { WorkerOptions } from "./worker-options.ts";

const DEFAULT_APP_ID = "edge-workflows";

/** Bindings and secrets of a Worker made with `createWorker`. */
export interface WorkerEnv extends InstanceEnv {
  /**
   * Every request must carry it, or one of DAPR_API_TOKENS, as `dapr-api-token`. It may do all. Without any of them only requests to localhost are
   * served.
   */
  readonly DAPR_API_TOKEN?: string;
  /** Tokens with a role each, `name:role:expiry|-:prefix|*:sha256hex` in a line; what does not fit goes on in DAPR_API_TOKENS_2 and so on. */
  readonly DAPR_API_TOKENS?: string;
  /** The namespace of WorkflowCatalog, for lists, queries and counts. Without it everything else works. */
  readonly WORKFLOW_CATALOG?: DurableObjectNamespace<WorkflowCatalogObject>;
  /** The namespace of WorkflowLimiter, for limits. Needed only by who declares some with `runtime.limit`. */
  readonly WORKFLOW_LIMITER?: DurableObjectNamespace<WorkflowLimiterObject>;
  /** The namespace of WorkflowSchedule, for schedules. Without it everything else works. */
  readonly WORKFLOW_SCHEDULE?: DurableObjectNamespace<WorkflowScheduleObject>;
  /** The version of the Worker, where it is bound (`[version_metadata]`): of two that declare schedules, the later counts. */
  readonly CF_VERSION_METADATA?: { readonly timestamp: string };
  /** The namespace of StateStore, for `DaprClient.state`. Needed only by who uses that. */
  readonly STATE_STORE?: DurableObjectNamespace<StateStore>;
}

/** A Worker that serves the workflows of one runtime: export it as default, and the class in it by its name. */
export interface WorkflowWorker {
  readonly fetch: (
    request: Request,
    env: WorkerEnv,
    ctx?: { waitUntil(promise: Promise<unknown>): void },
  ) => Promise<Response>;
  /** The Durable Object class; the Worker's configuration binds it as WORKFLOW_INSTANCE. */
  readonly WorkflowInstance: WorkflowInstanceClass;
  /** The Durable Object class of the catalog; the Worker's configuration binds it as WORKFLOW_CATALOG. */
  readonly WorkflowCatalog: WorkflowCatalogClass;
  /** The Durable Object class of limits; the Worker's configuration binds it as WORKFLOW_LIMITER. */
  readonly WorkflowLimiter: WorkflowLimiterClass;
  /** The Durable Object class of schedules; the Worker's configuration binds it as WORKFLOW_SCHEDULE. */
  readonly WorkflowSchedule: WorkflowScheduleClass;
}

/**
 * Makes the Worker. Workflows that are registered later are found too. Without a runtime it serves what all runtimes have
 * registered that have been started (`runtime.start()`), as programs written for Dapr do.
 */
export function createWorker(givenRuntime?: WorkflowRuntime | null, given?: WorkerOptions | null): WorkflowWorker {
  const runtime = givenRuntime ?? WorkflowRuntime.started;
  const registry = registryOf(runtime, "createWorker");
  checkTargets(runtime);
  const options = readWorkerOptions(given);
  const { jurisdiction, locationHint } = options;
  const placement = { jurisdiction, locationHint };
  const retention = retentionPolicyFrom(options.stateRetentionPolicy);
  const config = catalogConfig(options.catalog);
  const limiters = boundLimiters(placement);
  const handlerOf = (env: WorkerEnv, trusted: boolean) => {
    const deps = depsOf(registry, options, placement, env, trusted);
    return createHttpHandler({ ...deps, limits: limitsReach(registry.limits, limiters(env)) });
  };
  const jobs = (env: object) => jobRegistry(reachOf(env as WorkerEnv, options, placement));
  const declared = new DeclaredSchedules(runtime, placement, logFrom(options.logLevel ?? "info"));
  let forEnv: WorkerEnv | undefined;
  let handle: ((request: Request) => Promise<Response>) | undefined;
  setStateStores(stateStores(workerEnv as unknown as WorkerEnv));
  setInProcessFetch(
    (request) => handlerOf(workerEnv as unknown as WorkerEnv, true)(request),
    (workflow) => registry.workflowName(workflow),
  );
  return {
    WorkflowInstance: workflowInstanceClass(registry, {
      ...options,
      retention,
      placement,
      jobs,
      catalog: instancesCatalog(config, placement, options.telemetry?.metrics === true),
      webhooks: webhookReceivers(readWebhooks(options.webhooks)),
      traces: otlpExporter(options.telemetry?.otlp ?? undefined, options.appId ?? DEFAULT_APP_ID),
      limiters,
    }),
    WorkflowCatalog: workflowCatalogClass({ retention, placement, logLevel: options.logLevel }),
    WorkflowLimiter: workflowLimiterClass(registry.limits, { placement, logLevel: options.logLevel }),
    WorkflowSchedule: workflowScheduleClass({ placement, logLevel: options.logLevel, deployment: declared.deployment }),
    fetch(request, env, ctx) {
      if (handle === undefined || forEnv !== env) {
        forEnv = env;
        handle = handlerOf(env, false);
        declared.tell(env, ctx);
        if (!registry.limits.areNone && limiters(env) === undefined)
          logFrom(options.logLevel ?? "info")({ level: "error", msg: "limit", text: LIMITER_MISSING });
      }
      return handle(request);
    },
  };
}

function stateStores(env: WorkerEnv): StateStores {
  const storeOf = (name: string) => {
    if (env.STATE_STORE !== undefined) return env.STATE_STORE.getByName(name);
    throw new NotAvailableError(
      "DaprClient.state without a binding",
      "Export the class StateStore from the Worker and bind it as STATE_STORE.",
    );
  };
  return {
    get: async (name, keys) => storeOf(name).get(keys),
    change: async (name, changes) => storeOf(name).change(changes),
  };
}

/** The way to instances and to the catalog, for the HTTP API and for bulk jobs alike. */
function reachOf(env: WorkerEnv, options: WorkerOptions, placement: Placement) {
  const config = catalogConfig(options.catalog);
  return {
    instance: (instanceId: string) => instanceStub<InstanceApi>(env.WORKFLOW_INSTANCE, placement, instanceId),
    catalog: config === false ? undefined : boundCatalog(env, config, placement),
    withoutCatalog: config === false ? CATALOG_OFF : undefined,
  };
}

function depsOf(
  registry: Registry,
  options: WorkerOptions,
  placement: Placement,
  env: WorkerEnv,
  trusted: boolean,
): HttpDeps {
  const now = () => Date.now();
  const log = logFrom(trusted ? "none" : (options.logLevel ?? "info"));
  return {
    ...reachOf(env, options, placement),
    schedules: boundSchedules(env, placement),
    ...(!trusted && secretsOf(env, { now, log })),
    watch: (instanceId, after) => watchInstance(instanceStub(env.WORKFLOW_INSTANCE, placement, instanceId), after),
    registered: () => registry.registered(),
    allowedOrigins: options.allowedOrigins,
    basePath: options.basePath,
    dashboard: options.dashboard,
    refusesUnknownWorkflows: options.unknownWorkflows === "refuse",
    notReady: bindingProblem(env),
    hidesReasons: !(options.logFailureMessages ?? !env.PAYLOAD_KEYS),
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    appId: options.appId ?? DEFAULT_APP_ID,
    log,
    newId: () => crypto.randomUUID(),
    now,
    trusted,
  };
}
