// What scenes.ts has not: messages that are still to be delivered, and states and events of everything beyond Dapr's first
// API. To record: see states.test.ts. The code runs in clones of old commits too, so it uses what their harness has.
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { type Code, makeWorld, raise, resume, start, suspend, terminate } from "../instance/support.ts";
import type { World } from "../instance/world.ts";

export const HOUR_MS = 3_600_000;

/** One update ends at once, the other waits for an hour. */
export function* basket(ctx: WorkflowContext): Code {
  const items: string[] = [];
  ctx.setUpdateHandler("add", (item: string) => items.push(item));
  ctx.setUpdateHandler("slowly", function* (item: string): Code {
    yield ctx.createTimer(3_600);
    return items.push(item);
  });
  yield ctx.waitForExternalEvent("checkout");
  return items;
}

/** Code as it is deployed: at first; then with what stalls some instances; today, with a newer version and a newer patch. */
export type Deploy = "first" | "broken" | "today";

export interface State {
  /** The schema version whose code could do it first. */
  readonly since: number;
  /** How it is found. */
  readonly status: string;
  readonly end: readonly [status: string, output?: unknown];
}

export const states: Readonly<Record<string, State>> = {
  // Each of these owes a message.
  mother: { since: 1, status: "RUNNING", end: ["COMPLETED", "born"] },
  waiting: { since: 1, status: "RUNNING", end: ["COMPLETED", "late"] },
  ending: { since: 1, status: "COMPLETED", end: ["COMPLETED", "late"] },
  killed: { since: 1, status: "TERMINATED", end: ["TERMINATED", "why"] },
  orphan: { since: 1, status: "RUNNING", end: ["TERMINATED", "why"] },
  teller: { since: 2, status: "COMPLETED", end: ["COMPLETED", "told"] },
  detacher: { since: 2, status: "COMPLETED", end: ["COMPLETED", "detached"] },
  "called-off": { since: 2, status: "RUNNING", end: ["CANCELED"] },
  "called-off:0001": { since: 2, status: "RUNNING", end: ["CANCELED"] },
  // It is told once.
  listener: { since: 2, status: "RUNNING", end: ["COMPLETED", ["before", "told"]] },
  // Each of these owes a message that has arrived: it does not know that yet.
  "sure-mother": { since: 1, status: "RUNNING", end: ["COMPLETED", "born"] },
  "sure-kid": { since: 1, status: "COMPLETED", end: ["COMPLETED", "born"] },
  "sure-teller": { since: 2, status: "COMPLETED", end: ["COMPLETED", "told"] },
  "sure-listener": { since: 2, status: "RUNNING", end: ["COMPLETED", ["told"]] },
  "sure-detacher": { since: 2, status: "COMPLETED", end: ["COMPLETED", "sure-detached"] },
  "sure-detached": { since: 2, status: "COMPLETED", end: ["COMPLETED", "marked"] },
  dead: { since: 1, status: "TERMINATED", end: ["TERMINATED", "over"] },
  "dead-child": { since: 1, status: "TERMINATED", end: ["TERMINATED", "over"] },
  canceled: { since: 2, status: "CANCELED", end: ["CANCELED"] },
  tidying: { since: 2, status: "RUNNING", end: ["CANCELED"] },
  beating: { since: 2, status: "RUNNING", end: ["COMPLETED", { page: 7 }] },
  retrying: { since: 2, status: "RUNNING", end: ["COMPLETED", { page: 7 }] },
  basket: { since: 2, status: "RUNNING", end: ["COMPLETED", ["pen", "ink"]] },
  "held-basket": { since: 2, status: "SUSPENDED", end: ["COMPLETED", ["cap"]] },
  scheduler: { since: 2, status: "COMPLETED", end: ["COMPLETED", "tomorrow"] },
  tomorrow: { since: 2, status: "PENDING", end: ["COMPLETED", "marked"] },
  versioned: { since: 2, status: "RUNNING", end: ["COMPLETED", "v1"] },
  moving: { since: 2, status: "RUNNING", end: ["COMPLETED", "v2"] },
  patched: { since: 2, status: "RUNNING", end: ["COMPLETED", [true, true]] },
  passed: { since: 2, status: "RUNNING", end: ["COMPLETED", "the old way"] },
  ahead: { since: 2, status: "RUNNING", end: ["COMPLETED", "the new way"] },
  "stalled-version": { since: 2, status: "STALLED", end: ["COMPLETED", "v1"] },
  "stalled-patch": { since: 2, status: "STALLED", end: ["COMPLETED", [true, true]] },
  "stalled-code": { since: 2, status: "STALLED", end: ["COMPLETED", 1] },
};

