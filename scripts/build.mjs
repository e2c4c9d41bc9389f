// npm run build: the library as it is published, JavaScript and declarations, in dist/, the command line in dist/cli.js, and in dist/dashboard what a Worker serves as files, its web pages too. `npm pack` and `npm publish` run it first.

import "./node-version.mjs";
import { cpSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { buildCli } from "./cli.mjs";
import { buildDashboard } from "./dashboard.mjs";
import { writeDashboardModule } from "./dashboard-module.mjs";
import { writeOpenApi } from "./openapi-document.mjs";
import { compile } from "./tsc.mjs";
import { ROOT } from "./wrangler.mjs";

const DIST = join(ROOT, "dist");

// tsc leaves files of modules that are no more, and they would be published.
rmSync(DIST, { recursive: true, force: true });
if (!(await compile("scripts/tsconfig.build.json"))) process.exit(1);
for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (file.endsWith(".d.ts")) finish(join(DIST, file));
}
await buildIn("eventsource-parser", "authoring/client-watch.js");
await buildCli(join(DIST, "cli.js"));
await buildDashboard();
cpSync(join(ROOT, "assets"), join(DIST, "dashboard"), { recursive: true });
await writeOpenApi(join(DIST, "dashboard"));
writeDashboardModule(DIST);

/** A package that the library has with it, so that nobody installs it: one file, beside the one that imports it, with its licence. */
async function buildIn(name, importer) {
  const directory = join(ROOT, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const text = readFileSync(join(directory, "LICENSE"), "utf8").trim();
  await build({
    // esbuild writes the path of each module into the code: from here it says the same on every machine.
    absWorkingDir: realpathSync(ROOT),
    // Also where node_modules is a link to somewhere else.
    preserveSymlinks: true,
    entryPoints: [join(directory, "dist/index.js")],
    outfile: join(DIST, dirname(importer), `${name}.js`),
    bundle: true,
    format: "esm",
    target: "es2022",
    banner: { js: `/*! ${name} ${version}, ${license}\n\n${text}\n*/` },
  });
  const file = join(DIST, importer);
  const code = readFileSync(file, "utf8");
  const builtIn = code.replace(`from "${name}"`, `from "./${name}.js"`);
  if (builtIn === code) throw new Error(`${importer} does not import ${name}`);
  writeFileSync(file, builtIn);
}

function finish(declaration) {
  const text = readFileSync(declaration, "utf8");
  const finished = toleratePlatform(nameJavaScript(text));
  if (finished !== text) writeFileSync(declaration, finished);
}

/** tsc writes `./task.js` into JavaScript and leaves `./task.ts` in declarations, where no such file is published. */
function nameJavaScript(text) {
  return text.replace(/((?:\bfrom|\bimport) "|\bimport\(")(\.[^"]*)\.ts"/g, '$1$2.js"');
}

/**
 * In a Worker the platform's types are there. A program in Node, which uses the client or the test kit, has none of them and checks
 * the same declarations: what names them is `any` to it, and no error.
 */
function toleratePlatform(text) {
  const PLATFORM = /^(?!\s*(?:\/?\*|\/\/)).*(?:"cloudflare:workers"|\bDurableObject(?:Namespace|State)?\b)/;
  return text
    .split("\n")
    .map((line) => (PLATFORM.test(line) ? `// @ts-ignore: a type of Cloudflare Workers\n${line}` : line))
    .join("\n");
}
