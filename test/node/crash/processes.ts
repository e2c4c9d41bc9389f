import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isRunning, type ProcessInfo, processTree, until } from "../e2e/server.ts";
import { within } from "./harness.ts";

export interface HostOptions {
  /** The Worker that is served: a file of this folder. */
  readonly worker?: string;
  /** A command that runs another: the host is given to it. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends a start that nobody waits for any more. */
  readonly signal?: AbortSignal;
}

/** How long a host may take until it is ready, or until it has done what it was asked for. */
const PATIENCE_MS = 60_000;

/** A server of a crash Worker in a process of its own: Node, and workerd as its child. */
export class Host {
  readonly origin: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface, origin: string) {
    this.#child = child;
    this.#lines = lines;
    this.origin = origin;
  }

  static async start(directory: string, recorderUrl: string, options: HostOptions = {}): Promise<Host> {
    const { worker = "./worker.js", prefix = [], env, signal } = options;
    signal?.throwIfAborted();
    const script = fileURLToPath(new URL("./host.ts", import.meta.url).href);
    const line = [...prefix, process.execPath, "--no-warnings", script, worker, directory, recorderUrl];
    const child = spawn(line[0] ?? "", line.slice(1), {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaint += text;
    });
    const lines = createInterface({ input: child.stdout });
    const ready = new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      child.once("close", (code) => reject(new Error(`The host ended with ${code} before it was ready: ${complaint}`)));
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    try {
      const origin = await within("the host is ready", PATIENCE_MS, ready);
      if (!URL.canParse(origin)) throw new Error(`expected the host's origin, found ${origin}`);
      child.stderr.pipe(process.stderr);
      return new Host(child, lines, origin);
    } catch (error) {
      for (const { pid } of await processTree(Number(child.pid))) kill(pid);
      throw error;
    }
  }

  get pid(): number {
    return Number(this.#child.pid);
  }

  /** Resolves when code that has changed is served in the place of what was. */
  async reload(edition: string): Promise<void> {
    await this.#ask(edition);
  }

  /** How many MiB of workerd's heap are in use when all garbage has been collected. The host needs INSPECT in its `env`. */
  async heapInUse(): Promise<number> {
    return Math.round(Number(await this.#ask("heap")) / 2 ** 18) / 4;
  }

  #ask(line: string): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#lines.once("line", resolve));
    this.#child.stdin?.write(`${line}\n`);
    return within(`the host's answer to "${line}"`, PATIENCE_MS, answer);
  }

  /** As a power cut does it: Node first, so that it cannot put a new workerd in the place of the old one. */
  async kill(): Promise<void> {
    const tree = await processTree(this.pid);
    for (const { pid } of tree) kill(pid);
    await gone(tree);
  }

  /** Stops it in good order: the databases are complete afterwards. */
  async stop(): Promise<void> {
    const tree = await processTree(this.pid);
    this.#child.stdin?.end();
    await gone(tree);
  }
}

/** The workerd that this very process has started. */
export async function ownWorkerd(): Promise<ProcessInfo> {
  const found = (await processTree(process.pid)).filter(({ name }) => name === "workerd");
  const [workerd] = found;
  if (workerd === undefined || found.length !== 1) throw new Error(`expected one workerd, found ${found.length}`);
  return workerd;
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export async function gone(tree: readonly ProcessInfo[]): Promise<void> {
  await until(`the end of ${tree.map(({ name, pid }) => `${name} ${pid}`).join(", ")}`, () => !tree.some(isRunning));
}
