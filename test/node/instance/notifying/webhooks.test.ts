// [I50] Webhooks: receivers outside are told how an instance has ended, at least once, under an ID that stays the same.
import { describe, expect, it } from "vitest";
import type { WebhookOptions } from "../../../../src/webhooks/options.ts";
import { HOOK, Receivers, SECRET } from "../receivers.ts";
import {
  type Code,
  describeInstance,
  gate,
  makeWorld,
  purge,
  raise,
  start,
  statusOf,
  terminate,
  toyCipher,
} from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { START_MS, type World } from "../world.ts";

watchUnhandledRejections();

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Standard Webhooks 1.0: when each further attempt is made, after the one before. */
const PAUSES = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR)];

interface Scene {
  readonly world: World;
  readonly hooks: Receivers;
}

function sceneWith(...webhooks: readonly Partial<WebhookOptions>[]): Scene {
  const world = makeWorld();
  const hooks = new Receivers(...webhooks.map((more) => ({ url: HOOK, secret: SECRET, ...more })));
  world.webhooks = hooks;
  world.workflow("fails", () => {
    throw new RangeError("as told");
  });
  return { world, hooks };
}

const rows = ({ world }: Scene, id: string) => {
  const { db } = world.host(id);
  return db.tables().includes("webhook")
    ? db.read<{ id: string; attempts: number }>("SELECT id, attempts FROM webhook")
    : [];
};
const alarmOf = ({ world }: Scene, id: string) => world.host(id).durableAlarm?.atMs ?? null;
const warnings = ({ world }: Scene) => world.log.filter(({ msg }) => msg === "webhook");

