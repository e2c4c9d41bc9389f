// [SC8] What code declares: which of two versions counts, and that its schedules become so, whatever is lost. [SC9] The index.
import { describe, expect, it } from "vitest";
import {
  type Declaration,
  type Deployed,
  type Deployment,
  deploy,
  hashOf,
} from "../../../src/schedules/deployments.ts";
import { makeWorld } from "../instance/support.ts";
import { at, HOUR, MINUTE, SECOND } from "./support.ts";
import { ScheduleWorld } from "./world.ts";

const NOW = at("2026-01-01T00:00:00Z");
const declaration = (id: string, interval = "1h"): Declaration => ({
  id,
  fields: { workflowName: "report", interval },
});
const version = (declarations: readonly Declaration[], madeMs?: number): Deployment => ({
  hash: hashOf(declarations),
  declarations,
  madeMs,
});
const A = version([declaration("a"), declaration("b")]);
const B = version([declaration("a", "2h")]);
const done = (deployed: Deployed | undefined): Deployed => ({ ...(deployed as Deployed), leaving: [], isDone: true });

describe("[SC8] Which version counts", () => {
  it("[SC8.1] the first that is heard of, and then one that was not heard of before; what is not in it is to leave", () => {
    const first = deploy(undefined, A, NOW);
    expect(first).toMatchObject({ hash: A.hash, number: 1, ids: ["a", "b"], leaving: [], isDone: false });
    const second = deploy(done(first), B, NOW + SECOND);
    expect(second).toMatchObject({ hash: B.hash, number: 2, ids: ["a"], leaving: ["b"], former: [A.hash] });
    expect(deploy(done(second), A, NOW + MINUTE)).toBeUndefined();
  });

  it("[SC8.2] the same again changes nothing, but that it is heard of once in ten minutes", () => {
    const first = done(deploy(undefined, A, NOW));
    expect(deploy(first, A, NOW + 9 * MINUTE)).toBe(first);
    expect(deploy(first, A, NOW + 10 * MINUTE)).toEqual({ ...first, seenMs: NOW + 10 * MINUTE });
  });

  it("[SC8.3] a former one counts again when the other was silent for an hour: it was deployed again", () => {
    const second = done(deploy(done(deploy(undefined, A, NOW)), B, NOW));
    expect(deploy(second, A, NOW + HOUR - 1)).toBeUndefined();
    expect(deploy(second, A, NOW + HOUR)).toMatchObject({ hash: A.hash, number: 3, former: [B.hash] });
  });

  it("[SC8.4] where both say when they were made, the later counts, whichever is heard of first", () => {
    const later = done(deploy(undefined, version(B.declarations, NOW + 2), NOW));
    expect(deploy(later, version(A.declarations, NOW + 1), NOW + MINUTE)).toBeUndefined();
    const earlier = done(deploy(undefined, version(B.declarations, NOW + 1), NOW));
    expect(deploy(earlier, version(A.declarations, NOW + 2), NOW + MINUTE)).toMatchObject({ hash: A.hash });
    expect(deploy(later, version(A.declarations, NOW + 1), NOW + HOUR)).toMatchObject({ hash: A.hash });
  });

  it("[SC8.5] who was to leave and has not been told is not forgotten by the next one", () => {
    const second = deploy(done(deploy(undefined, A, NOW)), B, NOW);
    const third = deploy(second, version([declaration("c")]), NOW);
    expect(third?.leaving).toEqual(["a", "b"]);
  });

  it("[SC8.6] the order in which schedules are declared is no difference", () => {
    expect(hashOf([declaration("b"), declaration("a")])).toBe(hashOf([declaration("a"), declaration("b")]));
    expect(hashOf([declaration("a", "2h")])).not.toBe(hashOf([declaration("a")]));
  });
});

function made() {
  const world = makeWorld();
  world.workflow("report", (_ctx, input) => input);
  world.nowMs = NOW;
  const schedules = new ScheduleWorld(world);
  const see = (id: string) => schedules.call(id, (schedule) => schedule.view(1));
  const names = () => schedules.askIndex((index) => index.list("", 100));
  return { world, schedules, see, names };
}

