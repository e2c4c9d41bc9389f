// Checked by the compiler alone (npm run types): what an author is told, and what is refused.
import {
  type CancelableTask,
  type ChildTask,
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
  WorkflowRuntimeStatus,
  type WorkflowSummary,
} from "../../../src/client.ts";
import { DaprClient } from "../../../src/dapr.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";
import type { WorkerOptions } from "../../../src/worker-options.ts";
import { is } from "./is.ts";

interface Order {
  item: string;
}
interface Receipt {
  total: number;
}

const sum = (_: WorkflowActivityContext, numbers: number[]): number => numbers.length;
const load = async (_: WorkflowActivityContext, id: string): Promise<Order> => ({ item: id });
const now = (_: WorkflowActivityContext): string => "";
const literal = (_: WorkflowActivityContext, { kind }: { kind: "a" | "b" }): "a" | "b" => kind;
const maybe = (_: WorkflowActivityContext, input?: Order): boolean => input !== undefined;

const charge = declareActivity<Order, Receipt>("charge");
const order = declareWorkflow<Order, Receipt>("order");
const approval = declareEvent<{ by: string }>("approval");
const progress = declareQuery<void, number>("progress");
const addItem = declareUpdate<Order, number>("addItem");
interface Pair {
  a: number;
  b: number;
}
const pair = declareQuery<void, Pair>("pair");
const setPair = declareUpdate<number, Pair>("setPair");
const pairOf = declareActivity<number, Pair>("pairOf");
const pairFlow = declareWorkflow<number, Pair>("pairFlow");

function* child(ctx: WorkflowContext, order: Order) {
  return { total: yield* ctx.callActivity(sum, [order.item.length]) };
}

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
  // @ts-expect-error so it is with a declared one: the input is an order
  ctx.callActivity(charge, { item: 1 });
  // @ts-expect-error the activity gives a number
  const noText: string = yield* ctx.callActivity(sum, [1]);
  void noText;
  is<any>()(yield* ctx.callActivity("byName", 1));
  is<any>()(yield* ctx.callActivity("byName"));
  is<"a" | "b">()(yield* ctx.callActivity(literal, { kind: "a" }));
  // @ts-expect-error there is no such kind
  ctx.callActivity(literal, { kind: "c" });
  ctx.callActivity(sum, [1], null);

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
  const handle = ctx.callChildWorkflow(order, input);
  is<ChildTask<Receipt>>()(handle);
  is<ChildTask<{ total: number }>>()(ctx.callSubWorkflow(child, input));
  is<string>()(handle.instanceId);
  is<boolean>()(handle.cancel());
  is<boolean>()(handle.cancel("why"));
  is<boolean>()(handle.sendEvent(approval, { by: "me" }));
  is<boolean>()(handle.sendEvent("undeclared", 1));
  handle.sendEvent("undeclared");
  // @ts-expect-error the payload is an object
  handle.sendEvent(approval, 1);
  // @ts-expect-error a reason is a text
  handle.cancel(1);
  // @ts-expect-error it is only read
  handle.instanceId = "x";
  const [receipt, answer] = yield* ctx.whenAll([handle, ctx.waitForExternalEvent(approval)]);
  is<Receipt>()(receipt);
  is<{ by: string }>()(answer);
  is<string>()(ctx.scheduleNewWorkflow(order, input));
  // @ts-expect-error the input of the child is an order
  ctx.callChildWorkflow(order, { item: 1 });
  // @ts-expect-error the input is an order here, too
  ctx.callChildWorkflow(child, { a: "x" });
  is<{ total: number }>()(yield* ctx.callSubWorkflow(child, input, "id"));
  // @ts-expect-error under its former name, too
  ctx.callSubWorkflow(child, { a: "x" });
  // @ts-expect-error and the result is no date
  const noDate: Date = yield* ctx.callChildWorkflow(child, { item: "x" });
  void noDate;
  is<{ total: number }>()(yield* ctx.callChildWorkflow(child, input, "id"));
  is<any>()(yield* ctx.callChildWorkflow("byName", 1, { instanceId: "x" }));
  // @ts-expect-error an ID is a string
  ctx.callChildWorkflow("byName", 1, 4711);
  // @ts-expect-error the input is a string
  ctx.scheduleNewWorkflow(asyncGenerator, 1);
  // @ts-expect-error a timeout stands in the options
  ctx.waitForExternalEvent("e", 5);
  ctx.sendEvent("x", approval, { by: "me" });
  // @ts-expect-error the payload is an object
  ctx.sendEvent("x", approval, 1);
  ctx.setQueryHandler(progress, () => 1);
  // @ts-expect-error a number is declared
  ctx.setQueryHandler(progress, () => "1");
  // @ts-expect-error a number is declared here, too
  ctx.setUpdateHandler(addItem, () => "1");
  // @ts-expect-error both fields are declared
  ctx.setQueryHandler(pair, () => ({ a: 1 }));
  // @ts-expect-error and of updates
  ctx.setUpdateHandler(setPair, (n) => ({ a: n }));
  // @ts-expect-error and what a generator gives
  ctx.setUpdateHandler(setPair, function* (n) {
    return { a: n };
  });
  ctx.setUpdateHandler(setPair, (n) => ({ a: n, b: n }), { validator: (n) => void is<number>()(n) });
  ctx.setUpdateHandler("undeclared", (n: number) => n);
  ctx.setQueryHandler("undeclared", () => 1);
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

