/*
 * The dashboard out of a module, for a Worker without assets. The build writes `dist/dashboard.js`, which gives its files to this; nothing else
 * imports it, so that nobody pays for it unasked.
 */

/** The files of the dashboard, served by the Worker: what `edge-workflows/dashboard` exports. `path` is below the base path. */
export type Dashboard = (request: Request, path: string) => Response | undefined;

export interface ServedFile {
  readonly contentType: string;
  /** Compressed, in base64. */
  readonly gzip: string;
  /** Its name changes with what is in it. */
  readonly isImmutable: boolean;
}

/** `files` by their paths below `/ui/`; `headers` stand on each answer. */
export function servedFiles(
  files: Readonly<Record<string, ServedFile>>,
  headers: Readonly<Record<string, string>>,
): Dashboard {
  const decoded = new Map<string, Uint8Array<ArrayBuffer>>();
  const bytesOf = (name: string, { gzip }: ServedFile) => {
    const bytes = decoded.get(name) ?? Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0));
    decoded.set(name, bytes);
    return bytes;
  };
  return (request, path) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const { pathname } = new URL(request.url);
    if (path === "/ui" && !pathname.endsWith("/"))
      return new Response(null, {
        status: 307,
        headers: { location: `./${pathname.slice(pathname.lastIndexOf("/") + 1)}/` },
      });
    const name = path === "/ui" ? "index.html" : path.slice("/ui/".length);
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    return file && answer(request, bytesOf(name, file), file, headers);
  };
}

function answer(request: Request, bytes: Uint8Array<ArrayBuffer>, file: ServedFile, headers: object): Response {
  const all: Record<string, string> = {
    ...headers,
    "content-type": file.contentType,
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
  };
  const isHead = request.method === "HEAD";
  if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
    all["content-encoding"] = "gzip";
    // The platform would compress it once more.
    const init = { headers: all, encodeBody: "manual" as const };
    return new Response(isHead ? null : bytes, init);
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(isHead ? null : stream, { headers: all });
}
