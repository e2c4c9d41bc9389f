// [W30] What an operator reads of an instance, end to end: in detail, its history, its timeline.
import { beforeAll, describe, expect, it } from "vitest";
import {
  DaprWorkflowClient,
  type HistoryEvent,
  type Task,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../src/index.ts";
import { replayHistory } from "../../src/testing/replay.ts";
import { ask, newId, outputOf, send, start, stateOf, W } from "./support.ts";
import { runtime } from "./worker.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = AsyncGenerator<Task<any>, any, any>;

interface Bar {
  readonly kind: string;
  readonly status: string;
  readonly id?: number;
  readonly name?: string;
  readonly attempts?: readonly { readonly status: string }[];
  readonly [field: string]: unknown;
}

const RETRY = { maxNumberOfAttempts: 9, firstRetryInterval: 600 };
const client = new DaprWorkflowClient();
const isFlakyFixed = new Set<string>();

const flaky = (_ctx: unknown, key: string) => {
  if (!isFlakyFixed.has(key)) throw new RangeError("not yet");
  return "done";
};
// biome-ignore lint/suspicious/noExplicitAny: each has its own input
const workflows: Record<string, (ctx: WorkflowContext, input: any) => Code> = {
  async *r_waits(ctx, key: string) {
    ctx.setQueryHandler("key", () => key);
    const retried = ctx.callActivity("r_flaky", key, { retry: RETRY });
    yield* ctx.waitForExternalEvent("Approval", { timeout: 3_600 });
    return yield* ctx.whenAll([retried]);
  },
  async *r_lives(ctx, key: string) {
    const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 0.02 };
    const failures: string[] = [];
    try {
      yield* ctx.callChildWorkflow("r_fails", 1);
    } catch (error) {
      failures.push((error as Error).name);
    }
    try {
      yield* ctx.callActivity("r_flaky", key, { retry });
    } catch (error) {
      failures.push((error as Error).name);
    }
    yield* ctx.createTimer(0.02);
    yield* ctx.waitForExternalEvent("go");
    return failures.length;
  },
  async *r_fails() {
    throw new TypeError("as told");
  },
  async *r_many(ctx, count: number) {
    for (let n = 0; n < count; n += 1_000)
      yield* ctx.whenAll(
        Array.from({ length: Math.min(1_000, count - n) }, (_, at) => ctx.callActivity("r_echo", n + at)),
      );
    return count;
  },
  async *r_again(ctx, round: number) {
    yield* ctx.waitForExternalEvent("next");
    ctx.continueAsNew(round + 1);
  },
};

function register(to: WorkflowRuntime): WorkflowRuntime {
  for (const [name, code] of Object.entries(workflows)) to.registerWorkflowWithName(name, code);
  to.registerActivityWithName("r_flaky", flaky);
  return to.registerActivityWithName("r_echo", (_ctx: unknown, n: number) => n);
}

beforeAll(() => void register(runtime));

const read = async (target: string) => (await ask(`GET ${W}/${target}`)).body as Record<string, never>;

