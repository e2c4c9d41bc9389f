import {
  createWorker,
  type Task,
  type WorkerOptions,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../src/index.ts";
import type { Job } from "../job.ts";

async function noop(_context: WorkflowActivityContext, i: number): Promise<number> {
  return i;
}

async function echo(_context: WorkflowActivityContext, text: string): Promise<string> {
  return text;
}

async function get(_context: WorkflowActivityContext, url: string): Promise<number> {
  return (await (await fetch(url)).text()).length;
}

type Numbers = AsyncGenerator<Task<number>, number, number>;
type Lists = AsyncGenerator<Task<number[]>, number, number[]>;

async function* steps(context: WorkflowContext, { n }: Job): Numbers {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield context.callActivity(noop, i);
  return sum;
}

async function* fanout(context: WorkflowContext, { n }: Job): Lists {
  const activities = Array.from({ length: n }, (_, i) => context.callActivity(noop, i));
  const results = yield context.whenAll(activities);
  return results.reduce((sum, i) => sum + i, 0);
}

async function* payload(context: WorkflowContext, { n, bytes = 0 }: Job): AsyncGenerator<Task<string>, number, string> {
  const text = "x".repeat(bytes);
  let length = 0;
  for (let i = 0; i < n; i++) length += (yield context.callActivity(echo, text)).length;
  return length;
}

async function* io(context: WorkflowContext, { n, url }: Job): Numbers {
  let length = 0;
  for (let i = 0; i < n; i++) length += yield context.callActivity(get, url ?? "");
  return length;
}

async function* timers(context: WorkflowContext, { n, inMs = 0 }: Job): Lists {
  const dueAt = new Date(context.getCurrentUtcDateTime().getTime() + inMs);
  return (yield context.whenAll(Array.from({ length: n }, () => context.createTimer(dueAt)))).length;
}

async function* events(context: WorkflowContext, { n }: Job): AsyncGenerator<Task, number, unknown> {
  for (let i = 0; i < n; i++) yield context.waitForExternalEvent("e");
  return n;
}

async function* child(context: WorkflowContext, i: number): Numbers {
  return yield context.callActivity(noop, i);
}

async function* children(context: WorkflowContext, { n }: Job): Lists {
  const results = yield context.whenAll(Array.from({ length: n }, (_, i) => context.callChildWorkflow(child, i)));
  return results.reduce((sum, i) => sum + i, 0);
}

async function* again(context: WorkflowContext, job: Job): Numbers {
  const done = (job.done ?? 0) + 1;
  if (done < job.n) context.continueAsNew({ ...job, done }, false);
  return done;
}

async function* asleep(context: WorkflowContext, { inMs = 0 }: Job): AsyncGenerator<Task, number, unknown> {
  context.setQueryHandler("sum", () => 0);
  yield context.createTimer(inMs / 1000);
  return 0;
}

/** A history of n steps that does not end: what is measured is how it comes back into memory, for which the query asks. */
async function* cold(context: WorkflowContext, { n }: Job): AsyncGenerator<Task, number, number> {
  let sum = 0;
  context.setQueryHandler("sum", () => sum);
  for (let i = 0; i < n; i++) sum += yield context.callActivity(noop, i);
  yield context.waitForExternalEvent("end");
  return sum;
}

const runtime = new WorkflowRuntime()
  .registerWorkflowWithName("series", steps)
  .registerWorkflowWithName("parallel", fanout);
for (const workflow of [steps, fanout, payload, io, timers, events, child, children, again, asleep, cold])
  runtime.registerWorkflow(workflow);
for (const activity of [noop, echo, get]) runtime.registerActivity(activity);

/** `more`: nothing where there is none, so that a library of before it knows the options. */
export const makeWorker = (logLevel: "info" | "none", more: Omit<WorkerOptions, "logLevel"> = {}) =>
  createWorker(runtime, { logLevel, ...more });

const worker = makeWorker("none");
export class WorkflowInstance extends worker.WorkflowInstance {}
export default worker;
