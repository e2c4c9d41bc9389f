// docs/your-own-project.md without a network: its files, as they stand wherever the page says to check and to test, against the
// sources of this library. `npm run test:package` types in the page from top to bottom, with the tarball.
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";
import { isAsSaid, type Step, stepsOf } from "./project-page.ts";
import { readPage } from "./readme.ts";

const steps = stepsOf("docs/your-own-project.md");
const directory = temporaryDirectory();

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The steps up to each `npm test` of the page. */
const stages = steps.flatMap((step, n) => (isCommand(step, /^npm test$/) ? [steps.slice(0, n)] : []));

function isCommand(step: Step, pattern: RegExp): boolean {
  return step.type === "command" && pattern.test(step.command);
}

/** What the command prints; rejects with that when it fails. */
function run(command: string, cwd: string): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" };
  return new Promise((resolve, reject) =>
    execFile("sh", ["-c", command], { cwd, env }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${command}: ${stdout}${stderr}`)),
    ),
  );
}

/** The project as it stands after these steps, with the library's sources in place of the installed package. */
async function project(name: string, upTo: readonly Step[]): Promise<string> {
  const cwd = join(directory, name);
  mkdirSync(cwd);
  symlinkSync(join(ROOT, "node_modules"), join(cwd, "node_modules"));
  for (const step of upTo) {
    if (step.type === "file") {
      mkdirSync(dirname(join(cwd, step.path)), { recursive: true });
      writeFileSync(join(cwd, step.path), step.code);
    } else if (isCommand(step, /^(echo|printf) /)) await run(step.command, cwd);
  }
  const source = (file: string) => join(ROOT, "src", file);
  const types = ["@cloudflare/workers-types", "./worker-configuration.d.ts"];
  const paths = { "edge-workflows": [source("index.ts")], "edge-workflows/testing": [source("testing.ts")] };
  writeFileSync(
    join(cwd, "tsconfig.sources.json"),
    JSON.stringify({ extends: "./tsconfig.json", compilerOptions: { paths, types } }),
  );
  const alias = { "edge-workflows/testing": source("testing.ts"), "edge-workflows": source("client.ts") };
  writeFileSync(join(cwd, "vitest.config.js"), `export default { resolve: { alias: ${JSON.stringify(alias)} } };`);
  return cwd;
}

describe("[R6] docs/your-own-project.md", () => {
  it("[R6.1] checks and tests its project twice: as it begins, and with bindings and routes", () => {
    expect(stages.length).toBe(2);
  });

  it.each(stages.map((stage, n) => [n + 1, stage] as const))(
    "[R6.2] what it has built by its check %i compiles, and its tests pass",
    async (n, stage) => {
      const cwd = await project(`stage-${n}`, stage);
      await run("npx wrangler types --include-runtime=false", cwd);
      await run("npx tsc -p tsconfig.sources.json --skipLibCheck --exactOptionalPropertyTypes", cwd);
      expect(await run("npx vitest run", cwd)).toMatch(/Tests .*[1-9]\d* passed/);
    },
  );

  it("[R6.3] its lowest versions are those of package.json, which npm run test:package tries", () => {
    const { text } = readPage("docs/your-own-project.md");
    const { peerDependencies, engines } = JSON.parse(readPage("package.json").text);
    expect(text).toContain(`| wrangler | ${peerDependencies.wrangler.replace(">=", "")} |`);
    expect(text).toContain(`| Node | ${engines.node.replace(">=", "")}.0.0 `);
  });

  it("[R6.4] what a command prints is compared: … stands for anything, and nothing else does", () => {
    expect(isAsSaid('{"a":1,"b":2}', '{"a":1,…}')).toBe(true);
    expect(isAsSaid('{"a":1,"b":2}', '{"a":2,…}')).toBe(false);
    expect(isAsSaid("axb", "a.b")).toBe(false);
  });
});
