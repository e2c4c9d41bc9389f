// Workflows for the crash tests. Their activities report to a recorder outside of workerd, which survives every crash.
// In JavaScript, as authors without TypeScript write it: this folder is type-checked with the globals of Node.
import { createWorker, WorkflowRuntime } from "edge-workflows";
import { step } from "./step.js";

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

const runtime = new WorkflowRuntime().registerActivity(step);
for (const workflow of [activities, timer, events, parent]) runtime.registerWorkflow(workflow);

const worker = createWorker(runtime);
export const { WorkflowInstance, WorkflowCatalog } = worker;
export default worker;