/** What the messages that are owed begin: in no fixture, and there at the end. */
export const begun: Readonly<Record<string, Pick<State, "since" | "end">>> = {
  kid: { since: 1, end: ["COMPLETED", "born"] },
  detached: { since: 2, end: ["COMPLETED", "marked"] },
};

export const stalledFor: Readonly<Record<string, string>> = {
  "stalled-version": "VERSION_NOT_AVAILABLE",
  "stalled-patch": "PATCH_MISMATCH",
  "stalled-code": "NON_DETERMINISM",
};

/** `marks` are the instances that have run the activity `mark`, once for each time. */
export function statesWorld(marks: string[] = []): World {
  const world = makeWorld();
  world.onNonDeterminism = "stall";
  world.activity("mark", (ctx: WorkflowActivityContext, output: unknown) => {
    marks.push(ctx.getWorkflowInstanceId());
    return output;
  });
  // They say what an earlier run has left: only a first run leaves something.
  world.activity("beat", async (ctx: WorkflowActivityContext) => {
    const before = ctx.getLastHeartbeatDetails();
    if (before === undefined) ctx.heartbeat({ page: 7 });
    await world.sleep(60_000);
    return before;
  });
  world.activity("flop", (ctx: WorkflowActivityContext) => {
    const before = ctx.getLastHeartbeatDetails();
    if (before !== undefined) return before;
    ctx.heartbeat({ page: 7 });
    // No stack: it would tell where the fixture was recorded.
    throw Object.assign(new Error("the first time"), { stack: "" });
  });
  world.workflow("marking", function* (ctx: WorkflowContext, output: unknown): Code {
    return yield ctx.callActivity("mark", output);
  });
  world.workflow("mother", function* (ctx: WorkflowContext, kid: string): Code {
    yield ctx.waitForExternalEvent("go");
    return yield ctx.callChildWorkflow("marking", "born", kid);
  });
  world.workflow("teller", function* (ctx: WorkflowContext, listener: string): Code {
    yield ctx.waitForExternalEvent("go");
    ctx.sendEvent(listener, "word", "told");
    return "told";
  });
  world.workflow("listener", function* (ctx: WorkflowContext): Code {
    const heard: string[] = [];
    const end = ctx.waitForExternalEvent("end");
    for (;;) {
      const word = ctx.waitForExternalEvent("word");
      if ((yield ctx.whenAny([end, word])) === end) return heard;
      heard.push(word.getResult());
    }
  });
  world.workflow("detacher", function* (ctx: WorkflowContext, instanceId: string): Code {
    yield ctx.waitForExternalEvent("go");
    return ctx.scheduleNewWorkflow("marking", "marked", { instanceId });
  });
  world.workflow("scheduler", (ctx: WorkflowContext, startsAtMs: number) =>
    ctx.scheduleNewWorkflow("marking", "marked", { instanceId: "tomorrow", startAt: new Date(startsAtMs) }),
  );
  world.workflow("tidy", function* (ctx: WorkflowContext, depth: number): Code {
    try {
      if (depth === 0) yield ctx.waitForExternalEvent("never");
      else yield ctx.callChildWorkflow("tidy", depth - 1);
    } finally {
      yield ctx.callActivity("slow", 60_000);
    }
  });
  world.workflow("beating", function* (ctx: WorkflowContext): Code {
    return yield ctx.callActivity("beat");
  });
  world.workflow("retrying", function* (ctx: WorkflowContext): Code {
    return yield ctx.callActivity("flop", undefined, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 3_600 } });
  });
  world.workflow("basket", basket);
  deploy(world, "first");
  return world;
}

export function deploy(world: World, what: Deploy): void {
  // A life has the code that was there when it began.
  world.crashAll();
  const version = (name: string, number: string, latest = true) => ({
    name,
    version: number,
    latest,
    code: function* (ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
      if (name !== "moving" || number === "v2") return ctx.getVersion();
      return ctx.continueAsNew(undefined, true, { toLatestVersion: true });
    },
  });
  world.versions = [
    version("versioned", "v1", what !== "today"),
    version("moving", "v1", what !== "today"),
    ...(what === "today" ? [version("versioned", "v2"), version("moving", "v2"), version("pinned", "v2")] : []),
    what === "broken" ? version("pinned", "v2") : version("pinned", "v1", what === "first"),
  ];
  const patched = function* (ctx: WorkflowContext): Code {
    const first = ctx.isPatched("a patch");
    yield ctx.waitForExternalEvent("go");
    return [first, ctx.isPatched("a patch")];
  };
  world.workflow("patched", patched);
  const unpatched = function* (ctx: WorkflowContext): Code {
    return yield ctx.waitForExternalEvent("go");
  };
  world.workflow("unpatched", what === "broken" ? unpatched : patched);
  world.workflow("patched later", function* (ctx: WorkflowContext): Code {
    yield ctx.waitForExternalEvent("first");
    const isNew = what === "today" && ctx.isPatched("a later patch");
    yield ctx.waitForExternalEvent("go");
    return isNew ? "the new way" : "the old way";
  });
  world.workflow("changed", function* (ctx: WorkflowContext): Code {
    const found = yield ctx.callActivity(what === "broken" ? "another" : "echo", 1);
    yield ctx.waitForExternalEvent("go");
    return found;
  });
}

