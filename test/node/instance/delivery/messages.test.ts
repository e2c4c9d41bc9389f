// [I18.3], [I18.8], [I18.18], [I18.24], [I18.26], [I33] Events, ends and terminates between instances count once, and reach whom they are for.
import { describe, expect, it } from "vitest";
import type { ParentLink } from "../../../../src/model/history-event.ts";
import {
  type Code,
  describeInstance,
  endOf,
  historyOf,
  holdSealingOf,
  makeWorld,
  raise,
  start,
  statusOf,
  unshaken,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";

watchUnhandledRejections();

describe("[I18.3] An event from an instance that cannot be reached for a while", () => {
  it("[I18.3] counts once, also when the receiver has continued as new", async () => {
    const world = makeWorld();
    world.workflow("eternal", function* (ctx, n: number): Code {
      yield ctx.waitForExternalEvent("tick");
      ctx.continueAsNew(n + 1);
    });
    world.workflow("sender", function* (ctx): Code {
      ctx.sendEvent("b", "tick", 1);
      yield ctx.createTimer(1);
    });
    await start(world, "b", "eternal", 0);
    const untilMs = world.nowMs + 70_000;
    let calls = 0;
    world.peerFault = ({ to }) => {
      if (to !== "b") return undefined;
      if (calls++ === 0) return "answer lost";
      return world.nowMs < untilMs ? "unreachable" : undefined;
    };
    await start(world, "a", "sender");
    await world.advance(65_000);
    await raise(world, "b", "tick", 2);
    await world.advance(235_000);
    expect([(await describeInstance(world, "b"))?.input, world.host("a").db.read("SELECT * FROM outbox")]).toEqual([
      "2",
      [],
    ]);
  });
});

describe("[I18.3] An event that is carried over, older than one that was taken", () => {
  it("[I18.3] does not make the other one count again", async () => {
    const world = makeWorld();
    world.workflow("eternal", function* (ctx, n: number): Code {
      yield ctx.waitForExternalEvent("tick");
      ctx.continueAsNew(n + 1, true);
    });
    await start(world, "b", "eternal", 0);
    await raise(world, "b", "unclaimed", 0, "x:2");
    await raise(world, "b", "tick", 0, "x:5");
    await raise(world, "b", "tick", 0, "client");
    expect((await describeInstance(world, "b"))?.input).toBe("2");
    await raise(world, "b", "tick", 0, "x:5");
    expect((await describeInstance(world, "b"))?.input).toBe("2");
  });
});

describe("[I18.8] A message that waits, a turn that fails, and a long activity", () => {
  it("[I18.8] the message is delivered when the receiver is back", async () => {
    const world = makeWorld();
    world.activity("long", () => world.sleep(600_000));
    world.workflow("sends", function* (ctx): Code {
      ctx.sendEvent("b", "go", 1);
      const long = ctx.callActivity("long");
      yield ctx.waitForExternalEvent("x");
      yield long;
    });
    await start(world, "b", "event", "go");
    let isDown = true;
    world.peerFault = ({ to }) => (to === "b" && isDown ? "unreachable" : undefined);
    await start(world, "a", "sends");
    await world.advance(2_000);
    let failures = 0;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO instance") && failures++ === 0) throw new Error("SQLITE_FULL");
    };
    await raise(world, "a", "x", 1);
    await world.advance(2_000);
    isDown = false;
    await world.advance(61_000);
    expect([failures > 0, await statusOf(world, "b")]).toEqual([true, "COMPLETED"]);
  });
});

describe("[I18.18] An ended instance that sends an event to its own ID", () => {
  it("[I18.18] lets somebody else start it anew", async () => {
    const world = makeWorld();
    world.workflow("last", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.sendEvent("x", "hello", 1);
      return 0;
    });
    world.workflow("other", function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.scheduleNewWorkflow("echo", "from other", { instanceId: "x" });
      return 0;
    });
    await start(world, "x", "last");
    await start(world, "o", "other");
    world.chaos = unshaken(() => 50);
    for (const id of ["x", "o"]) void world.post(id, (i) => i.raiseEvent({ name: "go", messageId: `to ${id}` }));
    await world.rest();
    world.chaos = undefined;
    expect(await describeInstance(world, "x")).toMatchObject({ status: "COMPLETED", input: '"from other"' });
  });
});

