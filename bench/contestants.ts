import type { Answer, HttpClient } from "./http-client.ts";
import type { Job } from "./job.ts";
import type { WorkerConfig } from "./server.ts";

/** What a client saw at the end of an instance. */
export interface Outcome {
  readonly status: unknown;
  readonly output: unknown;
}

/**
 * `logging` writes its structured log, the others none; `catalog` announces its instances to a catalog; `telemetry` does so with metrics,
 * and sends traces; `webhooks` tells a receiver of each end; `metered` counts what it costs, and is slower for it. Where there is no such entry, there is none.
 */
export type Variant = "plain" | "logging" | "catalog" | "telemetry" | "webhooks" | "metered";

export interface Contestant {
  readonly title: string;
  readonly worker: WorkerConfig;
  /** Of variants that need more. */
  readonly workers?: Readonly<Partial<Record<Variant, WorkerConfig>>>;
  readonly entries: Readonly<Partial<Record<Variant, string>>>;
  /** The class of the objects, for those that can be put out of memory. */
  readonly objects?: string;
  /** Runs one new instance from its start until the client knows its output. */
  run(client: HttpClient, job: Job, id: string): Promise<Outcome>;
  /** The same in two parts, with `raise` in between. */
  start(client: HttpClient, job: Job, id: string): Promise<void>;
  raise(client: HttpClient, id: string): Promise<void>;
  finish(client: HttpClient, job: Job, id: string): Promise<Outcome>;
  /** Has the instance come back into memory, and answers the sum that it has got to. */
  query(client: HttpClient, id: string): Promise<unknown>;
}

export type ContestantName = "edge" | "cloudflare" | "cloudflare-test-wait" | "floor";

/** Those that play unless others are asked for. */
export const USUAL: readonly ContestantName[] = ["edge", "cloudflare", "floor"];

const WITH_CATALOG: WorkerConfig = {
  env: {
    WORKFLOW_INSTANCE: { type: "durable-object", worker: "bench", exportName: "WorkflowInstance" },
    WORKFLOW_CATALOG: { type: "durable-object", worker: "bench", exportName: "WorkflowCatalog" },
  },
  exports: {
    WorkflowInstance: { type: "durable-object", storage: "sqlite" },
    WorkflowCatalog: { type: "durable-object", storage: "sqlite" },
  },
};

const PATIENCE_SECONDS = 600;
const API = "/v1.0/workflows/dapr";

export const CONTESTANTS: Record<ContestantName, Contestant> = {
  edge: {
    title: "edge-workflows",
    worker: {
      env: { WORKFLOW_INSTANCE: { type: "durable-object", worker: "bench", exportName: "WorkflowInstance" } },
      exports: { WorkflowInstance: { type: "durable-object", storage: "sqlite" } },
    },
    workers: { catalog: WITH_CATALOG, telemetry: WITH_CATALOG },
    entries: {
      plain: "workers/edge.ts",
      logging: "workers/edge-logging.ts",
      catalog: "workers/edge-catalog.ts",
      telemetry: "workers/edge-telemetry.ts",
      webhooks: "workers/edge-webhooks.ts",
      metered: "workers/edge-metered.ts",
    },
    objects: "WorkflowInstance",
    run: async (client, job, id) =>
      stateIn(await client.send("POST", `${startPath(job, id)}&${UNTIL_END}`, toBody(job))),
    async start(client, job, id) {
      expectStatus(202, await client.send("POST", startPath(job, id), toBody(job)));
    },
    async raise(client, id) {
      expectStatus(202, await client.send("POST", `${API}/${id}/raiseEvent/e`, "1"));
    },
    finish: async (client, _job, id) => stateIn(await client.send("GET", `${API}/${id}?${UNTIL_END}`)),
    query: async (client, id) => JSON.parse(expectStatus(200, await client.send("GET", `${API}/${id}/query/sum`))),
  },

  cloudflare: cloudflare("Cloudflare Workflows", "workers/cloudflare.ts"),
  "cloudflare-test-wait": cloudflare("Cloudflare Workflows, test wait", "workers/cloudflare-test-wait.ts"),

  floor: {
    title: "floor",
    worker: {
      env: { FLOOR: { type: "durable-object", worker: "bench", exportName: "Floor" } },
      exports: { Floor: { type: "durable-object", storage: "sqlite" } },
    },
    entries: { plain: "workers/floor.ts", metered: "workers/floor-metered.ts" },
    objects: "Floor",
    ...plainRoutes(),
  },
};

function cloudflare(title: string, plain: string): Contestant {
  return {
    title,
    worker: {
      env: { BENCH: { type: "workflow", name: "bench", worker: "bench", exportName: "Bench" } },
      exports: { Bench: { type: "workflow", name: "bench" } },
    },
    entries: { plain },
    ...plainRoutes(),
  };
}

/** `echoUrl`: who gets what is told, and answers activities that wait for I/O. */
export function configOf(given: {
  readonly contestant: Contestant;
  readonly variant: Variant;
  readonly echoUrl: string;
}): WorkerConfig {
  const { env, exports } = given.contestant.workers?.[given.variant] ?? given.contestant.worker;
  return { env: { ...env, ECHO_URL: { type: "text", value: given.echoUrl } }, exports };
}

type Routes = Pick<Contestant, "run" | "start" | "raise" | "finish" | "query">;

/** How the Workers that were only written for this are asked. */
function plainRoutes(): Routes {
  const ask = async (client: HttpClient, path: string, id: string, job?: Job) =>
    JSON.parse(expectStatus(200, await client.send("POST", `/${path}?id=${id}`, job && toBody(job))));
  return {
    run: (client, job, id) => ask(client, "run", id, job),
    start: (client, job, id) => ask(client, "start", id, job),
    raise: (client, id) => ask(client, "raise", id),
    finish: (client, job, id) => ask(client, "finish", id, job),
    query: async (client, id) => (await ask(client, "query", id)).output,
  };
}

const UNTIL_END = `waitFor=completed&timeoutSeconds=${PATIENCE_SECONDS}`;

function startPath({ work }: Job, id: string): string {
  return `${API}/${work}/start?instanceID=${id}`;
}

function stateIn(answer: Answer): Outcome {
  const state = JSON.parse(expectStatus(200, answer));
  return { status: state.runtimeStatus, output: JSON.parse(state.properties?.["dapr.workflow.output"] ?? "null") };
}

function toBody(job: Job): string {
  return JSON.stringify(job);
}

function expectStatus(expected: number, { status, text, path }: Answer): string {
  if (status === expected) return text;
  throw new Error(`${path}: expected HTTP ${expected}, found ${status} ${text.slice(0, 500)}`);
}
