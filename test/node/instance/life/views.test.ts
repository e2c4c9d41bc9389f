// [I43] What an instance tells in detail, and its timeline: whatever state it is in. How bars are drawn: reading/timeline.test.ts.
import { describe, expect, it } from "vitest";
import type { Task } from "../../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { InstanceDetail, TimelineRequest } from "../../../../src/instance/protocol.ts";
import { entryFor, type Listed, listedWorld } from "../announcing/support.ts";
import {
  type Code,
  gate,
  historyOf,
  makeWorld,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
} from "../support.ts";
import { START_MS, type World } from "../world.ts";

const RETRY = { maxNumberOfAttempts: 5, firstRetryInterval: 60 };

function makeBusy(): World {
  const world = makeWorld();
  world.workflow("busy", function* (ctx: WorkflowContext, input: unknown): Code {
    ctx.setQueryHandler("item", () => input);
    ctx.setUpdateHandler("change", () => 1);
    const called = [
      ctx.callActivity("fail", 1, { retry: RETRY }),
      ctx.callActivity("slow", 600_000),
      ctx.callChildWorkflow("event", "go", "kid"),
      ctx.createTimer(3_600),
      ctx.waitForExternalEvent("Approval"),
    ];
    const lost = ctx.createTimer(7_200);
    yield ctx.whenAny([ctx.waitForExternalEvent("first"), lost]);
    lost.cancel();
    return yield ctx.whenAll(called);
  });
  return world;
}

async function detailOf(world: World, id = "i"): Promise<InstanceDetail> {
  const told = await world.call(id, (instance) => instance.describe({ payloads: true, detail: true }));
  if (told?.detail === undefined) throw new Error("nothing is told in detail");
  return told.detail;
}

const failure = { errorType: "TypeError", message: "as told" };

function* yielding(...tasks: readonly Task[]): Code {
  for (const task of tasks) yield task;
}

