// The catalog itself, and what has changed in its lists, as DaprWorkflowClient has it: over the real HTTP face.
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ShardHealth } from "../../../src/catalog/protocol.ts";
import { type CatalogShardHealth, DaprWorkflowClient, WorkflowSummary } from "../../../src/client.ts";
import { DAY, entry } from "../catalog/support.ts";
import { catalogOf, WAITS, WHOLE } from "../http/catalog-support.ts";
import { Api } from "../http/support.ts";

function clientOf(api: Api): DaprWorkflowClient {
  return new DaprWorkflowClient({ fetch: (request) => api.handle(request), daprHost: "http://localhost:8787" });
}

/** A server that gives this answer, and what it was asked. */
function serverThat(answer: object) {
  const asked: string[] = [];
  const fetch = async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
    return Response.json(answer);
  };
  return { asked, client: new DaprWorkflowClient({ fetch }) };
}

describe("[A19] The catalog", () => {
  it("[A19.1] tells of each shard, and how many have not answered", async () => {
    const client = clientOf(new Api({ catalog: catalogOf({ entries: [entry("a"), WAITS], missing: ["0-1"] }) }));
    const { shards, missingShards } = await client.getCatalogHealth();
    expect(missingShards).toBe(1);
    expect(shards).toEqual([{ shard: expect.any(String), entries: 1, live: 0, schemaVersion: 1 }]);
    const whole = await clientOf(new Api({ catalog: catalogOf() })).getCatalogHealth();
    expect([whole.shards.length, whole.missingShards]).toEqual([2, 0]);
    expectTypeOf<keyof CatalogShardHealth>().toEqualTypeOf<keyof ShardHealth>();
    expectTypeOf<CatalogShardHealth>().toExtend<ShardHealth>();
  });

  it("[A19.2] has instances announce themselves again, and says what became of them", async () => {
    const instances = {
      "order-2": { type: "present", entry: WHOLE, seq: 5, shard: "0-0" },
      gone: { type: "absent" },
    } as const;
    const client = clientOf(new Api({ catalog: catalogOf({ instances }) }));
    expect(await client.rebuildCatalog(["order-2", "gone", "silent"], { reason: "why" })).toEqual({
      announced: 1,
      missing: 1,
      failed: ["silent"],
    });
  });

  it("[A19.3] more than 20 go in several requests, one after the other, and their outcomes are added", async () => {
    const { asked, client } = serverThat({ announced: 2, missing: 1, failed: ["x"] });
    const ids = Array.from({ length: 41 }, (_, n) => `i${n}`);
    expect(await client.rebuildCatalog(ids)).toEqual({ announced: 6, missing: 3, failed: ["x", "x", "x"] });
    const bodies = asked.map((line) => line.slice("POST /v1.0/workflow-catalog/dapr/rebuild ".length));
    expect(bodies.map((body) => JSON.parse(body).instanceIDs)).toEqual([ids.slice(0, 20), ids.slice(20, 40), ["i40"]]);
    expect(await client.rebuildCatalog([])).toEqual({ announced: 0, missing: 0, failed: [] });
  });

  it("[A19.4] wrong arguments are refused and nothing is sent; without a catalog it says so", async () => {
    const { asked, client } = serverThat({});
    for (const ids of [undefined, "i", [""], [1]])
      await expect(client.rebuildCatalog(ids as string[])).rejects.toThrow("instanceIds is a list of IDs");
    await expect(client.rebuildCatalog(["i"], { because: "x" } as object)).rejects.toThrow("unknown option because");
    expect(asked).toEqual([]);
    await expect(client.getCatalogHealth()).rejects.toThrow("no health of the catalog of the workflow API");
    await expect(client.rebuildCatalog(["i"])).rejects.toThrow("no rebuilt catalog of the workflow API");
    const without = clientOf(new Api());
    for (const call of [without.getCatalogHealth(), without.rebuildCatalog(["i"])])
      await expect(call).rejects.toMatchObject({ status: 501, errorCode: "ERR_CATALOG_NOT_CONFIGURED" });
  });
});

describe("[A20] Changes of a list", () => {
  it("[A20.1] begin with a token alone, which is to read the list once; with it, what has changed since, once each, as it is now", async () => {
    const catalog = catalogOf({ entries: [entry("order-1")], shards: 1 });
    const client = clientOf(new Api({ catalog }));
    const begun = await client.listWorkflowChanges({ name: "order" });
    expect(begun).toEqual({ changes: [], since: expect.any(String), resync: true, missingShards: 0 });
    for (const [seq, status] of [
      [2, "RUNNING"],
      [3, "STALLED"],
    ] as const)
      await catalog.announce("0-0", { entry: { ...WAITS, status }, seq });
    const { changes, since } = await client.listWorkflowChanges({ name: "order", since: begun.since });
    expect(changes).toEqual([{ type: "changed", workflow: expect.any(WorkflowSummary) }]);
    expect(changes[0]).toMatchObject({ workflow: { instanceId: "order-3", createdAt: new Date(DAY + 3) } });
    expect((await client.listWorkflowChanges({ name: "order", since })).changes).toEqual([]);
  });

  it("[A20.2] what does not fit any more is told as deleted; a token that is not known, as resync", async () => {
    const catalog = catalogOf({ entries: [WAITS], shards: 1 });
    const client = clientOf(new Api({ catalog }));
    const { since } = await client.listWorkflowChanges({ status: "RUNNING" });
    await catalog.announce("0-0", { entry: { ...WAITS, status: "SUSPENDED" }, seq: 9 });
    const { changes } = await client.listWorkflowChanges({ status: "RUNNING", since, pageSize: 5 });
    expect(changes).toEqual([{ type: "deleted", instanceId: "order-3" }]);
    const lost = serverThat({ workflows: [], since: "t", resync: true }).client;
    expect(await lost.listWorkflowChanges({ since })).toEqual({
      changes: [],
      since: "t",
      resync: true,
      missingShards: 0,
    });
  });

  it("[A20.3] shards that do not answer are counted; what is no such answer is an error", async () => {
    const { since } = await clientOf(new Api({ catalog: catalogOf() })).listWorkflowChanges();
    const half = clientOf(new Api({ catalog: catalogOf({ missing: ["0-1"] }) }));
    expect(await half.listWorkflowChanges({ since })).toMatchObject({ missingShards: 1 });
    await expect(serverThat({ workflows: [] }).client.listWorkflowChanges()).rejects.toThrow("no changes of the");
    await expect(half.listWorkflowChanges({ order: "asc" } as object)).rejects.toThrow("unknown option order");
  });
});
