// The command line on a pseudo-terminal: widths, colours, questions, progress, Ctrl-C; and what a pipe gets in their place.
// script(1), which makes the terminal, is in Debian's essential package bsdutils: `npm test` may ask for it, and fails where it is missing.
import { spawn } from "node:child_process";
import { createServer, type Server as HttpServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { widthOf } from "../../../cli/terminal/text.ts";
import { Api, bundle, SAMPLES, type Server, serve, until } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let server: Server;
let cli: Cli;
let api: Api;

const ESC = String.fromCharCode(27);
/** What turns colours on and off. */
const COLOURS = new RegExp(`${ESC}\\[\\d+m`, "g");
const plain = (text: string) => text.replace(COLOURS, "");
/** The line of progress, made empty. */
const CLEARED = `\r${ESC}[K`;
/** Line breaks are ours. */
const controlsIn = (text: string) => [...text].filter((one) => one !== "\n" && /\p{Cc}/u.test(one));
/** A terminal ends lines with both. */
const linesOf = (text: string) => text.replaceAll("\r\n", "\n").trimEnd().split("\n");

const withoutAges = (text: string) => text.replace(/\d+s$/gm, "");

const QUESTION = { question: "Well?", timeoutSeconds: 600 };

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  api = new Api(server.origin);
  cli = await Cli.build(server.origin);
  const hostile = `${"long ".repeat(60)}${ESC}]0;owned${String.fromCharCode(7)}${ESC}[2J\n${String.fromCharCode(0x9b)}31m`;
  await api.start("humanInteraction", "hostile", { question: hostile, timeoutSeconds: 600 });
  await api.start("chaining", "fine", "Ada");
  await api.start("unknown", "broken");
  await until("all are listed", async () => (await cli.run(["list", "-o", "ids"])).stdout.split("\n").length === 4);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

describe("[L20] Tables", () => {
  it.each([60, 80, 200])("[L20.1] fit a terminal of %i columns; a pipe gets all of it", async (columns) => {
    for (const words of [["list"], ["list", "-o", "wide"], ["history", "hostile"]]) {
      const { code, stdout } = await cli.runOnTerminal(words, { columns });
      expect(code).toBe(0);
      const widths = linesOf(plain(stdout)).map(widthOf);
      // Wide has nine columns, of which none is cut to nothing.
      expect(Math.max(...widths)).toBeLessThanOrEqual(words.length === 3 ? Math.max(columns, 80) : columns);
    }
    const piped = await cli.run(["list"]);
    expect(Math.max(...linesOf(piped.stdout).map(widthOf))).toBeGreaterThan(200);
    expect((await cli.runOnTerminal(["list"], { columns })).stdout).toContain("…");
  });
});

describe("[L21] What a terminal obeys", () => {
  it("[L21.1] comes from no payload, in no format: neither on a terminal nor on a pipe", async () => {
    const commands = [
      ["list"],
      ["list", "-o", "wide"],
      ["list", "-o", "json"],
      ["list", "-o", "yaml"],
      ["list", "-o", "jsonl"],
      ["get", "hostile"],
      ["get", "hostile", "-o", "json"],
      ["get", "hostile", "-o", "yaml"],
      ["history", "hostile", "-o", "wide"],
      ["history", "hostile", "-o", "json"],
      ["export", "hostile"],
      ["count", "-q", `Status = '${ESC}[2J'`],
      ["get", `${ESC}[2J`],
    ];
    for (const words of commands) {
      const onTerminal = await cli.runOnTerminal(words, { columns: 1_000 });
      const onPipe = await cli.run(words);
      const shown = plain(onTerminal.stdout).replaceAll("\r\n", "\n").replaceAll(CLEARED, "");
      for (const text of [shown, onPipe.stdout, onPipe.stderr]) expect([words, controlsIn(text)]).toEqual([words, []]);
    }
  });
});

describe("[L22] Colours", () => {
  it("[L22.1] stand on a terminal alone; NO_COLOR takes them away, FORCE_COLOR puts them into a pipe", async () => {
    const has = (text: string) => COLOURS.test(text) || text.search(COLOURS) >= 0;
    expect(has((await cli.runOnTerminal(["list"])).stdout)).toBe(true);
    expect(has((await cli.runOnTerminal(["list"], { env: { NO_COLOR: "1" } })).stdout)).toBe(false);
    expect(has((await cli.runOnTerminal(["list"], { env: { TERM: "dumb" } })).stdout)).toBe(false);
    expect(has((await cli.run(["list"])).stdout)).toBe(false);
    expect(has((await cli.run(["list"], { env: { CI: "true" } })).stdout)).toBe(false);
    const forced = await cli.run(["list"], { env: { FORCE_COLOR: "1" } });
    expect(forced.stdout).toContain(`${ESC}[32mCOMPLETED${ESC}[39m`);
    expect(forced.stdout).toContain(`${ESC}[31mFAILED${ESC}[39m`);
    expect(withoutAges(plain(forced.stdout))).toBe(withoutAges((await cli.run(["list"])).stdout));
    expect(has((await cli.run(["list"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout)).toBe(false);
  });

  it("[L22.2] Dapr's signs stand before its sentences on a terminal", async () => {
    const { stdout } = await cli.runOnTerminal(["suspend", "hostile"]);
    expect(linesOf(stdout)).toEqual(["ℹ️  Workflow 'hostile' suspended successfully"]);
    await cli.run(["resume", "hostile"]);
  });
});

describe("[L23] Questions", () => {
  it("[L23.1] how many, and the first of them; only yes is a yes", async () => {
    for (const id of ["q1", "q2"]) await api.start("humanInteraction", id, QUESTION);
    await until(
      "both are listed",
      async () => (await cli.run(["count", "-q", "InstanceID STARTS_WITH 'q'"])).stdout === "2\n",
    );
    const words = ["suspend", "-q", "InstanceID STARTS_WITH 'q'"];
    const no = await cli.runOnTerminal(words, { answer: ["[y/N]", "n\n"] });
    expect(no.code).toBe(1);
    expect(plain(no.stdout)).toContain("2 instance(s) match:");
    expect(plain(no.stdout)).toContain("q1  humanInteraction  RUNNING");
    expect(plain(no.stdout)).toContain("Suspend 2 instance(s)? [y/N]");
    expect(plain(no.stdout)).toContain("Nothing was done");
    expect((await api.state("q1")).runtimeStatus).toBe("RUNNING");
    const yes = await cli.runOnTerminal(words, { answer: ["[y/N]", "y\n"] });
    expect(yes.code).toBe(0);
    expect(plain(yes.stdout)).toContain("Bulk job completed: 2 done, 0 failed, 0 skipped");
    expect((await api.state("q1")).runtimeStatus).toBe("SUSPENDED");
  });

  it("[L23.2] purge --all asks too, and --yes asks nothing", async () => {
    const no = await cli.runOnTerminal(["purge", "--all"], { answer: ["[y/N]", "\n"] });
    expect(no.code).toBe(1);
    expect(plain(no.stdout)).toContain("Purge 2 instance(s)? [y/N]");
    const yes = await cli.runOnTerminal(["purge", "--all", "--yes"]);
    expect(yes.code).toBe(0);
    expect(plain(yes.stdout)).not.toContain("[y/N]");
    expect(plain(yes.stdout)).toContain('✅  Purged workflow instance "fine"');
  });

  it("[L23.4] schedule backfill asks, with how many and the first of them, before it starts any", async () => {
    const created = ["create", "minutely", "-w", "chaining", "-x", '"Ada"', "--cron", "* * * * *", "--paused"];
    expect((await cli.run(["schedule", ...created])).code).toBe(0);
    const words = [
      "schedule",
      "backfill",
      "minutely",
      "--from",
      "2026-01-01T00:00:00Z",
      "--to",
      "2026-01-01T00:08:00Z",
    ];
    const no = await cli.runOnTerminal(words, { answer: ["[y/N]", "n\n"] });
    expect([no.code, linesOf(plain(no.stdout)).filter((line) => !line.includes("[y/N]") && line !== "n")]).toEqual([
      1,
      [
        "ℹ️  9 instance(s) would be started",
        ...[0, 1, 2, 3, 4].map((n) => `2026-01-01T00:0${n}:00Z  minutely-20260101T000${n}00Z`),
        "ℹ️  and 4 more",
        "Nothing was done",
      ],
    ]);
    expect(plain(no.stdout)).toContain("Start 9 instance(s)? [y/N]");
    expect(await api.exists("minutely-20260101T000000Z")).toBe(false);
    const yes = await cli.runOnTerminal(words, { answer: ["[y/N]", "y\n"] });
    expect(yes.code).toBe(0);
    expect(plain(yes.stdout)).toContain("9 instance(s) started");
    expect((await api.ended("minutely-20260101T000800Z")).runtimeStatus).toBe("COMPLETED");
    expect((await cli.run(["schedule", "delete", "minutely"])).code).toBe(0);
  });

  it("[L23.3] nobody is asked where stdin or stdout is no terminal: exit code 2", async () => {
    const { code, stdout } = await cli.runOnTerminal(["suspend", "-q", "Status = SUSPENDED"], {
      shellSuffix: "</dev/null",
    });
    expect([code, plain(stdout)]).toEqual([2, expect.stringContaining("say --yes to suspend them")]);
    const piped = await cli.runOnTerminal(["suspend", "-q", "Status = SUSPENDED"], {
      shellSuffix: "| cat",
    });
    expect(plain(piped.stdout)).toContain("say --yes to suspend them");
  });
});

describe("[L24] Ctrl-C and closed pipes", () => {
  it("[L24.1] Ctrl-C ends with 130: while it waits, while it asks, and while a bulk job runs, which goes on", async () => {
    const waits = await cli.runOnTerminal(["wait", "hostile"], { answer: ["Waiting for", String.fromCharCode(3)] });
    expect(waits.code).toBe(130);
    // The line is empty again: neither progress nor ^C stands before what the shell writes next.
    expect(waits.stdout.endsWith(CLEARED)).toBe(true);
    const watches = await cli.runOnTerminal(["watch", "hostile"], {
      answer: ["TimerCreated", String.fromCharCode(3)],
    });
    expect([watches.code, watches.stdout.endsWith(CLEARED)]).toEqual([130, true]);
    const asks = await cli.runOnTerminal(["suspend", "-q", "InstanceID = q1"], {
      answer: ["[y/N]", String.fromCharCode(3)],
    });
    expect(asks.code).toBe(130);
    expect(plain(asks.stdout)).toContain("[y/N]");
    expect(asks.stdout.endsWith(`\r\n${CLEARED}`)).toBe(true);
    for (let n = 0; n < 12; n++) await api.start("humanInteraction", `slow${n}`, QUESTION);
    await until(
      "all are listed",
      async () => (await cli.run(["count", "-q", "InstanceID STARTS_WITH 'slow'"])).stdout === "12\n",
    );
    const words = ["suspend", "-q", "InstanceID STARTS_WITH 'slow'", "--rps", "1", "--yes"];
    const job = await cli.runOnTerminal(words, { answer: ["left", String.fromCharCode(3)] });
    expect(job.code).toBe(130);
    expect(plain(job.stdout)).toMatch(/pause: \d+ of 12 \(\d+ %\), \d+s left/);
    expect(plain(job.stdout)).toContain("The bulk job goes on. See it with: edge-workflows bulk get bulk:");
    const id = /bulk:[0-9a-f-]+/.exec(job.stdout)?.[0] ?? "";
    expect(JSON.parse((await cli.run(["bulk", "get", id, "-o", "json"])).stdout)).toMatchObject({ state: "RUNNING" });
    expect((await cli.run(["bulk", "cancel", id])).code).toBe(0);
  });

  it("[L24.2] `| head` ends it quietly, with nothing on stderr", async () => {
    const many = await longList();
    try {
      const url = `http://127.0.0.1:${(many.address() as { port: number }).port}`;
      const script = `"${process.execPath}" "${cli.file}" list --url ${url} | head -n 2`;
      const { code, stdout, stderr } = await shell(script, cli.env);
      expect([code, stdout.split("\n").length, stderr]).toEqual([0, 3, ""]);
    } finally {
      many.close();
    }
  });
});

/** A server whose list never ends. */
async function longList(): Promise<HttpServer> {
  const row = {
    workflowName: "w",
    runtimeStatus: "RUNNING",
    createdAt: "2026-01-01T00:00:00Z",
    lastUpdatedAt: "2026-01-01T00:00:00Z",
  };
  let page = 0;
  const many = createServer((_, response) => {
    page += 1;
    const workflows = Array.from({ length: 1_024 }, (_, n) => ({ ...row, instanceID: `i-${page}-${n}` }));
    response.end(JSON.stringify({ workflows, continuationToken: String(page) }));
  });
  await new Promise<void>((resolve) => many.listen(0, "127.0.0.1", resolve));
  return many;
}

function shell(script: string, env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn("sh", ["-c", script], { env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
