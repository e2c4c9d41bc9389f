import { describe, expect, it } from "vitest";
import type { InstanceDescription } from "../../../src/instance/protocol.ts";
import { Api, RUNNING, read, refusal, VERSIONS } from "./support.ts";

async function get(state: InstanceDescription): Promise<unknown> {
  const api = new Api();
  api.answers.state = state;
  const { status, body } = await read(await api.send("GET /v1.0/workflows/dapr/order-1"));
  expect(status).toBe(200);
  return body;
}

describe("get", () => {
  it.each(VERSIONS)("[H30] %s: GET of an unknown instance is 404, exactly Dapr's body", async (version) => {
    const api = new Api();
    api.answers.state = undefined;
    expect(await read(await api.send(`GET /${version}/workflows/dapr/not-found`))).toEqual(
      refusal(404, "ERR_INSTANCE_ID_NOT_FOUND", "unable to find workflow with the provided instance ID: not-found"),
    );
  });

  it("[H31] a running instance: times in RFC 3339 with no or three digits, properties with the custom status alone", async () => {
    expect(await get(RUNNING)).toEqual({
      instanceID: "order-1",
      workflowName: "OrderProcessing",
      createdAt: "2026-01-02T03:04:05Z",
      lastUpdatedAt: "2026-01-02T03:04:06.070Z",
      runtimeStatus: "RUNNING",
      properties: { "dapr.workflow.custom_status": "" },
    });
  });

  it("[H31] a completed one: input and output are the raw texts, the custom status a bare string", async () => {
    const state: InstanceDescription = {
      ...RUNNING,
      status: "COMPLETED",
      input: '"Dapr" ',
      output: "",
      customStatus: 'half "done"',
    };
    expect(await get(state)).toMatchObject({
      runtimeStatus: "COMPLETED",
      properties: {
        "dapr.workflow.input": '"Dapr" ',
        "dapr.workflow.output": "",
        "dapr.workflow.custom_status": 'half "done"',
      },
    });
  });

  it.each([
    [{ errorType: "TypeError", message: "no" }, {}],
    [{ errorType: "TypeError", message: "no", stackTrace: "at x" }, { "dapr.workflow.failure.stack_trace": "at x" }],
  ])("[H31] a failed one tells why, the stack only if there is one: %j", async (failure, stack) => {
    expect(await get({ ...RUNNING, status: "FAILED", input: "", failure })).toMatchObject({
      runtimeStatus: "FAILED",
      properties: {
        "dapr.workflow.input": "",
        "dapr.workflow.custom_status": "",
        "dapr.workflow.failure.error_type": "TypeError",
        "dapr.workflow.failure.error_message": "no",
        ...stack,
      },
    });
    const body = (await get({ ...RUNNING, status: "FAILED", failure })) as { properties: object };
    expect(Object.keys(body.properties).length).toBe(3 + Object.keys(stack).length);
  });

  it("[B9] beside Dapr's properties, which stay as they are, `failure` has all of it; others have none", async () => {
    const failure = {
      errorType: "CardDeclined",
      message: "no",
      stackTrace: "at x",
      properties: { code: "CARD" },
      innerFailure: { errorType: "Error", message: "why" },
    };
    const body = (await get({ ...RUNNING, status: "FAILED", failure })) as { properties: object; failure: unknown };
    expect(body.failure).toEqual(failure);
    expect(Object.keys(body.properties)).toEqual([
      "dapr.workflow.custom_status",
      "dapr.workflow.failure.error_type",
      "dapr.workflow.failure.error_message",
      "dapr.workflow.failure.stack_trace",
    ]);
    expect(Object.keys((await get(RUNNING)) as object)).not.toContain("failure");
  });

  it.each(["SUSPENDED", "TERMINATED"] as const)("[H31] status %s is printed by its wire name", async (status) => {
    expect(await get({ ...RUNNING, status })).toMatchObject({ runtimeStatus: status });
  });

  it("[H32] a PENDING instance has no name, Go's zero times and no properties", async () => {
    expect(await get({ ...RUNNING, status: "PENDING", input: "1", customStatus: "x" })).toEqual({
      instanceID: "order-1",
      createdAt: "0001-01-01T00:00:00Z",
      lastUpdatedAt: "0001-01-01T00:00:00Z",
      runtimeStatus: "PENDING",
    });
  });
});

describe("ours: wait and leave out payloads", () => {
  const GET = "GET /v1.0/workflows/dapr/a";

  it.each([
    ["?waitFor=started", "waitFor", { until: "started", timeoutMs: 60_000, payloads: true }],
    ["?waitFor=completed&timeoutSeconds=1.5", "waitFor", { until: "ended", timeoutMs: 1500, payloads: true }],
    ["?waitFor=completed&timeoutSeconds=0", "waitFor", { until: "ended", timeoutMs: 0, payloads: true }],
    ["?waitFor=completed&timeoutSeconds=-5", "waitFor", { until: "ended", timeoutMs: 0, payloads: true }],
    ["?waitFor=completed&timeoutSeconds=600", "waitFor", { until: "ended", timeoutMs: 600_000, payloads: true }],
    ["?waitFor=completed&timeoutSeconds=601", "waitFor", { until: "ended", timeoutMs: 600_000, payloads: true }],
    ["?waitFor=completed&fetchPayloads=false", "waitFor", { until: "ended", timeoutMs: 60_000, payloads: false }],
    ["?fetchPayloads=false", "describe", { payloads: false }],
    ["?fetchPayloads=true", "describe", { payloads: true }],
    ["?timeoutSeconds=5&unknown=1", "describe", { payloads: true }],
  ])("[H33] %s asks the instance for it", async (query, method, argument) => {
    const api = new Api();
    expect((await api.send(`${GET}${query}`)).status).toBe(200);
    expect(api.calls).toEqual([[method, "a", argument]]);
  });

  it("[H33] an instance that is still unknown after the wait is 404", async () => {
    const api = new Api();
    api.answers.state = undefined;
    expect((await api.send(`${GET}?waitFor=started`)).status).toBe(404);
  });

  it.each([
    "?waitFor=",
    "?waitFor=ended",
    "?waitFor=COMPLETED",
    "?waitFor=started&timeoutSeconds=soon",
    "?waitFor=started&timeoutSeconds=",
    "?timeoutSeconds=1e3",
    "?timeoutSeconds=NaN",
    "?fetchPayloads=no",
    "?fetchPayloads=",
  ])("[H34] %s is 400 and changes nothing", async (query) => {
    const api = new Api();
    expect(await read(await api.send(`${GET}${query}`))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST" },
    });
    expect(api.calls).toEqual([]);
  });
});
