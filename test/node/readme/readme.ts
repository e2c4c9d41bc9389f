// The README and the pages of docs/ as the tests see them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../e2e/server.ts";

export interface Block {
  readonly language: string;
  /** Line of the page on which the code begins. */
  readonly line: number;
  readonly code: string;
}

export interface Readme {
  readonly text: string;
  readonly blocks: readonly Block[];
}

export function readReadme(): Readme {
  return readPage("README.md");
}

/** Throws when there is no such page. */
export function readPage(path: string): Readme {
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
  return { text, blocks };
}

/** The commands of a block, those over several lines joined; prompts and comments are left out. */
export function commandsOf({ code }: Block): string[] {
  return code
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.replace(/^\s*\$\s+/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** A block that begins with `// src/orders.ts` or `# wrangler.toml` is that file. */
export function fileOf({ language, code }: Block): string | undefined {
  if (["sh", "bash", "text"].includes(language)) return undefined;
  return /^(?:\/\/|#) ([\w./-]+\.\w+)\n/.exec(code)?.[1];
}
