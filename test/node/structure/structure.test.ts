// The shape of src/, as docs/architecture.md draws it: imports point down, the engine is pure, SQL is in one place.
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { readSources, type Source, SRC } from "./source.ts";

/** Whom a folder may import beside itself; a path names a single file. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  engine: ["model"],
  storage: ["engine", "model"],
  instance: ["storage", "engine", "model"],
  catalog: [
    "instance/platform-ports.ts",
    "instance/bound-class.ts",
    "instance/namespace.ts",
    "instance/log.ts",
    "instance/log-text.ts",
    "instance/patience.ts",
    "storage/meta-table.ts",
    "storage/sql-database.ts",
    "model",
  ],
  schedules: [
    "instance/platform-ports.ts",
    "instance/bound-class.ts",
    "instance/namespace.ts",
    "instance/log.ts",
    "instance/log-text.ts",
    "instance/patience.ts",
    "instance/protocol.ts",
    "storage/meta-table.ts",
    "storage/sql-database.ts",
    "model",
  ],
  limits: [
    "catalog/group-commit.ts",
    "instance/platform-ports.ts",
    "instance/bound-class.ts",
    "instance/namespace.ts",
    "instance/log.ts",
    "instance/log-text.ts",
    "instance/patience.ts",
    "storage/meta-table.ts",
    "storage/sql-database.ts",
    "model",
  ],
  authoring: ["schedules/deployments.ts", "engine", "model"],
  webhooks: ["model"],
  telemetry: ["model"],
  jobs: ["catalog", "instance/protocol.ts", "engine", "model"],
  http: ["jobs", "catalog", "schedules", "limits", "instance/protocol.ts", "instance/binding.ts", "model"],
  "dapr.ts": ["client.ts", "authoring"],
  "testing.ts": ["testing"],
  testing: ["schedules/declared.ts", "jobs", "http", "limits", "authoring", "instance", "storage", "engine", "model"],
  "client.ts": ["authoring", "engine", "model"],
  "worker-options.ts": [
    "catalog/options.ts",
    "http/deps.ts",
    "http/served-files.ts",
    "webhooks",
    "telemetry",
    "instance",
    "model",
  ],
  "create-worker.ts": [
    "worker-options.ts",
    "webhooks",
    "telemetry",
    "jobs",
    "schedules",
    "catalog",
    "limits",
    "http",
    "authoring",
    "instance",
    "engine",
    "model",
  ],
  "index.ts": ["client.ts", "create-worker.ts", "webhooks", "telemetry", "authoring", "instance"],
  // Samples are an author's code: they see the library from above, and the pieces it does not show.
  samples: ["index.ts", "authoring", "engine"],
  "worker.ts": ["index.ts", "samples", "authoring"],
};

/** Which files, or all of which folder, may import a package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "itty-router/IttyRouter": ["http/router.ts"],
  valibot: [
    "http/parameters.ts",
    "http/json-body.ts",
    "http/bodies.ts",
    "http/openapi/schemas.ts",
    "http/openapi/schemas",
    "http/openapi/by-hand.ts",
    "http/openapi/document.ts",
  ],
  croner: ["schedules/cron.ts"],
  // Bundled when the package is built: no program that has it installs this one.
  "eventsource-parser": ["authoring/client-watch.ts"],
  // Installed for development alone: see [S1.7].
  "@valibot/to-json-schema": ["http/openapi/document.ts"],
  "cloudflare:workers": [
    "catalog/workflow-catalog.ts",
    "schedules/workflow-schedule.ts",
    "limits/workflow-limiter.ts",
    "instance/workflow-instance.ts",
    "create-worker.ts",
    "index.ts",
    "authoring/state-store.ts",
    "samples/inventory.ts",
  ],
};

/** What makes code give another result in a replay, or reach outside. */
const IMPURE = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /(?<!new )(?<![.\w])Date\(/,
  /\bMath\.random\b/,
  /\bcrypto\b/,
  /\bperformance\b/,
  /\b(set|clear)(Timeout|Interval|Immediate)\b/,
  /\bqueueMicrotask\b/,
  /(?<![.\w])fetch\b/,
  /\bglobalThis\b/,
  /\bprocess\b/,
  /\bconsole\b/,
  /\bcloudflare:/,
  /\bnode:/,
];

const SQL = /\b(SELECT|INSERT|REPLACE|UPDATE|DELETE(?! =|"|:)|CREATE|DROP(?! =|")|ALTER|PRAGMA|BEGIN|COMMIT|WHERE)\b/;

const sources = readSources();

/** `engine` for `engine/task.ts`, `index.ts` for itself. */
function unitOf(path: string): string {
  return path.split("/")[0] ?? path;
}

function isLocal(imported: string): boolean {
  return sources.some(({ path }) => path === imported);
}

function mayImport({ path }: Source, imported: string): boolean {
  const unit = unitOf(path);
  if (!isLocal(imported)) return PACKAGES[imported]?.some((at) => at === path || at === dirname(path)) === true;
  if (unit === unitOf(imported)) return true;
  return (MAY_IMPORT[unit] ?? []).some((allowed) => allowed === imported || allowed === unitOf(imported));
}

