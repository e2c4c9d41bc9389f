// What the journeys are made through: the samples, and beside them workflows that fail, wait, answer, take turns and have versions.
import { createWorker, StateStore, WorkflowRuntime } from "edge-workflows";
import { registerOrderProcessing } from "../../src/samples/order-processing.ts";

const runtime = new WorkflowRuntime();
registerOrderProcessing(runtime);

async function* buy(ctx, input) {
  ctx.setCustomStatus("charging");
  const reserved = yield ctx.callActivity("reserve", input.item);
  const paid = yield ctx.callActivity("charge", input);
  return { reserved, paid };
}

async function* chat(ctx) {
  const said = [];
  ctx.setQueryHandler("said", () => said);
  ctx.setUpdateHandler("say", (text) => said.push(text));
  yield ctx.waitForExternalEvent("stop");
  return said;
}

async function* rest(ctx, seconds) {
  yield ctx.createTimer(seconds ?? 86_400);
  return "rested";
}

async function* family(ctx) {
  yield ctx.callChildWorkflow("chat", undefined);
}

async function* bill(ctx) {
  yield ctx.waitForExternalEvent("paid");
  return ctx.getVersion();
}

runtime
  .registerWorkflowWithName("buy", buy)
  .registerWorkflowWithName("chat", chat)
  .registerWorkflowWithName("rest", rest)
  .registerWorkflowWithName("family", family)
  .registerWorkflowWithName("import", rest)
  .registerVersionedWorkflow("bill", "v1", bill)
  .registerVersionedWorkflow("bill", "v2", bill, { latest: true })
  .registerActivityWithName("reserve", (_ctx, item) => `${item} is reserved`)
  .registerActivityWithName("charge", (_ctx, { card, fail }) => {
    if (fail) throw new RangeError(`card ${card} was refused <img src=x onerror="alert(1)">`);
    return `card ${card} was charged`;
  });
runtime.limit("imports", { workflow: "import", key: () => "t1", concurrency: 1 });

const worker = createWorker(runtime, { catalog: { shards: 2 } });
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowSchedule extends worker.WorkflowSchedule {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export { StateStore };
export default worker;
