// [I18.10], [I18.12] to [I18.14], [I18.19], [I18.30] The start of a child or of a detached workflow that is late, comes twice, or is owed no more.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { Message } from "../../../../src/model/message.ts";
import {
  type AsyncCode,
  type Code,
  describeInstance,
  endOf,
  gate,
  makeWorld,
  purge,
  purgeByForce,
  start,
  statusOf,
  terminate,
  toyCipher,
  typesOf,
  unshaken,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import type { PeerCall, World } from "../world.ts";

watchUnhandledRejections();

describe("[I18.10] The start of a child that waits at an ID that is just being purged", () => {
  it("[I18.10] is not carried out when its parent has been purged meanwhile", async () => {
    const world = makeWorld();
    let latencyMs = 0;
    world.chaos = unshaken(() => latencyMs);
    const begin = (id: string, input: unknown) =>
      world.post(id, (i) =>
        i.start({ instanceId: id, name: "parent", input: JSON.stringify(input), requestId: `r-${id}` }),
      );
    // A stranger under the ID, with a child that will be slow to purge.
    void begin("a", { name: "event", input: "never", id: "kid" });
    await world.advance(2_000);
    latencyMs = 4_000;
    void begin("x", { name: "event", input: "never", id: "a" });
    await world.advance(10);
    world.crash("x");
    latencyMs = 0;
    const purgedX = purgeByForce(world, "x");
    await world.advance(2_000);
    latencyMs = 15_000;
    const purgedA = purgeByForce(world, "a");
    await world.advance(100);
    latencyMs = 0;
    await world.rest();
    expect([await purgedX, await purgedA]).toEqual([{ ok: true }, { ok: true }]);
    expect([world.host("x").db.tables(), world.host("a").db.tables()]).toEqual([[], []]);
  });
});

describe("[I18.12] The second copy of a start that waits for its sender's answer", () => {
  /** The first start of "d" comes twice, and the first answer to whether it is owed takes 5 s. */
  function withSlowAnswer(): World {
    const world = makeWorld();
    let deliveries = 0;
    let slow = 0;
    world.chaos = unshaken(() => (slow-- > 0 ? 5_000 : 0));
    world.peerFault = ({ method, to }) => {
      if (method === "isOwed" && deliveries === 1) {
        deliveries++;
        slow = 1;
      }
      return method === "deliver" && to === "d" && deliveries++ === 0 ? "twice" : undefined;
    };
    return world;
  }

  it.each(["detached", "child"])(
    "[I18.12] runs nothing once the instance has ended and been purged: %s",
    async (kind) => {
      const world = withSlowAnswer();
      world.workflow("main", function* (ctx): Code {
        if (kind === "child") yield ctx.callChildWorkflow("call", { activity: "echo" }, "d");
        else ctx.scheduleNewWorkflow("call", { activity: "echo" }, { instanceId: "d" });
        yield ctx.waitForExternalEvent("never");
      });
      void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
      await world.advance(1_000);
      const purged = world.post("d", (i) => i.purge({ recursive: true }));
      await world.advance(1_000);
      expect([await purged, world.activityRuns.length]).toEqual([{ ok: true }, 1]);
      await world.rest();
      expect([world.activityRuns.length, world.host("d").db.tables()]).toEqual([1, []]);
    },
  );
});

describe("[I18.13] The start of a detached workflow that is on its way", () => {
  it("[I18.13] is carried out though its caller is purged by force meanwhile", async () => {
    const world = makeWorld();
    world.workflow("main", function* (ctx): Code {
      ctx.scheduleNewWorkflow("timer", 1_000, { instanceId: "d" });
      yield ctx.waitForExternalEvent("never");
    });
    world.chaos = unshaken(() => 500);
    void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
    await world.advance(100);
    const purged = purgeByForce(world, "i");
    await world.rest();
    expect([await purged, world.host("i").db.tables()]).toEqual([{ ok: true }, []]);
    expect(await statusOf(world, "d")).toBe("COMPLETED");
  });
});

describe("[I18.14] A workflow that calls or schedules its own ID as the last it does", () => {
  it.each(["child", "detached"])("[I18.14] is refused, and comes to rest: %s", async (kind) => {
    const world = makeWorld();
    world.workflow("again", function* (ctx, n: number): Code {
      yield ctx.callActivity("echo", 1);
      if (kind === "child") ctx.callChildWorkflow("again", n + 1, "x");
      else ctx.scheduleNewWorkflow("again", n + 1, { instanceId: "x" });
      return n;
    });
    await start(world, "x", "again", 1);
    await world.rest();
    expect(await describeInstance(world, "x")).toMatchObject({ status: "COMPLETED", output: "1" });
    expect([world.host("x").db.read("SELECT * FROM outbox"), world.host("x").durableAlarm]).toEqual([[], null]);
    expect(await purge(world, "x")).toEqual({ ok: true });
  });
});

describe("[I18.19] A detached start that is on its way when its sender reads its outbox again", () => {
  it("[I18.19] is carried out once", async () => {
    const world = makeWorld();
    world.workflow("main", async function* (ctx): AsyncCode {
      ctx.scheduleNewWorkflow("call", { activity: "echo" }, { instanceId: "d" });
      yield ctx.waitForExternalEvent("go");
      await new Promise(() => undefined);
    });
    let slow = 1;
    world.chaos = unshaken(() => (slow-- > 0 ? 60_000 : 10));
    void world.post("i", (i) => i.start({ instanceId: "i", name: "main", requestId: "s" }));
    await world.advance(1_000);
    void world.post("i", (i) => i.raiseEvent({ name: "go", messageId: "m2" }));
    await world.advance(1_000);
    void world.post("i", (i) => i.terminate({ recursive: true }));
    await world.advance(20_000);
    const purged = world.post("d", (i) => i.purge({ recursive: true }));
    await world.advance(1_000);
    expect([await purged, world.activityRuns.length]).toEqual([{ ok: true }, 1]);
    world.crash("d");
    await world.advance(120_000);
    expect([world.activityRuns.length, world.host("d").db.tables()]).toEqual([1, []]);
  });
});

/** A start, and another message behind it, for the same receiver. */
function* callAndTell(ctx: WorkflowContext): Code {
  ctx.callChildWorkflow("echo", 1, "c");
  ctx.sendEvent("c", "hello");
  yield ctx.waitForExternalEvent("never");
}

function isStart({ method, argument }: PeerCall): boolean {
  return method === "deliver" && (argument as { type: string }).type === "StartChild";
}

it("[I18.30] A start that fails when it is owed no more, because its child has ended, does not hold up the next message", async () => {
  const world = makeWorld();
  world.workflow("caller", callAndTell);
  // The first copy of the start is lost after 300 ms; the second, which comes at once, is carried out.
  const latencies = [300];
  world.chaos = unshaken(() => latencies.shift() ?? 0);
  world.peerFault = (call) => (isStart(call) ? "unreachable" : undefined);
  await start(world, "p", "caller");
  await world.advance(10);
  world.peerCalls.find(isStart)?.repeat();
  await world.advance(100);
  const outbox = () => world.host("p").db.read("SELECT target FROM outbox");
  expect([await statusOf(world, "c"), typesOf(world, "p").at(-1), outbox().length]).toEqual([
    "COMPLETED",
    "ChildWorkflowInstanceCompleted",
    1,
  ]);
  await world.advance(250);
  const told = world.log.filter(({ msg }) => msg === "delivery").map(({ failures }) => failures);
  expect([outbox(), told]).toEqual([[], [0]]);
});

it("[I18.30] The same while the start waits to be tried again: its pause goes with it", async () => {
  const world = makeWorld();
  world.workflow("caller", callAndTell);
  world.peerFault = (call) => (isStart(call) ? "answer lost" : undefined);
  const toParent = gate();
  world.activity("hold", () => toParent.promise);
  world.workflow("echo", function* (ctx): Code {
    yield ctx.callActivity("hold");
  });
  await start(world, "p", "caller");
  await world.advance(100);
  const outbox = () => world.host("p").db.read("SELECT target FROM outbox").length;
  expect([await statusOf(world, "c"), outbox()]).toEqual(["RUNNING", 2]);
  toParent.open();
  await world.advance(100);
  expect([await statusOf(world, "c"), typesOf(world, "p").at(-1), outbox()]).toEqual([
    "COMPLETED",
    "ChildWorkflowInstanceCompleted",
    0,
  ]);
});

describe("[I7.13] A start that comes twice", () => {
  it("[I7.13] brings an instance that was purged meanwhile not back, whether of a client or of a parent", async () => {
    const world = makeWorld();
    const request = { requestId: "same" };
    await start(world, "a", "echo", 1, request);
    await purge(world, "a");
    expect([await start(world, "a", "echo", 1, request), world.host("a").db.tables()]).toEqual([{ ok: true }, []]);

    await start(world, "p", "parent", { name: "echo", input: 1, id: "kid" });
    const call = world.peerCalls.find(({ to }) => to === "kid");
    await purge(world, "kid");
    const again = await world.call("kid", (i) => i.deliver(call?.argument as Message));
    expect([again, world.host("kid").db.tables()]).toEqual([{ accepted: true }, []]);
  });

  it("[I7.13] is answered ok both times, while it is read whether the instance before can be replaced", async () => {
    const world = makeWorld();
    world.cipher = toyCipher("k");
    await start(world, "a", "echo", "old");
    await world.advance(1_000);
    world.crash("a");
    world.cipher = () => {
      const cipher = toyCipher("k")();
      const open = async (sealed: string) => {
        await world.sleep(10);
        return cipher.open(sealed);
      };
      return { ...cipher, open };
    };
    const request = { instanceId: "a", name: "event", input: '"go"', requestId: "new" };
    const both = [1, 2].map(() => world.post("a", (i) => i.start(request)));
    await world.advance(1_000);
    const described = world.post("a", (i) => i.describe({ payloads: false }));
    await world.advance(1_000);
    expect([await Promise.all(both), await described]).toMatchObject([
      [{ ok: true }, { ok: true }],
      { name: "event", status: "RUNNING" },
    ]);
  });

  it("[I7.14] of a child does not come in the place of a terminated instance whose activity still runs", async () => {
    const world = makeWorld();
    await start(world, "kid", "call", { activity: "slow", input: 60_000 });
    await world.advance(100);
    await terminate(world, "kid");
    world.workflow("calls", function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("echo", 1, "kid");
      } catch (error) {
        return (error as Error).message;
      }
    });
    await start(world, "p", "calls");
    await world.advance(1_000);
    expect(await endOf(world, "p")).toEqual(["COMPLETED", expect.stringContaining("already exists")]);
    expect(await statusOf(world, "kid")).toBe("TERMINATED");
  });
});
