// The limits over HTTP and in the client: what runs, what waits, and for how long.
import { describe, expect, expectTypeOf, it } from "vitest";
import { DaprWorkflowClient, type WorkflowLimit } from "../../../src/client.ts";
import { LIMITER_MISSING } from "../../../src/limits/binding.ts";
import type { ListedLimit } from "../../../src/limits/overview.ts";
import { shardOf } from "../../../src/model/catalog-shards.ts";
import { entry } from "../catalog/support.ts";
import { catalogOf } from "./catalog-support.ts";
import { limitsOf } from "./limits-support.ts";
import { Api, read, refusal } from "./support.ts";

const LIMITS = "GET /v1.0/workflow-limits/dapr";
const SINCE = "2026-11-28T00:00:00Z";
const ask = async (api: Api, target: string) => read(await api.send(target));

const CARDS = {
  name: "cards",
  activity: "charge",
  concurrency: 2,
  rate: "100/m",
  running: 2,
  waiting: 3,
  waitingKeys: 2,
  waitingByKey: [
    { key: "a", running: 2, waiting: 2, oldestWaitingSince: SINCE },
    { key: "b", running: 0, waiting: 1, oldestWaitingSince: SINCE },
  ],
  oldestWaitingSince: SINCE,
};
const IMPORTS = {
  name: "imports",
  workflow: "import",
  concurrencyPerKey: 1,
  parts: 2,
  running: 0,
  waiting: 0,
  waitingKeys: 0,
  waitingByKey: [],
};

