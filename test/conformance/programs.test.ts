// Programs written for `@dapr/dapr`, with nothing changed but what that name is resolved to.
import "./worker.ts";
import { abortAllDurableObjects } from "cloudflare:test";
import * as dapr from "@dapr/dapr";
import { DaprClient, DaprWorkflowClient, WorkflowRuntimeStatus } from "@dapr/dapr";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { WorkflowFailureDetails } from "../../src/client.ts";
import { deployed, ran } from "./programs/defects.ts";
import { fillStock, notes, client as shop, shopOrder, stockOf } from "./programs/order-processor.ts";

const client = new DaprWorkflowClient({ daprHost: "", daprPort: "" });
const management = new DaprClient();

/** Status and output of an instance at its end. */
async function endOf(id: string): Promise<[string | undefined, unknown]> {
  const state = await client.waitForWorkflowCompletion(id, true, 10);
  const output = state?.serializedOutput;
  return [state && WorkflowRuntimeStatus[state.runtimeStatus], output === undefined ? undefined : JSON.parse(output)];
}
async function run(name: string, input?: unknown): Promise<[string | undefined, unknown]> {
  return endOf(await client.scheduleNewWorkflow(name, input));
}
async function eventsOf(id: string): Promise<string[]> {
  return ((await client.getWorkflowHistory(id)) ?? []).map(({ type }) => type);
}
async function failureOf(name: string, input?: unknown): Promise<[string | undefined, string | undefined]> {
  const id = await client.scheduleNewWorkflow(name, input);
  const details = (await client.waitForWorkflowCompletion(id, true, 10))?.workflowFailureDetails;
  return [details?.getErrorType(), details?.getErrorMessage()];
}

describe("[C1] The order processor, with its stock in DaprClient.state", () => {
  beforeEach(async () => {
    notes.length = 0;
    expect(await fillStock([{ name: "car", cost: 5000, quantity: 100 }])).toEqual({});
  });

  it("[C1.1] a small order is processed, and the stock is less", async () => {
    const id = await shop.scheduleNewWorkflow(shopOrder, { item: "car", amount: 2 }, "small");
    expect(await endOf(id)).toEqual(["COMPLETED", { processed: true, left: 98 }]);
    expect(await stockOf("car")).toBe(98);
    expect(notes).toEqual(["got small", "paid for 2 car"]);
  });

  it("[C1.2] an order of what the shop does not have is refused", async () => {
    const id = await shop.scheduleNewWorkflow(shopOrder, { item: "boat", amount: 1 });
    expect(await endOf(id)).toEqual(["COMPLETED", { processed: false }]);
    expect([await stockOf("boat"), await stockOf("car")]).toEqual([0, 100]);
    expect(notes).toEqual([`got ${id}`, "no boat left"]);
  });

  it("[C1.3] a large one waits for an approval", async () => {
    const id = await shop.scheduleNewWorkflow(shopOrder, { item: "car", amount: 11 });
    await shop.waitForWorkflowStart(id);
    await shop.raiseEvent(id, "approve_order", { by: "Ada" });
    expect(await endOf(id)).toEqual(["COMPLETED", { processed: true, left: 89 }]);
    expect(notes).toEqual([`got ${id}`, "approved by Ada", "paid for 11 car"]);
  });
});

