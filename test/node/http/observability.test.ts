import { describe, expect, it, vi } from "vitest";
import { logFrom } from "../../../src/instance/log.ts";
import { Api, NOW_MS, read, refusal } from "./support.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const START = "POST /v1.0/workflows/dapr/Hello/start?instanceID=a";
const GET = "GET /v1.0/workflows/dapr/a";

describe("trace", () => {
  it.each([
    [`00-${TRACE_ID}-${SPAN_ID}-01`, "01"],
    [`00-${TRACE_ID}-${SPAN_ID}-00`, "00"],
    [`cc-${TRACE_ID}-${SPAN_ID}-01-what-the-future-brings`, "01"],
  ])("[H70] %s goes on: same trace, new span, same flags; the instance gets it too", async (traceparent, flags) => {
    const api = new Api();
    const response = await api.send(START, "", { traceparent, tracestate: "vendor=1,b=2" });
    const ours = response.headers.get("traceparent");
    expect(ours).toMatch(new RegExp(`^00-${TRACE_ID}-(?!${SPAN_ID})[0-9a-f]{16}-${flags}$`));
    expect(response.headers.get("tracestate")).toBe("vendor=1,b=2");
    expect(api.calls[0]?.[2]).toMatchObject({ traceparent: ours });
    expect(api.log[0]).toMatchObject({ traceId: TRACE_ID });
  });

  it.each([
    "",
    "garbage",
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${"0".repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-1`,
  ])("[H70] %j starts a new trace, without the tracestate", async (traceparent) => {
    const response = await new Api().send(GET, undefined, { traceparent, tracestate: "vendor=1" });
    expect(response.status).toBe(200);
    expect(response.headers.get("traceparent")).toMatch(/^00-(?!4bf92f)[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(response.headers.has("tracestate")).toBe(false);
  });

  it("[H70] two requests without a trace get two traces, and errors have one too", async () => {
    const api = new Api();
    const first = (await api.send(GET)).headers.get("traceparent");
    const second = (await api.send("GET /nowhere")).headers.get("traceparent");
    expect(first).not.toBe(second);
    expect(second).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it.each(["key1=value1", "key1=value1, key2 = value2 ;p=1;q", "a=", "a=%20b"])(
    "[H71] baggage %j is echoed",
    async (baggage) => {
      const response = await new Api().send(GET, undefined, { baggage });
      expect([response.status, response.headers.get("baggage")]).toEqual([200, baggage]);
    },
  );

  it.each([
    "invalid-baggage",
    "a=1,",
    "=1",
    "a b=1",
    "a=b c",
    'a="b"',
    "a=1;=",
    `a=${"b".repeat(8192)}`,
    `a=${" ".repeat(8000)}"`,
  ])("[H71] baggage %j is 400 and changes nothing", async (baggage) => {
    const api = new Api();
    const response = await api.send(START, "", { baggage });
    expect([response.status, await response.text(), response.headers.has("baggage")]).toEqual([
      400,
      "invalid baggage header",
      false,
    ]);
    expect(api.calls).toEqual([]);
  });
});

describe("health and metadata", () => {
  it.each(["/v1.0/healthz", "/v1.0/healthz/", "/v1.0/healthz?appid=edge", "/v1.0/healthz/outbound"])(
    "[H72] GET %s is 204, empty, without trace headers and without a log line",
    async (path) => {
      const api = new Api();
      const response = await api.send(`GET ${path}`, undefined, { baggage: "broken" });
      expect([response.status, await response.text(), response.headers.has("traceparent")]).toEqual([204, "", false]);
      expect(api.log).toEqual([]);
    },
  );

  it.each(["other", ""])("[H72] ?appid=%s is not this app: 500", async (appid) => {
    expect(await read(await new Api().send(`GET /v1.0/healthz?appid=${appid}`))).toEqual(
      refusal(500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match"),
    );
  });

  it("[H73] metadata names the app, the version and what is registered", async () => {
    expect(await read(await new Api().send("GET /v1.0/metadata"))).toEqual({
      status: 200,
      body: {
        id: "edge",
        runtimeVersion: "0.1.0",
        enabledFeatures: [],
        actors: [],
        components: [],
        extended: {},
        subscriptions: [],
        httpEndpoints: [],
        workflows: { connectedWorkers: 1, workflows: ["OrderProcessing", "Hello"], activities: ["Reserve"] },
      },
    });
  });
});

describe("log", () => {
  it("[H74] one line for each request, these fields and nothing else", async () => {
    const api = new Api();
    const response = await api.send(START, "body");
    expect(api.log).toEqual([
      {
        level: "info",
        msg: "request",
        method: "POST",
        route: "/v1.0/workflows/:component/:name/start",
        status: 202,
        durationMs: 0,
        traceId: response.headers.get("traceparent")?.split("-")[1],
        instanceId: "a",
      },
    ]);
  });

  it("[H74] the duration is the clock's; a generated ID is known", async () => {
    let nowMs = NOW_MS;
    const api = new Api({ now: () => (nowMs += 7) });
    await api.send("POST /v1.0/workflows/dapr/Hello/start");
    expect(api.log).toMatchObject([{ durationMs: 7, instanceId: "00000000-0000-4000-8000-000000000001" }]);
  });

  it("[H74] a 4xx is a warning, a 5xx an error; where no route was reached, the path is not told either", async () => {
    const api = new Api({ apiToken: "s3cret" });
    const headers = { "dapr-api-token": "s3cret" };
    await api.send(GET);
    await api.send("GET /nowhere/secret-path", undefined, headers);
    api.answers.operation = { ok: false, code: "NOT_FOUND" };
    await api.send("POST /v1.0/workflows/dapr/a/pause", undefined, headers);
    expect(api.log).toMatchObject([
      { level: "warn", status: 401, route: "none" },
      { level: "warn", status: 404, route: "none" },
      { level: "error", status: 500, route: "/v1.0/workflows/:component/:id/pause", instanceId: "a" },
    ]);
    expect(JSON.stringify(api.log)).not.toContain("secret-path");
  });

  it("[H75] never a payload, a token, the value of a query parameter, or what an internal error quotes", async () => {
    const api = new Api({ apiToken: "TOKEN-s3cret" });
    const headers = {
      "dapr-api-token": "TOKEN-s3cret",
      authorization: "Bearer TOKEN-other",
      baggage: "user=TOKEN-bag",
      tracestate: "v=TOKEN",
    };
    const targets = [
      "POST /v1.0/workflows/dapr/Hello/start?instanceID=a&x=QUERY",
      "POST /v1.0/workflows/dapr/a/raiseEvent/go?x=QUERY",
      "POST /v1.0/workflows/dapr/a/pause?x=QUERY",
      "POST /v1.0-alpha1/workflows/dapr/Hello/a/start?x=QUERY",
      "GET /v1.0/workflows/dapr/a?waitFor=QUERY",
      "GET /QUERY?x=QUERY",
    ];
    for (const state of [undefined, new SyntaxError(`Unexpected token 'P', "PAYLOAD" is not valid JSON`)]) {
      api.answers = { ...api.answers, start: state ?? { ok: true }, state, operation: state ?? { ok: true } };
      for (const target of targets)
        await api.send(target, '{"input": "PAYLOAD", "reason": "PAYLOAD", "output": "PAYLOAD"', headers);
      for (const target of targets)
        await api.send(target, '{"input": "PAYLOAD", "reason": "PAYLOAD", "output": "PAYLOAD"}', headers);
    }
    expect(api.log.length).toBe(24);
    const log = api.log.map(({ actor, ...line }) => {
      expect(actor).toBe("DAPR_API_TOKEN");
      return line;
    });
    expect(JSON.stringify(log)).not.toMatch(/PAYLOAD|TOKEN|QUERY/);
  });
});

describe("[H75] log levels", () => {
  it.each([
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
    ["none", []],
  ] as const)("[H75] %s logs %j, each as one line of JSON", (logLevel, expected) => {
    const written: string[] = [];
    const spy = vi.spyOn(console, "log").mockImplementation((line: string) => void written.push(line));
    try {
      const log = logFrom(logLevel);
      for (const level of ["info", "warn", "error"] as const) log({ level, msg: "m" });
    } finally {
      spy.mockRestore();
    }
    expect(written).toEqual(expected.map((level) => JSON.stringify({ level, msg: "m" })));
  });
});
