// The limits over HTTP and in the client: what runs, what waits, and for how long.
import { describe, expect, expectTypeOf, it } from "vitest";
import { DaprWorkflowClient, type WorkflowLimit } from "../../../src/client.ts";
import { LIMITER_MISSING } from "../../../src/limits/binding.ts";
import type { ListedLimit } from "../../../src/limits/overview.ts";
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
});
