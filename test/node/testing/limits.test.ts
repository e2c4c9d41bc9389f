// [K37] Limits in a test environment: as a deployment has them, in virtual time.
import { expect, it } from "vitest";
import { type WorkflowContext, WorkflowRuntime, WorkflowRuntimeStatus } from "../../../src/client.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

let most = 0;
/** Those that run. */
let running: (() => void)[] = [];

/** Two at a time come to their end together. */
async function charge(_ctx: unknown, order: { tenant: string }) {
  await new Promise<void>((resolve) => {
    running.push(resolve);
    most = Math.max(most, running.length);
    if (running.length > 1) for (const end of running.splice(0)) end();
  });
  return order.tenant;
}

function* pay(ctx: WorkflowContext, order: { tenant: string }) {
  return yield* ctx.callActivity(charge, order);
}

function* imports(ctx: WorkflowContext) {
  return yield* ctx.waitForExternalEvent("go");
}

function runtime(): WorkflowRuntime {
  most = 0;
  running = [];
  return new WorkflowRuntime().registerActivity(charge).registerWorkflow(pay).registerWorkflow(imports);
}

it("[K37.1] never more run at once than may, and all come to their end", async () => {
  const limited = runtime().limit("cards", { activity: charge, key: ({ tenant }) => tenant, concurrency: 2 });
  const env = new WorkflowTestEnvironment(limited);
  const ids = Array.from({ length: 20 }, (_, n) => `pay-${n}`);
  for (const [n, id] of ids.entries()) await env.client.scheduleNewWorkflow(pay, { tenant: `t${n % 3}` }, id);
  for (const id of ids) await env.client.waitForWorkflowResult(pay, id);
  await env.advance(1);
  expect(most).toBe(2);
  expect(await env.client.listLimits()).toEqual([
    { name: "cards", activity: "charge", concurrency: 2, running: 0, waiting: 0, waitingKeys: 0, waitingByKey: [] },
  ]);
});

it("[K37.2] a rate passes in virtual time", async () => {
  const env = new WorkflowTestEnvironment(runtime().limit("cards", { activity: charge, rate: "2/m" }));
  const begun = env.now.getTime();
  const ids = Array.from({ length: 6 }, (_, n) => `pay-${n}`);
  for (const id of ids) await env.client.scheduleNewWorkflow(pay, { tenant: "t" }, id);
  for (const id of ids) await env.client.waitForWorkflowResult(pay, id);
  expect(env.now.getTime() - begun).toBe(120_000);
});

it("[K37.3] a workflow waits for its lease, with its position, over days and a restart of the environment", async () => {
  const limited = runtime().limit("imports", { workflow: imports, concurrency: 1 });
  const env = new WorkflowTestEnvironment(limited);
  const { client } = env;
  for (const id of ["a", "b", "c"]) await client.scheduleNewWorkflow(imports, undefined, id);
  await env.advance(30 * 86_400);
  const described = async (id: string) => (await client.describeWorkflow(id))?.detail;
  expect(await described("a")).not.toHaveProperty("limits");
  expect((await described("c"))?.limits).toEqual([
    { limit: "imports", key: "", position: 2, ahead: 1, waitingSince: new Date("2026-01-01T00:00:00Z") },
  ]);
  expect((await described("c"))?.waitingFor).toBe("limit:imports");
  await env.restart();
  await client.raiseEvent("a", "go", 1);
  expect(await client.waitForWorkflowResult(imports, "a")).toBe(1);
  await client.raiseEvent("b", "go", 2);
  expect(await client.waitForWorkflowResult(imports, "b")).toBe(2);
  expect((await client.waitForWorkflowStart("c", false, 5))?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
});
