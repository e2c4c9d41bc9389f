// A Worker with the catalog, whose instances say what they were given wherever they can: nothing of it may leave them.
import { createWorker, WorkflowRuntime } from "edge-workflows";

function charge(_ctx, text) {
  throw new RangeError(text, { cause: new Error(text) });
}

async function* tells(ctx, text) {
  ctx.setSearchAttributes({ open: "an attribute for everybody" });
  ctx.setCustomStatus(text);
  yield* ctx.waitForExternalEvent("go");
  yield* ctx.callActivity(charge, text);
}

async function* parent(ctx, text) {
  yield* ctx.callChildWorkflow(tells, text, { instanceId: "child" });
}

const runtime = new WorkflowRuntime().registerWorkflow(tells).registerWorkflow(parent).registerActivity(charge);
const worker = createWorker(runtime, { catalog: { shards: 2 } });
export const { WorkflowInstance, WorkflowCatalog } = worker;
export default worker;
