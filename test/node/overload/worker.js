// Workflows that ask for a lot. In JavaScript, as authors without TypeScript write it.
import { createWorker, WorkflowRuntime } from "edge-workflows";

function echo(_ctx, value) {
  return value;
}

async function* one(ctx, value) {
  return yield ctx.callActivity(echo, value);
}

/** Takes an event at a time and continues as new after each twenty; tells what it saw of each sender. */
async function* counter(ctx, { left, seen }) {
  for (let n = 0; n < 20 && left > 0; n++) {
    const [sender, number] = yield ctx.waitForExternalEvent("count");
    seen[sender] = [...(seen[sender] ?? []), number];
    left--;
  }
  if (left > 0) return ctx.continueAsNew({ left, seen }, true);
  return seen;
}

async function* fanout(ctx, n) {
  const values = yield ctx.whenAll(Array.from({ length: n }, (_, i) => ctx.callActivity(echo, i)));
  return values.reduce((sum, value) => sum + value, 0);
}

async function* family(ctx, n) {
  const values = yield ctx.whenAll(Array.from({ length: n }, (_, i) => ctx.callChildWorkflow(one, i)));
  return values.reduce((sum, value) => sum + value, 0);
}

async function* chain(ctx, n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += yield ctx.callActivity(echo, i);
  return sum;
}

async function* sleeper(ctx) {
  yield ctx.createTimer(3_600);
}

/** Yields what has ended already, again and again. */
async function* spinning(ctx) {
  const done = ctx.callActivity(echo, 1);
  yield done;
  for (;;) yield done;
}

/** Awaits what is no task. */
async function* hanging() {
  await new Promise(() => undefined);
}

async function* forever(ctx, n) {
  ctx.continueAsNew(n + 1);
}

const runtime = new WorkflowRuntime().registerActivity(echo);
for (const workflow of [one, counter, fanout, family, chain, sleeper, spinning, hanging, forever])
  runtime.registerWorkflow(workflow);

const worker = createWorker(runtime);
export const { WorkflowInstance } = worker;
export default worker;
