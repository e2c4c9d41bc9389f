// What the README shows has to work as it stands there.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, bundle, ROOT, serve, temporaryDirectory } from "../e2e/server.ts";
import { type Block, commandsOf, fileOf, type Readme, readReadme } from "./readme.ts";

const TYPESCRIPT = ["ts", "typescript"];
const SHELL = ["sh", "bash", "shell", "console"];
/** What npm does without a script of ours. */
const NPM_COMMANDS = ["ci", "install", "i", "init", "create", "pack", "publish", "login", "exec", "run"];
/** Scripts that npm runs without `run`. */
const NPM_SHORT = ["start", "test", "stop", "restart"];

let readme: Readme;
let directory: string;

beforeAll(() => {
  readme = readReadme();
  directory = temporaryDirectory();
});

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** Fails when there is none: a README without such a block must not pass unseen. */
function blocks(what: string, isMeant: (block: Block) => boolean): Block[] {
  const found = readme.blocks.filter(isMeant);
  if (found.length === 0) throw new Error(`README.md has no ${what}`);
  return found;
}

const isTypeScript = (block: Block) => TYPESCRIPT.includes(block.language);
const isWorker = (block: Block) =>
  isTypeScript(block) && block.code.includes("createWorker(") && block.code.includes("export default");

/** A block that names its file can be imported by another. */
const placeOf = (block: Block) => fileOf(block) ?? `readme-line-${block.line}.ts`;

function write(base: string, all: readonly Block[]): void {
  for (const block of all) {
    const path = join(base, placeOf(block));
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, block.code);
  }
}

describe("[R1] The TypeScript of the README", () => {
  it("[R1.1] passes the type checker, every block of it", async () => {
    const base = join(directory, "types");
    mkdirSync(base);
    write(base, blocks("```ts block", isTypeScript));
    symlinkSync(join(ROOT, "node_modules"), join(base, "node_modules"));
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        moduleDetection: "force",
        paths: { "edge-workflows": [join(ROOT, "src/index.ts")] },
        noEmit: true,
      },
      include: ["**/*.ts"],
    };
    writeFileSync(join(base, "tsconfig.json"), JSON.stringify(config));
    const printed = await new Promise<string>((resolve) =>
      execFile("npx", ["tsc", "-p", base, "--pretty", "false"], { cwd: ROOT }, (error, stdout, stderr) =>
        resolve(error === null ? "" : stdout + stderr),
      ),
    );
    expect(printed).toBe("");
  });

  it("[R1.2] the whole Worker serves: each of its workflows that the README starts comes to COMPLETED", async () => {
    const base = join(directory, "workers");
    write(base, blocks("```ts block", isTypeScript));
    for (const block of blocks("whole Worker: no ```ts block with createWorker( and export default", isWorker)) {
      const server = await serve(await bundle(join(base, placeOf(block))));
      try {
        const { workflows } = (await (await fetch(`${server.origin}/v1.0/metadata`)).json()) as {
          workflows: { workflows: string[] };
        };
        const starts = workflows.workflows.flatMap((name) => startOf(name) ?? []);
        expect(starts, `starts of ${workflows.workflows} in the README, by client or by curl`).not.toEqual([]);
        const api = new Api(server.origin);
        for (const [index, { name, input }] of starts.entries()) {
          await api.start(name, `readme-${index}`, input);
          const { runtimeStatus, properties } = await api.ended(`readme-${index}`);
          expect([name, runtimeStatus, properties]).toEqual([name, "COMPLETED", expect.anything()]);
        }
      } finally {
        await server.close();
      }
    }
  });
});

/** How the README starts a workflow: `scheduleNewWorkflow("name", input)`, or curl with `/name/start` and `-d 'input'`. */
function startOf(name: string): { name: string; input: unknown } | undefined {
  for (const { code } of readme.blocks.filter(isTypeScript)) {
    const literal = new RegExp(`scheduleNewWorkflow\\((?:"${name}"|${name})(?:,\\s*([^;]*?))?\\);`).exec(code);
    if (literal) return { name, input: literal[1] === undefined ? undefined : JSON.parse(literal[1]) };
  }
  for (const command of readme.blocks.filter(({ language }) => SHELL.includes(language)).flatMap(commandsOf)) {
    if (!command.includes(`/${name}/start`)) continue;
    const body = /(?:-d|--data) '([^']*)'/.exec(command)?.[1];
    return { name, input: body === undefined ? undefined : JSON.parse(body) };
  }
  return undefined;
}

