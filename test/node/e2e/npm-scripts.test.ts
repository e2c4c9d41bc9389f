// `npm start` and `npm run demo` as a newcomer runs them, and what they print typed into a shell.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApiDocument } from "../../../src/http/openapi/document.ts";
import { endAll, freePort, npm, type Running } from "./npm.ts";
import { isRunning, type ProcessInfo, processTree, ROOT, temporaryDirectory, until } from "./server.ts";

const { hasApiToken } = (await import(join(ROOT, "scripts/api-token.mjs"))) as {
  hasApiToken(flags: readonly string[], values: object): Promise<boolean>;
};
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

  it("[E4.1] says where it listens and where the data lives, and prints four curl commands", () => {
    expect(server.output()).toContain(`http://localhost:${port}`);
    expect(server.output()).toContain(directory);
    expect(server.output()).toContain(`http://localhost:${port}/docs/`);
    expect(commands).toHaveLength(4);
    expect(commands.map((command) => command.match(/localhost:(\d+)/)?.[1])).toEqual(Array(4).fill(String(port)));
  });

  it("[E4.2] the same commands with a cheap order: it waits for nobody", async () => {
    const [start = "", read = ""] = commands.map((command) => command.replace("order-1", "order-2"));
    await shell(start.replace(/"totalCost":\d+/, '"totalCost":500'));
    const ended = JSON.parse(await shell(read.replace(/order-2'$/, `order-2${ENDED}'`)));
    expect(ended.runtimeStatus).toBe("COMPLETED");
    expect(ended.properties["dapr.workflow.output"]).toBe('{"processed":true}');
  });

  it("[E4.3] the commands, as they are printed: an order that waits, what it waits for, its approval, the list", async () => {
    const [start = "", read = "", approve = "", list = ""] = commands;
    const started = await shell(start);
    expect(started).toMatch(/^HTTP\/1\.1 202 /);
    expect(started).toMatch(/\r\n\r\n\{"instanceID":"order-1"\}$/);
    await until("the order waits for its approval", async () => {
      const { runtimeStatus, properties } = JSON.parse(await shell(read));
      return runtimeStatus === "RUNNING" && properties["dapr.workflow.custom_status"] === "waiting for approval";
    });
    const approved = await shell(approve);
    expect(approved).toMatch(/^HTTP\/1\.1 202 /);
    expect(approved).toMatch(/\r\n\r\n\{\}$/);
    const ended = JSON.parse(await shell(read.replace(/order-1'$/, `order-1${ENDED}'`)));
    expect(ended.runtimeStatus).toBe("COMPLETED");
    expect(ended.properties).toMatchObject({
      "dapr.workflow.output": '{"processed":true}',
      "dapr.workflow.custom_status": "approved",
    });
    await until("the list says so, too", async () => {
      const { workflows } = JSON.parse(await shell(list)) as {
        workflows: { instanceID: string; runtimeStatus: string }[];
      };
      return workflows.some((row) => row.instanceID === "order-1" && row.runtimeStatus === "COMPLETED");
    });
  });

  it("[E4.11] serves the OpenAPI document as a file, and all else below /v1.0 is the Worker's", async () => {
    const address = `http://localhost:${port}/v1.0`;
    const response = await fetch(`${address}/openapi.json`);
    expect([
      response.status,
      response.headers.get("content-type"),
      response.headers.get("x-content-type-options"),
    ]).toEqual([200, "application/json", "nosniff"]);
    expect(await response.json()).toEqual(openApiDocument());
    for (const path of ["openapi.jsonx", "openapi", "healthz/openapi.json", "workflows/dapr/openapi.json"])
      expect([path, await (await fetch(`${address}/${path}`)).json()]).toMatchObject([
        path,
        { errorCode: expect.stringMatching(/^ERR_/) },
      ]);
  });

  it("[E4.12] serves the reference page at /docs, which asks nobody but this server for anything", async () => {
    const address = `http://localhost:${port}/docs/`;
    const page = await fetch(address.slice(0, -1));
    expect([page.status, page.redirected, page.url, page.headers.get("content-type")]).toEqual([
      200,
      true,
      address,
      "text/html; charset=utf-8",
    ]);
    const html = await page.text();
    const files = [...html.matchAll(/ (?:src|href|spec-url)="([^"]*)"/g)].map(([, file = ""]) => file);
    expect(files.sort()).toEqual(
      ["data:,", "page.css", "page.js", "rapidoc-min.js", "../v1.0/openapi.json", "../v1.0/openapi.json"].sort(),
    );
    for (const file of files.filter((name) => name !== "data:,"))
      expect([file, (await fetch(new URL(file, address))).status]).toEqual([file, 200]);
    expect(html).not.toMatch(/<script>|<style>| on\w+=/);
    expect(page.headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(page.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
  });

  it("[E4.4] refuses a port that is taken, with the way out", async () => {
    const second = npm("start", "--", "--port", String(port), "--persist-to", directory);
    expect(await second.exitCode).not.toBe(0);
    expect(second.output()).toContain(`Port ${port} is taken`);
    expect(second.output()).toContain("npm start -- --port");
  });

  // Dashboard.md 6 has what browsers send; the headers of the second are what a page sends that gives this machine its own name.
  it.each([
    ["POST", "start", ["Origin: https://evil.example", "Content-Type: text/plain"], 403],
    [
      "GET",
      "order-1",
      ["Host: evil.example", "MF-Original-URL: http://localhost:PORT/v1.0/workflows/dapr/order-1"],
      401,
    ],
    ["GET", "order-1", ["Host: evil.example:PORT"], 401],
    ["GET", "order-1", ["Host: evil.example", "X-Forwarded-Host: localhost", "X-Forwarded-Proto: http"], 401],
    ["GET", "order-1", ["MF-Original-URL: http://evil.example/"], 200],
    ["GET", "order-1", ["Host: LOCALHOST:PORT"], 200],
    ["GET", "order-1", ["Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin"], 200],
    ["GET", "order-1", ["Origin: http://127.0.0.1:9142", "Sec-Fetch-Site: same-site"], 403],
  ])("[E4.7] %s %s with %j is %d", async (method, what, headers, status) => {
    const path = what === "start" ? "orderProcessingWorkflow/start?instanceID=of-a-page" : what;
    const shown = headers.flatMap((header) => ["-H", header.replace("PORT", String(port))]);
    const url = `http://127.0.0.1:${port}/v1.0/workflows/dapr/${path}`;
    const { stdout } = await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, ...shown, url]);
    expect(Number(stdout)).toBe(status);
  });

  it("[E4.8] what passes through is what was sent: a body of some MB in pieces, a header that stands twice", async () => {
    const body = JSON.stringify("é".repeat(1_000_000));
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(body);
        for (let n = 0; n < bytes.length; n += 100_000) controller.enqueue(bytes.subarray(n, n + 100_000));
        controller.close();
      },
    });
    const url = `http://127.0.0.1:${port}/v1.0/workflows/dapr`;
    const init = { method: "POST", body: pieces, duplex: "half" } as RequestInit;
    expect((await fetch(`${url}/unknown/start?instanceID=large`, init)).status).toBe(202);
    const state = await (await fetch(`${url}/large${ENDED}`)).json();
    expect((state as { properties: Record<string, string> }).properties["dapr.workflow.input"]).toBe(body);
    const twice = ["-H", "dapr-api-token: a", "-H", "baggage: a=1", "-H", "baggage: bad"];
    const { stdout } = await run("curl", ["-s", ...twice, `${url}/large?fetchPayloads=false`]);
    expect(stdout).toBe("invalid baggage header");
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

describe("[E4.9] npm start where others could reach it", () => {
  it.each([
    ["--ip 0.0.0.0", ["--ip", "0.0.0.0"]],
    ["--ip 192.0.2.1", ["--ip=192.0.2.1"]],
    ["--ip ::", ["--ip", "::"]],
    ["--local-upstream", ["--local-upstream", "localhost"]],
    ["--host", ["--host", "localhost"]],
  ])("[E4.9] %s without a token: exit code 1, and how to set one", async (named, flags) => {
    const refused = npm("start", "--", ...flags, "--port", String(await freePort()));
    expect(await refused.exitCode).toBe(1);
    expect(refused.output()).toContain(`With ${named}`);
    expect(refused.output()).toMatch(/needs a token.*\.dev\.vars.*DAPR_API_TOKEN=/s);
  });

  it.each([
    [["--var", "DAPR_API_TOKEN:s3cret"], true],
    [["--var", "DAPR_API_TOKENS:ci:admin:-:*:0"], true],
    [["--var=DAPR_API_TOKENS_2:ci:admin:-:*:0"], true],
    [["--var", "DAPR_API_TOKENS:"], false],
    [["--var", "DAPR_API_TOKENSTORE:x"], false],
  ])("[E4.9] %j has a token: %s", async (flags, has) => {
    expect(await hasApiToken(flags, {})).toBe(has);
  });

  it("[E4.10] with a token, the printed commands carry it, and without it everything is 401 but the OpenAPI document", async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    const server = npm(
      "start",
      "--",
      "--port",
      String(port),
      "--persist-to",
      directory,
      "--var",
      "DAPR_API_TOKEN:s3cret",
    );
    try {
      const isReady = () => /Ctrl-C/.test(server.output()) || server.child.exitCode !== null;
      await until("the lines that npm start prints", isReady, 40_000);
      const [start = "", read = ""] = server.output().match(/(?<=^ +)curl .*$/gm) ?? [];
      expect(await shell(read)).toBe("invalid api token");
      expect((await fetch(`http://localhost:${port}/v1.0/openapi.json`)).status).toBe(200);
      expect(await shell(`${start.replace("$DAPR_API_TOKEN", "s3cret")}`)).toMatch(/^HTTP\/1\.1 202 /);
    } finally {
      if (server.child.pid !== undefined) endAll(await processTree(server.child.pid));
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

it("[E6.1] npm run deploy says what a deployment without a token answers", async () => {
  const deploy = npm("run", "deploy", "--", "--dry-run");
  expect(await deploy.exitCode).toBe(0);
  expect(deploy.output()).toContain(
    "Until the secret DAPR_API_TOKEN is set, the deployment answers 401 to everything but health probes.",
  );
  expect(deploy.output()).toContain("npx wrangler secret put DAPR_API_TOKEN");
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
