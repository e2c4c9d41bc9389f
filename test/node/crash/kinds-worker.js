// Workflows of every kind, for the campaign of kills. Each calls the activity "last" when it has done what it is for, so
// that the recorder outside knows which instances are still under way.
import { env } from "cloudflare:workers";
import { createWorker, WorkflowRuntime } from "edge-workflows";
import { report, step } from "./step.js";

async function* chain(ctx, length) {
  const done = [];
  for (let i = 0; i < length; i++) done.push(yield ctx.callActivity(step, `chain-${i}`));
  yield ctx.callActivity(step, "last");
  return done;
}

async function* fanOut(ctx, width) {
  const labels = Array.from({ length: width }, (_, i) => `fan-${i}`);
  const done = yield ctx.whenAll(labels.map((label) => ctx.callActivity(step, label)));
  yield ctx.callActivity(step, "last");
  return done;
}

/** Timers one after the other, and side by side. Gives back those that were early by the workflow's clock. */
async function* timers(ctx, seconds) {
  const early = [];
  const sleep = async function* (...delays) {
    const dueAtMs = ctx.getCurrentUtcDateTime().getTime() + Math.max(...delays) * 1000;
    yield* ctx.whenAll(delays.map((delay) => ctx.createTimer(delay)));
    if (ctx.getCurrentUtcDateTime().getTime() < dueAtMs) early.push(delays);
    yield* ctx.callActivity(step, `after ${delays}`);
  };
  for (const delay of seconds) yield* sleep(delay);
  yield* sleep(...seconds.toReversed());
  yield ctx.callActivity(step, "last");
  return early;
}

/** Collects items until it is told to stop; continues as new after every so many; `first` is an event to wait for before. */
async function* collect(ctx, { first, perGeneration, seen = [] }) {
  if (first !== undefined) yield ctx.waitForExternalEvent(first);
  for (;;) {
    const item = yield ctx.waitForExternalEvent("item");
    if (item === "stop") break;
    seen.push(item);
    if (seen.length % perGeneration === 0) {
      yield ctx.callActivity(step, `after ${seen.length}`);
      return ctx.continueAsNew({ perGeneration, seen }, true);
    }
  }
  yield ctx.callActivity(step, "last");
  return seen;
}

async function* family(ctx) {
  const children = yield ctx.whenAll([
    ctx.callChildWorkflow(chain, 2),
    ctx.callChildWorkflow(chain, 1),
    ctx.callChildWorkflow(household),
  ]);
  yield ctx.callActivity(step, "last");
  return children;
}

async function* household(ctx) {
  return yield ctx.callChildWorkflow(chain, 1);
}

/** Three strands of different lengths; then a race between one more and one that has something to do on its way out. */
async function* branches(ctx) {
  let isTidied = false;
  const loser = async function* () {
    try {
      yield* ctx.createTimer(3_600);
    } finally {
      yield* ctx.callActivity(step, "tidied");
      isTidied = true;
    }
  };
  const done = yield* ctx.whenAll([strand(ctx, "a", 1), strand(ctx, "b", 2), strand(ctx, "c", 3)]);
  const first = yield* ctx.whenAny([ctx.branch(strand(ctx, "d", 2), "winner"), ctx.branch(loser(), "loser")]);
  yield* ctx.waitForCondition(() => isTidied);
  yield* ctx.callActivity(step, "last");
  return [...done, first.getResult()];
}

async function* strand(ctx, name, length) {
  const done = [];
  for (let i = 0; i < length; i++) {
    done.push(yield* ctx.callActivity(step, `${name}-${i}`));
    yield* ctx.createTimer(0.05 * length);
  }
  return [...done, yield* ctx.waitForExternalEvent(name)];
}

/** One of the lives that an ID has, one after the other. */
async function* life(ctx, n) {
  yield ctx.callActivity(step, `first of ${n}`);
  yield ctx.callActivity(step, `last of ${n}`);
  return n;
}

/** Is terminated from outside, together with its children. */
async function* doomed(ctx) {
  yield ctx.callActivity(step, "first");
  yield ctx.whenAll([ctx.callChildWorkflow(sleeper), ctx.callChildWorkflow(nest)]);
}

async function* nest(ctx) {
  yield ctx.callChildWorkflow(sleeper);
}

async function* sleeper(ctx) {
  yield ctx.callActivity(step, "first");
  yield ctx.createTimer(3_600);
}

