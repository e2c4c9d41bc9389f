// [I36] Start where the ID is in use: who stays, who goes, and an event that comes with the start.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { Reuse, StartRequest } from "../../../../src/instance/protocol.ts";
import { ObjectLostError } from "../host.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  makeWorld,
  raise,
  start,
  statusOf,
  suspend,
  terminate,
  toyCipher,
  typesOf,
} from "../support.ts";
import { START_MS, type World } from "../world.ts";

const OK = { ok: true };
const goWith = (input: unknown, messageId = "m") => ({
  event: { name: "go", input: JSON.stringify(input), messageId },
});

/** Both the database and the answers, before and after. */
function all(world: World, id: string): unknown {
  return [historyOf(world, id), world.host(id).db.dump(), world.host(id).durableAlarm];
}

/** Waits for what is in the way, as long as it takes. */
async function insist(world: World, name: string, input: unknown, more: Partial<StartRequest> = {}, ms = 60_000) {
  const request = { instanceId: "a", name, input: JSON.stringify(input), requestId: "insists", ...more };
  const answer = world.post("a", (instance) => instance.start({ ...request, reuse: "terminate" }));
  await world.advance(ms);
  return answer;
}

describe("[I36] Reuse of an ID", () => {
  it.each<[Reuse | undefined, unknown, unknown]>([
    [undefined, { ok: false, code: "ALREADY_ACTIVE" }, OK],
    ["replace", { ok: false, code: "ALREADY_ACTIVE" }, OK],
    ["reject", { ok: false, code: "ALREADY_ACTIVE" }, { ok: false, code: "ALREADY_EXISTS" }],
    ["ignore", OK, OK],
  ])("[I36.1] %s: what is answered while one runs, and once it has ended", async (reuse, active, ended) => {
    const world = makeWorld();
    await start(world, "running", "event", "go");
    await start(world, "ended", "echo", 1);
    const before = [all(world, "running"), all(world, "ended")];
    expect(await start(world, "running", "echo", 2, { reuse })).toEqual(active);
    expect(await start(world, "ended", "echo", 2, { reuse })).toEqual(ended);
    expect(all(world, "running")).toEqual(before[0]);
    if (reuse === "reject" || reuse === "ignore") expect(all(world, "ended")).toEqual(before[1]);
    else expect(await endOf(world, "ended")).toEqual(["COMPLETED", 2]);
  });

  it.each<Reuse>(["reject", "ignore", "terminate"])("[I36.1] %s: without one, it is a start", async (reuse) => {
    const world = makeWorld();
    expect(await start(world, "a", "echo", 1, { reuse })).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
  });

  it("[I36.2] terminate: one that runs is terminated with its children, for the reason given, and the new one begins after all of them", async () => {
    const world = makeWorld();
    const ended: string[] = [];
    world.onPoint = (point, id) => {
      const last = typesOf(world, id).at(-1);
      if (point === "committed" && last === "ExecutionCompleted" && !ended.includes(id)) ended.push(id);
    };
    world.workflow("nested", function* (ctx, depth: number): Code {
      if (depth > 0) yield ctx.callChildWorkflow("nested", depth - 1, `${ctx.getWorkflowInstanceId()}/c`);
      yield ctx.waitForExternalEvent("never");
    });
    await start(world, "a", "nested", 2);
    expect(await statusOf(world, "a/c/c")).toBe("RUNNING");
    expect(await insist(world, "echo", "new", { reason: "a mistake", actor: "me" })).toEqual(OK);
    expect(ended).toEqual(["a", "a/c", "a/c/c"]);
    for (const id of ["a/c", "a/c/c"]) {
      expect(await statusOf(world, id)).toBe("TERMINATED");
      expect(historyOf(world, id).find(({ type }) => type === "ExecutionTerminated")).toMatchObject({
        reason: "a mistake",
        actor: "me",
      });
    }
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "new"]);
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it.each(["PENDING", "SUSPENDED", "COMPLETED", "TERMINATED"])(
    "[I36.3] terminate: one that is %s gives way, too",
    async (status) => {
      const world = makeWorld();
      if (status === "PENDING") await start(world, "a", "echo", 1, { startAtMs: START_MS + 3_600_000 });
      else if (status === "COMPLETED") await start(world, "a", "echo", 1);
      else await start(world, "a", "event", "go");
      if (status === "SUSPENDED") await suspend(world, "a");
      if (status === "TERMINATED") await terminate(world, "a");
      expect(await statusOf(world, "a")).toBe(status);
      expect(await insist(world, "echo", "new")).toEqual(OK);
      expect(await endOf(world, "a")).toEqual(["COMPLETED", "new"]);
      await world.advance(7_200_000);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    },
  );

  it("[I36.4] terminate: an activity that runs is waited for; one that does not end in time keeps the place", async () => {
    const world = makeWorld();
    await start(world, "a", "call", { activity: "slow", input: 5_000 });
    const soon = { instanceId: "a", name: "echo", requestId: "soon", reuse: "terminate" } as const;
    const waits = world.post("a", (instance) => instance.start(soon));
    await world.advance(4_999);
    expect(await statusOf(world, "a")).toBe("TERMINATED");
    await world.advance(1);
    expect(await waits).toEqual(OK);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    await start(world, "b", "call", { activity: "slow", input: 100_000 });
    const request = { instanceId: "b", name: "echo", requestId: "r", reuse: "terminate" } as const;
    const answer = world.post("b", (instance) => instance.start(request));
    await world.advance(60_000);
    expect(await answer).toEqual({ ok: false, code: "AWAITING_ACTIVITY" });
    expect(await statusOf(world, "b")).toBe("TERMINATED");
    await world.advance(60_000);
    expect(await world.call("b", (instance) => instance.start(request))).toEqual(OK);
  });

  it("[I36.5] terminate, sent twice: once by the name of its request, and each copy is answered", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const before = historyOf(world, "a");
    const both = Promise.all([insist(world, "event", "go"), insist(world, "event", "go")]);
    expect(await both).toEqual([OK, OK]);
    const [started] = historyOf(world, "a");
    expect(started).not.toEqual(before[0]);
    expect(await insist(world, "event", "go")).toEqual(OK);
    expect(historyOf(world, "a")[0]).toEqual(started);
  });

  it("[I36.6] terminate, lost at any point: the old one or the new one is there, and the request that is sent again begins one new", async () => {
    for (let at = 0, points = 1; at < points; at++) {
      const world = makeWorld();
      world.workflow("begins", (ctx) => ctx.getWorkflowInstanceId());
      await start(world, "a", "parent", { name: "event", input: "go", id: "c" });
      let n = 0;
      world.onPoint = (_, id) => {
        if (n++ === at) world.crash(id);
      };
      const request = { instanceId: "a", name: "begins", requestId: "r", reuse: "terminate" } as const;
      for (let isAnswered = false; !isAnswered; ) {
        const answer = world.post("a", (instance) => instance.start(request)).catch((error: unknown) => error);
        await world.advance(10_000);
        const found = await answer;
        if (!(found instanceof ObjectLostError)) expect([at, found]).toEqual([at, OK]);
        isAnswered = !(found instanceof ObjectLostError);
        expect(await statusOf(world, "a")).toBeDefined();
      }
      points = Math.max(points, n);
      world.onPoint = undefined;
      await world.rest();
      expect([at, await endOf(world, "a"), await statusOf(world, "c")]).toEqual([at, ["COMPLETED", "a"], "TERMINATED"]);
      expect([at, faultsOf(world, "a")]).toEqual([at, []]);
    }
  });
});

