// What has happened to an instance, as DaprWorkflowClient has it: the whole history as JSON lines, and bars of a timeline.
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient, type Task, type WorkflowContext, WorkflowRuntime } from "../../../src/client.ts";
import { replayHistory, WorkflowTestEnvironment } from "../../../src/testing.ts";

async function* order(ctx: WorkflowContext, by: string): AsyncGenerator<Task, string, string> {
  const paid = yield ctx.callActivity(charge, by, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 60 } });
  yield ctx.createTimer(3_600);
  return paid;
}
let failures = 0;
async function charge(_: unknown, by: string): Promise<string> {
  if (failures-- > 0) throw new TypeError("no money");
  return by;
}
const runtime = () => new WorkflowRuntime().registerWorkflow(order).registerActivity(charge);

async function ended(): Promise<{ client: DaprWorkflowClient; id: string }> {
  failures = 1;
  const { client } = new WorkflowTestEnvironment(runtime());
  const id = await client.scheduleNewWorkflow(order, "é", { instanceId: "order-1" });
  await client.waitForWorkflowResult(order, id);
  return { client, id };
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What the client has asked for, of a server that answers each time with the next of these. */
function serverThat(...answers: readonly (() => Response)[]) {
  const urls: string[] = [];
  const fetch = async ({ url }: Request) => {
    urls.push(url.replace("http://127.0.0.1:3500/v1.0/workflows/dapr/", ""));
    return (answers[Math.min(urls.length, answers.length) - 1] as () => Response)();
  };
  return { urls, client: new DaprWorkflowClient({ fetch }) };
}

/** JSON lines in these pieces; then they end, or break off. */
function lines(pieces: readonly (string | Uint8Array)[], breaksOff = false): () => Response {
  return () => {
    const rest = pieces.map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece));
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = rest.shift();
          if (piece !== undefined) controller.enqueue(piece);
          else if (breaksOff) controller.error(new Error("whatever a runtime says"));
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "content-type": "application/jsonl; charset=utf-8" } });
  };
}
const unreachable = (): Response => {
  throw new TypeError("fetch failed");
};

