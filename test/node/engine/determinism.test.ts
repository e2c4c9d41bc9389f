import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { childInstanceId, taskExecutionId } from "../../../src/model/ids.ts";
import { completed, Driver, endOf, registryOf, startedAs, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<any, any, any>;

/** Runs the first turn with one code, and replays it with another. */
async function replay(
  before: (ctx: WorkflowContext) => unknown,
  after: (ctx: WorkflowContext) => unknown,
): Promise<unknown> {
  const driver = new Driver(async function* code(ctx: WorkflowContext): Code {
    yield before(ctx);
  });
  await driver.turn();
  const changed = registryOf(async function* code(ctx: WorkflowContext): Code {
    try {
      yield after(ctx);
    } catch {
      return "caught";
    }
  });
  const orchestration = await Orchestration.load(
    "i",
    { registry: changed, onNonDeterminism: "fail" },
    driver.history,
    true,
  );
  return orchestration.hasUncommitted ? endOf(await orchestration.turn([], T0)) : "same";
}

const activity = (name: string) => (ctx: WorkflowContext) => ctx.callActivity(name);
const timer = (ctx: WorkflowContext) => ctx.createTimer(5);
const child = (name: string) => (ctx: WorkflowContext) => ctx.callChildWorkflow(name);
const event = (ctx: WorkflowContext) => ctx.waitForExternalEvent("e");
const tail = "if the code was changed after an instance of this orchestration already started running";
const restore =
  "NonDeterminismError: Failed to restore orchestration state due to a history mismatch: A previous execution";

/** Dapr's text, and behind it ours. */
async function messageOf(before: (ctx: WorkflowContext) => unknown, after: (ctx: WorkflowContext) => unknown) {
  const [dapr, ours] = String(await replay(before, after)).split(" [");
  return { dapr, ours: `[${ours}` };
}

describe("[N] code that does something else than its history says fails, past its own try and catch", () => {
  it.each([
    ["callActivity", activity("a")],
    ["createTimer", timer],
    ["callSubOrchestrator", child("c")],
  ])("[N1] the history holds a %s that the code does not make", async (method, before) => {
    expect((await messageOf(before, event)).dapr).toBe(
      `NonDeterminismError: A previous execution called ${method} with ID=1 but the current execution doesn't have this action with this ID. This problem occurs when either the orchestration has non-deterministic logic or ${tail}`,
    );
  });

  it.each([
    ["callActivity", "createTimer", activity("a"), timer],
    ["createTimer", "callSubOrchestrator", timer, child("c")],
    ["callSubOrchestrator", "callActivity", child("c"), activity("a")],
  ])("[N2] the history holds %s, the code makes %s", async (recorded, current, before, after) => {
    expect((await messageOf(before, after)).dapr).toBe(
      `${restore} called ${recorded} with ID=1, but the current execution is instead trying to call ${current} as part of rebuilding its history. This kind of mismatch can happen if an orchestration has non-deterministic logic or ${tail}.`,
    );
  });

  it.each([
    ["callActivity", activity("a"), activity("b")],
    ["callSubOrchestrator", child("a"), child("b")],
  ])("[N3] a %s of another name", async (method, before, after) => {
    expect((await messageOf(before, after)).dapr).toBe(
      `${restore} called ${method} with name='a' and sequence number 1, but the current execution is instead trying to call b as part of rebuilding its history. This kind of mismatch can happen if an orchestration has non-deterministic logic or ${tail}.`,
    );
  });

  it("[N3] the message ends with what the history holds, where, and what the code did", async () => {
    expect((await messageOf(activity("a"), event)).ours).toBe(
      "[event 1 of the history: callActivity 'a' #1; the code: no such call]",
    );
    expect((await messageOf(timer, child("c"))).ours).toBe(
      "[event 1 of the history: createTimer #1; the code: callSubOrchestrator 'c' #1]",
    );
    expect((await messageOf(activity("a"), activity("b"))).ours).toBe(
      "[event 1 of the history: callActivity 'a' #1; the code: callActivity 'b' #1]",
    );
  });

  it("[N1] code that has ended before it made a call of the history, and code that continues as new there", async () => {
    const driver = new Driver(async function* code(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      ctx.callActivity("not waited for");
      yield ctx.callActivity("b");
    });
    await driver.turn();
    await driver.turn(completed(1));
    for (const end of [() => "early", (ctx: WorkflowContext) => ctx.continueAsNew(1)]) {
      const changed = registryOf(async function* code(ctx: WorkflowContext): Code {
        yield ctx.callActivity("a");
        return end(ctx);
      });
      const orchestration = await Orchestration.load(
        "i",
        { registry: changed, onNonDeterminism: "fail" },
        driver.history,
        true,
      );
      expect(endOf(await orchestration.turn([], T0))).toMatch(
        /^NonDeterminismError: .*\[event 3 of the history: callActivity 'not waited for' #2; the code: no such call\]$/,
      );
    }
    const same = registryOf(async function* code(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
      ctx.callActivity("not waited for");
      ctx.callActivity("b");
      return "early";
    });
    const orchestration = await Orchestration.load("i", { registry: same }, driver.history, true);
    expect(endOf(await orchestration.turn([], T0))).toBe("early");
  });

  it("[N4] inputs, dates and child IDs may change", async () => {
    expect(
      await replay(
        (ctx) => ctx.callActivity("a", 1),
        (ctx) => ctx.callActivity("a", 2),
      ),
    ).toBe("same");
    expect(await replay(timer, (ctx) => ctx.createTimer(9))).toBe("same");
    expect(await replay(child("c"), (ctx) => ctx.callChildWorkflow("c", 1, "other"))).toBe("same");
  });

  it("[N5] a workflow that is not registered fails", async () => {
    const orchestration = await Orchestration.load("i", { registry: registryOf() }, [startedAs("gone")], false);
    const turn = await orchestration.turn([], T0);
    expect(endOf(turn)).toBe(
      "OrchestratorNotRegisteredError: Orchestrator 'gone' does not exist. Nothing is registered.",
    );
    expect(turn.completion?.type === "Failed" && turn.completion.failure.stackTrace).toBeUndefined();
  });

  it("[N6] an ended history is not run again: only its open activities are known", async () => {
    let runs = 0;
    const driver = new Driver(async function* leave(ctx: WorkflowContext): Code {
      runs++;
      ctx.callActivity("later");
    });
    await driver.turn();
    runs = 0;
    const ended = await driver.load();
    expect(runs).toBe(0);
    expect([...ended.pending.activities.keys()]).toEqual([1]);
    expect((await ended.turn([completed(1)], T0)).status).toBe("COMPLETED");
  });

  it("[N7] IDs: four hex digits behind the parent's, with the generation from the second on; one for each call", () => {
    expect(childInstanceId("p", 0, 10)).toBe("p:000a");
    expect(childInstanceId("p", 17, 1)).toBe("p:11.0001");
    expect(taskExecutionId("x", 3)).toBe("x:3");
  });

  it("[N8] without its code an instance can still be terminated", async () => {
    const driver = new Driver(async function* stuck(ctx: WorkflowContext): Code {
      yield ctx.callActivity("a");
    });
    await driver.turn();
    const orchestration = await Orchestration.load("i", undefined, driver.history, true);
    const turn = await orchestration.turn([completed(1), { type: "ExecutionTerminated", recursive: true }], T0);
    expect(turn.status).toBe("TERMINATED");
  });
});