async function* retries(ctx) {
  const attempt = yield ctx.callActivity(thirdTime, "third time", {
    retry: { maxNumberOfAttempts: 3, firstRetryInterval: 0.2, backoffCoefficient: 2, jitter: 0.5 },
  });
  yield ctx.callActivity(step, "last");
  return attempt;
}

async function thirdTime(ctx, label) {
  await step(ctx, label);
  if (ctx.getAttemptNumber() < 3) throw new Error("not yet");
  return ctx.getAttemptNumber();
}

async function* heartbeats(ctx) {
  // Longer than the recorder may be out of reach.
  const beats = yield ctx.callActivity(longHaul, "haul", { heartbeatTimeout: 90 });
  yield ctx.callActivity(step, "last");
  return beats;
}

/** Goes on where the run before the restart was, or a little before that. */
async function longHaul(ctx, label) {
  await report(ctx, "started", label);
  let beats = ctx.getLastHeartbeatDetails() ?? 0;
  for (; beats < 20; ctx.heartbeat(++beats)) await new Promise((resolve) => setTimeout(resolve, 20));
  await report(ctx, "finished", label);
  return beats;
}

async function* ledger(ctx) {
  const entries = [];
  let isOpen = true;
  ctx.setUpdateHandler("enter", function* (entry) {
    const receipt = yield* ctx.callActivity(step, entry);
    entries.push(entry);
    return receipt;
  });
  ctx.setUpdateHandler("close", () => {
    isOpen = false;
  });
  yield ctx.waitForCondition(() => !isOpen);
  yield ctx.callActivity(step, "last");
  return entries;
}

/** Starts an instance that it does not wait for, and sends it events. */
async function* announce(ctx, count) {
  const id = ctx.scheduleNewWorkflow(collect, {}, { instanceId: `${ctx.getWorkflowInstanceId()}-d` });
  for (let n = 0; n < count; n++) {
    ctx.sendEvent(id, "item", n);
    yield ctx.callActivity(step, `sent ${n}`);
  }
  ctx.sendEvent(id, "item", "stop");
  yield ctx.callActivity(step, "last");
}

/** What a list can be asked for: its attributes are given, changed and taken back. */
async function* labelled(ctx, n) {
  ctx.setSearchAttributes({ n, phase: "begun" });
  ctx.setCustomStatus(`${n} begun`);
  yield ctx.callActivity(step, "chain-0");
  ctx.setSearchAttributes({ phase: "done", gone: null });
  ctx.setCustomStatus(`${n} done`);
  yield ctx.callActivity(step, "last");
}

/** Two versions of one workflow, which part after the event. */
const versioned = (version) =>
  async function* (ctx) {
    yield ctx.callActivity(step, "first");
    yield ctx.waitForExternalEvent("go");
    const done = yield ctx.callActivity(step, version);
    yield ctx.callActivity(step, "last");
    return done;
  };

/** Its end is told to the recorder. */
async function* told(ctx, length) {
  return yield* chain(ctx, length);
}

/** Its activities share their slots with those of all others. */
async function* limited(ctx, count) {
  const labels = Array.from({ length: count }, (_, i) => `slot-${i}`);
  const done = yield ctx.whenAll(labels.map((label) => ctx.callActivity(slot, label)));
  yield ctx.callActivity(step, "last");
  return done;
}

async function slot(ctx, label) {
  return step(ctx, label);
}

const runtime = new WorkflowRuntime();
runtime.limit("slots", { activity: "slot", concurrency: 3 });
for (const activity of [step, slot, thirdTime, longHaul]) runtime.registerActivity(activity);
const workflows = [chain, fanOut, timers, collect, family, household, branches, life, doomed, nest, sleeper];
for (const workflow of [...workflows, retries, heartbeats, ledger, announce, labelled, told, limited])
  runtime.registerWorkflow(workflow);
runtime.registerVersionedWorkflow("versioned", "v1", versioned("v1"), { latest: true });
runtime.registerVersionedWorkflow("versioned", "v2", versioned("v2"));

// Here no crash is an activity's fault, however often one is in the middle of it.
const limits = { maxActivityRecoveries: 1_000, heartbeatWriteMs: 50 };
// The host says how many shards there are, and were; or that there is no catalog.
const catalog = JSON.parse(env.CATALOG ?? "{}");
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const webhooks = [{ url: `${env.RECORDER_URL}webhook`, secret, names: ["told"], allowPrivate: true }];
const worker = createWorker(runtime, { limits, catalog, webhooks });
export const { WorkflowInstance, WorkflowCatalog, WorkflowLimiter } = worker;
export default worker;
