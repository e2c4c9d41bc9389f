// DaprWorkflowClient inside the Worker, without options.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient, TimeoutError, WorkflowApiError, WorkflowRuntimeStatus } from "../../src/index.ts";
import { newId, run, stubOf } from "./support.ts";
// Until the Worker has been made, a client without options goes to 127.0.0.1:3500.
import "./worker.ts";
import { awaitEvents, echo, steps } from "./workflows.ts";

const client = new DaprWorkflowClient();

describe("[W8] the client inside the Worker", () => {
  it("[W8.1] schedules by function or name, and waits for the end", async () => {
    const id = await client.scheduleNewWorkflow(steps, 3);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await client.waitForWorkflowStart(id))?.name).toBe("steps");
    const state = await client.waitForWorkflowCompletion(id, true, 10);
    expect([state?.runtimeStatus, state?.serializedInput, state?.serializedOutput]).toEqual([
      WorkflowRuntimeStatus.COMPLETED,
      "3",
      "3",
    ]);
    const chosen = newId();
    expect(await client.scheduleNewWorkflow("echo", { a: 1 }, chosen)).toBe(chosen);
    expect((await client.waitForWorkflowCompletion(chosen))?.serializedOutput).toBe('{"a":1}');
  });

  it("[W8.2] three events raised without waiting in between arrive in order", async () => {
    for (let round = 0; round < 10; round++) {
      const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 3 });
      await Promise.all([client.raiseEvent(id, "n", 1), client.raiseEvent(id, "n", 2), client.raiseEvent(id, "n", 3)]);
      expect((await client.waitForWorkflowCompletion(id, true, 10))?.serializedOutput).toBe("[1,2,3]");
    }
  });

  it("[W8.3] reads its own writes: suspended, resumed, terminated at once", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    const statusOf = async () => (await client.getWorkflowState(id, true))?.runtimeStatus;
    expect(await statusOf()).toBe(WorkflowRuntimeStatus.RUNNING);
    await client.suspendWorkflow(id);
    expect(await statusOf()).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await client.resumeWorkflow(id);
    expect(await statusOf()).toBe(WorkflowRuntimeStatus.RUNNING);
    await client.terminateWorkflow(id, { reason: "enough" });
    expect(await statusOf()).toBe(WorkflowRuntimeStatus.TERMINATED);
    expect((await client.getWorkflowState(id, true))?.serializedOutput).toBe('{"reason":"enough"}');
  });

  it("[W8.4] purge: true once, then false; the state is gone", async () => {
    const id = await client.scheduleNewWorkflow(echo, 1);
    await client.waitForWorkflowCompletion(id);
    expect(await client.purgeWorkflow(id)).toBe(true);
    expect(await client.purgeWorkflow(id)).toBe(false);
    expect(await client.getWorkflowState(id, true)).toBeUndefined();
    expect(await client.waitForWorkflowCompletion(id)).toBeUndefined();
  });

  it("[W8.5] rejects with the server's code, and with TimeoutError", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    const refused = await client.scheduleNewWorkflow(echo, 1, id).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(WorkflowApiError);
    expect(refused).toMatchObject({ status: 500, errorCode: "ERR_START_WORKFLOW" });
    await expect(client.purgeWorkflow(id)).rejects.toMatchObject({ errorCode: "ERR_PURGE_WORKFLOW" });
    await expect(client.waitForWorkflowCompletion(id, true, 0.1)).rejects.toBeInstanceOf(TimeoutError);
    await client.terminateWorkflow(id, undefined);
  });

  it("[W8.9] a wait shorter than a second is as short as asked for", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    const before = Date.now();
    await expect(client.waitForWorkflowCompletion(id, true, 0.1)).rejects.toBeInstanceOf(TimeoutError);
    expect(Date.now() - before).toBeLessThan(700);
  });

  it("[W8.10] a wait of less than a microsecond ends like any other: a timeout is never sent as 5e-7", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    await expect(client.waitForWorkflowCompletion(id, true, 5e-7)).rejects.toBeInstanceOf(TimeoutError);
  });

  it("[W8.6] failures keep class, message and stack; payloads are left out on request", async () => {
    const id = await client.scheduleNewWorkflow("thrower", "far");
    const state = await client.waitForWorkflowCompletion(id, false);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.FAILED);
    expect(state?.serializedInput).toBeUndefined();
    const details = state?.workflowFailureDetails;
    expect([details?.getErrorType(), details?.getErrorMessage()]).toEqual(["RangeError", "far"]);
    expect(details?.getStackTrace()).toContain("thrower");
  });

  it("[W8.7] startAt: PENDING until then", async () => {
    const at = new Date(Date.now() + 300);
    const id = await client.scheduleNewWorkflow(echo, 1, undefined, at);
    expect((await client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.PENDING);
    expect((await client.waitForWorkflowCompletion(id, true, 10))?.serializedOutput).toBe("1");
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
  });

  it("[W8.8] works inside an activity", async () => {
    expect(await run("startsAnother", "from inside")).toBe('"from inside"');
  });

  it("[W8.11] watches, to the end or until it is told to stop", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    const told: string[] = [];
    for await (const one of client.watchWorkflow(id)) {
      told.push(one.type === "history" ? one.event.type : one.type);
      if (told.length === 1) await client.raiseEvent(id, "n", 1);
    }
    expect(told).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted", "end"]);
    const other = await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 1 });
    const abort = new AbortController();
    const watch = client.watchWorkflow(other, { signal: abort.signal })[Symbol.asyncIterator]();
    await watch.next();
    const waiting = watch.next();
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    const watchers = () => runInDurableObject(stubOf(other), (_instance, ctx) => ctx.getWebSockets().length);
    await expect.poll(watchers).toBe(0);
    await expect(client.watchWorkflow("nobody")[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 404 });
  });
});