export function update(world: World, id: string, updateId: string, name: string, item: string) {
  return world.post(id, (i) => i.update({ updateId, name, input: JSON.stringify(item), timeoutMs: 1_000 }));
}

const cancel = (world: World, id: string) => world.call(id, (i) => i.cancel({ reason: "as told" }));

/** Brings each instance to where its fixture is taken, by code of this schema version. */
export async function play(world: World, version: number): Promise<void> {
  await start(world, "mother", "mother", "kid");
  await start(world, "sure-mother", "mother", "sure-kid");
  await start(world, "waiting", "parent", { name: "event", input: "go", id: "ending" });
  await start(world, "killed", "parent", { name: "event", input: "go", id: "orphan" });
  await start(world, "dead", "parent", { name: "event", input: "go", id: "dead-child" });
  if (version >= 2) await playSecond(world);
  await terminate(world, "dead", '"over"');
  await world.advance(2_000);
  if (version >= 2) await stall(world);

  // From here on no message arrives, or none is acknowledged.
  const arrives = ["sure-kid", "sure-listener", "sure-detached"];
  world.peerFault = ({ to, method }) => {
    if (method === "isOwed") return undefined;
    return arrives.includes(to) ? "answer lost" : "unreachable";
  };
  await raise(world, "mother", "go");
  await raise(world, "sure-mother", "go");
  await raise(world, "ending", "go", "late");
  await terminate(world, "killed", '"why"');
  if (version >= 2) {
    for (const id of ["teller", "sure-teller", "detacher", "sure-detacher"]) await raise(world, id, "go");
    await cancel(world, "called-off");
  }
  await world.advance(5_000);
  world.crashAll();
  await world.advance(1_000);
}

async function playSecond(world: World): Promise<void> {
  for (const name of ["listener", "beating", "retrying", "basket", "versioned", "moving", "patched"])
    await start(world, name, name);
  await start(world, "teller", "teller", "listener");
  await start(world, "sure-teller", "teller", "sure-listener");
  await start(world, "sure-listener", "listener");
  await start(world, "detacher", "detacher", "detached");
  await start(world, "sure-detacher", "detacher", "sure-detached");
  await start(world, "scheduler", "scheduler", world.nowMs + 24 * HOUR_MS);
  await start(world, "called-off", "tidy", 1);
  await start(world, "tidying", "tidy", 0);
  await start(world, "canceled", "event", "go");
  await start(world, "passed", "patched later");
  await start(world, "ahead", "patched later");
  await start(world, "held-basket", "basket");
  await start(world, "stalled-version", "pinned");
  await start(world, "stalled-patch", "unpatched");
  await start(world, "stalled-code", "changed");
  await raise(world, "listener", "word", "before");
  await raise(world, "passed", "first");
  await cancel(world, "canceled");
  await cancel(world, "tidying");
  await suspend(world, "held-basket");
  void update(world, "basket", "done", "add", "pen");
  void update(world, "basket", "open", "slowly", "ink");
  void update(world, "held-basket", "held", "add", "cap");
  await world.advance(2_000);
}

/** What comes to them is taken, and waits for code that can take it up. */
async function stall(world: World): Promise<void> {
  deploy(world, "broken");
  for (const id of Object.keys(stalledFor)) await raise(world, id, "go");
  await world.advance(2_000);
}

/** What is asked of the instances of a fixture: `states` and `begun` tell how each of them ends then. */
export async function finish(world: World, version: number): Promise<void> {
  const tell = (id: string, event: string) => raise(world, id, event, undefined, `${event} for ${id}`);
  if (version >= 2) {
    await resume(world, "held-basket");
    await tell("ahead", "first");
    // Twice: for the execution after the continue-as-new as well.
    await raise(world, "moving", "go", undefined, "one more for moving");
    for (const id of ["versioned", "moving", "patched", "passed", "ahead"]) await tell(id, "go");
  }
  await world.advance(2 * HOUR_MS);
  if (version >= 2) {
    for (const id of ["basket", "held-basket"]) await tell(id, "checkout");
    for (const id of ["listener", "sure-listener"]) await tell(id, "end");
  }
  await world.rest();
}
