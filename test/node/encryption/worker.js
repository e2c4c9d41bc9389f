// A Worker whose payloads are encrypted when it has the secret.
import { createWorker, WorkflowRuntime } from "edge-workflows";

async function* keeps(ctx, input) {
  return [input, yield ctx.waitForExternalEvent("go")];
}

const worker = createWorker(new WorkflowRuntime().registerWorkflow(keeps), { logLevel: "none" });
export const { WorkflowInstance } = worker;
export default worker;