const nextOf = (_: WorkflowActivityContext, { page }: { page: number }): number => page + 1;

/** A result that decides about the next input needs its type written (docs/typed-authoring.md). */
export function* fedBack(ctx: WorkflowContext) {
  let page: number | null = 0;
  while (page !== null) {
    // @ts-expect-error TS7022, TypeScript's own
    const next = yield* ctx.callActivity(nextOf, { page });
    page = next > 3 ? null : next;
  }
  page = 0;
  while (page !== null) {
    const next: number = yield* ctx.callActivity(nextOf, { page });
    page = next > 3 ? null : next;
  }
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
  const runtime = new WorkflowRuntime();
  runtime.registerActivityWithName(pairOf, (_, n) => ({ a: n, b: n }));
  runtime.registerActivityWithName(pairOf, async (_, n) => ({ a: n, b: n }));
  // @ts-expect-error the result lacks b
  runtime.registerActivityWithName(pairOf, (_, n) => ({ a: n }));
  // @ts-expect-error that of a promise, too
  runtime.registerActivityWithName(pairOf, async (_, n) => ({ a: n }));
  // @ts-expect-error the input is a number
  runtime.registerActivityWithName(pairOf, (_, text: string) => ({ a: text.length, b: 1 }));
  runtime.registerWorkflowWithName(pairFlow, function* (ctx, n) {
    is<number>()(n);
    return { a: yield* ctx.callActivity(sum, [n]), b: 1 };
  });
  // @ts-expect-error the result lacks b
  runtime.registerWorkflowWithName(pairFlow, (_, n) => ({ a: n }));
  // @ts-expect-error that of a generator
  runtime.registerWorkflowWithName(pairFlow, function* (_, n) {
    return { a: n };
  });
  // @ts-expect-error and of an async one
  runtime.registerWorkflowWithName(pairFlow, async function* (_, n) {
    return { a: n };
  });
  runtime.registerVersionedWorkflow(order, "v1", generator, { latest: true });
  runtime.registerVersionedWorkflow("order", "v1", untyped);
  // @ts-expect-error a version has to fit, too
  runtime.registerVersionedWorkflow(pairFlow, "v1", generator);
  // @ts-expect-error the result is a task: a yield is missing
  runtime.registerWorkflow((ctx: WorkflowContext) => ctx.callActivity("a"));
  // @ts-expect-error awaited, it is one still
  runtime.registerWorkflow(async (ctx: WorkflowContext) => ctx.callActivity("a"));
  // @ts-expect-error under a name
  runtime.registerWorkflowWithName("task", (ctx) => ctx.createTimer(1));
  // @ts-expect-error what a generator returns
  runtime.registerWorkflowWithName("task", function* (ctx) {
    return ctx.callActivity(sum, [1]);
  });
  // @ts-expect-error and an async one, as a version
  runtime.registerVersionedWorkflow("task", "v1", async function* (ctx) {
    return ctx.whenAll([ctx.callActivity(sum, [1])]);
  });
  runtime.registerWorkflow(untyped).registerWorkflowWithName("untyped", untyped).registerWorkflow(generator);
  const client = new DaprWorkflowClient();
  const id = await client.scheduleNewWorkflow(order, { item: "car" });
  // @ts-expect-error the input is an order
  await client.scheduleNewWorkflow(order, "car");
  await client.scheduleNewWorkflow("order", "anything");
  await client.scheduleNewWorkflow(generator, { item: "car" }, "id");
  // @ts-expect-error the input is an order, when the function is given too
  await client.scheduleNewWorkflow(generator, "car");
  await client.scheduleNewWorkflow(untyped, "anything");
  await client.raiseEvent(id, approval, { by: "me" });
  // @ts-expect-error the payload is an object
  await client.raiseEvent(id, approval, true);
  is<Receipt>()(await client.waitForWorkflowResult(order, id));
  is<Receipt>()(await client.waitForWorkflowResult(generator, id));
  // @ts-expect-error the result of the function is no date
  const date: Date = await client.waitForWorkflowResult(generator, id);
  const anything: Date = await client.waitForWorkflowResult("order", id);
  is<Date[]>()([date, anything]);
  is<number>()(await client.queryWorkflow(id, progress, undefined));
  is<number>()(await client.updateWorkflow(id, addItem, { item: "pen" }));
}

