// npm run openapi: the OpenAPI document of the HTTP API, from its table of routes, into the files that are served beside the Worker.

import "./node-version.mjs";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./wrangler.mjs";

/** Where the document stands below a folder of static assets. A test compares it with the table. */
export const DOCUMENT = "v1.0/openapi.json";

export async function writeOpenApi(folder) {
  const { openApiDocument } = await import("../src/http/openapi/document.ts");
  const file = join(folder, DOCUMENT);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
}

if (import.meta.main) await writeOpenApi(join(ROOT, "assets"));
