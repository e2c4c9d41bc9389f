// The verbs of `dapr workflow` besides run and list, each with its arguments, flags and texts, against the samples.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, bundle, SAMPLES, type Server, serve, until } from "../e2e/server.ts";
import { Cli, masked, type Ran } from "./support.ts";

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

const said = (stdout: string): Ran => ({ code: 0, stdout, stderr: "" });
/** A table, with one gap between its columns. */
const table = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  "));
/** Events of this type, as the history has them. */
async function events(id: string, type: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${server.origin}/v1.0/workflows/dapr/${id}/history?types=${type}`);
  return ((await response.json()) as { events: Record<string, unknown>[] }).events;
}
async function refused(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(words);
  expect([code, stdout]).toEqual([2, ""]);
  return stderr;
}
const listed = async (id: string) => until(`${id} is listed`, async () => (await ids()).includes(id));
const ids = async () => (await cli.run(["list", "-o", "ids"])).stdout.trimEnd().split("\n");

describe("[L4] history", () => {
  it("[L4.1] short: Dapr's columns, names of types, details and statuses, a dash where there is nothing", async () => {
    await api.start("saga", "trip", { places: ["Rome", "Nice"], failAt: "Nice" });
    await api.ended("trip");
    const { stdout } = await cli.run(["history", "trip"]);
    // How long each takes differs from run to run: [L40] has it with times that are known.
    const rows = table(stdout.replace(/execDuration=\S+/, "execDuration=1s")).map((line) =>
      line.split("  ").with(3, line.includes("Age:") ? "Age" : "E"),
    );
    expect(rows.map((row) => row.join("  "))).toEqual([
      "TYPE  NAME  EVENTID  E  STATUS  DETAILS",
      "ExecutionStarted  saga  -  Age  RUNNING  orchestration start",
      "TaskScheduled  book  1  E  RUNNING  activity=book",
      "TaskCompleted  -  -  E  RUNNING  eventId=1",
      "TaskScheduled  book  2  E  RUNNING  activity=book",
      "TaskFailed  -  -  E  FAILED  eventId=2",
      "TaskScheduled  cancelBooking  3  E  RUNNING  activity=cancelBooking",
      "TaskCompleted  -  -  E  RUNNING  eventId=3",
      "ExecutionCompleted  -  -  E  COMPLETED  execDuration=1s",
    ]);
  });

  it("[L4.2] wide: Dapr's columns, the turn, the execution, attributes without the quotes of JSON", async () => {
    const { stdout } = await cli.run(["history", "trip", "-o", "wide"]);
    const [title, started, scheduled, completed, , failed] = table(masked(stdout));
    expect(title).toBe("PLAY  TYPE  NAME  EVENTID  TIMESTAMP  ELAPSED  STATUS  DETAILS  ROUTER  EXECUTION_ID  ATTRS");
    expect(started).toMatch(
      /^1 {2}ExecutionStarted {2}saga {2}- {2}<time> {2}Age:\S+ {2}RUNNING {2}orchestration start {2}- {2}<uuid> {2}input={"places":\["Rome","Nice"\],"failAt":"Nice"}$/,
    );
    expect(scheduled).toMatch(/^\d {2}TaskScheduled .* input={"place":"Rome","fail":false}$/);
    expect(completed).toMatch(/ eventId=1 {2}- {2}- {2}scheduledId=1$/);
    expect(failed).toMatch(/ scheduledId=2;errorType=Error;errorMsg=Nice is fully booked$/);
  });

  it("[L4.3] JSON and YAML: Dapr's keys, what is nothing left out as Dapr does", async () => {
    const json = JSON.parse((await cli.run(["history", "trip", "-o", "json"])).stdout);
    expect(json).toHaveLength(8);
    expect(Object.keys(json[0])).toEqual([
      "namespace",
      "appID",
      "play",
      "type",
      "name",
      "timestamp",
      "elapsed",
      "status",
      "details",
      "executionId",
      "attrs",
    ]);
    expect(json[1]).toMatchObject({ namespace: "dapr", appID: "edge-workflows", name: "book", eventId: 1 });
    expect(json[2]).toMatchObject({ type: "TaskCompleted", name: null, details: "eventId=1" });
    expect(json[7]).toMatchObject({ type: "ExecutionCompleted", status: "COMPLETED" });
    const { stdout } = await cli.run(["history", "trip", "-o", "yaml", "--types", "TaskFailed"]);
    expect(stdout).toContain("  type: TaskFailed\n  name: null\n");
    const lines = await cli.run(["history", "latest", "-o", "jsonl", "--order", "desc"]);
    expect(JSON.parse(lines.stdout.split("\n")[0] ?? "")).toMatchObject({ type: "ExecutionCompleted" });
  });

  it("[L4.4] children and timers in Dapr's words", async () => {
    await api.start("childWorkflows", "family", ["Ada"]);
    await api.ended("family");
    const family = table((await cli.run(["history", "family"])).stdout);
    expect(family.map((line) => line.split("  ")[0])).toEqual([
      "TYPE",
      "ExecutionStarted",
      "SubOrchCreated",
      "SubOrchCompleted",
      "ExecutionCompleted",
    ]);
    await api.start("humanInteraction", "asked", QUESTION);
    await api.raise("asked", "answer", "fine");
    await api.ended("asked");
    const asked = masked((await cli.run(["history", "asked"])).stdout);
    expect(asked).toMatch(/TimerCreated +- +1 +\S+ +RUNNING +fireAt=<time>\n/);
    expect(asked).toMatch(/EventRaised +answer +- +\S+ +RUNNING +event=answer\n/);
  });

  it("[L4.5] wrong use, and what is not there", async () => {
    expect(await refused(["history", "trip", "-o", "ids"])).toBe(
      "error: invalid value for --output. Supported values are short, wide, yaml, json, jsonl\n",
    );
    expect(await refused(["history"])).toContain("missing required argument 'id'");
    expect(await cli.run(["history", "nobody"])).toMatchObject({ code: 3, stdout: "" });
  });
});

describe("[L5] suspend, resume, terminate, raise-event", () => {
  it("[L5.1] say Dapr's sentences, and their reasons stand in the history", async () => {
    await api.start("humanInteraction", "one", QUESTION);
    expect(await cli.run(["suspend", "one", "-r", "lunch"])).toEqual(said("Workflow 'one' suspended successfully\n"));
    expect((await api.state("one")).runtimeStatus).toBe("SUSPENDED");
    expect(await cli.run(["resume", "one", "--reason", "back"])).toEqual(said("Workflow 'one' resumed successfully\n"));
    expect(await cli.run(["raise-event", "one/answer", "-x", '{"a":[1]}'])).toEqual(
      said("Workflow 'one' raised event 'answer' successfully\n"),
    );
    await api.ended("one");
    expect(await events("one", "ExecutionSuspended")).toMatchObject([{ reason: "lunch" }]);
    expect(await events("one", "ExecutionResumed")).toMatchObject([{ reason: "back" }]);
    expect(await events("one", "EventRaised")).toMatchObject([{ name: "answer", input: '{"a":[1]}' }]);
  });

  it("[L5.2] -o of terminate is the workflow's output, as JSON or as a text", async () => {
    await api.start("humanInteraction", "two", QUESTION);
    await api.start("humanInteraction", "three", QUESTION);
    expect(await cli.run(["terminate", "two", "-o", '{"why":"late"}', "-r", "late"])).toEqual(
      said("Workflow 'two' terminated successfully\n"),
    );
    expect(await cli.run(["terminate", "three", "--output", "too late"])).toMatchObject({ code: 0 });
    expect((await api.ended("two")).properties?.["dapr.workflow.output"]).toBe('{"why":"late"}');
    expect((await api.ended("three")).properties?.["dapr.workflow.output"]).toBe('"too late"');
    expect(await events("two", "ExecutionTerminated")).toMatchObject([{ reason: "late", recursive: true }]);
  });

  it("[L5.3] several IDs, one after the other; the first that fails ends it, with its text on stderr", async () => {
    for (const id of ["four", "five"]) await api.start("humanInteraction", id, QUESTION);
    const { code, stdout, stderr } = await cli.run(["suspend", "four", "nobody", "five"]);
    expect([code, stdout]).toEqual([3, "Workflow 'four' suspended successfully\n"]);
    expect(stderr).toContain("no such instance exists");
    expect((await api.state("five")).runtimeStatus).toBe("RUNNING");
    expect((await cli.run(["raise-event", "--event", "answer", "five", "-x", "1"])).stdout).toBe(
      "Workflow 'five' raised event 'answer' successfully\n",
    );
    for (const verb of ["resume", "terminate", "cancel"]) expect((await cli.run([verb, "nobody"])).code).toBe(3);
    expect((await cli.run(["raise-event", "nobody/answer"])).code).toBe(3);
  });

  it("[L5.4] Dapr's text for an argument that is no ID/EVENT, and no target or two kinds of them", async () => {
    const text = "error: the argument must be in the format '<instance-id>/<event-name>'\n";
    for (const words of [["five"], ["a/b/c"], ["/b"], ["a/"], ["a/b", "c/d"], []])
      expect(await refused(["raise-event", ...words])).toBe(text);
    const neither = "error: either IDs or --query say which instances, found neither\n";
    for (const verb of ["suspend", "resume", "terminate", "rerun", "restart", "rewind", "cancel"])
      expect(await refused([verb])).toBe(neither);
    expect(await refused(["suspend", "four", "-q", "Status = RUNNING"])).toContain("found both");
    expect(await refused(["suspend", "four", "--dry-run"])).toContain("--dry-run goes with --query");
    expect(await refused(["suspend", "."])).toContain('a name that a URL can hold is expected, found "."');
  });
});

describe("[L6] rerun", () => {
  it("[L6.1] from the beginning or from an event, under a new ID, with another input", async () => {
    expect(await cli.run(["rerun", "trip", "--new-instance-id", "again"])).toEqual(
      said("Rerunning workflow instance: again\n"),
    );
    expect(await events("again", "ExecutionStarted")).toMatchObject([{ rerunOf: { instanceId: "trip" } }]);
    const from = await cli.run(["rerun", "trip", "-e", "2", "-x", '{"place":"Bonn"}', "-r", "no room"]);
    expect(masked(from.stdout)).toBe("Rerunning workflow instance: <uuid>\n");
    const id = from.stdout.trim().split(" ").at(-1) ?? "";
    expect((await api.ended(id)).properties?.["dapr.workflow.output"]).toContain('"booked":["Rome","Nice"]');
    expect(await events(id, "ExecutionStarted")).toMatchObject([{ reason: "no room", rerunOf: { eventId: 2 } }]);
  });

  it("[L6.2] what the server refuses, and what is no number", async () => {
    const missing = await cli.run(["rerun", "nobody"]);
    expect([missing.code, missing.stderr]).toEqual([3, "error: workflow instance does not exist with ID 'nobody'\n"]);
    expect((await cli.run(["rerun", "trip", "-e", "99"])).code).toBe(3);
    expect(await refused(["rerun", "trip", "-e", "-1"])).toContain("invalid value for --event-id");
    expect(await refused(["rerun", "trip", "again", "--new-instance-id", "x"])).toContain("goes with exactly one ID");
  });
});

describe("[L7] purge", () => {
  it("[L7.1] of IDs: how many, then each; the first that fails ends it, with its ID", async () => {
    await api.start("chaining", "p1", "Ada");
    await api.start("humanInteraction", "p2", QUESTION);
    await api.ended("p1");
    const { code, stdout, stderr } = await cli.run(["purge", "p1", "p2", "trip"]);
    expect([code, stdout]).toEqual([1, 'Purging 3 workflow instance(s)\nPurged workflow instance "p1"\n']);
    expect(stderr).toMatch(/^error: p2: error purging workflow p2: .*orchestration has not yet completed\n$/);
    expect(await cli.run(["purge", "p2", "--force"])).toEqual(
      said('Purging 1 workflow instance(s)\nPurged workflow instance "p2"\n'),
    );
    expect(await api.exists("p2")).toBe(false);
    expect((await cli.run(["purge", "p2"])).code).toBe(3);
  });

  it("[L7.2] Dapr's texts for arguments that do not go together", async () => {
    const text = async (...words: string[]) => (await refused(["purge", ...words])).replace(/^error: |\n$/g, "");
    expect(await text()).toBe("one or more workflow instance ID arguments are required when not using purge all flags");
    expect(await text("--all", "trip")).toBe("no arguments are accepted when using purge all flags");
    expect(await text("--all-older-than", "1h", "trip")).toBe("no arguments are accepted when using purge all flags");
    expect(await text("--all-filter-status", "FAILED")).toBe(
      "--all-filter-status can only be used with --all-older-than",
    );
    expect(await text("--all-older-than", "1h", "--all-filter-status", "DONE")).toBe(
      "invalid value for --all-filter-status. Supported values are RUNNING, COMPLETED, CONTINUED_AS_NEW, FAILED, CANCELED, TERMINATED, PENDING, SUSPENDED, STALLED",
    );
    expect(await text("--all-older-than", "1h", "--all-filter-status", "RUNNING")).toBe(
      "--force is required when using --all-filter-status with a non-terminal status (RUNNING)",
    );
    expect(await text("--all", "--all-older-than", "1h")).toBe("either --all or --all-older-than, found both");
    expect(await text("--all-older-than", "soon")).toContain("invalid value for --all-older-than");
  });

  it("[L7.4] --dry-run, --limit and --rps, which count for a query alone, are refused with IDs and --all: nothing is purged", async () => {
    await listed("again");
    const before = await ids();
    for (const [flag = "", ...value] of [["--dry-run"], ["--limit", "1"], ["--rps", "5"]])
      for (const target of [["again"], ["--all"], ["--all-older-than", "0s"]])
        expect(await refused(["purge", ...target, flag, ...value, "--yes"])).toBe(`error: ${flag} goes with --query\n`);
    expect(await ids()).toEqual(before);
  });

  it("[L7.3] --all: on a pipe only with --yes; then all that have ended, the oldest first, and nothing else", async () => {
    await listed("again");
    const before = await ids();
    expect(await refused(["purge", "--all"])).toMatch(
      /^error: \d+ instance\(s\) match, and nobody is there to be asked: say --yes to purge them\n$/,
    );
    expect(await ids()).toEqual(before);
    expect(await cli.run(["purge", "--all-older-than", "1h", "--yes"])).toEqual(
      said("Purging 0 workflow instance(s)\n"),
    );
    const failed = await cli.run(["purge", "--all-older-than", "0s", "--all-filter-status", "TERMINATED", "-y"]);
    expect(failed).toEqual(
      said('Purging 2 workflow instance(s)\nPurged workflow instance "two"\nPurged workflow instance "three"\n'),
    );
    const { code, stdout } = await cli.run(["purge", "--all", "--yes", "--scheduler-namespace", "dapr-system"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Purging \d+ workflow instance\(s\)\nPurged workflow instance "trip"\n/);
    await until("what has ended is gone", async () => (await ids()).join() === "four");
  });
});
