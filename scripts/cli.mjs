// The command line, bundled with its packages into one file that Node runs, with their licences.

import { chmodSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./wrangler.mjs";

const MARK = "node_modules/";

/** Writes the program to `outfile`. @returns the files that it was made of, from the root */
export async function buildCli(outfile) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const options = {
    // esbuild writes the path of each module into the code: from here it says the same on every machine.
    absWorkingDir: realpathSync(ROOT),
    // Also where node_modules is a link to somewhere else.
    preserveSymlinks: true,
    entryPoints: ["cli/main.ts"],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // As ES modules, of which only what writes YAML is taken; by its path, because Node would be given the other form.
    alias: { yaml: join(ROOT, "node_modules/yaml/browser/index.js") },
    // Names stay, so that a stack can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    define: { "process.env.EDGE_WORKFLOWS_VERSION": JSON.stringify(version) },
    legalComments: "none",
    logLevel: "warning",
  };
  const { metafile } = await build({ ...options, metafile: true, write: false });
  await build({ ...options, outfile, banner: { js: `#!/usr/bin/env node\n${licences(metafile)}\n${REQUIRE}` } });
  chmodSync(outfile, 0o755);
  return Object.keys(metafile.inputs);
}

/** Some packages are CommonJS, and ask for modules of Node. */
const REQUIRE =
  'import { createRequire as edgeWorkflowsCreateRequire } from "node:module";\nconst require = edgeWorkflowsCreateRequire(import.meta.url);';

/** Of every package that something was taken of. */
function licences({ inputs }) {
  const names = new Set(
    Object.keys(inputs)
      .filter((path) => path.includes(MARK))
      .map((path) => path.slice(path.lastIndexOf(MARK) + MARK.length).match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? ""),
  );
  return [...names].sort().map(licence).join("\n");
}

function licence(name) {
  const directory = join(ROOT, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const file = join(directory, "LICENSE");
  if (!existsSync(file)) throw new Error(`${name} has no file LICENSE in ${dirname(file)}`);
  return `/*! ${name} ${version}, ${license}\n\n${readFileSync(file, "utf8").trim()}\n*/`;
}
