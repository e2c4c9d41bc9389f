// The dashboard in somebody's Worker, each of the three ways of docs/dashboard.md: files of the package, files that were copied, a module.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinned, project } from "./consumers.ts";
import { type DevServer, run, startDevServer } from "./shell.ts";

const worker = (options: string, imports = "") => `
import { createWorker, WorkflowRuntime } from "edge-workflows";
${imports}
async function* hello() { return "hello"; }
const worker = createWorker(new WorkflowRuntime().registerWorkflow(hello), ${options});
export class WorkflowInstance extends worker.WorkflowInstance {}
export default worker;
`;

const configuration = (assets: string) => `
name = "consumer"
main = "worker.ts"
compatibility_date = "2026-10-01"
${assets}
[[durable_objects.bindings]]
name = "WORKFLOW_INSTANCE"
class_name = "WorkflowInstance"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["WorkflowInstance"]
`;

const assets = (directory: string) => `
[assets]
directory = "${directory}"
run_worker_first = ["/v1.0/*", "!/v1.0/openapi.json", "/v1.0-alpha1/*", "/v1.0-beta1/*", "/metrics"]
`;

const POLICY = /default-src 'none'; script-src 'self'.*require-trusted-types-for 'script'; trusted-types 'none'/;

/** A person's way in: from the root of the server to a page with all that it names, under the policy. */
async function opens({ origin }: DevServer, basePath = ""): Promise<string> {
  const root = `${origin}${basePath}/`;
  const visit = await fetch(root, { headers: { accept: "text/html" }, redirect: "manual" });
  assert.deepEqual([visit.status, visit.headers.get("location")], [302, "ui/"], "GET / of a browser");
  assert.equal((await fetch(root)).status, 404, "GET / of a program");
  const page = await fetch(`${root}ui/`);
  const html = await page.text();
  assert.deepEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assert.match(page.headers.get("content-security-policy") ?? "", POLICY);
  const named = [...html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path = ""]) => path);
  assert.ok(named.length >= 3, `a script, a style and an icon, found ${named}`);
  for (const path of named) {
    const file = await fetch(new URL(path, `${root}ui/`));
    assert.equal(file.status, 200, path);
    assert.match(file.headers.get("cache-control") ?? "", /immutable/, path);
    assert.equal(file.headers.get("x-content-type-options"), "nosniff", path);
    assert.ok((await file.bytes()).length > 100, path);
  }
  const metadata = JSON.parse(await (await fetch(`${root}v1.0/metadata`)).text());
  assert.match(html, /edge-workflows-build/);
  return `${named.length} files, version ${metadata.runtimeVersion}`;
}

export class DashboardConsumer {
  readonly #directory: string;
  readonly #tarball: string;
  #cwd: Promise<string> | undefined;

  constructor(directory: string, tarball: string) {
    this.#directory = directory;
    this.#tarball = tarball;
  }

  async ofPackage(): Promise<string> {
    return this.#serves(
      worker("{}"),
      configuration(assets("node_modules/edge-workflows/dist/dashboard")),
      "",
      async (cwd) => {
        const url = "http://localhost:8787";
        const printed = await run(`npx edge-workflows open 'it is/1' --print --url ${url}`, { cwd });
        assert.equal(printed.trim(), `${url}/ui/#/i/it%20is%2F1`);
      },
    );
  }

  async ofCopy(): Promise<string> {
    const cwd = await this.#project();
    mkdirSync(join(cwd, "public"));
    writeFileSync(join(cwd, "public/index.txt"), "mine");
    writeFileSync(join(cwd, "public/_headers"), "/index.txt\n  x-mine: 1\n");
    for (let times = 0; times < 2; times++) await run("npx edge-workflows dashboard copy public", { cwd });
    assert.deepEqual(readdirSync(join(cwd, "public")).sort(), ["_headers", "index.txt", "ui"]);
    return this.#serves(worker("{}"), configuration(assets("public")), "", async (_, { origin }) => {
      const own = await fetch(`${origin}/index.txt`);
      assert.deepEqual([await own.text(), own.headers.get("x-mine")], ["mine", "1"]);
    });
  }

  async ofModule(): Promise<string> {
    const source = worker('{ dashboard, basePath: "/flows" }', 'import dashboard from "edge-workflows/dashboard";');
    return this.#serves(source, configuration(""), "/flows");
  }

  async #serves(
    source: string,
    config: string,
    basePath: string,
    more: (cwd: string, server: DevServer) => Promise<void> = async () => {},
  ): Promise<string> {
    const cwd = await this.#project();
    writeFileSync(join(cwd, "worker.ts"), source);
    writeFileSync(join(cwd, "wrangler.toml"), config);
    const server = await startDevServer("npx wrangler dev", { cwd });
    try {
      const said = await opens(server, basePath);
      await more(cwd, server);
      return said;
    } finally {
      await server.stop();
    }
  }

  #project(): Promise<string> {
    this.#cwd ??= project(this.#directory, "dashboard", [this.#tarball, pinned("wrangler")]);
    return this.#cwd;
  }
}
