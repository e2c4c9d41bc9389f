// [SC7] A schedule's object: what it starts, exactly once, whatever is lost, late or repeated. [SC8] What it is asked.
import { describe, expect, it } from "vitest";
import type { ScheduleFields } from "../../../src/schedules/fields.ts";
import type { NewSchedule, ScheduleView } from "../../../src/schedules/protocol.ts";
import { nominalTime } from "../../../src/schedules/timetable.ts";
import { CatalogWorld } from "../instance/catalog-world.ts";
import { makeWorld } from "../instance/support.ts";
import { at, DAY, HOUR, HOURLY, MINUTE, SECOND } from "./support.ts";
import { ScheduleWorld } from "./world.ts";

const CREATED = at("2026-01-01T00:30:00Z");
const ONE = "s-20260101T010000Z";
const TWO = "s-20260101T020000Z";
const THREE = "s-20260101T030000Z";

function made(limits = {}) {
  const world = makeWorld(limits);
  world.workflow("report", (_ctx, input) => input);
  world.workflow("long", function* (ctx) {
    yield ctx.waitForExternalEvent("done");
  });
  world.workflow("fails", () => {
    throw new Error("as told");
  });
  world.nowMs = CREATED;
  const schedules = new ScheduleWorld(world);
  const create = (fields: Partial<ScheduleFields> = {}, more: Partial<NewSchedule> = {}, id = "s") =>
    schedules.call(id, (schedule) => schedule.create({ fields: { ...HOURLY, ...fields }, requestId: "r", ...more }));
  const view = async (id = "s") => (await schedules.call(id, (schedule) => schedule.view(10))) as ScheduleView;
  const to = (time: string) => world.advance(at(time) - world.nowMs);
  /** The instances that there are, each with how often it began. */
  const begun = () => [...world.hosts.values()].filter((host) => host.db.hasTable("instance")).map(({ id }) => id);
  const fires = async (id = "s") => (await view(id)).fires.map(({ key, outcome }) => `${key} ${outcome}`).reverse();
  const raise = (id: string) =>
    world.call(id, (instance) => instance.raiseEvent({ name: "done", messageId: `of ${id}` }));
  const status = async (id: string) =>
    (await world.call(id, (instance) => instance.describe({ payloads: true })))?.status;
  return { world, schedules, create, view, to, begun, fires, raise, status };
}

