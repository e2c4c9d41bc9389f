// The tarball: made from a clean checkout, and what is in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ROOT } from "../node/e2e/server.ts";
import { run } from "./shell.ts";

/** Compressed. What it is now, and some room: a number that jumps is looked at. The page of the API has 230 of it, the command line 70, the dashboard, as files and as a module, at most 300. */
const LIMIT_KIB = 1_300;
/** Files that browsers get, and no module of ours: the page of the API, and the dashboard. */
const PAGES = "dist/dashboard/";
/** As npm has it: [H116] knows each byte of it. */
const RAPIDOC = `${PAGES}docs/rapidoc-min.js`;
/** Built in, with its licence; no declaration names it. */
const BUILT_IN = "dist/authoring/eventsource-parser.js";
/** The command line: a program of its own, with its packages in it. */
const CLI = "dist/cli.js";

/**
 * Packs what a clone of this work tree would hold after `npm ci`: the files that git knows or would add, and the installed packages.
 * So nothing that an earlier build has left can get in, and `npm pack` has to build by itself.
 */
export async function pack(directory: string): Promise<string> {
  const checkout = join(directory, "checkout");
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  for (const file of listed.split("\n").filter((name) => name !== "" && existsSync(join(ROOT, name)))) {
    mkdirSync(join(checkout, dirname(file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(checkout, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
  await run(`npm pack --pack-destination "${directory}"`, { cwd: checkout });
  const tarballs = readdirSync(directory).filter((name) => name.endsWith(".tgz"));
  assert.equal(tarballs.length, 1, `one tarball, found ${tarballs}`);
  const tarball = join(directory, tarballs[0] ?? "");
  execFileSync("tar", ["xzf", tarball], { cwd: directory });
  return tarball;
}

/** The files below `package/`, as the tarball has them. */
export function filesOf(unpacked: string): string[] {
  return readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)))
    .sort();
}

export function checkFiles(unpacked: string): void {
  const files = filesOf(unpacked);
  const known =
    /^(dist\/(?!dashboard\/).+\.(js|d\.ts)|dist\/dashboard\/(v1\.0\/openapi\.json|_headers)|dist\/dashboard\/docs\/(index\.html|page\.(css|js)|rapidoc-(min\.js|LICENSE\.txt|min\.js\.LICENSE\.txt))|dist\/dashboard\/ui\/(index\.html|LICENSES\.txt|assets\/[\w-]+\.(js|css|svg))|docs\/[\w-]+\.md|docs\/grafana-dashboard\.json|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|package\.json)$/;
  assert.deepEqual(
    files.filter((file) => !known.test(file)),
    [],
    "files that belong to no known kind",
  );
  assert.deepEqual(
    files.filter((file) => /(^|\/)(test|samples|worker\.js|bench|scripts)(\/|$)|\.test\./.test(file)),
    [],
    "files of tests, samples or scripts",
  );
  assert.match(readFileSync(join(unpacked, BUILT_IN), "utf8"), /^\/\*! [\s\S]*MIT License/);
  for (const file of ["README.md", "CHANGELOG.md", "LICENSE"]) assert.ok(files.includes(file), `${file} is missing`);
  const pages = readdirSync(join(ROOT, "docs")).map((page) => `docs/${page}`);
  assert.deepEqual(
    pages.filter((page) => !files.includes(page)),
    [],
    "pages that are missing",
  );
  const program = readFileSync(join(unpacked, CLI), "utf8");
  assert.match(program, /^#!\/usr\/bin\/env node\n/);
  for (const name of ["commander", "eventsource-parser", "picocolors", "yaml"])
    assert.match(program, new RegExp(`^/\\*! ${name} [\\s\\S]*?(MIT License|ISC License|MIT|Permission to use)`, "m"));
  const isModule = (file: string) => file.endsWith(".js") && !file.startsWith(PAGES) && ![BUILT_IN, CLI].includes(file);
  const modules = files.filter(isModule);
  const declarations = files.filter((file) => file.endsWith(".d.ts"));
  assert.deepEqual(
    declarations.map((file) => file.replace(/d\.ts$/, "js")),
    modules,
    "each module has its declarations, and nothing else",
  );
}

/** What an import of a relative file, a source map or a path would point to has to be there. The dashboard's code holds programs as texts; what it loads is tried (dashboard.ts). */
export function checkReferences(unpacked: string): void {
  const wrong = filesOf(unpacked)
    .filter((file) => /^dist\/.*\.(js|d\.ts|html)$/.test(file) && ![RAPIDOC, CLI].includes(file))
    .filter((file) => !/^dist\/dashboard\/ui\/.*\.js$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(unpacked, file), "utf8");
      const specifiers = [...text.matchAll(/(?<!")(?:\bfrom\s*|\bimport\s*|\bimport\(\s*)"([^"]+)"/g)].map(
        ([, name = ""]) => name,
      );
      const local = specifiers.filter((name) => name.startsWith("."));
      const others = specifiers.filter((name) => !name.startsWith("."));
      const target = (name: string) => {
        const path = join(unpacked, dirname(file), name);
        return file.endsWith(".d.ts") ? path.replace(/\.js$/, ".d.ts") : path;
      };
      return [
        ...local.filter((name) => !name.endsWith(".js") || !existsSync(target(name))),
        ...others.filter(
          (name) => !["cloudflare:workers", "croner", "itty-router/IttyRouter", "valibot"].includes(name),
        ),
        ...(text.includes("sourceMappingURL") ? ["a source map"] : []),
      ].map((found) => `${file}: ${found}`);
    });
  assert.deepEqual(wrong, []);
}

/** A package that a bundler has named from outside the checkout: `../../home/somebody/node_modules/…`. */
const FROM_ELSEWHERE = /\.\.\/[^\s"'`]*node_modules\//;

/** No file says where it was made. */
export function checkPaths(unpacked: string): void {
  const places = [ROOT.replace(/\/$/, ""), dirname(unpacked), process.env.HOME ?? "/root"].filter(
    (path) => path !== "/",
  );
  const told = filesOf(unpacked).filter((file) => {
    if (file === RAPIDOC) return false;
    const text = readFileSync(join(unpacked, file), "utf8");
    return places.some((place) => text.includes(place)) || (file.endsWith(".js") && FROM_ELSEWHERE.test(text));
  });
  assert.deepEqual(told, []);
}

/** Every file that package.json names is there, and every entry has its types first. */
export function checkManifest(unpacked: string): void {
  const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
  for (const field of ["description", "license", "repository", "homepage", "bugs", "keywords", "author", "engines"])
    assert.ok(manifest[field] !== undefined, `package.json has no "${field}"`);
  // index.js tells clients that they are inside the Worker; nothing else does anything when it is imported.
  assert.deepEqual(manifest.sideEffects, ["./dist/index.js", "./src/index.ts"]);
  assert.deepEqual(Object.keys(manifest.dependencies), ["croner", "itty-router", "valibot"]);
  assert.deepEqual(manifest.bin, { "edge-workflows": CLI });
  assert.ok(statSync(join(unpacked, CLI)).mode & 0o100, `${CLI} cannot be executed`);
  const entries: [string, string | Record<string, string>][] = Object.entries(manifest.exports);
  assert.deepEqual(
    entries.map(([name]) => name),
    [".", "./dapr", "./testing", "./dashboard", "./openapi.json", "./package.json"],
  );
  assert.ok(existsSync(join(unpacked, manifest.exports["./openapi.json"])), "no OpenAPI document");
  assert.ok(existsSync(join(unpacked, RAPIDOC)), "no page of the API");
  assert.ok(existsSync(join(unpacked, `${PAGES}ui/index.html`)), "no dashboard");
  for (const [name, conditions] of entries) {
    if (typeof conditions === "string") continue;
    assert.equal(Object.keys(conditions)[0], "types", `${name}: types stand first, or a compiler does not see them`);
    for (const file of Object.values(conditions)) assert.ok(existsSync(join(unpacked, file)), `${name}: no ${file}`);
  }
}

/** @returns what is said of it */
export function checkSize(tarball: string, unpacked: string): string {
  const packed = statSync(tarball).size / 1024;
  const files = filesOf(unpacked);
  const whole = files.reduce((sum, file) => sum + statSync(join(unpacked, file)).size, 0) / 1024;
  assert.ok(packed <= LIMIT_KIB, `${packed.toFixed(0)} KiB, limit ${LIMIT_KIB} KiB`);
  return `${packed.toFixed(0)} KiB packed, ${whole.toFixed(0)} KiB in ${files.length} files (limit ${LIMIT_KIB} KiB packed)`;
}
