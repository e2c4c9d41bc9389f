// npm run test:ui: journeys through the dashboard in a real Chromium, that of Debian, which is installed where it is missing and this user may. Arguments go
// to vitest: npm run test:ui -- instance

import "./node-version.mjs";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "./wrangler.mjs";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

if (!existsSync(CHROMIUM)) {
  console.log("Chromium is missing: apt-get installs it.");
  const wanted = [
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
  ];
  for (const [command, ...args] of wanted) {
    const { status } = spawnSync(command, args, { stdio: "inherit" });
    if (status === 0) continue;
    console.error(
      `npm run test:ui needs Chromium. Install it, and name it where it is not ${CHROMIUM}: CHROMIUM_PATH=… npm run test:ui`,
    );
    process.exit(1);
  }
}

const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const config = join(ROOT, "test/ui/vitest.config.ts");
const child = spawn(process.execPath, [vitest, "run", "--config", config, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`vitest could not be started: ${error.message}. Run npm ci.`);
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? 1));
