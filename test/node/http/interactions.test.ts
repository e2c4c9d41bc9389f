import { describe, expect, it } from "vitest";
import type { QueryResult, UpdateResult } from "../../../src/instance/protocol.ts";
import { Api, NO_ROUTE, read, refusal } from "./support.ts";

const at = (path: string) => `/v1.0/workflows/dapr/X/${path}`;
const NOT_FOUND = refusal(404, "ERR_INSTANCE_ID_NOT_FOUND", "unable to find workflow with the provided instance ID: X");

describe("[H103] Queries", () => {
  it("[H103] GET …/query/{name} gives the result as JSON; ?input= is passed on as it is", async () => {
    const api = new Api();
    api.answers.query = { ok: true, result: '{"n":1}' };
    expect(await read(await api.send(`GET ${at("query/my%20items")}?input=%7B%22a%22:1%7D`))).toEqual({
      status: 200,
      body: { n: 1 },
    });
    api.answers.query = { ok: true };
    expect(await read(await api.send(`GET ${at("query/none")}`))).toEqual({ status: 200, body: null });
    expect(api.calls).toEqual([
      ["query", "X", { name: "my items", input: '{"a":1}' }],
      ["query", "X", { name: "none", input: undefined }],
    ]);
  });

  it.each<[QueryResult, { status: number; body: unknown }]>([
    [{ ok: false, code: "NOT_FOUND" }, NOT_FOUND],
    [
      { ok: false, code: "UNKNOWN", message: "no such query" },
      refusal(404, "ERR_WORKFLOW_QUERY_NOT_FOUND", "no such query"),
    ],
    [
      { ok: false, code: "FAILED", message: "broken" },
      refusal(500, "ERR_QUERY_WORKFLOW", "error querying workflow 'X': broken"),
    ],
    [
      { ok: false, code: "STALLED" },
      refusal(500, "ERR_QUERY_WORKFLOW", "error querying workflow 'X': workflow is stalled"),
    ],
    [
      { ok: false, code: "NOT_STARTED" },
      refusal(
        500,
        "ERR_QUERY_WORKFLOW",
        "error querying workflow 'X': the workflow waits for its scheduled start, and has nothing to tell yet",
      ),
    ],
    [
      { ok: false, code: "BUSY" },
      refusal(
        500,
        "ERR_QUERY_WORKFLOW",
        "error querying workflow 'X': the workflow's code is at work and cannot be asked just now; ask again",
      ),
    ],
  ])("[H103] %j", async (result, answer) => {
    const api = new Api();
    api.answers.query = result;
    expect(await read(await api.send(`GET ${at("query/q")}`))).toEqual(answer);
  });
});

describe("[H104] Updates", () => {
  it("[H104] POST …/update/{name} gives the result; the ID is the caller's, or a UUID", async () => {
    const api = new Api();
    api.answers.update = { ok: true, result: "3" };
    expect(await read(await api.send(`POST ${at("update/add")}?updateID=u1&timeoutSeconds=5`, '"pen"'))).toEqual({
      status: 200,
      body: 3,
    });
    await api.send(`POST ${at("update/add")}`);
    expect(api.calls).toEqual([
      ["update", "X", { updateId: "u1", name: "add", input: '"pen"', timeoutMs: 5_000 }],
      ["update", "X", { updateId: "00000000-0000-4000-8000-000000000001", name: "add", input: "", timeoutMs: 60_000 }],
    ]);
  });

  it("[H104] 202 and the ID when it has not ended in time", async () => {
    const api = new Api();
    api.answers.update = { ok: false, code: "PENDING" };
    expect(await read(await api.send(`POST ${at("update/add")}?updateID=u1`))).toEqual({
      status: 202,
      body: { updateID: "u1" },
    });
  });

  const failure = { errorType: "TypeError", message: "no" };
  const failed = (reason: string) => refusal(500, "ERR_UPDATE_WORKFLOW", `error updating workflow 'X': ${reason}`);
  it.each<[UpdateResult, { status: number; body: unknown }]>([
    [{ ok: false, code: "NOT_FOUND" }, NOT_FOUND],
    [{ ok: false, code: "REJECTED", failure }, refusal(400, "ERR_WORKFLOW_UPDATE_REJECTED", "no")],
    [{ ok: false, code: "FAILED", failure }, failed("TypeError: no")],
    [{ ok: false, code: "STALLED" }, failed("workflow is stalled")],
    [{ ok: false, code: "ENDED" }, failed("the workflow has ended, and takes no updates any more")],
    [
      { ok: false, code: "FORGOTTEN" },
      failed("an update with this ID was taken before the workflow continued as new, and its result is not kept"),
    ],
  ])("[H104] %j", async (result, answer) => {
    const api = new Api();
    api.answers.update = result;
    expect(await read(await api.send(`POST ${at("update/add")}`))).toEqual(answer);
  });

  it("[H104] an ID has at most 256 characters", async () => {
    const api = new Api();
    expect(await read(await api.send(`POST ${at("update/add")}?updateID=${"x".repeat(257)}`))).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", "query parameter updateID has at most 256 characters, found 257"),
    );
    expect(api.calls).toEqual([]);
  });
});

