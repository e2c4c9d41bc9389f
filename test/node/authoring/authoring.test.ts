import { afterEach, describe, expect, it, vi } from "vitest";
import { resolveEndpoint, setInProcessFetch } from "../../../src/authoring/http-endpoint.ts";
import {
  DaprWorkflowClient,
  fromOrchestrationStatus,
  TimeoutError,
  toOrchestrationStatus,
  WorkflowActivityContext,
  WorkflowApiError,
  WorkflowContext,
  WorkflowRuntime,
  WorkflowRuntimeStatus,
  WorkflowState,
} from "../../../src/client.ts";

function hello(): string {
  return "hello";
}

describe("[A1] WorkflowRuntime: Dapr's registration, with its words", () => {
  it("[A1] registers by function and by name, and chains", () => {
    const runtime = new WorkflowRuntime({ daprHost: "ignored", daprPort: "1" })
      .registerWorkflow(hello)
      .registerWorkflowWithName("named", () => 1)
      .registerActivity(hello)
      .registerActivityWithName("named", () => 1);
    expect(runtime.registry.names()).toEqual({ workflows: ["hello", "named"], activities: ["hello", "named"] });
  });

  it.each([
    [
      "a name that is taken",
      (r: WorkflowRuntime) => r.registerWorkflow(hello),
      "A 'hello' orchestrator already exists.",
    ],
    ["a name that is taken", (r: WorkflowRuntime) => r.registerActivity(hello), "A 'hello' activity already exists."],
    [
      "no name",
      (r: WorkflowRuntime) => r.registerWorkflowWithName("", hello),
      "A non-empty orchestrator name is required.",
    ],
    [
      "no name",
      (r: WorkflowRuntime) => r.registerActivityWithName("", hello),
      "A non-empty activity name is required.",
    ],
    [
      "a lambda",
      (r: WorkflowRuntime) =>
        r.registerWorkflow(
          (
            () => () =>
              1
          )(),
        ),
      "Cannot infer a name from a lambda function. Please provide a name explicitly.",
    ],
    [
      "nothing",
      (r: WorkflowRuntime) => r.registerActivity(undefined as never),
      "Cannot infer a name from a null or undefined function. Please provide a name explicitly.",
    ],
  ])("[A1] refuses %s", (_what, register, message) => {
    const runtime = new WorkflowRuntime().registerWorkflow(hello).registerActivity(hello);
    expect(() => register(runtime)).toThrow(message);
  });

  it("[A1] start closes the registration, stop opens it, neither twice", async () => {
    const runtime = new WorkflowRuntime();
    await expect(runtime.stop()).rejects.toThrow("The worker is not running.");
    await runtime.start();
    await expect(runtime.start()).rejects.toThrow("The worker is already running.");
    expect(() => runtime.registerWorkflow(hello)).toThrow("Cannot add orchestrator while worker is running.");
    expect(() => runtime.registerActivity(hello)).toThrow("Cannot add activity while worker is running.");
    await runtime.stop();
    runtime.registerWorkflow(hello);
  });

  it("[A1] warns about a name that a minifier may have made", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const e = () => 1;
    const eA = () => 1;
    const pay = () => 1;
    new WorkflowRuntime().registerWorkflow(e).registerActivity(eA).registerWorkflow(pay).registerWorkflow(hello);
    expect(warn.mock.calls.map(([line]) => String(line).replace(/ made\..*/, " made"))).toEqual([
      "'e' looks like a name that a minifier has made",
      "'eA' looks like a name that a minifier has made",
    ]);
    warn.mockRestore();
  });

  it("[A1] a runtime that is started adds what it has to what a Worker without a runtime serves", async () => {
    const order = () => 1;
    const runtime = new WorkflowRuntime().registerWorkflowWithName("served-once-started", order);
    const served = () => WorkflowRuntime.started.registry.names().workflows.includes("served-once-started");
    expect(served()).toBe(false);
    await runtime.start();
    expect([served(), WorkflowRuntime.started.registry.workflowName(order)]).toEqual([true, "served-once-started"]);
  });

  it("[A1] contexts need what they stand for", () => {
    expect(() => new WorkflowContext(undefined as never)).toThrow("ActivityContext cannot be undefined");
    expect(() => new WorkflowActivityContext(null as never)).toThrow("ActivityContext cannot be undefined");
  });
});

