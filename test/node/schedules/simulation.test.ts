// [SC20] Random schedules under lost, late and doubled messages, lost objects, wrong clocks and deploys: one instance for each nominal time.
import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

const SEEDS = Number(process.env.SCHEDULE_SEEDS ?? 40);

it("[SC20.1] exactly one instance for each nominal time, and its overlap kept: never two at once unless all are let in, none ended but for a later one, whatever happens", async () => {
  let begun = 0;
  let ended = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = await simulate(seed);
    expect([seed, outcome.violations]).toEqual([seed, []]);
    begun += outcome.begun;
    ended += outcome.ended;
  }
  expect(begun).toBeGreaterThan(SEEDS * 50);
  expect(ended).toBeGreaterThan(0);
}, 600_000);

it("[SC20.2] the same seed is the same run", async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  expect(second.trace).toBe(first.trace);
});
