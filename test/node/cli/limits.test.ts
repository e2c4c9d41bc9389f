// `limits` as a process, and where waiting instances show their position, against a Worker that limits.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Api, bundle, ROOT, type Server, serve } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let server: Server;
let cli: Cli;
let api: Api;

beforeAll(async () => {
  server = await serve(await bundle(join(ROOT, "test/node/e2e/limits-worker.js")), { variables: { PARTS: "2" } });
  api = new Api(server.origin);
  cli = await Cli.build(server.origin);
  for (const [id, tenant] of [
    ["a1", "acme"],
    ["a2", "acme"],
    ["a3", "acme"],
    ["b1", "bolt"],
    ["b2", "bolt"],
  ] as const)
    await api.start("importFile", id, { tenant });
  await vi.waitFor(async () => expect((await shown()).waiting).toBe(3), 20_000);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

const limits = (...words: string[]) => cli.run(["limits", ...words]);
const shown = async () => JSON.parse((await limits("imports", "-o", "json")).stdout);
/** An age differs from run to run. */
const table = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .trimEnd()
        .replace(/ {2,}/g, "  ")
        .replace(/\d+m?\d*s$/, "<age>"),
    );

describe("[L60] limits", () => {
  it("[L60.1] a table: what each is of, what it allows, how many run and wait, with how many keys, since when; a dash where nothing waits", async () => {
    const { code, stdout, stderr } = await limits();
    expect([code, stderr, table(stdout)]).toEqual([
      0,
      "",
      [
        "NAME  OF  ALLOWS  RUNNING  WAITING  KEYS  OLDEST",
        "cards  activity charge  10 at once, 2/h  0  0  0  -",
        "imports  workflow importFile  1 of a key  2  3  2  <age>",
        "jobs  workflow job  2 at once, in 2 parts  0  0  0  -",
      ],
    ]);
  });

  it("[L60.2] one by its name, with its longest queues, --top of them; where nothing waits, without", async () => {
    expect(table((await limits("imports")).stdout)).toEqual([
      "NAME  OF  ALLOWS  RUNNING  WAITING  KEYS  OLDEST",
      "imports  workflow importFile  1 of a key  2  3  2  <age>",
      "",
      "KEY  RUNNING  WAITING  OLDEST",
      '"acme"  1  2  <age>',
      '"bolt"  1  1  <age>',
    ]);
    expect(table((await limits("imports", "--top", "1")).stdout)).toHaveLength(5);
    expect(table((await limits("jobs")).stdout)).toHaveLength(2);
  });

  it("[L60.3] the other formats have the server's own fields: all limits, or the one", async () => {
    const all = JSON.parse((await limits("-o", "json")).stdout);
    expect(all.map(({ name }: { name: string }) => name)).toEqual(["cards", "imports", "jobs"]);
    expect(await shown()).toMatchObject({
      name: "imports",
      workflow: "importFile",
      running: 2,
      waiting: 3,
      waitingKeys: 2,
    });
    expect(
      (await limits("-o", "jsonl")).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject(all);
    expect((await limits("-o", "ids")).stdout).toBe("cards\nimports\njobs\n");
    expect((await limits("jobs", "-o", "yaml")).stdout).toMatch(
      /^name: jobs\nworkflow: job\nconcurrency: 2\nparts: 2\n/,
    );
  });

  it("[L60.4] a name that there is not is exit code 3, a format or number that there is not 2", async () => {
    expect(await limits("other")).toEqual({ code: 3, stdout: "", stderr: "error: there is no limit 'other'\n" });
    expect((await limits("-o", "wide")).code).toBe(2);
    expect((await limits("--top", "101")).code).toBe(2);
  });

  it("[L60.5] `get` and `watch` show the position of one that waits", async () => {
    expect((await cli.run(["get", "a3"])).stdout).toMatch(/^Limit: +imports, position 2 of key "acme", [23] ahead$/m);
    const { stdout } = await cli.run(["watch", "--limit", "5"], {
      onOutput: (text, process) => {
        if (text.includes("position 2")) process.kill("SIGINT");
      },
    });
    expect(stdout).toContain("limit:imports, position 2");
  });

  it("[L60.6] `get` shows a call that waits for its limit as waiting, and not as running", async () => {
    for (const id of ["p1", "p2", "p3"]) await api.start("pay", id, 5);
    await vi.waitFor(async () => expect((await cli.run(["get", "p3"])).stdout).toContain("position 1"), 20_000);
    const { stdout } = await cli.run(["get", "p3"]);
    expect(stdout).toMatch(/^Activity: +#1 charge, waits for its limit, attempt 1$/m);
    expect(stdout).toMatch(/^Limit: +cards for #1 charge, position 1, 0 ahead$/m);
  });
});
