import { describe, expect, it } from "vitest";
import type { RuntimeStatus } from "../../../src/model/status.ts";
import { Api, NO_ROUTE, RUNNING, read, refusal } from "./support.ts";

const START = "POST /v1.0-alpha1/workflows/dapr/OrderProcessing/order-1/start";
const GET = "GET /v1.0-alpha1/workflows/WorkflowSampleQueue/OrderProcessing/order-1";

describe("the seed's start (v1.0-alpha1)", () => {
  it.each([
    ['{"input": {"a": [1, "b"], "c": null}}', '{"a":[1,"b"],"c":null}'],
    ['{"input": "text"}', '"text"'],
    ['{"input": 0}', "0"],
    ['{"input": false}', "false"],
    ['{"input": null}', "null"],
    ['{"input": ""}', '""'],
    ['{"input": []}', "[]"],
    ["{}", undefined],
    ['{"Input": 1, "other": 2}', undefined],
    ['{"__proto__": {"input": 1}}', undefined],
  ])("[H50] %s is 202 with WFInfo; the input reaches the instance as the JSON text %s", async (body, input) => {
    const api = new Api();
    const response = await api.send(START, body);
    expect(await read(response)).toEqual({ status: 202, body: { WFInfo: { instance_id: "order-1" } } });
    expect(api.calls).toEqual([
      [
        "start",
        "order-1",
        {
          instanceId: "order-1",
          name: "OrderProcessing",
          input,
          startAtMs: undefined,
          requestId: "00000000-0000-4000-8000-000000000001",
          traceparent: response.headers.get("traceparent"),
        },
      ],
    ]);
  });

  it.each(["", " ", "{", "[]", "null", '"input"', "5", "input=1"])(
    "[H51] the body %j is 400 ERR_MALFORMED_REQUEST",
    async (body) => {
      const api = new Api();
      expect(await read(await api.send(START, body))).toMatchObject({
        status: 400,
        body: {
          errorCode: "ERR_MALFORMED_REQUEST",
          message: expect.stringMatching(/^failed deserializing HTTP body: expected a JSON object, found /),
        },
      });
      expect(api.calls).toEqual([]);
    },
  );

  it("[H51] input nested deeper than can be written again is 400, not 500", async () => {
    const api = new Api();
    const depth = 500_000;
    const body = `{"input": ${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(await read(await api.send(START, body))).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body: input is nested too deeply"),
    );
    expect(api.calls).toEqual([]);
  });

  it.each([
    ["a".repeat(65), "ERR_INSTANCE_ID_TOO_LONG"],
    ["a.b", "ERR_INSTANCE_ID_INVALID"],
    ["a%20b", "ERR_INSTANCE_ID_INVALID"],
  ])("[H52] the rules for a new ID hold here too: %s is 400 %s", async (id, errorCode) => {
    const api = new Api();
    expect(await read(await api.send(`POST /v1.0-alpha1/workflows/dapr/Hello/${id}/start`, "{}"))).toMatchObject({
      status: 400,
      body: { errorCode },
    });
    expect(api.calls).toEqual([]);
  });

  it("[H52] an active instance is 500 in the same words as Dapr's start", async () => {
    const api = new Api();
    api.answers.start = { ok: false, code: "ALREADY_ACTIVE" };
    expect(await read(await api.send(START, "{}"))).toEqual(
      refusal(
        500,
        "ERR_START_WORKFLOW",
        "error starting workflow 'OrderProcessing': unable to start workflow: failed to start workflow: rpc error: code = AlreadyExists desc = an active workflow with ID 'order-1' already exists",
      ),
    );
  });
});

describe("the seed's get (v1.0-alpha1)", () => {
  it("[H53] 202 with the example's fields, and the metadata of Dapr 1.10 beside them", async () => {
    const api = new Api();
    api.answers.state = {
      ...RUNNING,
      createdAtMs: Date.UTC(2023, 0, 12, 21, 31, 13, 999),
      input: "5",
      customStatus: "busy",
    };
    expect(await read(await api.send(GET))).toEqual({
      status: 202,
      body: {
        WFInfo: { instance_id: "order-1" },
        start_time: "2023-01-12T21:31:13Z",
        metadata: {
          status: "Running",
          task_queue: "WorkflowSampleQueue",
          "dapr.workflow.name": "OrderProcessing",
          "dapr.workflow.runtime_status": "RUNNING",
          "dapr.workflow.input": "5",
          "dapr.workflow.custom_status": "busy",
          "dapr.workflow.last_updated": "2026-01-02T03:04:06Z",
        },
      },
    });
  });

  it.each([
    ["COMPLETED", { output: '"ok"' }, { status: "Completed", "dapr.workflow.output": '"ok"' }],
    [
      "FAILED",
      { failure: { errorType: "Error", message: "no" } },
      { status: "Failed", "dapr.workflow.failure.error_type": "Error", "dapr.workflow.failure.error_message": "no" },
    ],
    ["TERMINATED", {}, { status: "Terminated" }],
    ["PENDING", {}, { status: "Pending" }],
    ["SUSPENDED", {}, { status: "Suspended" }],
  ] satisfies [RuntimeStatus, object, object][])("[H53] status %s", async (status, extra, metadata) => {
    const api = new Api();
    api.answers.state = { ...RUNNING, status, ...extra };
    expect((await read(await api.send(GET))).body).toMatchObject({
      metadata: { ...metadata, "dapr.workflow.runtime_status": status },
    });
  });

  it("[H53] there is no stack trace, as in Dapr 1.10", async () => {
    const api = new Api();
    const failure = { errorType: "Error", message: "no", stackTrace: "at x" };
    api.answers.state = { ...RUNNING, status: "FAILED", failure };
    expect(await (await api.send(GET)).text()).not.toContain("stack");
  });

  it("[H54] an instance of another workflow, or none, is 404", async () => {
    const missing = refusal(
      404,
      "ERR_INSTANCE_ID_NOT_FOUND",
      "unable to find workflow with the provided instance ID: order-1",
    );
    const api = new Api();
    api.answers.state = { ...RUNNING, name: "orderProcessing" };
    expect(await read(await api.send(GET))).toEqual(missing);
    api.answers.state = undefined;
    expect(await read(await api.send(GET))).toEqual(missing);
  });
});

describe("two contracts under one prefix", () => {
  it("[H55] raiseEvent has four segments too and wins: an event may be called start", async () => {
    const api = new Api();
    expect((await api.send("POST /v1.0-alpha1/workflows/dapr/X/raiseEvent/start", "1")).status).toBe(202);
    expect(api.calls.map(([method, id, argument]) => [method, id, (argument as { name: string }).name])).toEqual([
      ["raiseEvent", "X", "start"],
    ]);
  });

  it.each([
    ["terminate", "POST /v1.0-alpha1/workflows/dapr/order-1/terminate"],
    ["raiseEvent", "POST /v1.0-alpha1/workflows/dapr/order-1/raiseEvent/go"],
    ["suspend", "POST /v1.0-alpha1/workflows/dapr/order-1/pause"],
    ["resume", "POST /v1.0-alpha1/workflows/dapr/order-1/resume"],
    ["purge", "POST /v1.0-alpha1/workflows/dapr/order-1/purge"],
  ])("[H55] the seed's %s is Dapr's: 202", async (method, target) => {
    const api = new Api();
    expect((await api.send(target)).status).toBe(202);
    expect(api.calls.map(([name]) => name)).toEqual([method]);
  });

  it.each(["v1.0", "v1.0-beta1"])("[H56] %s knows only Dapr's contract", async (version) => {
    const api = new Api();
    expect(await read(await api.send(START.replace("v1.0-alpha1", version), "{}"))).toEqual(NO_ROUTE);
    expect(await read(await api.send(GET.replace("v1.0-alpha1", version)))).toEqual(NO_ROUTE);
    expect(api.calls).toEqual([]);
  });
});
