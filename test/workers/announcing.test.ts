// [W15] Instances and the catalog in workerd: real objects, storage, RPC and alarms.
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CatalogApi } from "../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../src/catalog/query/condition.ts";
import type { WorkflowCatalogObject } from "../../src/catalog/workflow-catalog.ts";
import type { CatalogEntry } from "../../src/model/catalog-entry.ts";
import { newId, operate, outputOf, raise, start, stateOf, stubOf } from "./support.ts";

const env = workerEnv as unknown as { readonly WORKFLOW_CATALOG: DurableObjectNamespace<WorkflowCatalogObject> };
const stub = () => env.WORKFLOW_CATALOG.getByName("0-0");

async function listed(id: string): Promise<CatalogEntry | undefined> {
  const shard: CatalogApi = stub() as unknown as CatalogApi;
  const page = await shard.list({ filter: EVERYTHING, order: "desc", limit: 1_000 });
  return page.entries.find(({ instanceId }) => instanceId === id);
}

const tablesOf = (id: string) =>
  runInDurableObject(stubOf(id), (_object, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'")
      .toArray()
      .map(({ name }) => name),
  );

describe("[W15] Instances and the catalog", () => {
  it("[W15.1] a start that is answered is in the list, with the state that it has led to", async () => {
    const [ended, waits] = [await start("echo", 1), await start("awaitEvent", "E")];
    expect(await listed(ended)).toMatchObject({ workflowName: "echo", status: "COMPLETED" });
    expect(await listed(waits)).toMatchObject({ status: "RUNNING", waitingFor: "event:E" });
    await raise(waits, "E", 1);
    await outputOf(waits, 30);
    await expect.poll(async () => (await listed(waits))?.status).toBe("COMPLETED");
  });

  it("[W15.2] the list outlives a crash of all objects", async () => {
    const id = await start("echo", 1);
    await abortAllDurableObjects();
    expect(await listed(id)).toMatchObject({ status: "COMPLETED" });
    await stateOf(id);
    expect(await stubOf(id).presence()).toMatchObject({
      type: "present",
      shard: "0-0",
      entry: { status: "COMPLETED" },
    });
  });

  it("[W15.3] a purge takes it out of the list, and leaves nothing", async () => {
    const id = await start("echo", 1);
    await operate(id, "purge");
    expect(await listed(id)).toBeUndefined();
    expect(await tablesOf(id)).toEqual([]);
    expect(await stubOf(id).presence()).toEqual({ type: "absent" });
  });

  it("[W15.4] what could not be told outlives the instance, and is told by an alarm", async () => {
    const id = newId("owing");
    await runInDurableObject(stubOf(id), async (_object, { storage }) => {
      storage.sql.exec(
        "CREATE TABLE telling (created_at_ms INTEGER NOT NULL, shard TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (created_at_ms, shard)) STRICT, WITHOUT ROWID",
      );
      storage.sql.exec("INSERT INTO telling VALUES (?, '0-0', ?)", Date.now(), Date.now() * 1_000);
      await storage.setAlarm(Date.now() + 3_600_000);
    });
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    await expect.poll(() => tablesOf(id)).toEqual([]);
    expect(await runInDurableObject(stubOf(id), (_object, { storage }) => storage.getAlarm())).toBe(null);
  });

  it("[W15.5] the catalog lets one go whose time is over", async () => {
    const id = await start("echo", 1);
    const presence = await stubOf(id).presence();
    if (presence.type !== "present") throw new Error(presence.type);
    const { entry, seq } = presence;
    const { createdAtMs } = entry;
    expect(await stubOf(id).expire({ instanceId: id, createdAtMs, seq: seq - 1 })).toEqual(presence);
    expect(await stubOf(id).expire({ instanceId: id, createdAtMs, seq })).toEqual({ type: "absent" });
    expect(await tablesOf(id)).toEqual([]);
  });
});