describe("[I43] In detail", () => {
  async function running(): Promise<World> {
    const world = makeBusy();
    await start(world, "i", "busy", "é");
    await raise(world, "i", "first", 1);
    await raise(world, "i", "other", 1);
    await raise(world, "i", "other", 2);
    return world;
  }

  const expected = (world: World) => {
    const [first] = historyOf(world, "i");
    return {
      executionId: first?.type === "ExecutionStarted" && first.executionId,
      generation: 0,
      waitingFor: "activity:fail",
      retrying: true,
      activities: [
        {
          id: 1,
          name: "fail",
          scheduledAtMs: START_MS,
          status: "retrying",
          attempt: 1,
          lastFailure: failure,
          nextAttemptAtMs: START_MS + 60_000,
        },
        { id: 2, name: "slow", scheduledAtMs: START_MS, status: "running", attempt: 1 },
      ],
      children: [{ id: 3, name: "event", instanceId: "kid", createdAtMs: START_MS, status: "running", attempt: 1 }],
      timers: [{ id: 4, createdAtMs: START_MS, fireAtMs: START_MS + 3_600_000 }],
      awaitedEvents: ["Approval"],
      awaitsCondition: false,
      bufferedEvents: [{ name: "other", count: 2 }],
      queries: ["item"],
      updates: ["change"],
      more: {},
      sizes: { historyEvents: historyOf(world, "i").length, historyBytes: expect.any(Number), inputBytes: 4 },
      nextDueAtMs: START_MS + 60_000,
    };
  };

  it("[I43.1] one that runs tells of what is open, what it waits for, what can be asked of it, and when it goes on", async () => {
    const world = await running();
    expect(await detailOf(world)).toEqual(expected(world));
  });

  it("[I43.2] the same where its code is not in memory: it is replayed, and nothing is written", async () => {
    const world = await running();
    world.crash("i");
    const { activities: _, ...rest } = expected(world);
    expect(await detailOf(world)).toMatchObject(rest);
    const before = JSON.stringify(world.host("i").db.dump());
    await detailOf(world);
    expect(JSON.stringify(world.host("i").db.dump())).toBe(before);
  });

  it("[I43.3] the next attempt is counted, with the failure of the one before; a pause keeps what comes", async () => {
    const world = await running();
    await world.advance(60_000);
    await suspend(world, "i");
    await raise(world, "i", "APPROVAL", 1);
    expect(await detailOf(world)).toMatchObject({
      activities: [{ attempt: 2, status: "retrying", lastFailure: failure, nextAttemptAtMs: START_MS + 120_000 }, {}],
      awaitedEvents: ["Approval"],
      bufferedEvents: [
        { name: "other", count: 2 },
        { name: "APPROVAL", count: 1 },
      ],
    });
    await resume(world, "i");
    expect(await detailOf(world)).toMatchObject({ awaitedEvents: [], bufferedEvents: [{ name: "other", count: 2 }] });
  });

  it("[I43.4] one that has ended is not run again, and tells when it has; of a child, whose it is", async () => {
    const world = await running();
    await world.advance(1_000);
    await raise(world, "kid", "go");
    let runs = 0;
    world.workflow("event", () => runs++);
    world.crash("kid");
    const kid = await detailOf(world, "kid");
    expect(kid).toMatchObject({ endedAtMs: START_MS + 1_000, parent: { instanceId: "i", name: "busy", taskId: 3 } });
    expect([kid.activities, kid.timers, kid.children, kid.queries, kid.awaitedEvents, runs]).toEqual([
      [],
      [],
      [],
      undefined,
      undefined,
      0,
    ]);
    await terminate(world, "i", '"é"');
    expect(await detailOf(world)).toMatchObject({
      activities: [],
      timers: [],
      children: [],
      sizes: { outputBytes: 4 },
    });
  });

  it("[I43.5] one that waits for its start tells when, and what has come", async () => {
    const world = makeWorld();
    await start(world, "i", "event", "e", { startAtMs: START_MS + 5_000 });
    await raise(world, "i", "e");
    expect(await detailOf(world)).toMatchObject({
      startAtMs: START_MS + 5_000,
      nextDueAtMs: START_MS + 5_000,
      bufferedEvents: [{ name: "e", count: 1 }],
      activities: [],
      sizes: { historyEvents: 0, inputBytes: 3 },
    });
  });

  it("[I43.6] one that is stalled tells why, and what its history says is open", async () => {
    const world = await running();
    world.workflow("busy", function* (ctx: WorkflowContext): Code {
      yield ctx.callActivity("other");
    });
    world.crash("i");
    const detail = await detailOf(world);
    expect(detail).toMatchObject({
      stall: { reason: "NON_DETERMINISM", message: expect.stringContaining("callActivity") },
      activities: [{ name: "fail" }, { name: "slow" }],
      children: [{ instanceId: "kid" }],
    });
    expect([detail.queries, detail.awaitedEvents]).toEqual([undefined, undefined]);
  });

  it("[I43.7] one that cannot be read tells why, and nothing else", async () => {
    const world = await running();
    world.crash("i");
    world.host("i").db.tamper("UPDATE instance SET version = 2 WHERE seq >= 0");
    expect(await detailOf(world)).toMatchObject({
      generation: 0,
      activities: [],
      stall: { reason: "UnknownEventError", message: expect.any(String) },
    });
  });

  it("[I43.8] where code holds up its turn, what its history says is told", async () => {
    const world = makeWorld();
    const held = gate();
    world.workflow("held", async function* (ctx: WorkflowContext) {
      yield ctx.callActivity("slow", 1);
      await held.promise;
    });
    await start(world, "i", "held");
    await world.advance(1);
    const told = world.post("i", (instance) => instance.describe({ payloads: true, detail: true }));
    await world.advance(world.limits.watchdogMs + 1);
    expect(await told).toMatchObject({ status: "RUNNING", detail: { generation: 0, activities: [{ id: 1 }] } });
  });

  it("[I43.9] lists have at most 1,000 entries, and how many there are is told", async () => {
    const world = makeWorld();
    world.workflow("many", function* (ctx: WorkflowContext): Code {
      yield ctx.whenAll(Array.from({ length: 1_001 }, (_, n) => ctx.createTimer(n + 1)));
    });
    await start(world, "i", "many");
    const { timers, more } = await detailOf(world);
    expect([timers.length, more]).toEqual([1_000, { openTimers: 1_001 }]);
  });

  it("[I43.10] without being asked for, nothing of it is told or read", async () => {
    const world = await running();
    const told = await world.call("i", (instance) => instance.describe({ payloads: true }));
    expect(Object.keys(told ?? {})).not.toContain("detail.executionId");
    expect(told?.detail).toBeUndefined();
  });
});