describe("[SC8] Schedules that code declares", () => {
  it("[SC8.7] are made, changed, paused and taken up again; what they have done and whether somebody has paused them stays", async () => {
    const { world, schedules, see } = made();
    await schedules.askIndex((index) => index.reconcile(schedules.deploy(A.declarations)));
    await world.advance(HOUR);
    const first = await see("a");
    expect([first?.source, first?.fires.length, (await see("b"))?.fires.length]).toEqual(["code", 1, 1]);
    await schedules.call("a", (schedule) => schedule.pause({ reason: "by hand" }));
    await schedules.askIndex((index) => index.reconcile(schedules.deploy(B.declarations)));
    expect(await see("a")).toMatchObject({ fields: { interval: "2h" }, paused: { reason: "by hand" } });
    expect((await see("a"))?.fires).toHaveLength(1);
    expect((await see("b"))?.paused).toMatchObject({ by: "deploy", isUndeclared: true });
    await world.advance(2 * HOUR);
    await schedules.askIndex((index) => index.reconcile(schedules.deploy(A.declarations)));
    expect((await see("b"))?.paused).toBeUndefined();
    expect((await see("a"))?.paused?.reason).toBe("by hand");
  });

  it("[SC8.8] an index that is lost while it tells them: whoever asks next does the rest", async () => {
    for (let lostAt = 0; lostAt < 12; lostAt++) {
      const { world, schedules, see } = made();
      let points = 0;
      world.onPoint = (point, id) => {
        if (id === "index" && ["write", "commit", "committed"].includes(point) && points++ === lostAt)
          schedules.lose("index");
      };
      await schedules.askIndex((index) => index.reconcile(A)).catch(() => undefined);
      world.onPoint = undefined;
      await schedules.askIndex((index) => index.reconcile(A));
      expect([lostAt, (await see("a"))?.fields.interval, (await see("b"))?.source]).toEqual([lostAt, "1h", "code"]);
    }
  });

  it("[SC8.9] the alarm of a schedule whose object has newer code brings it in before it fires", async () => {
    const { world, schedules, see } = made();
    await schedules.askIndex((index) => index.reconcile(schedules.deploy(A.declarations)));
    schedules.deploy([declaration("b")]);
    schedules.lose("a");
    await world.advance(HOUR);
    expect(await see("a")).toMatchObject({ paused: { by: "deploy" }, fires: [] });
    expect(world.hosts.size).toBe(1);
  });

  it("[SC8.11] what an earlier deployment says, and comes late, changes nothing", async () => {
    const { schedules, see } = made();
    await schedules.call("a", (schedule) => schedule.declare(declaration("a", "2h"), 2));
    await schedules.call("a", (schedule) => schedule.declare(declaration("a", "1h"), 1));
    await schedules.call("a", (schedule) => schedule.undeclare(1));
    expect(await see("a")).toMatchObject({ fields: { interval: "2h" } });
    expect((await see("a"))?.paused).toBeUndefined();
  });

  it("[SC8.10] an index that cannot be reached holds up no time", async () => {
    const { world, schedules, see } = made();
    await schedules.askIndex((index) => index.reconcile(schedules.deploy(A.declarations)));
    schedules.deploy(B.declarations);
    schedules.lose("a");
    schedules.fault = ({ to }) => (to === "index" ? "unreachable" : undefined);
    await world.advance(HOUR);
    expect((await see("a"))?.fires).toHaveLength(1);
  });
});

describe("[SC9] The index", () => {
  it("[SC9.1] has the name before anything is stored of a schedule, whenever an object is lost", async () => {
    for (let lostAt = 0; lostAt < 12; lostAt++) {
      const { world, schedules, see, names } = made();
      let points = 0;
      world.onPoint = (point, id) => {
        if (!["write", "commit", "committed"].includes(point) || points++ !== lostAt) return;
        schedules.lose(id === "index" ? "index" : "s");
      };
      const fields = { workflowName: "report", interval: "1h" };
      await schedules.call("s", (schedule) => schedule.create({ fields, requestId: "r" })).catch(() => undefined);
      world.onPoint = undefined;
      if ((await see("s")) !== undefined) expect([lostAt, await names()]).toEqual([lostAt, ["s"]]);
    }
  });

  it("[SC9.2] a schedule that was deleted leaves it, if not at once then by its alarm", async () => {
    const { world, schedules, see, names } = made();
    const fields = { workflowName: "report", interval: "1h" };
    await schedules.call("s", (schedule) => schedule.create({ fields, requestId: "r" }));
    schedules.fault = ({ method }) => (method === "removeName" ? "unreachable" : undefined);
    await expect(schedules.call("s", (schedule) => schedule.remove())).rejects.toThrow();
    expect([await see("s"), await names()]).toEqual([undefined, ["s"]]);
    schedules.fault = undefined;
    await world.advance(MINUTE);
    expect(await names()).toEqual([]);
    expect([schedules.host("s").armedAtMs, schedules.host("s").db.tables()]).toEqual([null, []]);
    expect(world.hosts.size).toBe(0);
  });
});
