// [I39] Rerun: another instance that begins with what one has done, and makes one of its calls again.
import { describe, expect, it } from "vitest";
import { WorkflowRuntime } from "../../../../src/authoring/workflow-runtime.ts";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { RerunRequest } from "../../../../src/instance/protocol.ts";
import type { HistoryEvent } from "../../../../src/model/history-event.ts";
import { replayHistory } from "../../../../src/testing/replay.ts";
import { ObjectLostError } from "../host.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  holdSealingOf,
  makeWorld,
  messagesOf,
  purge,
  raise,
  start,
  statusOf,
  toyCipher,
  typesOf,
  unshaken,
} from "../support.ts";
import type { World } from "../world.ts";

const OK = { ok: true };
let requests = 0;

async function rerun(world: World, source: string, to: string, more: Partial<RerunRequest> = {}, ms = 0) {
  const request = { requestId: `rerun-${++requests}`, sourceInstanceId: source, eventId: 0, ...more };
  const answer = world.post(to, (instance) => instance.rerun(request));
  answer.catch(() => undefined);
  await world.settle();
  await world.advance(ms);
  return answer;
}

/** One that calls each kind of thing, and in the end fails as often as it is told. */
function ordering(): { world: World; ran: string[] } {
  const world = makeWorld();
  const ran: string[] = [];
  world.activity("step", (_ctx, input: string) => {
    ran.push(input);
    return `did ${input}`;
  });
  world.workflow("order", function* (ctx, item: string): Code {
    const first: string = yield ctx.callActivity("step", `1 ${item}`);
    ctx.sendEvent("listener", "told", item);
    yield ctx.createTimer(10);
    const child: string = yield ctx.callChildWorkflow("echo", item);
    const paid: string = yield ctx.waitForExternalEvent("paid");
    const last: string = yield ctx.callActivity("step", `5 ${paid}`);
    ctx.setCustomStatus("done");
    return [first, child, last, ctx.newGuid(), ctx.random()];
  });
  return { world, ran };
}

async function ended(): Promise<ReturnType<typeof ordering>> {
  const made = ordering();
  await start(made.world, "a", "order", "pens", { searchAttributes: { customer: "c1" }, retentionMs: 99_000_000 });
  await made.world.advance(20_000);
  await raise(made.world, "a", "paid", "cash", "m1");
  expect(await statusOf(made.world, "a")).toBe("COMPLETED");
  expect(typesOf(made.world, "a")).toEqual([
    "ExecutionStarted",
    "TaskScheduled",
    "TaskCompleted",
    "EventSent",
    "TimerCreated",
    "TimerFired",
    "ChildWorkflowInstanceCreated",
    "ChildWorkflowInstanceCompleted",
    "EventRaised",
    "TaskScheduled",
    "TaskCompleted",
    "ExecutionCompleted",
  ]);
  made.ran.length = 0;
  await made.world.advance(1_000_000);
  return made;
}

const startOf = (world: World, id: string) =>
  historyOf(world, id)[0] as Extract<HistoryEvent, { type: "ExecutionStarted" }>;

