// Random workflows under faults, each seed twice. SIMULATION_SEED and SIMULATION_SEEDS set where to begin and how many.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { type Plan, planFrom } from "./plan.ts";
import { simulate } from "./run.ts";
import { add, emptySummary, simulateSeed } from "./summary.ts";

// Half a minute of computing for a part, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 300_000 });

const FIRST = Number(process.env.SIMULATION_SEED ?? 1);
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 1_000);
const PARTS = 4;
const pinned = new URL("./pinned/", import.meta.url);

describe("[V] the invariants, in simulations", () => {
  it.each(Array.from({ length: PARTS }, (_, part) => part))(
    "[V1] every invariant holds, and two runs of a seed are equal byte for byte (part %i)",
    async (part) => {
      const from = FIRST + part * Math.ceil(SEEDS / PARTS);
      const to = Math.min(FIRST + (part + 1) * Math.ceil(SEEDS / PARTS), FIRST + SEEDS);
      console.log(`SIMULATION_SEED=${from} SIMULATION_SEEDS=${to - from}`);
      let total = emptySummary();
      for (let seed = from; seed < to; seed++) total = add(total, await simulateSeed(seed));
      expect([total.violations, total.differing]).toEqual([[], []]);
      expect(total.seeds).toBe(to - from);
    },
  );

  it("[V2] faults of every kind happen, and instances end in every way", async () => {
    let total = emptySummary();
    for (let seed = FIRST; seed < FIRST + 200; seed++) total = add(total, await simulateSeed(seed));
    expect(Object.keys(total.ends).sort()).toEqual(["CANCELED", "COMPLETED", "FAILED", "TERMINATED"]);
    expect(Object.keys(total.faults).sort()).toEqual([
      "alarm is lost",
      "alarm rings again",
      "all objects are lost",
      "answer is lost",
      "call arrives twice",
      "call arrives twice, late",
      "call does not arrive",
      "clock jumps",
      "commit fails",
      "object is lost",
      "query fails",
      "statement fails",
    ]);
  });

  it("[V3] another seed is another plan, and the same seed the same", () => {
    expect(planFrom(7)).toEqual(planFrom(7));
    expect(planFrom(7)).not.toEqual(planFrom(8));
  });
});

describe("[V4] what simulations have found stays fixed", () => {
  it.each(readdirSync(pinned))("[V4] %s", async (name) => {
    const plan = JSON.parse(readFileSync(new URL(name, pinned), "utf8")) as Plan;
    expect((await simulate(plan)).violations).toEqual([]);
  });
});
