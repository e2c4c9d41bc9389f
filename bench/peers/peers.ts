import { fileURLToPath } from "node:url";
import { CONTESTANTS } from "../contestants.ts";
import { HttpClient } from "../http-client.ts";
import type { Job } from "../job.ts";
import { bundle, serve } from "../server.ts";
import { eventually, freePort, type Processes, startPostgres } from "./processes.ts";

export interface Peer {
  readonly title: string;
  /** @returns how one instance is run until its output is known */
  start(processes: Processes): Promise<(job: Job, id: string) => Promise<unknown>>;
}

const edge: Peer = {
  title: "edge-workflows",
  async start(processes) {
    const { entries, worker, run } = CONTESTANTS.edge;
    const server = await serve(await bundle(entries.plain ?? ""), worker, processes.newDirectory());
    processes.atEnd(() => server.close());
    const client = new HttpClient(server.origin);
    return async (job, id) => (await run(client, job, id)).output;
  },
};

const restate: Peer = {
  title: "Restate",
  async start(processes) {
    const [app, ingress, admin, node] = [await freePort(), await freePort(), await freePort(), await freePort()];
    processes.startNode("restate-app.ts", String(app));
    const server = fileURLToPath(new URL("node_modules/.bin/restate-server", import.meta.url).href);
    const env = {
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_DISABLE_TELEMETRY: "true",
      RUST_LOG: "error",
    };
    processes.start(server, ["--no-logo", "--base-dir", processes.newDirectory()], { env });
    await eventually("Restate", () => register(admin, app));
    const client = new HttpClient(new URL(`http://127.0.0.1:${ingress}`));
    await eventually("Restate's ingress", () =>
      send(client, `/bench/${crypto.randomUUID()}/run`, { work: "steps", n: 1 }),
    );
    return (job, id) => send(client, `/bench/${id}/run`, job);
  },
};

async function register(admin: number, app: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${app}` }),
  });
  if (!response.ok) throw new Error(`Restate answered ${response.status} ${await response.text()}`);
}

const dbos: Peer = {
  title: "DBOS on PostgreSQL",
  async start(processes) {
    const url = await startPostgres(processes);
    const port = await freePort();
    processes.startNode("dbos-app.ts", String(port), url);
    const client = new HttpClient(new URL(`http://127.0.0.1:${port}`));
    await eventually("DBOS", () => send(client, `/?id=${crypto.randomUUID()}`, { work: "steps", n: 1 }));
    return (job, id) => send(client, `/?id=${id}`, job);
  },
};

async function send(client: HttpClient, path: string, job: Job): Promise<unknown> {
  const { status, text } = await client.send("POST", path, JSON.stringify(job), { "content-type": "application/json" });
  if (status === 200) return JSON.parse(text);
  throw new Error(`${path}: expected HTTP 200, found ${status} ${text.slice(0, 500)}`);
}

export const PEERS: readonly Peer[] = [edge, restate, dbos];
