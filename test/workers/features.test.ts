// What goes beyond Dapr, end to end: client, HTTP, Durable Object, its storage and alarms.
import { beforeAll, describe, expect, it } from "vitest";
import {
  DaprWorkflowClient,
  declareEvent,
  declareQuery,
  declareUpdate,
  declareWorkflow,
  NonRetriableError,
  Saga,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowFailedError,
  WorkflowRuntimeStatus,
} from "../../src/index.ts";
import { newId } from "./support.ts";
import { runtime } from "./worker.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<Task<any>, any, any>;

const client = new DaprWorkflowClient();
const seen = new Map<string, unknown[]>();
const note = (ctx: WorkflowActivityContext | string, what: unknown): void => {
  const id = typeof ctx === "string" ? ctx : ctx.getWorkflowInstanceId();
  seen.set(id, [...(seen.get(id) ?? []), what]);
};

const basket = declareWorkflow<string[], string[]>("f.basket");
const items = declareQuery<number | undefined, string[]>("items");
const add = declareUpdate<string, number>("add");
const checkout = declareEvent<boolean>("checkout");

const flaky = (ctx: WorkflowActivityContext, until: number) => {
  note(ctx, [ctx.getAttemptNumber(), ctx.getLastHeartbeatDetails() ?? null, ctx.getTaskExecutionId()]);
  ctx.heartbeat(`beat ${ctx.getAttemptNumber()}`);
  if (until === 0) throw new NonRetriableError("never");
  if (ctx.getAttemptNumber() < until) throw new Error("not yet");
  return ctx.getAttemptNumber();
};
const hang = (ctx: WorkflowActivityContext) =>
  new Promise<void>((resolve) => {
    ctx.signal.addEventListener("abort", () => {
      note(ctx, `aborted: ${ctx.signal.reason.message}`);
      resolve();
    });
  });
const tidy = (ctx: WorkflowActivityContext, what: string) => note(ctx, what);

beforeAll(() => {
  // biome-ignore lint/suspicious/noExplicitAny: each has its own input
  const workflows: Record<string, (ctx: WorkflowContext, input: any) => Code> = {
    async *"f.retry"(ctx, until: number) {
      const retry = { maxNumberOfAttempts: 5, firstRetryInterval: 0.02, backoffCoefficient: 2, jitter: 0.5 };
      return yield* ctx.callActivity(flaky, until, { retry });
    },
    async *"f.timeout"(ctx) {
      try {
        yield* ctx.callActivity(hang, undefined, { timeout: 0.05 });
      } catch (error) {
        return (error as Error).message;
      }
    },
    async *"f.event"(ctx) {
      try {
        yield* ctx.waitForExternalEvent(checkout, { timeout: 0.02 });
      } catch (error) {
        return (error as Error).name;
      }
    },
    async *"f.cancel"(ctx, depth: number) {
      const saga = new Saga(ctx);
      saga.add(tidy, "first");
      saga.add(tidy, "second");
      try {
        if (depth > 0) yield ctx.callChildWorkflow("f.cancel", depth - 1);
        else yield* ctx.callActivity(hang);
      } finally {
        yield* saga.compensate();
      }
    },
    async *"f.oneWay"(ctx) {
      const id = ctx.scheduleNewWorkflow("f.event");
      ctx.sendEvent(id, checkout, true);
      return id;
    },
    async *"f.chance"(ctx) {
      const before = [ctx.newGuid(), ctx.random()];
      yield ctx.createTimer(0.01);
      return [before, ctx.newGuid(), ctx.isPatched("p")];
    },
  };
  for (const [name, workflow] of Object.entries(workflows)) runtime.registerWorkflowWithName(name, workflow);
  runtime.registerWorkflowWithName(basket, async function* (ctx, start): Code {
    const all = [...start];
    ctx.setQueryHandler(items, (from) => all.slice(from ?? 0));
    ctx.setUpdateHandler(add, (item) => all.push(item), {
      validator: (item) => {
        if (item === "") throw new Error("an item has a name");
      },
    });
    yield* ctx.waitForExternalEvent(checkout);
    return all;
  });
  runtime
    .registerActivity(flaky)
    .registerActivity(hang)
    .registerActivity(tidy)
    .registerVersionedWorkflow("f.versioned", "1", (ctx: WorkflowContext) => `one ${ctx.getVersion()}`)
    .registerVersionedWorkflow("f.versioned", "2", (ctx: WorkflowContext) => `two ${ctx.getVersion()}`, {
      latest: true,
    });
});

async function run(name: string, input?: unknown): Promise<[id: string, output: unknown]> {
  const id = await client.scheduleNewWorkflow(name, input);
  const state = await client.waitForWorkflowCompletion(id, true, 10);
  return [id, state?.serializedOutput === undefined ? state?.runtimeStatus : JSON.parse(state.serializedOutput)];
}

