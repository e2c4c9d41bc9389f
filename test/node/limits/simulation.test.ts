// [L2] Limits under faults, by chance: instances and limiters are lost, messages are lost, late or repeated, operators interfere.
import { describe, expect, it } from "vitest";
import { LimiterWorld } from "../instance/limiter-world.ts";
import { type Code, makeWorld, resume, start, suspend, terminate } from "../instance/support.ts";
import type { PeerFault, World } from "../instance/world.ts";
import { Random } from "../random.ts";

const CONCURRENCY = 2;

interface Run {
  readonly endsAtMs: number;
  /** Its object was lost with it. */
  isLost: () => boolean;
}

/**
 * A world of ten instances that call a limited activity each, three times; some of them are limited themselves. `faults` end after five
 * minutes: then all has to come to its end.
 */
async function simulate(seed: number): Promise<void> {
  const random = new Random(seed);
  const world: World = makeWorld();
  const key = (input: unknown) => String(input).slice(0, 1);
  const limiters = new LimiterWorld(world)
    .declare({ name: "cards", kind: "activity", target: "charge", concurrency: CONCURRENCY, key })
    .declare({ name: "imports", kind: "workflow", target: "import", concurrency: 3 });
  world.limiters = limiters;
  const runs = new Set<Run>();
  world.activity("charge", async (ctx, input) => {
    const host = world.host(ctx.getWorkflowInstanceId());
    const { life } = host;
    const ms = random.below(15_000);
    const run = { endsAtMs: world.nowMs + ms, isLost: () => host.life !== life };
    runs.add(run);
    // A lease whose instance was lost is given to another only when it is over: what runs now holds one that is not.
    const alive = [...runs].filter(({ isLost }) => !isLost());
    expect(alive.length, `seed ${seed}: runs at once`).toBeLessThanOrEqual(CONCURRENCY);
    await world.sleep(ms);
    runs.delete(run);
    return input;
  });
  const code = function* (ctx: Parameters<Parameters<World["workflow"]>[1]>[0], id: string): Code {
    for (let n = 0; n < 3; n++) yield ctx.callActivity("charge", id);
    return id;
  };
  world.workflow("pay", code);
  world.workflow("import", code);
  let isFaulty = true;
  const faults: PeerFault[] = ["unreachable", "answer lost", "twice", "twice, late"];
  limiters.fault = () => (isFaulty && random.chance(0.15) ? faults[random.below(faults.length)] : undefined);
  world.chaos = {
    pick: (n) => random.below(n),
    latencyMs: () => random.below(200),
    alarmShiftMs: () => 0,
    ringsAgain: () => isFaulty && random.chance(0.05),
  };
  const ids = Array.from({ length: 10 }, (_, n) => `${"abc"[n % 3]}${n}`);
  for (const [n, id] of ids.entries()) void start(world, id, n % 2 === 0 ? "pay" : "import", id).catch(() => undefined);
  for (let round = 0; round < 40; round++) {
    await world.advance(random.below(15_000));
    const id = ids[random.below(ids.length)] as string;
    const what = random.below(8);
    if (what === 0) world.crash(id);
    if (what === 1) limiters.lose(random.chance(0.5) ? "cards" : "imports");
    if (what === 2) world.crashAll();
    if (what === 3) void suspend(world, id).catch(() => undefined);
    if (what === 4) void resume(world, id).catch(() => undefined);
    if (what === 5 && random.chance(0.2)) void terminate(world, id).catch(() => undefined);
    for (const run of runs) if (run.isLost()) runs.delete(run);
  }
  isFaulty = false;
  // What is on its way arrives first: a resume must not overtake the pause before it.
  await world.advance(60_000);
  for (const id of ids) void resume(world, id).catch(() => undefined);
  await world.advance(3_600_000);
  for (const id of ids) {
    const state = await new Promise((resolve) => {
      void world.post(id, (instance) => instance.describe({ payloads: false })).then(resolve, resolve);
      void world.advance(10_000);
    });
    const status = (state as { status?: string } | undefined)?.status;
    expect(["COMPLETED", "TERMINATED", undefined], `seed ${seed}: ${id} waits for ever`).toContain(status);
  }
  await world.advance(120_000);
  for (const name of ["cards", "imports"])
    expect([seed, limiters.state(name)]).toEqual([seed, { held: [], waiting: [] }]);
}

describe("[L2] Limits under faults", () => {
  it.each(Array.from({ length: 30 }, (_, n) => n + 1))(
    "[L2.1] never more run at once than may, nobody waits for ever, and nothing is left: seed %i",
    simulate,
  );
});