describe("[I53] A copy that comes late", () => {
  const again: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
    "a start": (world) => start(world, "a", "event", "go"),
    "a start that insists": (world) => insist(world, "event", "go", { requestId: `insists-${world.nowMs}` }, 0),
    "a restart": (world) => world.call("a", (instance) => instance.restart({ requestId: `restart-${world.nowMs}` })),
    "a parent's call": (world) =>
      start(world, `parent-${world.nowMs}`, "parent", { name: "event", input: "go", id: "a" }),
  };
  const lost = (world: World) => world.crash("a");
  const kept = () => undefined;

  it.each(
    Object.keys(again).flatMap((how) => [
      { how, where: "kept", between: kept, isEncrypted: false },
      { how, where: "lost", between: lost, isEncrypted: false },
      { how, where: "lost and encrypted", between: lost, isEncrypted: true },
    ]),
  )(
    "[I53.1] of a raise does not count for whoever takes the ID by $how, for a minute, also over a run in between; the object is $where",
    async ({ how, between, isEncrypted }) => {
      const world = makeWorld();
      if (isEncrypted) world.cipher = toyCipher("k");
      // A reason is read with the event that it stands in.
      await start(world, "a", "event", "go", { reason: "as told" });
      await raise(world, "a", "go", 1, "early");
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
      for (let run = 2; run < 4; run++) {
        between(world);
        await world.advance(10);
        await again[how]?.(world);
        await world.settle();
        await raise(world, "a", "go", 1, "early");
        expect([run, await statusOf(world, "a")]).toEqual([run, "RUNNING"]);
        await raise(world, "a", "go", run, `run ${run}`);
        expect(await endOf(world, "a")).toEqual(["COMPLETED", run]);
      }
      between(world);
      await world.advance(60_000);
      await again[how]?.(world);
      await world.settle();
      await raise(world, "a", "go", 1, "early");
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
      if (!isEncrypted) expect(faultsOf(world, "a")).toEqual([]);
    },
  );

  it("[I53.2] of an update does not either: it is told that its answer is forgotten", async () => {
    const world = makeWorld();
    world.workflow("counts", function* (ctx): Code {
      let count = 0;
      ctx.setUpdateHandler("add", () => ++count);
      yield ctx.waitForExternalEvent("go");
      return count;
    });
    const add = () =>
      world.call("a", (instance) =>
        instance.update({ updateId: "u", name: "add", input: undefined, timeoutMs: 1_000 }),
      );
    await start(world, "a", "counts");
    expect(await add()).toMatchObject({ ok: true });
    await raise(world, "a", "go");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    world.crash("a");
    await start(world, "a", "counts");
    expect(await add()).not.toMatchObject({ ok: true });
    await raise(world, "a", "go");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 0]);
  });

  it("[I53.3] where the history cannot be read for a moment, nobody takes the ID: whoever asks again does", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    await raise(world, "a", "go", 1, "early");
    world.crash("a");
    await describeInstance(world, "a");
    const before = historyOf(world, "a");
    let fails = 1;
    world.host("a").failRead = (sql) => {
      if (sql.includes("ORDER BY seq DESC LIMIT 1") && fails-- > 0) throw new Error("as planned");
    };
    await expect(start(world, "a", "event", "go", { requestId: "again" })).rejects.toThrow("as planned");
    expect(historyOf(world, "a")).toEqual(before);
    expect(await start(world, "a", "event", "go", { requestId: "again" })).toEqual(OK);
    await raise(world, "a", "go", 1, "early");
    expect(await statusOf(world, "a")).toBe("RUNNING");
  });
});

