import {
  createWorker,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../src/index.ts";

async function noop(_context: WorkflowActivityContext, i: number): Promise<number> {
  return i;
}

async function* sequence(context: WorkflowContext, n: number): AsyncGenerator<Task<number>, number, number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield context.callActivity(noop, i);
  return sum;
}

async function* fanout(context: WorkflowContext, n: number): AsyncGenerator<Task<number[]>, number, number[]> {
  const activities = Array.from({ length: n }, (_, i) => context.callActivity(noop, i));
  const results = yield context.whenAll(activities);
  return results.reduce((sum, i) => sum + i, 0);
}

const runtime = new WorkflowRuntime().registerWorkflow(sequence).registerWorkflow(fanout).registerActivity(noop);

const worker = createWorker(runtime);
export const { WorkflowInstance } = worker;
export default worker;
