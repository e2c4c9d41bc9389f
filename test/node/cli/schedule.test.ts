// `schedule` as processes, against the samples.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, bundle, SAMPLES, type Server, serve } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let server: Server;
let cli: Cli;
let api: Api;

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  api = new Api(server.origin);
  cli = await Cli.build(server.origin);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

const table = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  "));
const schedule = (...words: string[]) => cli.run(["schedule", ...words]);
const shown = async (id: string) => JSON.parse((await schedule("get", id, "-o", "json")).stdout);
const NEXT_YEAR = new Date().getUTCFullYear() + 1;

const NONE = (what: string) => `No ${what} found in namespace "dapr" for app ID "edge-workflows"\n`;

describe("[L51] Lists of nothing", () => {
  it("[L51.1] have no titles, say so on stderr, and are done; JSON and YAML are [], IDs and lines nothing", async () => {
    const lists = [
      [["schedule", "list"], "schedule"],
      [["bulk", "list"], "bulk job"],
      [["limits"], "limit"],
      [["list"], "workflow"],
    ] as const;
    for (const [words, what] of lists) {
      const stderr = NONE(what);
      expect(await cli.run(words)).toEqual({ code: 0, stdout: "", stderr });
      for (const format of ["json", "yaml"])
        expect(await cli.run([...words, "-o", format])).toEqual({ code: 0, stdout: "[]\n", stderr });
      for (const format of ["ids", "jsonl"])
        expect(await cli.run([...words, "-o", format])).toEqual({ code: 0, stdout: "", stderr });
    }
    expect(await cli.run(["count", "--by", "status"])).toEqual({ code: 0, stdout: "", stderr: NONE("workflow") });
    expect(await cli.run(["count"])).toEqual({ code: 0, stdout: "0\n", stderr: "" });
  });
});