describe("[I39] Rerun", () => {
  it("[I39.32] a rerun begins now: when its source was to begin is not its own", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1, { startAtMs: world.nowMs + 5_000 });
    await world.advance(6_000);
    expect(startOf(world, "a").startAtMs).toBe(world.nowMs - 1_000);
    expect(await rerun(world, "a", "b")).toEqual(OK);
    expect([startOf(world, "b").startAtMs, await statusOf(world, "b")]).toEqual([undefined, "COMPLETED"]);
  });

  it("[I39.1] from an activity: what came before is taken over with its times, and it is made again with what follows, and nothing else", async () => {
    const { world, ran } = await ended();
    const before = world.host("a").db.dump();
    const source = historyOf(world, "a");
    const calls = world.peerCalls.length;
    expect(await rerun(world, "a", "b", { eventId: 5, reason: "again", actor: "me" })).toEqual(OK);
    expect(await statusOf(world, "b")).toBe("COMPLETED");
    expect(ran).toEqual(["5 cash"]);
    const history = historyOf(world, "b");
    expect(history.map(({ type }) => type)).toEqual(source.map(({ type }) => type));
    expect(history.slice(1, 9)).toEqual(source.slice(1, 9));
    expect(history.slice(9).map(({ timestampMs }) => timestampMs)).toEqual([world.nowMs, world.nowMs, world.nowMs]);
    const { executionId, seed, rerunOf, ...started } = startOf(world, "b");
    const { executionId: former, ...of } = startOf(world, "a");
    expect(started).toEqual({ ...of, reason: "again", actor: "me", traceparent: undefined, recentMessages: undefined });
    expect(executionId).not.toBe(former);
    expect([seed, rerunOf]).toMatchObject([`a ${former}`, { instanceId: "a", executionId: former, eventId: 5 }]);
    // The same chance, the same results, but for what was made again.
    expect((await endOf(world, "b"))[1]).toEqual((await endOf(world, "a"))[1]);
    expect(await describeInstance(world, "b")).toMatchObject({
      customStatus: "done",
      createdAtMs: world.nowMs,
      searchAttributes: { customer: "c1" },
      retentionMs: 99_000_000,
    });
    // Messages that the source has sent are sent by nobody again, and the source is as it was.
    expect(messagesOf(world.peerCalls.slice(calls))).toEqual([]);
    expect(world.host("a").db.dump()).toEqual(before);
    expect(faultsOf(world, "b")).toEqual([]);
    await world.rest();
    expect(world.host("b").durableAlarm).toBeNull();
    expect(world.host("b").db.tables()).not.toContain("recovery");
  });

  it("[I39.2] the input of an activity, of a child and of the workflow is replaced where one is given", async () => {
    const { world, ran } = await ended();
    await rerun(world, "a", "b", { eventId: 5, input: { text: '"5 card"' } });
    expect(ran).toEqual(["5 card"]);
    expect(((await endOf(world, "b"))[1] as unknown[]).slice(0, 3)).toEqual(["did 1 pens", "pens", "did 5 card"]);
    await rerun(world, "a", "c", { eventId: 4, input: { text: '"ink"' } });
    expect(historyOf(world, "c").at(6)).toMatchObject({ type: "ChildWorkflowInstanceCreated", input: '"ink"' });
    await rerun(world, "a", "d", { input: { text: '"chalk"' } });
    expect(await describeInstance(world, "d")).toMatchObject({ input: '"chalk"', status: "RUNNING" });
    await rerun(world, "a", "e", { input: { text: undefined } });
    expect(startOf(world, "e").input).toBe(undefined);
  });

  it("[I39.3] without an event it begins anew, on the version of the source, and what was raised is not there", async () => {
    const { world, ran } = await ended();
    expect(await rerun(world, "a", "b")).toEqual(OK);
    expect(ran).toEqual(["1 pens"]);
    expect(startOf(world, "b")).toMatchObject({ timestampMs: world.nowMs, input: '"pens"', generation: 0 });
    expect(typesOf(world, "b")).not.toContain("EventRaised");
    await world.advance(20_000);
    await raise(world, "b", "paid", "cash");
    expect((await endOf(world, "b"))[1]).toEqual((await endOf(world, "a"))[1]);
  });

  it("[I39.4] from a timer that is over by now: it begins anew with the time it had", async () => {
    const { world } = await ended();
    await rerun(world, "a", "b", { eventId: 3 });
    const created = historyOf(world, "b").find(({ type }) => type === "TimerCreated");
    expect(created).toMatchObject({ timestampMs: world.nowMs, fireAtMs: world.nowMs + 10_000 });
    await world.advance(9_999);
    expect(typesOf(world, "b")).not.toContain("TimerFired");
    await world.advance(1);
    expect(typesOf(world, "b")).toContain("ChildWorkflowInstanceCompleted");
  });

  it("[I39.5] from a child: it is started under an ID of the new instance, or under the one that is given", async () => {
    const { world } = await ended();
    await rerun(world, "a", "b", { eventId: 4 });
    await rerun(world, "a", "c", { eventId: 4, newChildWorkflowInstanceId: "c:own" });
    for (const [id, child] of [
      ["b", "b:0004"],
      ["c", "c:own"],
    ] as const) {
      expect(await endOf(world, child)).toEqual(["COMPLETED", "pens"]);
      await raise(world, id, "paid", "cash");
      expect(await statusOf(world, id)).toBe("COMPLETED");
      expect(historyOf(world, id).find(({ type }) => type === "ChildWorkflowInstanceCreated")).toMatchObject({
        instanceId: child,
      });
    }
    expect(await purge(world, "b")).toEqual(OK);
    expect([await statusOf(world, "b:0004"), await statusOf(world, "a:0004")]).toEqual([undefined, "COMPLETED"]);
  });

  it("[I39.6] siblings that had no answer by then run again, with the time they had left; the answered ones do not", async () => {
    const world = makeWorld();
    const ran: number[] = [];
    world.activity("takes", async (_ctx, ms: number) => {
      ran.push(ms);
      await world.sleep(ms);
      return ms;
    });
    world.workflow("all", function* (ctx): Code {
      const slow = ctx.callActivity("takes", 5_000);
      const timer = ctx.createTimer(60);
      const child = ctx.callChildWorkflow("event", "go");
      yield ctx.callActivity("takes", 1);
      yield ctx.callActivity("takes", 2);
      return yield ctx.whenAll([slow, timer, child]);
    });
    await start(world, "a", "all");
    await world.advance(10_000);
    await raise(world, "a:0003", "go", 1);
    await world.advance(100_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    ran.length = 0;
    await rerun(world, "a", "b", { eventId: 5 });
    expect(ran).toEqual([5_000, 2]);
    expect(await statusOf(world, "b:0003")).toBe("RUNNING");
    const timer = historyOf(world, "b").find(({ type }) => type === "TimerCreated");
    expect(timer).toMatchObject({ fireAtMs: world.nowMs + 59_999 });
    await raise(world, "b:0003", "go", 2);
    await world.advance(60_000);
    expect(await endOf(world, "b")).toEqual(["COMPLETED", [5_000, null, 2]]);
    expect(faultsOf(world, "b")).toEqual([]);
  });

  it("[I39.7] a timeout that the code sets beside the call counts from the rerun; one that lies ahead stays", async () => {
    const world = makeWorld();
    world.workflow("limited", function* (ctx): Code {
      const call = ctx.callActivity("slow", 5_000);
      const soon = ctx.createTimer(60);
      const later = ctx.createTimer(86_400);
      yield ctx.whenAny([call, soon, later]);
      return yield call;
    });
    await start(world, "a", "limited");
    await world.advance(1_000_000);
    expect(await statusOf(world, "a")).toBe("COMPLETED");
    await rerun(world, "a", "b", { eventId: 1 });
    const due = historyOf(world, "b").flatMap((event) =>
      event.type === "TimerCreated" ? [event.fireAtMs - world.nowMs] : [],
    );
    expect(due).toEqual([60_000, 86_400_000 - 1_000_000]);
    world.crash("b");
    await world.advance(4_999);
    expect(await statusOf(world, "b")).toBe("RUNNING");
    await world.rest();
    expect(await statusOf(world, "b")).toBe("COMPLETED");
    expect(faultsOf(world, "b")).toEqual([]);
  });

  it("[I39.8] a rerun of a rerun has the seed of the first; the history of each is replayed by the kit", async () => {
    const { world } = await ended();
    await rerun(world, "a", "b", { eventId: 5 });
    await rerun(world, "b", "c", { eventId: 5 });
    expect([startOf(world, "c").seed, startOf(world, "c").rerunOf?.instanceId]).toEqual([
      startOf(world, "b").seed,
      "b",
    ]);
    expect((await endOf(world, "c"))[1]).toEqual((await endOf(world, "a"))[1]);
    const runtime = new WorkflowRuntime().registerWorkflowWithName("order", world.workflows.get("order") as never);
    for (const instanceId of ["a", "b", "c"])
      expect(await replayHistory(runtime, { instanceId, events: historyOf(world, instanceId) })).toEqual({
        events: 12,
        state: "ended",
      });
  });

  it("[I39.9] what cannot be: with Dapr's words, and nothing is changed", async () => {
    const { world } = await ended();
    await start(world, "running", "event", "go");
    await start(world, "p", "parent", { name: "echo", input: 1, id: "child" });
    const own = { newChildWorkflowInstanceId: "own" };
    const input = { input: { text: "1" } };
    const refused: [string, Partial<RerunRequest>, string, string][] = [
      ["nobody", {}, "NOT_FOUND", "workflow instance does not exist with ID 'nobody'"],
      ["running", {}, "INVALID_ARGUMENT", "'running' is not in a terminal state"],
      ["child", {}, "INVALID_ARGUMENT", "'child': cannot rerun from child-workflows"],
      ["a", { eventId: 6 }, "NOT_FOUND", "does not have history event with ID '6'"],
      [
        "a",
        { eventId: 2 },
        "NOT_FOUND",
        "target event '*protos.HistoryEvent_EventSent' with ID '2' is not an event that can be rerun",
      ],
      ["a", { eventId: 3, ...input }, "INVALID_ARGUMENT", "cannot write input to timer event '3'"],
      ["a", { eventId: 3, ...own }, "INVALID_ARGUMENT", "cannot set new child workflow instance ID on timer event '3'"],
      [
        "a",
        { eventId: 1, ...own },
        "INVALID_ARGUMENT",
        "cannot set new child workflow instance ID on activity event '1'",
      ],
      ["a", own, "INVALID_ARGUMENT", "cannot set new child workflow instance ID without the event of a child workflow"],
    ];
    const before = ["a", "running", "child"].map((id) => world.host(id).db.dump());
    for (const [source, more, code, message] of refused)
      expect(await rerun(world, source, "b", more)).toEqual({ ok: false, code, message });
    expect(world.host("b").db.tables()).toEqual([]);
    for (const id of ["running", "p"])
      expect(await rerun(world, "a", id, { eventId: 5 })).toEqual({ ok: false, code: "ALREADY_EXISTS" });
    expect(["a", "running", "child"].map((id) => world.host(id).db.dump())).toEqual(before);
  });

  it("[I39.10] sent twice, at once or later, it makes one instance", async () => {
    const { world, ran } = await ended();
    const same = { eventId: 5, requestId: "same" };
    expect(await Promise.all([rerun(world, "a", "b", same), rerun(world, "a", "b", same)])).toEqual([OK, OK]);
    world.crash("b");
    expect(await rerun(world, "a", "b", same)).toEqual(OK);
    expect(ran).toEqual(["5 cash"]);
    await purge(world, "b");
    expect(await rerun(world, "a", "b", same)).toEqual(OK);
    expect(await statusOf(world, "b")).toBe(undefined);
  });

  it("[I39.11] encrypted: texts are sealed anew for the new instance, what activities had told of themselves too", async () => {
    const world = makeWorld();
    world.cipher = (id) => toyCipher(id)();
    world.codec = { encode: (text) => text, decode: (stored) => stored };
    world.activity("tells", (ctx) => {
      ctx.heartbeat(`secret of ${ctx.getAttemptNumber()}`);
      if (ctx.getAttemptNumber() === 1) throw new Error("a secret failure");
      return ctx.getLastHeartbeatDetails();
    });
    world.workflow("main", function* (ctx, input: string): Code {
      const told = yield ctx.callActivity("tells", input, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } });
      return [told, yield ctx.callActivity("echo", input)];
    });
    await start(world, "a", "main", "a secret input");
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["secret of 1", "a secret input"]]);
    // The attempt, which has the progress of the one before; then the call behind it.
    for (const [to, eventId] of [
      ["b", 3],
      ["c", 4],
    ] as const) {
      expect(await rerun(world, "a", to, { eventId, reason: "a secret reason" })).toEqual(OK);
      await world.rest();
      expect(await endOf(world, to)).toEqual(["COMPLETED", ["secret of 1", "a secret input"]]);
      const rows = JSON.stringify(world.host(to).db.dump());
      expect(rows).not.toMatch(/secret|enc:a:/);
      expect(rows).toContain(`enc:${to}:`);
    }
  });

  it("[I39.12] a long history comes in pages; a source that becomes another one on the way is told of, and leaves nothing", async () => {
    const world = makeWorld();
    world.workflow("long", function* (ctx, n: number): Code {
      for (let i = 0; i < n; i++) yield ctx.callActivity("echo", "x".repeat(1_000_000));
      return n;
    });
    await start(world, "a", "long", 12);
    await world.rest();
    expect(await rerun(world, "a", "b", { eventId: 12 })).toEqual(OK);
    await world.rest();
    expect(await endOf(world, "b")).toEqual(["COMPLETED", 12]);
    const pages = world.peerCalls.filter(({ method }) => method === "readForRerun");
    expect(pages.length).toBeGreaterThan(2);
    expect(historyOf(world, "b").slice(1, 23)).toEqual(historyOf(world, "a").slice(1, 23));
    // Each page takes a while.
    world.chaos = unshaken(() => 100);
    for (const [change, code] of [
      [() => start(world, "a", "echo", 1), "CHANGED"],
      [() => purge(world, "a"), "NOT_FOUND"],
    ] as const) {
      if (code === "NOT_FOUND") await start(world, "a", "long", 12);
      await world.rest();
      const request = { requestId: code, sourceInstanceId: "a", eventId: 12 };
      const answer = world.post("c", (instance) => instance.rerun(request));
      await world.advance(150);
      const changed = change();
      await world.rest();
      await changed;
      await world.rest();
      expect(await answer).toMatchObject({ ok: false, code });
      expect(world.host("c").db.tables()).toEqual([]);
    }
  });

  it("[I39.13] lost at any point: all of it is there or nothing, nothing is left behind, and the request that is sent again makes one", async () => {
    for (let at = 0, points = 1; at < points; at++) {
      const world = makeWorld();
      const ran: number[] = [];
      world.activity("counts", (_ctx, n: number) => void ran.push(n));
      world.workflow("main", function* (ctx: WorkflowContext): Code {
        yield ctx.callActivity("counts", 1);
        const child = ctx.callChildWorkflow("echo", 3);
        yield ctx.callActivity("counts", 2);
        return [yield child, yield ctx.waitForExternalEvent("go")];
      });
      await start(world, "a", "main");
      await raise(world, "a", "go", 4);
      await world.rest();
      expect(await statusOf(world, "a")).toBe("COMPLETED");
      ran.length = 0;
      let n = 0;
      const shapes = new Set<string>();
      world.onPoint = (point, id) => {
        if (point === "committed" && id === "b") shapes.add(typesOf(world, "b").slice(0, 5).join());
        if (n++ === at) world.crash(id);
      };
      for (let isAnswered = false; !isAnswered; ) {
        const found = await rerun(world, "a", "b", { eventId: 3, requestId: "r" }, 100).catch(
          (error: unknown) => error,
        );
        isAnswered = JSON.stringify(found) === JSON.stringify(OK);
        if (!isAnswered) expect([at, found instanceof Error]).toEqual([at, true]);
        if (found instanceof ObjectLostError && world.host("b").db.tables().length === 0)
          expect(world.host("b").durableAlarm).toBeNull();
      }
      await raise(world, "b", "go", 5).catch(() => raise(world, "b", "go", 5));
      await world.rest();
      points = Math.max(points, n);
      world.onPoint = undefined;
      expect([at, await endOf(world, "b")]).toEqual([at, ["COMPLETED", [3, 5]]]);
      expect(ran).not.toContain(1);
      for (const shape of shapes)
        expect([
          "",
          "ExecutionStarted,TaskScheduled,TaskCompleted,ChildWorkflowInstanceCreated,TaskScheduled",
        ]).toContain(shape);
      expect([at, faultsOf(world, "b"), await endOf(world, "b:0002")]).toEqual([at, [], ["COMPLETED", 3]]);
      for (const table of ["inbox", "outbox", "recovery"])
        expect([at, table, world.host("b").db.read(`SELECT * FROM ${table}`)]).toEqual([at, table, []]);
    }
  });
});

