// npm run test:package: the tarball as strangers get it. Needs Linux x64 and the npm registry (or a full npm cache), and takes
// about two minutes on two cores. Everything happens in one temporary directory, which is removed at the end.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../node/e2e/server.ts";
import {
  askRegistry,
  installsAlone,
  RESOLUTIONS,
  runsOnLowestNode,
  runsWithLowestWrangler,
  TypedProjects,
} from "./consumers.ts";
import { DashboardConsumer } from "./dashboard.ts";
import { runsProgramForDapr } from "./drop-in.ts";
import { followPage } from "./page.ts";
import { endAll } from "./shell.ts";
import { checkFiles, checkManifest, checkPaths, checkReferences, checkSize, pack } from "./tarball.ts";

const directory = temporaryDirectory();
const counts = { passed: 0, failed: 0 };

function leave(): void {
  endAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    leave();
    process.exit(1);
  });
}

/** Prints the title, what `attempt` says of itself, and how long it took. */
async function check<T>(title: string, attempt: () => T | Promise<T>): Promise<T | undefined> {
  const begunAt = Date.now();
  if (process.stdout.isTTY) process.stdout.write(`…      ${title}`);
  const told = (mark: string, more = "") =>
    console.log(
      `${process.stdout.isTTY ? "\r" : ""}${mark} ${title}${more} (${((Date.now() - begunAt) / 1_000).toFixed(1)} s)`,
    );
  try {
    const result = await attempt();
    told("ok    ", typeof result === "string" ? `: ${result.replace(directory, "")}` : "");
    counts.passed += 1;
    return result;
  } catch (error) {
    told("FAILED");
    console.error(error instanceof Error ? error.message : error);
    counts.failed += 1;
    return undefined;
  }
}

try {
  const registry = await check("[PK0.1] the npm registry answers", () => askRegistry(directory));
  if (registry !== undefined) {
    const tarball = await check("[PK1.1] `npm pack` in a clean checkout builds the package", () => pack(directory));
    if (tarball !== undefined) await tryOut(tarball);
  }
} finally {
  leave();
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

async function tryOut(tarball: string): Promise<void> {
  const unpacked = join(directory, "package");
  await check(
    "[PK1.2] it holds modules with their types, the OpenAPI document, pages, licence, changelog, and nothing else",
    () => checkFiles(unpacked),
  );
  await check("[PK1.3] every import leads to a file in it; no source map, no import of a .ts file", () =>
    checkReferences(unpacked),
  );
  await check("[PK1.4] no path of the machine that made it", () => checkPaths(unpacked));
  await check("[PK1.5] its package.json says what it is, and its exports are there", () => checkManifest(unpacked));
  await check("[PK1.6] its size", () => checkSize(tarball, unpacked));
  await check("[PK2.1] it brings croner, itty-router and valibot along and nothing else", () =>
    installsAlone(directory, tarball),
  );
  await check(
    "[PK2.2] client, edge-workflows/dapr and the test kit run a workflow on the lowest Node of engines, and the command line runs",
    () => runsOnLowestNode(directory, tarball),
  );
  const typed = new TypedProjects(directory, tarball);
  for (const resolution of RESOLUTIONS) {
    await check(`[PK3.1] a program for Node compiles without skipLibCheck: moduleResolution ${resolution}`, () =>
      typed.inNode(resolution),
    );
    await check(`[PK3.2] a Worker compiles without skipLibCheck: moduleResolution ${resolution}`, () =>
      typed.inWorker(resolution),
    );
  }
  await check("[PK3.3] a Worker compiles with the lowest TypeScript", () => typed.withLowestTypeScript());
  await check(
    "[PK4.1] the lowest wrangler bundles and serves, the OpenAPI document too, and a sleeper goes on after a restart",
    () => runsWithLowestWrangler(directory, tarball),
  );
  await check("[PK5.1] docs/your-own-project.md from top to bottom", () =>
    followPage("docs/your-own-project.md", directory, tarball),
  );
  await check("[PK5.2] docs/dapr-drop-in.md: a program for @dapr/dapr compiles and runs", () =>
    runsProgramForDapr(directory, tarball),
  );
  const dashboard = new DashboardConsumer(directory, tarball);
  await check("[PK6.1] the dashboard as a Worker's only assets, by one line; `open` prints where", () =>
    dashboard.ofPackage(),
  );
  await check("[PK6.2] the dashboard beside a Worker's own assets, by `dashboard copy`, twice", () =>
    dashboard.ofCopy(),
  );
  await check("[PK6.3] the dashboard out of a module, without assets, under a base path", () => dashboard.ofModule());
}
