// [K35] Lists in workerd: instances announce themselves, and the HTTP API and the client inside the Worker find them.
import { runInDurableObject } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CATALOG_MISSING, CATALOG_OFF } from "../../src/catalog/binding.ts";
import type { WorkflowCatalogObject } from "../../src/catalog/workflow-catalog.ts";
import {
  createWorker,
  DaprWorkflowClient,
  type WorkerEnv,
  type WorkerOptions,
  WorkflowRuntimeStatus,
  type WorkflowSummary,
} from "../../src/index.ts";
import { ask, ended, refusal, start, W } from "./support.ts";
import { runtime } from "./worker.ts";

const { WORKFLOW_CATALOG } = workerEnv as unknown as {
  readonly WORKFLOW_CATALOG: DurableObjectNamespace<WorkflowCatalogObject>;
};
const client = new DaprWorkflowClient();

interface Row {
  readonly instanceID: string;
  readonly runtimeStatus: string;
  readonly waitingFor?: string;
}

/** The rows of the instances of one test, as soon as they are what is expected of them. */
async function rowsOf(prefix: string, isSo: (rows: readonly Row[]) => boolean): Promise<readonly Row[]> {
  for (let n = 0; ; n++) {
    const { status, body } = await ask(`GET ${W}?idPrefix=${prefix}`);
    expect(status).toBe(200);
    const { workflows } = body as { workflows: readonly Row[] };
    if (isSo(workflows) || n === 200) return workflows;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function shardsOf(): Promise<readonly { readonly shard: string; readonly entries: number }[]> {
  const { status, body } = await ask("GET /v1.0/workflow-catalog/dapr");
  expect(status).toBe(200);
  return (body as { shards: Awaited<ReturnType<typeof shardsOf>> }).shards;
}

describe("[K35] Lists in workerd", () => {
  it("[K35.1] an instance is listed from its first burst to its end, and not after its purge", async () => {
    await start("echo", 1, "k35-a-1");
    await start("awaitEvents", { name: "paid", count: 1 }, "k35-a-2");
    await ended("k35-a-1");
    const rows = await rowsOf("k35-a", (found) => found.some(({ waitingFor }) => waitingFor === "event:paid"));
    expect(rows).toMatchObject([
      { instanceID: "k35-a-2", workflowName: "awaitEvents", runtimeStatus: "RUNNING", waitingFor: "event:paid" },
      { instanceID: "k35-a-1", workflowName: "echo", runtimeStatus: "COMPLETED", endedAt: expect.any(String) },
    ]);
    await ask(`POST ${W}/k35-a-2/raiseEvent/paid`, "1");
    await ended("k35-a-2");
    const atRest = await rowsOf("k35-a", (found) => found.every((row) => row.runtimeStatus === "COMPLETED"));
    expect(atRest.map(({ runtimeStatus }) => runtimeStatus)).toEqual(["COMPLETED", "COMPLETED"]);
    await ask(`POST ${W}/k35-a-1/purge`);
    expect((await rowsOf("k35-a", (found) => found.length === 1)).map((row) => row.instanceID)).toEqual(["k35-a-2"]);
  });

  it("[K35.2] the client inside the Worker lists and counts over all shards", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `k35-b-${String(n).padStart(2, "0")}`);
    for (const id of ids) await client.runWorkflow("echo", 1, { instanceId: id });
    const found: WorkflowSummary[] = [];
    for await (const row of client.listWorkflows({ idPrefix: "k35-b", order: "asc", pageSize: 5 })) found.push(row);
    expect(found.map(({ instanceId }) => instanceId)).toEqual(ids);
    expect(new Set(found.map(({ runtimeStatus }) => runtimeStatus))).toEqual(
      new Set([WorkflowRuntimeStatus.COMPLETED]),
    );
    expect(found[0]?.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(await client.countWorkflows({ idPrefix: "k35-b" }, ["name", "status"])).toEqual({
      counts: [{ name: "echo", status: "COMPLETED", count: 12 }],
      complete: true,
      missingShards: 0,
    });
  });

  it("[K35.3] what a shard has lost comes back by rebuild, as often as it is asked for", async () => {
    const ids = Array.from({ length: 6 }, (_, n) => `k35-c-${n}`);
    for (const id of ids) await client.runWorkflow("echo", 1, { instanceId: id });
    for (const { shard } of await shardsOf())
      await runInDurableObject(WORKFLOW_CATALOG.getByName(shard), (_object, ctx) => {
        ctx.storage.sql.exec("DELETE FROM entry");
      });
    expect(await rowsOf("k35-c", (found) => found.length === 0)).toEqual([]);
    const body = JSON.stringify({ instanceIDs: [...ids, "k35-c-none"] });
    for (let n = 0; n < 2; n++)
      expect(await ask("POST /v1.0/workflow-catalog/dapr/rebuild", body)).toEqual({
        status: 200,
        body: { announced: 6, missing: 1, failed: [] },
      });
    expect((await rowsOf("k35-c", (found) => found.length === 6)).map(({ instanceID }) => instanceID).sort()).toEqual(
      ids,
    );
  });

  it("[K35.4] the health of the catalog: its shards, their rows, how fresh they are", async () => {
    await client.runWorkflow("echo", 1, { instanceId: "k35-d" });
    const shards = await shardsOf();
    expect(shards[0]?.shard).toBe("0-0");
    expect(shards.reduce((sum, { entries }) => sum + entries, 0)).toBeGreaterThan(0);
    expect(shards).toContainEqual(
      expect.objectContaining({ freshness: expect.objectContaining({ p99Ms: expect.any(Number) }) }),
    );
  });

  // The last: the client inside the Worker is that of the Worker which was made last.
  it("[K35.5] without the binding, or with catalog: false, a list says which it is; everything else works", async () => {
    const listOf = async (options: WorkerOptions, bindings: object) => {
      const worker = createWorker(runtime, options);
      const request = (path: string) => new Request(`http://localhost${path}`);
      expect((await worker.fetch(request("/v1.0/metadata"), bindings as WorkerEnv)).status).toBe(200);
      const response = await worker.fetch(request("/v1.0/workflows/dapr"), bindings as WorkerEnv);
      return { status: response.status, body: await response.json() };
    };
    expect(await listOf({ catalog: false }, workerEnv)).toEqual(
      refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_OFF),
    );
    expect(await listOf({}, { ...workerEnv, WORKFLOW_CATALOG: undefined })).toEqual(
      refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_MISSING),
    );
    expect((await listOf({}, workerEnv)).status).toBe(200);
  });
});
