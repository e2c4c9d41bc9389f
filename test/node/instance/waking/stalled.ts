// Instances whose code a deploy has changed, or forgotten.
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { type Code, makeWorld, raise, start } from "../support.ts";
import type { World } from "../world.ts";

/** `ran`: when its code is left, which a terminate does not do. */
export function waiting(ran: string[] = []) {
  return function* main(ctx: WorkflowContext): Code {
    ctx.callChildWorkflow("event", "never", "child");
    const first = yield ctx.waitForExternalEvent("go");
    try {
      yield ctx.callActivity("echo", first);
      return [first, yield ctx.waitForExternalEvent("go")];
    } finally {
      ran.push(`finally ${first}`);
    }
  };
}

export function* changed(ctx: WorkflowContext): Code {
  yield ctx.callActivity("other");
}

/** An instance `a`, with a child, whose code has been changed by a deploy, or has been forgotten. */
export async function broken(how: "changed" | "gone", ran: string[] = []): Promise<World> {
  const world = makeWorld();
  world.workflow("main", waiting(ran));
  await start(world, "a", "main");
  deploy(world, how);
  await raise(world, "a", "go", "one");
  return world;
}

export function deploy(world: World, how: "changed" | "gone" | "right", ran: string[] = []): void {
  if (how === "gone") world.workflows.delete("main");
  else world.workflow("main", how === "right" ? waiting(ran) : changed);
  world.crashAll();
}
