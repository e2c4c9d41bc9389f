// Workers as a user runs them: bundled by esbuild, served by workerd on a real port of the loopback interface.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare, type MiniflareOptions, NoOpLog } from "miniflare";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url).href);
export const SAMPLES = join(ROOT, "src/worker.ts");

export interface Bundle {
  readonly code: string;
  /** The Durable Object classes: whatever the entry exports beside its default. */
  readonly classes: readonly string[];
}

/** `entry` imports the library as its source or, as users do, by the name of the package; `alias` resolves other names. */
export async function bundle(entry: string, alias: Readonly<Record<string, string>> = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "silent",
    format: "esm",
    target: "es2024",
    // As wrangler does: workflows and activities are registered under the names of their functions.
    keepNames: true,
    external: ["cloudflare:workers"],
    alias: { ...alias, "edge-workflows": join(ROOT, "src/index.ts") },
    outdir: "out",
  });
  const [output] = Object.values(metafile.outputs);
  const [file] = outputFiles;
  if (file === undefined || output === undefined) throw new Error(`expected a bundle of ${entry}, found no output`);
  return { code: file.text, classes: output.exports.filter((name) => name !== "default") };
}

export interface ServerOptions {
  /** Where the objects live. Without one: a new directory, removed by `close`. */
  readonly directory?: string;
  readonly port?: number;
  /** Variables and secrets of the Worker. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Under which name a class is bound, where it is not the usual one. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** What the migrations have made of the classes. Default: "sqlite". */
  readonly storage?: "sqlite" | "legacy-kv";
  /** Whether the Worker can be looked into. Default: no. */
  readonly inspector?: boolean;
  /** A module that the platform's own spans are streamed to (`tailStream`); what it logs stands in the log. */
  readonly tail?: string;
  /** Called with each line that the Worker logs. */
  readonly onLog?: (line: string) => void;
  /** Called when Miniflare has put a new workerd in the place of one that died. */
  readonly onRestart?: () => void;
}

export interface Server {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly port: number;
  readonly directory: string;
  /** The Worker's inspector, if it was asked for. */
  readonly inspector?: URL | undefined;
  /** What the Worker has logged, line by line. */
  readonly log: readonly string[];
  /** Puts other code in the place of what is served, on the same port and directory. */
  reload(bundle: Bundle): Promise<void>;
  close(): Promise<void>;
}

const WORKER = "test";
const TAIL = "tail";

function tailOf(contents: string) {
  return {
    config: {
      name: TAIL,
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["streaming_tail_worker", "tail_worker_user_spans"],
      manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm" as const, contents } } },
    },
  };
}

export async function serve(bundle: Bundle, options: ServerOptions = {}): Promise<Server> {
  const directory = options.directory ?? temporaryDirectory();
  const log: string[] = [];
  const optionsOf = ({ code, classes }: Bundle, port: number): MiniflareOptions => ({
    ...(options.inspector && { inspectorPort: 0 }),
    host: "127.0.0.1",
    port,
    cf: false,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: ({ message }) => {
      log.push(message);
      options.onLog?.(message);
    },
    resourcePersistencePath: directory,
    ...(options.onRestart && { unsafeHandleRuntimeRestart: options.onRestart }),
    workers: [
      {
        config: {
          name: WORKER,
          compatibilityDate: "2026-10-01",
          ...(options.tail && { tailConsumers: [{ worker: TAIL, streaming: true }] }),
          manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm", contents: code } } },
          env: Object.fromEntries([
            ...classes.map((name) => [
              options.bindings?.[name] ?? bindingOf(name),
              { type: "durable-object" as const, worker: WORKER, exportName: name },
            ]),
            ...Object.entries(options.variables ?? {}).map(([name, value]) => [name, { type: "text" as const, value }]),
          ]),
          exports: Object.fromEntries(
            classes.map((name) => [
              name,
              { type: "durable-object" as const, storage: options.storage ?? ("sqlite" as const) },
            ]),
          ),
        },
      },
      ...(options.tail === undefined ? [] : [tailOf(options.tail)]),
    ],
  });
  const miniflare = new Miniflare(optionsOf(bundle, options.port ?? 0));
  const close = async () => {
    await miniflare.dispose();
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    const url = await miniflare.ready;
    const port = Number(url.port);
    const reload = (next: Bundle) => miniflare.setOptions(optionsOf(next, port));
    const inspector = options.inspector && new URL(`/core:user:${WORKER}`, await miniflare.getInspectorURL());
    return { origin: url.origin, port, directory, log, reload, close, ...(inspector && { inspector }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where Miniflare keeps the databases of the objects of one class. */
export function objectDirectory(directory: string, className: string): string {
  return join(directory, "do", `${WORKER}-${className}`);
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "edge-workflows-test-"));
}

/** `WorkflowInstance` is bound as WORKFLOW_INSTANCE, as wrangler.toml does it. */
function bindingOf(className: string): string {
  return className.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

/** The state of an instance in Dapr's form. */
export interface State {
  readonly instanceID: string;
  readonly workflowName?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly runtimeStatus: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** What the tests say over plain HTTP. Answers other than 2xx are thrown. */
export class Api {
  readonly #workflows: string;

  constructor(origin: string) {
    this.#workflows = `${origin}/v1.0/workflows/dapr`;
  }

  async start(name: string, instanceId: string, input?: unknown): Promise<void> {
    await this.#send("POST", `${name}/start?instanceID=${instanceId}`, input);
  }

  async raise(instanceId: string, event: string, payload: unknown): Promise<void> {
    await this.#send("POST", `${instanceId}/raiseEvent/${event}`, payload);
  }

  async state(instanceId: string): Promise<State> {
    return (await this.#send("GET", instanceId)) as State;
  }

  async exists(instanceId: string): Promise<boolean> {
    const response = await fetch(`${this.#workflows}/${instanceId}`);
    await response.text();
    return response.status !== 404;
  }

  /** Answers when the instance has ended, or with the state it is in after 30 s. */
  async ended(instanceId: string): Promise<State> {
    return (await this.#send("GET", `${instanceId}?waitFor=completed&timeoutSeconds=30`)) as State;
  }

  async #send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#workflows}/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}

export function outputOf(state: State): unknown {
  const output = state.properties?.["dapr.workflow.output"];
  return output === undefined ? undefined : JSON.parse(output);
}

/** Asks again and again, for what cannot be waited for otherwise; throws with the name of it after `limitMs`. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`expected within ${limitMs} ms: ${what}`);
    await delay(10);
  }
}

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** When it started, in ticks since boot: with the pid it names a process for good. */
  readonly startedAt: string;
  readonly name: string;
}

/** The process and all that it has started, and they in turn. */
export async function processTree(root: number): Promise<ProcessInfo[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const all = pids.flatMap((pid) => processInfo(Number(pid)) ?? []);
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  return tree;
}

/** A zombie is no longer running: it only waits for its parent to ask for its exit code. */
export function isRunning({ pid, startedAt }: ProcessInfo): boolean {
  return processInfo(pid)?.startedAt === startedAt;
}

function processInfo(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const nameEnd = stat.lastIndexOf(")");
    const [state, parent, ...rest] = stat.slice(nameEnd + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    return { pid, parent: Number(parent), startedAt: rest[17] ?? "", name: stat.slice(stat.indexOf("(") + 1, nameEnd) };
  } catch {
    return undefined;
  }
}