describe("[I37] An event that comes with the start", () => {
  it.each([false, true])(
    "[I37.1] is there from the beginning, and nothing else (encrypted: %s)",
    async (isEncrypted) => {
      const world = makeWorld();
      if (isEncrypted) world.cipher = toyCipher("k");
      expect(await start(world, "a", "event", "go", goWith(7))).toEqual(OK);
      await world.settle();
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 7]);
      if (isEncrypted) expect(JSON.stringify(world.host("a").db.dump())).not.toContain('"7"');
      else expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    },
  );

  it("[I37.2] is raised on one that runs, once by its name, and that is not started again", async () => {
    const world = makeWorld();
    world.workflow("two", function* (ctx): Code {
      return [yield ctx.waitForExternalEvent("go"), yield ctx.waitForExternalEvent("go")];
    });
    for (const reuse of [undefined, "replace", "reject", "ignore"] as const) {
      const id = `a-${reuse}`;
      await start(world, id, "two");
      const [started] = historyOf(world, id);
      const first = { ...goWith(1), reuse, requestId: "same" };
      expect(await start(world, id, "two", undefined, first)).toEqual(OK);
      expect(await start(world, id, "two", undefined, first)).toEqual(OK);
      expect(await statusOf(world, id)).toBe("RUNNING");
      expect(await start(world, id, "two", undefined, { ...goWith(2, "n"), reuse })).toEqual(OK);
      expect(await endOf(world, id)).toEqual(["COMPLETED", [1, 2]]);
      expect(historyOf(world, id)[0]).toEqual(started);
    }
  });

  it("[I37.3] one that has ended follows `reuse`; nobody gets the event unless it is replaced", async () => {
    const world = makeWorld();
    for (const [reuse, answer] of [
      ["reject", { ok: false, code: "ALREADY_EXISTS" }],
      ["ignore", OK],
      ["replace", OK],
    ] as const) {
      await start(world, reuse, "echo", 1);
      const before = all(world, reuse);
      expect(await start(world, reuse, "event", "go", { ...goWith(3), reuse })).toEqual(answer);
      if (reuse !== "replace") expect(all(world, reuse)).toEqual(before);
      else expect(await endOf(world, reuse)).toEqual(["COMPLETED", 3]);
    }
  });

  it("[I37.4] with terminate, one that runs is replaced, and the new one gets it", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    expect(await insist(world, "event", "go", goWith("new"))).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "new"]);
    expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
  });

  it("[I37.5] waits with a start that waits for its time, also through a crash", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go", { ...goWith(5), startAtMs: START_MS + 60_000 });
    expect([await statusOf(world, "a"), typesOf(world, "a")]).toEqual(["PENDING", []]);
    world.crash("a");
    await world.advance(60_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 5]);
    expect(faultsOf(world, "a")).toEqual([]);
  });

  it("[I37.6] the same request again, after one that had it has ended, begins nothing", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    const request = { ...goWith(1), requestId: "same" };
    expect(await start(world, "a", "event", "go", request)).toEqual(OK);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    const before = historyOf(world, "a");
    expect(await start(world, "a", "event", "go", request)).toEqual(OK);
    expect(historyOf(world, "a")).toEqual(before);
  });

  it.each(["reject", "replace", undefined] as const)(
    "[I37.9] the same when the object was lost meanwhile, and with each `reuse`: %s",
    async (reuse) => {
      const world = makeWorld();
      await start(world, "a", "event", "go");
      const request = { ...goWith(1), requestId: "same", reuse };
      expect(await start(world, "a", "event", "go", request)).toEqual(OK);
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
      const before = historyOf(world, "a");
      world.crash("a");
      expect(await start(world, "a", "event", "go", request)).toEqual(OK);
      expect(historyOf(world, "a")).toEqual(before);
      // Another one of the same name is not meant.
      const other = { ...goWith(2, "n"), requestId: "other", reuse };
      expect(await start(world, "a", "event", "go", other)).toEqual(
        reuse === "reject" ? { ok: false, code: "ALREADY_EXISTS" } : OK,
      );
    },
  );

  it("[I37.7] is there with the start, or neither is, whatever is lost when", async () => {
    for (let at = 0, points = 1; at < points; at++) {
      const world = makeWorld();
      let n = 0;
      world.onPoint = (_, id) => {
        if (n++ === at) world.crash(id);
      };
      const request = { ...goWith(7), requestId: "same" };
      const ask = () => start(world, "a", "event", "go", request).catch((error: unknown) => error);
      for (let found = await ask(); found instanceof ObjectLostError; found = await ask()) {
        const kinds = typesOf(world, "a").slice(0, 2);
        expect([[], ["ExecutionStarted", "EventRaised"]]).toContainEqual(kinds);
        await world.advance(10);
      }
      points = Math.max(points, n);
      world.onPoint = undefined;
      await world.rest();
      expect([at, await endOf(world, "a")]).toEqual([at, ["COMPLETED", 7]]);
      expect(typesOf(world, "a")).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    }
  });

  it("[I37.8] one that today's code cannot go on with takes it where a raise is taken, and nobody is terminated for Dapr's reasons", async () => {
    const world = makeWorld();
    function* waits(ctx: WorkflowContext): Code {
      yield ctx.waitForExternalEvent("go");
    }
    world.versions = [{ name: "v", version: "1", code: waits, latest: true }];
    await start(world, "a", "v");
    world.versions = [{ name: "v", version: "2", code: () => "new", latest: true }];
    world.crash("a");
    // Somebody has to look.
    await raise(world, "a", "other");
    expect(await statusOf(world, "a")).toBe("STALLED");
    expect(await describeInstance(world, "a")).toMatchObject({ failure: { errorType: "VERSION_NOT_AVAILABLE" } });
    const before = historyOf(world, "a");
    expect(before.map(({ type }) => type)).toEqual(["ExecutionStarted", "ExecutionStalled"]);
    const stalled = { ok: false, code: "STALLED" };
    expect(await start(world, "a", "v", undefined, goWith(1))).toEqual(stalled);
    expect(await insist(world, "v", undefined)).toEqual(stalled);
    expect(historyOf(world, "a")).toEqual(before);
  });
});