describe("[W30] Reading", () => {
  it("[W30.1] detail=full tells what is pending, of one that is paused too; without it Dapr's answer is as it was", async () => {
    const id = await start("r_waits", "never");
    await expect
      .poll(async () => (await read(`${id}?detail=full`)).pendingActivities)
      .toMatchObject([{ status: "retrying" }]);
    await ask(`POST ${W}/${id}/pause?reason=lunch`);
    await ask(`POST ${W}/${id}/raiseEvent/other`, "1");
    const detail = await read(`${id}?detail=full`);
    const plain = await stateOf(id);
    expect(detail).toMatchObject(plain as never);
    expect(Object.keys(plain)).toEqual([
      "instanceID",
      "workflowName",
      "createdAt",
      "lastUpdatedAt",
      "runtimeStatus",
      "properties",
    ]);
    expect(detail).toMatchObject({
      runtimeStatus: "SUSPENDED",
      generation: 0,
      pendingActivities: [
        {
          id: 1,
          name: "r_flaky",
          attempt: 1,
          status: "retrying",
          lastFailure: { errorType: "RangeError", message: "not yet" },
        },
      ],
      openTimers: [{ id: 2 }],
      awaitedEvents: ["Approval"],
      bufferedEvents: [{ name: "other", count: 1 }],
      queries: ["key"],
      sizes: { databaseBytes: expect.any(Number), historyBytes: expect.any(Number), inputBytes: 7 },
    });
    const [activity] = detail.pendingActivities as unknown as { scheduledAt: string; nextAttemptAt: string }[];
    expect(Date.parse(activity?.nextAttemptAt ?? "") - Date.parse(activity?.scheduledAt ?? "")).toBeGreaterThanOrEqual(
      600_000,
    );
    const described = await client.describeWorkflow(id);
    expect(described?.detail.pendingActivities[0]?.nextAttemptAt).toEqual(new Date(activity?.nextAttemptAt ?? ""));
    await ask(`POST ${W}/${id}/terminate`);
    expect(await read(`${id}?detail=full`)).toMatchObject({
      pendingActivities: [],
      openTimers: [],
      endedAt: expect.any(String),
    });
  });

  it("[W30.2] one that waits for its start, and one that is not there", async () => {
    const id = newId();
    await ask(`POST ${W}/r_waits/start?instanceID=${id}&startTime=2100-01-01T00:00:00Z`);
    expect(await read(`${id}?detail=full`)).toMatchObject({
      runtimeStatus: "PENDING",
      workflowName: "r_waits",
      startTime: "2100-01-01T00:00:00Z",
      nextDueAt: "2100-01-01T00:00:00Z",
    });
    expect((await ask(`GET ${W}/${newId()}?detail=full`)).status).toBe(404);
  });

  it("[W30.3] the timeline has a retried activity with its attempts, a child that failed, a timer, an event and a pause", async () => {
    const id = await start("r_lives", "never");
    await expect
      .poll(async () => (await read(`${id}/timeline`)).bars)
      .toContainEqual(expect.objectContaining({ kind: "timer", status: "completed" }));
    await ask(`POST ${W}/${id}/pause`);
    await ask(`POST ${W}/${id}/resume`);
    await ask(`POST ${W}/${id}/raiseEvent/go`, "1");
    expect(await outputOf(id)).toBe(2);
    const bars = ((await read(`${id}/timeline?limit=1000`)).bars as unknown as Bar[]).filter(
      ({ kind }) => kind !== "turn",
    );
    expect(bars.map(({ kind, status, name }) => [kind, status, name])).toEqual([
      ["child", "failed", "r_fails"],
      ["activity", "failed", "r_flaky"],
      ["timer", "completed", undefined],
      ["pause", "completed", undefined],
      ["event", "completed", "go"],
    ]);
    expect(bars[0]).toMatchObject({ errorType: "TypeError", instanceID: `${id}:0001` });
    expect(bars[1]?.attempts).toMatchObject([
      { attempt: 1, status: "failed", errorType: "RangeError", nextAttempt: expect.any(String) },
      { attempt: 2, status: "failed" },
      { attempt: 3, status: "failed" },
    ]);
  });

  it("[W30.4] a history that was exported as JSON lines is replayed by the kit, in whole pages", async () => {
    const id = await start("r_many", 2_600);
    expect(await outputOf(id, 60)).toBe(2_600);
    const response = await send(`GET ${W}/${id}/history?format=jsonl`);
    expect(response.headers.get("content-type")).toBe("application/jsonl");
    const text = await response.text();
    expect(text.startsWith(`{"instanceId":"${id}"}\n`)).toBe(true);
    const events = (await client.getWorkflowHistory(id)) as HistoryEvent[];
    expect(text.trimEnd().split("\n").length).toBe(events.length + 1);
    expect(events.length).toBeGreaterThan(5_200);
    const kit = register(new WorkflowRuntime());
    expect(await replayHistory(kit, text)).toEqual({ events: events.length, state: "ended" });
    await expect(replayHistory(kit, text.replaceAll("r_echo", "r_flaky"))).rejects.toThrow(`history of '${id}'`);
  });

  it("[W30.5] pages from the end, of some types, with a text, one after the other", async () => {
    const id = await start("r_many", 1_500);
    await outputOf(id, 60);
    const events = (await client.getWorkflowHistory(id)) as HistoryEvent[];
    const back: HistoryEvent[] = [];
    let token = "";
    do {
      const page = await client.getWorkflowHistoryPage(id, {
        order: "desc",
        limit: 700,
        continuationToken: token || null,
      });
      back.push(...(page?.events ?? []));
      token = page?.continuationToken ?? "";
    } while (token !== "");
    expect(back).toEqual(events.toReversed());
    expect((await read(`${id}/history?types=ExecutionStarted,ExecutionCompleted`)).events).toEqual([
      events[0],
      events.at(-1),
    ]);
    const found = (await read(`${id}/history?types=TaskScheduled&contains=1499`)).events as unknown as HistoryEvent[];
    expect(found).toMatchObject([{ type: "TaskScheduled", input: "1499" }]);
  });

  it("[W30.6] a token of an execution that is over is refused; the client reads the new one whole", async () => {
    const id = await start("r_again", 1);
    const { continuationToken } = await read(`${id}/history?limit=1`).then(async () => {
      await ask(`POST ${W}/${id}/pause`);
      return read(`${id}/history?limit=1`);
    });
    expect(continuationToken).toMatch(/^[\w-]+\.1$/);
    await ask(`POST ${W}/${id}/resume`);
    await ask(`POST ${W}/${id}/raiseEvent/next`, "1");
    await expect.poll(async () => (await read(`${id}?detail=full`)).generation).toBe(1);
    for (const path of ["history", "timeline"])
      expect(await ask(`GET ${W}/${id}/${path}?continuationToken=${continuationToken}`)).toMatchObject({
        status: 400,
        body: {
          errorCode: "ERR_MALFORMED_REQUEST",
          message: expect.stringContaining("is of an execution that is over"),
        },
      });
    expect((await client.getWorkflowHistory(id))?.[0]).toMatchObject({ type: "ExecutionStarted", generation: 1 });
  });

  it("[W30.7] an unknown parameter of the timeline is refused", async () => {
    expect(await ask(`GET ${W}/${newId()}/timeline?limt=5`)).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST" },
    });
  });
});
