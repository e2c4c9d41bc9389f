// [W43] The exporter of spans: OTLP over HTTP as JSON, and how a Worker finds its collector.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { placeIn, type Span, spanIdOf, traceIdOf } from "../../../src/model/span.ts";
import { otlpExporter, toRequest } from "../../../src/telemetry/otlp.ts";
import { readWorkerOptions } from "../../../src/worker-options.ts";

const span: Span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentSpanId: "53995c3f42cd8ad8",
  name: "activity charge",
  kind: 1,
  startMs: 1_700_000_000_123,
  endMs: 1_700_000_000_456,
  attributes: { "dapr.workflow.name": "order", "dapr.workflow.attempt": 2, left: undefined },
  error: { type: "TypeError", message: "as told" },
};

const received: { path: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request.setEncoding("utf8")) text += piece;
    received.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(text) });
    if (request.url === "/moved") response.writeHead(307, { location: "/v1/traces" });
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function sent(given: Parameters<typeof otlpExporter>[0], env: object = {}) {
  const exporter = otlpExporter(given, "app")(env);
  if (exporter === undefined) return undefined;
  expect(await exporter.send([span], new AbortController().signal)).toBe(200);
  return received.pop();
}

describe("[W43] OTLP", () => {
  it("[W43.1] a span as the protocol has it in JSON: IDs in hexadecimal, times and whole numbers as texts", () => {
    expect(JSON.parse(toRequest([span], "orders"))).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "orders" } }] },
          scopeSpans: [
            {
              scope: { name: "edge-workflows" },
              spans: [
                {
                  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
                  spanId: "00f067aa0ba902b7",
                  parentSpanId: "53995c3f42cd8ad8",
                  name: "activity charge",
                  kind: 1,
                  startTimeUnixNano: "1700000000123000000",
                  endTimeUnixNano: "1700000000456000000",
                  attributes: [
                    { key: "dapr.workflow.name", value: { stringValue: "order" } },
                    { key: "dapr.workflow.attempt", value: { intValue: "2" } },
                    { key: "error.type", value: { stringValue: "TypeError" } },
                  ],
                  status: { code: 2, message: "as told" },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it("[W43.2] a URL without a path gets that of the protocol, one with a path is meant as it is, and the headers go along", async () => {
    const headers = { "x-key": "secret" };
    expect(await sent({ url: origin, headers })).toMatchObject({
      path: "/v1/traces",
      headers: { "x-key": "secret", "content-type": "application/json" },
    });
    expect(await sent({ url: `${origin}/here` })).toMatchObject({ path: "/here" });
  });

  it("[W43.3] OpenTelemetry's variables are taken, and options go before them", async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${origin}/base/`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20abc, x-a=b=c",
      OTEL_SERVICE_NAME: "named",
    };
    const found = await sent(undefined, env);
    expect(found).toMatchObject({ path: "/base/v1/traces", headers: { authorization: "Basic abc", "x-a": "b=c" } });
    expect(JSON.stringify(found?.body)).toContain('{"stringValue":"named"}');
    const other = await sent({ url: origin, serviceName: "other" }, env);
    expect(JSON.stringify(other?.body)).toContain('{"stringValue":"other"}');
    const exact = await sent(undefined, { ...env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${origin}/exact` });
    expect(exact?.path).toBe("/exact");
  });

  it("[W43.7] a redirect is not followed: headers may hold a key", async () => {
    const exporter = otlpExporter({ url: `${origin}/moved`, headers: { "x-key": "secret" } }, "app")({});
    expect(await exporter?.send([span], new AbortController().signal)).toBe(307);
    expect(received.splice(0).map(({ path }) => path)).toEqual(["/moved"]);
  });

  it("[W43.4] without a URL, or where it is switched off, there is no exporter", async () => {
    expect(otlpExporter(undefined, "app")({})).toBeUndefined();
    expect(otlpExporter({ serviceName: "a" }, "app")({})).toBeUndefined();
    expect(otlpExporter(false, "app")({ OTEL_EXPORTER_OTLP_ENDPOINT: origin })).toBeUndefined();
  });

  it("[W43.5] what is wrong is an error when the Worker is made, without the headers", () => {
    const read = (otlp: object) => () => readWorkerOptions({ telemetry: { otlp } });
    expect(read({ url: "here" })).toThrow("telemetry.otlp.url is a URL");
    expect(read({ url: origin, headers: { a: ["secret"] } })).toThrow("telemetry.otlp.headers is an object of texts");
    expect(read({ url: origin, headers: { a: ["secret"] } })).not.toThrow("secret");
    expect(read({ endpoint: origin })).toThrow("unknown option telemetry.otlp.endpoint");
  });

  it("[W43.6] IDs: the same for the same, others for others, and never only zeros", () => {
    expect([traceIdOf("a", "b"), spanIdOf("a", 1)]).toEqual([traceIdOf("a", "b"), spanIdOf("a", 1)]);
    const ids = new Set(Array.from({ length: 20_000 }, (_, n) => spanIdOf("execution", "activity", n)));
    expect(ids.size).toBe(20_000);
    expect([...ids].every((id) => /^(?!0+$)[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(traceIdOf("a")).toMatch(/^[0-9a-f]{32}$/);
    expect(placeIn("00-x")).toBeUndefined();
  });
});
