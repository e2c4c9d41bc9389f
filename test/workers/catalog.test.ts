// [K32] The catalog in workerd: real objects, storage, RPC and alarms.
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CatalogApi } from "../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../src/catalog/query/condition.ts";
import { readParameters } from "../../src/catalog/query/parameters.ts";
import { readList } from "../../src/catalog/reading/list.ts";
import type { WorkflowCatalogObject } from "../../src/catalog/workflow-catalog.ts";
import type { CatalogEntry } from "../../src/model/catalog-entry.ts";
import { allShards, shardOf } from "../../src/model/catalog-shards.ts";
import { costsOf } from "./meter.ts";
import type { CatalogSourceStandIn } from "./worker.ts";

const env = workerEnv as unknown as {
  readonly CATALOG_ALONE: DurableObjectNamespace<WorkflowCatalogObject>;
  readonly CATALOG_SOURCE: DurableObjectNamespace<CatalogSourceStandIn>;
};

const stub = (name: string) => env.CATALOG_ALONE.getByName(name);
const shard = (name: string): CatalogApi => stub(name) as unknown as CatalogApi;
const instance = (id: string) => env.CATALOG_SOURCE.getByName(id);

let shards = 0;
/** A shard that no other test uses. */
const newShard = () => `9-${++shards}`;

const NOW = Date.now();
const entry = (instanceId: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  instanceId,
  createdAtMs: NOW,
  workflowName: "order",
  status: "COMPLETED",
  updatedAtMs: NOW,
  ...more,
});
const page = { filter: EVERYTHING, order: "desc", limit: 100 } as const;

const alarmOf = (name: string) => runInDurableObject(stub(name), (_object, ctx) => ctx.storage.getAlarm());

