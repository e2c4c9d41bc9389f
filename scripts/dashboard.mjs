// The dashboard, from dashboard/ into assets/ui, where the Worker's assets are. Built when it is missing or stale: by `npm ci` (its script
// `prepare`), `npm start`, `npm run build` and a deployment.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = join(ROOT, "dashboard");
const BUILT = join(ROOT, "assets/ui");
/** On the same file system as `BUILT`, so that what is built appears at once and whole. */
const WORKSHOP = join(ROOT, ".wrangler");
/** What goes into it beside its sources. */
const PACKAGES = ["preact", "@preact/signals", "@tanstack/virtual-core", "eventsource-parser", "vite"];
const STAMP = "edge-workflows-build";

/** Does nothing when what is there was made of the sources that are there. @returns whether it has built */
export async function buildDashboard() {
  const stamp = stampOfSources();
  if (stampOf(BUILT) === stamp) return false;
  mkdirSync(WORKSHOP, { recursive: true });
  const outDir = join(WORKSHOP, `dashboard-${process.pid}`);
  try {
    await bundle(stamp, { outDir });
    replaceBuilt(outDir, stamp);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
  return true;
}

/** Whether the tool that builds it is there: not where only the run-time dependencies are installed. */
export function canBuildDashboard() {
  try {
    import.meta.resolve("vite");
    return existsSync(fileURLToPath(import.meta.resolve("vite")));
  } catch {
    return false;
  }
}

async function bundle(stamp, options) {
  const { build } = await import("vite");
  const mark = {
    name: STAMP,
    transformIndexHtml: () => [{ tag: "meta", attrs: { name: STAMP, content: stamp }, injectTo: "head" }],
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: licences() });
    },
  };
  return build({
    configFile: join(SOURCES, "vite.config.ts"),
    plugins: [mark],
    build: { ...options, emptyOutDir: true },
  });
}

/** Another process may have done the same meanwhile. */
function replaceBuilt(outDir, stamp) {
  rmSync(BUILT, { recursive: true, force: true });
  try {
    renameSync(outDir, BUILT);
  } catch (error) {
    if (stampOf(BUILT) !== stamp) throw error;
  }
}

function stampOf(directory) {
  try {
    return new RegExp(`name="${STAMP}" content="(\\w+)"`).exec(
      readFileSync(join(directory, "index.html"), "utf8"),
    )?.[1];
  } catch {
    return undefined;
  }
}

function stampOfSources() {
  const hash = createHash("sha256");
  const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  hash.update(JSON.stringify([version, PACKAGES.map((name) => devDependencies[name])]));
  for (const path of ["scripts/dashboard.mjs", ...sources()])
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex").slice(0, 32);
}

function sources() {
  return readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll("\\", "/"))
    .sort();
}

/** Of all that others have written and that is served with it. */
function licences() {
  const ofPackages = [...PACKAGES, "@preact/signals-core"]
    .filter((name) => name !== "vite")
    .sort()
    .map((name) => {
      const directory = join(ROOT, "node_modules", name);
      const { version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
      return `${name} ${version}, ${license}\n\n${readFileSync(join(directory, "LICENSE"), "utf8").trim()}\n`;
    });
  const icons = `Icons: Lucide, ISC, parts MIT\n\n${readFileSync(join(SOURCES, "icons/LICENSE.txt"), "utf8").trim()}\n`;
  return [...ofPackages, icons].join(`\n${"-".repeat(80)}\n\n`);
}