describe("[A17] The history as JSON lines", () => {
  it("[A17.1] names the instance, then has an event a line, and is what the test kit replays", async () => {
    const { client, id } = await ended();
    const all = await allOf(client.exportWorkflowHistory(id));
    const [first, ...events] = all.map((line) => JSON.parse(line));
    expect([first, events]).toEqual([{ instanceId: id }, await client.getWorkflowHistory(id)]);
    expect(all.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(await replayHistory(runtime(), all.join(""))).toMatchObject({ events: events.length, state: "ended" });
  });

  it("[A17.2] from either end, of some types, with a text", async () => {
    const { client, id } = await ended();
    const search = { order: "desc", types: ["TaskFailed", "TimerFired"], contains: "money" } as const;
    const found = (await allOf(client.exportWorkflowHistory(id, search))).slice(1).map((line) => JSON.parse(line));
    expect(found).toMatchObject([{ type: "TaskFailed" }]);
    const { urls, client: asking } = serverThat(lines([]));
    expect(await allOf(asking.exportWorkflowHistory("a b", search))).toEqual([]);
    expect(urls).toEqual(["a%20b/history?order=desc&types=TaskFailed%2CTimerFired&contains=money&format=jsonl"]);
  });

  it("[A17.3] whatever pieces it comes in, also within a letter", async () => {
    const bytes = new TextEncoder().encode('{"instanceId":"é"}\n{"id":1}\n');
    const pieces = [bytes.slice(0, 16), bytes.slice(16, 20), bytes.slice(20)];
    const { client } = serverThat(lines(pieces));
    expect(await allOf(client.exportWorkflowHistory("é"))).toEqual(['{"instanceId":"é"}\n', '{"id":1}\n']);
  });

  it("[A17.4] is asked for again until the server has answered, and not when it breaks off: a part is not taken for the whole", async () => {
    const whole = serverThat(unreachable, lines(['{"instanceId":"i"}\n']));
    expect(await allOf(whole.client.exportWorkflowHistory("i"))).toEqual(['{"instanceId":"i"}\n']);
    expect(whole.urls).toHaveLength(2);
    const broken = serverThat(lines(['{"instanceId":"i"}\n{"id"'], true));
    await expect(allOf(broken.client.exportWorkflowHistory("i"))).rejects.toThrow(
      "The history in lines was cut off: whatever a runtime says",
    );
    const short = serverThat(lines(['{"instanceId":"i"}\n{"id"']));
    await expect(allOf(short.client.exportWorkflowHistory("i"))).rejects.toThrow("cut off in the middle of one");
    expect([broken.urls.length, short.urls.length]).toEqual([1, 1]);
  });

  it("[A17.5] of nobody rejects with 404; of what is no such answer with what it is", async () => {
    const { client } = new WorkflowTestEnvironment(runtime());
    await expect(allOf(client.exportWorkflowHistory("nobody"))).rejects.toMatchObject({ status: 404 });
    const page = serverThat(() => Response.json({ events: [] }));
    await expect(allOf(page.client.exportWorkflowHistory("i"))).rejects.toThrow("no history in lines");
    expect(() => client.exportWorkflowHistory("i", { type: "TaskFailed" } as object)).toThrow("did you mean types?");
  });

  it("[A17.6] is asked for when it is read, and given up with the loop", async () => {
    let isCanceled = false;
    const body = () =>
      new ReadableStream<Uint8Array>(
        {
          pull: (controller) => controller.enqueue(new TextEncoder().encode("{}\n")),
          cancel: () => {
            isCanceled = true;
          },
        },
        { highWaterMark: 0 },
      );
    const { urls, client } = serverThat(
      () => new Response(body(), { headers: { "content-type": "application/jsonl" } }),
    );
    const history = client.exportWorkflowHistory("i");
    expect(urls).toEqual([]);
    for await (const _ of history) break;
    expect([urls.length, isCanceled]).toEqual([1, true]);
  });
});

describe("[A18] The timeline", () => {
  it("[A18.1] has bars with dates for times and the client's names, page by page", async () => {
    const { client, id } = await ended();
    const page = await client.getWorkflowTimeline(id);
    const call = page?.bars.find(({ kind }) => kind === "activity");
    expect(call).toMatchObject({
      status: "completed",
      name: "charge",
      scheduled: expect.any(Date),
      started: expect.any(Date),
      ended: expect.any(Date),
      attempts: [
        { attempt: 1, status: "failed", errorType: "TypeError", nextAttempt: expect.any(Date) },
        { attempt: 2, status: "completed", scheduled: expect.any(Date) },
      ],
    });
    expect([page?.truncated, page?.continuationToken, page?.executionId]).toEqual([
      false,
      undefined,
      expect.any(String),
    ]);
    const bars = [];
    let continuationToken: string | undefined;
    do {
      const part = await client.getWorkflowTimeline(id, { limit: 2, ...(continuationToken && { continuationToken }) });
      bars.push(...(part?.bars ?? []));
      continuationToken = part?.continuationToken;
    } while (continuationToken !== undefined);
    expect(bars).toEqual(page?.bars);
    expect((await client.getWorkflowTimeline(id, { order: "desc" }))?.bars).toHaveLength(bars.length);
  });

  it("[A18.2] has IDs as the client has them, and what is cut", async () => {
    const bar = { position: 1, kind: "child", status: "running", instanceID: "kid", scheduled: "2026-11-28T00:00:00Z" };
    const body = { instanceID: "i", executionId: "e", bars: [bar, { ...bar, updateID: "u" }], truncated: true };
    const { urls, client } = serverThat(() => Response.json({ ...body, continuationToken: "e.5" }));
    const scheduled = new Date("2026-11-28T00:00:00Z");
    const expected = { position: 1, kind: "child", status: "running", instanceId: "kid", scheduled };
    expect(await client.getWorkflowTimeline("i", { limit: 5, continuationToken: "t", order: "desc" })).toEqual({
      executionId: "e",
      bars: [expected, { ...expected, updateId: "u" }],
      continuationToken: "e.5",
      truncated: true,
    });
    expect(urls).toEqual(["i/timeline?limit=5&continuationToken=t&order=desc"]);
  });

  it("[A18.4] has the branch of each bar, as the description has it of what is open", async () => {
    failures = 0;
    const trip = function* (ctx: WorkflowContext): Generator<Task> {
      const flight = function* (): Generator<Task> {
        yield ctx.callActivity(charge, "flight");
        yield ctx.waitForExternalEvent("seat", { timeout: 60 });
      };
      yield ctx.whenAll([ctx.branch(flight(), "flight"), ctx.callActivity(charge, "own")]);
    };
    const env = new WorkflowTestEnvironment(runtime().registerWorkflowWithName("trip", trip));
    const id = await env.client.scheduleNewWorkflow("trip", undefined, { instanceId: "trip-1" });
    await env.idle();
    const { bars } = (await env.client.getWorkflowTimeline(id)) ?? { bars: [] };
    const calls = bars.filter(({ kind }) => kind !== "turn");
    expect(calls.map(({ kind, branch }) => [kind, branch])).toEqual([
      ["activity", undefined],
      ["activity", "flight"],
      ["timer", "flight"],
    ]);
    const { detail } = (await env.client.describeWorkflow(id)) ?? {};
    expect(detail?.branches).toEqual([{ name: "flight", waitingFor: "event:seat" }]);
    expect(detail?.openTimers).toMatchObject([{ branch: "flight" }]);
  });

  it("[A18.3] of nobody is undefined; of what is no timeline an error", async () => {
    const { client } = new WorkflowTestEnvironment(runtime());
    expect(await client.getWorkflowTimeline("nobody")).toBeUndefined();
    const other = serverThat(() => Response.json({ events: [] }));
    await expect(other.client.getWorkflowTimeline("i")).rejects.toThrow("no timeline of the workflow API");
    await expect(client.getWorkflowTimeline("i", { limit: 0 })).rejects.toThrow("limit is a whole number from 1");
  });
});