describe("[W12] beyond Dapr, end to end", () => {
  it("[W12.1] retries with pauses; the execution ID stays, the details of the last heartbeat go along", async () => {
    const [id, output] = await run("f.retry", 3);
    expect(output).toBe(3);
    const calls = seen.get(id) as [number, string | null, string][];
    expect(calls.map(([attempt, details]) => [attempt, details])).toEqual([
      [1, null],
      [2, "beat 1"],
      [3, "beat 2"],
    ]);
    expect(new Set(calls.map(([, , execution]) => execution)).size).toBe(1);
    const [failed, status] = await run("f.retry", 0);
    expect([status, seen.get(failed)?.length]).toEqual([WorkflowRuntimeStatus.FAILED, 1]);
  });

  it("[W12.2] an activity that takes too long fails and is told; an event that does not come too", async () => {
    const [id, output] = await run("f.timeout");
    expect(output).toMatch(/Activity 'hang' took longer than 0.05 s$/);
    expect(seen.get(id)).toEqual(["aborted: Activity 'hang' took longer than 0.05 s"]);
    expect((await run("f.event"))[1]).toBe("TaskTimeoutError");
  });

  it("[W12.3] declared once: workflow, query, update, event and result", async () => {
    const id = await client.scheduleNewWorkflow(basket, ["pen"]);
    expect(await client.updateWorkflow(id, add, "ink", { updateId: "u1" })).toBe(2);
    expect(await client.updateWorkflow(id, add, "ink", { updateId: "u1" })).toBe(2);
    expect(await client.queryWorkflow(id, items, undefined)).toEqual(["pen", "ink"]);
    expect(await client.queryWorkflow(id, items, 1)).toEqual(["ink"]);
    await expect(client.updateWorkflow(id, add, "")).rejects.toMatchObject({
      status: 400,
      errorCode: "ERR_WORKFLOW_UPDATE_REJECTED",
      message: "an item has a name",
    });
    await expect(client.queryWorkflow(id, "nope")).rejects.toMatchObject({ errorCode: "ERR_WORKFLOW_QUERY_NOT_FOUND" });
    await client.raiseEvent(id, checkout, true);
    expect(await client.waitForWorkflowResult(basket, id)).toEqual(["pen", "ink"]);
    expect(await client.queryWorkflow(id, items, undefined)).toEqual(["pen", "ink"]);
    await expect(client.updateWorkflow(id, add, "late")).rejects.toThrow(/has ended, and takes no updates any more/);
    await expect(client.queryWorkflow("nobody", items, undefined)).rejects.toMatchObject({ status: 404 });
  });

  it("[W12.4] a cancel goes down the tree; each cleans up, and is CANCELED", async () => {
    const id = await client.scheduleNewWorkflow("f.cancel", 1);
    await client.waitForWorkflowStart(`${id}:0001`);
    while ((await client.getWorkflowHistory(`${id}:0001`))?.some((event) => event.type === "TaskScheduled") !== true);
    await client.cancelWorkflow(id, "enough");
    const error = await client
      .waitForWorkflowResult(declareWorkflow("f.cancel"), id)
      .catch((thrown: WorkflowFailedError) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).message).toBe(
      `Workflow instance '${id}' is CANCELED: The workflow was canceled: enough`,
    );
    expect((await client.waitForWorkflowCompletion(`${id}:0001`))?.runtimeStatus).toBe(WorkflowRuntimeStatus.CANCELED);
    expect(seen.get(id)).toEqual(["second", "first"]);
    expect(seen.get(`${id}:0001`)).toEqual(["aborted: The workflow was canceled", "second", "first"]);
  });

  it("[W12.5] versions, patches and chance", async () => {
    expect((await run("f.versioned"))[1]).toBe("two 2");
    const [, [[guid, random], next, patched]] = (await run("f.chance")) as [
      string,
      [[string, number], string, boolean],
    ];
    expect(guid).toMatch(/^[0-9a-f-]{36}$/);
    expect([random >= 0 && random < 1, next !== guid, patched]).toEqual([true, true, true]);
  });

  it("[W12.6] a detached workflow, and an event sent to it", async () => {
    const [id, detached] = await run("f.oneWay");
    expect(detached).toBe(`${id}-1`);
    const state = await client.waitForWorkflowCompletion(`${id}-1`, true, 10);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(state?.serializedOutput).toBeUndefined();
  });

  it("[W12.7] the history in pages, and a forced purge", async () => {
    const id = newId();
    await client.scheduleNewWorkflow(basket, [], id);
    for (let n = 0; n < 5; n++) await client.raiseEvent(id, "other", n);
    const history = await client.getWorkflowHistory(id);
    expect(history?.map((event) => event.type)).toEqual(["ExecutionStarted", ...Array(5).fill("EventRaised")]);
    await expect(client.purgeWorkflow(id)).rejects.toThrow(/not yet completed/);
    expect(await client.purgeWorkflow(id, { force: true })).toBe(true);
    expect(await client.getWorkflowHistory(id)).toBeUndefined();
  });
});