describe("[R2] The commands of the README", () => {
  it("[R2.1] every npm script exists, in the blocks and in the text", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const inBlocks = blocks("```sh block", ({ language }) => SHELL.includes(language)).flatMap(commandsOf);
    const inText = [...readme.text.matchAll(/`(npm [^`]+)`/g)].map((match) => match[1] ?? "");
    const uses = [...inBlocks, ...inText].flatMap((command) => [...command.matchAll(/\bnpm (run )?([\w:-]+)/g)]);
    expect(uses.length).toBeGreaterThan(0);
    const missing = uses
      .filter(([, run, word = ""]) => {
        if (run !== undefined || NPM_SHORT.includes(word)) return scripts[word] === undefined;
        return !NPM_COMMANDS.includes(word);
      })
      .map(([use]) => use);
    expect(missing).toEqual([]);
  });

  it("[R2.2] every curl command that starts something is taken by the samples, and its instance ends well", async () => {
    const commands = blocks("```sh block", ({ language }) => SHELL.includes(language)).flatMap(commandsOf);
    const starts = commands.filter((command) => command.startsWith("curl") && command.includes("/start"));
    expect(starts.length).toBeGreaterThan(0);
    const server = await serve(await bundle(join(ROOT, "src/worker.ts")));
    try {
      for (const start of starts) {
        const here = start.replaceAll(/https?:\/\/localhost:\d+/g, server.origin);
        const printed = await new Promise<string>((resolve, reject) =>
          execFile("sh", ["-c", here.replace(/^curl /, "curl -si --max-time 30 ")], (error, stdout) =>
            error === null ? resolve(stdout) : reject(error),
          ),
        );
        expect(printed).toMatch(/^HTTP\/1\.1 20[02] /);
        const { instanceID } = JSON.parse(printed.slice(printed.indexOf("\r\n\r\n")));
        const state = await new Api(server.origin).ended(instanceID);
        expect([start, state.runtimeStatus]).toEqual([start, "COMPLETED"]);
      }
    } finally {
      await server.close();
    }
  });
});

describe("[R5] The output that the README shows", () => {
  it("[R5.1] is what its curl commands print with its own Worker; … stands for anything", async () => {
    const base = join(directory, "output");
    const [worker] = blocks("whole Worker", isWorker);
    if (worker === undefined) throw new Error("no Worker");
    write(base, [worker]);
    const shown = readme.blocks.flatMap((block, n) => {
      const [command, ...more] = SHELL.includes(block.language) ? commandsOf(block) : [];
      if (command?.startsWith("curl ") !== true) return [];
      const next = readme.blocks[n + 1];
      expect([more, next?.language]).toEqual([[], "json"]);
      return [{ command, prints: next?.code ?? "" }];
    });
    expect(shown).not.toEqual([]);
    const server = await serve(await bundle(join(base, placeOf(worker))));
    try {
      for (const { command, prints } of shown) {
        const here = command
          .replaceAll("http://localhost:8787", server.origin)
          .replace(/^curl /, "curl -s --max-time 30 ");
        const parts = prints.replaceAll(/\s+/g, "").split("…");
        const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*");
        const isAsShown = new RegExp(`^${pattern}$`);
        const print = async () => {
          const printed = await new Promise<string>((resolve) =>
            execFile("sh", ["-c", here], (_, out) => resolve(out)),
          );
          return printed.replaceAll(/\s+/g, "");
        };
        // A list knows of a change a moment after it.
        if (here.includes(" -d ")) expect(await print()).toMatch(isAsShown);
        else await expect.poll(print, { timeout: 5_000 }).toMatch(isAsShown);
      }
    } finally {
      await server.close();
    }
  });
});

describe("[R3] The text of the README", () => {
  it("[R3.1] relative links lead to something", () => {
    const links = [...readme.text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });

  it("[R3.2] it is read in five minutes: at most 700 words", () => {
    expect(readme.text.split(/\s+/).filter((word) => word !== "").length).toBeLessThanOrEqual(700);
  });
});
