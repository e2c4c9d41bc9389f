// What the command line does beyond `dapr workflow`, as processes on pipes, against the samples.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, bundle, ROOT, SAMPLES, type Server, serve, until } from "../e2e/server.ts";
import { Cli, masked } from "./support.ts";

let server: Server;
let cli: Cli;
let api: Api;

const QUESTION = { question: "Well?", timeoutSeconds: 600 };

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  api = new Api(server.origin);
  cli = await Cli.build(server.origin);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

async function asked(...ids: string[]): Promise<void> {
  for (const id of ids) await api.start("humanInteraction", id, QUESTION);
  await until("all are listed", async () => {
    const { stdout } = await cli.run(["list", "-o", "ids"]);
    return ids.every((id) => stdout.includes(`${id}\n`));
  });
}
const table = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  "));

describe("[L10] wait", () => {
  it("[L10.1] ends with 0 where all have COMPLETED, with 5 where one has not, and tells of each", async () => {
    await asked("w1", "w2");
    const waiting = cli.run(["wait", "w1", "w2"]);
    await api.raise("w1", "answer", "fine");
    await api.raise("w2", "answer", "too");
    expect(await waiting).toEqual({
      code: 0,
      stdout: `Workflow 'w1' ended: COMPLETED\nOutput: "fine"\nWorkflow 'w2' ended: COMPLETED\nOutput: "too"\n`,
      stderr: "",
    });
    await api.start("unknown", "w3");
    const failed = await cli.run(["wait", "w1", "w3", "w2"]);
    expect([failed.code, failed.stdout.match(/ended: \w+/g)]).toEqual([
      5,
      ["ended: COMPLETED", "ended: FAILED", "ended: COMPLETED"],
    ]);
    expect(failed.stderr).toContain("unknown");
    const json = await cli.run(["wait", "w3", "-o", "json"]);
    expect([json.code, JSON.parse(json.stdout).runtimeStatus]).toEqual([5, "FAILED"]);
  });

  it("[L10.2] --timeout is for all together: exit code 124, and how it is; what is not there is 3", async () => {
    await asked("w4");
    expect(await cli.run(["wait", "w1", "w4", "--timeout", "300ms"])).toEqual({
      code: 124,
      stdout: `Workflow 'w1' ended: COMPLETED\nOutput: "fine"\n`,
      stderr: "Timed out: 'w4' is RUNNING\n",
    });
    expect((await cli.run(["wait", "nobody"])).code).toBe(3);
    expect((await cli.run(["wait", "w4", "--timeout", "soon"])).code).toBe(2);
    const run = await cli.run([
      "run",
      "humanInteraction",
      "-i",
      "w5",
      "-x",
      JSON.stringify(QUESTION),
      "--wait",
      "--timeout",
      "0",
    ]);
    expect(run).toMatchObject({ code: 124, stdout: "Workflow instance started successfully: w5\n" });
  });
});

describe("[L11] watch", () => {
  it("[L11.1] an instance: each event when it happens, as a row or as a line of JSON, until it has ended", async () => {
    await asked("e1");
    let isRaised = false;
    const { code, stdout } = await cli.run(["watch", "e1"], {
      onOutput: (text) => {
        if (!text.includes("TimerCreated") || isRaised) return;
        isRaised = true;
        void api.raise("e1", "answer", 1);
      },
    });
    expect(code).toBe(0);
    expect(table(stdout).map((line) => line.split("  ")[0])).toEqual([
      "TYPE",
      "ExecutionStarted",
      "TimerCreated",
      "EventRaised",
      "ExecutionCompleted",
      "Workflow 'e1' ended: COMPLETED",
    ]);
    const lines = (await cli.run(["watch", "latest", "-o", "jsonl"])).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(
      ["execution", "history", "history", "history", "history", "end"].slice(lines[0].type === "execution" ? 0 : 1),
    );
    expect((await cli.run(["watch", "nobody"])).code).toBe(3);
    expect((await cli.run(["watch", "e1", "-q", "Status = FAILED"])).code).toBe(2);
  });

  it("[L11.2] a list: the newest, then what changes, until Ctrl-C, which is exit code 130", async () => {
    let step = 0;
    const { code, stdout } = await cli.run(
      ["watch", "-w", "humanInteraction", "--limit", "1", "--interval", "1", "-o", "jsonl"],
      {
        onOutput: (text, { kill }) => {
          const lines = text.trimEnd().split("\n").length;
          if (step === 0 && lines === 1) void asked("e2");
          else if (step === 1 && text.includes('"e2"')) void cli.run(["purge", "e2", "--force"]);
          else if (step === 2 && text.includes('"deleted":true')) kill("SIGINT");
          else return;
          step += 1;
        },
      },
    );
    expect(code).toBe(130);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told[0].instanceID).toBe("e1");
    expect(told.find(({ instanceID }) => instanceID === "e2")).toMatchObject({ workflowName: "humanInteraction" });
    expect(told.at(-1)).toEqual({ instanceID: "e2", deleted: true });
  });
});

