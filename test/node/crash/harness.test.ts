// [C7] The campaigns tell what they do wrong themselves from what the engine does wrong. Each kind of fault is shown twice: the
// harness's, which must not be called the engine's, and the engine's, which must not be excused.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { processTree, ROOT, temporaryDirectory, until } from "../e2e/server.ts";
import { Random } from "../random.ts";
import { runCampaign } from "./campaign.ts";
import { Client } from "./client.ts";
import type { HistoryRow, StoredInstance } from "./database.ts";
import type { Violation } from "./faults.ts";
import {
  apart,
  exitCodeOf,
  HarnessError,
  harnessFaultOf,
  insist,
  isOfApi,
  LateError,
  rootOf,
  untilQuiet,
  Waits,
  within,
} from "./harness.ts";
import { KINDS } from "./kinds.ts";
import { stateOf } from "./open.ts";
import { Host } from "./processes.ts";
import { Recorder, type Sent } from "./recorder.ts";
import { Subject } from "./subject.ts";

function failedBy(errorType: string, message = "no way"): StoredInstance {
  const row = (type: string, payload: object | null): HistoryRow => ({
    seq: 0,
    atMs: 0,
    type,
    taskId: 1,
    name: null,
    payload: payload && JSON.stringify(payload),
    detail: {},
  });
  return {
    instanceId: "s1",
    executionId: "e",
    createdAtMs: 0,
    status: "FAILED",
    history: [row("TaskScheduled", null), row("TaskFailed", { errorType, message })],
    left: { inbox: 0, outbox: 0, recovery: 0, telling: 0 },
  };
}

const lost: Violation = { what: "lost", text: "s1:0002: e:1 1 last has not run" };

describe("[C7] whose fault it is", () => {
  it("[C7.1] an activity that did not reach the recorder has failed by the harness, any other by itself", () => {
    expect(harnessFaultOf(failedBy("RecorderUnreachable"))).toBe("an activity did not reach the recorder: no way");
    expect(harnessFaultOf(failedBy("Error", "Network connection lost."))).toBeUndefined();
    // The name alone, in a message, excuses nothing.
    expect(harnessFaultOf(failedBy("Error", "RecorderUnreachable"))).toBeUndefined();
    const { history, ...rest } = failedBy("RecorderUnreachable");
    expect(harnessFaultOf({ ...rest, history: history.filter(({ type }) => type !== "TaskFailed") })).toBeUndefined();
  });

  it("[C7.2] what follows in the same tree is not the engine's, what happens in another one is", () => {
    const faults = new Map([["s1", "s1: no recorder"]]);
    const others: Violation[] = [
      { what: "wrong", text: "s1 (chain) does not end" },
      { what: "wrong", text: "s1-d: is FAILED" },
      { what: "lost", text: "s11: event a 1" },
      { what: "twice", text: "s2:0001: ran twice" },
    ];
    const verdict = apart([lost, ...others], faults);
    expect(verdict.violations.map(({ text }) => text)).toEqual(["s11: event a 1", "s2:0001: ran twice"]);
    expect(verdict.harness).toEqual([
      "s1: no recorder",
      "follows from it: lost: s1:0002: e:1 1 last has not run",
      "follows from it: wrong: s1 (chain) does not end",
      "follows from it: wrong: s1-d: is FAILED",
    ]);
    expect(apart([lost], new Map())).toEqual({ violations: [lost], harness: [] });
  });

  it.each([
    ["s1", "s1"],
    ["s1:0002:0001", "s1"],
    ["s1-d", "s1"],
    ["s1-r:0001", "s1"],
    ["s1-t12 is FAILED", "s1"],
    ["s1 was on disk", "s1"],
    ["a-parent:0002", "a-parent"],
  ])("[C7.3] %s is of the tree %s", (id, root) => expect(rootOf(id)).toBe(root));

  it("[C7.4] exit code 1 for the engine, 2 for the harness alone, 0 for neither", () => {
    expect(exitCodeOf({ violations: [lost], harness: ["x"] })).toBe(1);
    expect(exitCodeOf({ violations: [lost], harness: [] })).toBe(1);
    expect(exitCodeOf({ violations: [], harness: ["x"] })).toBe(2);
    expect(exitCodeOf({ violations: [], harness: [] })).toBe(0);
  });
});

