// `list`, `get` and `run` as processes, against the samples.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../e2e/npm.ts";
import { bundle, SAMPLES, type Server, serve, until } from "../e2e/server.ts";
import { Cli, masked } from "./support.ts";

let server: Server;
let cli: Cli;

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  cli = await Cli.build(server.origin);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

const ages = (text: string) => text.replace(/\b\d+s\b/g, "<age>");

describe("[L1] list, in Dapr's words", () => {
  it("[L1.1] nothing found: Dapr's line on stderr, nothing on stdout, and no failure; as JSON and YAML an empty list", async () => {
    const said = 'No workflow found in namespace "dapr" for app ID "edge-workflows"\n';
    expect(await cli.run(["list"])).toEqual({ code: 0, stdout: "", stderr: said });
    expect(await cli.run(["list", "-o", "json"])).toEqual({ code: 0, stdout: "[]\n", stderr: said });
    expect(await cli.run(["list", "-o", "yaml"])).toEqual({ code: 0, stdout: "[]\n", stderr: said });
    expect(await cli.run(["list", "-o", "wide"])).toEqual({ code: 0, stdout: "", stderr: said });
  });

  it("[L1.2] run starts what is named, with an ID, an input and a time, and says Dapr's sentence", async () => {
    const question = '{"question":"Well?","timeoutSeconds":600}';
    const first = await cli.run(["run", "humanInteraction", "-i", "asked", "-x", question]);
    expect(first).toEqual({ code: 0, stdout: "Workflow instance started successfully: asked\n", stderr: "" });
    const second = await cli.run(["run", "chaining", "--instance-id", "greeted", "--input", '"Ada"', "--wait"]);
    expect(second.stdout).toBe(
      "Workflow instance started successfully: greeted\nWorkflow 'greeted' ended: COMPLETED\nOutput: \"*** HELLO, ADA ***\"\n",
    );
    const failing = await cli.run(["run", "unknown", "-i", "unknown", "--wait"]);
    expect([failing.code, failing.stdout]).toEqual([
      5,
      "Workflow instance started successfully: unknown\nWorkflow 'unknown' ended: FAILED\n",
    ]);
    const later = await cli.run(["run", "chaining", "-i", "later", "-s", "2h45m"]);
    expect(later).toMatchObject({ code: 0, stdout: "Workflow instance started successfully: later\n" });
    const unnamed = await cli.run(["run", "chaining", "-s", "0s"]);
    expect(masked(unnamed.stdout)).toBe("Workflow instance started successfully: <uuid>\n");
    await until("all are listed", async () => (await cli.run(["list", "-o", "ids"])).stdout.split("\n").length === 6);
  });

  it("[L1.3] short: Dapr's columns, the oldest first, the scheduled one last", async () => {
    const { stdout } = await cli.run(["list", "--filter-max-age", "1h"]);
    expect(
      ages(masked(stdout))
        .split("\n")
        .map((line) => line.replace(/ {2,}/g, "  ")),
    ).toEqual([
      "NAME  ID  STATUS  CUSTOM STATUS  AGE",
      "humanInteraction  asked  RUNNING  Well?  <age>",
      "chaining  greeted  COMPLETED  <age>",
      "unknown  unknown  FAILED  <age>",
      "chaining  <uuid>  COMPLETED  <age>",
      "chaining  later  PENDING  <scheduled>",
      "",
    ]);
    const lines = stdout.trimEnd().split("\n");
    const at = lines[0]?.indexOf("STATUS") ?? 0;
    expect(lines.slice(1).map((line) => line.slice(at, at + 4))).toEqual(["RUNN", "COMP", "FAIL", "COMP", "PEND"]);
  });

  it("[L1.13] a list of one page is one table, however long the ID of a scheduled one is", async () => {
    const id = "scheduled-".repeat(5);
    expect((await cli.run(["run", "chaining", "-i", id, "-s", "2h"])).code).toBe(0);
    const list = () => cli.run(["list", "-s", "PENDING,FAILED"]);
    await until("it is listed", async () => (await list()).stdout.includes(id));
    const lines = (await list()).stdout.trimEnd().split("\n");
    const at = lines[0]?.indexOf("STATUS") ?? 0;
    expect(lines.map((line) => line.slice(at, at + 7))).toEqual(["STATUS ", "FAILED ", "PENDING", "PENDING"]);
    expect((await cli.run(["purge", id, "--force"])).code).toBe(0);
    await until("it is gone", async () => !(await list()).stdout.includes(id));
  });

  it("[L1.4] wide, JSON and YAML: Dapr's columns and keys, seconds, and a message on one line", async () => {
    const wide = await cli.run(["list", "-o", "wide", "-s", "FAILED"]);
    const [title, row = ""] = masked(wide.stdout).split("\n");
    expect(title?.replace(/ {2,}/g, "  ")).toBe(
      "NAMESPACE  APP ID  Name  INSTANCE ID  CREATED  LAST UPDATE  STATUS  CUSTOM STATUS  FAILURE MESSAGE",
    );
    expect(row.replace(/ {2,}/g, "  ")).toMatch(
      /^dapr {2}edge-workflows {2}unknown {2}unknown {2}<time> {2}<time> {2}FAILED {2}.*'unknown'/,
    );
    const json = JSON.parse((await cli.run(["list", "-o", "json", "-n", "shop"])).stdout);
    expect(json).toHaveLength(5);
    expect(json[1]).toEqual({
      namespace: "shop",
      appID: "edge-workflows",
      name: "chaining",
      instanceID: "greeted",
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      lastUpdate: expect.stringMatching(/Z$/),
      runtimeStatus: "COMPLETED",
      customStatus: "",
      failureMessage: "",
      age: expect.stringMatching(/^\d+s$/),
    });
    const yaml = await cli.run(["list", "-o", "yaml", "-w", "humanInteraction"]);
    expect(masked(yaml.stdout).replace(/age: \d+s/, "age: 1s")).toBe(
      [
        "- namespace: dapr",
        "  appID: edge-workflows",
        "  name: humanInteraction",
        "  instanceID: asked",
        "  created: <time>",
        "  lastUpdate: <time>",
        "  runtimeStatus: RUNNING",
        "  customStatus: Well?",
        '  failureMessage: ""',
        "  age: 1s",
        "",
      ].join("\n"),
    );
    const lines = (await cli.run(["list", "-o", "jsonl"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).instanceID)).toEqual(
      json.map(({ instanceID }: { instanceID: string }) => instanceID),
    );
  });

  it("[L1.5] filters, queries, orders and limits", async () => {
    const ids = async (...words: string[]) =>
      (await cli.run(["list", "-o", "ids", ...words])).stdout.trimEnd().split("\n");
    expect(await ids("-w", "humanInteraction")).toEqual(["asked"]);
    expect(await ids("-w", "human*")).toEqual(["asked"]);
    expect(await ids("-s", "FAILED,RUNNING")).toEqual(["asked", "unknown"]);
    expect(await ids("-s", "CONTINUED_AS_NEW")).toEqual([""]);
    expect(await ids("-m", "2100-01-01")).toEqual([""]);
    expect(await ids("-q", "Status = FAILED OR InstanceID = 'greeted'")).toEqual(["greeted", "unknown"]);
    expect(await ids("--limit", "2")).toEqual(["asked", "greeted"]);
    expect((await ids("--order", "desc", "--limit", "5"))[4]).toBe("asked");
  });

  it("[L1.6] a leading `workflow` or `work` is heard and says nothing, also behind flags, and `ls` is list", async () => {
    const { stdout } = await cli.run(["list", "-o", "ids"]);
    for (const words of [
      ["workflow", "list"],
      ["work", "ls"],
      ["--component", "workflow", "workflow", "list"],
    ])
      expect(await cli.run([...words, "-o", "ids"])).toEqual({ code: 0, stdout, stderr: "" });
  });

  it("[L1.7] Dapr's flags for databases and clusters are taken, with one line on stderr", async () => {
    const dapr = ["-k", "-n", "default", "-a", "edge-workflows", "-c", "host=db", "-t", "state"];
    const { code, stdout, stderr } = await cli.run(["list", "-o", "ids", "-s", "FAILED", ...dapr]);
    expect([code, stdout]).toEqual([0, "unknown\n"]);
    expect(stderr).toBe(
      "Dapr's flags: --kubernetes, --connection-string, --table-name ignored, because all goes over HTTP to one server; --namespace is the component; --app-id has to be the server's own\n",
    );
    const other = await cli.run(["list", "-a", "other"]);
    expect(other).toMatchObject({ code: 1, stdout: "" });
    expect(other.stderr).toContain("app 'other' cannot be reached");
  });

  it("[L1.8] wrong values: Dapr's texts, exit code 2, and nothing is asked", async () => {
    const wrong = async (...words: string[]) => {
      const { code, stdout, stderr } = await cli.run(["list", "--url", "http://127.0.0.1:9", ...words]);
      expect([code, stdout]).toEqual([2, ""]);
      return stderr;
    };
    expect(await wrong("-o", "xml")).toBe(
      "error: invalid value for --output. Supported values are short, wide, yaml, json, ids, jsonl\n",
    );
    expect(await wrong("-s", "DONE")).toBe(
      "error: invalid value for --filter-status. Supported values are RUNNING, COMPLETED, CONTINUED_AS_NEW, FAILED, CANCELED, TERMINATED, PENDING, SUSPENDED, STALLED\n",
    );
    expect(await wrong("-m", "yesterday")).toContain("invalid value for --filter-max-age: a duration such as 300ms");
    expect(await wrong("--limit", "0")).toContain("invalid value for --limit: a whole number from 1 on");
    expect(await wrong("-q", " ")).toContain("--query is the text of a query");
    expect(await wrong("--no-such-flag")).toContain("unknown option '--no-such-flag'");
    expect(await wrong("operand")).toContain("too many arguments");
  });
});

