import { describe, expect, it } from "vitest";
import type { RerunRequest, RerunResult, RestartResult } from "../../../src/instance/protocol.ts";
import { Api, read, refusal } from "./support.ts";

const RERUN = "POST /v1.0/workflows/dapr/abc/rerun";
const RESTART = "POST /v1.0/workflows/dapr/abc/restart";
const UUID = "00000000-0000-4000-8000-000000000001";

/** The one rerun that reached an instance, and which. */
function rerun(api: Api): [to: string, request: RerunRequest] {
  expect(api.calls.map(([method]) => method)).toEqual(["rerun"]);
  const [[, to, request] = []] = api.calls;
  return [to as string, request as RerunRequest];
}

describe("rerun", () => {
  it("[H152] 202 with the ID of the new instance, which is the one that is asked, and nothing else", async () => {
    const api = new Api();
    const body =
      '{"eventID":3,"newInstanceID":"xyz","input":{"a":[1]},"newChildWorkflowInstanceID":"xyz:c","reason":"why"}';
    const response = await api.send(RERUN, body);
    expect(await read(response)).toEqual({ status: 202, body: { instanceID: "xyz" } });
    expect(rerun(api)).toEqual([
      "xyz",
      {
        requestId: UUID,
        sourceInstanceId: "abc",
        eventId: 3,
        input: { text: '{"a":[1]}' },
        newChildWorkflowInstanceId: "xyz:c",
        reason: "why",
        traceparent: response.headers.get("traceparent"),
      },
    ]);
  });

  it.each([undefined, "{}"])(
    "[H152] with the body %s it is from the beginning, under a UUID, with the input that was",
    async (body) => {
      const api = new Api();
      expect(await read(await api.send(RERUN, body))).toEqual({ status: 202, body: { instanceID: UUID } });
      expect(rerun(api)).toMatchObject([UUID, { eventId: 0, input: undefined, newChildWorkflowInstanceId: undefined }]);
    },
  );

  it.each([
    ["null", "null"],
    ["0", "0"],
    ['""', '""'],
    ["false", "false"],
  ])("[H152] the input %s is one", async (input, text) => {
    const api = new Api();
    await api.send(RERUN, `{"input":${input}}`);
    expect(rerun(api)[1].input).toEqual({ text });
  });

  it("[H152] a request has the name that it is given", async () => {
    const api = new Api();
    await api.send(`${RERUN}?requestID=mine`);
    expect(rerun(api)[1].requestId).toBe("mine");
  });

  it.each([
    [".", 'an instance ID is neither empty nor "." or "..", which no URL can hold, found "."'],
    ["..", 'an instance ID is neither empty nor "." or "..", which no URL can hold, found ".."'],
    ["\ud800", "an instance ID is a string of whole characters, found "],
    ["é".repeat(513), "an instance ID has at most 1024 bytes, and this one 1026"],
  ])("[H152] no child can be called %.9s", async (id, says) => {
    const api = new Api();
    const body = JSON.stringify({ eventID: 1, newChildWorkflowInstanceID: id });
    expect(await read(await api.send(RERUN, body))).toEqual({
      status: 400,
      body: {
        errorCode: "ERR_RERUN_WORKFLOW",
        message: expect.stringContaining(`new child workflow instance ID: ${says}`),
      },
    });
    expect(api.calls).toEqual([]);
  });

  it("[H152] one that is sent again without an ID for the new instance asks the same one again", async () => {
    const ids = [];
    for (const [target, requestId] of [
      [RERUN, "mine"],
      [RERUN, "mine"],
      [RERUN, "other"],
      [RERUN.replace("abc", "abd"), "mine"],
    ]) {
      const api = new Api();
      await api.send(`${target}?requestID=${requestId}`);
      ids.push(rerun(api)[0]);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it.each<[RerunResult, number, string]>([
    [{ ok: false, code: "NOT_FOUND", message: "Dapr's words" }, 404, "Dapr's words"],
    [{ ok: false, code: "INVALID_ARGUMENT", message: "Dapr's words" }, 400, "Dapr's words"],
    [{ ok: false, code: "ALREADY_EXISTS" }, 500, "workflow 'xyz' has already been created"],
    [
      { ok: false, code: "CHANGED" },
      500,
      "error rerunning workflow 'abc': it was replaced or purged while its history was read; send this again",
    ],
    [
      { ok: false, code: "UNREADABLE", message: "no key" },
      500,
      "error rerunning workflow 'abc': workflow is stalled: no key",
    ],
  ])("[H153] %j is %i", async (result, status, message) => {
    const api = new Api();
    api.answers.rerun = result;
    expect(await read(await api.send(RERUN, '{"newInstanceID":"xyz"}'))).toEqual(
      refusal(status, "ERR_RERUN_WORKFLOW", message),
    );
  });

  it.each<[string, number, string, string]>([
    [
      '{"newInstanceID":"abc"}',
      400,
      "ERR_RERUN_WORKFLOW",
      "rerun workflow instance ID must be different from the original instance ID",
    ],
    [
      '{"eventID":1,"newChildWorkflowInstanceID":"abc"}',
      400,
      "ERR_RERUN_WORKFLOW",
      "new child workflow instance ID must be different from that of the original and of the new instance",
    ],
    [
      '{"eventID":1,"newInstanceID":"d","newChildWorkflowInstanceID":"d"}',
      400,
      "ERR_RERUN_WORKFLOW",
      "new child workflow instance ID must be different from that of the original and of the new instance",
    ],
    ['{"newInstanceID":"a b"}', 400, "ERR_INSTANCE_ID_INVALID", "workflow instance ID 'a b' is invalid"],
    ['{"eventId":3}', 400, "ERR_MALFORMED_REQUEST", "unknown field eventId, did you mean eventID"],
    ['{"eventID":-1}', 400, "ERR_MALFORMED_REQUEST", "eventID"],
    ['{"eventID":1.5}', 400, "ERR_MALFORMED_REQUEST", "eventID"],
    ['{"eventID":"3"}', 400, "ERR_MALFORMED_REQUEST", "eventID"],
    ["[]", 400, "ERR_MALFORMED_REQUEST", "expected a JSON object"],
  ])("[H154] %s is %i, and no instance is asked", async (body, status, code, text) => {
    const api = new Api();
    const answer = await read(await api.send(RERUN, body));
    expect(answer).toMatchObject({ status, body: { errorCode: code } });
    expect((answer.body as { message: string }).message).toContain(text);
    expect(api.calls).toEqual([]);
  });

  it.each([`${RERUN}?eventID=3`, `${RESTART}?force=true`])("[H154] %s: an unknown parameter is 400", async (target) => {
    const api = new Api();
    expect(await read(await api.send(target))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST" },
    });
    expect(api.calls).toEqual([]);
  });
});

describe("restart", () => {
  it.each([
    ["", "", UUID, undefined],
    ["?requestID=mine&reason=why", "", "mine", "why"],
    ["?reason=query", '{"reason":"body"}', UUID, "body"],
  ])("[H155] %s %s: 202 {}, with its name and why", async (query, body, requestId, reason) => {
    const api = new Api();
    const response = await api.send(RESTART + query, body);
    expect(await read(response)).toEqual({ status: 202, body: {} });
    const traceparent = response.headers.get("traceparent");
    expect(api.calls).toEqual([["restart", "abc", { requestId, reason, traceparent }]]);
  });

  it.each<[RestartResult, number, string, string]>([
    [
      { ok: false, code: "NOT_FOUND" },
      404,
      "ERR_INSTANCE_ID_NOT_FOUND",
      "unable to find workflow with the provided instance ID: abc",
    ],
    [{ ok: false, code: "CHILD" }, 400, "ERR_RESTART_WORKFLOW", "cannot restart child-workflows; restart the parent"],
    [{ ok: false, code: "STALLED" }, 500, "ERR_RESTART_WORKFLOW", "workflow is stalled"],
    [
      { ok: false, code: "ALREADY_ACTIVE" },
      500,
      "ERR_RESTART_WORKFLOW",
      "it has been told to terminate, and has not ended yet; restart it again",
    ],
    [
      { ok: false, code: "AWAITING_ACTIVITY" },
      500,
      "ERR_RESTART_WORKFLOW",
      "a terminated workflow with ID 'abc' is already awaiting an activity result",
    ],
    [
      { ok: false, code: "CHILD_ACTIVE", childInstanceId: "c" },
      500,
      "ERR_RESTART_WORKFLOW",
      "rpc error: code = AlreadyExists desc = cannot recreate workflow with ID 'abc': child workflow 'c': orchestration has not yet completed",
    ],
  ])("[H155] %j is %i", async (result, status, code, reason) => {
    const api = new Api();
    api.answers.restart = result;
    const message = status === 404 ? reason : `error restarting workflow 'abc': ${reason}`;
    expect(await read(await api.send(RESTART))).toEqual(refusal(status, code, message));
  });
});
