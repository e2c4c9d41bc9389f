// Written for @dapr/dapr: what its own examples and end-to-end cases exercise.
import { type Task, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "@dapr/dapr";

const plus = (_: WorkflowActivityContext, n: number) => n + 1;
const hello = async (_: WorkflowActivityContext, name: string) => `Hello ${name}!`;
const lengthOf = (_: WorkflowActivityContext, text: string) => text.length;
const breaks = (_: WorkflowActivityContext, why: string) => {
  throw new RangeError(why);
};
const give = (_: WorkflowActivityContext, value: unknown) => value;
const whoAmI = (ctx: WorkflowActivityContext) => [ctx.getWorkflowInstanceId(), ctx.getWorkflowActivityId()];

export async function* activitySequence(ctx: WorkflowContext, cities: string[]): any {
  const greetings: string[] = [];
  for (const city of cities) greetings.push(yield ctx.callActivity(hello, city));
  return greetings;
}

export async function* countingUp(ctx: WorkflowContext, from: number): any {
  let n = from;
  for (let i = 0; i < 10; i++) n = yield ctx.callActivity(plus, n);
  return n;
}

export async function* fanOut(ctx: WorkflowContext, words: string[]): any {
  const tasks: Task<any>[] = [];
  for (const word of words) tasks.push(ctx.callActivity(lengthOf, word));
  const lengths = (yield ctx.whenAll(tasks)) as number[];
  return lengths.reduce((sum, length) => sum + length, 0);
}

export async function* purchase(ctx: WorkflowContext, order: { cost: number; seconds: number }): any {
  if (order.cost < 1000) return "approved without asking";
  ctx.setCustomStatus("asking");
  const approval = ctx.waitForExternalEvent("approval_received");
  const timeout = ctx.createTimer(order.seconds);
  const winner = yield ctx.whenAny([approval, timeout]);
  if (winner === timeout) return "nobody answered";
  const { approver } = approval.getResult();
  return `approved by ${approver}`;
}

export async function* childOfParent(ctx: WorkflowContext, n: number): any {
  yield ctx.createTimer(0);
  return n * 2;
}
export async function* parentOfTwo(ctx: WorkflowContext, n: number): any {
  const named = yield ctx.callChildWorkflow(childOfParent, n, `${ctx.getWorkflowInstanceId()}-child`);
  const other = yield ctx.callSubWorkflow("childOfParent", named);
  return [named, other];
}

export async function* catchesFailure(ctx: WorkflowContext, why: string): any {
  try {
    yield ctx.callActivity(breaks, why);
  } catch (e) {
    return `caught: ${(e as Error).message}`;
  }
}
export async function* letsFailureThrough(ctx: WorkflowContext, why: string): any {
  yield ctx.callActivity(breaks, why);
}
export async function* callsUnknown(ctx: WorkflowContext): any {
  yield ctx.callActivity("notRegisteredAnywhere");
}

export async function* eventsInOrder(ctx: WorkflowContext, count: number): any {
  const got: unknown[] = [];
  while (got.length < count) got.push(yield ctx.waitForExternalEvent("Next"));
  return got;
}

export async function* untilTold(ctx: WorkflowContext): any {
  ctx.setCustomStatus("waiting");
  return yield ctx.waitForExternalEvent("tell");
}

export async function* generations(ctx: WorkflowContext, n: number): any {
  if (n < 5) {
    ctx.continueAsNew(n + 1, true);
    return;
  }
  const carried = yield ctx.waitForExternalEvent("carried");
  return [n, carried];
}

export async function* clock(ctx: WorkflowContext): any {
  const before = ctx.getCurrentUtcDateTime();
  yield ctx.createTimer(new Date(before.getTime() + 40));
  return ctx.getCurrentUtcDateTime().getTime() - before.getTime() >= 40;
}

export async function* passesOn(ctx: WorkflowContext, values: unknown[]): any {
  const back: unknown[] = [];
  for (const value of values) back.push(yield ctx.callActivity(give, value));
  const child = yield ctx.callChildWorkflow(firstOf, 0);
  return [...back, child];
}
export const firstOf = async (_: WorkflowContext, input: unknown) => [input];

export async function* identity(ctx: WorkflowContext): any {
  return yield ctx.callActivity(whoAmI);
}

const runtime = new WorkflowRuntime();
for (const workflow of [
  activitySequence,
  countingUp,
  fanOut,
  purchase,
  childOfParent,
  parentOfTwo,
  catchesFailure,
  letsFailureThrough,
  callsUnknown,
  eventsInOrder,
  untilTold,
  generations,
  clock,
  passesOn,
  firstOf,
  identity,
])
  runtime.registerWorkflow(workflow);
for (const activity of [plus, hello, lengthOf, breaks, give, whoAmI]) runtime.registerActivity(activity);
runtime.registerWorkflowWithName("sequence@2", activitySequence).registerActivityWithName("add one", plus);
void runtime.start();