describe("[H105] History", () => {
  const event = { type: "TimerFired", id: 1, timestampMs: 5 } as const;

  it("[H105] GET …/history gives a page, and a token as long as there is more", async () => {
    const api = new Api();
    api.answers.history = { events: [event, event], hasMore: true };
    expect(await read(await api.send(`GET ${at("history")}?limit=2&continuationToken=4`))).toEqual({
      status: 200,
      body: { events: [event, event], continuationToken: "6" },
    });
    api.answers.history = { events: [], hasMore: false };
    expect(await read(await api.send(`GET ${at("history")}`))).toEqual({ status: 200, body: { events: [] } });
    api.answers.history = undefined;
    expect(await read(await api.send(`GET ${at("history")}`))).toEqual(NOT_FOUND);
    expect(api.calls.map(([, , page]) => page)).toEqual([
      { from: 4, limit: 2 },
      { from: 0, limit: 1_000 },
      { from: 0, limit: 1_000 },
    ]);
  });

  it.each([
    ["limit=1", { from: 0, limit: 1 }],
    ["limit=10000", { from: 0, limit: 10_000 }],
    ["continuationToken=0", { from: 0, limit: 1_000 }],
    ["continuationToken=9007199254740991", { from: 9_007_199_254_740_991, limit: 1_000 }],
  ])("[H105] ?%s is the last that is taken", async (query, page) => {
    const api = new Api();
    api.answers.history = { events: [], hasMore: false };
    expect((await api.send(`GET ${at("history")}?${query}`)).status).toBe(200);
    expect(api.calls.map(([, , given]) => given)).toEqual([page]);
  });

  it.each([
    "limit=0",
    "limit=10001",
    "limit=x",
    "limit=-1",
    "limit=1e3",
    "limit=",
    "continuationToken=x",
    "continuationToken=9007199254740992",
  ])("[H105] ?%s is refused, and nothing is asked", async (query) => {
    const api = new Api();
    const { status, body } = await read(await api.send(`GET ${at("history")}?${query}`));
    expect([status, body]).toMatchObject([400, { errorCode: "ERR_MALFORMED_REQUEST" }]);
    expect(api.calls).toEqual([]);
  });
});

describe("[H106] What goes beyond Dapr is served under /v1.0 alone", () => {
  it.each(["POST X/cancel", "GET X/query/q", "POST X/update/u", "GET X/history", "GET X/timeline"])(
    "[H106] %s",
    async (target) => {
      const api = new Api();
      const [method, path] = target.split(" ");
      for (const version of ["v1.0-beta1", "v1.0-alpha1"]) {
        const answer = await read(await api.send(`${method} /${version}/workflows/dapr/${path}`));
        // The early form of the API has a GET with as many segments: the workflow X, and its instance `history`.
        const isSeed = version === "v1.0-alpha1" && /^X\/(history|timeline)$/.test(path ?? "");
        expect(answer).toEqual(isSeed ? { ...NOT_FOUND, body: expect.anything() } : NO_ROUTE);
      }
      const other = method === "GET" ? "POST" : "GET";
      expect(await read(await api.send(`${other} /v1.0/workflows/dapr/${path}`))).toEqual(NO_ROUTE);
    },
  );

  it("[H106] a stalled instance refuses what Dapr refuses, in its words", async () => {
    const api = new Api();
    api.answers.operation = { ok: false, code: "STALLED" };
    const messageOf = async (path: string) =>
      ((await read(await api.send(`POST ${at(path)}`))).body as { message: string }).message;
    expect(await messageOf("raiseEvent/go")).toBe(
      "error raising event on workflow 'X': failed to raise event go on workflow X: failed to raise event: workflow is stalled",
    );
    expect(await messageOf("terminate")).toBe("error terminating workflow 'X': workflow is stalled");
    expect(await messageOf("pause")).toBe(
      "error pausing workflow X: failed to pause workflow X: failed to suspend workflow: workflow is stalled",
    );
    expect(await messageOf("resume")).toBe(
      "error resuming workflow X: failed to resume workflow X: failed to resume workflow: workflow is stalled",
    );
    expect(await messageOf("purge")).toBe("error purging workflow X: workflow is stalled");
    expect(await messageOf("cancel")).toBe("error canceling workflow 'X': workflow is stalled");
  });
});
