// [M] Which mutants `npm run mutate` tries, what the type checker refuses of them, and the command itself.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { endAll, npm, type Running } from "../e2e/npm.ts";
import { processTree, ROOT } from "../e2e/server.ts";
import { draw, mutate, original, type Place } from "./draw.ts";
import { TypeCheck } from "./type-check.ts";

const at = (line: number, column: number) => ({ line, column });
const place = (fileName: string, start: [number, number], end: [number, number], replacement: string): Place => ({
  id: `${fileName} ${start} ${replacement}`,
  fileName,
  location: { start: at(...start), end: at(...end) },
  mutatorName: "BooleanLiteral",
  replacement,
});
const HUNDRED = Array.from({ length: 100 }, (_, line) => place("a.ts", [line, 4], [line, 8], "false"));
const nothing = async () => undefined;

describe("[M1] A draw", () => {
  it("[M1.1] of a seed is the same each time, however the mutants come and are called; of another it is another", async () => {
    const drawn = async (mutants: readonly Place[], seed: number) => {
      const { drawn } = await draw(mutants, { seed, wanted: 10 }, nothing);
      return mutants.flatMap(({ id, location }) => (drawn.has(id) ? [location.start.line] : [])).sort((a, b) => a - b);
    };
    const first = await drawn(HUNDRED, 7);
    expect(first).toHaveLength(10);
    expect(await drawn(HUNDRED.map((mutant, n) => ({ ...mutant, id: String(100 - n) })).reverse(), 7)).toEqual(first);
    expect(await drawn(HUNDRED, 8)).not.toEqual(first);
  });

  it("[M1.2] takes another in place of each that is refused, and no more than are wanted", async () => {
    const asked: string[] = [];
    const { drawn, refused } = await draw(HUNDRED, { seed: 7, wanted: 10 }, async ({ id, location }) => {
      asked.push(id);
      return location.start.line % 2 === 0 ? `line ${location.start.line}` : undefined;
    });
    expect(drawn.size).toBe(10);
    expect([...drawn, ...refused.keys()].sort()).toEqual(asked.sort());
    expect(refused.size).toBeGreaterThan(0);
    for (const mutant of HUNDRED)
      expect(refused.get(mutant.id) ?? `line ${mutant.location.start.line}`).toBe(`line ${mutant.location.start.line}`);
  });

  it("[M1.3] of more than there are takes all", async () => {
    const { drawn, refused } = await draw(HUNDRED, { seed: 7, wanted: 101 }, nothing);
    expect([drawn.size, refused.size]).toEqual([100, 0]);
  });

  it("[M1.4] over many seeds takes each as often as another", async () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 1_000; seed++) {
      const { drawn } = await draw(HUNDRED, { seed, wanted: 10 }, nothing);
      for (const id of drawn) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(counts.size).toBe(100);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  it.each([
    ["in a line", [1, 10], [1, 14], "true", "false", "let a;\nconst b = false;\nf();\n"],
    ["over lines", [0, 4], [2, 3], "a;\nconst b = true;\nf()", "", "let ;\n"],
  ] as const)("[M1.5] a mutant stands %s in place of what it replaces", (_, start, end, before, after, mutated) => {
    const text = "let a;\nconst b = true;\nf();\n";
    const mutant = place("a.ts", [...start], [...end], after);
    expect([original(text, mutant), mutate(text, mutant)]).toEqual([before, mutated]);
  });
});

describe("[M2] The type checker", () => {
  let root = "";
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("[M2.1] refuses what is no program of the types, one mutant at a time, and leaves neither trace nor copy", async () => {
    root = mkdtempSync(join(tmpdir(), "types-"));
    const text = "export const done: boolean = true;\nexport const name: 'a' = 'a';\n";
    const file = join(root, "src", "a.ts");
    mkdirSync(join(root, "src"));
    writeFileSync(file, text);
    writeFileSync(
      join(root, "tsconfig.json"),
      '{ "compilerOptions": { "strict": true, "noEmit": true, "types": [] } }',
    );
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith("mutate-"));
    const before = copies();
    const seen: (string | undefined)[] = [];
    {
      await using types = await TypeCheck.of(root);
      expect(copies()).toHaveLength(before.length + 1);
      seen.push(await types.refusal(place(file, [1, 25], [1, 28], '""')));
      seen.push(await types.refusal(place(file, [0, 29], [0, 33], "false")));
      seen.push(await types.refusal(place(file, [0, 29], [0, 33], '""')));
    }
    expect(seen[0]).toContain("src/a.ts(2,14): error TS2322");
    expect(seen[1]).toBeUndefined();
    expect(seen[2]).toContain("src/a.ts(1,14): error TS2322");
    expect(copies()).toEqual(before);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});

// Some 10 s of computing, on a machine that may be busy with others.
describe("[M3] npm run mutate", { timeout: 300_000 }, () => {
  const FILE = "src/engine/conditions.ts";
  const SANDBOXES = join(ROOT, ".stryker-tmp");
  const sandboxes = () => (existsSync(SANDBOXES) ? readdirSync(SANDBOXES) : []);
  let running: Running | undefined;
  const run = async (...args: string[]) => {
    running = npm("run", "--silent", "mutate", "--", ...args);
    return { code: await running.exitCode, output: running.output() };
  };
  afterEach(async () => {
    if (running?.child.pid !== undefined && running.child.exitCode === null)
      endAll(await processTree(running.child.pid));
  });

  it("[M3.1] says how many the tests have seen, and of each other one where it is; the code stays as it is", async () => {
    const [text, before] = [readFileSync(join(ROOT, FILE), "utf8"), sandboxes()];
    const tests = ["--tests", "test/node/engine/waits.test.ts"];
    const { code, output } = await run(
      "--seed",
      "5",
      "--mutants",
      "8",
      "--only",
      FILE,
      "--only",
      "src/engine/stall.ts",
      ...tests,
    );
    expect(output).toMatch(/^seed 5\n/);
    expect(output).toMatch(/mutants tried {7}8 of \d+, in \d+ s\n/);
    const [killed = 0, timedOut = 0, survived = 0] = ["killed", "killed by timeout", "survived"].map((name) =>
      Number(new RegExp(`^${name} +(\\d+)$`, "m").exec(output)?.[1]),
    );
    expect([killed + timedOut + survived, killed > 0, survived > 0]).toEqual([8, true, true]);
    const places = output
      .slice(output.indexOf("\nsurvived"))
      .match(/^src.+:\d+:\d+ [A-Z]\w+(, which no test reaches)?: .+ -> .*$/gm);
    expect(places).toHaveLength(survived);
    expect(code).toBe(1);
    expect(readFileSync(join(ROOT, FILE), "utf8")).toBe(text);
    expect(sandboxes()).toEqual(before);
  });

  it.each([
    [["--seed", "x"], '--seed is a whole number, found "x"'],
    [["--mutants", "-1"], "--mutants"],
    [["--only", "src/nowhere"], "--only is a file or a folder, and there is no src/nowhere"],
  ])("[M3.2] refuses %j", async (args, message) => {
    const { code, output } = await run(...args);
    expect(output).toContain(message);
    expect(code).toBe(1);
  });
});
