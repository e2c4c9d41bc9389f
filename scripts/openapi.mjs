// npm run openapi: writes assets/v1.0/openapi.json anew. A test compares it with the table of routes, in src/http/routes.ts.

import "./node-version.mjs";
import { join } from "node:path";
import { writeOpenApi } from "./openapi-document.mjs";
import { ROOT } from "./wrangler.mjs";

await writeOpenApi(join(ROOT, "assets"));
