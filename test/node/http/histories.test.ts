// [H148] Histories from either end, filtered, as JSON lines; [H149] timelines; [H151] the state in detail.
import { describe, expect, it } from "vitest";
import type { HistoryPage, HistoryRequest } from "../../../src/instance/protocol.ts";
import { Api, RUNNING, read, refusal } from "./support.ts";

const at = (path: string) => `/v1.0/workflows/dapr/X/${path}`;
const event = { type: "TimerFired", id: 1, timestampMs: 5 } as const;
const none: HistoryPage = { events: [], hasMore: false, executionId: "e" };
const asked = ({ calls }: Api) => calls.map(([, , request]) => request);

describe("[H148] History", () => {
  it("[H148.1] a token names its execution; what is asked for is passed on", async () => {
    const api = new Api();
    api.answers.history = { events: [event], hasMore: true, executionId: "e-1", next: 7 };
    const query = "order=desc&types=TimerFired,TaskFailed&contains=a%20b&pageSize=5&continuationToken=e-1.9";
    expect(await read(await api.send(`GET ${at("history")}?${query}`))).toEqual({
      status: 200,
      body: { events: [event], continuationToken: "e-1.7" },
    });
    expect(asked(api)).toEqual([
      { order: "desc", types: ["TimerFired", "TaskFailed"], contains: "a b", limit: 5, executionId: "e-1", from: 9 },
    ]);
  });

  it("[H148.2] from the end without a token, the instance knows where that is", async () => {
    const api = new Api();
    api.answers.history = none;
    await api.send(`GET ${at("history")}?order=desc`);
    await api.send(`GET ${at("history")}?order=asc&format=json`);
    expect(asked(api)).toEqual([
      { order: "desc", limit: 1_000 },
      { from: 0, limit: 1_000 },
    ]);
  });

  it("[H148.3.1] a search tells the numbers of its events; code before this one does not", async () => {
    const api = new Api();
    api.answers.history = { ...none, positions: [4, 2] };
    expect((await read(await api.send(`GET ${at("history")}?contains=x`))).body).toMatchObject({ positions: [4, 2] });
    api.answers.history = none;
    expect((await read(await api.send(`GET ${at("history")}?contains=x`))).body).not.toHaveProperty("positions");
  });

  it("[H148.3] a search that was given up says so", async () => {
    const api = new Api();
    api.answers.history = { ...none, hasMore: true, next: 10_000, isCut: true };
    expect(await read(await api.send(`GET ${at("history")}?contains=x`))).toEqual({
      status: 200,
      body: { events: [], continuationToken: "e.10000", complete: false },
    });
  });

  it("[H148.4] a token of an execution that is over is refused, and says what to do", async () => {
    const api = new Api();
    api.answers.history = { ...none, isOver: true };
    expect(await read(await api.send(`GET ${at("history")}?continuationToken=old.3`))).toEqual(
      refusal(
        400,
        "ERR_MALFORMED_REQUEST",
        "query parameter continuationToken is of an execution that is over: the instance has continued as new, or its ID was used anew. Read from the beginning",
      ),
    );
  });

  it.each([
    ["order=up", 'order is "asc" or "desc", found "up"'],
    [
      "types=TaskFaild",
      'types is a list of types of events, separated by commas, found "TaskFaild", did you mean TaskFailed?',
    ],
    ["types=", 'types is a list of types of events, separated by commas, found ""'],
    ["format=xml", 'format is "json" or "jsonl", found "xml"'],
    ["pageSize=0", 'pageSize is a whole number from 1 to 10000, found "0"'],
    ["continuationToken=e.x", 'continuationToken is that of the page before, found "e.x"'],
    ["format=jsonl&limit=5", "limit is for pages: with format=jsonl the whole history is one answer"],
    [
      "format=jsonl&continuationToken=e.5",
      "continuationToken is for pages: with format=jsonl the whole history is one answer",
    ],
  ])("[H148.5] ?%s is refused, and nothing is asked", async (query, message) => {
    const api = new Api();
    expect(await read(await api.send(`GET ${at("history")}?${query}`))).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", `query parameter ${message}`),
    );
    expect(api.calls).toEqual([]);
  });

  it("[H148.6] code before this one knows no order and no filters: it is asked for again, and its pages go on as they did", async () => {
    const api = new Api();
    api.answers.history = { events: [event], hasMore: true };
    expect(await read(await api.send(`GET ${at("history")}?limit=1`))).toEqual({
      status: 200,
      body: { events: [event], continuationToken: "1" },
    });
    for (const query of ["order=desc", "types=TaskFailed", "contains=x"])
      expect(await read(await api.send(`GET ${at("history")}?${query}`))).toEqual(
        refusal(
          500,
          "ERR_HISTORY_WORKFLOW",
          "error reading the history of workflow 'X': it still runs in a former deployment; ask again",
        ),
      );
  });
});

