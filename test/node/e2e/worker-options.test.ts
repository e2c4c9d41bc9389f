// The options of createWorker that requests meet, and configurations that lack something, in workerd.
import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DaprWorkflowClient } from "../../../src/client.ts";
import { type Bundle, bundle, type Server, type ServerOptions, serve } from "./server.ts";

const FRIEND = "https://app.example.com";
let code: Bundle;
let server: Server;

beforeAll(async () => {
  code = await bundle("test/node/e2e/options-worker.js");
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** With every header as it is given, `Host` too, which `fetch` would set itself. */
function send(target: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const [method = "", path = ""] = target.split(" ");
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, method, path, headers }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function begin(options: object, more: ServerOptions = {}): Promise<void> {
  const variables = { OPTIONS: JSON.stringify(options), ...more.variables };
  server = await serve(code, { ...more, variables });
}

const START = "POST /v1.0/workflows/dapr/parent/start?instanceID=a&waitFor=completed&timeoutSeconds=20";

describe("[E7] requests from pages", () => {
  beforeAll(() => begin({ allowedOrigins: [FRIEND], logLevel: "none" }));
  afterAll(() => server.close());

  it("[E7.1] the smallest inputs: a page of somebody else, a name that points here, and an allowed origin", async () => {
    const evil = { origin: "https://evil.example", "content-type": "text/plain" };
    expect(await send("POST /v1.0/workflows/dapr/child/start", evil, "{}")).toMatchObject({
      status: 403,
      text: expect.stringContaining('"errorCode":"ERR_CROSS_ORIGIN"'),
    });
    const own = `http://localhost:${server.port}/v1.0/workflows/dapr/a`;
    const rebound = { host: "evil.example", "mf-original-url": own };
    expect((await send("GET /v1.0/workflows/dapr/a", rebound)).status).toBe(401);
    expect((await send("GET /v1.0/workflows/dapr/a", { host: "evil.example" })).status).toBe(401);
    expect((await send("GET /v1.0/workflows/dapr/a")).status).toBe(404);
    expect(await send("GET /v1.0/workflows/dapr/a", { origin: FRIEND, "sec-fetch-site": "cross-site" })).toMatchObject({
      status: 404,
      headers: {
        "access-control-allow-origin": FRIEND,
        "access-control-expose-headers": "traceparent, warning",
        vary: "origin",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
      },
    });
  });

  it("[E7.2] the preflights of an allowed origin and of any other", async () => {
    const ask = (origin: string) =>
      send("OPTIONS /v1.0/workflows/dapr/a/purge", { origin, "access-control-request-method": "POST" });
    const allowed = await ask(FRIEND);
    expect(allowed).toMatchObject({
      status: 204,
      text: "",
      headers: { "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE" },
    });
    const refused = await ask("https://evil.example");
    expect(refused.status).toBe(404);
    expect(Object.keys(refused.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("[E7.3] our own client in Node, whose fetch sends one header of that kind, is served", async () => {
    const client = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: String(server.port) });
    const id = await client.scheduleNewWorkflow("child", "nobody-there");
    expect((await client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"done"');
  });
});

describe("[E8] options of createWorker", () => {
  afterEach(() => server?.close());

  it("[E8.1] basePath: served below it alone, and the client inside the Worker needs none", async () => {
    await begin({ basePath: "/workflows-api" });
    expect((await send(START)).status).toBe(404);
    const started = await send(
      "POST /workflows-api/v1.0/workflows/dapr/starts/start?waitFor=completed&timeoutSeconds=20",
    );
    expect([started.status, JSON.parse(started.text).properties["dapr.workflow.output"]]).toEqual([
      200,
      '"\\"done\\""',
    ]);
    expect((await send("GET /workflows-api/v1.0/healthz")).status).toBe(204);
    expect((await send("GET /v1.0/healthz")).status).toBe(404);
    const daprPort = String(server.port);
    const client = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort, basePath: "/workflows-api" });
    const id = await client.scheduleNewWorkflow("child", "nobody-there");
    expect((await client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"done"');
  });

  it("[E8.2] jurisdiction and locationHint: API, parent and child meet, in the local runtime too, which has one place for all", async () => {
    await begin({ jurisdiction: "eu", locationHint: "weur" });
    const started = await send(START, {}, "false");
    expect(JSON.parse(started.text)).toMatchObject({
      runtimeStatus: "COMPLETED",
      properties: { "dapr.workflow.output": '["done","from the child"]' },
    });
    expect((await send("GET /v1.0/workflows/dapr/a-child")).status).toBe(200);
  });

  it('[E8.3] unknownWorkflows: "refuse", over HTTP', async () => {
    await begin({ unknownWorkflows: "refuse" });
    const { status, text } = await send("POST /v1.0/workflows/dapr/parnt/start?instanceID=a");
    expect([status, JSON.parse(text)]).toEqual([
      400,
      {
        errorCode: "ERR_WORKFLOW_NOT_REGISTERED",
        message: "workflow 'parnt' is not registered, did you mean parent? Registered: parent, child, starts",
      },
    ]);
    expect((await send("GET /v1.0/workflows/dapr/a")).status).toBe(404);
  });

  it("[E8.5] stateRetentionPolicy: an instance goes when its time is over, unless its start says otherwise", async () => {
    await begin({ stateRetentionPolicy: { anyTerminal: "1h", completed: "0s" } });
    const status = async (id: string) => (await send(`GET /v1.0/workflows/dapr/${id}`)).status;
    const startChild = (query: string) =>
      send(`POST /v1.0/workflows/dapr/child/start?waitFor=completed&${query}`, {}, '"nobody"');
    expect((await startChild("instanceID=goes")).status).toBe(200);
    await expect.poll(() => status("goes")).toBe(404);
    expect((await startChild("instanceID=stays&retention=1h")).status).toBe(200);
    expect((await startChild("instanceID=nobody&retention=1d")).status).toBe(400);
    // By the object's own alarm: this Worker has no catalog.
    await startChild("instanceID=short&retention=1ms");
    await expect.poll(() => status("short")).toBe(404);
    expect([await status("stays"), await status("nobody")]).toEqual([200, 404]);
  });

  it("[E8.4] an option that is unknown or wrong ends the Worker as it is loaded, and says which", async () => {
    await expect(begin({ allowedOrigins: ["*"] })).rejects.toThrow();
  });
});

describe("[E9] a configuration that lacks something", () => {
  afterEach(() => server?.close());

  it("[E9.1] the binding is named otherwise: every operation and healthz/outbound say so, with the lines to add", async () => {
    await begin({}, { bindings: { WorkflowInstance: "WORKFLOWS" } });
    for (const target of [START, "GET /v1.0/workflows/dapr/a", "GET /v1.0/healthz/outbound"]) {
      const { status, text } = await send(target);
      expect(status).toBe(500);
      const { errorCode, message } = JSON.parse(text);
      expect(errorCode).toMatch(/^ERR_(START_WORKFLOW|GET_WORKFLOW|OUTBOUND_HEALTH_NOT_READY)$/);
      expect(message).toContain("the binding WORKFLOW_INSTANCE is missing");
      expect(message).toContain("bound are the Durable Object namespaces WORKFLOWS");
      expect(message).toContain(
        '[[durable_objects.bindings]]\nname = "WORKFLOW_INSTANCE"\nclass_name = "WorkflowInstance"',
      );
      expect(message).toContain('[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["WorkflowInstance"]');
    }
    expect((await send("GET /v1.0/healthz")).status).toBe(204);
  });

  it("[E9.2] new_classes, or no migration: the class has no SQLite, and the first request is told how to give it that", async () => {
    await begin({}, { storage: "legacy-kv" });
    for (const [target, code] of [
      [START, "ERR_START_WORKFLOW"],
      ["GET /v1.0/workflows/dapr/a", "ERR_GET_WORKFLOW"],
      ["POST /v1.0/workflows/dapr/a/purge", "ERR_PURGE_WORKFLOW"],
      ["GET /v1.0/healthz/outbound", "ERR_OUTBOUND_HEALTH_NOT_READY"],
    ] as const) {
      const { status, text } = await send(target);
      const { errorCode, message } = JSON.parse(text);
      expect([status, errorCode]).toEqual([500, code]);
      expect(message).toContain("has no SQLite storage");
      expect(message).toContain('new_sqlite_classes = ["WorkflowInstance"]');
      expect(message).toContain("nothing was changed");
    }
    const faults = server.log.filter((line) => line.includes('"fault"'));
    expect(faults.length).toBe(3);
    expect(faults[0]).toContain("new_sqlite_classes");
  });
});
