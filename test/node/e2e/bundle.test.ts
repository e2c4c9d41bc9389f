// [E12] The Worker as it is deployed, minified and without the names of the library's functions, in workerd. [E13] wrangler and `npm start` in a checkout.

import { cpSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { SourceMap, type SourceMapPayload } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePrometheus } from "../prometheus.ts";
import { endAll, freePort, type Running, run } from "./npm.ts";
import { Api, outputOf, processTree, ROOT, type Server, serve, temporaryDirectory, until } from "./server.ts";

const { bundleWorker } = (await import(join(ROOT, "scripts/worker-bundle.mjs"))) as {
  bundleWorker(options: { entry: string; outfile: string; minify: boolean }): Promise<{ code: string; map: string }>;
};

/** Where in its source the first `text` of the code was written. */
function sourceOf(text: string, code: string, map: string): { file: string; line: string } {
  const lines = code.slice(0, code.indexOf(text)).split("\n");
  const payload = JSON.parse(map) as SourceMapPayload;
  const entry = new SourceMap(payload).findEntry(lines.length - 1, lines.at(-1)?.length ?? 0);
  if (!("originalSource" in entry)) throw new Error(`expected "${text}" in the source map`);
  const source = payload.sourcesContent[payload.sources.indexOf(entry.originalSource)] ?? "";
  return { file: entry.originalSource, line: source.split("\n")[entry.originalLine] ?? "" };
}

describe("[E12] The minified bundle of an author's Worker", () => {
  const told: { type: string; data: Record<string, unknown> }[] = [];
  const receiver = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    told.push(JSON.parse(body));
    response.writeHead(204).end();
  });
  let bundled: { code: string; map: string };
  let server: Server;
  let api: Api;

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    const outfile = join(ROOT, "out/worker.js");
    bundled = await bundleWorker({ entry: "test/node/e2e/shop-worker.js", outfile, minify: true });
    const classes = ["WorkflowInstance", "WorkflowCatalog", "WorkflowSchedule", "WorkflowLimiter"];
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const webhooks = [{ url: `http://127.0.0.1:${port}/`, secret, allowPrivate: true }];
    const variables = { OPTIONS: JSON.stringify({ webhooks }) };
    server = await serve({ code: bundled.code, classes }, { variables });
    api = new Api(server.origin);
  });
  afterAll(async () => {
    await server?.close();
    receiver.close();
  });

  async function failureOf(id: string): Promise<unknown> {
    return ((await api.ended(id)) as { failure?: unknown }).failure;
  }

  it("[E12.1] knows workflows by the names of their functions, and says so; the library's functions have lost theirs", async () => {
    await api.start("placeOrders", "misspelt");
    expect(await failureOf("misspelt")).toMatchObject({
      errorType: "OrchestratorNotRegisteredError",
      message: expect.stringContaining("Registered are: placeOrder, ship."),
    });
    const has = (name: string) => bundled.code.includes(name);
    expect([has('"placeOrder"'), has("describeFailure"), has("OtlpExporter")]).toEqual([true, false, false]);
  });

  it("[E12.2] a failure has the name of the author's error class, whatever that extends, and of the library's", async () => {
    await api.start("placeOrder", "declined", { item: "car", total: 101 });
    await api.start("placeOrder", "gone", { item: "unicorn", total: 1 });
    expect(await failureOf("declined")).toMatchObject({
      errorType: "TaskFailedError",
      message: expect.stringContaining("activity 'charge'"),
      innerFailure: { errorType: "CardDeclined", message: "no funds" },
    });
    expect(await failureOf("gone")).toMatchObject({
      errorType: "TaskFailedError",
      innerFailure: { errorType: "OutOfStock", isNonRetriable: true },
    });
    const refused = await fetch(`${server.origin}/v1.0/workflows/dapr/none`);
    expect([refused.status, await refused.json()]).toMatchObject([404, { errorCode: "ERR_INSTANCE_ID_NOT_FOUND" }]);
  });

  it("[E12.3] schedules, limits, webhooks and metrics do their work", async () => {
    await api.start("placeOrder", "first", { item: "tea", total: 3, waits: true });
    await api.start("placeOrder", "second", { item: "tea", total: 4, waits: true });
    const waits = `${server.origin}/v1.0/workflows/dapr/second?detail=full`;
    await until("the second order waits for the first", async () => {
      return JSON.stringify(await (await fetch(waits)).json()).includes("limit:one-at-a-time");
    });
    for (const id of ["first", "second"]) await api.raise(id, "approval", true);
    expect([outputOf(await api.ended("first")), outputOf(await api.ended("second"))]).toEqual([
      "shipped for 3",
      "shipped for 4",
    ]);

    const schedule = `${server.origin}/v1.0/workflow-schedules/dapr/monthly`;
    const fired = await fetch(`${schedule}/trigger`, { method: "POST" });
    const { instanceID } = (await fired.json()) as { instanceID: string };
    expect(outputOf(await api.ended(instanceID))).toBe("shipped for 10");
    expect(await (await fetch(schedule)).json()).toMatchObject({ workflowName: "placeOrder", source: "code" });

    const isTold = (id: string) => told.some(({ data }) => data.instanceID === id);
    await until("all have been told of", () => ["first", "second", "declined", instanceID].every(isTold));
    expect(told.find(({ data }) => data.instanceID === "declined")).toMatchObject({
      type: "workflow.failed",
      data: { workflowName: "placeOrder", failure: { errorType: "TaskFailedError" } },
    });

    const metrics = parsePrometheus(await (await fetch(`${server.origin}/metrics`)).text());
    const labels = [...metrics.values()].flatMap(({ samples }) => samples.map((sample) => sample.labels));
    const names = new Set(labels.map((label) => label.workflow_name ?? label.workflow).filter((name) => name));
    expect([...names].sort()).toEqual(["placeOrder", "placeOrders", "ship"]);
  });

  it("[E12.4] its source map leads to the lines of the author's and of the library's files", () => {
    const { code, map } = bundled;
    expect(code).toMatch(/\n\/\/# sourceMappingURL=worker\.js\.map$/);
    const declined = sourceOf('"no funds"', code, map);
    expect(declined.file).toBe("../test/node/e2e/shop-worker.js");
    expect(declined.line).toContain('throw new CardDeclined("no funds")');
    const own = sourceOf("Registered are", code, map);
    expect(own.file).toMatch(/^\.\.\/src\/engine\/.*\.ts$/);
  });
});

