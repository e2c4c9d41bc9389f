// What only workerd decides: on what a binding's function may be called, and what may be asked while modules are loaded.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, type MiniflareOptions, NoOpLog } from "miniflare";
import { describe, expect, it } from "vitest";
import { bundle, ROOT, SAMPLES, until } from "./server.ts";

type Worker = NonNullable<MiniflareOptions["workers"]>[number];

/** A Worker of this code, which imports the library by its name. */
async function workerOf(name: string, contents: string, more: object = {}): Promise<Worker> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    keepNames: true,
    external: ["cloudflare:workers"],
    alias: { "edge-workflows/dapr": join(ROOT, "src/dapr.ts"), "edge-workflows": join(ROOT, "src/index.ts") },
  });
  return workerFrom(name, outputFiles[0]?.text ?? "", more);
}

function workerFrom(name: string, contents: string, more: object = {}): Worker {
  const manifest = { mainModule: "index.js", modules: { "index.js": { type: "esm" as const, contents } } };
  return { config: { name, compatibilityDate: "2026-10-01", manifest, env: {}, exports: {}, ...more } };
}

async function ask(workers: Worker[], onLog: (line: string) => void = () => undefined): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), "edge-workflows-bindings-"));
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: ({ message }) => onLog(message),
    resourcePersistencePath: directory,
    workers,
  });
  try {
    return await (await miniflare.dispatchFetch("http://localhost/")).json();
  } finally {
    await miniflare.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}

const FRONT = `
  import { DaprWorkflowClient } from "edge-workflows";
  export default {
    async fetch(_request, env) {
      const told = {};
      const attempt = async (name, fetch) => {
        const client = new DaprWorkflowClient({ daprApiToken: "t", fetch });
        try {
          await client.scheduleNewWorkflow("chaining", "Ada", name);
          told[name] = (await client.waitForWorkflowCompletion(name)).serializedOutput;
        } catch (error) {
          told[name] = error.message;
        }
      };
      await attempt("method", env.WF.fetch);
      await attempt("binding", env.WF);
      await attempt("function", (request) => env.WF.fetch(request));
      return Response.json(told);
    },
  };`;

const service = (worker: string) => ({ type: "worker" as const, worker });

async function workflows(): Promise<Worker> {
  const { code, classes } = await bundle(SAMPLES);
  const objects = classes.map((name) => [name, { type: "durable-object", storage: "sqlite" }]);
  return workerFrom("workflows", code, {
    env: {
      WORKFLOW_INSTANCE: { type: "durable-object", worker: "workflows", exportName: "WorkflowInstance" },
      DAPR_API_TOKEN: { type: "text", value: "t" },
    },
    exports: Object.fromEntries(objects),
  });
}

describe("[E8] A client in one Worker, the workflows in another, a service binding between them", () => {
  it("[E8.1] takes the binding, a function that calls it, and the binding's own function", async () => {
    const front = await workerOf("front", FRONT, { env: { WF: service("workflows") } });
    const greeting = '"*** HELLO, ADA ***"';
    const told = { method: greeting, binding: greeting, function: greeting };
    expect(await ask([front, await workflows()])).toEqual(told);
  });

  it("[E8.2] beside another binding, the function alone cannot tell which: the error says what to write", async () => {
    const env = { WF: service("workflows"), OTHER: service("workflows") };
    const told = (await ask([await workerOf("front", FRONT, { env }), await workflows()])) as Record<string, string>;
    expect(told.binding).toBe('"*** HELLO, ADA ***"');
    expect(told.method).toContain("this Worker has WF, OTHER");
  });
});

describe("[E8] console.log in workerd", () => {
  it("[E8.3] a state and an error show their fields", async () => {
    const logged: string[] = [];
    const worker = await workerOf(
      "front",
      `import { TimeoutError, WorkflowState } from "edge-workflows";
       const at = "2026-01-02T03:04:05.000Z";
       export default { fetch() {
         console.log(new WorkflowState({ instanceID: "order-1", createdAt: at, lastUpdatedAt: at, runtimeStatus: "RUNNING" }));
         console.log(new TimeoutError({ instanceId: "order-1", url: "https://x.example", seconds: 3 }));
         return Response.json({});
       } };`,
    );
    await ask([worker], (line) => logged.push(line));
    await until("both lines", () => logged.length === 2);
    expect(logged[0]).toMatch(/^WorkflowState \{\s+instanceId: 'order-1',/);
    expect(logged[0]).toContain("runtimeStatus: 'RUNNING'");
    expect(logged[1]).toContain("seconds: 3");
  });
});

describe("[E9] While modules are loaded", () => {
  const told = (before: string) => `
    import { createWorker, WorkflowRuntime, DaprWorkflowClient } from "edge-workflows";
    import { DaprClient } from "edge-workflows/dapr";
    ${before}
    const asked = async (call) => {
      try { await call(); return "no error"; } catch (error) { return error.message; }
    };
    const state = new DaprClient().state;
    const told = [await asked(() => state.get("store", "key")), await asked(() => state.save("store", [{ key: "k", value: 1 }]))];
    export default { fetch: () => Response.json(told) };
    export { StateStore } from "edge-workflows";`;
  const exports = { StateStore: { type: "durable-object", storage: "sqlite" } };
  const env = { STATE_STORE: { type: "durable-object", worker: "front", exportName: "StateStore" } };

  it.each([
    ["before createWorker", ""],
    ["after it", "createWorker(new WorkflowRuntime());"],
  ])("[E9.1] DaprClient.state says so, and where the call belongs: %s", async (_when, before) => {
    const messages = (await ask([await workerOf("front", told(before), { env, exports })])) as string[];
    for (const message of messages) {
      expect(message).toContain("DaprClient.state at module load");
      expect(message).toContain("Move the call into an activity");
    }
    expect(messages).toHaveLength(2);
  });
});
