// Commands as a stranger types them: in a shell, in a folder of their own, with nothing of this repository in the environment.
import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../node/e2e/npm.ts";

const COMMAND_LIMIT_MS = 120_000;
const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

/** With these wrangler asks nothing of the network by itself. */
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
  NO_COLOR: "1",
  CI: "1",
};

/** What npm tells the scripts of this repository, and what a shell may have set for it. */
const OURS = /^(npm_|INIT_CWD$|NODE_(OPTIONS|ENV|PATH)$|VITEST|DAPR_|CLOUDFLARE_|WRANGLER_)/i;
/** Where npm finds the registry is not ours, but the machine's. */
const NPM_ACCESS = /^npm_config_(registry|cache|userconfig|globalconfig|cafile|proxy|https_proxy|noproxy)$/i;

/** Every process group that was begun and has not ended, so that an interrupt leaves nothing behind. */
const running = new Set<number>();

export interface Place {
  readonly cwd: string;
  /** The Node that the commands find first. Default: the one that runs this. */
  readonly node?: string;
}

/** Resolves with what the command has printed. Rejects, with the end of that, when it fails or takes more than two minutes. */
export async function run(command: string, { cwd, node }: Place): Promise<string> {
  const { output, exited, end } = begin(command, { cwd, ...(node && { node }) });
  const limit = setTimeout(end, COMMAND_LIMIT_MS);
  const code = await exited;
  clearTimeout(limit);
  if (code === 0) return output();
  throw new Error(`\`${command}\` ended with ${code ?? "a signal"} in ${cwd}:\n${output().trim().slice(-3_000)}`);
}

export interface DevServer {
  readonly origin: string;
  readonly output: () => string;
  stop(): Promise<void>;
}

/** `command` is a `wrangler dev`; resolves once it serves, on a port of its own. */
export async function startDevServer(command: string, place: Place): Promise<DevServer> {
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const { output, exited, end } = begin(
    `exec ${command} --ip 127.0.0.1 --port ${port} --inspector-port ${inspectorPort}`,
    place,
  );
  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    end();
    await exited;
  };
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const giveUpAt = Date.now() + READY_LIMIT_MS;
  while (!(await isServed(origin))) {
    if (ended || Date.now() > giveUpAt) {
      await stop();
      throw new Error(`\`${command}\` does not serve:\n${output().trim().slice(-3_000)}`);
    }
    await delay(100);
  }
  return { origin, output, stop };
}

/** What is still running, ended by its process group. */
export function endAll(): void {
  for (const group of running) kill(group, "SIGKILL");
}

interface Begun {
  readonly output: () => string;
  /** The exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  end(): void;
}

function begin(command: string, { cwd, node = process.execPath }: Place): Begun {
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name) || NPM_ACCESS.test(name));
  const path = `${dirname(node)}${delimiter}${withoutLocalBinaries(process.env.PATH ?? "")}`;
  const child = spawn("sh", ["-c", command], {
    cwd,
    detached: true, // a process group of its own, which can be ended as a whole
    env: { ...Object.fromEntries(inherited), ...QUIET, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      text += error.message;
      resolve(1);
    });
    child.once("close", (code) => {
      if (pid !== undefined) running.delete(pid);
      resolve(code);
    });
  });
  const end = () => {
    if (pid === undefined) return;
    kill(pid, "SIGTERM");
    setTimeout(() => running.has(pid) && kill(pid, "SIGKILL"), STOP_LIMIT_MS).unref();
  };
  return { output: () => text, exited, end };
}

/** npm puts the binaries of this repository first, which a stranger has not. */
function withoutLocalBinaries(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/]\.bin$|node-gyp-bin$/.test(folder))
    .join(delimiter);
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended in the meantime.
  }
}

async function isServed(origin: string): Promise<boolean> {
  try {
    await fetch(origin, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
}
