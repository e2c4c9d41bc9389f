/**
 * npm run mutate: StrykerJS turns the code round in one place at a time, and the tests have to see it. `--mutants N` (default 100) are drawn
 * by `--seed S` from all it can make in src/engine, src/instance, src/storage, src/http and src/limits, or below `--only PATH`; `--tests PATH` shows
 * them to those tests alone. A mutant that the type checker refuses is none, and another is drawn. Works in a copy, `.stryker-tmp`.
 * Exit code 1 and the survivors, when there are any; 2 when the tests fail without a mutant.
 */
import { existsSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { described, NOT_DRAWN, survived } from "./plugin.mjs";

const FOLDERS = ["src/engine", "src/instance", "src/storage", "src/http", "src/limits"];
const CONFIG = "test/node/mutation/stryker.json";

const { values } = parseArgs({
  options: {
    mutants: { type: "string" },
    seed: { type: "string" },
    only: { type: "string", multiple: true },
    tests: { type: "string", multiple: true },
  },
});
const sample = {
  seed: numberOf("seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 31))),
  wanted: numberOf("mutants", values.mutants ?? "100"),
};

console.log(`seed ${sample.seed}`);
const startedAtMs = performance.now();
report(await run(), (performance.now() - startedAtMs) / 1000);

async function run() {
  process.stderr.write("first all tests without a mutant, some minutes\n");
  const stryker = new Stryker({
    configFile: CONFIG,
    mutate: (values.only ?? FOLDERS).map((path) => filesOf("only", path, "**/*.ts")),
    testFiles: (values.tests ?? []).map((path) => filesOf("tests", path, "**/*.test.ts")),
    sample,
  });
  return stryker.runMutationTest().catch(() => {
    console.error(
      "The tests have failed without a mutant, or StrykerJS itself has: see above. This says nothing about mutants.",
    );
    process.exit(2);
  });
}

function report(results, seconds) {
  process.stderr.write("\n");
  const tried = results.filter(({ status }) => status !== "CompileError");
  const refused = results.filter(({ status, statusReason }) => status === "CompileError" && statusReason !== NOT_DRAWN);
  const timedOut = tried.filter(({ status }) => status === "Timeout");
  const survivors = tried.filter(survived);
  console.log(
    `mutants tried       ${tried.length} of ${results.length.toLocaleString("en-US")}, in ${seconds.toFixed(0)} s`,
  );
  console.log(`refused by types    ${refused.length} more`);
  console.log(`killed              ${tried.length - timedOut.length - survivors.length}`);
  console.log(`killed by timeout   ${timedOut.length}`);
  for (const mutant of timedOut) console.log(described(mutant));
  console.log(`survived            ${survivors.length}`);
  for (const mutant of survivors) console.log(described(mutant));
  if (survivors.length > 0) process.exitCode = 1;
}

function filesOf(name, path, below) {
  if (!existsSync(path)) throw new Error(`--${name} is a file or a folder, and there is no ${path}`);
  return statSync(path).isDirectory() ? `${path.replace(/\/$/, "")}/${below}` : path;
}

function numberOf(name, text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} is a whole number, found ${JSON.stringify(text)}`);
}