describe("[L12] count", () => {
  it("[L12.1] one number, or groups", async () => {
    expect(await cli.run(["count", "-q", "InstanceID STARTS_WITH 'w'"])).toEqual({
      code: 0,
      stdout: "5\n",
      stderr: "",
    });
    const by = await cli.run(["count", "--by", "status,name", "-q", "InstanceID STARTS_WITH 'w'"]);
    expect(table(by.stdout)).toEqual(
      expect.arrayContaining(["STATUS  NAME  COUNT", "COMPLETED  humanInteraction  2", "FAILED  unknown  1"]),
    );
    const json = await cli.run(["count", "-s", "FAILED", "--by", "errorType", "-o", "json"]);
    expect(JSON.parse(json.stdout)).toEqual([{ errorType: expect.any(String), count: 1 }]);
    expect(JSON.parse((await cli.run(["count", "-o", "json", "-s", "STALLED"])).stdout)).toEqual({ count: 0 });
    expect((await cli.run(["count", "-s", "CONTINUED_AS_NEW"])).stdout).toBe("0\n");
    expect((await cli.run(["count", "--by", "colour"])).code).toBe(2);
    expect(await cli.run(["count", "-q", "Colour = red"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("[L13] restart, rewind, cancel, version", () => {
  it("[L13.1] each does what its route does, with its reason", async () => {
    await asked("r1");
    expect((await cli.run(["restart", "r1", "-r", "anew"])).stdout).toBe("Workflow 'r1' restarted successfully\n");
    expect((await cli.run(["cancel", "r1", "-r", "enough"])).stdout).toBe(
      "Workflow 'r1' asked to cancel successfully\n",
    );
    expect((await api.ended("r1")).runtimeStatus).toBe("CANCELED");
    const reasons = await cli.run(["history", "r1", "-o", "json"]);
    expect(JSON.parse(reasons.stdout).flatMap(({ attrs = "" }) => /reason=(\w+)/.exec(attrs)?.[1] ?? [])).toEqual([
      "anew",
      "enough",
    ]);
    expect((await cli.run(["rewind", "w3", "-r", "again"])).stdout).toBe("Workflow 'w3' rewound successfully\n");
    await api.ended("w3");
    const refused = await cli.run(["rewind", "w1"]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("only an instance that is FAILED can be rewound");
    const version = await cli.run(["version", "w4", "--to", "v9"]);
    expect(version).toMatchObject({ code: 1, stdout: "" });
    expect(version.stderr).toContain("version 'v9' of 'humanInteraction' is not registered");
    expect((await cli.run(["version", "w4"])).stderr).toContain("--version");
    expect((await cli.run(["version", "-q", "InstanceID = w4", "--to", "v9"])).code).toBe(2);
  });
});

describe("[L14] A query makes a bulk job", () => {
  const QUERY = "InstanceID STARTS_WITH 'many'";

  it("[L14.1] on a pipe without --yes: how many, exit code 2, and nothing is done; --dry-run shows the first", async () => {
    await asked("many1", "many2", "many3");
    expect(await cli.run(["terminate", "-q", QUERY])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: 3 instance(s) match, and nobody is there to be asked: say --yes to terminate them\n",
    });
    const dry = await cli.run(["terminate", "-q", QUERY, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(table(dry.stdout)).toEqual([
      "3 instance(s) match:",
      "  many3  humanInteraction  RUNNING",
      "  many2  humanInteraction  RUNNING",
      "  many1  humanInteraction  RUNNING",
    ]);
    expect((await api.state("many1")).runtimeStatus).toBe("RUNNING");
    expect(await cli.run(["terminate", "-q", "InstanceID = none", "--yes"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "No instance matches\n",
    });
    expect((await cli.run(["terminate", "-q", ""])).code).toBe(2);
    expect((await cli.run(["terminate", "-q", "Colour = red", "-y"])).code).toBe(2);
  });

  it("[L14.2] --yes: the job, its progress and how it has ended; --limit takes the newest; `bulk` lists, shows and waits for it", async () => {
    const one = await cli.run([
      "raise-event",
      "--event",
      "answer",
      "-x",
      '"all"',
      "-q",
      QUERY,
      "--limit",
      "1",
      "--yes",
      "--reason",
      "done",
    ]);
    expect(one.code).toBe(0);
    expect(masked(one.stdout)).toBe(
      "Bulk job started: bulk:<uuid> (raise an event on 1 instance(s))\nBulk job completed: 1 done, 0 failed, 0 skipped\n",
    );
    expect((await api.ended("many3")).properties?.["dapr.workflow.output"]).toBe('"all"');
    const begun = await cli.run(["suspend", "-q", `${QUERY} AND Status = RUNNING`, "-y", "--no-wait"]);
    const job = /bulk:\S+/.exec(begun.stdout)?.[0] ?? "";
    expect((await cli.run(["bulk", "wait", job])).stdout).toBe("Bulk job completed: 2 done, 0 failed, 0 skipped\n");
    expect((await api.state("many2")).runtimeStatus).toBe("SUSPENDED");
    const shown = (await cli.run(["bulk", "get", job])).stdout;
    expect(shown).toMatch(/Operation: pause\nStatus: {4}COMPLETED\nFilter: {4}\{"q":/);
    expect(JSON.parse((await cli.run(["bulk", "get", job, "-o", "json"])).stdout)).toMatchObject({
      jobID: job,
      done: 2,
    });
    const list = await cli.run(["bulk", "list"]);
    expect(table(masked(list.stdout)).map((line) => line.replace(/\d+s/, "1s"))).toEqual([
      "JOB  OPERATION  STATUS  MATCHED  DONE  FAILED  SKIPPED  AGE  REASON",
      "bulk:<uuid>  pause  COMPLETED  2  2  0  0  1s",
      "bulk:<uuid>  raise  COMPLETED  1  1  0  0  1s  done",
    ]);
    expect((await cli.run(["bulk", "list", "-o", "ids", "--limit", "1"])).stdout).toBe(`${job}\n`);
    expect((await cli.run(["bulk", "get", "bulk:none"])).code).toBe(3);
    expect((await cli.run(["bulk", "cancel", job, "-r", "late"])).code).toBe(0);
  });

  it("[L14.3] what fails: the first of them on stderr, and exit code 1", async () => {
    const { code, stdout, stderr } = await cli.run(["rewind", "-q", QUERY, "--yes"]);
    expect([code, masked(stdout)]).toEqual([
      1,
      "Bulk job started: bulk:<uuid> (rewind 3 instance(s))\nBulk job completed: 0 done, 3 failed, 0 skipped\n",
    ]);
    expect(stderr).toMatch(/^many3: .*only an instance that is FAILED can be rewound$/m);
  });
});

describe("[L15] export and replay", () => {
  let runtime: string;

  /** A project that has the library installed, and a runtime in a module of its own. */
  beforeAll(async () => {
    const project = join(cli.directory, "project");
    const installed = join(project, "node_modules/edge-workflows");
    mkdirSync(installed, { recursive: true });
    await build({
      absWorkingDir: ROOT,
      entryPoints: ["src/client.ts", "src/testing.ts", "src/samples/patterns.ts"],
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      keepNames: true,
      external: ["cloudflare:workers"],
      alias: { "edge-workflows": join(ROOT, "src/client.ts") },
      outdir: installed,
      outbase: "src",
      logLevel: "silent",
    });
    const exports = { ".": "./client.js", "./testing": "./testing.js" };
    writeFileSync(join(installed, "package.json"), JSON.stringify({ name: "edge-workflows", type: "module", exports }));
    writeFileSync(join(project, "package.json"), '{"type":"module"}');
    runtime = join(project, "runtime.js");
    writeFileSync(runtime, PROGRAM("answer"));
    writeFileSync(join(project, "other.js"), PROGRAM("reply"));
    writeFileSync(join(project, "worker.js"), 'import "cloudflare:workers";');
    writeFileSync(join(project, "none.js"), "export const worker = 1;");
  });

  const PROGRAM = (event: string) => `
    import { WorkflowRuntime } from "edge-workflows";
    async function* humanInteraction(ctx, input) {
      ctx.setCustomStatus(input.question);
      const answer = ctx.waitForExternalEvent("${event}");
      const first = yield ctx.whenAny([answer, ${event === "reply" ? "ctx.callActivity(function noted() {})" : "ctx.createTimer(input.timeoutSeconds)"}]);
      return first === answer ? answer.getResult() : "no answer";
    }
    export const runtime = new WorkflowRuntime().registerWorkflow(humanInteraction);`;

  it("[L15.1] one or many, to stdout or whole into a file that its owner alone may read", async () => {
    const one = await cli.run(["export", "w1"]);
    expect([one.code, one.stderr]).toEqual([0, "1 instance(s) exported\n"]);
    expect(one.stdout.split("\n")[0]).toBe('{"instanceId":"w1"}');
    expect(
      one.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).type),
    ).toEqual([undefined, "ExecutionStarted", "TimerCreated", "EventRaised", "ExecutionCompleted"]);
    const file = join(cli.directory, "histories.jsonl");
    const many = await cli.run([
      "export",
      "-q",
      "Name = humanInteraction AND InstanceID STARTS_WITH 'w'",
      "--file",
      file,
    ]);
    expect([many.code, many.stdout]).toEqual([0, ""]);
    expect(readFileSync(file, "utf8").match(/"instanceId":"w\d"/g)).toEqual(
      ["w5", "w4", "w2", "w1"].map((id) => `"instanceId":"${id}"`),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const gone = join(cli.directory, "gone.jsonl");
    expect((await cli.run(["export", "w1", "nobody", "-f", gone])).code).toBe(3);
    expect([existsSync(gone), existsSync(`${gone}.part`)]).toEqual([false, false]);
    expect((await cli.run(["export", "w1", "-f", join(cli.directory, "no/folder")])).code).toBe(1);
    expect((await cli.run(["export"])).code).toBe(2);
  });

  it("[L15.2] replay: as recorded is 0; where the code differs, the place and both sides, and exit code 1", async () => {
    const file = join(cli.directory, "histories.jsonl");
    const same = await cli.run(["replay", file, "--runtime", runtime]);
    expect(same).toEqual({
      code: 0,
      stdout:
        "w5: 2 events, waiting, as recorded\nw4: 2 events, waiting, as recorded\nw2: 4 events, ended, as recorded\nw1: 4 events, ended, as recorded\n",
      stderr: "4 as recorded, 0 not\n",
    });
    const { stdout: history } = await cli.run(["export", "w1"]);
    const other = await cli.run(["replay", "-", "--runtime", "./other.js"], {
      cwd: join(cli.directory, "project"),
      input: history,
      endInput: true,
    });
    expect([other.code, other.stdout]).toEqual([1, ""]);
    expect(other.stderr).toMatch(/^Today's code cannot go on with the history of 'w1'\.\n/);
    expect(other.stderr).toMatch(/^> +1 {2}TimerCreated #1$/m);
    expect(other.stderr).toMatch(/^the history: .*\nthe code: +.*\n$/m);
  });

  it("[L15.3] a module without a runtime, one for workerd alone, a file that is none, and a history that is none", async () => {
    const file = join(cli.directory, "histories.jsonl");
    const replay = async (path: string, module: string) => {
      const { code, stderr } = await cli.run(["replay", path, "--runtime", join(cli.directory, "project", module)]);
      return [code, stderr] as const;
    };
    expect(await replay(file, "none.js")).toEqual([1, expect.stringContaining("found the exports worker")]);
    expect(await replay(file, "worker.js")).toEqual([1, expect.stringContaining("without createWorker")]);
    expect(await replay(file, "missing.js")).toEqual([1, expect.stringContaining("cannot be loaded")]);
    expect(await replay(join(cli.directory, "missing"), "runtime.js")).toEqual([
      1,
      expect.stringContaining("cannot be read"),
    ]);
    expect(await replay(join(cli.directory, "project/none.js"), "runtime.js")).toEqual([
      1,
      expect.stringContaining("no history"),
    ]);
    expect((await cli.run(["replay", file])).code).toBe(2);
  });
});

describe("[L16] catalog", () => {
  it("[L16.1] the health of each shard, and IDs that are told again", async () => {
    const { stdout } = await cli.run(["catalog"]);
    expect(table(stdout)[0]).toBe("SHARD  INSTANCES  LIVE  DELAY P50  P99  MAX");
    expect(table(stdout)[1]).toMatch(/^\S+ {2}\d+ {2}\d+ {2}\d+ms {2}\d+ms {2}\d+ms$/);
    const json = JSON.parse((await cli.run(["catalog", "health", "-o", "json"])).stdout);
    expect(json.shards).toMatchObject([{ entries: expect.any(Number), freshness: { p50Ms: expect.any(Number) } }]);
    const ids = Array.from({ length: 25 }, (_, n) => `gone${n}`).join("\n");
    const rebuilt = await cli.run(["catalog", "rebuild", "w1", "w2", "--file", "-", "-r", "lost"], {
      input: ids,
      endInput: true,
    });
    expect([rebuilt.code, rebuilt.stdout]).toEqual([0, "2 announced, 25 missing, 0 failed\n"]);
    expect((await cli.run(["catalog", "rebuild"])).code).toBe(2);
  });
});
