// npm run build: the library as it is published, JavaScript and declarations, in dist/. `npm pack` and `npm publish` run it first.

import "./node-version.mjs";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./tsc.mjs";
import { ROOT } from "./wrangler.mjs";

const DIST = join(ROOT, "dist");

// tsc leaves files of modules that are no more, and they would be published.
rmSync(DIST, { recursive: true, force: true });
if (!(await compile("scripts/tsconfig.build.json"))) process.exit(1);
for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (file.endsWith(".d.ts")) nameJavaScript(join(DIST, file));
}

/** tsc writes `./task.js` into JavaScript and leaves `./task.ts` in declarations, where no such file is published. */
function nameJavaScript(declaration) {
  const text = readFileSync(declaration, "utf8");
  const named = text.replace(/((?:\bfrom|\bimport) "|\bimport\(")(\.[^"]*)\.ts"/g, '$1$2.js"');
  if (named !== text) writeFileSync(declaration, named);
}
