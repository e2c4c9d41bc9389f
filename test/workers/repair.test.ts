// Starts where the ID is in use, restarts and reruns, end to end: client, HTTP, Durable Objects, their storage.
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient } from "../../src/index.ts";
import { ask, newId, W } from "./support.ts";
import { awaitEvent, awaitEvents, runsOf, steps } from "./workflows.ts";

const client = new DaprWorkflowClient();
const outputOf = async (id: string) => (await client.waitForWorkflowCompletion(id, true, 20))?.serializedOutput;
const historyOf = async (id: string) => (await client.getWorkflowHistory(id))?.map(({ type }) => type);

describe("start", () => {
  it("with an event, twice: one instance, which gets both", async () => {
    const id = newId();
    const options = { instanceId: id, raiseEvent: "n", reuse: "reject" } as const;
    await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 2 }, { ...options, eventPayload: 1 });
    await client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 2 }, { ...options, eventPayload: 2 });
    expect(await outputOf(id)).toBe("[1,2]");
    const again = client.scheduleNewWorkflow(awaitEvents, { name: "n", count: 2 }, { ...options, eventPayload: 3 });
    await expect(again).rejects.toThrow("enforces instance ID uniqueness");
  });

  it("with terminate: one that runs gives way; with ignore, it stays", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvent, "n", newId());
    await client.scheduleNewWorkflow(steps, 1, { instanceId: id, reuse: "ignore" });
    expect((await client.getWorkflowState(id))?.name).toBe("awaitEvent");
    await client.scheduleNewWorkflow(steps, 1, { instanceId: id, reuse: "terminate" });
    expect(await outputOf(id)).toBe("1");
  });
});

describe("restart and rerun", () => {
  it("a restart begins another run of one that runs, and of one that has ended", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvent, "n", newId());
    for (const payload of ["first", "second"]) {
      await client.restartWorkflow(id, { reason: "again" });
      await client.raiseEvent(id, "n", payload);
      expect(await outputOf(id)).toBe(JSON.stringify(payload));
      expect((await client.getWorkflowHistory(id))?.[0]).toMatchObject({ type: "ExecutionStarted", reason: "again" });
    }
  });

  it("a rerun makes a call again, and what follows it, in an instance of its own", async () => {
    const id = await client.scheduleNewWorkflow(steps, 5, newId());
    expect(await outputOf(id)).toBe("5");
    const to = await client.rerunWorkflow(id, { eventId: 4, newInstanceId: newId() });
    expect(await outputOf(to)).toBe("5");
    expect(await historyOf(to)).toEqual(await historyOf(id));
    expect(runsOf(to).length).toBeLessThan(3);
    const anew = await client.rerunWorkflow(id);
    expect(await outputOf(anew)).toBe("5");
  });

  it("is refused in Dapr's words", async () => {
    const id = await client.scheduleNewWorkflow(awaitEvent, "n", newId());
    expect(await ask(`POST ${W}/${id}/rerun`, "{}")).toEqual({
      status: 400,
      body: { errorCode: "ERR_RERUN_WORKFLOW", message: `'${id}' is not in a terminal state` },
    });
    expect(await ask(`POST ${W}/nobody/rerun`)).toEqual({
      status: 404,
      body: { errorCode: "ERR_RERUN_WORKFLOW", message: "workflow instance does not exist with ID 'nobody'" },
    });
  });
});
