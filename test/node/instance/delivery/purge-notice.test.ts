// [I26] A child that is purged by force tells its parent first.
import { describe, expect, it } from "vitest";
import type { TaskFailedError } from "../../../../src/engine/errors.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  makeWorld,
  start,
  statusOf,
  suspend,
  toyCipher,
  typesOf,
} from "../support.ts";
import type { World } from "../world.ts";

const OK = { ok: true };
const UNREACHABLE = { ok: false, code: "PARENT_UNREACHABLE", instanceId: "p" };

/** A parent `p` that waits for `kid`, which waits for ever and has a child of its own. */
async function family(): Promise<World> {
  const world = makeWorld();
  world.workflow("kid", function* (ctx): Code {
    yield ctx.whenAll([ctx.callChildWorkflow("event", "never", "grandchild"), ctx.waitForExternalEvent("go")]);
    return "by itself";
  });
  world.workflow("p", function* (ctx): Code {
    const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 1 };
    try {
      return yield ctx.callChildWorkflow("kid", undefined, { instanceId: "kid", retry });
    } catch (error) {
      return [(error as TaskFailedError).details?.errorType, (error as Error).message];
    }
  });
  await start(world, "p", "p");
  await world.settle();
  expect([await statusOf(world, "p"), await statusOf(world, "kid")]).toEqual(["RUNNING", "RUNNING"]);
  return world;
}
function purge(
  world: World,
  id: string,
  more: { recursive?: boolean; reason?: string; actor?: string | undefined } = {},
) {
  return world.post(id, (instance) => instance.purge({ recursive: true, force: true, ...more }));
}
/** The messages that have come to the parent, as far as they tell of a purge. */
function notices(world: World): number {
  return world.peerCalls.filter(({ to, method }) => to === "p" && method === "deliver").length;
}
function expectGone(world: World, ...ids: string[]): void {
  for (const id of ids) expect([id, world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([id, [], null]);
}
const FAILED = ["WorkflowInstancePurged", expect.stringMatching(/workflow instance 'kid' was purged$/)];

describe("[I26] A child that is purged by force", () => {
  it.each([false, true])(
    "[I26.1] its parent gets a failure, once and without a retry; nothing is left (alone: %s)",
    async (alone) => {
      const world = await family();
      const purged = purge(world, "kid", { recursive: !alone });
      await world.advance(10);
      expect(await purged).toEqual(OK);
      expect(await endOf(world, "p")).toEqual(["COMPLETED", FAILED]);
      const failed = historyOf(world, "p").find(({ type }) => type === "ChildWorkflowInstanceFailed");
      expect(failed).toMatchObject({ failure: { errorType: "WorkflowInstancePurged", isNonRetriable: true } });
      expectGone(world, "kid", ...(alone ? [] : ["grandchild"]));
      if (!alone) await world.rest();
      expectGone(world, "kid");
    },
  );

  it("[I26.2] the parent has it on disk before anything of the child is removed", async () => {
    const world = await family();
    const seen: unknown[] = [];
    world.failWipe = () => {
      seen.push(typesOf(world, "p").includes("ChildWorkflowInstanceFailed"));
      return undefined;
    };
    const purged = purge(world, "kid");
    await world.advance(10);
    expect([await purged, seen]).toEqual([OK, [true, true]]);
  });

  it("[I26.3] a parent that cannot be reached: the purge fails, all goes on as it was, and can be purged later", async () => {
    const world = await family();
    world.peerFault = ({ to }) => (to === "p" ? "unreachable" : undefined);
    const before = [historyOf(world, "kid"), historyOf(world, "grandchild")];
    const failed = purge(world, "kid");
    await world.advance(1_000);
    expect(await failed).toEqual(UNREACHABLE);
    const line = { level: "warn", msg: "purge", instanceId: "kid", target: "p", errorType: "Error" };
    expect(world.log).toEqual([{ ...line, message: "'p' is unreachable" }]);
    expect([historyOf(world, "kid"), historyOf(world, "grandchild")]).toEqual(before);
    expect([await statusOf(world, "kid"), await statusOf(world, "p")]).toEqual(["RUNNING", "RUNNING"]);
    world.peerFault = undefined;
    const purged = purge(world, "kid");
    await world.advance(10);
    expect([await purged, await endOf(world, "p")]).toEqual([OK, ["COMPLETED", FAILED]]);
    await world.rest();
  });

  it("[I26.4] an answer that is lost, a copy that is late, a second purge: the parent hears it once", async () => {
    for (const fault of ["answer lost", "twice", "twice, late"] as const) {
      const world = await family();
      let times = 1;
      world.peerFault = ({ to }) => (to === "p" && times-- > 0 ? fault : undefined);
      const purged = [purge(world, "kid"), purge(world, "kid")];
      await world.advance(60_000);
      const codes = (await Promise.all(purged)).map((result) => (result.ok ? "OK" : result.code));
      expect(codes).toContain("OK");
      await world.rest();
      expect(await endOf(world, "p")).toEqual(["COMPLETED", FAILED]);
      expect(typesOf(world, "p").filter((type) => type.startsWith("ChildWorkflowInstance"))).toHaveLength(2);
      expect(faultsOf(world, "p")).toEqual([]);
      expectGone(world, "kid", "grandchild");
    }
  });

  it("[I26.5] lost between the two: the child goes on, its own end is not taken, and a purge that is sent again removes it", async () => {
    const world = await family();
    world.failWipe = () => {
      world.failWipe = undefined;
      world.crash("kid");
      return new Error("lost");
    };
    const lost = purge(world, "kid", { recursive: false });
    await world.advance(5_000);
    await expect(lost).rejects.toThrow("lost");
    expect(await endOf(world, "p")).toEqual(["COMPLETED", FAILED]);
    expect(await statusOf(world, "kid")).toBe("RUNNING");
    const again = purge(world, "kid");
    await world.advance(10);
    expect([await again, await endOf(world, "p")]).toEqual([OK, ["COMPLETED", FAILED]]);
    await world.rest();
    expectGone(world, "kid", "grandchild");
  });

  it("[I26.6] purged from above it tells nobody, and neither purge waits for the other", async () => {
    const world = await family();
    const before = notices(world);
    const above = purge(world, "p");
    await world.advance(10);
    expect([await above, notices(world)]).toEqual([OK, before]);
    expectGone(world, "p", "kid", "grandchild");

    const both = await family();
    const purges = [purge(both, "kid"), purge(both, "p")];
    await both.advance(1_000);
    const codes = (await Promise.all(purges)).map((result) => (result.ok ? "OK" : result.code));
    expect(codes[1]).toBe("OK");
    expect(["OK", "NOT_FOUND"]).toContain(codes[0]);
    await both.rest();
    expectGone(both, "p", "kid", "grandchild");
  });

  it("[I26.7] a suspended parent keeps it until it is resumed", async () => {
    const world = await family();
    await suspend(world, "p");
    const purged = purge(world, "kid");
    await world.advance(10);
    expect([await purged, await statusOf(world, "p")]).toEqual([OK, "SUSPENDED"]);
    await world.call("p", (i) => i.resume({}));
    expect(await endOf(world, "p")).toEqual(["COMPLETED", FAILED]);
  });

  it("[I26.8] one that has ended and has not told of it yet tells that", async () => {
    const world = await family();
    world.workflow("q", function* (ctx): Code {
      return yield ctx.callChildWorkflow("echo", "at once", "k2");
    });
    world.peerFault = ({ to, method }) => (to === "q" && method === "deliver" ? "unreachable" : undefined);
    await start(world, "q", "q");
    await world.settle();
    expect([await statusOf(world, "k2"), await statusOf(world, "q")]).toEqual(["COMPLETED", "RUNNING"]);
    const failed = purge(world, "k2");
    await world.advance(400);
    expect(await failed).toEqual({ ...UNREACHABLE, instanceId: "q" });
    world.peerFault = undefined;
    const purged = purge(world, "k2");
    await world.advance(10);
    expect([await purged, await endOf(world, "q")]).toEqual([OK, ["COMPLETED", "at once"]]);
    expectGone(world, "k2");
  });

  it("[I26.9] a parent that calls the ID again at once gets a new child", async () => {
    const world = makeWorld();
    let calls = 0;
    world.workflow("again", function* (ctx): Code {
      try {
        return yield ctx.callChildWorkflow("event", "go", "kid");
      } catch {
        calls++;
        return yield ctx.callChildWorkflow("echo", "second", "kid");
      }
    });
    await start(world, "a", "again");
    await world.settle();
    // The parent has heard it, and has called the ID again, before the purge goes on.
    let times = 1;
    world.peerFault = ({ to }) => (to === "a" && times-- > 0 ? "answer lost" : undefined);
    const purged = purge(world, "kid");
    await world.advance(1_000);
    expect(await purged).toEqual(OK);
    await world.rest();
    expect([calls > 0, await endOf(world, "a")]).toEqual([true, ["COMPLETED", "second"]]);
  });

  it("[I26.10] the reason goes to the log, unless payloads are encrypted", async () => {
    for (const logFailureMessages of [true, false]) {
      const world = await family();
      world.logFailureMessages = logFailureMessages;
      world.crashAll();
      const purged = purge(world, "kid", { reason: "by\nhand" });
      await world.advance(10);
      expect(await purged).toEqual(OK);
      const line = { level: "info", msg: "purged", instanceId: "kid", name: "kid", status: "RUNNING" };
      const lines = world.log.filter(({ msg }) => msg === "purged");
      expect(lines).toEqual([logFailureMessages ? { ...line, reason: "by hand" } : line]);
    }
  });

  it("[I26.10] who has purged it goes to the log, encrypted payloads or not; of nobody and for no reason there is no line", async () => {
    for (const logFailureMessages of [true, false])
      for (const actor of ["ops", undefined]) {
        const world = await family();
        world.logFailureMessages = logFailureMessages;
        const purged = purge(world, "kid", { actor });
        await world.advance(10);
        expect(await purged).toEqual(OK);
        const line = { level: "info", msg: "purged", instanceId: "kid", name: "kid", status: "RUNNING", actor };
        expect(world.log.filter(({ msg }) => msg === "purged")).toEqual(actor === undefined ? [] : [line]);
      }
  });

  it.each(["its keys are gone", "newer code has written it", "newer tables"])(
    "[I26.11] one that cannot be read (%s) is known to its parent all the same",
    async (why) => {
      const world = makeWorld();
      const deploy = (kid: string) => {
        world.crashAll();
        world.cipher = (id) => toyCipher(id === "kid" ? kid : "k1")();
      };
      if (why === "its keys are gone") deploy("k1");
      await start(world, "p", "parent", { name: "event", input: "go", id: "kid" });
      await world.settle();
      if (why === "its keys are gone") deploy("k2");
      else {
        const newer = why === "newer tables" ? "schema_version = 99" : "version = 99";
        world.host("kid").db.tamper(`UPDATE instance SET ${newer} WHERE seq = ${why === "newer tables" ? -1 : 0}`);
        world.host("kid").db.commit();
        world.crashAll();
      }
      expect(await statusOf(world, "kid")).toBe("STALLED");
      const purged = purge(world, "kid");
      await world.advance(10);
      expect(await purged).toEqual(OK);
      expect(await describeInstance(world, "p")).toMatchObject({
        status: "FAILED",
        failure: { message: expect.stringMatching(/workflow instance 'kid' was purged$/) },
      });
      expectGone(world, "kid");
      await world.rest();
    },
  );

  it("[I26.12] of two purges at once none takes the child that the parent calls after the first", async () => {
    const world = makeWorld();
    world.workflow("again", function* (ctx): Code {
      for (;;) {
        try {
          return yield ctx.callChildWorkflow("event", "go", "kid");
        } catch {
          // It is called again.
        }
      }
    });
    await start(world, "a", "again");
    await world.settle();
    const purges = [1, 2, 3].map(() => purge(world, "kid"));
    await world.advance(20_000);
    const codes = (await Promise.all(purges)).map((result) => (result.ok ? "OK" : result.code));
    expect(codes.toSorted()).toEqual(["NOT_FOUND", "NOT_FOUND", "OK"]);
    expect(typesOf(world, "a").filter((type) => type === "ChildWorkflowInstanceCreated")).toHaveLength(2);
    await world.call("kid", (i) => i.raiseEvent({ name: "go", input: "1", messageId: "m" }));
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    await world.rest();
  });
});
