// The stream of live events, between an instance and a client that may be slow or gone.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Socket } from "../../../src/instance/ports.ts";
import type { WatchSocket } from "../../../src/instance/protocol.ts";
import { MemorySockets } from "../../../src/testing/memory-sockets.ts";
import { Api, read, refusal } from "./support.ts";

const EVENTS = "/v1.0/workflows/dapr/a/events";

/** What the instance has of its watcher: what it was told, and whether it is still there. */
class Watched {
  readonly told: string[] = [];
  hasLeft = false;
  readonly socket: Socket;
  readonly theirs: WatchSocket;

  constructor() {
    const sockets = new MemorySockets({
      message: (_, text) => void this.told.push(text),
      closed: () => {
        this.hasLeft = true;
      },
      whenWritten: (send) => send(),
    });
    ({ socket: this.socket, theirs: this.theirs } = sockets.accept({ executionId: "", next: 0, room: 0 }));
  }
}

async function open(request = new Request(`http://localhost:8787${EVENTS}`)) {
  const api = new Api();
  const watched = new Watched();
  api.answers.watch = { ok: true, socket: watched.theirs };
  const response = await api.handle(request);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => {
    const { done, value } = await reader.read();
    return done ? undefined : new TextDecoder().decode(value);
  };
  return { api, watched, response, reader, next };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("[H147] GET …/events", () => {
  it("[H147.1] is a stream that nobody keeps or compresses, and its line is logged when it begins", async () => {
    const { api, response, next } = await open();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "content-encoding": "identity",
      "x-content-type-options": "nosniff",
    });
    expect(await next()).toBe("retry: 1000\n\n");
    expect(api.log).toMatchObject([
      { level: "info", route: "/v1.0/workflows/:component/:id/events", status: 200, instanceId: "a" },
    ]);
  });

  it("[H147.2] passes on what the instance sends as it is, and ends when the instance has closed", async () => {
    const { watched, next } = await open();
    watched.socket.send("id: e.0\nevent: history\ndata: {}\n\n");
    watched.socket.send("event: end\ndata: {}\n\n");
    watched.socket.close();
    expect([await next(), await next(), await next(), await next()]).toEqual([
      "retry: 1000\n\n",
      "id: e.0\nevent: history\ndata: {}\n\n",
      "event: end\ndata: {}\n\n",
      undefined,
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[H147.3] begins after the header, else after the parameter, else at the beginning", async () => {
    const asked = async (query: string, headers: Record<string, string> = {}) => {
      const { api } = await open(new Request(`http://localhost:8787${EVENTS}${query}`, { headers }));
      return api.calls[0];
    };
    expect(await asked("")).toEqual(["watch", "a", undefined]);
    expect(await asked("?after=e.f.7")).toEqual(["watch", "a", { executionId: "e.f", position: 7 }]);
    expect(await asked("?after=e.7", { "last-event-id": "e.9" })).toEqual([
      "watch",
      "a",
      { executionId: "e", position: 9 },
    ]);
    expect(await asked("?after=e.7", { "last-event-id": "" })).toEqual([
      "watch",
      "a",
      { executionId: "e", position: 7 },
    ]);
  });

  it.each([
    "?after=",
    "?after=7",
    "?after=e.",
    "?after=e.-1",
    "?after=e.1x",
    "?after=e%20f.1",
    "?after=e.9999999999999999",
  ])("[H147.4] %s is 400, and no instance is asked", async (query) => {
    const api = new Api();
    const { status, body } = await read(await api.send(`GET ${EVENTS}${query}`));
    expect([status, body]).toMatchObject([400, { errorCode: "ERR_MALFORMED_REQUEST" }]);
    expect((body as { message: string }).message).toContain(
      "query parameter after is the id of an event, <executionId>.<position>, found",
    );
    expect(api.calls).toEqual([]);
  });

  it("[H147.5] so are a header that is none and a misspelt parameter", async () => {
    const api = new Api();
    expect(await read(await api.send(`GET ${EVENTS}`, undefined, { "last-event-id": "x" }))).toEqual(
      refusal(
        400,
        "ERR_MALFORMED_REQUEST",
        'header Last-Event-ID is the id of an event, <executionId>.<position>, found "x"',
      ),
    );
    const { status } = await api.send(`GET ${EVENTS}?lastEventId=e.1`);
    expect([status, api.calls]).toEqual([400, []]);
  });

  it("[H147.6] has a heartbeat every 15 s, while nothing waits for the client", async () => {
    const { next } = await open();
    expect(await next()).toBe("retry: 1000\n\n");
    for (let n = 0; n < 3; n++) {
      await vi.advanceTimersByTimeAsync(15_000);
      expect(await next()).toBe(":\n\n");
    }
  });

  it("[H147.13] has none while something waits", async () => {
    const { watched, next } = await open();
    await vi.advanceTimersByTimeAsync(45_000);
    watched.socket.close();
    expect([await next(), await next()]).toEqual(["retry: 1000\n\n", undefined]);
  });

  it("[H147.7] tells the instance what the client has taken, when it is much, and not while it waits here", async () => {
    const { watched, next } = await open();
    const text = "ä".repeat(30_000);
    for (let n = 0; n < 3; n++) watched.socket.send(text);
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.told).toEqual([]);
    for (let n = 0; n < 4; n++) await next();
    await vi.advanceTimersByTimeAsync(0);
    // Characters, as the instance counts them.
    expect(watched.told).toEqual(["90000"]);
    watched.socket.send(text);
    await next();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.told).toEqual(["90000"]);
  });

  it("[H147.8] a client that takes nothing from one heartbeat to the fourth after it is let go, and nothing is left of it", async () => {
    const { watched, next } = await open();
    await next();
    watched.socket.send("event: history\ndata: {}\n\n");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(watched.hasLeft).toBe(false);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(watched.hasLeft).toBe(true);
    await expect(next()).rejects.toThrow("The client takes nothing");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[H147.9] one that takes a little, and is behind for long, is not", async () => {
    const { watched, next } = await open();
    for (let n = 0; n < 10; n++) watched.socket.send(`event: history\ndata: {"n":${n}}\n\n`);
    for (let n = 0; n < 10; n++) {
      await vi.advanceTimersByTimeAsync(40_000);
      expect(await next()).toBeDefined();
    }
    expect(watched.hasLeft).toBe(false);
  });

  it("[H147.10] a client that has gone closes the socket of the instance", async () => {
    const { watched, reader } = await open();
    await reader.cancel();
    expect(watched.hasLeft).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[H147.11] so does a request that is aborted, before or after the answer", async () => {
    const abort = new AbortController();
    const { watched, next } = await open(new Request(`http://localhost:8787${EVENTS}`, { signal: abort.signal }));
    abort.abort(new Error("gone"));
    await expect(next()).rejects.toThrow("gone");
    expect(watched.hasLeft).toBe(true);
    const early = await open(
      new Request(`http://localhost:8787${EVENTS}`, { signal: AbortSignal.abort(new Error("gone")) }),
    );
    await expect(early.next()).rejects.toThrow("gone");
    expect(early.watched.hasLeft).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[H147.12] what the instance sends after that comes to nothing", async () => {
    const { watched, reader } = await open();
    await reader.cancel();
    watched.socket.send("event: history\ndata: {}\n\n");
    watched.socket.close();
    expect(watched.told).toEqual([]);
  });
});