describe("[SC7] What a schedule starts", () => {
  it("[SC7.1] an instance for each nominal time, with what it was told to give it", async () => {
    const { world, create, to, begun, view } = made();
    const searchAttributes = { tenant: "t" };
    await create({ searchAttributes, retention: "24h" }, { input: '{"a":1}' });
    await to("2026-01-01T02:00:00Z");
    expect(begun()).toEqual([ONE, TWO]);
    const found = await world.call(TWO, (instance) => instance.describe({ payloads: true }));
    expect(found).toMatchObject({
      name: "report",
      status: "COMPLETED",
      input: '{"a":1}',
      output: '{"a":1}',
      retentionMs: DAY,
      searchAttributes: { tenant: "t", schedule: "s", scheduledTime: "2026-01-01T02:00:00Z" },
    });
    expect(world.host(TWO).history()[0]).toMatchObject({
      actor: "schedule:s",
      startAtMs: CREATED + 1.5 * HOUR,
    });
    const { nextMs, fires } = await view();
    expect(nextMs.slice(0, 2).map(nominalTime)).toEqual(["2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z"]);
    expect(fires).toEqual(
      [2, 1].map((hour) => ({
        key: `20260101T0${hour}0000Z`,
        kind: "scheduled",
        nominalMs: CREATED + (hour - 0.5) * HOUR,
        dueMs: CREATED + (hour - 0.5) * HOUR,
        actualMs: CREATED + (hour - 0.5) * HOUR,
        outcome: "started",
      })),
    );
  });

  it("[SC7.2] what it costs: two rows and the alarm for each fire, and nothing between", async () => {
    const { schedules, create, to } = made();
    await create({ overlap: "allowAll" });
    const { counters } = schedules.host("s");
    const rows = () => schedules.host("s").rows("meta");
    const [before, alarms] = [rows(), counters.setAlarm];
    await to("2026-01-01T00:59:59Z");
    expect([rows(), counters.setAlarm, counters.rings]).toEqual([before, alarms, 0]);
    await to("2026-01-01T10:30:00Z");
    expect([rows() - before, counters.setAlarm - alarms, counters.rings]).toEqual([20, 10, 10]);
  });

  it.each(["unreachable", "answer lost", "twice", "twice, late"] as const)(
    "[SC7.3] one instance where the start is %s",
    async (fault) => {
      const { world, schedules, create, to, begun, fires } = made();
      await create();
      let faults = 3;
      schedules.fault = ({ method }) => (method === "start" && faults-- > 0 ? fault : undefined);
      await to("2026-01-01T01:30:00Z");
      expect(begun()).toEqual([ONE]);
      expect(await fires()).toEqual(["20260101T010000Z started"]);
      expect(
        world
          .host(ONE)
          .history()
          .filter(({ type }) => type === "ExecutionStarted"),
      ).toHaveLength(1);
    },
  );

  it("[SC7.4] what was started late is recorded with how late", async () => {
    const { schedules, create, to, view } = made();
    await create();
    schedules.fault = ({ method }) => (method === "start" ? "unreachable" : undefined);
    await to("2026-01-01T01:10:00Z");
    const { starting, fires } = await view();
    expect([starting.length, fires]).toEqual([1, []]);
    schedules.fault = undefined;
    await to("2026-01-01T01:12:00Z");
    const [fire] = (await view()).fires;
    expect(fire?.outcome).toBe("started");
    expect((fire?.actualMs ?? 0) - (fire?.dueMs ?? 0)).toBeGreaterThan(10 * MINUTE);
    expect((fire?.actualMs ?? 0) - (fire?.dueMs ?? 0)).toBeLessThanOrEqual(11 * MINUTE);
  });

  it.each([false, true])(
    "[SC7.5] a copy of a start that comes when the instance has been purged starts nothing; the schedule was lost meanwhile: %s",
    async (isLost) => {
      const { world, schedules, create, to } = made();
      await create();
      await to("2026-01-01T01:00:01Z");
      const start = schedules.calls.find(({ method }) => method === "start");
      await world.call(ONE, (instance) => instance.purge({ recursive: true }));
      world.crash(ONE, "process");
      if (isLost) schedules.lose("s");
      start?.repeat();
      await world.settle();
      expect(world.host(ONE).db.hasTable("instance")).toBe(false);
    },
  );

  it("[SC7.6] another instance under the ID stays, and is recorded", async () => {
    const { world, create, to, fires, status } = made();
    await create();
    for (const [id, name] of [
      [ONE, "long"],
      [TWO, "report"],
    ] as const)
      await world.call(id, (instance) => instance.start({ instanceId: id, name, requestId: "mine" }));
    await to("2026-01-01T02:30:00Z");
    expect(await fires()).toEqual(["20260101T010000Z ID in use", "20260101T020000Z ID in use"]);
    expect(await status(ONE)).toBe("RUNNING");
  });

  it("[SC7.7] an instance of a schedule stays for an hour, although the policy is to purge it at once", async () => {
    const { world, create, to } = made();
    world.retention = { anyTerminal: 0 };
    await create({ cron: "0 1 * * *", retention: "0s" });
    await to("2026-01-01T01:59:00Z");
    expect(world.host(ONE).db.hasTable("instance")).toBe(true);
    await to("2026-01-01T02:01:00Z");
    expect(world.host(ONE).db.hasTable("instance")).toBe(false);
  });

  it("[SC7.15] the same where the catalog has instances go whose time is over", async () => {
    const { world, create, to } = made();
    world.catalog = new CatalogWorld(world, { shards: 1, former: [] }, { anyTerminal: MINUTE });
    world.retention = { anyTerminal: MINUTE };
    await create({ cron: "0 1 * * *" });
    await world.call("other", (instance) => instance.start({ instanceId: "other", name: "report", requestId: "mine" }));
    await to("2026-01-01T01:59:00Z");
    expect([ONE, "other"].map((id) => world.host(id).db.hasTable("instance"))).toEqual([true, false]);
    await to("2026-01-01T03:00:00Z");
    expect(world.host(ONE).db.hasTable("instance")).toBe(false);
  });

  it("[SC7.8] skip: while one runs no other starts; when it has ended, the next does", async () => {
    const { create, to, fires, raise } = made();
    await create({ workflowName: "long" });
    await to("2026-01-01T02:30:00Z");
    await raise(ONE);
    await to("2026-01-01T03:30:00Z");
    expect(await fires()).toEqual(["20260101T010000Z started", "20260101T020000Z skipped", "20260101T030000Z started"]);
  });

  it("[SC7.9] bufferAll: they start one after the other, within half a minute of the end of the one before", async () => {
    const { world, create, to, begun, raise } = made();
    await create({ workflowName: "long", overlap: "bufferAll" });
    await to("2026-01-01T03:30:00Z");
    expect(begun()).toEqual([ONE]);
    await raise(ONE);
    await world.advance(31 * SECOND);
    expect(begun()).toEqual([ONE, TWO]);
    await raise(TWO);
    await world.advance(31 * SECOND);
    expect(begun()).toEqual([ONE, TWO, THREE]);
  });

  it.each([
    ["cancelOther", "CANCELED"],
    ["terminateOther", "TERMINATED"],
  ] as const)("[SC7.10] %s: the one that runs is %s, then the next starts", async (overlap, ended) => {
    const { create, to, status } = made();
    await create({ workflowName: "long", overlap });
    await to("2026-01-01T02:01:00Z");
    expect([await status(ONE), await status(TWO)]).toEqual([ended, "RUNNING"]);
  });

  it("[SC7.11] while it is not known whether one runs, nothing starts; when it is, the time is taken", async () => {
    const { schedules, create, to, begun } = made();
    await create();
    await to("2026-01-01T01:30:00Z");
    schedules.fault = ({ method }) => (method === "describe" ? "unreachable" : undefined);
    await to("2026-01-01T02:10:00Z");
    expect(begun()).toEqual([ONE]);
    schedules.fault = undefined;
    await to("2026-01-01T02:11:30Z");
    expect(begun()).toEqual([ONE, TWO]);
  });

  it("[SC7.12] pauseOnFailure: one that fails is seen, and pauses the schedule", async () => {
    const { create, to, view, begun } = made();
    await create({ workflowName: "fails", pauseOnFailure: true });
    await to("2026-01-01T01:00:10Z");
    expect((await view()).paused).toMatchObject({ by: "pauseOnFailure", reason: `instance '${ONE}' has failed` });
    await to("2026-01-01T05:00:00Z");
    expect(begun()).toEqual([ONE]);
  });

  it("[SC7.13] a hundred at once are started in parts, each once", async () => {
    const { world, create, begun, schedules } = made();
    await create({ overlap: "allowAll" });
    const filled = await schedules.call("s", (schedule) =>
      schedule.backfill({ fromMs: CREATED - 100 * HOUR, toMs: CREATED, overlap: "allowAll", isDry: false }),
    );
    expect(filled).toMatchObject({ ok: true });
    await world.advance(SECOND);
    expect(begun()).toHaveLength(100);
    expect(schedules.calls.filter(({ method }) => method === "start")).toHaveLength(100);
  });

  it("[SC7.14] the object is lost at each of its writes and calls: still one instance for each time", async () => {
    for (let lostAt = 0; ; lostAt++) {
      const { world, schedules, create, to, begun, fires } = made();
      await create();
      let points = 0;
      world.onPoint = (point, id) => {
        if (id === "s" && ["write", "commit", "committed"].includes(point) && points++ === lostAt) schedules.lose("s");
      };
      await to("2026-01-01T02:30:00Z");
      world.onPoint = undefined;
      expect([lostAt, begun()]).toEqual([lostAt, [ONE, TWO]]);
      expect(await fires()).toEqual(["20260101T010000Z started", "20260101T020000Z started"]);
      if (points <= lostAt) break;
      expect(lostAt).toBeLessThan(100);
    }
  });

  it("[SC7.17] a trigger that is to be skipped while another one runs is not, when that has ended; nor is a backfill", async () => {
    const { world, schedules, create, to, raise, begun } = made();
    await create({ workflowName: "long" });
    await to("2026-01-01T01:10:00Z");
    const trigger = (requestId: string) =>
      schedules.call("s", (schedule) => schedule.trigger({ requestId, overlap: "skip" }));
    expect(await trigger("a")).toMatchObject({ outcome: "skipped" });
    await raise(ONE);
    expect(await trigger("b")).toMatchObject({ outcome: "started", instanceId: "s-20260101T011000Z-2" });
    await raise("s-20260101T011000Z-2");
    const fromMs = at("2026-01-01T00:00:00Z");
    await schedules.call("s", (schedule) => schedule.backfill({ fromMs, toMs: fromMs, overlap: "skip", isDry: false }));
    expect(begun()).toContain("s-20260101T000000Z");
    // Neither is late: only what a time of the schedule has started says when it was due.
    const due = begun().map((id) => world.host(id).history()[0]);
    expect(due.map((first) => first?.type === "ExecutionStarted" && first.startAtMs)).toEqual([
      at("2026-01-01T01:00:00Z"),
      undefined,
      undefined,
    ]);
  });

  it("[SC7.16] inputs and reasons lie sealed in the database, and leave it open", async () => {
    const { world, schedules, create, view, to } = made();
    await create({}, { input: '"secret 1"', pause: { reason: "secret 2" } });
    const asked = { requestId: "t", input: { text: '"secret 3"' }, reason: "secret 4" };
    await schedules.call("s", (schedule) => schedule.trigger({ ...asked, overlap: "allowAll" }));
    expect((await view()).paused?.reason).toBe("secret 2");
    await schedules.call("s", (schedule) => schedule.resume());
    await schedules.call("s", (schedule) => schedule.pause({ reason: "secret 5" }));
    expect([(await view()).paused?.reason, (await view()).input]).toEqual(["secret 5", '"secret 1"']);
    await to("2026-01-01T00:31:00Z");
    const [instanceId = ""] = world.hosts.keys();
    const [first] = world.host(instanceId).history();
    expect(first).toMatchObject({ input: '"secret 3"', reason: "secret 4" });
    const stored = JSON.stringify(schedules.host("s").db.dump());
    expect(stored.replaceAll(/sealed \\*"?secret/g, "")).not.toContain("secret");
    expect(stored).toContain("sealed");
  });
});