describe("[L50] schedule", () => {
  it("[L50.1] create, list and get: fields as they were given, the next times; one that is there is in the way, --replace takes its place", async () => {
    const words = [
      "create",
      "nightly",
      "-w",
      "chaining",
      "-x",
      '"Ada"',
      "--time-zone",
      "Europe/Berlin",
      "--attr",
      "customer=c995",
    ];
    const made = await schedule(...words, "--cron", "30 2 1 1 *", "--overlap", "bufferOne", "--remaining-actions", "3");
    expect(made).toEqual({
      code: 0,
      stdout: `Schedule 'nightly' created successfully, next at ${NEXT_YEAR}-01-01T01:30:00Z\n`,
      stderr: "",
    });
    expect(await shown("nightly")).toMatchObject({
      workflowName: "chaining",
      cron: "30 2 1 1 *",
      timeZone: "Europe/Berlin",
      overlap: "bufferOne",
      remainingActions: 3,
      input: "Ada",
      searchAttributes: { customer: "c995" },
      paused: false,
    });
    const twice = await schedule(...words, "--interval", "6h");
    expect([twice.code, twice.stdout]).toEqual([1, ""]);
    expect((await schedule(...words, "--interval", "6h", "--replace", "--paused")).code).toBe(0);
    await schedule("create", "hourly", "-w", "chaining", "--cron", "0 0 1 1 *", "--cron", "0 0 2 1 *");
    expect(table((await schedule("list")).stdout)).toEqual([
      "ID  WORKFLOW  WHEN  TIME ZONE  STATUS  NEXT  LAST",
      `hourly  chaining  0 0 1 1 *; 0 0 2 1 *  UTC  ACTIVE  ${NEXT_YEAR}-01-01T00:00:00Z  -`,
      expect.stringMatching(/^nightly {2}chaining {2}every 6h {2}Europe\/Berlin {2}ACTIVE|PAUSED/),
    ]);
    expect((await schedule("list", "-o", "ids", "--limit", "1")).stdout).toBe("hourly\n");
    expect((await schedule("get", "hourly")).stdout).toMatch(
      /^ID: {8}hourly\nWorkflow: {2}chaining\nWhen: {6}0 0 1 1 \*; 0 0 2 1 \* \(UTC\)\n/,
    );
    expect((await schedule("get", "none")).code).toBe(3);
  });

  it("[L50.2] update changes what is named, --clear takes away; nothing named is exit code 2, as is what cannot be read", async () => {
    expect(
      (await schedule("update", "hourly", "--cron", "0 0 3 1 *", "--jitter", "10s", "--pause-on-failure")).code,
    ).toBe(0);
    expect(await shown("hourly")).toMatchObject({
      cron: "0 0 3 1 *",
      jitter: "10s",
      pauseOnFailure: true,
      overlap: "skip",
    });
    expect((await schedule("update", "hourly", "--clear", "jitter", "--no-pause-on-failure")).code).toBe(0);
    expect(await shown("hourly")).toMatchObject({ cron: "0 0 3 1 *", jitter: "0s", pauseOnFailure: false });
    expect((await schedule("update", "hourly", "-r", "nothing")).code).toBe(2);
    expect(await schedule("update", "hourly", "--cron", "yearly")).toMatchObject({ code: 2, stdout: "" });
    expect((await schedule("create", "x", "-w", "chaining")).code).toBe(2);
    expect((await schedule("create", "x", "--at", "2100-01-01T00:00:00Z")).code).toBe(2);
  });

  it("[L50.3] trigger starts one now; pause and resume, with a reason", async () => {
    expect(await schedule("pause", "hourly", "-r", "holidays")).toEqual({
      code: 0,
      stdout: "Schedule 'hourly' paused successfully\n",
      stderr: "",
    });
    expect(await shown("hourly")).toMatchObject({ paused: true, pause: { reason: "holidays" } });
    const { stdout } = await schedule("trigger", "hourly", "-x", '"Grace"', "-r", "by hand");
    const [, id = ""] = /^Schedule 'hourly' triggered: (hourly-\S+) \(\w+\)\n$/.exec(stdout) ?? [];
    expect((await api.ended(id)).properties?.["dapr.workflow.output"]).toBe('"*** HELLO, GRACE ***"');
    expect((await schedule("resume", "hourly")).stdout).toBe("Schedule 'hourly' resumed successfully\n");
    expect((await shown("hourly")).paused).toBe(false);
    expect((await schedule("pause", "none")).code).toBe(3);
  });

  it("[L50.4] backfill with a dry run first; preview, of what is there, of changes, and of what is not there", async () => {
    const dry = await schedule("backfill", "hourly", "--from", "2026-01-01", "--to", "2026-02-01", "--dry-run");
    expect(dry.stdout).toBe("1 instance(s) would be started\n2026-01-03T00:00:00Z  hourly-20260103T000000Z\n");
    expect(await api.exists("hourly-20260103T000000Z")).toBe(false);
    // Nobody is there to be asked.
    expect(await schedule("backfill", "hourly", "--from", "2026-01-01", "--to", "2026-02-01")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: 1 instance(s) would be started, and nobody is there to be asked: say --yes to start them\n",
    });
    expect(await api.exists("hourly-20260103T000000Z")).toBe(false);
    const filled = await schedule("backfill", "hourly", "--from", "2026-01-01", "--to", "2026-02-01", "--yes");
    expect(filled.stdout).toBe("1 instance(s) started\n2026-01-03T00:00:00Z  hourly-20260103T000000Z\n");
    expect(await api.ended("hourly-20260103T000000Z")).toMatchObject({ workflowName: "chaining" });
    // Nothing is left to ask about.
    expect(await schedule("backfill", "hourly", "--from", "2026-01-01", "--to", "2026-02-01")).toEqual({
      code: 0,
      stdout: "0 instance(s) would be started\n",
      stderr: "",
    });
    expect((await schedule("preview", "hourly", "--count", "2")).stdout).toBe(
      `${NEXT_YEAR}-01-03T00:00:00Z\n${NEXT_YEAR + 1}-01-03T00:00:00Z\n`,
    );
    expect((await schedule("preview", "hourly", "--count", "1", "--time-zone", "Europe/Berlin")).stdout).toBe(
      `${NEXT_YEAR}-01-02T23:00:00Z  ${NEXT_YEAR}-01-03 00:00:00 Europe/Berlin\n`,
    );
    const json = await schedule("preview", "--cron", "0 0 29 2 *", "--count", "1", "-o", "json");
    expect(JSON.parse(json.stdout)).toEqual({ timeZone: "UTC", times: ["2028-02-29T00:00:00Z"] });
    expect((await schedule("preview")).code).toBe(2);
  });

  it("[L50.5] delete: it is gone, what it has started stays", async () => {
    expect((await schedule("delete", "hourly", "-r", "done")).stdout).toBe("Schedule 'hourly' deleted successfully\n");
    expect((await schedule("get", "hourly")).code).toBe(3);
    expect(await api.exists("hourly-20260103T000000Z")).toBe(true);
  });
});
