// npm run types: checks every TypeScript project of the repository, each with the globals of the place its code runs in.

import "./node-version.mjs";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./tsc.mjs";
import { ROOT } from "./wrangler.mjs";

const PROJECTS = [
  ".",
  "cli",
  "dashboard",
  "test/workers",
  "test/conformance",
  "test/node",
  "test/node/dashboard",
  "test/package",
  "test/ui",
  "bench",
];

for (const project of PROJECTS) {
  if (!existsSync(join(ROOT, project, "tsconfig.json"))) continue;
  const passed = await compile(project);
  console.log(`${passed ? "ok    " : "FAILED"} tsc -p ${project}`);
  if (!passed) process.exitCode = 1;
}
