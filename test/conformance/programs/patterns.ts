// Written for @dapr/dapr: the patterns of Dapr's tutorials.
import { type Task, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "@dapr/dapr";

const done: string[] = [];
const step = (_: WorkflowActivityContext, name: string) => {
  done.push(name);
  return name;
};
const measure = (_: WorkflowActivityContext, n: number) => ({ healthy: n >= 3 });
const ship = (_: WorkflowActivityContext, order: { address?: string }) => {
  if (!order.address) throw new Error("no address");
  return "shipped";
};

/** Looks again and again, each time as a new execution; spelled with a yield, as many write it. */
export async function* monitor(ctx: WorkflowContext, n: number): any {
  const { healthy } = yield ctx.callActivity(measure, n);
  if (healthy) return `healthy after ${n}`;
  yield ctx.createTimer(0.01);
  yield ctx.continueAsNew(n + 1, false) as unknown as Task<any>;
}

/** Undoes what it has done when a later step fails. */
export async function* booking(ctx: WorkflowContext, order: { address?: string }): any {
  const undo: string[] = [];
  try {
    undo.push(yield ctx.callActivity(step, "reserve"));
    undo.push(yield ctx.callActivity(step, "charge"));
    return yield ctx.callActivity(ship, order);
  } catch (e) {
    for (const name of undo.reverse()) yield ctx.callActivity(step, `undo ${name}`);
    return { undone: undo, because: (e as Error).message };
  }
}

/** Tries three times, with a pause between, as programs without a retry policy do. */
export async function* persistent(ctx: WorkflowContext): any {
  for (let attempt = 1; ; attempt++) {
    try {
      return yield ctx.callActivity(ship, attempt < 3 ? {} : { address: "here" });
    } catch {
      yield ctx.createTimer(0.01);
    }
  }
}

export async function* checkPart(ctx: WorkflowContext, part: string): any {
  const name = yield ctx.callActivity(step, part);
  return name.length;
}
/** Children side by side, an event, and a result. */
export async function* combined(ctx: WorkflowContext, parts: string[]): any {
  const sizes = yield ctx.whenAll(parts.map((part) => ctx.callChildWorkflow(checkPart, part)));
  const confirmed = yield ctx.waitForExternalEvent("confirm");
  return confirmed ? sizes : [];
}

const runtime = new WorkflowRuntime()
  .registerWorkflow(monitor)
  .registerWorkflow(booking)
  .registerWorkflow(persistent)
  .registerWorkflow(checkPart)
  .registerWorkflow(combined)
  .registerActivity(step)
  .registerActivity(measure)
  .registerActivity(ship);
void runtime.start();
