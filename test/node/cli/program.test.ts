// The program as a file: what is in it, and what it says of itself.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../../cli/program.ts";
import { ROOT } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let cli: Cli;

beforeAll(async () => {
  cli = await Cli.build();
});
afterAll(() => cli?.remove());

describe("[L90] The program", () => {
  it("[L90.1] is one file that can be executed, has its packages' licences in it, and nothing of the library but what makes tokens", () => {
    const text = readFileSync(cli.file, "utf8");
    expect(text.startsWith("#!/usr/bin/env node\n/*! commander 14.0.3, MIT\n")).toBe(true);
    expect(statSync(cli.file).mode & 0o111).toBe(0o111);
    const packages = cli.inputs.flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? []);
    for (const name of new Set(packages)) expect(text).toContain(`/*! ${name} `);
    // All else are types, which are not there any more.
    expect(cli.inputs.filter((path) => !/^(cli|node_modules)\//.test(path)).sort()).toEqual([
      "src/http/role.ts",
      "src/http/tokens.ts",
      "src/model/near-name.ts",
      "src/model/rfc3339.ts",
      "src/model/sha256.ts",
    ]);
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

  it("[L90.3] the help of every command is as help.txt has it", async () => {
    const helps: string[] = [];
    for (const path of ["", ...pathsOf(programOf())]) {
      const { code, stdout, stderr } = await cli.run([...path.split(" ").filter((word) => word !== ""), "--help"]);
      expect([path, code, stderr]).toEqual([path, 0, ""]);
      helps.push(`$ edge-workflows ${path} --help\n\n${stdout}`.replace("  ", " "));
    }
    await expect(helps.join("\n")).toMatchFileSnapshot("./help.txt");
  });
});

/** `list`, `bulk`, `bulk list`, … */
function pathsOf(command: Command, path = ""): string[] {
  return command.commands.flatMap((one) => {
    const here = `${path} ${one.name()}`.trim();
    return [here, ...pathsOf(one, here)];
  });
}

describe("[L91] Completion", () => {
  it("[L91.1] bash: commands, those of a group, and flags, whatever flags stand before", async () => {
    const { stdout: script } = await cli.run(["completion", "bash"]);
    const complete = (...words: string[]) => {
      const command = `${script}\nCOMP_WORDS=(edge-workflows "$@"); COMP_CWORD=$#; _edge_workflows; echo "\${COMPREPLY[@]}"`;
      const { status, stdout, stderr } = spawnSync("bash", ["-c", command, "bash", ...words], { encoding: "utf8" });
      if (status !== 0) throw new Error(`bash, which is essential on Debian, is needed here: ${stderr}`);
      return stdout.trim();
    };
    expect(complete("re")).toBe("resume rerun restart rewind replay");
    expect(complete("--url", "http://h", "bulk", "")).toContain("list get wait cancel");
    expect(complete("bulk", "list", "--li")).toBe("--limit");
    expect(complete("ls", "--filter-n")).toBe("--filter-name");
    expect(complete("bulk", "ls", "--li")).toBe("--limit");
    expect(complete("list", "--filter-n")).toBe("--filter-name");
    expect(complete("history", "an-id", "--o")).toBe("--order --output");
    expect(complete("completion", "")).toBe("bash zsh fish");
    expect(complete("completion", "-")).toBe("--help");
    expect(complete("bulk", "")).toBe("list get wait cancel help");
  });

  it("[L91.2] zsh and fish: every command and every flag with its description, and no quote that ends too early", async () => {
    const { stdout: zsh } = await cli.run(["completion", "zsh"]);
    const { stdout: fish } = await cli.run(["completion", "fish"]);
    expect(zsh).toMatch(/^#compdef edge-workflows\n/);
    for (const path of pathsOf(programOf())) {
      const name = path.split(" ").at(-1);
      expect(zsh).toContain(`"/${path.replace(" ", "/")}") flags=(`);
      expect(zsh).toMatch(new RegExp(` ?'${name}:[^']+'`));
      expect(fish).toMatch(
        new RegExp(`^complete -c edge-workflows -n '__edge_workflows_at "[^"]*"' -f -a ${name} -d '[^']+'$`, "m"),
      );
    }
    for (const line of fish.split("\n").filter((one) => one.startsWith("complete ")))
      expect(line).toMatch(
        /^complete -c edge-workflows -n '__edge_workflows_at "[a-z -]*"' (-l [a-z-]+|-f -a [a-z-]+) -d '[^']*'$/,
      );
    for (const line of zsh.split("\n")) expect((line.match(/'/g) ?? []).length % 2).toBe(0);
    // Words that are typed may look like flags of fish's own commands.
    expect(fish).toContain("string join -- ' ' $path $word");
    for (const script of [zsh, fish]) for (const shell of ["bash", "zsh", "fish"]) expect(script).toContain(shell);
  });

  it("[L91.3] another shell, or none, is exit code 2, and the shells are named", async () => {
    const shells = "Supported shells are bash, zsh, fish\n";
    expect(await cli.run(["completion", "tcsh"])).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: unknown shell "tcsh". ${shells}`,
    });
    expect(await cli.run(["completion"])).toEqual({ code: 2, stdout: "", stderr: `error: say which shell. ${shells}` });
  });
});
