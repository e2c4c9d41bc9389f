// The patterns of Dapr's tutorials, and slips of its own examples, as programs for `@dapr/dapr`.
import "./worker.ts";
import { DaprClient, DaprWorkflowClient, WorkflowRuntimeStatus, type WorkflowState } from "@dapr/dapr";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { diary } from "./programs/tutorials.ts";

const client = new DaprWorkflowClient();
const management = new DaprClient();

interface Outcome {
  status: string;
  output?: unknown;
  error?: [string, string];
  diary: string[];
}

/** All that can be seen of an instance at its end, and what its activities have noted. */
async function outcomeOf(id: string): Promise<Outcome> {
  const state = (await client.waitForWorkflowCompletion(id, true, 10)) as WorkflowState;
  const { serializedOutput, workflowFailureDetails: failure, runtimeStatus } = state;
  return {
    status: WorkflowRuntimeStatus[runtimeStatus],
    ...(serializedOutput !== undefined && { output: JSON.parse(serializedOutput) }),
    ...(failure !== undefined && { error: [failure.getErrorType(), failure.getErrorMessage()] }),
    diary: diary.filter((line) => line.startsWith(id)).map((line) => line.slice(id.length)),
  };
}
async function run(name: string, input?: unknown): Promise<Outcome> {
  return outcomeOf(await client.scheduleNewWorkflow(name, input));
}

beforeEach(() => {
  diary.length = 0;
});

describe("[C4] Tutorials", () => {
  it("[C4.1] a chain, and its error handler that lets the error go on", async () => {
    expect(await run("chainWithHandler", 12)).toEqual({ status: "COMPLETED", output: [6, 3], diary: [] });
    expect(await run("chainWithHandler", 6)).toEqual({
      status: "FAILED",
      error: ["TaskFailedError", expect.stringMatching(/: Activity task #2 failed: 3 is odd$/)],
      diary: [": handled 3 is odd"],
    });
  });

  it("[C4.2] a workflow without end is paused, resumed, terminated and purged by its management", async () => {
    const { workflow } = management;
    const id = await workflow.scheduleNewWorkflow("neverEnding", 0, "without-end");
    await vi.waitFor(() => expect(diary).toContain(`${id}: round 2`));
    await workflow.pause(id);
    expect((await workflow.getWorkflowState(id)).runtimeStatus).toBe("SUSPENDED");
    await workflow.resume(id);
    await vi.waitFor(() => expect(diary).toContain(`${id}: round 5`));
    await workflow.terminate(id);
    const ended = await outcomeOf(id);
    const rounds = ended.diary.map((_line, n) => `: round ${n}`);
    expect(ended).toEqual({ status: "TERMINATED", diary: rounds });
    await workflow.purge(id);
    expect(await client.getWorkflowState(id, true)).toBeUndefined();
  });

  it("[C4.3] an activity that looks into its state does its work once", async () => {
    expect(await run("idempotent", 5)).toEqual({ status: "COMPLETED", output: ["charged", "was charged"], diary: [] });
  });

  it("[C4.4] a large document stays in the store, and is deleted", async () => {
    const id = await client.scheduleNewWorkflow("byReference", 1_500_000);
    expect(await outcomeOf(id)).toEqual({ status: "COMPLETED", output: { length: 1_500_000, left: "" }, diary: [] });
    expect(await management.state.get("tutorials", `document-${id}`)).toBe("");
  });

  it("[C4.5] children side by side; one that fails has the others undone", async () => {
    const all = await client.scheduleNewWorkflow("settleAll", [2, 4]);
    const settled = await outcomeOf(all);
    expect({ ...settled, diary: settled.diary.sort() }).toEqual({
      status: "COMPLETED",
      output: [1, 2],
      diary: ["-0: settled 2", "-1: settled 4"],
    });
    const some = await outcomeOf(await client.scheduleNewWorkflow("settleAll", [2, 3, 4]));
    expect({ ...some, diary: some.diary.sort() }).toEqual({
      status: "COMPLETED",
      output: { undone: [2, 4] },
      diary: ["-0: settled 2", "-2: settled 4", ": undid 2,4"],
    });
  });

  it("[C4.6] checks, a child, then its confirmation, its refusal, or none", async () => {
    const order = { item: "mug", address: "here", patience: 60 };
    const confirmed = await client.scheduleNewWorkflow("tutorialOrder", order);
    await client.raiseEvent(confirmed, "shipment-confirmed", { ok: true });
    expect(await outcomeOf(confirmed)).toEqual({
      status: "COMPLETED",
      output: { accepted: true, shipped: "mug" },
      diary: [],
    });
    const refused = await client.scheduleNewWorkflow("tutorialOrder", order);
    await client.raiseEvent(refused, "shipment-confirmed", { ok: false });
    const refunded = {
      status: "COMPLETED",
      output: { accepted: true, refunded: true },
      diary: [": refunded mug"],
    };
    expect(await outcomeOf(refused)).toEqual(refunded);
    expect(await run("tutorialOrder", { ...order, patience: 0.02 })).toEqual(refunded);
    const rejected = { status: "COMPLETED", output: { accepted: false, checks: [false, true] }, diary: [] };
    expect(await run("tutorialOrder", { ...order, item: "unicorn" })).toEqual(rejected);
  });

  it("[C4.7] two versions of a workflow, told apart by their names", async () => {
    expect(await run("price_v1", 10)).toEqual({ status: "COMPLETED", output: 10, diary: [] });
    expect(await run("price_v2", 10)).toEqual({ status: "COMPLETED", output: 15, diary: [] });
  });

  it("[C4.8] fifty events in a burst, each carried over many generations: none is lost, none is double", async () => {
    const id = await client.scheduleNewWorkflow("burst", { seen: [], of: 50 });
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    for (const n of numbers) await client.raiseEvent(id, "tick", n);
    expect(await outcomeOf(id)).toEqual({ status: "COMPLETED", output: numbers, diary: [] });
  });
});

describe("[C5] Slips that Dapr's own examples have shipped with", () => {
  it("[C5.1] a forgotten yield before whenAny: the program goes on without its result, and ends", async () => {
    expect(await run("forgottenJoin")).toEqual({ status: "COMPLETED", output: false, diary: [] });
  });

  it("[C5.2] a monitor that waits for nothing and continues with nothing runs on, and can be terminated", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const id = await client.scheduleNewWorkflow("hastyMonitor");
    expect((await client.waitForWorkflowStart(id))?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
    await client.terminateWorkflow(id, "enough");
    expect(await outcomeOf(id)).toEqual({ status: "TERMINATED", output: "enough", diary: [] });
    log.mockRestore();
  });
});
