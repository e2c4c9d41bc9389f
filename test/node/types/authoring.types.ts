// Checked by the compiler alone (npm run types): what an author is told, and what is refused.
import {
  type CancelableTask,
  DaprWorkflowClient,
  declareActivity,
  declareEvent,
  declareQuery,
  declareUpdate,
  declareWorkflow,
  Saga,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../../src/client.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<Expected>() {
  return <Found>(_found: Found, ..._same: Equal<Expected, Found> extends true ? [] : [expected: Expected]): void =>
    undefined;
}

interface Order {
  item: string;
}
interface Receipt {
  total: number;
}

const sum = (_: WorkflowActivityContext, numbers: number[]): number => numbers.length;
const load = async (_: WorkflowActivityContext, id: string): Promise<Order> => ({ item: id });
const now = (_: WorkflowActivityContext): string => "";
const maybe = (_: WorkflowActivityContext, input?: Order): boolean => input !== undefined;

const charge = declareActivity<Order, Receipt>("charge");
const order = declareWorkflow<Order, Receipt>("order");
const approval = declareEvent<{ by: string }>("approval");
const progress = declareQuery<void, number>("progress");
const addItem = declareUpdate<Order, number>("addItem");

export function* generator(ctx: WorkflowContext, input: Order) {
  is<number>()(yield* ctx.callActivity(sum, [1, 2]));
  is<Order>()(yield* ctx.callActivity(load, "x"));
  is<string>()(yield* ctx.callActivity(now));
  is<boolean>()(yield* ctx.callActivity(maybe));
  is<Receipt>()(yield* ctx.callActivity(charge, input, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } }));
  // @ts-expect-error the input is an array of numbers
  ctx.callActivity(sum, "1");
  // @ts-expect-error the input is missing
  ctx.callActivity(sum);
  // @ts-expect-error there is no such option
  ctx.callActivity(sum, [1], { retires: 1 });

  const [a, b, c] = yield* ctx.whenAll([ctx.callActivity(sum, [1]), ctx.callActivity(load, "x"), ctx.createTimer(1)]);
  is<number>()(a);
  is<Order>()(b);
  void c;
  is<number[]>()(yield* ctx.whenAll([[1], [2]].map((numbers) => ctx.callActivity(sum, numbers))));

  const event = ctx.waitForExternalEvent(approval, { timeout: 5 });
  is<CancelableTask<{ by: string }>>()(event);
  const activity = ctx.callActivity(sum, [1]);
  const winner = yield* ctx.whenAny([event, activity]);
  is<CancelableTask<{ by: string }> | Task<number>>()(winner);
  is<{ by: string }>()(event.getResult());

  is<Receipt>()(yield* ctx.callChildWorkflow(order, input, { instanceId: "x" }));
  is<number>()(yield* ctx.callChildWorkflow(asyncGenerator, "x"));
  is<string>()(ctx.scheduleNewWorkflow(order, input));
  ctx.sendEvent("x", approval, { by: "me" });
  // @ts-expect-error the payload is an object
  ctx.sendEvent("x", approval, 1);
  ctx.setQueryHandler(progress, () => 1);
  // @ts-expect-error a number is declared
  ctx.setQueryHandler(progress, () => "1");
  ctx.setUpdateHandler(addItem, function* (item) {
    is<Order>()(item);
    return yield* ctx.callActivity(sum, [1]);
  });
  const saga = new Saga(ctx);
  saga.add(sum, [1]);
  // @ts-expect-error the input is an array of numbers
  saga.add(sum, 1);
  yield* saga.compensate();
  return { total: a };
}

export async function* asyncGenerator(ctx: WorkflowContext, name: string) {
  const loaded = yield* ctx.callActivity(load, name);
  is<Order>()(loaded);
  return (yield* ctx.whenAll([ctx.callActivity(sum, [1])]))[0];
}

// As programs written for Dapr are: no types, and plain yields.
export async function* untyped(ctx: WorkflowContext, input: any): any {
  const first = yield ctx.callActivity(sum, input);
  const [second] = yield ctx.whenAll([ctx.callActivity("byName", 1)]);
  const tasks: Task<any>[] = [ctx.callActivity(load, "x"), ctx.createTimer(1), ctx.waitForExternalEvent("e")];
  const winner = yield ctx.whenAny(tasks);
  yield ctx.callSubWorkflow(untyped, input, "id");
  return [first, second, winner === tasks[0]];
}

export async function client(): Promise<void> {
  new WorkflowRuntime()
    .registerWorkflowWithName(order, generator)
    .registerActivityWithName(charge, async (_, { item }) => ({ total: item.length }));
  // @ts-expect-error the result is no receipt
  new WorkflowRuntime().registerActivityWithName(charge, () => "paid");
  const client = new DaprWorkflowClient();
  const id = await client.scheduleNewWorkflow(order, { item: "car" });
  // @ts-expect-error the input is an order
  await client.scheduleNewWorkflow(order, "car");
  await client.scheduleNewWorkflow("order", "anything");
  await client.raiseEvent(id, approval, { by: "me" });
  // @ts-expect-error the payload is an object
  await client.raiseEvent(id, approval, true);
  is<Receipt>()(await client.waitForWorkflowResult(order, id));
  is<number>()(await client.queryWorkflow(id, progress, undefined));
  is<number>()(await client.updateWorkflow(id, addItem, { item: "pen" }));
}