describe("[A2] WorkflowState and status", () => {
  it("[A2] reads the wire form", () => {
    const state = new WorkflowState({
      instanceID: "i",
      workflowName: "w",
      createdAt: "2026-01-02T03:04:05.006Z",
      lastUpdatedAt: "2026-01-02T03:04:06Z",
      runtimeStatus: "FAILED",
      properties: {
        "dapr.workflow.input": "1",
        "dapr.workflow.custom_status": "s",
        "dapr.workflow.failure.error_type": "TypeError",
        "dapr.workflow.failure.error_message": "",
        "dapr.workflow.failure.stack_trace": "at",
      },
    });
    expect([state.name, state.instanceId, state.runtimeStatus]).toEqual(["w", "i", WorkflowRuntimeStatus.FAILED]);
    expect([state.createdAt.getTime(), state.lastUpdatedAt.getTime()]).toEqual([
      Date.UTC(2026, 0, 2, 3, 4, 5, 6),
      Date.UTC(2026, 0, 2, 3, 4, 6),
    ]);
    expect([state.serializedInput, state.serializedOutput, state.customStatus]).toEqual(["1", undefined, "s"]);
    const details = state.workflowFailureDetails;
    expect([details?.getErrorType(), details?.getErrorMessage(), details?.getStackTrace()]).toEqual([
      "TypeError",
      "",
      "at",
    ]);
    expect([details?.getProperties(), details?.getInnerFailure(), details?.getOtherFailures()]).toEqual([
      {},
      undefined,
      [],
    ]);
    expect(() => new WorkflowState(undefined as never)).toThrow("OrchestrationMetadata cannot be null");
  });

  it("[B9] the failure of an instance has the error's fields, and what is within it", () => {
    const inner = { errorType: "HttpError", message: "402", properties: { url: "/pay" }, stackTrace: "at pay" };
    const details = new WorkflowState({
      instanceID: "i",
      createdAt: "",
      lastUpdatedAt: "",
      runtimeStatus: "FAILED",
      properties: { "dapr.workflow.failure.error_type": "E", "dapr.workflow.failure.error_message": "m" },
      failure: {
        errorType: "E",
        message: "m",
        properties: { code: 5 },
        innerFailure: { ...inner, innerFailure: { errorType: "Deep", message: "est" } },
        otherFailures: [inner],
      },
    }).workflowFailureDetails;
    const within = details?.getInnerFailure();
    expect(details?.getProperties()).toEqual({ code: 5 });
    expect([within?.getErrorType(), within?.getErrorMessage(), within?.getStackTrace()]).toEqual([
      "HttpError",
      "402",
      "at pay",
    ]);
    expect(within?.getProperties()).toEqual({ url: "/pay" });
    expect(within?.getInnerFailure()?.getErrorType()).toBe("Deep");
    expect(details?.getOtherFailures().map((other) => other.getErrorMessage())).toEqual(["402"]);
  });

  it("[A2] the numbers are durabletask's", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => WorkflowRuntimeStatus[n])).toEqual([
      "RUNNING",
      "COMPLETED",
      "CONTINUED_AS_NEW",
      "FAILED",
      "CANCELED",
      "TERMINATED",
      "PENDING",
      "SUSPENDED",
      "STALLED",
    ]);
    expect(fromOrchestrationStatus(1)).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(toOrchestrationStatus(WorkflowRuntimeStatus.PENDING)).toBe(6);
    for (const none of [-1, 9]) expect(() => fromOrchestrationStatus(none)).toThrow(/Unknown orchestration status/);
  });
});

describe("[A3] where the client sends its requests", () => {
  it.each([
    [{}, "http://127.0.0.1:3500"],
    [{ daprHost: "localhost", daprPort: "8787" }, "http://localhost:8787"],
    [{ daprPort: 9000 }, "http://127.0.0.1:9000"],
    [{ daprHost: "https://flows.example.com" }, "https://flows.example.com"],
    [{ daprHost: "https://flows.example.com/", daprPort: "8443" }, "https://flows.example.com:8443"],
  ])("[A3] %j: %s", (options, url) => {
    expect(resolveEndpoint(options).url).toBe(url);
  });
});

