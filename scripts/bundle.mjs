// What wrangler runs before it takes the Worker from .wrangler/bundle, and the dashboard from assets/ui (`[build]` in wrangler.toml).

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard, canBuildDashboard } from "./dashboard.mjs";
import { bundleWorker } from "./worker-bundle.mjs";
import { ROOT } from "./wrangler.mjs";

const DIRECTORY = join(ROOT, ".wrangler/bundle");
const NAME = "worker.js";

// Nothing happens where it was made of the sources that are there.
if (canBuildDashboard()) await buildDashboard();
try {
  const { code, map } = await bundleWorker({
    entry: "src/worker.ts",
    outfile: join(DIRECTORY, NAME),
    // While somebody works on it, it is there at once, and the stacks of failures name lines that can be found.
    minify: process.env.WRANGLER_COMMAND !== "dev",
  });
  mkdirSync(DIRECTORY, { recursive: true });
  // The code names its map, so that is there first.
  put(`${NAME}.map`, map);
  put(NAME, code);
  // `wrangler types` says that the types of the Worker are those of this file.
  put("worker.d.ts", `export * from "../../src/worker.ts";\nexport { default } from "../../src/worker.ts";\n`);
} catch (error) {
  // esbuild has said what is wrong in which line.
  if (error.errors === undefined) throw error;
  process.exitCode = 1;
}

/** As a whole, and not at all where it is there already: several servers may take it from one checkout. */
function put(name, text) {
  const file = join(DIRECTORY, name);
  if (readIfThere(file) === text) return;
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
