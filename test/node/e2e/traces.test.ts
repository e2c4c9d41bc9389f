// [E51] [E52] Spans from workerd: ours to a collector on a real port, over a restart of the server; the platform's own to a Worker that listens to them.
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Api, type Bundle, bundle, outputOf, type Server, serve, temporaryDirectory, until } from "./server.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";

/** As OTLP has it in JSON; attributes as an object. */
interface Told {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly status: { readonly code?: number; readonly message?: string };
}

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, string>> };
type Wire = Omit<Told, "attributes"> & { readonly attributes: readonly Attribute[] };

const bodies: string[] = [];
let status = 200;
const collector = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  bodies.push(body);
  response.writeHead(status, { "content-type": "application/json" }).end("{}");
});

function spansIn(body: string): Told[] {
  const { resourceSpans } = JSON.parse(body) as {
    resourceSpans: { scopeSpans: { spans: Wire[] }[] }[];
  };
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({
      ...span,
      attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? ""])),
    }));
}
const told = () => bodies.flatMap(spansIn);
const named = (name: string) => told().filter((span) => span.name === name);

const directory = temporaryDirectory();
let code: Bundle;
let server: Server | undefined;

async function begin(options: object = {}): Promise<Api> {
  const { port } = collector.address() as AddressInfo;
  const telemetry = { otlp: { url: `http://127.0.0.1:${port}`, serviceName: "orders" } };
  const variables = { OPTIONS: JSON.stringify({ telemetry, ...options }) };
  server = await serve(code, { directory, variables });
  return new Api(server.origin);
}

async function end(): Promise<void> {
  await server?.close();
  server = undefined;
}

async function start(id: string, traceparent: string): Promise<void> {
  const url = `${server?.origin}/v1.0/workflows/dapr/parent/start?instanceID=${id}`;
  const response = await fetch(url, { method: "POST", headers: { traceparent } });
  expect([response.status, await response.text()]).toEqual([202, expect.stringContaining(id)]);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  code = await bundle("test/node/e2e/traced-worker.js");
});
afterEach(async () => {
  await end();
  bodies.length = 0;
  status = 200;
});
afterAll(() => {
  collector.close();
  rmSync(directory, { recursive: true, force: true });
});

describe("[E51] Traces", () => {
  it("[E51.1] one trace has caller, instance, attempts and child, over a restart of the server, and no text of a payload or failure", async () => {
    await begin({ logFailureMessages: false });
    await start("a", `00-${TRACE}-${CALLER}-01`);
    await until("the third attempt has been told", () => named("activity charge").length === 3);
    await end();
    const api = await begin({ logFailureMessages: false });
    await api.raise("a", "go", "secret-event");
    expect(outputOf(await api.ended("a"))).toEqual([5, "shipped"]);
    await until("the end has been told", () => named("workflow parent").length > 0);

    const spans = told();
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const one = (name: string) => {
      expect([name, named(name).length]).toEqual([name, 1]);
      return named(name)[0] as Told;
    };
    const [begun, whole, called, child] = ["workflow.start", "workflow parent", "child child", "workflow child"].map(
      one,
    );
    expect([begun?.parentSpanId, whole?.parentSpanId, called?.parentSpanId, child?.parentSpanId]).toEqual([
      CALLER,
      begun?.spanId,
      whole?.spanId,
      called?.spanId,
    ]);
    const attempts = named("activity charge");
    expect(attempts.map(({ attributes }) => attributes["dapr.workflow.attempt"])).toEqual(["1", "2", "3"]);
    expect(attempts.map(({ status: { code } }) => code)).toEqual([2, 2, undefined]);
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([whole?.spanId]));
    expect(one("activity ship").parentSpanId).toBe(child?.spanId);
    expect(one("event go").parentSpanId).toBe(whole?.spanId);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(attempts[0]?.attributes).toMatchObject({ "error.type": "RangeError", "dapr.workflow.instance_id": "a" });
    for (const text of ["4242", "declined", "secret-input", "secret-event", "shipped"])
      expect([text, bodies.join().includes(text)]).toEqual([text, false]);
  });

  it("[E51.2] what a collector does not take is sent once more, with the same IDs; messages stand in it by default", async () => {
    status = 503;
    await begin();
    await start("b", `00-${TRACE}-${CALLER}-01`);
    await until("they have been sent twice", () => bodies.length >= 2);
    status = 200;
    const [first = "", second] = bodies;
    expect(spansIn(first).length).toBeGreaterThan(0);
    expect(second).toBe(first);
    await until("the attempts have been told", () =>
      named("activity charge").some(({ status: { message } }) => message === "declined: card 4242"),
    );
  });

  it("[E51.3] a caller that does not record its trace is not told of", async () => {
    const api = await begin();
    await start("c", `00-${TRACE}-${CALLER}-00`);
    await api.raise("c", "go", 1);
    expect((await api.ended("c")).runtimeStatus).toBe("COMPLETED");
    await start("d", `00-${TRACE}-${CALLER}-01`);
    await until("another one has been told", () => named("workflow.start").length > 0);
    expect(told().filter(({ attributes }) => attributes["dapr.workflow.instance_id"] === "c")).toEqual([]);
  });
});

/** Logs each span that is opened, and what it is given. */
const TAIL = `export default {
  tailStream: (onset) => ({ event: { type: tail, name, info } }) => {
    if (tail !== "spanOpen" && tail !== "attributes") return;
    // Numbers of rows are BigInts.
    const asText = (_, value) => (typeof value === "bigint" ? String(value) : value);
    console.log(JSON.stringify({ tail, of: onset.event.entrypoint, name, info }, asText));
  },
};`;

interface Opened {
  readonly tail: "spanOpen" | "attributes";
  readonly of?: string;
  readonly name: string;
  readonly info?: readonly { readonly name: string; readonly value: unknown }[];
}

describe("[E52] Native spans", () => {
  it("[E52.1] workerd streams the start, turns and activities of an instance, with their attributes", async () => {
    const traced = await serve(code, { tail: TAIL });
    try {
      const api = new Api(traced.origin);
      await api.start("parent", "a");
      await api.raise("a", "go", 1);
      await api.ended("a");
      const events = () =>
        traced.log.filter((line) => line.startsWith('{"tail"')).map((line) => JSON.parse(line) as Opened);
      const opened = (name: string) =>
        events().filter((event) => event.tail === "spanOpen" && event.of === "WorkflowInstance" && event.name === name);
      await until("the child's activity has been streamed", () => opened("activity ship").length > 0);
      expect(opened("workflow.start")).toHaveLength(1);
      expect(opened("activity charge")).toHaveLength(3);
      // Also those that follow an activity, whose turn has ended: seven of the parent, and two of its child.
      expect(opened("workflow.turn").length).toBeGreaterThanOrEqual(9);
      const attributes = events()
        .filter(({ tail }) => tail === "attributes")
        .map(({ info = [] }) => Object.fromEntries(info.map(({ name, value }) => [name, value])));
      const parent = { "dapr.workflow.name": "parent", "dapr.workflow.instance_id": "a" };
      expect(attributes).toContainEqual(parent);
      expect(attributes).toContainEqual({ ...parent, "dapr.workflow.execution_id": expect.any(String) });
      expect(attributes).toContainEqual({
        "dapr.workflow.instance_id": "a",
        "dapr.workflow.execution_id": expect.any(String),
        "dapr.workflow.attempt": 3,
      });
    } finally {
      await traced.close();
    }
  });
});
