// The samples, and workflows that bring an instance where a page has something to show.
import { createWorker, StateStore, WorkflowRuntime } from "edge-workflows";
import { registerOrderProcessing } from "../../src/samples/order-processing.ts";
import { registerPatterns } from "../../src/samples/patterns.ts";

const runtime = new WorkflowRuntime();
registerOrderProcessing(runtime);
registerPatterns(runtime);

/** Declined three times, and then for good: a failure with its cause. */
async function* payment(ctx, order) {
  yield ctx.callActivity(reserve, order);
  yield ctx.callActivity(charge, order, { retry: { maxNumberOfAttempts: 3, firstRetryInterval: 0.05 } });
}
function reserve(_ctx, order) {
  return { reserved: order };
}
function charge() {
  const cause = new RangeError("the limit of the card is 50");
  throw Object.assign(new Error("declined by the bank", { cause }), { name: "CardDeclined", code: 402 });
}

/** Waits for a retry that is a minute away. */
async function* patient(ctx) {
  yield ctx.callActivity(charge, null, { retry: { maxNumberOfAttempts: 5, firstRetryInterval: 60 } });
}

/** One event after the other, as many as are wanted. */
async function* collector(ctx, count) {
  const taken = [];
  for (let n = 0; n < count; n++) {
    ctx.setCustomStatus(`${n} taken`);
    taken.push(yield ctx.waitForExternalEvent("item"));
    yield ctx.callActivity(note, n);
  }
  return taken;
}
function note(_ctx, n) {
  return n;
}

/** Goes on as a new execution at each event. */
async function* rounds(ctx, round) {
  const next = yield ctx.waitForExternalEvent("next");
  if (next === "stop") return round;
  ctx.continueAsNew(round + 1);
}

/** Three branches: one with a retry that is a minute away, one that waits for an event, one whose name is markup. */
function* trip(ctx) {
  function* flight() {
    yield ctx.callActivity(reserve, "seat");
    yield ctx.callActivity(charge, null, { retry: { maxNumberOfAttempts: 5, firstRetryInterval: 60 } });
  }
  function* hotel() {
    yield ctx.callActivity(reserve, "room");
    yield ctx.waitForExternalEvent("confirmed", { timeout: 3600 });
    return yield ctx.callActivity(note, "hotel");
  }
  function* hostile() {
    yield ctx.createTimer(3600);
  }
  ctx.branch(flight(), "flight");
  const booked = ctx.branch(hotel(), "hotel");
  ctx.branch(hostile(), "<img src=x onerror=alert(1)>");
  yield booked;
  yield ctx.waitForExternalEvent("end");
}

for (const workflow of [payment, patient, collector, rounds, trip]) runtime.registerWorkflow(workflow);
for (const activity of [reserve, charge, note]) runtime.registerActivity(activity);

const worker = createWorker(runtime, { catalog: { shards: 1 } });
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowSchedule extends worker.WorkflowSchedule {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export { StateStore };
export default worker;
