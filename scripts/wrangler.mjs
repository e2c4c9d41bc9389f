// One way to call wrangler, for all scripts: the pinned version, on this Node, without talking to anyone.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The command line itself and not `bin/wrangler.js`: that one is a parent which passes no signal on, so a stop would
 * end it at once and leave the servers to follow some time later.
 */
const CLI = locateWrangler();

/** With these wrangler looks nothing up on the network by itself and works the same when there is none. */
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};

/** @returns the child process, running in the root of the repository. Variables already set win over the quiet ones. */
export function spawnWrangler(args, { env = {}, ...options } = {}) {
  return spawn(process.execPath, ["--no-warnings", CLI, ...args], {
    cwd: ROOT,
    ...options,
    env: { ...QUIET, ...env, ...process.env },
  });
}

/** Runs wrangler to its end. @returns its exit code, and what it printed when `capture` is set. */
export async function runWrangler(args, { capture = false } = {}) {
  const child = spawnWrangler(args, { stdio: capture ? ["ignore", "pipe", "pipe"] : "inherit" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, output };
}

function locateWrangler() {
  try {
    return fileURLToPath(import.meta.resolve("wrangler"));
  } catch {
    console.error("The packages of this project are not installed: run `npm ci` first.");
    process.exit(1);
  }
}
