// `edge-workflows/dashboard`: the files of the dashboard as a module, for a Worker that has no assets of its own.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/** Writes `dashboard.js` into `dist`, of what stands in `dist/dashboard`. */
export function writeDashboardModule(dist) {
  const ui = join(dist, "dashboard/ui");
  const files = {};
  const paths = readdirSync(ui, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ui, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  for (const path of paths.sort()) {
    const contentType = TYPES[extname(path)];
    if (contentType === undefined) throw new Error(`${path} has no known type: add it to scripts/dashboard-module.mjs`);
    const gzip = gzipSync(readFileSync(join(ui, path)), { level: 9 }).toString("base64");
    files[path] = { contentType, gzip, isImmutable: path.startsWith("assets/") };
  }
  const headers = headersOf("/ui/*", readFileSync(join(dist, "dashboard/_headers"), "utf8"));
  writeFileSync(
    join(dist, "dashboard.js"),
    `import { servedFiles } from "./http/served-files.js";
export default servedFiles(
  ${JSON.stringify(files, null, 2)},
  ${JSON.stringify(headers, null, 2)},
);
`,
  );
  writeFileSync(
    join(dist, "dashboard.d.ts"),
    `import type { Dashboard } from "./http/served-files.js";
/** The dashboard, for the option of that name of \`createWorker\`. */
declare const dashboard: Dashboard;
export default dashboard;
`,
  );
}

/** Of one path of a file \`_headers\`. */
export function headersOf(path, text) {
  const lines = text.split("\n");
  const at = lines.indexOf(path);
  if (at === -1) throw new Error(`_headers has nothing for ${path}`);
  const headers = {};
  for (const line of lines.slice(at + 1)) {
    const [, name, value] = /^\s+([\w-]+):\s*(.+)$/.exec(line) ?? [];
    if (name === undefined) break;
    headers[name] = value;
  }
  return headers;
}