describe("[I18.24] The end of a child in the first turn of a life, while its commit goes to disk", () => {
  it.each(["purge", "start"] as const)("[I18.24] reaches the parent though a %s comes between", async (method) => {
    const world = makeWorld();
    await start(world, "p", "parent", { name: "event", id: "c", input: "go" });
    await world.advance(5_000);
    world.crash("c");
    const raised = world.post("c", (i) => i.raiseEvent({ name: "go", input: "1", messageId: "m" }));
    const again = { instanceId: "c", name: "event", input: '"go"', requestId: "new" };
    const then = world.post(
      "c",
      (i): Promise<unknown> => (method === "purge" ? i.purge({ recursive: true }) : i.start(again)),
    );
    await world.advance(60_000);
    expect([await raised, await then]).toEqual([{ ok: true }, { ok: true }]);
    expect([await statusOf(world, "p"), await statusOf(world, "c")]).toEqual([
      "COMPLETED",
      method === "purge" ? undefined : "RUNNING",
    ]);
  });
});

it("[I18.26] A parent's terminate does not reach another instance that has taken the child's ID while it was encrypted", async () => {
  const world = makeWorld();
  const sealed = holdSealingOf(world, '"out"');
  await start(world, "p", "parent", { name: "event", id: "c", input: "go" });
  await world.advance(1_000);
  sealed.hold();
  const page = await world.call("c", (i) => i.history({ from: 0, limit: 1 }));
  const [started] = page?.events ?? [];
  const { parent } = started as { parent: ParentLink };
  const message = { version: 1, type: "Terminate", output: '"out"', parent } as const;
  const delivered = world.post("c", (i) => i.deliver(message));
  await world.advance(100);
  await raise(world, "c", "go", 1);
  await world.advance(1_000);
  expect(await start(world, "c", "event", "go")).toEqual({ ok: true });
  await world.advance(1_000);
  sealed.open();
  await world.advance(1_000);
  expect([await delivered, await statusOf(world, "c")]).toEqual([{ accepted: true }, "RUNNING"]);
});

describe("[I33] A copy of an event that comes when another instance has taken the ID", () => {
  it("[I33.1] does not count for it, within 60 s; what is raised anew does, and so does a copy that is older", async () => {
    const world = makeWorld();
    const known = () => {
      const [started] = historyOf(world, "a");
      return started?.type === "ExecutionStarted" && started.recentMessages && Object.keys(started.recentMessages);
    };
    await start(world, "a", "event", "go");
    await raise(world, "a", "go", 1, "m1");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    await start(world, "a", "event", "go");
    expect(known()).toEqual(["m1"]);
    await raise(world, "a", "go", 1, "m1");
    expect(await statusOf(world, "a")).toBe("RUNNING");
    await raise(world, "a", "go", 2, "m2");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
    await world.advance(61_000);
    await start(world, "a", "event", "go");
    expect(known()).toBeUndefined();
    await raise(world, "a", "go", 2, "m2");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 2]);
  });

  it("[I33.2] nor for the one after it, nor for a child that is called again under its ID", async () => {
    const world = makeWorld();
    world.workflow("twice", function* (ctx): Code {
      const first = yield ctx.callChildWorkflow("event", "go", "a");
      return [first, yield ctx.callChildWorkflow("event", "go", "a")];
    });
    await start(world, "p", "twice");
    await world.advance(100);
    await raise(world, "a", "go", 1, "m1");
    await world.advance(1_000);
    await raise(world, "a", "go", 1, "m1");
    await raise(world, "a", "go", 2, "m2");
    expect(await endOf(world, "p")).toEqual(["COMPLETED", [1, 2]]);
    await start(world, "a", "event", "go");
    await raise(world, "a", "go", 1, "m1");
    await raise(world, "a", "go", 2, "m2");
    expect(await statusOf(world, "a")).toBe("RUNNING");
  });
});