describe("[E13] In a checkout", () => {
  const directory = temporaryDirectory();
  const started: Running[] = [];

  beforeAll(() => {
    for (const part of ["src", "scripts", "assets", "dashboard", "wrangler.toml", "package.json", "tsconfig.json"])
      cpSync(join(ROOT, part), join(directory, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  });
  afterAll(async () => {
    for (const { child } of started) if (child.pid !== undefined) endAll(await processTree(child.pid));
    rmSync(directory, { recursive: true, force: true });
  });

  function node(...args: string[]): Running {
    const running = run(directory, process.execPath, args);
    started.push(running);
    return running;
  }

  function edit(file: string, from: string, to: string): void {
    const path = join(directory, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`expected "${from}" in ${file}`);
    writeFileSync(path, text.replace(from, to));
  }

  it("[E13.1] what wrangler uploads is the minified bundle with its source map, from src and nothing else", async () => {
    const form = join(directory, "form");
    const deploy = node("scripts/deploy.mjs", "--dry-run", "--outfile", form);
    expect([await deploy.exitCode, deploy.output()]).toMatchObject([0, expect.stringContaining("--dry-run: exiting")]);
    const body = readFileSync(form);
    const boundary = body.subarray(2, body.indexOf("\r\n")).toString();
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const files = [...(await new Response(body, { headers }).formData())].filter(([name]) => name !== "metadata");
    expect(files.map(([name]) => name)).toEqual(["worker.js", "worker.js.map"]);
    const [code = "", map = ""] = await Promise.all(files.map(([, file]) => new Response(file).text()));
    expect(code.length).toBeLessThan(600_000);
    expect(sourceOf("orderProcessingWorkflow", code, map).file).toBe("src/samples/order-processing.ts");
  });

  it("[E13.2] what is there already is not written again", async () => {
    const built = async () => {
      const bundle = node("--import", "data:text/javascript,process.env.WRANGLER_COMMAND='dev'", "scripts/bundle.mjs");
      expect([await bundle.exitCode, bundle.output()]).toEqual([0, ""]);
      return ["worker.js", "worker.js.map", "worker.d.ts"].map(
        (name) => statSync(join(directory, ".wrangler/bundle", name)).ino,
      );
    };
    const first = await built();
    expect(await built()).toEqual(first);
  });

  it("[E13.3] npm start serves code whose lines can be found, tells a mistake in a file that has changed, and serves it when it is mended", async () => {
    const port = await freePort();
    const server = node("scripts/start.mjs", "--port", String(port), "--persist-to", join(directory, "state"));
    const isReady = () => /Ctrl-C/.test(server.output());
    await until("the lines that npm start prints", () => isReady() || server.child.exitCode !== null, 40_000);
    expect(server.output()).toMatch(/Ctrl-C/);
    const api = new Api(`http://127.0.0.1:${port}`);
    let n = 0;
    const greeting = async () => {
      n += 1;
      await api.start("greetAll", `greeting-${n}`, ["Ada"]);
      return outputOf(await api.ended(`greeting-${n}`));
    };
    expect(await greeting()).toBe("Hello, Ada!");

    edit("src/samples/greeting.ts", "return `Hello, ", "return = `Hello, ");
    await until("the mistake is told", () => /greeting\.ts:\d+:\d+:/.test(server.output()), 40_000);
    expect(server.output()).not.toContain("ChildProcess");

    edit("src/samples/greeting.ts", "return = `Hello, ", "throw new Error(`Hello, ");
    edit("src/samples/greeting.ts", "!`;", "!`);");
    await until("what is new is served", async () => (await greeting()) === undefined, 40_000);
    const { failure } = (await api.state(`greeting-${n}`)) as { failure?: { innerFailure?: { stackTrace?: string } } };
    expect(failure?.innerFailure?.stackTrace).toMatch(/^Error: Hello, Ada!\n +at sayHello \(.*:\d{4,}:\d+\)/);
  }, 120_000);
});
