// A Worker with nothing but its instances: no catalog, no schedules, no limits.
import { createWorker, WorkflowRuntime } from "edge-workflows";

async function* hello() {
  return "hello";
}

const worker = createWorker(new WorkflowRuntime().registerWorkflow(hello));
export class WorkflowInstance extends worker.WorkflowInstance {}
export default worker;
