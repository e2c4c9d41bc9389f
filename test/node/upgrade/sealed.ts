// Instances whose payloads are encrypted at rest, by the real cipher: there since schema version 2.
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { ask, begin, K1, pass, SECRET, setKeys, tell } from "../encryption/support.ts";
import { type Code, makeWorld } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { basket } from "./states.ts";

export const found: Readonly<Record<string, string>> = {
  busy: "RUNNING",
  "busy:0002": "COMPLETED",
  basket: "RUNNING",
  suspended: "SUSPENDED",
  teller: "COMPLETED",
  listener: "RUNNING",
};

export const ends: Readonly<Record<string, readonly [status: string, output: unknown]>> = {
  busy: ["COMPLETED", [SECRET, SECRET, SECRET, { page: SECRET }]],
  "busy:0002": ["COMPLETED", SECRET],
  basket: ["COMPLETED", [`done ${SECRET}`, `open ${SECRET}`]],
  suspended: ["COMPLETED", SECRET],
  teller: ["COMPLETED", "told"],
  listener: ["COMPLETED", SECRET],
};

export const update = (world: World, updateId: string, name: string) =>
  world.post("basket", (i) =>
    i.update({ updateId, name, input: JSON.stringify(`${updateId} ${SECRET}`), timeoutMs: 0 }),
  );

export function sealedWorld(): World {
  const world = makeWorld();
  world.activity("refuse", (_ctx: WorkflowActivityContext, input: string) => {
    // No stack: it would tell where the fixture was recorded.
    throw Object.assign(new Error(input), { stack: "" });
  });
  // Says what an earlier run has left: only a first run leaves something.
  world.activity("beat", async (ctx: WorkflowActivityContext, page: string) => {
    const before = ctx.getLastHeartbeatDetails();
    if (before === undefined) ctx.heartbeat({ page });
    await world.sleep(60_000);
    return before;
  });
  world.workflow("busy", function* (ctx: WorkflowContext, input: string): Code {
    ctx.setCustomStatus({ input });
    let refusal = "";
    try {
      yield ctx.callActivity("refuse", input);
    } catch (error) {
      if ((error as Error).message.includes(input)) refusal = input;
    }
    const child = yield ctx.callChildWorkflow("echo", input);
    const event = yield ctx.waitForExternalEvent("go");
    return [refusal, child, event, yield ctx.callActivity("beat", input)];
  });
  world.workflow("basket", basket);
  world.workflow("teller", function* (ctx: WorkflowContext, word: string): Code {
    yield ctx.waitForExternalEvent("go");
    ctx.sendEvent("listener", "word", word);
    return "told";
  });
  return world;
}

/** Brings each instance to where its fixture is taken. */
export async function playSealed(world: World): Promise<void> {
  setKeys(world, K1);
  await begin(world, "busy", "busy", SECRET);
  await begin(world, "basket", "basket", null);
  await begin(world, "suspended", "event", "go");
  await begin(world, "teller", "teller", SECRET);
  await begin(world, "listener", "event", "word");
  await pass(world, 1_000);
  await tell(world, "busy", "go", SECRET);
  await ask(world, "suspended", (i) => i.suspend({}));
  await tell(world, "suspended", "go", SECRET);
  void update(world, "done", "add");
  await pass(world, 100);
  void update(world, "open", "slowly");
  world.peerFault = () => "unreachable";
  await tell(world, "teller", "go", null);
  await pass(world, 3_000);
}

/** What is asked of the instances of a fixture: `ends` tells how each of them ends then. */
export async function finishSealed(world: World): Promise<void> {
  await ask(world, "suspended", (i) => i.resume({}));
  await pass(world, 2 * 3_600_000);
  await tell(world, "basket", "checkout", null);
  await pass(world, 1_000);
}
