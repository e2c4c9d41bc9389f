// npm test: everything that needs no network and no browser. npm run test:quick: what everyday work touches. Arguments go to vitest:
// npm test -- test/node/engine/retry.test.ts

import "./node-version.mjs";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "./wrangler.mjs";

/** Below 90 s on 2 cores. What kills, waits for real time or tries every point of a run is left to `npm test`. */
const QUICK = ["engine", "instance", "http", "authoring", "testing", "structure", "readme"].map(
  (name) => `test/node/${name}`,
);
const QUICK_WITHOUT = ["**/crash-everywhere.test.ts"];

const [first, ...rest] = process.argv.slice(2);
const isQuick = first === "--quick";
const given = isQuick ? rest : process.argv.slice(2);
// Options of one word, and those that are given their value after a space, are no files.
const namesFiles = given.some((word, n) => !word.startsWith("-") && !/^--?[a-z][\w.]*$/i.test(given[n - 1] ?? ""));

if (isQuick) {
  const missing = QUICK.filter((folder) => !existsSync(join(ROOT, folder)));
  if (missing.length > 0) {
    console.error(`npm run test:quick: there is no ${missing.join(", no ")}. Mend the list in scripts/test.mjs.`);
    process.exit(1);
  }
  console.log(
    "npm run test:quick: engine, instance, HTTP, client, test kit and the code of the docs, below 90 s on 2 cores.",
  );
} else if (!namesFiles) {
  console.log(
    "npm test: all tests, 5 to 19 minutes on 2 cores; `npm run test:quick` takes below 90 s. Files are told of as they end.",
  );
}

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const quick = ["--project", "node", ...QUICK, ...QUICK_WITHOUT.flatMap((pattern) => ["--exclude", pattern])];
const child = spawn(process.execPath, [vitest, "run", ...(isQuick ? quick : []), ...given], {
  cwd: ROOT,
  stdio: "inherit",
});
// vitest is told by the terminal as well; whoever ends this process by its number means both.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`vitest could not be started: ${error.message}. Run npm ci.`);
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? 1));
