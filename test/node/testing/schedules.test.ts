// [K38] Schedules that a runtime declares, in a test environment: checked as in a Worker, and none fires.
import { expect, it } from "vitest";
import { checkTargets } from "../../../src/authoring/workflow-runtime.ts";
import { type WorkflowContext, WorkflowRuntime } from "../../../src/client.ts";
import { checkDeclared } from "../../../src/schedules/declared.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

const HOUR = 3_600;

function* nightly(_ctx: WorkflowContext, count: number) {
  return count + 1;
}

const runtime = () => new WorkflowRuntime().registerWorkflow(nightly);
const wrong = () => runtime().schedule("wrong", { workflow: nightly, input: 1, cron: "0 0 30 2 *" });
const PROBLEM = `schedule 'wrong': cron "0 0 30 2 *" never comes: no day has that date`;

it("[K38.1] one that can never come is refused in the words of the Worker, when the environment is made and when other code comes", async () => {
  expect(() => checkDeclared(wrong())).toThrow(PROBLEM);
  expect(() => new WorkflowTestEnvironment(wrong())).toThrow(new TypeError(PROBLEM));
  const env = new WorkflowTestEnvironment(runtime());
  await expect(env.useRuntime(wrong())).rejects.toThrow(new TypeError(PROBLEM));
  // The code before it goes on.
  const id = await env.client.scheduleNewWorkflow(nightly, 1);
  expect(await env.client.waitForWorkflowResult(nightly, id)).toBe(2);
});

it("[K38.4] one of a workflow that is not registered, which would start what fails, is refused too", () => {
  const mistyped = runtime().schedule("nightly", {
    workflow: "nigthly",
    input: 1,
    cron: "0 2 * * *",
  });
  const text = "schedule 'nightly': the workflow 'nigthly' is not registered. Registered: nightly";
  expect(() => checkTargets(mistyped)).toThrow(new TypeError(text));
  expect(() => new WorkflowTestEnvironment(mistyped)).toThrow(new TypeError(text));
});

it("[K38.2] none fires, whatever time passes, and time does not pass for it", async () => {
  const declared = runtime().schedule("minutely", { workflow: nightly, input: 1, cron: "* * * * *" });
  const env = new WorkflowTestEnvironment(declared);
  await env.advance(HOUR);
  expect(env.now.toISOString()).toBe("2026-01-01T01:00:00.000Z");
  expect(() => env.history("minutely-20260101T000100Z")).toThrow("There is no workflow instance");
  const id = await env.client.scheduleNewWorkflow(nightly, 1);
  await env.client.waitForWorkflowCompletion(id);
  expect(env.now.toISOString()).toBe("2026-01-01T01:00:00.000Z");
});

it("[K38.3] what the client asks of schedules is answered with what to do", async () => {
  const { client } = new WorkflowTestEnvironment(runtime());
  const said =
    /a WorkflowTestEnvironment has no schedules, and none that is declared fires in it: start the workflow with what the schedule would give it/;
  await expect(client.createSchedule("a", { workflow: nightly, input: 1, interval: "1h" })).rejects.toThrow(said);
  for (const ask of [client.listSchedules(), client.getSchedule("a"), client.triggerSchedule("a")])
    await expect(ask).rejects.toThrow(said);
});
