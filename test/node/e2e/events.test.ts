// Live events over HTTP, from workerd on a real port.
import { rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DaprWorkflowClient, type WatchedEvent } from "../../../src/client.ts";
import { Host } from "../crash/processes.ts";
import { Recorder } from "../crash/recorder.ts";
import { freePort } from "./npm.ts";
import { bundle, ROOT, type Server, serve, temporaryDirectory, until } from "./server.ts";

const QUESTION = { question: "Well?", timeoutSeconds: 600 };

let server: Server;
let client: DaprWorkflowClient;

beforeAll(async () => {
  server = await serve(await bundle(join(ROOT, "test/node/e2e/events-worker.js")));
  client = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: String(server.port) });
});
afterAll(() => server?.close());

/** By the object's own count. */
async function watchersOf(id: string): Promise<number> {
  const response = await fetch(`${server.origin}/?watchersOf=${id}`);
  return ((await response.json()) as { watchers: number }).watchers;
}

function open(id: string): Promise<IncomingMessage> {
  const url = `${server.origin}/v1.0/workflows/dapr/${id}/events`;
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip, br, deflate" } }, resolve).on("error", reject);
  });
}

async function textUntil(response: IncomingMessage, part: string): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    response.on("data", (chunk: Buffer) => {
      text += chunk;
      if (text.includes(part)) resolve(text);
    });
  });
}

describe("[E40] Live events over HTTP", () => {
  it("[E40.1] come at once and uncompressed, whatever a client accepts, and a client that drops its connection leaves no socket", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "watched");
    const response = await open(id);
    const { "content-type": type, "content-encoding": encoding, "cache-control": caching } = response.headers;
    expect([type, encoding ?? "identity", caching]).toEqual(["text/event-stream", "identity", "no-store"]);
    expect(await textUntil(response, "TimerCreated")).toContain("event: history\ndata: {");
    expect(await watchersOf(id)).toBe(1);
    response.destroy();
    // The runtime finds out when it writes: at the next event, or the next heartbeat.
    await until("the socket is closed", async () => {
      await client.raiseEvent(id, "nobody waits for this");
      return (await watchersOf(id)) === 0;
    });
  });

  it("[E40.2] a client reads them to the end of the instance", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION);
    const told: WatchedEvent[] = [];
    for await (const one of client.watchWorkflow(id)) {
      told.push(one);
      if (one.type === "history" && one.event.type === "TimerCreated") await client.raiseEvent(id, "answer", 1);
    }
    const events = told.flatMap((one) => (one.type === "history" ? [one.event] : []));
    expect(events).toEqual(await client.getWorkflowHistory(id));
    expect(told.at(-1)).toMatchObject({ type: "end" });
  });

  it("[E40.3] a server that is killed and comes again on its port and directory: the watch goes on, without a gap and without a double", async () => {
    const directory = temporaryDirectory();
    const port = await freePort();
    const recorder = await Recorder.listen([]);
    const start = () =>
      Host.start(directory, recorder.url, { worker: "../../../src/worker.ts", env: { PORT: String(port) } });
    let host = await start();
    try {
      const survivor = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: String(port) });
      await survivor.scheduleNewWorkflow("humanInteraction", QUESTION, "mid");
      const told: WatchedEvent[] = [];
      const watch = (async () => {
        for await (const one of survivor.watchWorkflow("mid")) told.push(one);
      })();
      await until("it is watched", async () => told.length >= 2);
      await host.kill();
      host = await start();
      await survivor.raiseEvent("mid", "answer", 2);
      await watch;
      expect(told.map((one) => (one.type === "history" ? one.position : one.type))).toEqual([
        ...told.slice(0, -1).map((_, n) => n),
        "end",
      ]);
    } finally {
      await host.kill();
      await recorder.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
