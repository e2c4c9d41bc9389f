// A limit that is spread over several objects, and what becomes of those who wait when a deploy spreads it otherwise.
import { describe, expect, it } from "vitest";
import { type Limit, limiterNames } from "../../../../src/model/limit.ts";
import { LimiterWorld } from "../limiter-world.ts";
import { type Code, makeWorld, raise, start, statusOf } from "../support.ts";
import type { World } from "../world.ts";

const SOON = 10;

function limitedWorld(limit: Partial<Limit>): { world: World; limiters: LimiterWorld } {
  const world = makeWorld();
  const limiters = new LimiterWorld(world).declare({ name: "imports", kind: "workflow", target: "import", ...limit });
  world.limiters = limiters;
  world.workflow("import", function* (ctx): Code {
    return yield ctx.waitForExternalEvent("go");
  });
  return { world, limiters };
}

const idsOf = (count: number) => Array.from({ length: count }, (_, n) => `i${n}`);

/** Other code: every object loses its memory. */
function deploy(world: World, limiters: LimiterWorld, ids: readonly string[], limit: Partial<Limit>): void {
  limiters.declare({ name: "imports", kind: "workflow", target: "import", ...limit });
  for (const id of ids) world.crash(id);
  for (const name of limiters.hosts.keys()) limiters.lose(name);
}

const running = async (world: World, ids: readonly string[]) => {
  const statuses = await Promise.all(ids.map((id) => statusOf(world, id)));
  return ids.filter((_, n) => statuses[n] === "RUNNING");
};

describe("[I53] A limit in parts", () => {
  it("[I53.1] without a key the instances are spread: what is declared is exact in sum, and all come to their end", async () => {
    const { world, limiters } = limitedWorld({ concurrency: 4, parts: 2 });
    const ids = idsOf(20);
    for (const id of ids) await start(world, id, "import");
    await world.advance(SOON);
    const states = ["imports#0", "imports#1"].map((name) => limiters.state(name));
    expect(states.map(({ held }) => held.length)).toEqual([2, 2]);
    expect(states.flatMap(({ waiting }) => waiting)).toHaveLength(16);
    expect(limiters.hosts.size).toBe(2);
    for (let most = 0; most <= 20; most++) {
      const now = await running(world, ids);
      expect(now.length).toBeLessThanOrEqual(4);
      for (const id of now) await raise(world, id, "go", id);
      await world.advance(SOON);
    }
    expect(await Promise.all(ids.map((id) => statusOf(world, id)))).toEqual(ids.map(() => "COMPLETED"));
  });

  it("[I53.2] with a key all of a key are in one part, which has its share of the numbers", async () => {
    const { world, limiters } = limitedWorld({ concurrency: 4, parts: 2, key: (input) => String(input) });
    for (const id of idsOf(6)) await start(world, id, "import", "acme");
    await world.advance(SOON);
    expect([...limiters.hosts.keys()]).toHaveLength(1);
    const [name = ""] = limiters.hosts.keys();
    expect(limiters.state(name)).toEqual({ held: ["i0", "i1"], waiting: ["i2", "i3", "i4", "i5"] });
  });

  it.each([
    ["one object becomes two", { parts: 1 }, { parts: 2 }],
    ["two objects become one", { parts: 2 }, { parts: 1 }],
    ["two objects become four", { parts: 2 }, { parts: 4 }],
  ])(
    "[I53.3] %s: nobody who waits begins for that; those of before end, and all come to their end",
    async (_, before, after) => {
      const { world, limiters } = limitedWorld({ concurrency: 4, ...before });
      const ids = idsOf(24);
      for (const id of ids) await start(world, id, "import");
      await world.advance(SOON);
      const first = await running(world, ids);
      expect(first).toHaveLength(4);
      deploy(world, limiters, ids, { concurrency: 4, ...after });
      await world.advance(120_000);
      // What runs goes on without counting until its lease is asked for at the new part, where it comes first.
      const now = await running(world, ids);
      expect(now.length).toBeLessThanOrEqual(8);
      const names = limiterNames({ name: "imports", ...after });
      const states = names.map((name) => limiters.state(name));
      expect(states.flatMap(({ held }) => held).length).toBe(4);
      expect(new Set(states.flatMap(({ waiting }) => waiting)).size).toBe(20);
      for (let round = 0; round <= 24; round++) {
        for (const { held } of names.map((name) => limiters.state(name)))
          for (const id of held) await raise(world, id, "go", id);
        await world.advance(1_000);
      }
      await world.advance(300_000);
      expect(await Promise.all(ids.map((id) => statusOf(world, id)))).toEqual(ids.map(() => "COMPLETED"));
      await world.rest();
      for (const name of limiters.hosts.keys()) expect(limiters.state(name)).toEqual({ held: [], waiting: [] });
    },
  );

  it("[I53.4] those who wait at a former part are sent on within a minute, however seldom they ask by themselves", async () => {
    const { world, limiters } = limitedWorld({ concurrency: 1 });
    for (const id of idsOf(3)) await start(world, id, "import");
    await world.advance(SOON);
    deploy(world, limiters, ["i0"], { concurrency: 2, parts: 2 });
    for (const id of ["i1", "i2"]) await world.evict(id);
    await world.advance(61_000);
    const states = ["imports#0", "imports#1"].map((name) => limiters.state(name));
    expect(states.flatMap(({ held, waiting }) => [...held, ...waiting]).sort()).toEqual(["i0", "i1", "i2"]);
    expect(limiters.state("imports")).toEqual({ held: [], waiting: [] });
  });
});