describe("[A4] DaprWorkflowClient: one request for each call", () => {
  const sent: { method: string; url: string; body: string; token: string | null }[] = [];
  function answer(status: number, body: string): void {
    sent.length = 0;
    setInProcessFetch(async (request) => {
      const url = request.url.replace("http://localhost/v1.0/workflows/dapr/", "");
      sent.push({
        method: request.method,
        url,
        body: await request.text(),
        token: request.headers.get("dapr-api-token"),
      });
      return new Response(body, { status });
    });
  }
  const client = new DaprWorkflowClient({ daprApiToken: "secret" });
  afterEach(() => setInProcessFetch(undefined as never));

  it.each<[string, () => Promise<unknown>, string, string, string]>([
    [
      "schedule",
      () => client.scheduleNewWorkflow(hello, { a: 1 }, "i 1"),
      "POST",
      "hello/start?instanceID=i+1",
      '{"a":1}',
    ],
    [
      "schedule without input",
      () => client.scheduleNewWorkflow("w/x", undefined, "i"),
      "POST",
      "w%2Fx/start?instanceID=i",
      "",
    ],
    [
      "schedule later",
      () => client.scheduleNewWorkflow("w", 0, "i", new Date(0)),
      "POST",
      "w/start?instanceID=i&startTime=1970-01-01T00%3A00%3A00.000Z",
      "0",
    ],
    ["terminate", () => client.terminateWorkflow("i", { a: 1 }), "POST", "i/terminate", '{"output":{"a":1}}'],
    [
      "terminate without output",
      () => client.terminateWorkflow("i", undefined),
      "POST",
      "i/terminate",
      '{"output":null}',
    ],
    ["raise", () => client.raiseEvent("i", "e/1", false), "POST", "i/raiseEvent/e%2F1", "false"],
    ["raise without payload", () => client.raiseEvent("i", "e"), "POST", "i/raiseEvent/e", "null"],
    ["suspend", () => client.suspendWorkflow("i"), "POST", "i/pause", ""],
    ["resume", () => client.resumeWorkflow("i"), "POST", "i/resume", ""],
    ["purge", () => client.purgeWorkflow("i"), "POST", "i/purge", ""],
    ["get", () => client.getWorkflowState("i", false), "GET", "i?fetchPayloads=false", ""],
  ])("[A4] %s", async (_what, call, method, url, body) => {
    answer(202, '{"instanceID":"i","runtimeStatus":"RUNNING"}');
    await call();
    expect(sent).toEqual([{ method, url, body, token: "secret" }]);
  });

  it("[A4] an instance that is not there: undefined, and false for purge", async () => {
    answer(404, '{"errorCode":"ERR_INSTANCE_ID_NOT_FOUND","message":"unable to find"}');
    expect(await client.getWorkflowState("i", true)).toBeUndefined();
    expect(await client.waitForWorkflowCompletion("i")).toBeUndefined();
    expect(await client.purgeWorkflow("i")).toBe(false);
  });

  it("[A4] a refusal rejects with status, code and message", async () => {
    answer(500, '{"errorCode":"ERR_START_WORKFLOW","message":"no"}');
    await expect(client.scheduleNewWorkflow("w")).rejects.toThrow(
      new WorkflowApiError(500, "ERR_START_WORKFLOW", "no"),
    );
    answer(401, "invalid api token");
    await expect(client.resumeWorkflow("i")).rejects.toMatchObject({
      status: 401,
      errorCode: "ERROR",
      message: "invalid api token",
    });
  });

  it("[A4] a wait asks the server to wait, and ends with the state or with a TimeoutError", async () => {
    answer(200, '{"instanceID":"i","runtimeStatus":"COMPLETED"}');
    expect((await client.waitForWorkflowCompletion("i", false, 5))?.runtimeStatus).toBe(
      WorkflowRuntimeStatus.COMPLETED,
    );
    expect((await client.waitForWorkflowStart("i"))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(sent.map(({ url }) => url.replace(/=\d+(\.\d+)?$/, "=n"))).toEqual([
      "i?fetchPayloads=false&waitFor=completed&timeoutSeconds=n",
      "i?fetchPayloads=true&waitFor=started&timeoutSeconds=n",
    ]);
    answer(200, '{"instanceID":"i","runtimeStatus":"PENDING"}');
    await expect(client.waitForWorkflowStart("i", true, 0)).rejects.toBeInstanceOf(TimeoutError);
  });
});

describe("[A5] names that a URL cannot hold", () => {
  it.each(["", ".", ".."])("[A5] '%s' is refused before anything is sent", async (bad) => {
    const sent: string[] = [];
    const fetch = async (request: Request) => {
      sent.push(request.url);
      return Response.json({});
    };
    const client = new DaprWorkflowClient({ fetch });
    const calls = [
      () => client.raiseEvent(bad, "start", 1),
      () => client.raiseEvent("a", bad, 1),
      () => client.queryWorkflow(bad, "victim"),
      () => client.queryWorkflow("a", bad),
      () => client.updateWorkflow(bad, "start"),
      () => client.updateWorkflow("a", bad),
      () => client.getWorkflowHistory(bad),
      () => client.getWorkflowState(bad, true),
      () => client.terminateWorkflow(bad, 1),
      () => client.cancelWorkflow(bad),
      () => client.purgeWorkflow(bad),
      () => client.suspendWorkflow(bad),
      () => client.resumeWorkflow(bad),
      () => client.scheduleNewWorkflow(bad),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });
});
