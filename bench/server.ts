import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { Miniflare, type MiniflareOptions, NoOpLog } from "miniflare";
import { newestWorkerd, type WorkerdProcess } from "./workerd-process.ts";

type Config = Extract<NonNullable<MiniflareOptions["workers"]>[number], { config: object }>["config"];

/** A Worker as a contestant describes it; it is called "bench", and its bindings refer to it by that name. */
export interface WorkerConfig {
  readonly env: NonNullable<Config["env"]>;
  readonly exports: NonNullable<Config["exports"]>;
}

export interface Server {
  /** workerd's own socket for this Worker, without Miniflare's entry Worker, which costs about 0.14 ms a request. */
  readonly origin: URL;
  readonly workerd: WorkerdProcess;
  /** The Worker's inspector, if it was asked for. */
  readonly inspector?: URL | undefined;
  /** Puts an object out of memory. Only what is reached by HTTP alone lets go of it at once. */
  evict(className: string, name: string): Promise<void>;
  close(): Promise<void>;
}

/** `library`: the checkout whose library the Worker gets; this one unless another is given. */
export async function bundle(entry: string, library?: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url).href)],
    bundle: true,
    write: false,
    logLevel: "silent",
    format: "esm",
    target: "es2024",
    // Workflows and activities are registered under the names of their functions.
    keepNames: true,
    external: ["cloudflare:workers"],
    plugins: library === undefined ? [] : [libraryOf(library)],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`expected a bundle of ${entry}, found no output of esbuild`);
  return file.text;
}

/** The Workers of this folder import the library by its path. */
function libraryOf(root: string): Plugin {
  return {
    name: "library",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.\/\.\.\/src\/index\.ts$/ }, () => ({ path: join(root, "src/index.ts") }));
    },
  };
}

/** A new workerd on an empty directory. Whatever the Worker logs is dropped. */
export async function serve(
  code: string,
  { env, exports }: WorkerConfig,
  directory: string,
  options: { readonly inspector?: boolean } = {},
): Promise<Server> {
  const miniflare = new Miniflare({
    ...(options.inspector && { inspectorPort: 0 }),
    host: "127.0.0.1",
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: () => {},
    resourcePersistencePath: directory,
    workers: [
      {
        config: {
          name: "bench",
          compatibilityDate: "2026-10-01",
          manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm", contents: code } } },
          env,
          exports,
        },
        dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
      },
    ],
  });
  const close = () => miniflare.dispose();
  const evict = (className: string, name: string) => miniflare.unsafeEvictDurableObject("bench", className, { name });
  try {
    const server = { origin: await miniflare.unsafeGetDirectURL("bench"), workerd: newestWorkerd(), evict, close };
    if (!options.inspector) return server;
    return { ...server, inspector: new URL("/core:user:bench", await miniflare.getInspectorURL()) };
  } catch (error) {
    await close();
    throw error;
  }
}
