// What an author has written: everything is registered by the function itself, and told of under its name.
import { env } from "cloudflare:workers";
import { createWorker, NonRetriableError, WorkflowRuntime } from "../../../src/index.ts";

class CardDeclined extends Error {}
class OutOfStock extends NonRetriableError {}

const reserve = (_ctx, { item }) => {
  if (item === "unicorn") throw new OutOfStock("there is none");
  return item;
};

function charge(_ctx, { total }) {
  if (total > 100) throw new CardDeclined("no funds");
  return total;
}

async function* placeOrder(ctx, order) {
  yield* ctx.callActivity(reserve, order);
  if (order.waits) yield* ctx.waitForExternalEvent("approval");
  const paid = yield* ctx.callActivity(charge, order);
  return yield* ctx.callChildWorkflow(ship, { paid });
}

async function* ship(_ctx, { paid }) {
  return `shipped for ${paid}`;
}

const runtime = new WorkflowRuntime()
  .registerWorkflow(placeOrder)
  .registerWorkflow(ship)
  .registerActivity(reserve)
  .registerActivity(charge);
runtime.schedule("monthly", { workflow: placeOrder, cron: "0 0 1 * *", input: { item: "coffee", total: 10 } });
runtime.limit("one-at-a-time", { workflow: placeOrder, key: ({ item }) => item, concurrencyPerKey: 1 });

const worker = createWorker(runtime, JSON.parse(env.OPTIONS ?? "{}"));
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowSchedule extends worker.WorkflowSchedule {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export default worker;
