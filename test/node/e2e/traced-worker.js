// A Worker whose parent calls an activity that fails twice, waits, and calls a child; its options are those of its variable OPTIONS.
import { env } from "cloudflare:workers";
import { createWorker, WorkflowRuntime } from "edge-workflows";

async function* parent(ctx) {
  const paid = yield ctx.callActivity(charge, 5, {
    retry: { maxNumberOfAttempts: 3, firstRetryInterval: 0.01, backoffCoefficient: 1 },
  });
  yield ctx.waitForExternalEvent("go");
  return [paid, yield ctx.callChildWorkflow("child", "secret-input", `${ctx.getWorkflowInstanceId()}-child`)];
}

async function* child(ctx, input) {
  return yield ctx.callActivity(ship, input);
}

async function charge(ctx, amount) {
  if (ctx.getAttemptNumber() < 3) throw new RangeError("declined: card 4242");
  return amount;
}

async function ship() {
  return "shipped";
}

const runtime = new WorkflowRuntime()
  .registerWorkflow(parent)
  .registerWorkflow(child)
  .registerActivity(charge)
  .registerActivity(ship);
const worker = createWorker(runtime, JSON.parse(env.OPTIONS ?? "{}"));
export const { WorkflowInstance } = worker;
export default worker;
