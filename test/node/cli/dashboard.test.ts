// `open` and `dashboard copy`: the way of the dashboard to a person, and into a Worker that has assets of its own.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";
import { Cli, type RunOptions } from "./support.ts";

let cli: Cli;
beforeAll(async () => {
  cli = await Cli.build("http://flows.example.com/w");
  cli.env = { ...cli.env, DISPLAY: "", WAYLAND_DISPLAY: "", BROWSER: "" };
});
afterAll(() => cli?.remove());

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("[L97] open", () => {
  it.each([
    [[], "http://flows.example.com/w/ui/"],
    [["order-1"], "http://flows.example.com/w/ui/#/i/order-1"],
    [["a b/ü?#'\"$(x)"], "http://flows.example.com/w/ui/#/i/a%20b%2F%C3%BC%3F%23'%22%24(x)"],
  ])(
    "[L97.1] %j --print: the address alone, of which a shell and a browser read the same",
    async (operands, address) => {
      expect(await cli.run(["open", ...operands, "--print"])).toEqual({ code: 0, stdout: `${address}\n`, stderr: "" });
    },
  );

  /** A program in the place of the one that opens a browser. */
  const opener = (script: string): RunOptions => {
    const program = join(directory, "xdg-open");
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    return { env: { DISPLAY: ":1", PATH: `${directory}:${cli.env.PATH}`, OUT: join(directory, "out") } };
  };

  it("[L97.2] gives the address to the browser, as one word", async () => {
    const options = opener('printf "%s|" "$@" > "$OUT"');
    expect(await cli.run(["open", "it's $(touch x)"], options)).toEqual({
      code: 0,
      stdout: "Opened http://flows.example.com/w/ui/#/i/it's%20%24(touch%20x)\n",
      stderr: "",
    });
    expect(readFileSync(join(directory, "out"), "utf8")).toBe(
      "http://flows.example.com/w/ui/#/i/it's%20%24(touch%20x)|",
    );
  });

  it.each([
    ["the browser cannot be opened", "exit 3", "xdg-open ended with 3"],
    ["there is no display", undefined, "there is no display"],
  ])("[L97.3] where %s it prints the address, and has done what it can", async (_, script, problem) => {
    expect(await cli.run(["open", "a"], script === undefined ? {} : opener(script))).toEqual({
      code: 0,
      stdout: "http://flows.example.com/w/ui/#/i/a\n",
      stderr: `No browser could be opened (${problem})\n`,
    });
  });
});

const HEADERS = `/v1.0/openapi.json
  x-content-type-options: nosniff

# The dashboard.
/ui/*
  content-security-policy: default-src 'none'

/ui/assets/*
  cache-control: immutable
`;
const PART = `# The dashboard of edge-workflows: written by \`edge-workflows dashboard copy\`
/ui/*
  content-security-policy: default-src 'none'
/ui/assets/*
  cache-control: immutable
# End of the dashboard of edge-workflows
`;

/** What the package has beside the program. */
function ship(script: string, headers = HEADERS): void {
  const beside = join(cli.directory, "dashboard");
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(join(beside, "ui/assets"), { recursive: true });
  writeFileSync(join(beside, "_headers"), headers);
  writeFileSync(join(beside, "ui/index.html"), '<meta name="edge-workflows-build" content="1">');
  writeFileSync(join(beside, "ui/assets", script), "");
}

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

describe("[L98] dashboard copy", () => {
  const copy = (to = join(directory, "public")) => cli.run(["dashboard", "copy", to]);

  it("[L98.1] copies its pages and its headers alone, into a directory that it makes", async () => {
    ship("a-1.js");
    const { code, stdout, stderr } = await copy();
    const to = join(directory, "public");
    expect([code, stdout, stderr]).toEqual([
      0,
      `The dashboard is in ${join(to, "ui")}, and its headers in ${join(to, "_headers")}\n`,
      "",
    ]);
    expect(filesIn(to)).toEqual(["_headers", "ui", "ui/assets", "ui/assets/a-1.js", "ui/index.html"]);
    expect(readFileSync(join(to, "_headers"), "utf8")).toBe(PART);
  });

  it("[L98.2] leaves what is there: files, and lines of _headers; the second time it changes nothing", async () => {
    const to = join(directory, "public");
    mkdirSync(to);
    writeFileSync(join(to, "index.html"), "mine");
    writeFileSync(join(to, "_headers"), "/*\n  x-mine: 1\n");
    ship("a-1.js");
    await copy();
    const once = readFileSync(join(to, "_headers"), "utf8");
    expect(once).toBe(`/*\n  x-mine: 1\n\n${PART}`);
    await copy();
    expect(readFileSync(join(to, "_headers"), "utf8")).toBe(once);
    expect(readFileSync(join(to, "index.html"), "utf8")).toBe("mine");
  });

  it("[L98.3] after an upgrade the old files are gone, and the new lines stand where the old ones did", async () => {
    const to = join(directory, "public");
    ship("a-1.js");
    await copy();
    writeFileSync(join(to, "_headers"), `/a\n  b: c\n\n${PART}\n/later\n  d: e\n`);
    ship("a-2.js", "/ui/*\n  x-new: 1\n");
    await copy();
    expect(filesIn(join(to, "ui"))).toEqual(["assets", "assets/a-2.js", "index.html"]);
    const [first, , last] = PART.split(/\n(?=\/ui\/\*)|\n(?=# End)/);
    expect(readFileSync(join(to, "_headers"), "utf8")).toBe(
      `/a\n  b: c\n\n${first}\n/ui/*\n  x-new: 1\n${last}\n/later\n  d: e\n`,
    );
  });

  it("[L98.4] a folder ui that is somebody else's is refused, and nothing is changed", async () => {
    ship("a-1.js");
    const to = join(directory, "public");
    for (const file of ["index.html", "other.txt"]) {
      rmSync(to, { recursive: true, force: true });
      mkdirSync(join(to, "ui"), { recursive: true });
      writeFileSync(join(to, "ui", file), "mine");
      const { code, stderr } = await copy();
      expect([code, stderr]).toEqual([1, expect.stringContaining("is there and is no dashboard of edge-workflows")]);
      expect(filesIn(to)).toEqual(["ui", `ui/${file}`]);
    }
  });

  it("[L98.5] a program without the package's files says so", async () => {
    rmSync(join(cli.directory, "dashboard"), { recursive: true, force: true });
    const { code, stderr } = await copy();
    expect([code, stderr]).toEqual([1, expect.stringContaining("it is in the package `edge-workflows`")]);
    expect(existsSync(join(directory, "public"))).toBe(false);
  });

  it("[L98.6] the headers of this repository are all of them for paths below /ui/", async () => {
    ship("a-1.js");
    cpSync(join(ROOT, "assets/_headers"), join(cli.directory, "dashboard/_headers"));
    await copy();
    const lines = readFileSync(join(directory, "public/_headers"), "utf8").split("\n");
    expect(lines.filter((line) => line.startsWith("/"))).toEqual(["/ui/*", "/ui/assets/*"]);
    expect(lines.join("\n")).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
  });
});