describe("[I43] Where it stands", () => {
  const shown = ({ waitingFor, retrying }: Pick<InstanceDetail, "waitingFor" | "retrying">) => ({
    waitingFor,
    retrying,
  });

  /** As the list's row has it, and as the description does. */
  async function both(world: Listed): Promise<readonly [object, object]> {
    const told = shown(await detailOf(world));
    await world.advance(2_000);
    const { waitingFor, retrying = false } = (await entryFor(world, "i")) ?? {};
    return [{ waitingFor, retrying }, told];
  }

  const stands: readonly (readonly [string, (ctx: WorkflowContext) => Code, object])[] = [
    ["an event", (ctx) => yielding(ctx.waitForExternalEvent("paid")), { waitingFor: "event:paid", retrying: false }],
    [
      "an event or a time",
      (ctx) => yielding(ctx.whenAny([ctx.waitForExternalEvent("paid"), ctx.createTimer(60)])),
      { waitingFor: "event:paid", retrying: false },
    ],
    ["a timer", (ctx) => yielding(ctx.createTimer(60)), { waitingFor: "timer:2026-11-24T00:01:00Z", retrying: false }],
    [
      "an activity that is tried again",
      (ctx) => yielding(ctx.callActivity("fail", 1, { retry: RETRY })),
      { waitingFor: "activity:fail", retrying: true },
    ],
    [
      "a child",
      (ctx) => yielding(ctx.callChildWorkflow("event", "go", "kid")),
      { waitingFor: "child:kid", retrying: false },
    ],
    ["a condition", (ctx) => yielding(ctx.waitForCondition(() => false)), { waitingFor: "condition", retrying: false }],
    ["nothing, as it has ended", () => yielding(), { retrying: false }],
    ["nothing, as it has failed", (ctx) => yielding(ctx.callActivity("fail", 1)), { retrying: false }],
  ];

  it.each(stands)("[I43.15] with %s: as the list has it, in memory or not", async (_, code, expected) => {
    const world = listedWorld();
    world.workflow("w", code);
    await start(world, "i", "w");
    expect(await both(world)).toEqual([expected, expected]);
    world.crash("i");
    expect(await both(world)).toEqual([expected, expected]);
  });

  it("[I43.16] of a start that waits for its time, and of one that is stalled, too", async () => {
    const world = listedWorld();
    const startAtMs = START_MS + 60_000;
    world.workflow("w", (ctx: WorkflowContext) => yielding(ctx.createTimer(3_600)));
    await start(world, "i", "w", "e", { startAtMs });
    const atStart = { waitingFor: "start:2026-11-24T00:01:00Z", retrying: false };
    expect(await both(world)).toEqual([atStart, atStart]);
    await world.advance(60_000);
    const atTimer = { waitingFor: "timer:2026-11-24T01:01:00Z", retrying: false };
    expect(await both(world)).toEqual([atTimer, atTimer]);
    world.workflow("w", (ctx: WorkflowContext) => yielding(ctx.callActivity("other")));
    world.crash("i");
    const [listed, told] = await both(world);
    expect(told).toEqual(listed);
    expect((await entryFor(world, "i"))?.status).toBe("STALLED");
  });

  it("[I43.17] a long name is cut in the list alone; code that holds up its turn tells nothing of it", async () => {
    const world = listedWorld();
    const name = "n".repeat(300);
    world.workflow("w", (ctx: WorkflowContext) => yielding(ctx.waitForExternalEvent(name)));
    await start(world, "i", "w");
    const [listed, told] = await both(world);
    expect(told).toEqual({ waitingFor: `event:${name}`, retrying: false });
    expect(listed).toEqual({ waitingFor: `${`event:${name}`.slice(0, 255)}…`, retrying: false });
    const held = gate();
    world.workflow("held", async function* (ctx: WorkflowContext) {
      yield ctx.callActivity("slow", 1);
      await held.promise;
    });
    await start(world, "h", "held");
    await world.advance(1);
    const asked = world.post("h", (instance) => instance.describe({ payloads: true, detail: true }));
    await world.advance(world.limits.watchdogMs + 1);
    expect(shown((await asked)?.detail ?? {})).toEqual({});
  });
});