describe("[I39] What comes between", () => {
  it("[I39.30] a page of another execution than the one before is refused", async () => {
    const { world } = await ended();
    const read = (executionId?: string) =>
      world.call("a", (instance) => instance.readForRerun({ eventId: 0, hasInput: false, from: 0, executionId }));
    const first = await read();
    const executionId = first.ok ? first.executionId : "";
    expect([first.ok, (await read(executionId)).ok]).toEqual([true, true]);
    expect(await read(`${executionId}-before`)).toEqual({ ok: false, code: "CHANGED" });
  });

  it("[I39.31] of two reruns to one ID at once, while texts are encrypted, one begins", async () => {
    const world = makeWorld();
    const sealing = holdSealingOf(world, "7");
    await start(world, "a", "echo", 7);
    await world.advance(1_000);
    sealing.hold();
    const answers = Promise.all([rerun(world, "a", "b"), rerun(world, "a", "b")]);
    await world.advance(100);
    sealing.open();
    await world.advance(1_000);
    expect((await answers).map(({ ok }) => ok).toSorted()).toEqual([false, true]);
    expect(await answers).toContainEqual({ ok: false, code: "ALREADY_EXISTS" });
    expect(await endOf(world, "b")).toEqual(["COMPLETED", 7]);
  });
});
