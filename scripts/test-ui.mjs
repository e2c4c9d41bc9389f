// npm run test:ui: what a person does in the dashboard, in a real Chromium. Arguments go to vitest: npm run test:ui -- test/ui/list.test.ts
//
// The browser is CHROMIUM_PATH, or /usr/bin/chromium. Where there is none, and this runs as root on Debian, it is installed from Debian's own packages with
// apt-get, which changes the machine; elsewhere this says what to do and ends with exit code 1. Nothing is skipped.

import "./node-version.mjs";
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildDashboard } from "./dashboard.mjs";
import { ROOT } from "./wrangler.mjs";

const DEBIANS = "/usr/bin/chromium";

const problem = browserProblem();
if (problem !== undefined) {
  console.error(`npm run test:ui: ${problem}`);
  process.exit(1);
}
await buildDashboard();

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const child = spawn(
  process.execPath,
  [vitest, "run", "--config", "test/ui/vitest.config.ts", ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: "inherit",
  },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));

/** `undefined` once there is a browser. */
function browserProblem() {
  const given = process.env.CHROMIUM_PATH;
  if (given) return isProgram(given) ? undefined : `CHROMIUM_PATH is ${given}, and that is no program`;
  if (isProgram(DEBIANS)) return undefined;
  const missing = `there is no ${DEBIANS}. Install Chromium, or say where it is with CHROMIUM_PATH`;
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0)
    return `${missing}. It is installed by itself only as root on Debian`;
  console.log(`There is no ${DEBIANS}: installing Debian's chromium on this machine (apt-get install chromium)`);
  const isInstalled = aptGet("update") && aptGet("install", "-y", "--no-install-recommends", "chromium");
  return isInstalled && isProgram(DEBIANS)
    ? undefined
    : `apt-get could not install chromium, as it says above; ${missing}`;
}

function aptGet(...words) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", ["-q", ...words], { stdio: ["ignore", "inherit", "inherit"], env }).status === 0;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
