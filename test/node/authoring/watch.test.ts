// DaprWorkflowClient.watchWorkflow against a server that is a function: what it tells, and how it comes again.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DaprWorkflowClient, type WatchedEvent, WorkflowApiError, WorkflowRuntimeStatus } from "../../../src/client.ts";

const API = "http://127.0.0.1:3500/v1.0/workflows/dapr";
const STARTED = { timestampMs: 1, type: "EventRaised", name: "e" };
const history = (n: number, executionId = "x") =>
  `id: ${executionId}.${n}\nevent: history\ndata: ${JSON.stringify({ ...STARTED, timestampMs: n })}\n\n`;
const EXECUTION = 'event: execution\ndata: {"executionId":"y","generation":1}\n\n';
const END = 'event: end\ndata: {"runtimeStatus":"COMPLETED"}\n\n';
const GONE = "event: gone\ndata: {}\n\n";

interface Connection {
  readonly url: string;
  readonly atMs: number;
  /** What the client has not read when it goes. */
  isCanceled: boolean;
}
type Script = (connection: Connection) => Response | Promise<Response>;

/** A stream of these pieces; then it ends, breaks off, or stays open. */
const streams =
  (pieces: readonly (string | Uint8Array)[], then: "ends" | "breaks off" | "stays open" = "ends"): Script =>
  (connection) => {
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          for (const piece of pieces)
            controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
          if (then === "ends") controller.close();
        },
        pull(controller) {
          if (then === "breaks off") controller.error(new Error("whatever a runtime says"));
        },
        cancel() {
          connection.isCanceled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
const refuses =
  (status: number, errorCode: string): Script =>
  () =>
    Response.json({ errorCode, message: "no" }, { status });
const unreachable: Script = () => {
  throw new TypeError("fetch failed");
};

function serverThat(...script: Script[]) {
  const connections: Connection[] = [];
  const startedAtMs = Date.now();
  const fetch = async (request: Request) => {
    const connection = { url: request.url.replace(`${API}/`, ""), atMs: Date.now() - startedAtMs, isCanceled: false };
    connections.push(connection);
    return (script[Math.min(connections.length, script.length) - 1] as Script)(connection);
  };
  return { connections, client: new DaprWorkflowClient({ fetch }) };
}

/** All that is told, in short; timers run until then. */
async function told(watch: AsyncIterable<WatchedEvent>): Promise<string[]> {
  const all: string[] = [];
  let outcome: { error?: unknown } | undefined;
  const read = async () => {
    for await (const one of watch) all.push(one.type === "history" ? one.id : one.type);
  };
  read().then(
    () => (outcome = {}),
    (error: unknown) => (outcome = { error }),
  );
  for (let timers = 0; outcome === undefined; timers++) {
    if (timers === 1_000) throw new Error("The watch has not ended");
    await vi.advanceTimersToNextTimerAsync();
  }
  if (outcome.error !== undefined) throw outcome.error;
  return all;
}

beforeEach(() => {
  vi.useFakeTimers();
  // A half: pauses are three quarters of the longest.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("[A30] A watch", () => {
  it("[A30.1] tells each kind with its fields, and ends with the instance", async () => {
    const { client, connections } = serverThat(streams([history(0), EXECUTION, history(0, "y"), END, history(9)]));
    const all: WatchedEvent[] = [];
    for await (const one of client.watchWorkflow("i")) all.push(one);
    expect(all).toEqual([
      { type: "history", id: "x.0", executionId: "x", position: 0, event: { ...STARTED, timestampMs: 0 } },
      { type: "execution", executionId: "y", generation: 1 },
      { type: "history", id: "y.0", executionId: "y", position: 0, event: { ...STARTED, timestampMs: 0 } },
      { type: "end", runtimeStatus: WorkflowRuntimeStatus.COMPLETED },
    ]);
    expect(connections.map(({ url }) => url)).toEqual(["i/events"]);
  });

  it("[A30.2] begins after an ID that it is given, and after a purge ends", async () => {
    const { client, connections } = serverThat(streams([GONE]));
    expect(await told(client.watchWorkflow("i", { after: "x.4" }))).toEqual(["gone"]);
    expect(connections.map(({ url }) => url)).toEqual(["i/events?after=x.4"]);
  });

  it("[A30.3] reads them whatever pieces they come in, with heartbeats and what a newer server may tell in between", async () => {
    const text = `retry: 1000\n\n:\n\n${history(0)}event: another\ndata: {}\n\n${history(1)}${END}`.replaceAll(
      "EventRaised",
      "Ereignis ä€🙂",
    );
    const bytes = new TextEncoder().encode(text.replaceAll("\n", "\r\n"));
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.slice(n * size, (n + 1) * size),
      );
      const all: WatchedEvent[] = [];
      for await (const one of serverThat(streams(pieces)).client.watchWorkflow("i")) all.push(one);
      expect(all.map(({ type }) => type)).toEqual(["history", "history", "end"]);
      expect(all[1]).toMatchObject({ event: { type: "Ereignis ä€🙂", timestampMs: 1 } });
    }
  });

  it.each([
    ["ends", streams([history(0)], "ends")],
    ["breaks off", streams([history(0)], "breaks off")],
  ])("[A30.4] a stream that %s is asked for again, after what it has brought", async (_, first) => {
    const { client, connections } = serverThat(first, streams([history(1)], "breaks off"), streams([history(2), END]));
    expect(await told(client.watchWorkflow("i"))).toEqual(["x.0", "x.1", "x.2", "end"]);
    expect(connections.map(({ url }) => url)).toEqual(["i/events", "i/events?after=x.0", "i/events?after=x.1"]);
    expect(connections.map(({ atMs }) => atMs)).toEqual([0, 1_500, 3_000]);
  });

  it("[A30.5] pauses grow to 30 s, by chance between half and all of that, and begin anew with a connection", async () => {
    const { client, connections } = serverThat(
      streams([]),
      ...Array(6).fill(unreachable),
      streams([history(0)]),
      streams([END]),
    );
    await told(client.watchWorkflow("i"));
    const pauses = connections.slice(1).map(({ atMs }, n) => atMs - (connections[n] as Connection).atMs);
    expect(pauses).toEqual([1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 1_500]);
  });

  it("[A30.14] a server that was never reached is asked five times, as any question is", async () => {
    const { client, connections } = serverThat(unreachable);
    await expect(told(client.watchWorkflow("i"))).rejects.toThrow("fetch failed");
    expect(connections).toHaveLength(5);
  });

  it("[A30.6] a connection that brings nothing for 45 s is given up", async () => {
    const silent = streams([history(0)], "stays open");
    const { client, connections } = serverThat(silent, streams([END]));
    expect(await told(client.watchWorkflow("i"))).toEqual(["x.0", "end"]);
    expect(connections.map(({ atMs }) => atMs)).toEqual([0, 46_500]);
    expect(connections[0]?.isCanceled).toBe(true);
  });

  it("[A30.7] what the server refuses at first, rejects", async () => {
    for (const [status, code] of [
      [404, "ERR_INSTANCE_ID_NOT_FOUND"],
      [429, "ERR_TOO_MANY_WATCHERS"],
      [500, "ERR_HISTORY_WORKFLOW"],
      [400, "ERR_MALFORMED_REQUEST"],
    ] as const) {
      const { client, connections } = serverThat(refuses(status, code));
      const error = await told(client.watchWorkflow("i")).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkflowApiError);
      expect(error).toMatchObject({ status, errorCode: code });
      expect(connections).toHaveLength(1);
    }
  });

  it("[A30.8] one that was watched and is not there any more is gone", async () => {
    const { client } = serverThat(streams([history(0)]), refuses(404, "ERR_INSTANCE_ID_NOT_FOUND"));
    expect(await told(client.watchWorkflow("i"))).toEqual(["x.0", "gone"]);
  });

  it("[A30.9] one that was watched and cannot be now is asked after again, but for a refusal that stays", async () => {
    const for429 = refuses(429, "ERR_TOO_MANY_WATCHERS");
    const { client } = serverThat(streams([history(0)]), for429, refuses(500, "ERR_HISTORY_WORKFLOW"), streams([END]));
    expect(await told(client.watchWorkflow("i"))).toEqual(["x.0", "end"]);
    const refused = serverThat(streams([history(0)]), refuses(400, "ERR_MALFORMED_REQUEST"));
    await expect(told(refused.client.watchWorkflow("i"))).rejects.toMatchObject({ status: 400 });
  });

  it("[A30.10] what answers and is no stream of events is told", async () => {
    const { client } = serverThat(() => new Response("<html>", { headers: { "content-type": "text/html" } }));
    await expect(told(client.watchWorkflow("i"))).rejects.toThrow("no stream of events of the workflow API");
  });

  it("[A30.11] who goes away ends the connection", async () => {
    const { client, connections } = serverThat(streams([history(0), history(1)], "stays open"));
    for await (const one of client.watchWorkflow("i")) {
      expect(one).toMatchObject({ id: "x.0" });
      break;
    }
    expect(connections[0]?.isCanceled).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[A30.12] a signal ends it where it waits, for an event or for another connection, and it rejects with the reason", async () => {
    for (const script of [[streams([history(0)], "stays open")], [streams([history(0)]), unreachable]]) {
      const abort = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => abort.abort(reason), 5_000);
      const { client } = serverThat(...script);
      await expect(told(client.watchWorkflow("i", { signal: abort.signal }))).rejects.toBe(reason);
      expect(vi.getTimerCount()).toBe(0);
      await expect(told(client.watchWorkflow("i", { signal: abort.signal }))).rejects.toBe(reason);
    }
  });

  it("[A30.13] options are checked before anything is sent", () => {
    const { client, connections } = serverThat(unreachable);
    // @ts-expect-error: no such option
    expect(() => client.watchWorkflow("i", { afer: "x.1" })).toThrow("afer");
    // @ts-expect-error: none
    expect(() => client.watchWorkflow("i", { signal: {} })).toThrow("an AbortSignal");
    expect(() => client.watchWorkflow("..")).toThrow(TypeError);
    expect(connections).toEqual([]);
  });
});
