// What the pages of docs/ show has to work as it stands there.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { defaultLimits } from "../../../src/instance/limits.ts";
import { bundle, ROOT, type Server, serve, temporaryDirectory } from "../e2e/server.ts";
import { startedAs, T0 } from "../engine/support.ts";
import {
  type Block,
  commandsOf,
  fileOf,
  isShell,
  isTypeScript,
  isWorker,
  type Page,
  readPage,
  relativeLinks,
  run,
  runShell,
  typeCheck,
  writeTypeScript,
} from "./page.ts";
import { PAGES_TO_COME } from "./pages-to-come.ts";

/** Pages without a program: they have no code, or somebody else's tests run it. */
const WITHOUT_PROGRAM = ["docs/comparison.md", ...PAGES_TO_COME];

const pages = readdirSync(join(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => readPage(`docs/${file}`));

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
});

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe("[M1] The code of docs/", () => {
  it("[M1.1] passes the type checker, every ```ts block of every page", async () => {
    const checked = pages.filter(({ path }) => !PAGES_TO_COME.includes(path));
    expect(checked.flatMap(({ blocks }) => blocks.filter(isTypeScript)).length).toBeGreaterThan(0);
    expect(await typeCheck(join(directory, "types"), checked)).toBe("");
  });

  // A page's programs: its Worker is served, then its client programs and its curl commands run against it in the order
  // in which they stand there. The ```text block after each is what it prints.
  it.each(pages.filter(({ path }) => !WITHOUT_PROGRAM.includes(path)))("[M1.2] $path prints what it says", async (page) => {
    const base = join(directory, page.path.replace(/\W/g, "-"));
    writeTypeScript(base, page);
    const [worker] = page.blocks.filter(isWorker);
    if (worker === undefined) throw new Error(`${page.path} has no whole Worker`);
    const server = await serve(await bundle(join(base, fileOf(worker))));
    try {
      const programs = programsOf(page);
      expect(programs.length).toBeGreaterThan(0);
      for (const { block, prints } of programs) {
        const printed = isShell(block) ? await curl(block, server) : await runClient(base, block, server);
        expect(printed.trim()).toBe(prints.trim());
      }
    } finally {
      await server.close();
    }
  });
});

function programsOf({ path, blocks }: Page): { block: Block; prints: string }[] {
  return blocks.flatMap((block, n) => {
    const isProgram = isTypeScript(block) ? fileOf(block).startsWith("client") : isShell(block);
    if (!isProgram) return [];
    const next = blocks[n + 1];
    if (next?.language !== "text") throw new Error(`${path}:${block.line}: what does it print? No \`\`\`text block follows`);
    return [{ block, prints: next.code }];
  });
}

async function curl(block: Block, { origin }: Server): Promise<string> {
  const printed: string[] = [];
  for (const command of commandsOf(block)) printed.push((await runShell(command, origin)).printed.trim());
  return printed.join("\n");
}

/** As in Node: the library without the Worker. */
async function runClient(base: string, block: Block, { port }: Server): Promise<string> {
  const outfile = join(base, "out.mjs");
  await build({
    stdin: { contents: block.code.replaceAll('"8787"', `"${port}"`), resolveDir: base, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2024",
    logLevel: "silent",
    alias: { "edge-workflows": join(ROOT, "src/client.ts") },
    outfile,
  });
  return (await run("node", [outfile])).printed;
}

describe("[M2] The text of docs/", () => {
  it.each(pages)("[M2.1] the relative links of $path lead to something", (page) => {
    const missing = relativeLinks(page).filter((link) => !existsSync(join(ROOT, link)));
    expect(missing.filter((link) => !PAGES_TO_COME.includes(link))).toEqual([]);
  });

  it("[M2.2] every page is linked from the README", () => {
    const linked = relativeLinks(readPage("README.md"));
    expect(pages.map(({ path }) => path).filter((path) => !linked.includes(path))).toEqual([]);
  });

  it("[M2.3] every limit is named with its default, in a row of a table", () => {
    const rows = [readPage("README.md"), ...pages].flatMap(({ text }) => text.split("\n").filter((l) => l.startsWith("|")));
    const missing = Object.entries(defaultLimits).filter(([key, value]) => {
      const row = rows.find((line) => line.includes(`\`limits.${key}\``));
      return row === undefined || !written(key, value).some((text) => new RegExp(`(?<![\\d,.])${text}(?![\\d,.]*\\d)`).test(row));
    });
    expect(missing).toEqual([]);
  });

  it("[M2.4] versioning.md quotes the texts of a stall as they are", async () => {
    const { text } = readPage("docs/versioning.md");
    const unfit = new Registry();
    unfit.addVersion("order", "v2", () => undefined, true);
    const started = { ...startedAs("order"), version: "v1" };
    const missing = await Orchestration.load("i", { registry: unfit }, [started], true);
    expect(text).toContain(`\`${missing.stall?.message}\``);

    const unpatched = new Registry();
    unpatched.addWorkflow("order", async function* (ctx: WorkflowContext) {
      yield ctx.waitForExternalEvent("e");
    });
    const patched = [startedAs("order"), { type: "PatchRecorded", timestampMs: T0, name: "check-stock" } as const];
    const mismatch = await Orchestration.load("i", { registry: unpatched }, patched, true);
    expect(text).toContain(`\`${mismatch.stall?.message.trim()}\``);
  });
});

/** The ways to write a limit: `terminatePatienceMs: 1_000` is 1,000, or 1 s. */
function written(key: string, value: number): string[] {
  const texts = [value.toLocaleString("en-US")];
  if (key.endsWith("Ms")) texts.push(`${value / 1000} s`, `${value / 60_000} min`, `${value / 3_600_000} h`);
  return texts;
}
