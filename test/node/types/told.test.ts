// [Y] What the compiler tells an author who has written something wrong, and what `wrangler types` makes of a Worker.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";

const WRONG = `
import { type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "edge-workflows";
const price = (_: WorkflowActivityContext, units: number): number => units;
function* child(_ctx: WorkflowContext, order: { item: string }) { return order.item; }
export function* w(ctx: WorkflowContext) {
  ctx.callActivity(price, "gold");
  ctx.callActivity(price, 1, { retires: 3 });
  ctx.callChildWorkflow(child, { item: 1 });
  const bad: Date = yield* ctx.callChildWorkflow(child, { item: "x" });
  return bad;
}
new WorkflowRuntime().registerWorkflow((ctx: WorkflowContext) => ctx.callActivity(price, 1));
`;

const WRONG_BRANCHES = `
import { type WorkflowContext } from "edge-workflows";
function* book(ctx: WorkflowContext, what: string) { return yield* ctx.callActivity(what); }
function* forgotten(ctx: WorkflowContext) { yield book(ctx, "car"); }
export function* w(ctx: WorkflowContext) {
  ctx.branch(book);
  ctx.branch(forgotten(ctx));
  yield* ctx.whenAll([book(ctx, "flight"), book]);
  yield* ctx.whenAny([forgotten(ctx)]);
}
`;

const worker = (exported: string) => `
import { createWorker, StateStore, WorkflowRuntime } from "edge-workflows";
const worker = createWorker(new WorkflowRuntime());
${exported}
export { StateStore };
export default { fetch: (request: Request, env: Env) => worker.fetch(request, env) } satisfies ExportedHandler<Env>;
`;

const CONFIGURATION = `
name = "w"
main = "worker.ts"
compatibility_date = "2026-10-01"
[[durable_objects.bindings]]
name = "WORKFLOW_INSTANCE"
class_name = "WorkflowInstance"
[[durable_objects.bindings]]
name = "STATE_STORE"
class_name = "StateStore"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["WorkflowInstance", "StateStore"]
`;

let directory: string;

/** What the command prints, and nothing when it ends well and prints nothing. */
function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false", NO_COLOR: "1" };
  return new Promise((resolve) =>
    execFile(command, args, { cwd, env }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`)),
  );
}

function project(name: string, types: readonly string[], files: Readonly<Record<string, string>>): string {
  const cwd = join(directory, name);
  mkdirSync(cwd);
  symlinkSync(join(ROOT, "node_modules"), join(cwd, "node_modules"));
  const paths = { "edge-workflows": [join(ROOT, "src/index.ts")] };
  const compilerOptions = { types, paths, skipLibCheck: false };
  const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  for (const [file, text] of Object.entries({ ...files, "tsconfig.json": JSON.stringify(config) }))
    writeFileSync(join(cwd, file), text);
  return cwd;
}

const compiled = (cwd: string) => run("npx", ["tsc", "-p", ".", "--pretty", "false"], cwd);

/** The first line of each error in wrong.ts, behind the number of its line. */
async function errorsOf(cwd: string): Promise<string[]> {
  const lines = (await compiled(cwd)).split("\n").filter((line) => line.startsWith("wrong.ts"));
  return lines.map((line) => line.replace(/^wrong\.ts\((\d+),\d+\): error /, "$1 "));
}

beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("[Y1] Errors", () => {
  it("[Y1.1] speak of the argument that is wrong", async () => {
    const cwd = project("wrong", ["@cloudflare/workers-types"], { "wrong.ts": WRONG });
    const told = await errorsOf(cwd);
    expect(told).toEqual([
      "6 TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
      "7 TS2353: Object literal may only specify known properties, and 'retires' does not exist in type 'ActivityOptions'.",
      "8 TS2322: Type 'number' is not assignable to type 'string'.",
      "9 TS2322: Type 'string' is not assignable to type 'Date'.",
      expect.stringContaining('"the result of this workflow is a task: yield it"'),
    ]);
  });

  it("[Y1.2] of branches say what was given: a function that is not called, a generator whose yield lacks its star", async () => {
    const cwd = project("wrong-branches", ["@cloudflare/workers-types"], { "wrong.ts": WRONG_BRANCHES });
    const [book, forgotten] = [
      "'(ctx: WorkflowContext, what: string) => Generator<Task<any>, any, any>'",
      "'Generator<Generator<Task<any>, any, any>, void, unknown>'",
    ];
    expect(await errorsOf(cwd)).toEqual([
      `6 TS2345: Argument of type ${book} is not assignable to parameter of type 'Branchable<any>'.`,
      `7 TS2345: Argument of type ${forgotten} is not assignable to parameter of type 'Branchable<void>'.`,
      `8 TS2322: Type ${book} is not assignable to type 'Task<any> | Branchable'.`,
      `9 TS2322: Type ${forgotten} is not assignable to type 'Task<any> | Branchable'.`,
    ]);
  });
});

describe("[Y2] wrangler types", () => {
  const typed = async (name: string, exported: string) => {
    const cwd = project(name, ["./worker-configuration.d.ts"], {
      "worker.ts": worker(exported),
      "wrangler.toml": CONFIGURATION,
    });
    await run(process.execPath, ["--no-warnings", join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "types"], cwd);
    expect(readFileSync(join(cwd, "worker-configuration.d.ts"), "utf8")).toContain(
      'WORKFLOW_INSTANCE: DurableObjectNamespace<import("./worker").WorkflowInstance>;',
    );
    return compiled(cwd);
  };

  it("[Y2.1] finds the type of a class that extends the Worker's, and its environment fits", async () => {
    expect(await typed("class", "export class WorkflowInstance extends worker.WorkflowInstance {}")).toBe("");
  });

  it("[Y2.2] finds none of a constant: why the documented form is a class", async () => {
    expect(await typed("constant", "export const { WorkflowInstance } = worker;")).toContain("error TS2694");
  });
});