describe("[I43] Branches", () => {
  function makeTravel(world: World): World {
    world.workflow("travel", function* (ctx: WorkflowContext): Code {
      const flight = function* (): Code {
        yield ctx.callActivity("fail", 1, { retry: RETRY });
      };
      const hotel = function* (): Code {
        const timer = ctx.createTimer(3_600);
        yield ctx.callChildWorkflow("event", "go", "kid");
        yield timer;
      };
      const car = function* (): Code {
        yield ctx.whenAny([ctx.waitForExternalEvent("paid"), ctx.waitForCondition(() => false)]);
      };
      const guide = function* (): Code {
        try {
          yield ctx.waitForExternalEvent("guide");
        } finally {
          yield ctx.waitForExternalEvent("tidied");
        }
      };
      const [own, late] = [ctx.callActivity("slow", 600_000), ctx.branch(guide(), "guide")];
      ctx.branch(flight(), "flight");
      ctx.branch(hotel(), "hotel");
      yield ctx.createTimer(1);
      late.cancel();
      yield ctx.whenAll([car(), own]);
    });
    return world;
  }

  const branches = [
    { name: "guide", waitingFor: "event:tidied", ending: true },
    { name: "flight", waitingFor: "activity:fail" },
    { name: "hotel", waitingFor: "child:kid" },
    { name: "branch-4", waitingFor: "event:paid" },
  ];

  async function travelling(): Promise<World> {
    const world = makeTravel(makeWorld());
    await start(world, "i", "travel");
    await world.advance(1_000);
    return world;
  }

  it.each([
    ["in memory", false],
    ["replayed", true],
  ])(
    "[I43.18] are told in their order, each with what it waits for, and what is open names its branch: %s",
    async (_, isLost) => {
      const world = await travelling();
      if (isLost) world.crash("i");
      const told = await detailOf(world);
      expect(told.branches).toEqual(branches);
      expect(told.activities).toMatchObject([
        { name: "slow", branch: undefined },
        { name: "fail", branch: "flight", status: "retrying" },
      ]);
      expect([told.children, told.timers]).toMatchObject([
        [{ instanceId: "kid", branch: "hotel" }],
        [{ branch: "hotel" }],
      ]);
      expect(told.waitingFor).toBe("event:paid");
    },
  );

  it("[I43.19] of an instance without, that has ended, is stalled or waits for its start, there is no list", async () => {
    const world = await travelling();
    world.workflow("plain", (ctx: WorkflowContext) => yielding(ctx.createTimer(60)));
    await start(world, "p", "plain");
    await start(world, "later", "travel", 1, { startAtMs: START_MS + 60_000 });
    for (const id of ["p", "later"]) expect((await detailOf(world, id)).branches).toBeUndefined();
    world.workflow("travel", (ctx: WorkflowContext) => yielding(ctx.callActivity("other")));
    world.crash("i");
    const stalled = await detailOf(world);
    expect([stalled.stall?.reason, stalled.branches]).toEqual(["NON_DETERMINISM", undefined]);
    // What is open is known of the history.
    expect(stalled.activities.map(({ branch }) => branch)).toEqual([undefined, "flight"]);
    await terminate(world, "i");
    expect((await detailOf(world)).branches).toBeUndefined();
  });

  it("[I43.20] of more than 1,000 the first are told, and how many there are", async () => {
    const world = makeWorld();
    world.workflow("many", function* (ctx: WorkflowContext): Code {
      const waits = function* (): Code {
        yield ctx.waitForExternalEvent("go");
      };
      yield ctx.whenAll(Array.from({ length: 1_001 }, waits));
    });
    await start(world, "i", "many");
    const { branches, more } = await detailOf(world);
    expect([branches?.length, branches?.at(-1)?.name, more]).toEqual([1_000, "branch-1000", { branches: 1_001 }]);
  });

  it("[I43.24] of branches that wait for each other, or for themselves, it is not told for what, and the instance goes on", async () => {
    const world = makeWorld();
    world.workflow("circle", function* (ctx: WorkflowContext): Code {
      const made: Task[] = [];
      const waitsFor = function* (n: number): Code {
        yield ctx.whenAll([made[n] as Task]);
      };
      made.push(...[1, 0, 2].map((n) => ctx.branch(waitsFor(n))));
      yield ctx.whenAny([ctx.whenAll(made), ctx.waitForExternalEvent("go")]);
    });
    await start(world, "i", "circle");
    const { branches, awaitedEvents } = await detailOf(world);
    expect([branches, awaitedEvents]).toEqual([
      ["branch-1", "branch-2", "branch-3"].map((name) => ({ name, waitingFor: undefined, ending: undefined })),
      ["go"],
    ]);
    await raise(world, "i", "go");
    expect(await statusOf(world, "i")).toBe("COMPLETED");
  });

  it("[I43.21] the timeline has the branch of each bar", async () => {
    const world = await travelling();
    const page = await world.call("i", (instance) => instance.timeline({ limit: 100, order: "asc" }));
    const named = page?.bars.filter(({ branch }) => branch !== undefined);
    expect(named?.map(({ kind, branch }) => [kind, branch])).toEqual([
      ["activity", "flight"],
      ["timer", "hotel"],
      ["child", "hotel"],
    ]);
  });
});

