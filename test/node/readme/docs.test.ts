// What the pages of docs/ show has to work as it stands there: their TypeScript passes the type checker, and every
// program in them runs to its end, with its own assertions.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { JoiningContext } from "../../../src/engine/joining-context.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { ReadableContext } from "../../../src/engine/readable-context.ts";
import { Registry } from "../../../src/engine/registry.ts";
import { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { ROUTES } from "../../../src/http/routes.ts";
import { defaultLimits } from "../../../src/instance/limits.ts";
import type { ExecutionStarted } from "../../../src/model/history-event.ts";
import { bundle, ROOT, type Server, serve, temporaryDirectory } from "../e2e/server.ts";
import { startedAs, T0 } from "../engine/support.ts";
import { isAsSaid } from "./project-page.ts";
import { type Block, commandsOf, fileOf, readPage } from "./readme.ts";

const pages = readdirSync(join(ROOT, "docs")).filter((file) => file.endsWith(".md"));
/** Pages that build a project of several files have a test of their own: own-project.test.ts. */
const isProject = (page: string) => readPage(`docs/${page}`).blocks.some((block) => fileOf(block) !== undefined);
const singles = pages.filter((page) => !isProject(page));
const programs = singles.flatMap((page) =>
  readPage(`docs/${page}`)
    .blocks.filter(({ language }) => language === "ts")
    .map((block) => ({ page, block, file: `${page.replace(".md", "")}-${block.line}.ts` })),
);
const isWorker = ({ code }: Block) => code.includes("createWorker");
/** Programs that read a file run where the commands of their page have written it. */
const isOfWalk = ({ code }: Block) => code.includes('readFileSync("');

/** The library as an author imports it, from its sources. */
const paths = {
  "edge-workflows": [join(ROOT, "src/client.ts")],
  "edge-workflows/testing": [join(ROOT, "src/testing.ts")],
};

/** So long a list may take to know of a change, on a busy machine. */
const READ_MS = 5_000;

let directory: string;

beforeAll(() => {
  directory = temporaryDirectory();
  for (const kind of ["node", "worker"]) {
    const base = join(directory, kind);
    mkdirSync(base);
    symlinkSync(join(ROOT, "node_modules"), join(base, "node_modules"));
    const compilerOptions =
      kind === "node"
        ? { types: ["node"], paths, moduleDetection: "force" }
        : { paths: { "edge-workflows": [join(ROOT, "src/index.ts")] }, moduleDetection: "force" };
    const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(base, "tsconfig.json"), JSON.stringify(config));
  }
  for (const { block, file } of programs)
    writeFileSync(join(directory, isWorker(block) ? "worker" : "node", file), block.code);
});

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe("[R4] The pages of docs/", () => {
  it.each(["node", "worker"])("[R4.1] their TypeScript passes the type checker: %s", async (kind) => {
    const printed = await new Promise<string>((resolve) =>
      execFile(
        "npx",
        ["tsc", "-p", join(directory, kind), "--pretty", "false"],
        { cwd: ROOT },
        (error, stdout, stderr) => resolve(error === null ? "" : stdout + stderr),
      ),
    );
    expect(printed).toBe("");
  });

  it.each(programs.filter(({ block }) => !isWorker(block) && !isOfWalk(block)).map(({ file }) => file))(
    "[R4.2] %s runs to its end",
    runProgram,
  );

  // A page's Worker is served; another one further down is deployed in its place. what its curl commands print, line for line, is in the ```text block behind them, and what a single one prints is all of it; … stands for anything.
  // A step more of a page, of docs/operations.md say, is a ```sh block with curl commands and a ```text block behind it, where it belongs in
  // the walk: commands run from top to bottom, each on what those before it have left. $JOB is the ID of the bulk job that was begun last, and
  // what a command writes into a file is there for a program that reads it with readFileSync("file").
  it.each(singles.filter((page) => steps(page).some(({ run }) => run.length > 0)))(
    "[R4.7] the curl commands of %s print what it says",
    async (page) => {
      const walk = steps(page);
      let server: Server | undefined;
      let job = "";
      try {
        for (const { block, run, prints } of walk) {
          const { file } = programs.find((program) => program.page === page && program.block.line === block.line) ?? {};
          if (file !== undefined && isWorker(block)) {
            const worker = await bundle(join(directory, "worker", file));
            if (server === undefined) server = await serve(worker);
            else await server.reload(worker);
          } else if (file !== undefined && isOfWalk(block)) await runProgram(file);
          if (run.length === 0) continue;
          if (server === undefined)
            throw new Error(`docs/${page}:${block.line} has curl commands and no Worker before them`);
          const said = run.length === 1 ? [prints.join("\n").trim()] : prints;
          const printed: string[] = [];
          for (const [n, command] of run.entries()) {
            const here = command
              .replaceAll("http://localhost:8787", server.origin)
              .replace(/^curl /, "curl -s --max-time 30 ");
            const answer = await print(here, said[n] ?? "", job);
            job = /"jobID":"([^"]+)"/.exec(answer)?.[1] ?? job;
            printed.push(answer);
          }
          expect(printed.map((line, n) => (isAsSaid(line, said[n] ?? "") ? said[n] : line))).toEqual(said);
        }
      } finally {
        await server?.close();
      }
    },
  );

  it("[R4.8] versioning.md quotes the texts of a stall as they are", async () => {
    const { text } = readPage("docs/versioning.md");
    const without = new Registry();
    without.addVersion("order", "v2", () => undefined, true);
    const v1 = { ...(startedAs("order") as { timestampMs: number } & ExecutionStarted), version: "v1" };
    const { stall } = await Orchestration.load("i", { registry: without }, [v1], true);
    expect(text).toContain(`\`${stall?.message}\``);
    const unpatched = new Registry();
    unpatched.addWorkflow("order", function* (ctx: WorkflowContext) {
      yield ctx.waitForExternalEvent("e");
    });
    const patched = [startedAs("order"), { type: "PatchRecorded", timestampMs: T0, name: "check-stock" } as const];
    const mismatch = await Orchestration.load("i", { registry: unpatched }, patched, true);
    expect(text).toContain(`\`${mismatch.stall?.message}\``);
  });

  it("[R4.3] each feature has a page with a program", () => {
    const without = [
      "architecture.md",
      // Its commands run in test/node/cli/docs.test.ts.
      "cli.md",
      "comparison.md",
      "conformance.md",
      // Each way of it is tried in test/package.
      "dashboard.md",
      "limits.md",
      "performance.md",
      "production.md",
      "reliability.md",
      // Its commands run in tokens.test.ts.
      "security.md",
      "your-own-project.md",
    ];
    expect(
      pages.filter((page) => !without.includes(page) && !programs.some((program) => program.page === page)),
    ).toEqual([]);
  });

  it("[R4.4] relative links lead to something, and every page is linked from the README", () => {
    const broken = ["README.md", ...pages.map((page) => `docs/${page}`)].flatMap((page) =>
      [...readPage(page).text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => join(dirname(page), match[1] ?? ""))
        .filter((link) => !existsSync(join(ROOT, link))),
    );
    expect(broken).toEqual([]);
    const readme = readPage("README.md").text;
    expect(pages.filter((page) => !readme.includes(`(docs/${page})`))).toEqual([]);
  });

  it("[R4.14] a link leads to a heading that is there, and from a page of the package to a page of the package", () => {
    const { files } = JSON.parse(readPage("package.json").text) as { files: string[] };
    const packed = [...files.filter((file) => file.endsWith(".md")), ...pages.map((page) => `docs/${page}`)];
    expect(packed.length).toBeGreaterThan(pages.length + 1);
    const broken = packed.flatMap((page) =>
      [...readPage(page).text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)/g)]
        .map(([, path = "", heading = ""]) => ({ to: path === "" ? page : join(dirname(page), path), heading }))
        // Pictures stay in the repository: the text in their place is for who reads the package.
        .filter(({ to }) => !to.endsWith(".png"))
        .filter(({ to, heading }) =>
          // CONTRIBUTING.md is for who has the repository.
          packed.includes(to) ? heading !== "" && !headingsOf(to).includes(heading) : page !== "CONTRIBUTING.md",
        )
        .map(({ to, heading }) => `${page}: ${to}#${heading}`),
    );
    expect(broken).toEqual([]);
  });

  it("[R4.11] authoring.md names what the contexts have, and nothing that they have not", () => {
    const rows = readPage("docs/authoring.md").text.split("\n");
    const first = rows.findIndex((row) => row.startsWith("| a workflow's context |"));
    const table = rows.slice(first, rows.indexOf("", first));
    const named = table.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ""));
    const members = [ReadableContext, JoiningContext, WorkflowContext, WorkflowActivityContext].flatMap(
      ({ prototype }) =>
        Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor" && name !== "callSubWorkflow"),
    );
    expect([...new Set(named)].sort()).toEqual([...new Set(members)].sort());
  });

  it("[R4.12] production.md names every option of createWorker, and none that is not there", () => {
    const { text } = readPage("docs/production.md");
    const table = text.slice(text.indexOf("## Options of createWorker"), text.indexOf("## Deploys"));
    const named = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const source = readFileSync(join(ROOT, "src/worker-options.ts"), "utf8");
    const declared = source.slice(source.indexOf("interface WorkerOptions"), source.indexOf("\n}\n"));
    const options = [...declared.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
    expect(options.length).toBeGreaterThan(5);
    expect(named.sort()).toEqual(options.sort());
  });

  it("[R4.5] every limit of an instance is named in limits.md, with its default", () => {
    const { text } = readPage("docs/limits.md");
    const missing = Object.entries(defaultLimits).filter(([name, value]) => {
      const row = text.split("\n").find((line) => line.startsWith("|") && line.includes(`limits.${name}\``));
      return row === undefined || !numbersIn(row).includes(value);
    });
    expect(missing).toEqual([]);
  });

  it.each([
    ["src/http/trace.ts", "MAX_BAGGAGE_BYTES", "header `baggage`"],
    ["src/http/query-names.ts", "MOST_TOLD", "query parameters that a route does not know"],
    ["src/http/query-names.ts", "MAX_NAME", "query parameters that a route does not know"],
    ["src/model/log.ts", "MAX_TEXT_LENGTH", "the message of a failure, an attempt or a fault"],
    ["src/model/fault.ts", "MAX_LENGTH", "the message of an unexpected error"],
    ["src/http/instance-id.ts", "MAX_INSTANCE_ID_BYTES", "instance ID at start"],
    ["src/http/parameters.ts", "DEFAULT_PAGE", "events in one page"],
    ["src/http/parameters.ts", "MAX_PAGE", "events in one page"],
    ["src/http/parameters.ts", "MAX_UPDATE_ID", "update ID"],
    ["src/http/parameters.ts", "MAX_REASON", "`reason`"],
    ["src/http/parameters.ts", "MAX_RPS", "calls a second of a bulk job"],
    ["src/http/parameters.ts", "DEFAULT_JOBS", "bulk jobs in one page"],
    ["src/http/parameters.ts", "MAX_JOBS", "bulk jobs in one page"],
    ["src/http/jobs.ts", "DEFAULT_RPS", "calls a second of a bulk job"],
    ["src/http/jobs.ts", "MOST_UNCONFIRMED", "instances that a bulk job calls without `confirm`"],
    ["src/jobs/bulk-job.ts", "BATCH_SIZE", "calls a second of a bulk job"],
    ["src/jobs/job.ts", "MOST_TARGETS", "IDs that a bulk job names"],
    ["src/jobs/job.ts", "MOST_FAILURES", "failures that a bulk job tells"],
    ["src/jobs/job.ts", "MAX_ERROR_LENGTH", "failures that a bulk job tells"],
    ["src/http/state.ts", "MAX_TIMEOUT_SECONDS", "wait for an update or with `waitFor`"],
    ["src/model/message-limits.ts", "MAX_NAME_BYTES", "instance ID that a workflow gives"],
    ["src/model/ids.ts", "MAX_MADE_BYTES", "instance ID of a child, or of a scheduled workflow"],
    ["src/model/failure-size.ts", "MAX_TEXT_BYTES", "one text of a failure"],
    ["src/model/failure-size.ts", "MAX_FAILURE_BYTES", "a failure with all that is within it"],
    ["src/model/failure-size.ts", "MAX_INNER_FAILURES", "levels of failures"],
    ["src/model/failure.ts", "MAX_ERRORS", "`errors` of one error"],
    ["src/model/failure.ts", "MAX_PROPERTIES", "properties of a failure"],
    ["src/model/failure.ts", "MAX_PROPERTY_BYTES", "properties of a failure"],
    ["src/engine/names.ts", "MAX_NAME_LENGTH", "name of a workflow, activity"],
    ["src/engine/execution-context.ts", "MAX_CUSTOM_STATUS_LENGTH", "custom status"],
    ["src/engine/coroutine.ts", "MAX_RESUMES_WITHOUT_WAIT", "resumes of a workflow"],
    ["src/engine/seen-messages.ts", "REMEMBERED_MS", "the same raise sent again"],
    ["src/engine/seen-messages.ts", "REMEMBERED_MESSAGES", "the same raise sent again"],
    ["src/engine/seen-messages.ts", "SENDER_REMEMBERED_MS", "an event that another instance has sent"],
    ["src/engine/seen-messages.ts", "REMEMBERED_SENDERS", "an event that another instance has sent"],
    ["src/instance/life/former-updates.ts", "REMEMBERED", "updates known after"],
    ["src/instance/activities/activity-attempt.ts", "MAX_PROGRESS_LENGTH", "details of a heartbeat"],
    ["src/instance/life/purges.ts", "PATIENCE_MS", "wait of a parent's purge"],
    ["src/instance/delivery/family.ts", "CONCURRENCY", "children asked or purged"],
    ["src/instance/workflow-instance.ts", "ALARM_RETRY_MS", "could not even open its database"],
    ["src/instance/watching/watching.ts", "MOST_WATCHERS", "clients that watch one instance"],
    ["src/http/event-stream.ts", "HEARTBEAT_MS", "takes nothing"],
    ["src/catalog/options.ts", "MOST_SHARDS", "shards of the catalog"],
    ["src/instance/announcing/flights.ts", "PATIENCE_MS", "its shard of the catalog"],
  ])("[R4.9] a limit that cannot be set is in limits.md too, with its number: %s %s", (file, name, row) => {
    const source = readFileSync(join(ROOT, file), "utf8");
    const value = Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(source)?.[1]?.replaceAll("_", ""));
    const rows = readPage("docs/limits.md")
      .text.split("\n")
      .filter((line) => line.startsWith("|") && line.includes(row));
    // In seconds where the source has seconds.
    const numbers = rows.flatMap((line) => numbersIn(line)).flatMap((number) => [number, number / 1_000]);
    expect([value, rows.length, numbers.includes(value)]).toEqual([expect.any(Number), 1, true]);
  });

  it("[R4.10] what is said to enforce a rule or an invariant is there: files, tests, names", () => {
    const rows = readFileSync(join(ROOT, "src/engine/README.md"), "utf8")
      .split("\n")
      .filter((line) => /^\| [TP]\d+ \|/.test(line));
    const numbersOf = (letter: string) =>
      rows.flatMap((row) => new RegExp(`^\\| (${letter}\\d+) `).exec(row)?.[1] ?? []);
    for (const letter of ["T", "P"])
      expect(numbersOf(letter)).toEqual(numbersOf(letter).map((_, n) => `${letter}${n + 1}`));
    expect([numbersOf("T").length, numbersOf("P").length]).toEqual([
      expect.toSatisfy((n) => n >= 30),
      expect.toSatisfy((n) => n >= 14),
    ]);
    const sources = filesBelow("src");
    const tests = filesBelow("test");
    const names = new Set([...sources, ...tests].map((file) => basename(file)));
    const codeOf = (files: readonly string[]) => files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
    const code = codeOf(sources);
    const titles = codeOf(tests.filter((file) => file.endsWith(".test.ts")));
    const isThere = (name: string) => {
      if (name.includes("/")) return existsSync(join(ROOT, name));
      if (name.endsWith(".ts")) return names.has(name);
      return name
        .replaceAll("#", "")
        .split(".")
        .every((part) => new RegExp(`\\b${part}\\b`).test(code) || titles.includes(part));
    };
    const missing = rows.flatMap((row) => {
      const enforcedBy = row.split("|").at(-2) ?? "";
      const named = [...enforcedBy.matchAll(/`([\w./#-]+)`/g)].map(([, name = ""]) => name);
      const numbers = [...enforcedBy.matchAll(/\[([A-Z]+\d+(?:\.\d+)?)\]/g)].map(([, number = ""]) => number);
      return [
        ...named.filter((name) => !isThere(name)),
        ...numbers.filter((number) => !new RegExp(`["'\`]\\[${number.replace(".", "\\.")}[.\\]]`).test(titles)),
      ];
    });
    expect(missing).toEqual([]);
    // Every rule of the engine but the first, which is looked at after each turn of each test, has tests of its own.
    const untested = numbersOf("T").filter((number) => number !== "T1" && !titles.includes(`[${number}]`));
    expect(untested).toEqual([]);
  });

  it("[R4.15] each row of what is stricter than Dapr names a test that is there", () => {
    const rows = readPage("docs/http-api.md")
      .text.split("## Where this is stricter than Dapr")[1]
      ?.match(/^\|.*\|$/gm);
    const numbers = rows?.slice(2).map((row) => row.match(/\bH\d+/g) ?? []) ?? [];
    const directory = join(ROOT, "test/node/http");
    const tests = readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
    expect(numbers.length).toBeGreaterThan(0);
    for (const row of numbers) expect(row).not.toEqual([]);
    for (const number of numbers.flat())
      expect([number, tests.some((text) => text.includes(`[${number}]`))]).toEqual([number, true]);
  });

  it("[R4.13] http-api.md has every error code, every parameter and every type of event with its fields, and no code that is not there", () => {
    const { text } = readPage("docs/http-api.md");
    const codesIn = (code: string) => [...new Set(code.match(/\bERR_[A-Z_]+/g))].sort();
    const sources = filesBelow("src/http").map((file) => readFileSync(join(ROOT, file), "utf8"));
    const errors = text.slice(text.indexOf("## Errors"), text.indexOf("What a 500 says"));
    expect(codesIn(errors)).toEqual(codesIn(sources.join("\n")));
    expect(ROUTES.flatMap(({ parameters }) => Object.keys(parameters)).filter((name) => !text.includes(name))).toEqual(
      [],
    );
    const model = readFileSync(join(ROOT, "src/model/history-event.ts"), "utf8");
    const types = [...model.matchAll(/readonly type: "(\w+)"/g)].map(([, type = ""]) => type);
    const events = text.slice(text.indexOf("## History"), text.indexOf("## Health"));
    expect(types.length).toBeGreaterThan(20);
    expect(types.filter((type) => !events.includes(`\`${type}\``))).toEqual([]);
    const fieldsOf = (name: string): string[] => {
      const [, bases = "", body = ""] =
        new RegExp(`interface ${name}(?: extends ([\\w, ]+))? \\{\n([\\s\\S]*?)\n\\}`).exec(model) ?? [];
      const own = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => field);
      return [
        ...own,
        ...bases
          .split(", ")
          .filter((base) => base !== "")
          .flatMap(fieldsOf),
      ];
    };
    const untold = types.flatMap((type) => {
      const row = events
        .split("\n")
        .find((line) => line.startsWith("|") && line.split("|")[1]?.includes(`\`${type}\``));
      return fieldsOf(type)
        .filter((field) => field !== "type" && row?.includes(`\`${field}\``) !== true)
        .map((field) => `${type}.${field}`);
    });
    expect(fieldsOf("TaskScheduled")).toEqual(expect.arrayContaining(["input", "timeoutMs", "firstId"]));
    expect(untold).toEqual([]);
  });

  it("[R4.6] the conformance page and its tests have the same rows, and the engine's tests it names are there", () => {
    const { text } = readPage("docs/conformance.md");
    const rows = [...text.matchAll(/^\| (DJ\d+) \|.*\|$/gm)];
    const directory = join(ROOT, "test/conformance");
    const programs = readdirSync(directory).filter((file) => file.endsWith(".test.ts"));
    const titles = titlesOf(programs.map((file) => readFileSync(join(directory, file), "utf8")).join("\n"), "DJ");
    expect(rows.map(([, row]) => row)).toEqual(rows.map((_, n) => `DJ${n + 1}`));
    expect([...titles].sort()).toEqual(rows.map(([, row = ""]) => row).sort());
    const inNode = filesBelow("test/node").filter((file) => file.endsWith(".test.ts"));
    const engine = titlesOf(inNode.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n"), "[A-Z]");
    const named = rows.map(([row]) => /\| ([\w.]+) \|$/.exec(row)?.[1] ?? `none in ${row}`);
    expect(named.filter((name) => !engine.has(name))).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

/** As GitHub makes them of a page's headings. */
function headingsOf(page: string): string[] {
  return [...readPage(page).text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The numbers in the titles of a file's tests: `DJ1` for `"[DJ1] …"`. */
function titlesOf(code: string, prefix: string): Set<string> {
  return new Set(
    [...code.matchAll(new RegExp(`["'\`]\\[(${prefix}\\d+(?:\\.\\d+)?)\\] `, "g"))].map((match) => match[1] ?? ""),
  );
}

/** The blocks of a page, with the curl commands of each, and what they print. */
function steps(page: string): { block: Block; run: string[]; prints: string[] }[] {
  const { blocks } = readPage(`docs/${page}`);
  return blocks.map((block, n) => {
    if (block.language !== "sh" || !block.code.includes("curl ")) return { block, run: [], prints: [] };
    const next = blocks[n + 1];
    if (next?.language !== "text") throw new Error(`docs/${page}:${block.line}: what does this print?`);
    return { block, run: commandsOf(block), prints: next.code.trimEnd().split("\n") };
  });
}

/** Runs a program of a page, with the library from its sources and files where the commands of the page have put them. */
async function runProgram(file: string): Promise<void> {
  const path = join(directory, "node", file);
  const inPlace = readFileSync(path, "utf8")
    .replace('"edge-workflows/testing"', JSON.stringify(join(ROOT, "src/testing.ts")))
    .replace('"edge-workflows"', JSON.stringify(join(ROOT, "src/client.ts")))
    .replace(/readFileSync\("([^"]+)"/, (_, name: string) => `readFileSync(${JSON.stringify(join(directory, name))}`);
  writeFileSync(path.replace(/\.ts$/, ".run.ts"), inPlace);
  await import(path.replace(/\.ts$/, ".run.ts"));
}

/**
 * What the command prints. One that only reads is run again for a while, until it prints what is said: a list of all instances
 * knows of a change a moment after it.
 */
async function print(command: string, said: string, job: string): Promise<string> {
  const changes = /-X POST|-d /.test(command);
  const deadlineMs = Date.now() + (changes ? 0 : READ_MS);
  const options = { cwd: directory, env: { ...process.env, JOB: job } };
  for (;;) {
    const printed = await new Promise<string>((resolve) =>
      execFile("sh", ["-c", command], options, (_, out) => resolve(out.trim())),
    );
    if (isAsSaid(printed, said) || Date.now() >= deadlineMs) return printed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Numbers of a row in milliseconds where they are times: `14 min`, `1 h`, `0.5 s`, `10,000`. */
function numbersIn(row: string): number[] {
  const units: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
  return [...row.matchAll(/([\d.,]*\d)(?: (ms|s|min|h)\b)?/g)].map(
    ([, digits = "", unit]) => Number(digits.replaceAll(",", "")) * (unit === undefined ? 1 : (units[unit] ?? 1)),
  );
}
