// What the schedules of the crash tests start.
// In JavaScript, as authors without TypeScript write it: this folder is type-checked with the globals of Node.
import { createWorker, WorkflowRuntime } from "edge-workflows";

async function* tick(ctx, input) {
  yield ctx.createTimer(0.05);
  return input;
}

const worker = createWorker(new WorkflowRuntime().registerWorkflow(tick));
export const { WorkflowInstance, WorkflowCatalog, WorkflowSchedule } = worker;
export default worker;
