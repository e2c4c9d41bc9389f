// The Worker under test: what src/worker.ts serves, more workflows, and an instance class whose storage is watched.
import { StateStore } from "../../src/authoring/state-store.ts";
import { createWorker, WorkflowRuntime } from "../../src/index.ts";
import type { InstanceEnv } from "../../src/instance/workflow-instance.ts";
import { registerGreeting } from "../../src/samples/greeting.ts";
import { registerOrderProcessing } from "../../src/samples/order-processing.ts";
import { registerPatterns } from "../../src/samples/patterns.ts";
import { watch } from "./meter.ts";
import { registerTestWorkflows } from "./workflows.ts";

export const runtime = new WorkflowRuntime();
registerOrderProcessing(runtime);
registerPatterns(runtime);
registerGreeting(runtime);
registerTestWorkflows(runtime);

const worker = createWorker(runtime);

export class WorkflowInstance extends worker.WorkflowInstance {
  constructor(ctx: DurableObjectState, env: InstanceEnv) {
    super(watch(ctx), env);
  }
}
export { StateStore };
export default worker;
