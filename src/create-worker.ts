import { env as workerEnv } from "cloudflare:workers";
import { type StateStores, setStateStores } from "./authoring/dapr/dapr-state.ts";
import { NotAvailableError } from "./authoring/dapr/not-available.ts";
import { setInProcessFetch } from "./authoring/http-endpoint.ts";
import type { StateStore } from "./authoring/state-store.ts";
import { WorkflowRuntime } from "./authoring/workflow-runtime.ts";
import { DEFAULT_MAX_BODY_BYTES, type HttpDeps, MAX_BODY_BYTES } from "./http/deps.ts";
import { createHttpHandler } from "./http/handler.ts";
import type { InstanceLimits } from "./instance/limits.ts";
import { logFrom } from "./instance/log.ts";
import { type InstanceEnv, type WorkflowInstanceClass, workflowInstanceClass } from "./instance/workflow-instance.ts";
import type { LogLevel } from "./model/log.ts";

/** Bindings and secrets of a Worker made with `createWorker`. */
export interface WorkerEnv extends InstanceEnv {
  /** Every request must carry it as `dapr-api-token`. Without it only requests to localhost are served. */
  readonly DAPR_API_TOKEN?: string;
  /** The namespace of StateStore, for `DaprClient.state`. Needed only by who uses that. */
  readonly STATE_STORE?: DurableObjectNamespace<StateStore>;
}

export interface WorkerOptions {
  /** Longest request body, in bytes, at most 15.5 MiB, which take twice as much on their way to an instance. Default 4 MiB, as in Dapr. */
  readonly maxBodyBytes?: number;
  /** Name of this application, as `GET /v1.0/metadata` and `/v1.0/healthz?appid=` know it. Default "edge-workflows". */
  readonly appId?: string;
  /** Limits of one instance; see InstanceLimits for what there is and its defaults. */
  readonly limits?: Partial<InstanceLimits>;
  /**
   * What becomes of an instance whose code does something else than its history says, or is not registered any more.
   * "stall": it is STALLED until code is deployed that fits. "fail", as in Dapr: it is FAILED, for good. Default "stall".
   */
  readonly onNonDeterminism?: "fail" | "stall";
  /**
   * Which lines are logged, one JSON text each: "info", for every request and every ended instance; "warn", what the author
   * or the caller should look at; "error", faults; "none". Default "info". What they cost: docs/performance.md.
   */
  readonly logLevel?: LogLevel;
}

/** A Worker that serves the workflows of one runtime: export it as default, and the class in it by its name. */
export interface WorkflowWorker {
  readonly fetch: (request: Request, env: WorkerEnv) => Promise<Response>;
  /** The Durable Object class; the Worker's configuration binds it as WORKFLOW_INSTANCE. */
  readonly WorkflowInstance: WorkflowInstanceClass;
}

/**
 * Makes the Worker. Workflows that are registered later are found too. Without a runtime it serves what all runtimes have
 * registered that have been started (`runtime.start()`), as programs written for Dapr do.
 */
export function createWorker(
  runtime: WorkflowRuntime = WorkflowRuntime.started,
  options: WorkerOptions = {},
): WorkflowWorker {
  checkMaxBodyBytes(options.maxBodyBytes);
  const handlerOf = (env: WorkerEnv, trusted: boolean) => createHttpHandler(depsOf(runtime, options, env, trusted));
  let forEnv: WorkerEnv | undefined;
  let handle: ((request: Request) => Promise<Response>) | undefined;
  setStateStores(stateStores(workerEnv as unknown as WorkerEnv));
  setInProcessFetch((request) => handlerOf(workerEnv as unknown as WorkerEnv, true)(request));
  return {
    WorkflowInstance: workflowInstanceClass(runtime.registry, options),
    fetch(request, env) {
      if (handle === undefined || forEnv !== env) {
        forEnv = env;
        handle = handlerOf(env, false);
      }
      return handle(request);
    },
  };
}

function checkMaxBodyBytes(bytes = DEFAULT_MAX_BODY_BYTES): void {
  if (bytes >= 1 && bytes <= MAX_BODY_BYTES) return;
  throw new RangeError(`maxBodyBytes is a number from 1 to ${MAX_BODY_BYTES}, found ${String(bytes)}`);
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

function depsOf(runtime: WorkflowRuntime, options: WorkerOptions, env: WorkerEnv, trusted: boolean): HttpDeps {
  return {
    instance: (instanceId) => env.WORKFLOW_INSTANCE.getByName(instanceId),
    registered: () => runtime.registry.names(),
    apiToken: env.DAPR_API_TOKEN,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    appId: options.appId ?? "edge-workflows",
    log: logFrom(trusted ? "none" : (options.logLevel ?? "info")),
    newId: () => crypto.randomUUID(),
    now: () => Date.now(),
    trusted,
  };
}