/** What is read from the environment may be `undefined`, and that is left out, under `exactOptionalPropertyTypes` too. */
export async function leftOut(
  text: string | undefined,
  seconds: number | undefined,
  force: boolean | null | undefined,
) {
  const connection = { daprHost: text, daprPort: text, daprApiToken: text, appId: text, basePath: text };
  const client = new DaprWorkflowClient({
    ...connection,
    headers: undefined,
    fetch: undefined,
    payloadConverter: null,
  });
  new WorkflowRuntime({ ...connection, payloadConverter: undefined });
  new DaprClient({ daprHost: text, daprPort: text, communicationProtocol: null, maxBodySizeMb: seconds });
  const id = await client.scheduleNewWorkflow("w", 1, { instanceId: text, startAt: undefined, reason: text });
  await client.purgeWorkflow(id, { force, nonRecursive: force, reason: text });
  await client.terminateWorkflow(id, 1, { nonRecursive: force, reason: text });
  await client.updateWorkflow(id, "u", 1, { updateId: text, timeoutInSeconds: seconds, reason: text });
  await client.raiseEvent(id, "e", 1, { reason: text });
  await client.getWorkflowHistoryPage(id, { limit: seconds, continuationToken: text, order: null, contains: text });
  const options: WorkerOptions = { appId: text, basePath: text, limits: { maxConcurrentActivities: seconds } };
  new WorkflowTestEnvironment(new WorkflowRuntime(), { startAt: undefined, limits: { watchdogMs: null } });
  // @ts-expect-error not everything is
  new DaprWorkflowClient({ daprHost: seconds });
  return options;
}

export async function listed(client: DaprWorkflowClient, text: string | undefined, day: Date | undefined) {
  const list = client.listWorkflows({
    status: ["FAILED", WorkflowRuntimeStatus.STALLED],
    name: text,
    createdAfter: day,
  });
  for await (const { createdAt, endedAt, runtimeStatus } of list) {
    is<Date>()(createdAt);
    is<Date | undefined>()(endedAt);
    is<WorkflowRuntimeStatus>()(runtimeStatus);
  }
  for await (const { workflows, continuationToken } of list.asPages()) {
    is<readonly WorkflowSummary[]>()(workflows);
    is<string | undefined>()(continuationToken);
  }
  const { counts } = await client.countWorkflows({ attributes: { total: 7, vip: true } }, ["status", "day"]);
  is<number | undefined>()(counts[0]?.count);
  // @ts-expect-error there is no such status
  client.listWorkflows({ status: "FAILD" });
  // @ts-expect-error a count has no pages
  client.countWorkflows({ pageSize: 5 });
  // @ts-expect-error nothing is counted by that
  client.countWorkflows({}, "colour");
}

export async function scheduled(client: DaprWorkflowClient, text: string | undefined) {
  async function* shipping(_ctx: WorkflowContext, { item }: Order): AsyncGenerator<Task, string, unknown> {
    return item;
  }
  async function* ticking(_ctx: WorkflowContext): AsyncGenerator<Task, string, unknown> {
    return "tick";
  }
  const runtime = new WorkflowRuntime();
  runtime.schedule("a", { workflow: shipping, cron: "0 * * * *", input: { item: "car" }, timeZone: text });
  runtime
    .schedule("b", { workflow: ticking, interval: "1h" })
    .schedule("c", { workflow: "any", at: new Date(), input: 1 });
  // @ts-expect-error it takes an order
  runtime.schedule("d", { workflow: shipping, cron: "0 * * * *", input: "car" });
  // @ts-expect-error which is not left out
  runtime.schedule("e", { workflow: shipping, cron: "0 * * * *" });
  // @ts-expect-error there is no such policy
  runtime.schedule("f", { workflow: ticking, interval: "1h", overlap: "some" });
  const { nextTimes, fires, pause } = await client.createSchedule("a", {
    workflow: shipping,
    cron: ["0 * * * *"],
    input: { item: "car" },
    endAt: null,
  });
  is<readonly Date[]>()(nextTimes);
  is<Date | undefined>()(fires[0]?.nominalTime);
  is<Date | undefined>()(pause?.at);
  // @ts-expect-error it takes an order
  await client.createSchedule("a", { workflow: shipping, interval: "1h", input: 5 });
  await client.updateSchedule("a", { jitter: null, cron: "0 1 * * *", input: null });
  is<Date[]>()(await client.backfillSchedule("a", { from: new Date(), to: new Date(), dryRun: undefined }));
  is<string>()(await client.triggerSchedule("a", { overlap: "skip", input: undefined }));
}
