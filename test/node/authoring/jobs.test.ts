// Bulk jobs of DaprWorkflowClient, against the real HTTP face: what is sent, and what is made of the answers.
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient, declareEvent, WorkflowRuntimeStatus, WorkflowSummary } from "../../../src/client.ts";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import type { JobInput } from "../../../src/jobs/job.ts";
import { DAY, entry } from "../catalog/support.ts";
import { catalogOf } from "../http/catalog-support.ts";
import { Api, NOW_MS, RUNNING } from "../http/support.ts";

const JOB = "bulk:00000000-0000-4000-8000-000000000001";

function clientOf(api: Api, options: object = {}): DaprWorkflowClient {
  const fetch = (request: Request) => api.handle(request);
  return new DaprWorkflowClient({ fetch, daprHost: "http://localhost:8787", ...options });
}
const begun = (api: Api): JobInput => JSON.parse((api.calls[0]?.[2] as StartRequest | undefined)?.input ?? "null");

describe("[A12] Bulk jobs", () => {
  it("[A12.1] startBulkJob resolves with the ID of a job that has all that it was given", async () => {
    const api = new Api();
    const client = clientOf(api);
    const instanceIds = ["a", "b"];
    expect(
      await client.startBulkJob({
        operation: "raise",
        instanceIds,
        event: declareEvent<{ by: string }>("approved"),
        eventPayload: { by: "ops" },
        confirm: 2,
        rps: 7,
        reason: "all at once",
      }),
    ).toBe(JOB);
    expect(begun(api)).toEqual({
      call: { operation: "raise", eventName: "approved", payload: '{"by":"ops"}', reason: "all at once" },
      targets: { instanceIds },
      matched: 2,
      rps: 7,
      beganAtMs: NOW_MS,
      progress: { done: 0, failed: 0, skipped: 0, failures: [] },
    });
  });

  it("[A12.2] by a filter, as a list takes it; null is left out, and a payload converter writes what is sent", async () => {
    const api = new Api({ catalog: catalogOf({}) });
    const payloadConverter = {
      encode: (value: unknown) => (value instanceof Date ? '{"date":1}' : undefined),
      decode: (text: string) => JSON.parse(text),
    };
    await clientOf(api, { payloadConverter }).startBulkJob({
      operation: "terminate",
      filter: {
        status: ["FAILED", WorkflowRuntimeStatus.STALLED],
        createdBefore: new Date(DAY),
        attributes: { vip: true },
      },
      output: new Date(DAY),
      nonRecursive: true,
      force: null,
      instanceIds: null,
    });
    expect(begun(api)).toMatchObject({
      call: { operation: "terminate", output: '{"date":1}', nonRecursive: true },
      targets: {
        filter: { status: "FAILED,STALLED", createdBefore: "2026-11-28T00:00:00.000Z", "attr.vip": "true" },
      },
    });
  });

  it("[A12.3] previewBulkJob tells how many match and who the first are, and begins nothing", async () => {
    const api = new Api({ catalog: catalogOf({ entries: [entry("a"), entry("b")] }) });
    const preview = await clientOf(api).previewBulkJob({ operation: "purge", filter: {} });
    expect([preview.matched, preview.complete]).toEqual([2, true]);
    expect(preview.samples.map((sample) => [sample instanceof WorkflowSummary, sample.instanceId])).toEqual([
      [true, "b"],
      [true, "a"],
    ]);
    expect(api.calls).toEqual([]);
  });

  it("[A12.4] getBulkJob has Dates and a status as states have them; undefined when there is none", async () => {
    const api = new Api();
    const input: JobInput = {
      call: { operation: "pause" },
      targets: { instanceIds: [] },
      matched: 3,
      rps: 50,
      beganAtMs: NOW_MS,
      progress: { done: 1, failed: 1, skipped: 0, failures: [{ instanceID: "b", error: "workflow is stalled" }] },
    };
    api.answers.state = { ...RUNNING, instanceId: JOB, input: JSON.stringify(input) };
    expect(await clientOf(api).getBulkJob(JOB)).toEqual({
      jobId: JOB,
      state: WorkflowRuntimeStatus.RUNNING,
      operation: "pause",
      matched: 3,
      done: 1,
      failed: 1,
      skipped: 0,
      failures: [{ instanceId: "b", error: "workflow is stalled" }],
      started: new Date("2026-01-02T03:04:05Z"),
      eta: new Date(NOW_MS + 20),
    });
    api.answers.state = undefined;
    expect(await clientOf(api).getBulkJob(JOB)).toBeUndefined();
    api.answers.state = new Error("no");
    await expect(clientOf(api).getBulkJob(JOB)).rejects.toMatchObject({ errorCode: "ERR_BULK_JOB" });
  });

  it("[A12.5] listBulkJobs and cancelBulkJob", async () => {
    const rows = [entry(JOB), entry("bulk:00000000-0000-4000-8000-000000000002")];
    const shard = { ...catalogOf({}).shard("0-0"), list: async () => ({ entries: rows, rest: { type: "nothing" } }) };
    const api = new Api({ catalog: { ...catalogOf({}), shard: () => shard as never } });
    api.answers.state = { ...RUNNING, instanceId: JOB };
    const { jobs, continuationToken } = await clientOf(api).listBulkJobs({ pageSize: 1 });
    expect([jobs.map(({ jobId, started }) => [jobId, started]), typeof continuationToken]).toEqual([
      [[JOB, new Date("2026-01-02T03:04:05Z")]],
      "string",
    ]);
    api.calls.length = 0;
    const client = clientOf(api);
    await expect(client.listBulkJobs({ pageSize: 41 })).rejects.toThrow("pageSize is a whole number from 1 to 40");
    await client.cancelBulkJob(JOB, "enough");
    expect(api.calls).toEqual([["cancel", JOB, { reason: "enough" }]]);
    api.answers.operation = { ok: false, code: "NOT_FOUND" };
    await expect(client.cancelBulkJob(JOB)).rejects.toMatchObject({ status: 404, errorCode: "ERR_BULK_JOB_NOT_FOUND" });
    await expect(clientOf(new Api()).listBulkJobs()).rejects.toMatchObject({ errorCode: "ERR_CATALOG_NOT_CONFIGURED" });
  });

  it.each([
    [{}, "operation"],
    [{ operation: "stop" }, "operation is"],
    [{ operation: "pause", instanceIds: [""] }, "instanceIds is a list of IDs"],
    [{ operation: "pause", rps: 0 }, "rps is a number from 1 to 1000"],
    [{ operation: "pause", filter: { Status: "FAILED" } }, "Status"],
    [{ operation: "pause", instanceIDs: ["a"] }, "instanceIDs"],
  ])("[A12.6] %j is an error before anything is sent", async (job, message) => {
    const api = new Api();
    await expect(clientOf(api).startBulkJob(job as never)).rejects.toThrow(message);
    expect(api.log).toEqual([]);
  });
});
