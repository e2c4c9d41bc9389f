// A Worker with limits: imports of a tenant one at a time, two jobs at once over the parts that PARTS says, a rate.
import { env } from "cloudflare:workers";
import { createWorker, WorkflowRuntime } from "edge-workflows";

function* importFile(ctx) {
  return yield ctx.waitForExternalEvent("go");
}
function* job(ctx) {
  return yield ctx.waitForExternalEvent("go");
}
function* pay(ctx, order) {
  return yield ctx.callActivity(charge, order);
}
const charge = (_, order) => order;

const runtime = new WorkflowRuntime()
  .registerWorkflow(importFile)
  .registerWorkflow(job)
  .registerWorkflow(pay)
  .registerActivity(charge);
runtime.limit("imports", { workflow: importFile, key: ({ tenant }) => tenant, concurrencyPerKey: 1 });
runtime.limit("jobs", { workflow: job, concurrency: 2, parts: Number(env.PARTS ?? 1) });
runtime.limit("cards", { activity: charge, rate: "2/h", concurrency: 10 });

const worker = createWorker(runtime);
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export default worker;
