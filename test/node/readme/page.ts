// A page of the documentation as the tests see it: the README, or one of docs/.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../e2e/server.ts";

export interface Block {
  readonly language: string;
  /** Line of the page on which the code begins. */
  readonly line: number;
  readonly code: string;
}

export interface Page {
  /** From the root of the repository, for instance `docs/versioning.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const TYPESCRIPT = ["ts", "typescript"];
const SHELL = ["sh", "bash", "shell", "console"];

export const isTypeScript = ({ language }: Block): boolean => TYPESCRIPT.includes(language);
export const isShell = ({ language }: Block): boolean => SHELL.includes(language);
export const isWorker = (block: Block): boolean =>
  isTypeScript(block) && block.code.includes("createWorker(") && block.code.includes("export default");

/** Throws when there is no such page. */
export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks: Block[] = [];
  let open: { fence: string; language: string; line: number; code: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (open === undefined) {
      if (fence) open = { fence: fence[1] ?? "", language: fence[2] ?? "", line: index + 2, code: [] };
    } else if (line.trim() === open.fence) {
      blocks.push({ language: open.language, line: open.line, code: `${open.code.join("\n")}\n` });
      open = undefined;
    } else open.code.push(line);
  }
  if (open !== undefined) throw new Error(`${path}: the block that begins on line ${open.line} has no end`);
  return { path, text, blocks };
}

/** The commands of a block, those over several lines joined; prompts and comments are left out. */
export function commandsOf({ code }: Block): string[] {
  return code
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.replace(/^\s*\$\s+/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Links to files of this repository, from its root. */
export function relativeLinks({ path, text }: Page): string[] {
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? "");
  return links.map((link) => join(path, "..", link));
}

/** A block that begins with `// src/orders.ts` is that file, so that another may import it. */
export function fileOf(block: Block): string {
  return /^\/\/ ([\w./-]+\.ts)\b/.exec(block.code)?.[1] ?? `line-${block.line}.ts`;
}

/** Writes the TypeScript of a page into a directory. */
export function writeTypeScript(base: string, { blocks }: Page): void {
  for (const block of blocks.filter(isTypeScript)) {
    const path = join(base, fileOf(block));
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, block.code);
  }
}

/** What the type checker prints about the TypeScript of these pages, each of which gets a directory of its own; nothing when it is right. */
export async function typeCheck(base: string, pages: readonly Page[]): Promise<string> {
  mkdirSync(base, { recursive: true });
  for (const page of pages) writeTypeScript(join(base, page.path.replace(/\W/g, "-")), page);
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
  const { printed } = await run("npx", ["tsc", "-p", base, "--pretty", "false"]);
  return printed;
}

/** What a program prints, on both streams when it fails. */
export function run(file: string, args: readonly string[]): Promise<{ ok: boolean; printed: string }> {
  return new Promise((resolve) =>
    execFile(file, args, { cwd: ROOT, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error === null ? { ok: true, printed: stdout } : { ok: false, printed: stdout + stderr }),
    ),
  );
}

/** Runs a command line of the documentation against a server of the tests. */
export function runShell(command: string, origin: string): Promise<{ ok: boolean; printed: string }> {
  const here = command.replaceAll(/https?:\/\/localhost:\d+/g, origin);
  return run("sh", ["-c", here.replace(/^curl /, "curl -s --max-time 30 ")]);
}
