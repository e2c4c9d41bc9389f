// npm run demo [-- --url http://host:port]
//
// Orders two cars, which needs an approval, watches the workflow wait, approves, and shows the result. Uses the server
// at --url or on port 8787; when none runs there, its own one, with storage that is thrown away at the end.

import "./node-version.mjs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort, startDevServer, stopWhenAsked } from "./dev-server.mjs";

const DEFAULT_URL = "http://127.0.0.1:8787";
const IP = "127.0.0.1";
const SERVER_LIMIT_MS = 60_000;
const WORKFLOW_LIMIT_MS = 60_000;
const POLL_MS = 100;
/** Long enough to be seen waiting, short of the 30 s after which the order is dropped. */
const APPROVE_AFTER_MS = 1_500;

const ORDER = { itemName: "car", totalCost: 10_000, quantity: 2 };
const ENDED = new Set(["COMPLETED", "FAILED", "TERMINATED"]);

const { values } = parseArgs({ options: { url: { type: "string" } } });

let release = async () => {};
stopWhenAsked(async () => {
  await release();
  process.exit(130);
});

try {
  const baseUrl = await findOrStartServer();
  process.exitCode = (await runOrder(baseUrl)) ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await release();
}

async function findOrStartServer() {
  const url = (values.url ?? DEFAULT_URL).replace(/\/+$/, "");
  if (await isHealthy(url)) {
    console.log(`Using the server at ${url}`);
    return url;
  }
  if (values.url !== undefined) throw new Error(`No server answers GET ${url}/v1.0/healthz with 204.`);
  return startOwnServer();
}

async function startOwnServer() {
  const port = await freePort(IP);
  const directory = mkdtempSync(join(tmpdir(), "edge-workflows-demo-"));
  console.log(`No server on ${DEFAULT_URL}: starting one on port ${port} for this demo`);
  let onReady;
  const ready = new Promise((resolve) => {
    onReady = () => resolve("ready");
  });
  const server = startDevServer({
    args: ["--ip", IP, "--port", String(port), "--persist-to", directory, "--log-level", "error"],
    onReady,
  });
  release = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const outcome = await Promise.race([ready, server.exited, delay(SERVER_LIMIT_MS, "late", { ref: false })]);
  if (outcome !== "ready") throw new Error("The server did not start: what it printed above tells why.");
  return `http://${IP}:${port}`;
}

/** @returns whether the order was processed */
async function runOrder(baseUrl) {
  const workflows = `${baseUrl}/v1.0/workflows/dapr`;
  const instanceId = `demo-${Date.now().toString(36)}`;
  const startedAtMs = performance.now();
  const say = (text) => console.log(`${((performance.now() - startedAtMs) / 1000).toFixed(2).padStart(6)} s  ${text}`);

  say(`start  ${instanceId} with ${JSON.stringify(ORDER)}`);
  await request("POST", `${workflows}/orderProcessingWorkflow/start?instanceID=${instanceId}`, JSON.stringify(ORDER));

  let shown = "";
  let approved = false;
  while (performance.now() - startedAtMs < WORKFLOW_LIMIT_MS) {
    const state = await (await request("GET", `${workflows}/${instanceId}`)).json();
    const { "dapr.workflow.custom_status": customStatus, "dapr.workflow.output": output } = state.properties ?? {};
    const status = customStatus ? `${state.runtimeStatus}  ${customStatus}` : state.runtimeStatus;
    if (status !== shown) say(`status ${status}`);
    shown = status;

    if (ENDED.has(state.runtimeStatus)) return judge(state, output, say);
    if (!approved && performance.now() - startedAtMs > APPROVE_AFTER_MS) {
      approved = true;
      say("raise  approval_event with true");
      await request("POST", `${workflows}/${instanceId}/raiseEvent/approval_event`, "true");
    }
    await delay(POLL_MS);
  }
  throw new Error(`${instanceId} has not ended after ${WORKFLOW_LIMIT_MS / 1000} s; its last status was ${shown}.`);
}

function judge(state, output, say) {
  say(`result ${output ?? JSON.stringify(state.properties)}`);
  const processed =
    state.runtimeStatus === "COMPLETED" && output !== undefined && JSON.parse(output).processed === true;
  if (!processed) console.error('Expected COMPLETED with {"processed":true}. Is the inventory of this server used up?');
  return processed;
}

async function isHealthy(url) {
  try {
    return (await fetch(`${url}/v1.0/healthz`, { signal: AbortSignal.timeout(5_000) })).status === 204;
  } catch {
    return false;
  }
}

async function request(method, url, body) {
  const headers = process.env.DAPR_API_TOKEN ? { "dapr-api-token": process.env.DAPR_API_TOKEN } : {};
  const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}
