// Written for @dapr/dapr: what Dapr's tutorials for workflows exercise, and slips that its own examples have shipped with.
import { DaprClient, type Task, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "@dapr/dapr";

const STORE = "tutorials";
const daprClient = new DaprClient();
/** What the activities have done, in order, under the ID of their instance. */
export const diary: string[] = [];

const note = (ctx: WorkflowActivityContext, text: string): void => {
  diary.push(`${ctx.getWorkflowInstanceId()}: ${text}`);
};
const half = (_: WorkflowActivityContext, n: number): number => {
  if (n % 2 !== 0) throw new RangeError(`${n} is odd`);
  return n / 2;
};

/** A chain with an error handler that lets the error go on. */
export async function* chainWithHandler(ctx: WorkflowContext, n: number): any {
  try {
    const first = yield ctx.callActivity(half, n);
    const second = yield ctx.callActivity(half, first);
    return [first, second];
  } catch (e: any) {
    yield ctx.callActivity(note, `handled ${e.message.split("failed: ")[1]}`);
    throw e;
  }
}

/** Counts for ever, each round an execution of its own: for what manages instances. */
export async function* neverEnding(ctx: WorkflowContext, counter: number): any {
  yield ctx.callActivity(note, `round ${counter}`);
  yield ctx.createTimer(0.02);
  ctx.continueAsNew(counter + 1, true);
}

/** An activity that knows by its state whether it was there already. */
const chargeOnce = async (ctx: WorkflowActivityContext, amount: number): Promise<string> => {
  const key = `charge-${ctx.getWorkflowInstanceId()}`;
  if ((await daprClient.state.get(STORE, key)) !== "") return "was charged";
  await daprClient.state.save(STORE, [{ key, value: { amount } }]);
  return "charged";
};
export async function* idempotent(ctx: WorkflowContext, amount: number): any {
  const first = yield ctx.callActivity(chargeOnce, amount);
  const again = yield ctx.callActivity(chargeOnce, amount);
  return [first, again];
}

/** Large documents stay in the store; the history has their key. */
const writeDocument = async (ctx: WorkflowActivityContext, size: number): Promise<string> => {
  const key = `document-${ctx.getWorkflowInstanceId()}`;
  await daprClient.state.save(STORE, [{ key, value: { text: "x".repeat(size) } }]);
  return key;
};
const readDocument = async (_: WorkflowActivityContext, key: string): Promise<number> => {
  const { text } = (await daprClient.state.get(STORE, key)) as any;
  await daprClient.state.delete(STORE, key);
  return text.length;
};
export async function* byReference(ctx: WorkflowContext, size: number): any {
  const key = yield ctx.callActivity(writeDocument, size);
  const length = yield ctx.callActivity(readDocument, key);
  return { length, left: "" };
}

/** A child that may fail, with what it has done undone by the parent. */
export async function* settleOne(ctx: WorkflowContext, n: number): any {
  const result = yield ctx.callActivity(half, n);
  yield ctx.callActivity(note, `settled ${n}`);
  return result;
}
export async function* settleAll(ctx: WorkflowContext, numbers: number[]): any {
  const children = numbers.map((n, i) => ctx.callChildWorkflow(settleOne, n, `${ctx.getWorkflowInstanceId()}-${i}`));
  try {
    return yield ctx.whenAll(children);
  } catch {
    const undone: number[] = [];
    for (const [i, child] of children.entries()) {
      try {
        yield child;
        undone.push(numbers[i] as number);
      } catch {
        // It did nothing.
      }
    }
    yield ctx.callActivity(note, `undid ${undone.join()}`);
    return { undone };
  }
}

/** An order of several patterns: stock and address checked side by side, a child ships, its answer is an event or a timeout. */
const inStock = (_: WorkflowActivityContext, item: string): boolean => item !== "unicorn";
const knowsAddress = (_: WorkflowActivityContext, address: string): boolean => address !== "";
const refund = (ctx: WorkflowActivityContext, order: { item: string }): void => {
  diary.push(`${ctx.getWorkflowInstanceId()}: refunded ${order.item}`);
};
export async function* shipment(ctx: WorkflowContext, item: string): any {
  ctx.setCustomStatus(`shipping ${item}`);
  return { shipped: item, by: ctx.getWorkflowInstanceId() };
}
export async function* tutorialOrder(
  ctx: WorkflowContext,
  order: { item: string; address: string; patience: number },
): any {
  const checks = yield ctx.whenAll([
    ctx.callActivity(inStock, order.item),
    ctx.callActivity(knowsAddress, order.address),
  ]);
  if (checks.includes(false)) return { accepted: false, checks };
  const shipped = yield ctx.callChildWorkflow(shipment, order.item);
  const confirmation = ctx.waitForExternalEvent("shipment-confirmed");
  const winner = yield ctx.whenAny([confirmation, ctx.createTimer(order.patience)]);
  if (winner === confirmation && confirmation.getResult().ok) return { accepted: true, shipped: shipped.shipped };
  yield ctx.callActivity(refund, order);
  return { accepted: true, refunded: true };
}

/** Two versions side by side, by name: the old one for who was started with it. */
export async function* priceV1(_: WorkflowContext, net: number): any {
  return net;
}
export async function* priceV2(ctx: WorkflowContext, net: number): any {
  const old = yield ctx.callChildWorkflow("price_v1", net);
  return old * 1.5;
}

/** The `yield` before the join is missing: its results are not there. */
export async function* forgottenJoin(ctx: WorkflowContext): any {
  const approval = ctx.waitForExternalEvent("never raised");
  const winner = ctx.whenAny([approval, ctx.createTimer(60)]);
  return (winner as unknown) === approval;
}

/** A monitor whose timer nobody waits for, and whose continueAsNew is given nothing. */
export async function* hastyMonitor(ctx: WorkflowContext): any {
  const again = ctx.continueAsNew as (input?: any, saveEvents?: boolean) => void;
  ctx.createTimer(60);
  again.call(ctx);
}

/** Counts what it is given, with the buffered rest carried over at each. */
export async function* burst(ctx: WorkflowContext, state: { seen: number[]; of: number }): any {
  const n = yield ctx.waitForExternalEvent("tick");
  const seen = [...state.seen, n];
  if (seen.length < state.of) yield ctx.continueAsNew({ seen, of: state.of }, true) as unknown as Task<any>;
  return seen;
}

const runtime = new WorkflowRuntime({ daprHost: "localhost", daprPort: "50001" });
for (const workflow of [
  chainWithHandler,
  neverEnding,
  idempotent,
  byReference,
  settleOne,
  settleAll,
  shipment,
  tutorialOrder,
  forgottenJoin,
  hastyMonitor,
  burst,
])
  runtime.registerWorkflow(workflow);
runtime.registerWorkflowWithName("price_v1", priceV1).registerWorkflowWithName("price_v2", priceV2);
for (const activity of [note, half, chargeOnce, writeDocument, readDocument, inStock, knowsAddress, refund])
  runtime.registerActivity(activity);
void runtime.start();
