// A server that goes away, and comes back: what asks for as long as it takes goes on, and nothing waits for one that was never there.

import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cli } from "./support.ts";

let cli: Cli;
let server: Server;
/** What each request gets, one after the other; the last one stays. An object: JSON; a text: a stream, which is cut off, or goes no further. */
let answers: (object | string | 503 | "cut" | { readonly begun: string })[] = [];
const asked: URL[] = [];
/** Of those that have one. */
const bodies: object[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "", "http://server"));
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => body !== "" && bodies.push(JSON.parse(body)));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "cut" || answer === undefined) response.destroy();
    else if (answer === 503) response.writeHead(503).end('{"errorCode":"ERR","message":"overloaded"}');
    else if (typeof answer === "object" && "begun" in answer) response.writeHead(200).write(answer.begun);
    else if (typeof answer === "object")
      response.writeHead("errorCode" in answer ? 404 : 200).end(JSON.stringify(answer));
    else response.writeHead(200, { "content-type": "text/event-stream" }).write(answer, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cli = await Cli.build(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  server?.close();
  cli?.remove();
});
afterEach(() => {
  asked.length = 0;
  bodies.length = 0;
});

const again = (text: string) => text.match(/\. Connecting again\n/g)?.length ?? 0;
const state = (runtimeStatus: string) => ({ instanceID: "x", runtimeStatus });
const GONE = { errorCode: "ERR_INSTANCE_ID_NOT_FOUND", message: "unable to find x" };

describe("[L34] A server that is away for a while", () => {
  it("[L34.1] wait goes on once it has been there, until the end, the purge or the timeout", async () => {
    answers = [state("RUNNING"), "cut", 503, state("COMPLETED")];
    const done = await cli.run(["wait", "x"]);
    expect([done.code, done.stdout, again(done.stderr)]).toEqual([0, "Workflow 'x' ended: COMPLETED\n", 2]);
    answers = [state("RUNNING"), GONE];
    expect(await cli.run(["wait", "x"])).toEqual({ code: 3, stdout: "", stderr: "error: unable to find x\n" });
    answers = [state("RUNNING"), "cut"];
    const late = await cli.run(["wait", "x", "--timeout", "200ms"]);
    expect([late.code, late.stderr.split("\n").at(-2)]).toEqual([124, "Timed out: 'x' is RUNNING"]);
  });

  it("[L34.2] what is not reached from the beginning is not waited for: exit code 1", async () => {
    answers = ["cut"];
    for (const words of [["wait", "x"], ["watch", "x"], ["watch"], ["bulk", "wait", "bulk:1"]]) {
      const { code, stdout, stderr } = await cli.run(words);
      expect([code, stdout, again(stderr)]).toEqual([1, "", 0]);
      expect(stderr).toMatch(/^error: cannot reach http:/);
    }
  });

  it("[L34.3] watch of an instance goes on behind the last event that came", async () => {
    const event = (id: string, told: object) => `id: ${id}\nevent: history\ndata: ${JSON.stringify(told)}\n\n`;
    const end = 'event: end\ndata: {"runtimeStatus":"COMPLETED"}\n\n';
    answers = [
      event("e:0", { type: "ExecutionStarted", timestampMs: 0, name: "order", executionId: "e" }),
      "cut",
      503,
      `${event("e:1", { type: "EventRaised", timestampMs: 5, name: "go" })}${end}`,
    ];
    const { code, stdout, stderr } = await cli.run(["watch", "x", "-o", "jsonl"]);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([code, told.map(({ type, id }) => id ?? type)]).toEqual([0, ["e:0", "e:1", "end"]]);
    expect(asked.map(({ searchParams }) => searchParams.get("after"))).toEqual([null, "e:0", "e:0", "e:0"]);
    expect(again(stderr)).toBe(3);
    answers = [event("e:0", { type: "ExecutionStarted", timestampMs: 0, name: "order", executionId: "e" }), GONE];
    expect((await cli.run(["watch", "x"])).stdout).toContain("Workflow 'x' is gone: it was purged\n");
  });

  it("[L34.4] watch of a list asks for the same changes again", async () => {
    const row = {
      instanceID: "y",
      workflowName: "order",
      runtimeStatus: "RUNNING",
      lastUpdatedAt: "2026-11-29T00:00:00Z",
    };
    answers = [
      { workflows: [], since: "a", resync: true },
      { workflows: [] },
      "cut",
      503,
      { workflows: [row], since: "b" },
      { workflows: [], since: "b" },
    ];
    const { code, stderr } = await cli.run(["watch", "--interval", "1", "-o", "jsonl"], {
      onOutput: (text, { kill }) => text.includes('"y"') && kill("SIGINT"),
    });
    expect([code, again(stderr)]).toEqual([130, 2]);
    expect(asked.map(({ searchParams }) => searchParams.get("since")).slice(0, 5)).toEqual(["", null, "a", "a", "a"]);
  });

  it("[L34.5] a bulk job is followed on", async () => {
    const job = { jobID: "bulk:1", state: "RUNNING", started: "2026-11-29T00:00:00Z", matched: 1 };
    answers = [job, "cut", { ...job, state: "COMPLETED", done: 1, ended: "2026-11-29T00:00:01Z" }];
    const { code, stdout, stderr } = await cli.run(["bulk", "wait", "bulk:1"]);
    expect([code, stdout, again(stderr)]).toEqual([0, "Bulk job completed: 1 done, 0 failed, 0 skipped\n", 1]);
  });
});

