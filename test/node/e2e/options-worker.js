// A Worker whose options are those of its variable OPTIONS.
import { env } from "cloudflare:workers";
import { createWorker, DaprWorkflowClient, WorkflowRuntime } from "edge-workflows";

async function* parent(ctx, wait) {
  const answer = ctx.waitForExternalEvent("answer");
  const child = yield ctx.callChildWorkflow(
    "child",
    ctx.getWorkflowInstanceId(),
    `${ctx.getWorkflowInstanceId()}-child`,
  );
  if (wait) yield ctx.waitForExternalEvent("never");
  return [child, yield answer];
}

async function* child(ctx, parentId) {
  ctx.sendEvent(parentId, "answer", "from the child");
  return "done";
}

/** Starts another workflow by the client inside the Worker. */
async function* starts(ctx) {
  return yield ctx.callActivity("start", "by-client");
}

async function start(_ctx, id) {
  const client = new DaprWorkflowClient();
  await client.scheduleNewWorkflow("child", id, id);
  return (await client.waitForWorkflowCompletion(id, true, 10)).serializedOutput;
}

const runtime = new WorkflowRuntime()
  .registerWorkflow(parent)
  .registerWorkflow(child)
  .registerWorkflow(starts)
  .registerActivity(start);
const worker = createWorker(runtime, JSON.parse(env.OPTIONS ?? "{}"));
export const { WorkflowInstance } = worker;
export default worker;
