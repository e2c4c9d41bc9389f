// [SC20] Random schedules under lost, late and doubled messages, lost objects, wrong clocks and deploys: one instance for each nominal time.
import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

const SEEDS = Number(process.env.SCHEDULE_SEEDS ?? 40);

it("[SC20.1] exactly one instance for each nominal time, whatever happens", async () => {
  let begun = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulate(seed);
    expect([seed, outcome.violations]).toEqual([seed, []]);
    begun += outcome.begun;
  }
  expect(begun).toBeGreaterThan(SEEDS * 50);
}, 600_000);

it("[SC20.2] the same seed is the same run", async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  expect(second.trace).toBe(first.trace);
});