describe("[I50] Webhooks", () => {
  it("[I50.1] the end of an instance is told once, in the words of a list and without payloads, and nothing of it is left", async () => {
    const scene = sceneWith({});
    await start(scene.world, "a", "echo", { secret: "payload" });
    await scene.world.advance(1);
    const [webhook] = scene.hooks.received;
    expect(webhook?.json).toEqual({
      type: "workflow.completed",
      timestamp: "2026-11-24T00:00:00Z",
      data: {
        instanceID: "a",
        workflowName: "echo",
        executionID: "execution-1",
        runtimeStatus: "COMPLETED",
        createdAt: "2026-11-24T00:00:00Z",
        endedAt: "2026-11-24T00:00:00Z",
      },
    });
    expect(webhook).toMatchObject({ id: "msg_execution-1_1", url: HOOK, atMs: START_MS });
    expect([scene.hooks.received.length, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([1, [], null]);
  });

  it.each([
    [
      "a failure",
      "fails",
      "workflow.failed",
      { runtimeStatus: "FAILED", failure: { errorType: "RangeError", message: "as told" } },
    ],
    ["a terminate", "event", "workflow.terminated", { runtimeStatus: "TERMINATED" }],
    ["a cancel", "event", "workflow.canceled", { runtimeStatus: "CANCELED" }],
  ])("[I50.2] %s is told as such", async (_, name, type, data) => {
    const scene = sceneWith({});
    await start(scene.world, "a", name, "e");
    if (type === "workflow.terminated") await terminate(scene.world, "a", '"out"');
    if (type === "workflow.canceled") await scene.world.call("a", (instance) => instance.cancel({ reason: "as told" }));
    await scene.world.advance(1);
    expect(scene.hooks.received.map(({ json }) => json)).toEqual([expect.objectContaining({ type })]);
    expect(scene.hooks.received[0]?.json.data).toMatchObject(data);
  });

  it("[I50.3] a stall is told once, and the end that comes when other code is there once more", async () => {
    const scene = sceneWith({});
    await start(scene.world, "a", "event", "e");
    scene.world.workflows.delete("event");
    scene.world.crash("a");
    await raise(scene.world, "a", "e", 1);
    await scene.world.advance(MINUTE);
    expect(scene.hooks.received.map(({ json }) => [json.type, json.data.failure?.errorType])).toEqual([
      ["workflow.stalled", "WORKFLOW_NOT_REGISTERED"],
    ]);
    scene.world.workflow("event", function* (ctx, event: string): Code {
      return yield ctx.waitForExternalEvent(event);
    });
    scene.world.crash("a");
    await scene.world.advance(HOUR);
    expect(scene.hooks.received.map(({ json }) => json.type)).toEqual(["workflow.stalled", "workflow.completed"]);
    expect(new Set(scene.hooks.received.map(({ id }) => id)).size).toBe(2);
  });

  it("[I50.4] who has asked for some events, or some workflows, hears of these alone; nobody asked: no row, no alarm", async () => {
    const scene = sceneWith({ events: ["workflow.failed"], names: ["fa*", "echo"] });
    await start(scene.world, "a", "echo", 1);
    await start(scene.world, "b", "fails");
    await start(scene.world, "c", "parent", { name: "fails", id: "d" });
    await scene.world.advance(SECOND);
    expect(scene.hooks.received.map(({ json }) => json.data.instanceID)).toEqual(["b", "d"]);
    expect(scene.hooks.received[1]?.json.data.parentInstanceID).toBe("c");
    expect(scene.world.host("a").counters.setAlarm).toBe(0);
    expect(scene.world.host("a").db.tables()).toEqual(["instance"]);
  });

  it("[I50.5] what is not taken comes again after 5 s, 5 min, 30 min and 2 to 24 h, with the same ID and body, and is given up then", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "echo", 1);
    const times = [0];
    for (const pause of PAUSES) times.push((times.at(-1) as number) + pause);
    await scene.world.advance((times.at(-1) as number) + 1);
    expect(scene.hooks.received.map(({ atMs }) => atMs - START_MS)).toEqual(times);
    expect(new Set(scene.hooks.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
    expect(warnings(scene).at(-1)).toEqual({
      level: "error",
      msg: "webhook",
      instanceId: "a",
      webhookId: "msg_execution-1_1",
      host: "hooks.example.com",
      attempt: 10,
      status: 500,
      outcome: "given up",
    });
    await scene.world.advance(1_000 * HOUR);
    expect([scene.hooks.received.length, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([10, [], null]);
  });

  it.each<[string, number, () => number | Error | "silence"]>([
    ["a redirect, which is not followed", 0, () => 307],
    ["an error of the network", 0, () => new TypeError("fetch failed")],
    ["no answer in 15 s", 15 * SECOND, () => "silence"],
  ])("[I50.6] %s is a failure, and the next attempt is made", async (_, afterMs, answer) => {
    const scene = sceneWith({});
    scene.hooks.answer = answer;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(afterMs + 1);
    expect(rows(scene, "a")).toEqual([{ id: "msg_execution-1_1", attempts: 1 }]);
    scene.hooks.answer = () => 200;
    await scene.world.advance(5 * SECOND);
    expect([scene.hooks.received.length, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([2, [], null]);
  });

  it("[I50.7] 410 ends it at once", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => 410;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(HOUR);
    expect([scene.hooks.received.length, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([1, [], null]);
    expect(warnings(scene)).toMatchObject([{ level: "warn", status: 410, outcome: "gone" }]);
  });

  it("[I50.8] a receiver that is taken out of the configuration is not sent what it is owed", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => 503;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(SECOND);
    const others = sceneWith({ url: "https://other.example.com/" }).hooks;
    others.portOf = (host, fate) => ({
      ...Receivers.prototype.portOf.call(others, host, fate),
      send: async () => undefined,
    });
    scene.world.webhooks = others;
    scene.world.crash("a");
    await scene.world.advance(HOUR);
    expect([rows(scene, "a"), alarmOf(scene, "a")]).toEqual([[], null]);
    expect(warnings(scene).at(-1)).toMatchObject({ outcome: "no such receiver" });
  });

  it("[I50.9] each receiver goes its own way: one that fails holds up no other", async () => {
    const scene = sceneWith({}, { url: "https://other.example.com/" });
    scene.hooks.answer = ({ url }) => (url === HOOK ? 500 : 200);
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(6 * SECOND);
    expect(scene.hooks.received.map(({ url }) => url)).toEqual([HOOK, "https://other.example.com/", HOOK]);
    expect(new Set(scene.hooks.received.map(({ id }) => id)).size).toBe(1);
  });

  it("[I50.10] the object is lost at any point: it is told at least once, always under the same ID, and at rest nothing is owed", async () => {
    for (let lostAt = 1; lostAt < 200; lostAt++) {
      const scene = sceneWith({});
      let points = 0;
      scene.world.onPoint = (_, id) => {
        if (++points === lostAt) scene.world.crash(id);
      };
      const begun = start(scene.world, "a", "timer", 1).catch(() => undefined);
      await scene.world.advance(10 * MINUTE);
      await begun;
      if ((await statusOf(scene.world, "a")) === undefined) continue;
      await scene.world.advance(10 * MINUTE);
      expect([lostAt, scene.hooks.received.length >= 1, rows(scene, "a")]).toEqual([lostAt, true, []]);
      expect(new Set(scene.hooks.received.map(({ id }) => id)).size).toBe(1);
      if (points < lostAt) return expect(lostAt).toBeGreaterThan(3);
    }
    throw new Error("The instance has not come to its end.");
  });

  it("[I50.11] the object is lost between an attempt and its answer: it is sent again, and the count of attempts goes on", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => {
      if (scene.hooks.received.length === 2) scene.world.crash("a");
      return 500;
    };
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(HOUR);
    expect(rows(scene, "a")).toEqual([{ id: "msg_execution-1_1", attempts: 4 }]);
    expect(scene.hooks.received.map(({ id }) => id)).toEqual(Array(5).fill("msg_execution-1_1"));
  });

  it("[I50.12] a reuse of the ID leaves what is owed of the life before alone", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(1);
    await start(scene.world, "a", "echo", 2);
    await scene.world.advance(SECOND);
    scene.hooks.answer = () => 200;
    await scene.world.advance(HOUR);
    expect(scene.hooks.received.slice(2).map(({ id }) => id)).toEqual(["msg_execution-1_1", "msg_execution-2_1"]);
    expect([rows(scene, "a"), alarmOf(scene, "a")]).toEqual([[], null]);
  });

  it("[I50.13] a purge that somebody asks for takes it with it, and the log says so", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(SECOND);
    await purge(scene.world, "a");
    expect([scene.world.host("a").db.tables(), alarmOf(scene, "a")]).toEqual([[], null]);
    await scene.world.advance(100 * HOUR);
    expect(scene.hooks.received.length).toBeLessThanOrEqual(2);
    expect(warnings(scene).at(-1)).toEqual({ level: "warn", msg: "webhook", instanceId: "a", dropped: 1 });
  });

  it("[I50.14] a retention waits until it has been taken or given up", async () => {
    const scene = sceneWith({});
    scene.world.retention = { anyTerminal: 0 };
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(MINUTE);
    expect(await statusOf(scene.world, "a")).toBe("COMPLETED");
    scene.hooks.answer = () => 200;
    await scene.world.advance(5 * MINUTE);
    expect([await describeInstance(scene.world, "a"), scene.world.host("a").db.tables()]).toEqual([undefined, []]);
    expect(scene.hooks.received.length).toBe(3);
  });

  it("[I50.15] the output goes along where it is asked for and fits into 20 KB, and messages of failures where the log has them", async () => {
    const scene = sceneWith({ includeOutput: true });
    await start(scene.world, "a", "echo", { n: 1 });
    await start(scene.world, "b", "echo", "x".repeat(30_000));
    await scene.world.advance(1);
    expect(scene.hooks.received.map(({ json }) => [json.data.output, json.data.outputOmitted])).toEqual([
      [{ n: 1 }, undefined],
      [undefined, true],
    ]);
    for (const { body } of scene.hooks.received) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20_000);
    scene.world.logFailureMessages = false;
    await start(scene.world, "c", "fails");
    await scene.world.advance(1);
    expect(scene.hooks.received[2]?.json.data.failure).toEqual({ errorType: "RangeError" });
  });

  it("[I50.16] where payloads are encrypted, what is owed lies encrypted, too", async () => {
    const scene = sceneWith({ includeOutput: true });
    scene.world.cipher = toyCipher("k");
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "echo", "marked");
    await scene.world.advance(SECOND);
    const [row] = scene.world.host("a").db.read<{ payload: string }>("SELECT payload FROM webhook");
    expect(row?.payload).toMatch(/^enc:/);
    scene.world.crash("a");
    scene.hooks.answer = () => 200;
    await scene.world.advance(HOUR);
    expect(scene.hooks.received.at(-1)?.json.data.output).toBe("marked");
    expect(rows(scene, "a")).toEqual([]);
  });

  it("[I50.22] four are under way at once, and the others when one of them has been answered", async () => {
    const urls = Array.from({ length: 6 }, (_, n) => `https://h${n}.example.com/`);
    const scene = sceneWith(...urls.map((url) => ({ url })));
    scene.hooks.answer = () => "silence";
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(14 * SECOND);
    expect(scene.hooks.received.map(({ url }) => url)).toEqual(urls.slice(0, 4));
    await scene.world.advance(2 * SECOND);
    expect(scene.hooks.received.map(({ url }) => url)).toEqual(urls);
  });

  it("[I50.17] a continue-as-new is no end: the last execution tells, once, under its own name", async () => {
    const scene = sceneWith({});
    scene.world.workflow("again", function* (ctx, n: number): Code {
      yield ctx.createTimer(1);
      if (n > 0) ctx.continueAsNew(n - 1, false);
      return n;
    });
    await start(scene.world, "a", "again", 2);
    await scene.world.advance(MINUTE);
    expect(scene.hooks.received.map(({ id, json }) => [id, json.data.executionID])).toEqual([
      [expect.stringMatching(/^msg_execution-3_\d+$/), "execution-3"],
    ]);
  });

  it("[I50.18] a rewind that ends again tells again, under another ID; what is owed of the first end stays owed", async () => {
    const scene = sceneWith({});
    let fails = true;
    scene.world.activity("sometimes", () => {
      if (fails) throw new TypeError("as told");
      return 1;
    });
    scene.hooks.answer = () => 500;
    await start(scene.world, "a", "call", { activity: "sometimes" });
    await scene.world.advance(SECOND);
    fails = false;
    await scene.world.call("a", (instance) => instance.rewind({ requestId: "w", createdByMs: scene.world.nowMs }));
    await scene.world.advance(SECOND);
    expect(scene.hooks.received.map(({ json }) => json.type)).toEqual(["workflow.failed", "workflow.completed"]);
    expect(rows(scene, "a")).toHaveLength(2);
    scene.hooks.answer = () => 200;
    await scene.world.advance(HOUR);
    const ids = scene.hooks.received.map(({ id }) => id);
    expect([new Set(ids).size, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([2, [], null]);
    for (const id of ids) expect(id).not.toContain(".");
  });

  it("[I50.19] a rerun is another instance: it tells of its own end, and not of what it has taken over", async () => {
    const scene = sceneWith({});
    await start(scene.world, "a", "call", { activity: "echo", input: 1 });
    await scene.world.advance(SECOND);
    const request = { requestId: "r", sourceInstanceId: "a", eventId: 0 };
    const rerun = scene.world.post("b", (instance) => instance.rerun(request));
    await scene.world.advance(MINUTE);
    expect(await rerun).toMatchObject({ ok: true });
    expect(scene.hooks.received.map(({ json }) => json.data.instanceID)).toEqual(["a", "b"]);
    expect(new Set(scene.hooks.received.map(({ id }) => id)).size).toBe(2);
  });

  it("[I50.20] a start that takes the place of one that runs tells of that one's termination, and later of its own end", async () => {
    const scene = sceneWith({});
    await start(scene.world, "a", "event", "e");
    const replaced = start(scene.world, "a", "echo", 1, { reuse: "terminate" });
    await scene.world.advance(MINUTE);
    await replaced;
    expect(scene.hooks.received.map(({ json }) => [json.type, json.data.executionID])).toEqual([
      ["workflow.terminated", "execution-1"],
      ["workflow.completed", "execution-2"],
    ]);
  });

  it("[I50.21] a purge while the answer is under way: nothing is sent again, and nothing written to the life that follows", async () => {
    const scene = sceneWith({});
    scene.hooks.answer = () => "silence";
    await start(scene.world, "a", "echo", 1);
    await scene.world.advance(SECOND);
    await purge(scene.world, "a");
    scene.hooks.answer = () => 200;
    await start(scene.world, "a", "echo", 2);
    await scene.world.advance(100 * HOUR);
    expect(scene.hooks.received.map(({ id }) => id)).toEqual(["msg_execution-1_1", "msg_execution-2_1"]);
    expect([rows(scene, "a"), alarmOf(scene, "a"), await statusOf(scene.world, "a")]).toEqual([[], null, "COMPLETED"]);
    expect(warnings(scene)).toEqual([{ level: "warn", msg: "webhook", instanceId: "a", dropped: 1 }]);
  });

  it("[I50.23] what ends while a purge wipes the database sets no alarm for what is owed no more", async () => {
    const scene = sceneWith({});
    const { promise, open } = gate();
    scene.hooks.answer = () => 500;
    scene.world.activity("held", () => promise);
    scene.world.workflow("leaves", (ctx) => {
      ctx.callActivity("held");
      return "done";
    });
    await start(scene.world, "a", "leaves", undefined);
    await scene.world.advance(SECOND);
    expect(rows(scene, "a")).toHaveLength(1);
    const alarms: (number | null)[] = [];
    scene.world.onPoint = (point, id) => {
      if (point === "committed" && scene.world.host(id).db.tables().length === 0) alarms.push(alarmOf(scene, id));
    };
    scene.world.failWipe = () => {
      open();
      return undefined;
    };
    await purge(scene.world, "a");
    await scene.world.settle();
    expect([alarms, alarmOf(scene, "a")]).toEqual([[null], null]);
  });

  it.each([
    [1, undefined, [{ level: "warn", msg: "webhook", instanceId: "a", dropped: 1 }]],
    [2, new Error("the disk is full"), []],
  ])(
    "[I50.24] an answer that comes while a purge wipes the database is written nowhere: told %i times where the wipe ends with %s",
    async (times, failure, log) => {
      const scene = sceneWith({});
      const { world, hooks } = scene;
      const { promise, open } = gate<number>();
      hooks.answer = () => promise;
      await start(world, "a", "echo", 1);
      await world.advance(SECOND);
      world.failWipe = () => {
        open(200);
        return failure;
      };
      const purged = await purge(world, "a").catch((error: unknown) => error);
      await world.advance(SECOND);
      expect(purged).toEqual(failure ?? { ok: true });
      expect([hooks.received.length, rows(scene, "a"), alarmOf(scene, "a")]).toEqual([times, [], null]);
      expect(warnings(scene)).toEqual(log);
    },
  );
});