describe("[C7] transport that is lost is used again", () => {
  const sent: Sent = {
    reportId: "r1",
    again: 0,
    phase: "started",
    label: "gated",
    instanceId: "s1",
    taskExecutionId: "e:1",
    attempt: 1,
    edition: "",
    life: "first",
  };

  it("[C7.5] a report that comes again counts once, is answered again, and is told of", async () => {
    const recorder = await Recorder.listen([]);
    const answers: string[] = [];
    const answered = (name: string) =>
      new Promise<void>((resolve) =>
        recorder.take(name === "first" ? sent : { ...sent, again: 1 }, {
          end: ((text: string) => {
            answers.push(`${name} ${text}`);
            resolve();
          }) as never,
        }),
      );
    await answered("first");
    await answered("second");
    expect(recorder.reports).toHaveLength(1);
    expect([answers, recorder.repeats]).toEqual([["first go", "second go"], 1]);
    recorder.take({ ...sent, reportId: "r2" }, { end: (() => undefined) as never });
    expect(recorder.reports).toHaveLength(2);
    await recorder.close();
  });

  it("[C7.6] a report that comes again waits at a gate as the first did", async () => {
    const recorder = await Recorder.listen(["gated"]);
    const answers: string[] = [];
    for (const again of [0, 1])
      recorder.take({ ...sent, again }, { end: ((text?: string) => answers.push(`${again} ${text}`)) as never });
    expect(answers).toEqual([]);
    recorder.open("gated");
    expect(answers).toEqual(["0 go", "1 go"]);
    await recorder.close();
  });

  it("[C7.18] an activity that is to fail is told so until that is mended, and none of its runs counts", () => {
    const recorder = new Recorder();
    const answers: string[] = [];
    const response = { end: ((text?: string) => answers.push(String(text))) as never };
    recorder.fail("s1", "gated");
    recorder.take(sent, response);
    recorder.take({ ...sent, reportId: "r2", instanceId: "s2" }, response);
    expect([answers, recorder.reports.map(({ instanceId }) => instanceId)]).toEqual([["fail"], ["s2"]]);
    recorder.mend("s1", "gated");
    // Its answer was lost: it comes again, and counts now.
    recorder.take({ ...sent, again: 1 }, response);
    expect(recorder.reports.map(({ instanceId }) => instanceId)).toEqual(["s2", "s1"]);
    expect([recorder.hasFailed("s1", "gated"), recorder.hasFailed("s2", "gated")]).toEqual([true, false]);
  });

  it("[C7.7] an answer of a server before the API is a lost connection; the API's own is the engine's", async () => {
    expect([isOfApi('{"errorCode":"ERR_X","message":""}'), isOfApi("Network connection lost."), isOfApi("{}")]).toEqual(
      [true, false, false],
    );
    const script = [
      [502, "Bad Gateway"],
      [500, "Error: Network connection lost."],
      [202, "{}"],
      [500, '{"errorCode":"ERR_PAUSE_WORKFLOW","message":"did not answer"}'],
      [202, "{}"],
    ] as const;
    let n = 0;
    const server = createServer((_request, response) => {
      const [status, text] = script[n++] ?? [202, "{}"];
      response.writeHead(status).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = new Client();
    client.up(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0, lives: 0, jobs: 0 };
    const violations: Violation[] = [];
    const stage = {
      client,
      recorder: new Recorder(),
      isFinishing: false,
      acknowledged,
      violations,
      hasCatalog: true,
      awaitsShards: false,
    };
    const subject = new Subject("s1", KINDS[0] as (typeof KINDS)[number], stage, new Random(0));
    await subject.operate("pause");
    expect([violations, client.refusals, acknowledged.operations]).toEqual([[], 2, 1]);
    await subject.operate("pause");
    expect(violations).toEqual([
      { what: "wrong", text: expect.stringContaining("s1: POST s1/pause answered 500: {") as string },
    ]);
    expect([client.refusals, acknowledged.operations]).toEqual([2, 2]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("[C7.8] a server that does not come up is tried again, and then is the harness's fault", async () => {
    let attempts = 0;
    const upAtThird = async () => {
      if (++attempts < 3) throw new Error("port in use");
      return "up";
    };
    expect(await insist("The server did not start", 3, upAtThird)).toBe("up");
    attempts = 0;
    const never = insist("The server did not start", 2, upAtThird);
    await expect(never).rejects.toThrow(new HarnessError("The server did not start, 2 times: Error: port in use"));
    expect(attempts).toBe(2);
  });

  it("[C7.19] a start with an event that a kill has cut off before it was heard is sent again, also when all come to their end", async () => {
    const sent: string[] = [];
    class CutOff extends Client {
      override async send(method: "GET" | "POST", path: string) {
        sent.push(`${method} ${path}`);
        if (method === "GET") return { status: 404, text: "" };
        return sent.length === 1 ? undefined : { status: 202, text: "{}" };
      }
    }
    const acknowledged = { starts: 0, events: 0, updates: 0, operations: 0, lives: 0, jobs: 0 };
    const recorder = new Recorder();
    const common = {
      client: new CutOff(),
      recorder,
      acknowledged,
      violations: [],
      hasCatalog: true,
      awaitsShards: false,
    };
    const kind = KINDS.find(({ name }) => name === "start and raise") as (typeof KINDS)[number];
    const subject = new Subject("s1", kind, { ...common, isFinishing: true }, new Random(0));
    const play = kind.play(subject);
    await vi.waitUntil(() => subject.waits.texts().some((text) => text.includes("last of s1")));
    const start = "POST collect/start?instanceID=s1&raiseEvent=item";
    expect(sent).toEqual([start, "GET s1", start, "POST s1/raiseEvent/item"]);
    expect(subject.raised).toEqual([
      { sender: "a", n: 0, isAcknowledged: false },
      { sender: "a", n: 1, isAcknowledged: true },
    ]);
    expect([...subject.started]).toEqual([["s1", true]]);
    void play;
  });
});

describe("[C7] slow is not stuck", () => {
  /** Each look takes a second. */
  function clock() {
    let nowMs = 0;
    return {
      now: () => nowMs,
      delay: async () => {
        nowMs += 1_000;
      },
    };
  }

  it("[C7.9] as long as anything goes on it is waited for, however long all of it takes", async () => {
    const time = clock();
    const isSo = () => time.now() >= 1_000_000;
    expect(await untilQuiet(isSo, () => Math.floor(time.now() / 100_000), 120_000, time)).toBe(true);
  });

  it("[C7.10] when nothing has gone on for so long it is stuck, which is the engine's fault", async () => {
    const time = clock();
    expect(
      await untilQuiet(
        () => false,
        () => Math.min(time.now(), 50_000),
        120_000,
        time,
      ),
    ).toBe(false);
    expect(time.now()).toBe(171_000);
  });
});

describe("[C7] what does not end is told of, and not waited for without end", () => {
  it("[C7.12] a wait of the harness's own has a limit, and is told of as the harness's fault", async () => {
    expect(await within("an answer", 1_000, Promise.resolve("there"))).toBe("there");
    await expect(within("an answer", 1_000, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    const never = within("an answer", 5, new Promise(() => undefined));
    await expect(never).rejects.toThrow(new LateError("expected within 5 ms: an answer"));
    await expect(never).rejects.toBeInstanceOf(HarnessError);
  });

  it("[C7.13] who waits for what, and since when, is known as long as it is waited for", async () => {
    let nowMs = 1_000;
    const waits = new Waits(() => nowMs);
    let answer: (value: string) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const first = waits.on(
      "an answer",
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
    );
    nowMs = 3_500;
    const second = waits.on(
      "a report",
      new Promise((_, reject) => {
        fail = reject;
      }),
    );
    nowMs = 4_000;
    expect(waits.texts()).toEqual(["an answer (3.0 s)", "a report (0.5 s)"]);
    answer("there");
    expect(await first).toBe("there");
    expect(waits.texts()).toEqual(["a report (0.5 s)"]);
    fail(new Error("lost"));
    await expect(second).rejects.toThrow("lost");
    expect(waits.texts()).toEqual([]);
  });

  it("[C7.14] an instance in one line: its status, its last event, what is left to do, and when it is woken", () => {
    const instance = failedBy("Error");
    expect(stateOf({ ...instance, left: { inbox: 1, outbox: 0, recovery: 2, telling: 0 } }, 4_000, 6_500)).toBe(
      "s1 is FAILED, 2 events, the last TaskFailed #1 6.5 s ago, 1 in inbox, 2 in recovery, its alarm 2.5 s ago",
    );
    expect(stateOf(instance, 3_606_500, 6_500)).toMatch(/ #1 6\.5 s ago, its alarm in 3600\.0 s$/);
    expect(stateOf({ ...instance, history: [] }, undefined, 6_500)).toBe("s1 is FAILED, no events, no alarm");
  });

  it("[C7.15] a campaign that is not done in time fails by the harness, says what it was at, and leaves no process", async () => {
    const options = { directory: temporaryDirectory(), seed: 7, kills: 1, instances: 2, longestMs: 100, limitMs: 100 };
    const late = runCampaign(options);
    const text = "expected within 100 ms: the end of the campaign\nSeed 7\n0.0 s start the server";
    await expect(late).rejects.toThrow(new HarnessError(text));
    await until("the end of all that it has started", async () => (await processTree(process.pid)).length === 1);
    rmSync(options.directory, { recursive: true });
  });

  it("[C7.16] an instance that does not end is the engine's fault, with what its callers wait for and where it is", async () => {
    // Nothing may go on even for a moment, which is how each of them looks stuck.
    const options = { directory: temporaryDirectory(), seed: 7, kills: 0, instances: 2, longestMs: 100, quietMs: -1 };
    const { violations } = await runCampaign(options);
    const texts = violations.filter(({ what }) => what === "lost").map(({ text }) => text);
    const stuck = (id: string, name: string, workflow: string) =>
      expect.stringMatching(
        `^${id} \\(${name}\\) does not end: its callers wait for the answer to POST ${workflow}/start\\?instanceID=${id} \\([0-9.]+ s\\); on disk `,
      );
    expect(texts.slice(0, 3)).toEqual([
      "only 0 of 2 starts are acknowledged",
      stuck("s0", "chain", "chain"),
      stuck("s1", "fan-out", "fanOut"),
    ]);
    rmSync(options.directory, { recursive: true });
  });

  it("[C7.17] a server that says something else than where it is has not started", async () => {
    const start = Host.start("nowhere", "http://nowhere/", { prefix: ["echo", "a warning"] });
    await expect(start).rejects.toThrow("expected the host's origin, found a warning");
  });
});

describe("[C7] a campaign that is called wrongly", () => {
  it.each([
    ["crash", ["--kill", "3"], "Unknown option '--kill'"],
    ["crash", ["--instances", "0"], '--instances takes a whole number above 0, found "0"'],
    ["crash", ["--seed", "x"], '--seed takes a whole number above 0, found "x"'],
    ["sleepers", ["--waves", "x"], '--waves takes a whole number above 0, found "x"'],
  ] as const)("[C7.11] npm run %s with %j: exit code 2, for it says nothing of the engine", (name, args, complaint) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const [, command] = scripts[name].split(" && node ");
    const run = spawnSync(process.execPath, ["--no-warnings", ...command.split(" "), ...args], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect([run.status, run.stdout, run.stderr.trim()]).toEqual([2, "", `npm run ${name}: ${complaint}`]);
  });
});
