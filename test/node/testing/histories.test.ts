// A recorded history of each sample is replayed against today's code: a sample that changes in a way that running
// instances could not follow fails here. `npm run record` records them anew.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WorkflowRuntime } from "../../../src/client.ts";
import { type ExportedHistory, replayHistory, WorkflowTestEnvironment } from "../../../src/testing.ts";
import { ROOT } from "../e2e/server.ts";

const runtime = new WorkflowRuntime();
// By path: their types are those of a Worker.
for (const file of ["order-processing", "patterns", "travel-booking"]) {
  const sample = await import(join(ROOT, `src/samples/${file}.ts`));
  const register = sample.registerOrderProcessing ?? sample.registerPatterns ?? sample.registerTravelBooking;
  register(runtime);
}

type Play = (env: WorkflowTestEnvironment, id: string) => Promise<unknown>;
const toItsEnd: Play = (env, id) => env.client.waitForWorkflowCompletion(id);

/** The samples, each with what makes it go through most of its code. */
const samples: readonly [file: string, workflow: string, input: unknown, play: Play][] = [
  ["order-approved", "orderProcessingWorkflow", { itemName: "car", totalCost: 9000, quantity: 2 }, approve],
  ["order-timed-out", "orderProcessingWorkflow", { itemName: "car", totalCost: 9000, quantity: 2 }, toItsEnd],
  ["order-waiting", "orderProcessingWorkflow", { itemName: "car", totalCost: 9000, quantity: 2 }, (env) => env.idle()],
  ["chaining", "chaining", "Ada", toItsEnd],
  ["fan-out-fan-in", "fanOutFanIn", ["one two", "three"], toItsEnd],
  ["monitor", "monitor", { checksLeft: 3, intervalSeconds: 60 }, toItsEnd],
  ["human-interaction", "humanInteraction", { question: "really?", timeoutSeconds: 3600 }, answer],
  ["child-workflows", "childWorkflows", ["Ada", "Grace"], toItsEnd],
  ["saga", "saga", { places: ["flight", "hotel", "car"], failAt: "car" }, toItsEnd],
  ["travel-booking", "travelBooking", { places: ["flight", "hotel", "car"] }, toItsEnd],
  ["travel-booking-failed", "travelBooking", { places: ["flight", "hotel", "car"], failAt: "hotel" }, toItsEnd],
];

const outcomes: Readonly<Record<string, unknown>> = {
  "order-approved": { processed: true },
  "order-timed-out": { processed: false },
  "order-waiting": "waiting",
  chaining: "*** HELLO, ADA ***",
  "fan-out-fan-in": 3,
  monitor: "healthy",
  "human-interaction": "yes",
  "child-workflows": ["*** HELLO, ADA ***", "*** HELLO, GRACE ***"],
  saga: {
    booked: [],
    cancelled: ["hotel", "flight"],
    reason: expect.stringContaining("car is fully booked"),
  },
  "travel-booking": ["flight", "hotel", "car"],
  "travel-booking-failed": expect.stringContaining("hotel is fully booked"),
};

async function approve(env: WorkflowTestEnvironment, id: string): Promise<void> {
  await env.idle();
  await env.client.raiseEvent(id, "approval_event", true);
  await env.client.waitForWorkflowCompletion(id);
}
async function answer(env: WorkflowTestEnvironment, id: string): Promise<void> {
  await env.client.raiseEvent(id, "answer", "yes");
  await env.client.waitForWorkflowCompletion(id);
}

async function record(workflow: string, input: unknown, play: Play): Promise<ExportedHistory> {
  const env = new WorkflowTestEnvironment(runtime);
  env.mockActivity("verifyInventory", () => true);
  env.mockActivity("updateInventory", () => true);
  const id = await env.client.scheduleNewWorkflow(workflow, input, workflow);
  await play(env, id);
  // Stacks name files of this machine.
  return JSON.parse(JSON.stringify(env.history(id), (key, value) => (key === "stackTrace" ? undefined : value)));
}

function outcomeOf(end: ExportedHistory["events"][number] | undefined): unknown {
  if (end?.type !== "ExecutionCompleted") return "waiting";
  return end.failure === undefined ? JSON.parse(end.output ?? "null") : end.failure.message;
}

describe("[K5] Recorded histories of the samples", () => {
  it("[K5.1] there is one for every workflow of the samples", () => {
    const recorded = new Set(samples.map(([, workflow]) => workflow));
    expect(runtime.registry.names().workflows.filter((name) => !recorded.has(name))).toEqual([]);
  });

  it.each(samples)("[K5.2] %s fits today's code", async (file, workflow, input, play) => {
    const path = join(ROOT, "test/histories", `${file}.json`);
    if (process.env.RECORD === "1")
      writeFileSync(path, `${JSON.stringify(await record(workflow, input, play), null, 2)}\n`);
    expect(existsSync(path)).toBe(true);
    const history: ExportedHistory = JSON.parse(readFileSync(path, "utf8"));
    const hasEnded = history.events.some((event) => event.type === "ExecutionCompleted");
    // What a file is named after is what it holds.
    const end = history.events.at(-1);
    expect(outcomeOf(end)).toEqual(outcomes[file]);
    expect(await replayHistory(runtime, history)).toEqual({
      events: history.events.length,
      state: hasEnded ? "ended" : "waiting",
    });
  });
});
