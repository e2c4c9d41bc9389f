// Workflows for the crash tests. Their activities report to a recorder outside of workerd, which survives every crash.
// In JavaScript, as authors without TypeScript write it: this folder is type-checked with the globals of Node.
import { env } from "cloudflare:workers";
import { createWorker, WorkflowRuntime } from "edge-workflows";

async function report(ctx, phase, label) {
  const body = { phase, label, instanceId: ctx.getWorkflowInstanceId(), taskExecutionId: ctx.getTaskExecutionId() };
  const response = await fetch(env.RECORDER_URL, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`The recorder answered ${response.status}`);
  await response.text();
}

/** The answer to `started` comes when the recorder's gate for this label is open. */
async function step(ctx, label) {
  await report(ctx, "started", label);
  await report(ctx, "finished", label);
  return `${label} done`;
}

async function* activities(ctx) {
  const before = yield ctx.callActivity(step, "before");
  const gated = yield ctx.callActivity(step, "gated");
  const after = yield ctx.callActivity(step, "after");
  return [before, gated, after];
}

async function* timer(ctx, seconds) {
  const before = yield ctx.callActivity(step, "before");
  const setAtMs = ctx.getCurrentUtcDateTime().getTime();
  yield ctx.createTimer(seconds);
  const sleptMs = ctx.getCurrentUtcDateTime().getTime() - setAtMs;
  const after = yield ctx.callActivity(step, "after");
  return { before, after, isEarly: sleptMs < seconds * 1000 };
}

/** Waits for `awaited` first, so that `buffered` is an event that nobody waits for yet. */
async function* events(ctx) {
  const before = yield ctx.callActivity(step, "before");
  const awaited = yield ctx.waitForExternalEvent("awaited");
  const buffered = yield ctx.waitForExternalEvent("buffered");
  const after = yield ctx.callActivity(step, "after");
  return [before, awaited, buffered, after];
}

async function* parent(ctx) {
  const before = yield ctx.callActivity(step, "before");
  const child = yield ctx.callChildWorkflow(activities);
  const after = yield ctx.callActivity(step, "after");
  return [before, child, after];
}

/** A little of everything, without a gate: to be cut off anywhere. */
async function* mixture(ctx, n) {
  const numbers = Array.from({ length: n }, (_, i) => i);
  const steps = [];
  for (const i of numbers) steps.push(yield ctx.callActivity(step, `chain-${i}`));
  const all = yield ctx.whenAll(numbers.map((i) => ctx.callActivity(step, `fan-${i}`)));
  yield ctx.createTimer(0.05);
  const children = yield ctx.whenAll([ctx.callChildWorkflow(twoSteps), ctx.callChildWorkflow(twoSteps)]);
  return { steps, all, children };
}

async function* twoSteps(ctx) {
  return [yield ctx.callActivity(step, "one"), yield ctx.callActivity(step, "two")];
}

const runtime = new WorkflowRuntime().registerActivity(step);
for (const workflow of [activities, timer, events, parent, mixture, twoSteps]) runtime.registerWorkflow(workflow);

const worker = createWorker(runtime);
export const { WorkflowInstance } = worker;
export default worker;