describe("[L36] A list of which a part is missing, because a shard has not answered", () => {
  const row = { instanceID: "y", workflowName: "order", runtimeStatus: "COMPLETED", createdAt: "2026-11-29T00:00:00Z" };
  const NOT_WHOLE = "Not whole: 1 shard(s) of the catalog have not answered. Ask again\n";

  it("[L36.1] is shown, told of, and exit code 1", async () => {
    answers = [{ workflows: [row], missingShards: 1 }];
    expect(await cli.run(["list", "-o", "ids"])).toEqual({ code: 1, stdout: "y\n", stderr: NOT_WHOLE });
    answers = [{ counts: [{ status: "COMPLETED", count: 7 }], missingShards: 1 }];
    expect(await cli.run(["count"])).toEqual({ code: 1, stdout: "7\n", stderr: NOT_WHOLE });
    answers = [{ counts: [{ status: "COMPLETED", count: 7 }], complete: false }];
    const counted = await cli.run(["count"]);
    expect([counted.code, counted.stdout]).toEqual([1, "7\n"]);
  });

  it("[L36.2] is not all: purge --all purges nothing, and export leaves no file", async () => {
    answers = [{ workflows: [row], missingShards: 1 }];
    expect(await cli.run(["purge", "--all", "--yes"])).toEqual({
      code: 1,
      stdout: "",
      stderr: `${NOT_WHOLE}error: the list is not whole, so nothing was purged\n`,
    });
    expect(asked.map(({ pathname }) => pathname)).toEqual(["/v1.0/workflows/dapr"]);
    const file = join(cli.directory, "histories.jsonl");
    answers = [{ workflows: [row], missingShards: 1 }, { instanceId: "y" }];
    const exported = await cli.run(["export", "-q", "Status = COMPLETED", "--file", file]);
    expect([exported.code, exported.stderr]).toEqual([
      1,
      `${NOT_WHOLE}error: the list is not whole, so the export is not\n`,
    ]);
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });

  it("[L36.4] has no newest: `latest` and --limit are nobody, and nothing is done", async () => {
    const query = ["-q", "Status = RUNNING", "--limit", "1", "--yes"];
    for (const words of [
      ["purge", "latest"],
      ["suspend", ...query],
      ["version", "--to", "2", ...query],
    ])
      for (const workflows of [[row], []]) {
        asked.length = 0;
        answers = [{ workflows, missingShards: 1 }];
        const { code, stdout, stderr } = await cli.run(words);
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toContain("error: the list is not whole, so ");
        expect(asked.map(({ pathname }) => pathname)).toEqual(["/v1.0/workflows/dapr"]);
      }
  });

  it("[L36.5] is told of once, for as long as it is so, by a watch", async () => {
    const since = { workflows: [], since: "a" };
    const missing = { ...since, missingShards: 1 };
    answers = [since, since, missing, missing, { ...missing, workflows: [row] }, missing];
    const { code, stderr } = await cli.run(["watch", "--interval", "1", "-o", "jsonl"], {
      onOutput: (text, { kill }) => text.includes('"y"') && kill("SIGINT"),
    });
    expect([code, stderr]).toEqual([130, NOT_WHOLE]);
  });

  it("[L36.3] whose pages do not come on ends, and does not turn in a circle", async () => {
    answers = [{ workflows: [], missingShards: 1, continuationToken: "same" }];
    expect((await cli.run(["list", "-o", "ids"])).code).toBe(1);
    expect(asked.filter(({ pathname }) => pathname.endsWith("/workflows/dapr"))).toHaveLength(2);
  });
});

describe("[L37] What is sent, and what is left", () => {
  it("[L37.1] a bulk job has all that the action has of one instance", async () => {
    answers = [
      { matched: 1, samples: [] },
      { jobID: "bulk:1" },
      { jobID: "bulk:1", state: "COMPLETED", started: "2026-11-29T00:00:00Z", ended: "2026-11-29T00:00:01Z", done: 1 },
    ];
    const query = ["-q", "Name = order", "--yes", "-r", "late"];
    expect((await cli.run(["terminate", ...query, "--non-recursive", "-o", '{"n":1}'])).code).toBe(0);
    const job = {
      operation: "terminate",
      filter: { q: "Name = order" },
      nonRecursive: true,
      output: { n: 1 },
      reason: "late",
    };
    expect(bodies).toEqual([
      { ...job, dryRun: true },
      { ...job, confirm: 1 },
    ]);
    // Of one, they stand in the query and in the body.
    answers = [{}];
    expect((await cli.run(["terminate", "x", "-r", "late", "--non-recursive", "-o", "text"])).code).toBe(0);
    const { pathname, searchParams } = asked.at(-1) ?? new URL("http://nobody");
    expect([pathname, Object.fromEntries(searchParams), bodies.at(-1)]).toEqual([
      "/v1.0/workflows/dapr/x/terminate",
      { reason: "late", nonRecursive: "true" },
      { output: "text" },
    ]);
  });

  it("[L37.2] Ctrl-C leaves nothing of an export that is not whole", async () => {
    const file = join(cli.directory, "cut.jsonl");
    answers = [{ begun: '{"instanceId":"x"}\n' }];
    const { code } = await cli.runOnTerminal(["export", "x", "--file", file], {
      answer: ["export:", String.fromCharCode(3)],
    });
    expect([code, existsSync(file), existsSync(`${file}.part`)]).toEqual([130, false, false]);
  });
});