describe("[K32] A shard in workerd", () => {
  it("[K32.1] keeps what it is told, over a crash, and answers a stale one with what it has", async () => {
    const name = newShard();
    const whole = entry("a", {
      status: "FAILED",
      failure: { errorType: "TypeError", message: "no pens" },
      searchAttributes: { customer: "c995", total: 12.5, vip: true, tags: ["x"] },
    });
    expect(await shard(name).announce({ entry: whole, seq: NOW * 1_000 })).toEqual({ ok: true });
    await abortAllDurableObjects();
    expect(await shard(name).list(page)).toEqual({ entries: [whole], rest: { type: "nothing" } });
    expect(await shard(name).announce({ entry: entry("a"), seq: NOW * 1_000 - 1 })).toEqual({
      ok: false,
      code: "STALE",
      held: { seq: NOW * 1_000, entry: whole },
    });
    expect(await shard(name).announce({ entry: entry("a"), seq: -1 })).toMatchObject({ ok: false, code: "INVALID" });
  });

  it("[K32.2] an instance that ends in its first burst is one row; one that lives is two, one more for its end", async () => {
    const name = newShard();
    const costs = costsOf(name);
    const tell = async (of: CatalogEntry, seq: number) => {
      const { rowsWritten, setAlarms } = costs;
      await shard(name).announce({ entry: of, seq });
      expect(costs.setAlarms).toBe(setAlarms);
      return costs.rowsWritten - rowsWritten;
    };
    await shard(name).announce({ entry: entry("first"), seq: 1 });
    expect(await tell(entry("a"), 1)).toBe(1);
    expect(await tell(entry("a"), 1)).toBe(0);
    expect(await tell(entry("b", { status: "RUNNING" }), 1)).toBe(2);
    expect(await tell(entry("b"), 2)).toBe(1);
    expect(await tell(entry("c", { status: "FAILED" }), 1)).toBe(2);
  });

  it("[K32.3] many at once are acknowledged together, in few transactions", async () => {
    const name = newShard();
    await shard(name).announce({ entry: entry("first"), seq: 1 });
    const { commits } = costsOf(name);
    const answers = Array.from({ length: 300 }, (_, n) => shard(name).announce({ entry: entry(`i${n}`), seq: 1 }));
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true);
    expect(costsOf(name).commits - commits).toBeLessThan(60);
    expect(await shard(name).health()).toMatchObject({ shard: name, entries: 301, live: 0 });
  });

  it("[K32.4] filters are SQL that workerd takes: numbered values, JSON, prefixes, 20 conditions", async () => {
    const name = newShard();
    await shard(name).announce({
      entry: entry("order-1", { searchAttributes: { customer: "c995", tags: ["red"], total: 7, vip: true } }),
      seq: 1,
    });
    await shard(name).announce({ entry: entry("order-2", { status: "RUNNING" }), seq: 1 });
    const list = async (query: string) => {
      const { filter } = readParameters(new URLSearchParams(query));
      return (await shard(name).list({ ...page, filter })).entries.map(({ instanceId }) => instanceId);
    };
    expect(await list("attr.customer=c995&attr.tags=red&attr.total=7&attr.vip=true&idPrefix=order")).toEqual([
      "order-1",
    ]);
    expect(await list("status=RUNNING,FAILED")).toEqual(["order-2"]);
    const twenty = Array.from({ length: 20 }, (_, n) => `attr.k${n} != 'v${n}'`).join(" AND ");
    expect(await list(new URLSearchParams({ q: twenty }).toString())).toEqual(["order-2", "order-1"]);
    const { filter } = readParameters([]);
    expect(await shard(name).count({ filter, by: ["day", "version", "errorType"] })).toMatchObject({ complete: true });
  });

  it("[K32.5] a page, counts and changes of all shards of all generations", async () => {
    const config = { shards: 3, former: [2] };
    const ids = Array.from({ length: 50 }, (_, n) => `order-${n}`);
    await Promise.all(
      ids.map((id, n) =>
        shard(shardOf(id, n < 20 ? { shards: 2 } : config)).announce({
          entry: entry(id, { createdAtMs: NOW + n }),
          seq: 1,
        }),
      ),
    );
    const all = {
      names: allShards(config),
      shard,
      schedule: (ms: number, callback: () => void) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    };
    const found: string[] = [];
    let token: string | undefined;
    do {
      const query = readParameters([["pageSize", "7"], ...(token ? ([["continuationToken", token]] as const) : [])]);
      const answer = await readList(query, all);
      if (!("workflows" in answer) || "since" in answer) throw new Error("no page");
      found.push(...answer.workflows.map((row) => row.instanceID));
      token = answer.continuationToken;
    } while (token !== undefined);
    expect(found).toEqual(ids.toReversed());
    expect(await readList(readParameters([["countBy", "status"]]), all)).toEqual({
      counts: [{ status: "COMPLETED", count: 50 }],
    });
    expect(await readList(readParameters([["since", ""]]), all)).toMatchObject({ workflows: [], resync: true });
  });

  it("[K32.6] leaving: the alarm asks the instance, and the row goes for good or comes back", async () => {
    const name = newShard();
    for (const id of ["k6-gone", "k6-here"]) {
      await shard(name).announce({ entry: entry(id, { status: "RUNNING" }), seq: 5 });
      await shard(name).leave({ instanceId: id, createdAtMs: NOW, seq: 6 });
    }
    await instance("k6-here").say({ type: "present", entry: entry("k6-here"), seq: 5, shard: name });
    expect((await shard(name).list(page)).entries).toEqual([]);
    const alarmAtMs = (await alarmOf(name)) ?? Number.POSITIVE_INFINITY;
    expect(alarmAtMs - Date.now()).toBeLessThanOrEqual(60_000);
    // As if it had been marked a minute ago.
    await runInDurableObject(stub(name), (_object, ctx) => {
      ctx.storage.sql.exec("UPDATE entry SET asked = asked - 60000");
    });
    expect(await runDurableObjectAlarm(stub(name))).toBe(true);
    expect((await shard(name).list(page)).entries).toEqual([entry("k6-here")]);
    expect(await shard(name).announce({ entry: entry("k6-gone"), seq: 4 })).toMatchObject({ code: "STALE" });
    expect(await alarmOf(name)).toBeGreaterThan(Date.now());
  });

  it("[K32.7] a row of an instance that was lost goes with the sweep, and the alarm ends with the last row", async () => {
    const name = newShard();
    const dayAgo = NOW - 86_400_000;
    await shard(name).announce({ entry: entry("k7-lost", { status: "RUNNING", updatedAtMs: dayAgo }), seq: 5 });
    await runDurableObjectAlarm(stub(name));
    expect((await shard(name).list(page)).entries).toEqual([]);
    await runInDurableObject(stub(name), (_object, ctx) => {
      ctx.storage.sql.exec("UPDATE entry SET asked = asked - 3600001");
    });
    await runDurableObjectAlarm(stub(name));
    expect(
      await runInDurableObject(stub(name), (_object, ctx) => ctx.storage.sql.exec("SELECT id FROM entry").toArray()),
    ).toEqual([]);
    expect(await alarmOf(name)).toBeNull();
  });

  it("[K32.9] an ended instance whose time is over is told to go, and its row goes", async () => {
    const name = newShard();
    const ended = entry("k9", { status: "FAILED", endedAtMs: NOW - 2_000 });
    await instance("k9").say({ type: "present", entry: ended, seq: 5, shard: name });
    await shard(name).announce({ entry: ended, seq: 5 });
    await shard(name).announce({ entry: entry("k9-stays", { endedAtMs: NOW - 2_000 }), seq: 5 });
    await runDurableObjectAlarm(stub(name));
    expect(await instance("k9").presence()).toEqual({ type: "absent" });
    expect((await shard(name).list(page)).entries.map(({ instanceId }) => instanceId)).toEqual(["k9-stays"]);
  });

  it("[K32.8] a shard that was written by newer code says so, changes nothing, and its alarm goes on", async () => {
    const name = newShard();
    await shard(name).announce({ entry: entry("a"), seq: 5 });
    await runInDurableObject(stub(name), (_object, ctx) => {
      ctx.storage.sql.exec("UPDATE meta SET value = '99' WHERE key = 'schema_version'");
    });
    await abortAllDurableObjects();
    await runInDurableObject(stub(name), async (object) => {
      const refused = (object as unknown as CatalogApi).list(page);
      await expect(refused).rejects.toThrow("stored by a newer version of edge-workflows (schema 99");
    });
    expect(await runDurableObjectAlarm(stub(name))).toBe(true);
    expect(await alarmOf(name)).toBeGreaterThan(Date.now());
  });
});
