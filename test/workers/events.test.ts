// Live events, over a stream that the Worker holds and a WebSocket that outlasts the object's memory.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Frame, framesIn } from "../frames.ts";
import { costsOf } from "./meter.ts";
import { newId, operate, raise, refusal, send, start, stateOf, stubOf, W } from "./support.ts";

/** A client: what it has read so far. */
class Stream {
  text = "";
  hasEnded = false;
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor(response: Response) {
    this.response = response;
    this.#reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  }

  get frames(): Frame[] {
    return framesIn(this.text.slice(0, this.text.lastIndexOf("\n\n") + 2));
  }

  get told(): string[] {
    return this.frames.map(({ event, data }) => (event === "history" ? String(data.type) : event));
  }

  get lastId(): string {
    return this.frames.findLast(({ id }) => id !== undefined)?.id ?? "";
  }

  async read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) this.hasEnded = true;
    else this.text += value;
  }

  /** Until something of this type was told. */
  async until(type: string): Promise<this> {
    while (!this.told.includes(type) && !this.hasEnded) await this.read();
    expect(this.told).toContain(type);
    return this;
  }

  async toEnd(): Promise<this> {
    while (!this.hasEnded) await this.read();
    return this;
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

async function watch(id: string, query = "", headers: Record<string, string> = {}): Promise<Stream> {
  const response = await send(`GET ${W}/${encodeURIComponent(id)}/events${query}`, undefined, headers);
  expect(response.status).toBe(200);
  return new Stream(response);
}

/** As the object counts its watchers. */
function watchersOf(id: string): Promise<number> {
  return runInDurableObject(stubOf(id), (_instance, ctx) => ctx.getWebSockets().length);
}

describe("[W13] Live events", () => {
  it("[W13.1] begin with what there is, come as they happen, and end with the instance", async () => {
    const id = await start("awaitEvents", { name: "n", count: 2 });
    const stream = await watch(id);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      traceparent: expect.any(String),
    });
    await stream.until("ExecutionStarted");
    expect(stream.text).toMatch(/^retry: 1000\n\nid: [-0-9a-f]{36}\.0\nevent: history\ndata: \{/);
    for (const n of [1, 2]) {
      await raise(id, "n", n);
      while (stream.told.filter((type) => type === "EventRaised").length < n) await stream.read();
    }
    await stream.toEnd();
    expect(stream.told).toEqual(["ExecutionStarted", "EventRaised", "EventRaised", "ExecutionCompleted", "end"]);
    const history = (await (await send(`GET ${W}/${id}/history`)).json()) as { events: unknown[] };
    expect(stream.frames.slice(0, -1).map(({ data }) => data)).toEqual(history.events);
    expect(await watchersOf(id)).toBe(0);
  });

  it("[W13.2] go on after the last ID, from the header before the query", async () => {
    const id = await start("awaitEvents", { name: "n", count: 2 });
    const first = await (await watch(id)).until("ExecutionStarted");
    await first.leave();
    await raise(id, "n", 1);
    const second = await (await watch(id, `?after=${first.lastId}`)).until("EventRaised");
    await second.leave();
    await raise(id, "n", 2);
    const third = await watch(id, `?after=${first.lastId}`, { "last-event-id": second.lastId });
    expect((await third.toEnd()).told).toEqual(["EventRaised", "ExecutionCompleted", "end"]);
  });

  it("[W13.3] a sleeper goes out of memory while it is watched, is woken by an event, and tells of it by the same stream", async () => {
    const id = await start("awaitEvents", { name: "n", count: 2 });
    const stream = await (await watch(id)).until("ExecutionStarted");
    for (const n of [1, 2]) {
      await evictDurableObject(stubOf(id));
      await raise(id, "n", n);
      while (stream.told.filter((type) => type === "EventRaised").length < n) await stream.read();
      expect(costsOf(id).objects).toBe(1 + n);
    }
    await stream.toEnd();
    expect(stream.told).toEqual(["ExecutionStarted", "EventRaised", "EventRaised", "ExecutionCompleted", "end"]);
  });

  it("[W13.4] a timer wakes it, too", async () => {
    const id = await start("sleeper", 1_000);
    const stream = await (await watch(id)).until("TimerCreated");
    await evictDurableObject(stubOf(id));
    await stream.toEnd();
    expect(stream.told.slice(-3)).toEqual(["TimerFired", "ExecutionCompleted", "end"]);
    expect(costsOf(id).objects).toBe(2);
  });

  it("[W13.5] an object that is lost ends the stream; the client goes on after what it has", async () => {
    const id = await start("awaitEvents", { name: "n", count: 1 });
    const stream = await (await watch(id)).until("ExecutionStarted");
    await evictDurableObject(stubOf(id), { webSockets: "close" });
    await stream.toEnd();
    expect(stream.told).toEqual(["ExecutionStarted"]);
    await raise(id, "n", 1);
    const next = await watch(id, "", { "last-event-id": stream.lastId });
    expect((await next.toEnd()).told).toEqual(["EventRaised", "ExecutionCompleted", "end"]);
  });

  it("[W13.6] a client that goes away leaves no socket, also where the object is out of memory", async () => {
    const id = await start("awaitEvents", { name: "n", count: 1 });
    const [one, another] = [await watch(id), await watch(id)];
    await one.until("ExecutionStarted");
    await another.until("ExecutionStarted");
    expect(await watchersOf(id)).toBe(2);
    await one.leave();
    await expect.poll(() => watchersOf(id)).toBe(1);
    await evictDurableObject(stubOf(id));
    await another.leave();
    await expect.poll(() => watchersOf(id)).toBe(0);
  });

  it("[W13.7] a purge is told, and there is nothing to watch any more", async () => {
    const id = await start("awaitEvents", { name: "n", count: 1 });
    const stream = await (await watch(id)).until("ExecutionStarted");
    await send(`POST ${W}/${id}/purge?force=true`);
    await stream.toEnd();
    expect(stream.told).toEqual(["ExecutionStarted", "gone"]);
    const again = await send(`GET ${W}/${id}/events`);
    expect({ status: again.status, body: await again.json() }).toEqual(
      refusal(404, "ERR_INSTANCE_ID_NOT_FOUND", `unable to find workflow with the provided instance ID: ${id}`),
    );
  });

  it("[W13.8] fifty watch one instance, and each is told of each event once", async () => {
    const id = await start("awaitEvents", { name: "n", count: 1 });
    const streams = await Promise.all(Array.from({ length: 50 }, () => watch(id)));
    await Promise.all(streams.map((stream) => stream.until("ExecutionStarted")));
    expect(await watchersOf(id)).toBe(50);
    await raise(id, "n", 1);
    for (const stream of streams)
      expect((await stream.toEnd()).told).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted", "end"]);
  });

  it("[W13.9] a slow client misses nothing, and holds up nobody", async () => {
    const id = await start("awaitEvents", { name: "n", count: 60 });
    const slow = await watch(id);
    const payload = "x".repeat(50_000);
    for (let n = 0; n < 60; n++) await raise(id, "n", payload);
    expect((await stateOf(id)).runtimeStatus).toBe("COMPLETED");
    const { room } = await runInDurableObject(stubOf(id), (_instance, ctx) => {
      return ctx.getWebSockets()[0]?.deserializeAttachment() as { room: number };
    });
    expect(room).toBeLessThanOrEqual(0);
    await slow.toEnd();
    expect(slow.told).toEqual(["ExecutionStarted", ...Array(60).fill("EventRaised"), "ExecutionCompleted", "end"]);
    expect(slow.frames.map(({ id: eventId }) => eventId?.split(".")[1])).toEqual([
      ...Array.from({ length: 62 }, (_, n) => String(n)),
      undefined,
    ]);
  });

  it("[W13.10] an instance that nobody watches costs what it did: rows, commits, alarms, and no look at its sockets but one", async () => {
    const id = newId("unwatched");
    let looks = 0;
    await runInDurableObject(stubOf(id), (_instance, ctx) => {
      const look = ctx.getWebSockets.bind(ctx);
      ctx.getWebSockets = (tag) => {
        looks++;
        return look(tag);
      };
    });
    await start("steps", 100, id);
    expect((await stateOf(id, "?waitFor=completed")).runtimeStatus).toBe("COMPLETED");
    const { rowsWritten, commits, setAlarms } = costsOf(id);
    expect({ rowsWritten, commits, setAlarms }).toEqual({ rowsWritten: 4, commits: 1, setAlarms: 0 });
    expect(looks).toBeLessThanOrEqual(1);
  });

  it("[W13.11] an object takes no other request than a watcher's", async () => {
    const id = await start("echo", 1);
    expect((await stubOf(id).fetch("http://instance/events")).status).toBe(426);
    await operate(id, "purge");
  });
});
