import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchDirectory } from "../disk.ts";

/** Nothing in it is removed before the end of the run: see there for what that would cost the next turn. */
const disk = new BenchDirectory();

/** Ends what it has started, by process. */
export class Processes {
  readonly #running: ChildProcess[] = [];
  readonly #atEnd: (() => Promise<void>)[] = [];

  newDirectory(): string {
    const directory = disk.newTurn();
    // PostgreSQL runs as a user of its own, who has to pass through here.
    chmodSync(dirname(directory), 0o711);
    return directory;
  }

  atEnd(close: () => Promise<void>): void {
    this.#atEnd.push(close);
  }

  start(
    command: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
  ) {
    const env = { ...process.env, ...options.env };
    const child = spawn(command, args, { ...options, env, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data) => {
      errors = `${errors}${data}`.slice(-2000);
    });
    child.on("exit", (code) => {
      if (code) process.stderr.write(`${command} ended with ${code}: ${errors}\n`);
    });
    this.#running.push(child);
  }

  startNode(script: string, ...args: string[]): void {
    this.start(process.execPath, ["--no-warnings", fileURLToPath(new URL(script, import.meta.url).href), ...args]);
  }

  /** The last one first. */
  async end(): Promise<void> {
    for (const close of this.#atEnd.splice(0)) await close();
    for (const child of this.#running.splice(0).toReversed()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      const killing = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(killing);
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const PATIENCE_MS = 30_000;

/** Tries until it works. */
export async function eventually<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw new Error(`${what} is not ready after 30 s`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A PostgreSQL with its defaults on a new directory; as `postgres` when we are root, whom it refuses. */
export async function startPostgres(processes: Processes): Promise<string> {
  const bin = execFileSync("pg_config", ["--bindir"], { encoding: "utf8" }).trim();
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: numberOf("-u"), gid: numberOf("-g") } : {};
  const directory = processes.newDirectory();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  execFileSync(join(bin, "initdb"), ["-D", directory, "-A", "trust", "-U", "bench"], { ...user, stdio: "ignore" });
  const port = await freePort();
  processes.start(
    join(bin, "postgres"),
    ["-D", directory, "-p", String(port), "-k", directory, "-h", "127.0.0.1"],
    user,
  );
  await eventually("PostgreSQL", () =>
    execFileSync(join(bin, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" }),
  );
  return `postgresql://bench@127.0.0.1:${port}/bench_dbos_sys`;
}

function numberOf(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
}
