// Writes the OpenAPI document of the HTTP API, as its table of routes has it, into a folder of files that are served.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./wrangler.mjs";

/** Where it is served, below the folder. */
const FILE = "v1.0/openapi.json";

export async function writeOpenApi(folder) {
  const { openApiDocument } = await load("src/http/openapi/document.ts");
  const file = join(folder, FILE);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
}

/** Not every Node that the scripts run on takes TypeScript. */
async function load(source) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
