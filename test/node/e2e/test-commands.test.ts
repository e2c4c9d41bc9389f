// [E10] npm test and npm run test:quick: what they say, and how they end.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./server.ts";

/** Until it has ended, or for its first line; then it is ended by its number. */
function run(args: readonly string[], onlyFirstLine = false): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, VITEST: undefined, VITEST_WORKER_ID: undefined, VITEST_POOL_ID: undefined };
  const child = spawn(process.execPath, [join(ROOT, "scripts/test.mjs"), ...args], { cwd: ROOT, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (onlyFirstLine && output.includes("\n")) child.kill();
    });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

describe("[E10] the test commands", () => {
  it("[E10.1] npm test says in its first line how long it takes, and what is quicker", async () => {
    const { output } = await run([], true);
    expect(output.split("\n")[0]).toBe(
      "npm test: all tests, 5 to 19 minutes on 2 cores; `npm run test:quick` takes below 90 s. Files are told of as they end.",
    );
  });

  it("[E10.2] npm run test:quick says what it runs", async () => {
    const { output } = await run(["--quick"], true);
    expect(output.split("\n")[0]).toMatch(/^npm run test:quick: engine, instance, HTTP, .* below 90 s on 2 cores\.$/);
  });

  it("[E10.3] one file: nothing of the sort, the closing counts, and exit code 0", async () => {
    const { code, output } = await run(["--project", "node", "test/node/crash/harness.test.ts", "-t", "C7.3"]);
    expect(output).not.toContain("19 minutes");
    expect(output).toMatch(/Tests.*\d+ passed/);
    expect(code).toBe(0);
  });

  it("[E10.4] a file that is not there: exit code 1", async () => {
    const { code, output } = await run(["test/node/none.test.ts"]);
    expect(output).toContain("No test files found");
    expect(code).toBe(1);
  });

  it("[E10.5] the scripts are these, and CI runs what the README says", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect([scripts.test, scripts["test:quick"]]).toEqual(["node scripts/test.mjs", "node scripts/test.mjs --quick"]);
    const ci = readFileSync(join(ROOT, ".ci/run"), "utf8");
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).toMatch(/^npm test /m);
    // Each of the others, so that CI runs everything; the quick one is a part of all tests.
    const commands = Object.keys(scripts).filter((name) => name.startsWith("test:") && name !== "test:quick");
    for (const name of commands) expect(ci).toContain(`npm run --silent ${name}`);
  });

  it("[E10.6] how far a run has come", async () => {
    const { default: ProgressReporter } = await import(join(ROOT, "scripts/progress-reporter.mjs"));
    const reporter = new ProgressReporter();
    const startedAtMs = Date.now();
    reporter.onTestRunStart([1, 2, 3]);
    reporter.onTestModuleEnd({ state: () => "passed" });
    expect(reporter.line(startedAtMs + 30_000)).toBe("… after 30 s 1 of 3 files have ended");
    reporter.onTestModuleEnd({ state: () => "failed" });
    expect(reporter.line(startedAtMs + 60_000)).toBe("… after 60 s 2 of 3 files have ended, 1 of them failed");
    reporter.onTestRunEnd();
  });
});