describe("[L2] get", () => {
  it("[L2.1] all there is to tell, as lines and as the server has it; `latest` is the newest", async () => {
    const { stdout } = await cli.run(["get", "asked"]);
    expect(
      masked(stdout)
        .replace(/\d+s ago/g, "1s ago")
        .replace(/, \d+ bytes/, ", 1 bytes"),
    ).toBe(
      [
        "Name:          humanInteraction",
        "ID:            asked",
        "Status:        RUNNING",
        "Custom status: Well?",
        "Created:       <time> (1s ago)",
        "Updated:       <time> (1s ago)",
        "Execution:     <uuid>",
        'Input:         {"question":"Well?","timeoutSeconds":600}',
        "Timer:         #1 at <time>",
        "Waits for:     event 'answer'",
        "Due:           <time>",
        "History:       2 events, 1 bytes",
        "",
      ].join("\n"),
    );
    const latest = JSON.parse((await cli.run(["get", "latest", "-o", "json"])).stdout);
    expect(latest).toMatchObject({ workflowName: "chaining", runtimeStatus: "COMPLETED" });
    expect((await cli.run(["get", "greeted", "--no-payloads"])).stdout).not.toContain("Ada");
    expect((await cli.run(["get", "greeted", "-o", "yaml"])).stdout).toContain("instanceID: greeted\n");
  });

  it("[L2.2] one that is not there: exit code 3, and the server's text", async () => {
    expect(await cli.run(["get", "nobody"])).toEqual({
      code: 3,
      stdout: "",
      stderr: "error: unable to find workflow with the provided instance ID: nobody\n",
    });
  });
});

describe("[L3] Where there is no server", () => {
  it("[L3.1] the URL, what is wrong, and what to do about it", async () => {
    const url = `http://127.0.0.1:${await freePort()}/base`;
    const { code, stdout, stderr } = await cli.run(["list", "--url", `${url}/`]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `error: cannot reach ${url}: connection refused. Start the server there ("npm start", or "npx wrangler dev" in your project), or say where it is with --url or EDGE_WORKFLOWS_URL\n`,
    );
  });
});
