// npm run build: the library as it is published, JavaScript and declarations, in dist/.

import "./node-version.mjs";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./tsc.mjs";
import { ROOT } from "./wrangler.mjs";

// tsc leaves files of modules that are no more, and they would be published.
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
if (!(await compile("scripts/tsconfig.build.json"))) process.exit(1);