describe("the limits", () => {
  it("[H170] by name: what is declared, how many run and wait, and the keys with which most wait, and nothing else", async () => {
    const api = new Api({ limits: limitsOf() });
    expect(await ask(api, LIMITS)).toEqual({ status: 200, body: { limits: [CARDS, IMPORTS] } });
    expect(api.calls).toEqual([]);
  });

  it("[H171] so many keys as are wanted; a part that does not answer is missing", async () => {
    const { body } = await ask(new Api({ limits: limitsOf({ missing: true }) }), `${LIMITS}?top=1`);
    expect(body).toEqual({
      limits: [
        { ...CARDS, waitingByKey: [CARDS.waitingByKey[0]] },
        { ...IMPORTS, missingParts: 1 },
      ],
    });
  });

  it("[H172] without the binding: nothing to show where nothing is declared, else 501 and what to add", async () => {
    const none = { declared: () => [], partsOf: () => [], schedule: () => () => undefined };
    expect(await ask(new Api({ limits: none }), LIMITS)).toEqual({ status: 200, body: { limits: [] } });
    const missing = refusal(501, "ERR_LIMITER_NOT_CONFIGURED", LIMITER_MISSING);
    expect(await ask(new Api(), LIMITS)).toEqual(missing);
  });

  it.each(["top=0", "top=101", "top=x", "Top=1"])("[H173] %s is refused", async (query) => {
    const { status, body } = await ask(new Api({ limits: limitsOf() }), `${LIMITS}?${query}`);
    expect([status, body]).toMatchObject([400, { errorCode: "ERR_MALFORMED_REQUEST" }]);
  });

  it("[H174] the client has the same, with dates", async () => {
    const api = new Api({ limits: limitsOf() });
    const client = new DaprWorkflowClient({
      fetch: (request) => api.handle(request),
      daprHost: "http://localhost:8787",
    });
    const [cards, imports] = await client.listLimits({ top: 1 });
    expect(cards).toEqual({
      ...CARDS,
      waitingByKey: [{ ...CARDS.waitingByKey[0], oldestWaitingSince: new Date(SINCE) }],
      oldestWaitingSince: new Date(SINCE),
    });
    expect(imports).toEqual(IMPORTS);
    await expect(client.listLimits({ top: 0 })).rejects.toThrow("listLimits: top is a whole number from 1 to 100");
    expectTypeOf<keyof WorkflowLimit>().toEqualTypeOf<keyof ListedLimit>();
  });

  describe("in a list", () => {
    const LIST = "GET /v1.0/workflows/dapr";
    const waits = (id: string, waitingFor = "limit:cards") => entry(id, { status: "RUNNING", waitingFor });
    // Of these five the first two hold a lease, and the others wait: i2 and i4 with the key a, i3 with b.
    const entries = [
      ...["i0", "i2", "i3", "i4"].map((id) => waits(id)),
      waits("x", "event:go"),
      waits("y", "limit:gone"),
    ];
    const positions = async (api: Api, query = "") => {
      const { body } = await ask(api, `${LIST}${query}`);
      const { workflows } = body as { workflows: readonly { instanceID: string; position?: number }[] };
      return Object.fromEntries(workflows.map(({ instanceID, position }) => [instanceID, position]));
    };
    /** With the questions that limiters have been asked. */
    const listed = (given: Parameters<typeof limitsOf>[0] = {}, rows = entries) => {
      const limits = limitsOf(given);
      const asked: (readonly string[])[] = [];
      const partsOf: typeof limits.partsOf = (limit) =>
        limits.partsOf(limit).map((part) => ({
          health: (top) => part.health(top),
          positions: (ids) => {
            asked.push([limit.name, ...[...ids].sort()]);
            return part.positions(ids);
          },
        }));
      const catalog = catalogOf({ entries: rows });
      return { asked, catalog, api: new Api({ catalog, limits: { ...limits, partsOf } }) };
    };

    it("[H175] one that waits for a limit has its position, as it is now; one that has begun meanwhile, or waits for something else, has none", async () => {
      const { api, asked } = listed();
      const nothing = { i0: undefined, x: undefined, y: undefined };
      expect(await positions(api)).toEqual({ ...nothing, i2: 1, i3: 1, i4: 2 });
      expect(asked).toEqual([["cards", "i0", "i2", "i3", "i4"]]);
      expect(await positions(api, "?waitingFor=limit:cards&idPrefix=i4")).toEqual({ i4: 2 });
    });

    it("[H176] where nothing waits for a limit, and for counts, no limiter is asked", async () => {
      const { api, asked } = listed({}, [waits("x", "event:go")]);
      expect(await positions(api)).toEqual({ x: undefined });
      expect(await ask(listed().api, `${LIST}?countBy=status`)).toMatchObject({ status: 200 });
      expect(asked).toEqual([]);
    });

    it("[H177] each part is asked; one that does not answer leaves its positions out, and the list is there", async () => {
      const rows = [waits("i2"), waits("z", "limit:imports")];
      const { api, asked } = listed({ missing: true }, rows);
      expect(await positions(api)).toEqual({ i2: 1, z: undefined });
      expect(asked.sort()).toEqual([
        ["cards", "i2"],
        ["imports", "z"],
        ["imports", "z"],
      ]);
      expect(await positions(new Api({ catalog: catalogOf({ entries }) }))).toMatchObject({ i2: undefined });
    });

    it("[H178] changes have it, too, and the client", async () => {
      const { api, catalog } = listed();
      const { body } = await ask(api, `${LIST}?since=`);
      await catalog.announce(shardOf("i4", { shards: 2 }), { entry: waits("i4"), seq: 2 });
      const { since } = body as { since: string };
      expect(await positions(api, `?since=${encodeURIComponent(since)}`)).toEqual({ i4: 2 });
      const client = new DaprWorkflowClient({
        fetch: (request) => api.handle(request),
        daprHost: "http://localhost:8787",
      });
      const found = [];
      for await (const { instanceId, position } of client.listWorkflows({ waitingFor: "limit:cards" }))
        found.push([instanceId, position]);
      expect(found.sort()).toEqual([
        ["i0", undefined],
        ["i2", 1],
        ["i3", 1],
        ["i4", 2],
      ]);
    });
  });
});
