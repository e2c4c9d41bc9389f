import { expect, it } from "vitest";
import { fuzz } from "./campaign.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_124);

it("[F1] hostile requests: every answer is documented, what is refused changes nothing, nobody else is reached, nobody passes without the token or from a page of somebody else, nothing leaks", async () => {
  console.log(`FUZZ_SEED=${SEED}`);
  const { unexpected, example, requests, statuses } = await fuzz(SEED, 2_500);
  expect([unexpected, example]).toEqual([[], []]);
  expect(requests).toBeGreaterThanOrEqual(2_500);
  expect([...statuses.keys()].sort()).toEqual([200, 202, 204, 400, 401, 403, 404, 500]);
});

it("[F2] when time is up, the campaign tells that it has sent fewer requests than it should", async () => {
  const { unexpected, requests } = await fuzz(SEED, 1_000_000, 500);
  expect(unexpected).toEqual([]);
  expect(requests).toBeLessThan(1_000_000);
});
