import type { Answer, HttpClient } from "./http-client.ts";
import type { WorkerConfig } from "./server.ts";

/** `steps` and `start` are both a sequence of n no-ops; the floor does less for `start`, see there. */
export type Work = "steps" | "start" | "fanout";

/** What a client saw at the end of an instance. */
export interface Outcome {
  readonly status: unknown;
  readonly output: unknown;
}

export interface Contestant {
  readonly title: string;
  readonly worker: WorkerConfig;
  /** Runs one new instance from its start until the client knows its output. */
  run(client: HttpClient, work: Work, id: string, n: number): Promise<Outcome>;
}

export type ContestantName = "edge" | "cloudflare" | "floor";

export const CONTESTANTS: Record<ContestantName, Contestant> = {
  edge: {
    title: "edge-workflows",
    worker: {
      entry: "workers/edge.ts",
      env: { WORKFLOW_INSTANCE: { type: "durable-object", worker: "bench", exportName: "WorkflowInstance" } },
      exports: { WorkflowInstance: { type: "durable-object", storage: "sqlite" } },
    },
    async run(client, work, id, n) {
      const name = work === "fanout" ? "fanout" : "sequence";
      const start = `/v1.0/workflows/dapr/${name}/start?instanceID=${id}&waitFor=completed&timeoutSeconds=50`;
      const state = JSON.parse(expectStatus(200, start, await client.send("POST", start, String(n))));
      return { status: state.runtimeStatus, output: JSON.parse(state.properties?.["dapr.workflow.output"] ?? "null") };
    },
  },

  cloudflare: {
    title: "Cloudflare Workflows",
    worker: {
      entry: "workers/cloudflare.ts",
      env: {
        SEQUENCE: { type: "workflow", name: "sequence", worker: "bench", exportName: "Sequence" },
        FANOUT: { type: "workflow", name: "fanout", worker: "bench", exportName: "Fanout" },
      },
      exports: { Sequence: { type: "workflow", name: "sequence" }, Fanout: { type: "workflow", name: "fanout" } },
    },
    run: (client, work, id, n) => ask(client, `/${work === "fanout" ? "fanout" : "sequence"}?id=${id}&n=${n}`),
  },

  floor: {
    title: "floor",
    worker: {
      entry: "workers/floor.ts",
      env: { FLOOR: { type: "durable-object", worker: "bench", exportName: "Floor" } },
      exports: { Floor: { type: "durable-object", storage: "sqlite" } },
    },
    run: (client, work, id, n) => ask(client, `/${work === "steps" ? "sequence" : work}?id=${id}&n=${n}`),
  },
};

async function ask(client: HttpClient, path: string): Promise<Outcome> {
  return JSON.parse(expectStatus(200, path, await client.send("POST", path)));
}

function expectStatus(expected: number, path: string, { status, text }: Answer): string {
  if (status === expected) return text;
  throw new Error(`${path}: expected HTTP ${expected}, found ${status} ${text.slice(0, 500)}`);
}
