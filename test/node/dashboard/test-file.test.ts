// "Make a test of this": what is downloaded runs, passes with the code that has written the history, and fails with other code.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { testFileOf } from "../../../dashboard/src/instance/model/test-file.ts";
import { WorkflowRuntime } from "../../../src/client.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { type ExportedHistory, replayHistory } from "../../../src/testing.ts";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";

const run = promisify(execFile);
const folder = join(ROOT, "test/histories");
const recorded = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as ExportedHistory] as const,
);

const samples = new WorkflowRuntime();
const sources = ["order-processing", "patterns", "travel-booking"].map((file) => join(ROOT, `src/samples/${file}.ts`));
for (const source of sources) {
  // By path: their types are those of a Worker.
  const sample = await import(source);
  (sample.registerOrderProcessing ?? sample.registerPatterns ?? sample.registerTravelBooking)(samples);
}

/** The text within the file, as it is when it runs. */
function historyIn(text: string): string {
  const [, literal = ""] = /const history = (String\.raw`[^`]*`);/.exec(text) ?? [];
  return new Function(`return ${literal}`)();
}

const RUNTIME = `
  import { WorkflowRuntime } from "edge-workflows";
  import { registerOrderProcessing } from ${JSON.stringify(sources[0])};
  import { registerPatterns } from ${JSON.stringify(sources[1])};
  import { registerTravelBooking } from ${JSON.stringify(sources[2])};
  export const runtime = new WorkflowRuntime();
  registerOrderProcessing(runtime);
  registerPatterns(runtime);
  registerTravelBooking(runtime);
`;
const alias = {
  "edge-workflows/testing": join(ROOT, "src/testing.ts"),
  "edge-workflows": join(ROOT, "src/client.ts"),
  "cloudflare:workers": join(ROOT, "test/node/cloudflare-workers.ts"),
};

/** A folder of an author: the file as it was downloaded, and a runtime. */
function project(text: string, name: string, runtime = RUNTIME): string {
  const directory = temporaryDirectory();
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  writeFileSync(join(directory, "runtime.ts"), runtime);
  writeFileSync(join(directory, name), text);
  return directory;
}

async function runWithNode(directory: string, name: string): Promise<string> {
  mkdirSync(join(directory, "out"));
  const outfile = join(directory, "out", "made.test.mjs");
  await build({
    entryPoints: [join(directory, name)],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    alias,
    logLevel: "error",
  });
  const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", outfile], {
    env: { ...process.env, NODE_OPTIONS: "" },
  }).catch((error) => error);
  return stdout;
}

describe("[Q] Make a test of this", () => {
  const [, order] = recorded.find(([file]) => file === "order-approved.json") ?? ["", undefined];
  if (order === undefined) throw new Error("no history of an approved order");

  it.each(recorded)(
    "[Q1] %s: replays up to each of its events, and says how it stands there",
    async (_, { instanceId, events }) => {
      for (let count = 1; count <= events.length; count++) {
        const { text, count: whole } = testFileOf({ instanceId, events, count, runner: "node" });
        expect(whole).toBeGreaterThanOrEqual(count);
        const [, state] = /state: "(\w+)"/.exec(text) ?? [];
        expect(await replayHistory(samples, historyIn(text))).toEqual({ events: whole, state });
      }
    },
  );

  it("[Q2] runs as it was downloaded with node --test, and passes", async () => {
    const { text, name } = testFileOf({ ...order, count: order.events.length, runner: "node" });
    expect(name).toBe("orderProcessingWorkflow.test.ts");
    expect(await runWithNode(project(text, name), name)).toContain("# pass 1");
  });

  it("[Q2.1] fails, and shows where, when the code does something else", async () => {
    const { text, name } = testFileOf({ ...order, count: 9, runner: "node" });
    const changed = `
      import { WorkflowRuntime } from "edge-workflows";
      async function* orderProcessingWorkflow(ctx) { yield ctx.callActivity("other"); }
      export const runtime = new WorkflowRuntime().registerWorkflow(orderProcessingWorkflow);
    `;
    const output = await runWithNode(project(text, name, changed), name);
    expect(output).toContain("# fail 1");
    expect(output).toContain("callActivity 'other' #1");
  });

  it("[Q2.2] runs with vitest, and passes", async () => {
    const { text, name } = testFileOf({ ...order, count: 5, runner: "vitest" });
    const directory = project(text, name);
    const config = `export default { resolve: { alias: ${JSON.stringify(alias)} } };`;
    writeFileSync(join(directory, "vitest.config.mjs"), config);
    const { stdout } = await run(
      process.execPath,
      [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", directory],
      {
        env: { ...process.env, NO_COLOR: "1", VITEST: "", NODE_ENV: "" },
      },
    );
    expect(stdout).toMatch(/Tests\s+1 passed/);
  });

  it("[Q3] payloads and IDs stay what they are, whatever is in them", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become one
    const hostile = "`${process.exit(1)}` \\` \\${x} \\u0041 \r\n\u2028 */ <img onerror> ' \"";
    const input = JSON.stringify(hostile);
    const events: HistoryEvent[] = [
      { type: "ExecutionStarted", timestampMs: 1, name: "w", executionId: hostile, generation: 0, input },
    ];
    const { text, name } = testFileOf({ instanceId: `order\n${hostile}`, events, count: 1, runner: "node" });
    const lines = historyIn(text)
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([{ instanceId: `order\n${hostile}` }, ...events]);
    expect(name).toMatch(/^[A-Za-z0-9_-]+\.test\.ts$/);
    const ended = recorded.find(([file]) => file === "chaining.json")?.[1] as ExportedHistory;
    const odd = testFileOf({ instanceId: hostile, events: ended.events, count: ended.events.length, runner: "node" });
    expect(await runWithNode(project(odd.text, odd.name), odd.name)).toContain("# pass 1");
  });
});
