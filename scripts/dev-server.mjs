// A local server: `wrangler dev` as a child process, from "is the port free" to "nothing of it is left".
//
//   starting --ready--> listening --stop()--> stopped
//        `---------------- exit ----------------'
//
// 1. The child is in our process group, so whoever kills the group kills all of it.
// 2. `exited` resolves once, whoever ended the child.
// 3. Every error of wrangler and of the Worker reaches our stderr or stdout; only start-up chatter is dropped, and wrangler's own insides.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { spawnWrangler } from "./wrangler.mjs";

/** How long wrangler may take to stop before it is killed. */
const STOP_LIMIT_MS = 5_000;

/** A terminal sends Ctrl-C to wrangler as well; a second signal on top of that would cut its clean-up short. */
const INTERRUPT_GRACE_MS = 500;

const PARENT_CHECK_MS = 500;

/** What wrangler says on a normal start and a newcomer need not read. */
const START_UP_CHATTER = [
  /^\s*$/,
  /^Cloudflare collects anonymous telemetry/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource\s+Mode/,
  /^env\.\w+ .*\blocal\s*$/,
  /^\[custom build\] Running: /,
];

/** Where wrangler itself listens, which need not be where the server is asked; and what it says when it takes requests and the Worker is yet to come. */
const NOT_FOR_READERS = /^\[wrangler:info\] (?:Ready on |✨ Parsed \d+ valid header)|^⎔ Starting local server/;

/** Of code that cannot be bundled esbuild says all there is to say; behind that wrangler shows the process it has run, a hundred lines long. */
const SHOWS_PROCESS = /ERROR.*Process exited with non-zero status/;
const HAS_SHOWN_PROCESS = /ERROR.*Running custom build/;

/**
 * @param options.args all arguments of `wrangler dev`, `--ip` and `--port` among them
 * @param options.onReady called once, when the server accepts connections
 */
export function startDevServer({ args, onReady }) {
  const color = process.stdout.isTTY && !process.env.NO_COLOR;
  const child = spawnWrangler(["dev", ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      // The local explorer and observability are two more Workers in the path of every request.
      X_LOCAL_OBSERVABILITY: "false",
      X_LOCAL_EXPLORER: "false",
      FORCE_COLOR: color ? "1" : "0",
    },
  });

  let ready = false;
  child.on("message", (message) => {
    const { event } = JSON.parse(String(message));
    if (event !== "DEV_SERVER_READY" || ready) return;
    ready = true;
    onReady();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (NOT_FOR_READERS.test(line)) return;
    if (ready || !isStartUpChatter(line)) console.log(line);
  });
  let isOfProcess = false;
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (SHOWS_PROCESS.test(line)) isOfProcess = true;
    if (HAS_SHOWN_PROCESS.test(line)) isOfProcess = false;
    if (!isOfProcess && (ready || line.trim() !== "")) console.error(line);
  });

  const exited = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });

  let stopping;
  const stop = (signal = "SIGTERM") => {
    stopping ??= stopChild(child, exited, signal);
    return stopping;
  };
  return { exited, stop };
}

/** Calls `stop` when we are asked to end: by a signal, or because npm, which passes no SIGTERM on, is gone. */
export function stopWhenAsked(stop) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
  // Whoever reads our output is gone, and with it whoever wanted the server.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stop("SIGTERM"));
  if (process.env.npm_lifecycle_event === undefined) return;
  const parents = parentIds();
  setInterval(() => {
    if (parentIds() !== parents) stop("SIGTERM");
  }, PARENT_CHECK_MS).unref();
}

/** `undefined` when the port can be listened on, else the reason. */
export function portProblem({ ip, port }) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(error.code ?? error.message));
    probe.listen({ host: ip, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** An address of IPv6 has colons of its own. */
export function hostInUrl(ip) {
  return ip.includes(":") ? `[${ip}]` : ip;
}

/** A port that was free a moment ago. */
export function freePort(ip) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host: ip, port: 0 }, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function isStartUpChatter(line) {
  return START_UP_CHATTER.some((pattern) => pattern.test(line));
}

async function stopChild(child, exited, signal) {
  if (signal === "SIGINT") await Promise.race([exited, delay(INTERRUPT_GRACE_MS)]);
  if (child.exitCode === null && child.signalCode === null) killTree(child);
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await exited;
  clearTimeout(killer);
}

function killTree(child) {
  // Windows has no SIGTERM: `kill` would end wrangler alone and leave what it started.
  if (process.platform === "win32") execFile("taskkill", ["/pid", String(child.pid), "/T", "/F"], () => {});
  else child.kill("SIGTERM");
}

/** Our parent and, where that is cheap to learn, its parent: npm starts a shell which starts us. */
function parentIds() {
  try {
    const afterName = readFileSync(`/proc/${process.ppid}/stat`, "utf8").replace(/^.*\) /s, "");
    return `${process.ppid} ${afterName.split(" ")[1]}`;
  } catch {
    return `${process.ppid}`;
  }
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
