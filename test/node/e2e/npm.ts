// The scripts of package.json in processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { isRunning, type ProcessInfo, ROOT } from "./server.ts";

/** A child process with what it has printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

/** Runs a script of this project, as whoever has it does. */
export function npm(...args: string[]): Running {
  return run(ROOT, "npm", args);
}

export function run(cwd: string, command: string, args: readonly string[]): Running {
  const { DAPR_API_TOKEN: _, ...env } = process.env;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { child, output: () => output, exitCode };
}

/** Ends whatever of these is left, by pid. */
export function endAll(tree: readonly ProcessInfo[]): void {
  for (const process_ of tree.filter(isRunning)) process.kill(process_.pid, "SIGKILL");
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("expected the address of a port");
  return address.port;
}