/** Every import of these sources that is not allowed. */
function wrongImports(all: readonly Source[]): string[] {
  return all.flatMap((source) =>
    source.imports
      .filter((imported) => !mayImport(source, imported))
      .map((imported) => `${source.path} -> ${imported}`),
  );
}

function matches(all: readonly Source[], patterns: readonly RegExp[]): string[] {
  return all.flatMap(({ path, code }) =>
    patterns.flatMap((pattern) => {
      const found = pattern.exec(code);
      return found === null ? [] : [`${path}: ${found[0]}`];
    }),
  );
}

describe("[S1] Imports", () => {
  it("[S1.1] every folder and every file at the top has its place", () => {
    expect([...new Set(sources.map(({ path }) => unitOf(path)))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it("[S1.2] point down, and packages are imported where they belong", () => {
    expect(wrongImports(sources)).toEqual([]);
  });

  it("[S1.3] the table itself has no way back up", () => {
    const seen = new Set<string>();
    const visit = (unit: string, path: readonly string[]): void => {
      expect(path).not.toContain(unit);
      if (seen.has(unit)) return;
      for (const below of MAY_IMPORT[unit] ?? []) visit(unitOf(below), [...path, unit]);
      seen.add(unit);
    };
    for (const unit of Object.keys(MAY_IMPORT)) visit(unit, []);
  });

  it("[S1.4] the check finds what it looks for", () => {
    const bad = (path: string, imported: string): Source => ({ path, code: "", imports: [imported] });
    expect(
      wrongImports([
        bad("model/ids.ts", "engine/task.ts"),
        bad("http/router.ts", "instance/instance.ts"),
        bad("http/body.ts", "itty-router"),
        bad("engine/task.ts", "cloudflare:workers"),
        bad("http/router.ts", "instance/protocol.ts"),
      ]),
    ).toHaveLength(4);
  });

  it("[S1.5] client.ts, for Node and browsers, brings no module of a platform with it, and of packages the one that is built in", async () => {
    const { inputs, packages } = await bundleOf("client.ts");
    expect(packages).toEqual(["eventsource-parser"]);
    expect(inputs).toBeGreaterThan(5);
  });

  it("[S1.6] testing.ts, for any test runner, brings the router, valibot and croner with it, what is built in, and no module of a platform", async () => {
    const { packages } = await bundleOf("testing.ts");
    expect([...new Set(packages)].sort()).toEqual([
      "croner",
      "eventsource-parser",
      "itty-router/IttyRouter",
      "valibot",
    ]);
  });

  it("[S1.7] what makes the OpenAPI document is imported by nothing else: no Worker and no program carries it", async () => {
    const isOfDocument = (path: string) => path.startsWith("http/openapi/");
    const importers = sources.filter(({ path }) => !isOfDocument(path));
    expect(importers.filter(({ imports }) => imports.some(isOfDocument)).map(({ path }) => path)).toEqual([]);
    for (const entry of ["index.ts", "dapr.ts", "testing.ts", "worker.ts"])
      expect([entry, (await bundleOf(entry)).packages.filter((name) => name.startsWith("@valibot/"))]).toEqual([
        entry,
        [],
      ]);
  });
});

async function bundleOf(file: string): Promise<{ inputs: number; packages: string[] }> {
  const { metafile } = await build({
    entryPoints: [join(SRC, file)],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    logLevel: "silent",
    packages: "external",
    external: ["cloudflare:*", "node:*"],
    outdir: "out",
  });
  const packages = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return { inputs: Object.keys(metafile.inputs).length, packages };
}

describe("[S2] Purity", () => {
  const pure = sources.filter(({ path }) => ["engine", "model"].includes(unitOf(path)));

  it("[S2.1] engine and model know no clock, no chance and nothing outside", () => {
    expect(pure.length).toBeGreaterThan(10);
    expect(matches(pure, IMPURE)).toEqual([]);
  });

  it("[S2.2] the check finds what it looks for", () => {
    const code =
      "Date.now(); new Date(); Date(); Math.random(); crypto.randomUUID(); setTimeout(f, 1); await fetch(u); globalThis.x";
    expect(matches([{ path: "x.ts", code, imports: [] }], IMPURE)).toHaveLength(8);
    const allowed = "new Date(ms).toISOString(); Date.parse(text); this.fetch(1)";
    expect(matches([{ path: "x.ts", code: allowed, imports: [] }], IMPURE)).toEqual([]);
  });
});

describe("[S3] SQL", () => {
  it("[S3.1] is spoken in storage/, catalog/store/, schedules/store/ and limits/store/, and nowhere else", () => {
    const speaking = sources.filter(({ code }) => SQL.test(code)).map(({ path }) => path);
    expect(speaking.filter((path) => !/^(storage|(catalog|schedules|limits)\/store)\//.test(path))).toEqual([]);
    expect(speaking).toEqual(expect.arrayContaining(["storage/schema.ts", "catalog/store/schema.ts"]));
  });

  it("[S3.2] is given to the platform in one place", () => {
    const calling = sources.filter(({ code }) => /\bsql\.exec\b/.test(code)).map(({ path }) => path);
    expect(calling).toEqual(["instance/platform-ports.ts"]);
  });
});
