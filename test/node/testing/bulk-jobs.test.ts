// [K36] Bulk jobs in a test environment: in virtual time, of instances that are named.
import { expect, it } from "vitest";
import { type WorkflowContext, WorkflowRuntime, WorkflowRuntimeStatus } from "../../../src/client.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

function* waits(ctx: WorkflowContext) {
  return yield* ctx.waitForExternalEvent("go");
}

it("[K36.1] a job asks the instances of the environment, at its rate, and tells how far it has come", async () => {
  const env = new WorkflowTestEnvironment(new WorkflowRuntime().registerWorkflow(waits));
  const { client } = env;
  const ids = Array.from({ length: 100 }, (_, n) => `i-${n}`);
  for (const id of ids) await client.scheduleNewWorkflow(waits, undefined, id);
  expect(await client.previewBulkJob({ operation: "cancel", instanceIds: ids })).toMatchObject({ matched: 100 });
  const jobId = await client.startBulkJob({
    operation: "raise",
    instanceIds: ids,
    event: "go",
    eventPayload: 1,
    rps: 40,
  });
  await env.advance(1.5);
  expect(await client.getBulkJob(jobId)).toMatchObject({ state: WorkflowRuntimeStatus.RUNNING, done: 80 });
  await env.advance(10);
  expect(await client.getBulkJob(jobId)).toMatchObject({
    state: WorkflowRuntimeStatus.COMPLETED,
    done: 100,
    failed: 0,
  });
  expect(await client.waitForWorkflowResult(waits, "i-99")).toBe(1);
  await expect(client.startBulkJob({ operation: "purge", filter: {} })).rejects.toMatchObject({
    errorCode: "ERR_CATALOG_NOT_CONFIGURED",
  });
});
