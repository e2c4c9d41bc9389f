// `npm start` and `npm run demo` as a newcomer runs them, and what they print typed into a shell.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endAll, freePort, npm, type Running } from "./npm.ts";
import { isRunning, type ProcessInfo, processTree, temporaryDirectory, until } from "./server.ts";

const run = promisify(execFile);

/** What the command prints on stdout, run by a shell. `-s`: no progress meter. */
async function shell(command: string): Promise<string> {
  const { stdout } = await run("sh", ["-c", command.replace(/^curl /, "curl -s --max-time 30 ")]);
  return stdout;
}

const ENDED = "?waitFor=completed&timeoutSeconds=30";

describe("[E4] npm start", () => {
  let directory: string;
  let port: number;
  let server: Running;
  let commands: string[];

  beforeAll(async () => {
    directory = temporaryDirectory();
    port = await freePort();
    server = npm("start", "--", "--port", String(port), "--persist-to", directory);
    const has = () => /Ctrl-C/.test(server.output());
    await until("the lines that npm start prints", () => has() || server.child.exitCode !== null, 40_000);
    expect(server.output()).toMatch(/Ctrl-C/);
    commands = server.output().match(/(?<=^ +)curl .*$/gm) ?? [];
  });

  afterAll(async () => {
    if (server?.child.pid !== undefined) endAll(await processTree(server.child.pid));
    rmSync(directory, { recursive: true, force: true });
  });

  it("[E4.1] says where it listens and where the data lives, and prints three curl commands", () => {
    expect(server.output()).toContain(`http://localhost:${port}`);
    expect(server.output()).toContain(directory);
    expect(commands).toHaveLength(3);
    expect(commands.map((command) => command.match(/localhost:(\d+)/)?.[1])).toEqual(Array(3).fill(String(port)));
  });

  it("[E4.2] the three commands, as they are printed, start an order, read it, and raise its event", async () => {
    const [start = "", read = "", approve = ""] = commands;
    const started = await shell(start);
    expect(started).toMatch(/^HTTP\/1\.1 202 /);
    expect(started).toMatch(/\r\n\r\n\{"instanceID":"order-1"\}$/);
    const state = JSON.parse(await shell(read));
    expect(state).toMatchObject({ instanceID: "order-1", workflowName: "orderProcessingWorkflow" });
    const ended = JSON.parse(await shell(read.replace(/order-1'$/, `order-1${ENDED}'`)));
    expect(ended.runtimeStatus).toBe("COMPLETED");
    expect(ended.properties["dapr.workflow.output"]).toBe('{"processed":true}');
    const approved = await shell(approve);
    expect(approved).toMatch(/^HTTP\/1\.1 202 /);
    expect(approved).toMatch(/\r\n\r\n\{\}$/);
  });

  it("[E4.3] the same commands with a dear order: it waits, and the event approves it", async () => {
    const [start = "", read = "", approve = ""] = commands.map((command) => command.replace("order-1", "order-2"));
    await shell(start.replace(/"totalCost":\d+/, '"totalCost":9000'));
    await until("the order waits for its approval", async () => {
      const { runtimeStatus, properties } = JSON.parse(await shell(read));
      return runtimeStatus === "RUNNING" && properties["dapr.workflow.custom_status"] === "waiting for approval";
    });
    await shell(approve);
    const ended = JSON.parse(await shell(read.replace(/order-2'$/, `order-2${ENDED}'`)));
    expect(ended.runtimeStatus).toBe("COMPLETED");
    expect(ended.properties).toMatchObject({
      "dapr.workflow.output": '{"processed":true}',
      "dapr.workflow.custom_status": "approved",
    });
  });

  it("[E4.4] refuses a port that is taken, with the way out", async () => {
    const second = npm("start", "--", "--port", String(port), "--persist-to", directory);
    expect(await second.exitCode).not.toBe(0);
    expect(second.output()).toContain(`Port ${port} is taken`);
    expect(second.output()).toContain("npm start -- --port");
  });

  it("[E4.5] npm run demo --url uses it: status changes, the result, exit code 0", async () => {
    const demo = npm("run", "demo", "--", "--url", `http://127.0.0.1:${port}`);
    expect([await demo.exitCode, demo.output()]).toEqual([0, expect.stringContaining("COMPLETED")]);
    const lines = demo.output().match(/(?<=s {2})(status|raise|result).*$/gm);
    expect(lines?.at(0)).toMatch(/^status RUNNING/);
    expect(lines?.slice(-4)).toEqual([
      "status RUNNING  waiting for approval",
      "raise  approval_event with true",
      "status COMPLETED  approved",
      'result {"processed":true}',
    ]);
  });

  it("[E4.6] SIGTERM ends npm and all it has started; the data stays", async () => {
    const tree = await processTree(Number(server.child.pid));
    expect(tree.map(({ name }) => name)).toContain("workerd");
    try {
      server.child.kill("SIGTERM");
      await server.exitCode;
      await until("the end of all processes", () => !tree.some(isRunning), 10_000);
    } finally {
      endAll(tree);
    }
    await expect(fetch(`http://127.0.0.1:${port}/v1.0/healthz`)).rejects.toBeInstanceOf(TypeError);
    const objects = join(directory, "v3/do/edge-workflows-WorkflowInstance");
    expect(existsSync(objects)).toBe(true);
    expect(readdirSync(objects).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)).length).toBeGreaterThanOrEqual(2);
  });
});

describe("[E5] npm run demo", () => {
  it("[E5.1] without a server: starts its own, shows the changes of the status, exits 0 and leaves no process", async () => {
    const demo = npm("run", "demo");
    const seen = new Map<number, ProcessInfo>();
    const watch = setInterval(async () => {
      for (const member of await processTree(Number(demo.child.pid))) seen.set(member.pid, member);
    }, 100);
    const code = await demo.exitCode;
    clearInterval(watch);
    try {
      expect([code, demo.output()]).toEqual([0, expect.stringMatching(/starting one on port|Using the server/)]);
      expect(demo.output()).toMatch(/status RUNNING {2}waiting for approval\n(.*\n)*.*status COMPLETED {2}approved\n/);
      expect(demo.output()).toContain('result {"processed":true}');
      await until("the end of all processes", () => ![...seen.values()].some(isRunning), 10_000);
    } finally {
      endAll([...seen.values()]);
    }
  });
});