describe("[I43] Timeline", () => {
  const barsOf = async (world: World, request: Partial<TimelineRequest> = {}) =>
    world.call("i", (instance) => instance.timeline({ limit: 1_000, ...request }));

  async function lived(): Promise<World> {
    const world = makeBusy();
    await start(world, "i", "busy", "x");
    await world.advance(1_000);
    await raise(world, "i", "first", 1);
    return world;
  }

  it("[I43.11] has what the code has called off as canceled, in memory or not", async () => {
    const world = await lived();
    const kinds = async () => (await barsOf(world))?.bars.map(({ kind, id, status }) => [kind, id, status].join(" "));
    const expected = [
      "turn  completed",
      "activity 1 retrying",
      "activity 2 running",
      "child 3 running",
      "timer 4 waiting",
      "timer 5 canceled",
      "turn  completed",
      "event  completed",
    ];
    expect(await kinds()).toEqual(expected);
    world.crash("i");
    expect((await kinds())?.filter((bar) => bar.startsWith("timer"))).toEqual(expected.slice(4, 6));
  });

  it("[I43.12] is read in pages from either end, which no event stands in two of, and a page names its execution", async () => {
    const world = await lived();
    const whole = (await barsOf(world))?.bars ?? [];
    for (const order of ["asc", "desc"] as const)
      for (const limit of [1, 2, 3]) {
        const found = [];
        let from: number | undefined;
        do {
          const page = await barsOf(world, { order, limit, from });
          expect(page?.bars.length).toBeLessThanOrEqual(limit + 1);
          found.push(...(page?.bars ?? []));
          from = page?.next;
        } while (from !== undefined);
        const sorted = found.toSorted((a, b) => a.position - b.position || (a.kind === "turn" ? -1 : 1));
        expect(sorted).toEqual(whole);
        if (order === "desc") expect(found[0]?.kind).not.toBe("turn");
      }
    expect(await barsOf(world, { executionId: "another" })).toMatchObject({ bars: [], isOver: true });
    expect(await world.call("x", (instance) => instance.timeline({ limit: 1 }))).toBeUndefined();
  });

  it("[I43.13] of one that cannot be read there is none, and why", async () => {
    const world = await lived();
    world.crash("i");
    world.host("i").db.tamper("UPDATE instance SET version = 2 WHERE seq >= 0");
    expect(await barsOf(world)).toMatchObject({ bars: [], unreadable: expect.stringContaining("version 2") });
  });
});
