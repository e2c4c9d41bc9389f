import fc from "fast-check";
import { expect, it } from "vitest";
import { ROUTES } from "../../../src/http/routes.ts";
import { fuzz } from "./campaign.ts";
import { hostileRequests } from "./hostile.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_124);

it("[F1] hostile requests: each route is reached, every answer is as the OpenAPI document says, what is refused changes nothing, nobody else is reached, nobody passes without the token or from a page of somebody else, nothing leaks", async () => {
  console.log(`FUZZ_SEED=${SEED}`);
  const { unexpected, example, requests, statuses, routes } = await fuzz(SEED, 2_500);
  expect([unexpected, example]).toEqual([[], []]);
  expect(requests).toBeGreaterThanOrEqual(2_500);
  expect([...routes.keys()].sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  expect([...statuses.keys()].sort()).toEqual([200, 202, 204, 400, 401, 403, 404, 500]);
});

it("[F2] when time is up, the campaign tells that it has sent fewer requests than it should", async () => {
  const { unexpected, requests } = await fuzz(SEED, 1_000_000, 500);
  expect(unexpected).toEqual([]);
  expect(requests).toBeLessThan(1_000_000);
});

it("[F3] a row that is added to the table is sent to, with its method, its parameters and names in its path, and nothing else is needed", () => {
  const [row] = ROUTES;
  if (row === undefined) throw new Error("expected a route");
  const path = "/v1.0/workflow-things/:component/:thing/polish";
  const added = {
    operation: "polishThing",
    method: "POST",
    path,
    parameters: { shine: Object.values(row.parameters)[0] },
  };
  const sent = (routes: readonly object[]) =>
    fc
      .sample(hostileRequests(routes as typeof ROUTES), { seed: SEED, numRuns: 4_000 })
      .filter(({ target }) => /^\/v1\.0\/workflow-things\/[^/?]+\/[^/?]*\/polish(\?|$)/.test(target));
  const all = sent([...ROUTES, added]);
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter(({ method }) => method === "POST").length).toBeGreaterThan(all.length / 2);
  expect(all.filter(({ target }) => target.includes("shine=")).length).toBeGreaterThan(5);
  expect(all.some(({ target }) => target.includes("victim-1"))).toBe(true);
  expect(sent(ROUTES)).toEqual([]);
});
