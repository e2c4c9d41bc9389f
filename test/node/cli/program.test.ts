// The program as a file: what is in it, and what it says of itself.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let cli: Cli;

beforeAll(async () => {
  cli = await Cli.build();
});
afterAll(() => cli?.remove());

describe("[L90] The program", () => {
  it("[L90.1] is one file that can be executed, has its packages' licences in it, and nothing of the library: types of it alone", () => {
    const text = readFileSync(cli.file, "utf8");
    expect(text.startsWith("#!/usr/bin/env node\n/*! commander 14.0.3, MIT\n")).toBe(true);
    expect(statSync(cli.file).mode & 0o111).toBe(0o111);
    const packages = cli.inputs.flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? []);
    for (const name of new Set(packages)) expect(text).toContain(`/*! ${name} `);
    expect(cli.inputs.filter((path) => !/^(cli|node_modules)\//.test(path))).toEqual([]);
    expect(text).not.toContain(ROOT);
  });

  it("[L90.2] --version is that of the package, help and no command say what there is; an unknown command is exit code 2", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(await cli.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const help = await cli.run(["--help"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(await cli.run(["help"])).toEqual(help);
    expect(await cli.run([])).toEqual({ code: 2, stdout: "", stderr: help.stdout });
    const unknown = await cli.run(["lst"]);
    expect(unknown).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: unknown command 'lst'\n(Did you mean one of list, ls?)\n",
    });
  });
});