describe("[H148] JSON lines", () => {
  /** An instance that answers with these pages, one after the other. */
  function paged(pages: readonly (HistoryPage | undefined | Error)[]): Api {
    const api = new Api();
    const rest = [...pages];
    Object.defineProperty(api.answers, "history", { get: () => rest.shift() });
    return api;
  }
  const first: HistoryPage = { events: [event, { ...event, id: 2 }], hasMore: true, executionId: "e", next: 2 };

  it("[H148.7] a line that names the instance, then an event a line, page after page, of one execution", async () => {
    const api = paged([first, { ...none, events: [{ ...event, id: 3 }] }]);
    const response = await api.send(`GET ${at("history")}?format=jsonl`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/jsonl"]);
    expect((await response.text()).split("\n")).toEqual([
      '{"instanceId":"X"}',
      ...[1, 2, 3].map((id) => JSON.stringify({ ...event, id })),
      "",
    ]);
    expect(asked(api)).toEqual([
      { from: 0, limit: 1_000 },
      { from: 2, executionId: "e", limit: 1_000 },
    ]);
  });

  it("[H148.8] a page is asked for when the one before has been taken", async () => {
    const api = paged([first, { ...first, next: 4 }, none]);
    const body = (await api.send(`GET ${at("history")}?format=jsonl`)).body as ReadableStream;
    const reader = body.getReader();
    expect(api.calls).toHaveLength(1);
    await reader.read();
    expect(api.calls).toHaveLength(2);
    await reader.read();
    expect(api.calls).toHaveLength(3);
    await reader.cancel();
    expect(api.calls).toHaveLength(3);
  });

  it("[H148.9] filters hold for it, too", async () => {
    const api = paged([none]);
    await (await api.send(`GET ${at("history")}?format=jsonl&order=desc&types=TimerFired`)).text();
    expect(asked(api)).toEqual([{ order: "desc", types: ["TimerFired"], limit: 1_000 }] satisfies HistoryRequest[]);
  });

  it("[H148.10] what is not there at first is an error like any other", async () => {
    expect((await paged([undefined]).send(`GET ${at("history")}?format=jsonl`)).status).toBe(404);
    expect((await paged([new Error("no")]).send(`GET ${at("history")}?format=jsonl`)).status).toBe(500);
  });

  it.each([
    ["the execution is over", { ...none, isOver: true }],
    ["the instance is gone", undefined],
    ["it cannot be reached", new Error("no")],
  ])("[H148.11] when %s in the middle, the answer is cut off", async (_, second) => {
    const response = await paged([first, second]).send(`GET ${at("history")}?format=jsonl`);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("[H149] Timeline", () => {
  it("[H149.1] bars with times as dates, and a token", async () => {
    const api = new Api();
    const scheduledAtMs = Date.UTC(2026, 0, 2);
    const bars = [
      {
        position: 1,
        kind: "activity",
        status: "failed",
        id: 1,
        name: "a",
        branch: "flight",
        scheduledAtMs,
        endedAtMs: scheduledAtMs + 5,
      },
    ] as const;
    api.answers.timeline = { executionId: "e", bars, next: 4, isTruncated: true };
    expect(await read(await api.send(`GET ${at("timeline")}?limit=1&order=desc&continuationToken=e.9`))).toEqual({
      status: 200,
      body: {
        instanceID: "X",
        executionId: "e",
        bars: [
          {
            position: 1,
            kind: "activity",
            status: "failed",
            id: 1,
            name: "a",
            branch: "flight",
            scheduled: "2026-01-02T00:00:00Z",
            ended: "2026-01-02T00:00:00.005Z",
          },
        ],
        continuationToken: "e.4",
        truncated: true,
      },
    });
    expect(api.calls).toEqual([["timeline", "X", { limit: 1, order: "desc", from: 9, executionId: "e" }]]);
  });

  it.each([
    [undefined, 404, "ERR_INSTANCE_ID_NOT_FOUND"],
    [{ executionId: "e", bars: [], isTruncated: false, isOver: true }, 400, "ERR_MALFORMED_REQUEST"],
    [{ executionId: "e", bars: [], isTruncated: false, unreadable: "why" }, 500, "ERR_HISTORY_WORKFLOW"],
  ])("[H149.2] %j is %i", async (timeline, status, errorCode) => {
    const api = new Api();
    api.answers.timeline = timeline;
    expect(await read(await api.send(`GET ${at("timeline")}`))).toMatchObject({ status, body: { errorCode } });
  });
});

describe("[H151] GET …?detail=full", () => {
  const stands = { waitingFor: "event:paid", retrying: false };
  const detail = { executionId: "e", generation: 2, ...stands, activities: [], timers: [], children: [] };

  it("[H151.1] asks for it, also behind a wait, and tells it beside Dapr's form", async () => {
    const api = new Api();
    const plain = (await read(await api.send(`GET ${at("")}`))).body as object;
    const more = { searchAttributes: { customer: "c" }, retentionMs: 86_400_500 };
    api.answers.state = { ...RUNNING, ...more, detail };
    const { status, body } = await read(await api.send(`GET ${at("")}?detail=full&fetchPayloads=false`));
    expect(status).toBe(200);
    expect(body).toEqual({
      ...plain,
      searchAttributes: { customer: "c" },
      retention: "86400.5s",
      executionId: "e",
      generation: 2,
      ...stands,
      pendingActivities: [],
      openTimers: [],
      openChildren: [],
    });
    await api.send(`GET ${at("")}?detail=full&waitFor=completed&timeoutSeconds=1`);
    expect(asked(api)).toEqual([
      { payloads: true },
      { payloads: false, detail: true },
      { until: "ended", timeoutMs: 1_000, payloads: true, detail: true },
    ]);
  });

  it("[H151.2] of one that is PENDING tells what Dapr keeps to itself", async () => {
    const api = new Api();
    api.answers.state = { ...RUNNING, status: "PENDING", detail: { ...detail, startAtMs: RUNNING.createdAtMs } };
    expect((await read(await api.send(`GET ${at("")}?detail=full`))).body).toMatchObject({
      runtimeStatus: "PENDING",
      workflowName: "OrderProcessing",
      createdAt: "2026-01-02T03:04:05Z",
      startTime: "2026-01-02T03:04:05Z",
    });
  });

  it("[H151.7] tells its branches, and the branch of what is open; where there are none, neither", async () => {
    const api = new Api();
    const branch = "flight";
    const branches = [
      { name: branch, waitingFor: "event:paid", ending: true },
      { name: "b", waitingFor: undefined },
    ];
    const attempt = { id: 1, name: "n", branch, attempt: 1, status: "running" } as const;
    const atMs = RUNNING.createdAtMs;
    const open = {
      activities: [
        { ...attempt, scheduledAtMs: atMs },
        { ...attempt, branch: undefined, scheduledAtMs: atMs },
      ],
      timers: [{ id: 2, branch, createdAtMs: atMs, fireAtMs: atMs }],
      children: [{ ...attempt, instanceId: "kid", createdAtMs: atMs }],
    };
    const past = { events: 1, awaitedEvents: [], awaitsCondition: false, bufferedEvents: [], openTimers: [] };
    api.answers.state = {
      ...{ ...RUNNING, detail: { ...detail, ...open, branches } },
      past: { ...past, branches, customStatus: undefined, stall: undefined },
    };
    const { body } = await read(await api.send(`GET ${at("")}?detail=full&at=1`));
    expect(body).toMatchObject({
      branches: [{ name: "flight", waitingFor: "event:paid", ending: true }, { name: "b" }],
      pendingActivities: [{ branch: "flight" }, {}],
      openTimers: [{ branch: "flight" }],
      openChildren: [{ branch: "flight" }],
      past: { branches: [{ name: "flight", waitingFor: "event:paid", ending: true }, { name: "b" }] },
    });
    expect(JSON.stringify(body).match(/"branch"/g)).toHaveLength(3);
  });

  it("[H151.3] any other value is refused", async () => {
    const api = new Api();
    expect(await read(await api.send(`GET ${at("")}?detail=some`))).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", 'query parameter detail is "full", found "some"'),
    );
    expect(api.calls).toEqual([]);
  });

  it("[H151.5] with `at` it is asked where it stood after so many events, and tells that in `past`", async () => {
    const api = new Api();
    const past = {
      ...{ events: 3, customStatus: "asks", awaitedEvents: ["paid"], awaitsCondition: false },
      ...{ bufferedEvents: [{ name: "other", count: 1 }], openTimers: [4], stall: undefined },
    };
    api.answers.state = { ...RUNNING, detail, past };
    const { body } = await read(await api.send(`GET ${at("")}?detail=full&at=3`));
    expect(body).toMatchObject({ past: JSON.parse(JSON.stringify(past)) });
    expect(asked(api)).toEqual([{ payloads: true, detail: true, pastEvents: 3 }]);
  });

  it.each([
    ["detail=full&at=0", 'at is a whole number from 1 to 9007199254740991, found "0"'],
    ["detail=full&at=x", 'at is a whole number from 1 to 9007199254740991, found "x"'],
  ])("[H151.6] %s is refused", async (query, problem) => {
    const api = new Api();
    expect(await read(await api.send(`GET ${at("")}?${query}`))).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", `query parameter ${problem}`),
    );
    expect(api.calls).toEqual([]);
  });

  it("[H151.4] code before this one tells no detail, and its state as it is", async () => {
    const api = new Api();
    const plain = await read(await api.send(`GET ${at("")}`));
    expect(await read(await api.send(`GET ${at("")}?detail=full`))).toEqual(plain);
  });
});
