// What the pages of docs/ show has to work as it stands there: their TypeScript passes the type checker, and every
// program in them runs to its end, with its own assertions.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultLimits } from "../../../src/instance/limits.ts";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";
import { type Block, readPage } from "./readme.ts";

const pages = readdirSync(join(ROOT, "docs")).filter((file) => file.endsWith(".md"));
const programs = pages.flatMap((page) =>
  readPage(`docs/${page}`)
    .blocks.filter(({ language }) => language === "ts")
    .map((block) => ({ page, block, file: `${page.replace(".md", "")}-${block.line}.ts` })),
);
const isWorker = ({ code }: Block) => code.includes("createWorker");

/** The library as an author imports it, from its sources. */
const paths = {
  "edge-workflows": [join(ROOT, "src/client.ts")],
  "edge-workflows/testing": [join(ROOT, "src/testing.ts")],
};

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

  it.each(programs.filter(({ block }) => !isWorker(block)).map(({ file }) => file))(
    "[R4.2] %s runs to its end",
    async (file) => {
      const path = join(directory, "node", file);
      const inPlace = readFileSync(path, "utf8")
        .replace('"edge-workflows/testing"', JSON.stringify(join(ROOT, "src/testing.ts")))
        .replace('"edge-workflows"', JSON.stringify(join(ROOT, "src/client.ts")));
      writeFileSync(path.replace(/\.ts$/, ".run.ts"), inPlace);
      await import(path.replace(/\.ts$/, ".run.ts"));
    },
  );

  it("[R4.3] each feature has a page with a program", () => {
    const without = ["comparison.md", "conformance.md"];
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

  it("[R4.5] every limit of an instance is named in the README, with its default", () => {
    const { text } = readPage("README.md");
    const missing = Object.entries(defaultLimits).filter(([name, value]) => {
      const row = text.split("\n").find((line) => line.startsWith("|") && line.includes(`limits.${name}\``));
      return row === undefined || !numbersIn(row).includes(value);
    });
    expect(missing).toEqual([]);
  });

  it("[R4.6] the conformance page names a test for each of its rows", () => {
    const rows = [...readPage("docs/conformance.md").text.matchAll(/^\| (DJ\d+) \|/gm)].map((match) => match[1]);
    const tests = readFileSync(join(ROOT, "test/conformance/programs.test.ts"), "utf8");
    expect(rows.length).toBe(17);
    expect(rows.filter((row) => !tests.includes(`[${row}]`))).toEqual([]);
  });
});

/** Numbers of a row in milliseconds where they are times: `14 min`, `1 h`, `0.5 s`, `10,000`. */
function numbersIn(row: string): number[] {
  const units: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };
  return [...row.matchAll(/([\d.,]*\d)(?: (ms|s|min|h)\b)?/g)].map(
    ([, digits = "", unit]) => Number(digits.replaceAll(",", "")) * (unit === undefined ? 1 : (units[unit] ?? 1)),
  );
}