describe("[C2] Authoring", () => {
  it.each([
    ["activitySequence", ["Tokyo", "Seattle"], ["Hello Tokyo!", "Hello Seattle!"]],
    ["sequence@2", ["Paris"], ["Hello Paris!"]],
    ["countingUp", 3, 13],
    ["fanOut", ["a", "bb", "", "dddd"], 7],
    ["purchase", { cost: 10, seconds: 1 }, "approved without asking"],
    ["purchase", { cost: 1000, seconds: 0.01 }, "nobody answered"],
    ["parentOfTwo", 3, [6, 12]],
    ["clock", undefined, true],
    ["monitor", 0, "healthy after 3"],
    ["booking", { address: "here" }, "shipped"],
    ["persistent", undefined, "shipped"],
  ])("[C2.1] %s(%j)", async (name, input, output) => {
    expect(await run(name, input)).toEqual(["COMPLETED", output]);
  });

  it("[C2.2] a failure is caught, or ends the workflow with its reason", async () => {
    const [, caught] = await run("catchesFailure", "why");
    expect(caught).toMatch(/^caught: .*: activity '\w+': Activity task #1 failed: why$/);
    const [type, message] = await failureOf("letsFailureThrough", "why");
    expect([type, message]).toEqual(["TaskFailedError", expect.stringMatching(/: Activity task #1 failed: why$/)]);
    expect((await failureOf("callsUnknown"))[1]).toMatch(/'notRegisteredAnywhere' is not registered/);
    expect(await failureOf("nobodyHasRegisteredThis")).toEqual([
      "OrchestratorNotRegisteredError",
      expect.stringMatching(/^Orchestrator 'nobodyHasRegisteredThis' does not exist\. Registered are: \w+, .*\.$/),
    ]);
  });

  it("[C2.3] what was done is undone, the last first", async () => {
    const [status, output] = await run("booking", {});
    expect(status).toBe("COMPLETED");
    expect(output).toEqual({ undone: ["charge", "reserve"], because: expect.stringMatching(/failed: no address$/) });
  });

  it("[C2.4] events arrive in order, whatever the letter case, raised before and after the wait", async () => {
    const id = await client.scheduleNewWorkflow("eventsInOrder", 3);
    await client.raiseEvent(id, "next", 1);
    await client.raiseEvent(id, "NEXT", 2);
    await client.raiseEvent(id, "Next", 3);
    expect(await endOf(id)).toEqual(["COMPLETED", [1, 2, 3]]);
  });

  it("[C2.5] five generations carry an event along", async () => {
    const id = await client.scheduleNewWorkflow("generations", 0);
    await client.raiseEvent(id, "carried", "along");
    expect(await endOf(id)).toEqual(["COMPLETED", [5, "along"]]);
  });

  it("[C2.6] suspend, resume, terminate, purge; the caller reads its own writes", async () => {
    const id = await client.scheduleNewWorkflow("untilTold");
    expect((await client.waitForWorkflowStart(id))?.customStatus).toBe("waiting");
    await client.suspendWorkflow(id);
    await client.raiseEvent(id, "tell", "held back");
    expect((await client.getWorkflowState(id, false))?.runtimeStatus).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await client.resumeWorkflow(id);
    expect(await endOf(id)).toEqual(["COMPLETED", "held back"]);
    expect(await client.purgeWorkflow(id)).toBe(true);
    expect(await client.getWorkflowState(id, false)).toBeUndefined();
    const other = await client.scheduleNewWorkflow("untilTold");
    await client.terminateWorkflow(other, { by: "me" });
    expect(await endOf(other)).toEqual(["TERMINATED", { by: "me" }]);
  });

  it("[C2.7] children side by side, then an event", async () => {
    const id = await client.scheduleNewWorkflow("combined", ["bolt", "nut"]);
    await client.raiseEvent(id, "confirm", true);
    expect(await endOf(id)).toEqual(["COMPLETED", [4, 3]]);
  });

  it("[C2.8] the activity's context names the instance and the call", async () => {
    const id = await client.scheduleNewWorkflow("identity");
    expect(await endOf(id)).toEqual(["COMPLETED", [id, 1]]);
  });
});

describe("[C3] DaprClient", () => {
  it("[C3.1] workflow: all its methods, and their old names", async () => {
    const { workflow } = management;
    const id = await workflow.scheduleNewWorkflow("untilTold", undefined, "managed");
    expect(id).toBe("managed");
    await workflow.pause(id);
    expect((await workflow.getWorkflowState(id)).runtimeStatus).toBe("SUSPENDED");
    await workflow.resume(id);
    const state = await workflow.get(id);
    expect(state).toMatchObject({ instanceID: id, workflowName: "untilTold", runtimeStatus: "RUNNING" });
    expect(state.createdAt).toBeInstanceOf(Date);
    expect(state.properties["dapr.workflow.custom_status"]).toBe("waiting");
    await workflow.raise(id, "tell", 0);
    expect(await endOf(id)).toEqual(["COMPLETED", 0]);
    await workflow.purge(id);
    const gone = await workflow.getWorkflowState(id).catch((error) => JSON.parse(error.message));
    expect(gone).toEqual({ error: "Not Found", status: 404, error_msg: expect.any(String) });
    expect(JSON.parse(gone.error_msg).errorCode).toBe("ERR_INSTANCE_ID_NOT_FOUND");
    const other = await workflow.start("untilTold");
    await workflow.terminate(other);
    expect((await endOf(other))[0]).toBe("TERMINATED");
    await workflow.raiseEvent(other, "tell", 1);
    await expect(workflow.pause("")).rejects.toThrow(/^instanceID is required$/);
    await expect(workflow.raiseEvent("x", "")).rejects.toThrow(/^eventName is required$/);
    await expect(workflow.scheduleNewWorkflow("")).rejects.toThrow(/^workflowName is required$/);
  });

  it("[C3.2] state: save, get, getBulk, delete, transaction", async () => {
    const { state } = management;
    expect(await state.get("s", "none")).toBe("");
    await state.save("s", [
      { key: "a", value: { n: 1 } },
      { key: "b", value: 0 },
    ]);
    expect([await state.get("s", "a"), await state.get("s", "b"), await state.get("other", "a")]).toEqual([
      { n: 1 },
      0,
      "",
    ]);
    const [a, none] = await state.getBulk("s", ["a", "none"]);
    expect([a, none]).toEqual([{ key: "a", data: { n: 1 }, etag: expect.any(String) }, { key: "none" }]);
    await state.transaction("s", [
      { operation: "upsert", request: { key: "a", value: { n: 2 }, etag: a.etag } },
      { operation: "delete", request: { key: "b" } },
    ]);
    expect([await state.get("s", "a"), await state.get("s", "b")]).toEqual([{ n: 2 }, ""]);
    const stale = [
      { operation: "upsert", request: { key: "c", value: 1 } },
      { operation: "upsert", request: { key: "a", value: 3, etag: { value: a.etag } } },
    ];
    await expect(state.transaction("s", stale)).rejects.toThrow(/an etag is not that of the stored value/);
    expect([await state.get("s", "a"), await state.get("s", "c")]).toEqual([{ n: 2 }, ""]);
    expect(await state.save("s", [{ key: "a", value: 3, etag: a.etag }])).toEqual({ error: expect.any(Error) });
    expect(await state.delete("s", "a", { etag: "no" })).toEqual({ error: expect.any(Error) });
    expect(await state.delete("s", "a", null)).toEqual({});
    await state.transaction("s", [{ operation: "delete", request: { key: "none", etag: null } }]);
    expect(await state.get("s", "a")).toBe("");
    await expect(state.transaction("s", [{ operation: "merge", request: { key: "a" } }])).rejects.toThrow(/"upsert"/);
  });

  it("[C3.3] what has no meaning at the edge fails and says what to use instead", async () => {
    expect(() => new dapr.DaprServer()).toThrow(/DaprServer is not available at the edge. Export a Worker/);
    expect(() => management.pubsub.publish("p", "t")).toThrow(/DaprClient.pubsub.publish .* Use Cloudflare Queues/);
    expect(() => management.invoker.invoke("a", "m")).toThrow(dapr.NotAvailableError);
    await expect(management.state.query("s", {})).rejects.toThrow(/getBulk/);
    expect(() => dapr.Temporal.Duration.from({ seconds: 1 })).toThrow(/Temporal.Duration.from is not .* createTimer/);
    expect(() => dapr.ActorId.createRandomId()).toThrow(/ActorId.createRandomId is not available at the edge/);
    expect(() => new (class extends dapr.AbstractActor {})()).toThrow(/Write a Durable Object/);
    expect([await management.health.isHealthy(), management.getIsInitialized()]).toEqual([true, true]);
    await management.start();
    await management.stop();
  });

  it("[C3.4] every name that @dapr/dapr 3.18.0 exports is there", () => {
    const names =
      "AbstractActor ActorId ActorProxyBuilder CommunicationProtocolEnum ConsoleLoggerService DaprClient " +
      "DaprPubSubStatusEnum DaprServer DaprWorkflowClient GRPCClient HTTPClient HttpMethod LogLevel " +
      "StateConcurrencyEnum StateConsistencyEnum Task Temporal WorkflowActivityContext WorkflowContext " +
      "WorkflowFailureDetails WorkflowRuntime WorkflowRuntimeStatus WorkflowState fromOrchestrationStatus toOrchestrationStatus";
    expect(names.split(" ").filter((name) => !(name in dapr))).toEqual([]);
  });

  it.each([
    ["127.0.0.1", "50001"],
    ["localhost", "3500"],
    ["http://localhost", "50001"],
    ["[::1]", "50001"],
    ["", "50001"],
  ])("[C3.5] the address of a sidecar, %s and port %s, is the Worker itself: programs name it", async (host, port) => {
    const send = vi.spyOn(globalThis, "fetch");
    const sidecar = { daprHost: host, daprPort: port, daprApiToken: "t", grpcOptions: {}, isKeepAlive: true };
    const here = new DaprWorkflowClient(sidecar);
    const id = await here.scheduleNewWorkflow("activitySequence", ["Oslo"]);
    expect((await here.waitForWorkflowCompletion(id, true, 10))?.serializedOutput).toBe('["Hello Oslo!"]');
    const general = new DaprClient(sidecar);
    expect(await general.health.isHealthy()).toBe(true);
    expect((await general.workflow.getWorkflowState(id)).runtimeStatus).toBe("COMPLETED");
    expect(send).not.toHaveBeenCalled();
    send.mockRestore();
  });

  it("[C3.6] another host is used, with port and token", async () => {
    const asked: [string, string | null][] = [];
    const send = vi.spyOn(globalThis, "fetch").mockImplementation(async (request) => {
      const { url, headers } = request as Request;
      asked.push([url, headers.get("dapr-api-token")]);
      throw new TypeError("nobody is there");
    });
    const other = { daprHost: "workflows.example", daprPort: "8443", daprApiToken: "t" };
    const elsewhere = new DaprWorkflowClient(other);
    await expect(elsewhere.scheduleNewWorkflow("clock", undefined, "nowhere")).rejects.toThrow("nobody is there");
    expect(await new DaprClient(other).health.isHealthy()).toBe(false);
    send.mockRestore();
    expect(asked).toEqual([
      ["http://workflows.example:8443/v1.0/workflows/dapr/clock/start?instanceID=nowhere", "t"],
      ["http://workflows.example:8443/v1.0/metadata", "t"],
    ]);
    expect(await client.getWorkflowState("nowhere", false)).toBeUndefined();
  });
});

// The numbers are those of docs/conformance.md.
describe("[DJ] What Dapr's JavaScript engine gets wrong", () => {
  it.each([
    ["[DJ1] a sync generator runs", "syncGenerator", "ran"],
    ["[DJ3] whenAll of none is []", "whenAllOfNone", []],
    ["[DJ6] whenAll of a task that has ended", "whenAllWithOneEnded", [1, 2]],
    ["[DJ7] a task that ends after its whenAll has failed", "siblingAfterFailure", "went on"],
    ["[DJ9] composites nest", "nestedComposites", [1, 2]],
    ["[DJ16] continue-as-new at a later yield", "laterContinueAsNew", 3],
  ])("%s", async (_title, name, output) => {
    expect(await run(name, name === "laterContinueAsNew" ? 1 : undefined)).toEqual(["COMPLETED", output]);
  });

  it.each([
    ["[DJ2] a first yield of no task fails", "firstYieldNoTask", /yielded a non-Task object/],
    ["[DJ4] whenAny of none fails", "whenAnyOfNone", /requires at least one task/],
    ["[DJ12] a timer of NaN fails", "timerNaN", /createTimer takes a Date or a number of seconds/],
    ["[DJ14] an event without a name fails", "eventWithoutName", /name of an event/],
  ])("%s", async (_title, name, message) => {
    expect((await failureOf(name))[1]).toMatch(message);
  });

  it("[DJ5] a first yield that is complete already", async () => {
    const startAt = new Date(Date.now() + 500);
    const id = await client.scheduleNewWorkflow("eventBeforeStart", undefined, undefined, startAt);
    await client.raiseEvent(id, "early", "bird");
    expect(await endOf(id)).toEqual(["COMPLETED", "bird"]);
  });

  it("[DJ8] joining a task that has failed throws", async () => {
    expect((await run("joinAfterFailure"))[1]).toMatch(/failed: as told$/);
  });

  it("[DJ10] 0, false, '' and null reach activities, children, the next generation and event waits", async () => {
    const id = await client.scheduleNewWorkflow("falsyInputs", 1);
    await client.raiseEvent(id, "falsy", false);
    expect(await endOf(id)).toEqual(["COMPLETED", [0, 0, false, "", null, false]]);
    expect(await run("passesOn", [0, false, "", null])).toEqual(["COMPLETED", [0, false, "", null, [0]]]);
    const deep = { n: 0, list: [false, null, "", [], {}], none: null, text: "" };
    expect(await run("deepFalsy", deep)).toEqual(["COMPLETED", [deep, deep, deep]]);
  });

  it("[DJ11] a terminate stays a terminate", async () => {
    const id = await client.scheduleNewWorkflow("throwsAfterTerminate");
    await Promise.all([client.terminateWorkflow(id, null), client.raiseEvent(id, "never", 1)]);
    expect((await endOf(id))[0]).toBe("TERMINATED");
  });

  it("[DJ13] a custom status may be an object", async () => {
    const id = await client.scheduleNewWorkflow("statusObject");
    expect((await client.waitForWorkflowCompletion(id))?.customStatus).toBe('{"done":1}');
  });

  it("[DJ15] suspend, suspend, event, resume", async () => {
    const id = await client.scheduleNewWorkflow("suspendedTwice");
    await client.suspendWorkflow(id);
    await client.suspendWorkflow(id);
    await client.raiseEvent(id, "go", 7);
    await client.resumeWorkflow(id);
    expect(await endOf(id)).toEqual(["COMPLETED", 7]);
  });

  it("[DJ21] a failure has the error's own name, its fields and its cause", async () => {
    const id = await client.scheduleNewWorkflow("namedFailure");
    const details = (await client.waitForWorkflowCompletion(id))?.workflowFailureDetails as WorkflowFailureDetails;
    expect([details.getErrorType(), details.getErrorMessage(), details.getProperties()]).toEqual([
      "TooSlow",
      "slow",
      { code: 7 },
    ]);
    expect(details.getInnerFailure()?.getErrorMessage()).toBe("far away");
  });

  it("[DJ24] null is null", async () => {
    expect(await run("nulls")).toEqual(["COMPLETED", [true, true]]);
    expect(await run("givesNull")).toEqual(["COMPLETED", null]);
  });

  it("[DJ25] what JSON would lose is refused where it is given, with its path", async () => {
    const refused = ["a Map", "a Promise", "an Error (Error)", "binary data (Uint8Array)", "a BigInt"];
    const [status, texts] = await run("passesOnWhatIsNoJson");
    expect([status, texts]).toEqual(["COMPLETED", refused.map((what) => `activity 'same': input.at[0] is ${what}`)]);
  });

  it("[DJ17] an activity without a yield runs all the same, and the log tells", async () => {
    ran.length = 0;
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const id = await client.scheduleNewWorkflow("forgottenYield");
    expect(await endOf(id)).toEqual(["COMPLETED", "ended"]);
    await vi.waitFor(() => expect(ran).toEqual([`by ${id}`]));
    const warnings = log.mock.calls.map(([line]) => JSON.parse(line)).filter(({ level }) => level === "warn");
    log.mockRestore();
    expect(warnings).toEqual([
      {
        level: "warn",
        msg: "workflow",
        instanceId: id,
        text: expect.stringMatching(/^1 task\(s\) .* a yield is missing/),
      },
    ]);
  });

  it("[DJ18] each generation has children of its own", async () => {
    const [status, names] = await run("childOfEachGeneration", []);
    expect([status, new Set(names as string[]).size]).toEqual(["COMPLETED", 3]);
  });

  it("[DJ19] a wait that lost takes no event from the next", async () => {
    const id = await client.scheduleNewWorkflow("lostWait");
    await vi.waitFor(async () => expect((await client.getWorkflowState(id, true))?.customStatus).toBe("lost"));
    await client.raiseEvent(id, "number", 1);
    expect(await endOf(id)).toEqual(["COMPLETED", [false, 1]]);
  });

  it("[DJ20] code that does not fit its history stalls the instance until it does", async () => {
    const deploy = async (isBroken: boolean) => {
      deployed.isBroken = isBroken;
      await abortAllDurableObjects();
    };
    const id = await client.scheduleNewWorkflow("changedByDeploy");
    await vi.waitFor(async () => expect(await eventsOf(id)).toContain("TaskCompleted"));
    await deploy(true);
    await client.raiseEvent(id, "go", 1);
    const stalled = await client.getWorkflowState(id, false);
    expect(stalled?.runtimeStatus).toBe(WorkflowRuntimeStatus.STALLED);
    expect(stalled?.workflowFailureDetails?.getErrorMessage()).toMatch(
      /history: callActivity 'same' #1; the code: no such call/,
    );
    await deploy(false);
    expect(await endOf(id)).toEqual(["COMPLETED", ["kept", 1]]);
  });

  it("[DJ22] of two functions with one name, each call runs its own", async () => {
    expect(await run("namesakes")).toEqual(["COMPLETED", ["by mail", "by text"]]);
  });

  it.each(["returnsTask", "awaitsTask", "passesTaskOn"])("[DJ26] a task taken for its result: %s", async (name) => {
    ran.length = 0;
    expect(await failureOf(name)).toEqual([
      "TypeError",
      expect.stringMatching(/the task of callActivity 'same', and a task is not its result: yield it/),
    ]);
    expect(ran).toEqual([]);
  });

  it("[DJ27] a context in an activity", async () => {
    ran.length = 0;
    const [status, message] = await run("leavesItsContext");
    expect([status, message]).toEqual([
      "COMPLETED",
      expect.stringMatching(/^callActivity was called outside the turn of workflow instance '/),
    ]);
    expect(ran).toEqual([]);
  });

  it("[DJ23] nothing begins before its time, whatever comes", async () => {
    const startAt = new Date(Date.now() + 1_000);
    const id = await client.scheduleNewWorkflow("eventBeforeStart", undefined, undefined, startAt);
    const status = async () => (await client.getWorkflowState(id, false))?.runtimeStatus;
    await client.raiseEvent(id, "early", "bird");
    expect(await status()).toBe(WorkflowRuntimeStatus.PENDING);
    await client.suspendWorkflow(id);
    expect(await status()).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await client.resumeWorkflow(id);
    expect(await status()).toBe(WorkflowRuntimeStatus.PENDING);
    expect(await endOf(id)).toEqual(["COMPLETED", "bird"]);
    const [started] = (await client.getWorkflowHistory(id)) ?? [];
    expect(started?.timestampMs).toBeGreaterThanOrEqual(startAt.getTime());
  });
});
