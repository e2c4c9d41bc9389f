import { describe, expect, it } from "vitest";
import type { RepairResult } from "../../../src/instance/protocol.ts";
import { Api, read, refusal } from "./support.ts";

const REWIND = "POST /v1.0/workflows/dapr/a/rewind";
const VERSION = "POST /v1.0/workflows/dapr/a/version";
const ID = "00000000-0000-4000-8000-000000000001";

async function answerTo(target: string, repair: RepairResult, body?: string): Promise<unknown> {
  const api = new Api();
  api.answers = { ...api.answers, repair };
  return read(await api.send(target, body));
}

describe("[H150] rewind and version", () => {
  it("[H150.1] reach the instance with a request ID and the reason, of the body or the query, and are answered 202 {}", async () => {
    const api = new Api();
    expect(await read(await api.send(REWIND))).toEqual({ status: 202, body: {} });
    await api.send(`${REWIND}?reason=q&requestID=mine`, '{"reason":"b"}');
    await api.send(`${VERSION}?reason=q`, '{"version":"2"}');
    expect(await read(await api.send(VERSION, '{"version":"2","reason":"b"}'))).toEqual({ status: 202, body: {} });
    expect(api.calls).toMatchObject([
      ["rewind", "a", { requestId: ID, reason: undefined }],
      ["rewind", "a", { requestId: "mine", reason: "b" }],
      ["changeVersion", "a", { version: "2", reason: "q" }],
      ["changeVersion", "a", { version: "2", reason: "b" }],
    ]);
  });

  it("[H150.2] what is misspelt or wrong reaches no instance", async () => {
    const api = new Api();
    for (const [target, body] of [
      [`${REWIND}?force=true`, undefined],
      [REWIND, '{"reasons":"x"}'],
      [REWIND, '{"reason":7}'],
      [REWIND, `{"reason":"${"x".repeat(1_001)}"}`],
      [REWIND, "[]"],
      [VERSION, undefined],
      [VERSION, '{"version":""}'],
      [VERSION, '{"version":2}'],
      [VERSION, '{"version":"2","input":1}'],
    ] as const) {
      const { status, body: told } = await read(await api.send(target, body));
      expect([target, body, status, told]).toMatchObject([target, body, 400, { errorCode: "ERR_MALFORMED_REQUEST" }]);
    }
    expect(api.calls).toEqual([]);
  });

  it("[H150.3] are served under /v1.0 alone", async () => {
    for (const prefix of ["/v1.0-beta1", "/v1.0-alpha1"]) {
      const api = new Api();
      expect((await api.send(REWIND.replace("/v1.0", prefix))).status).toBe(404);
      expect(api.calls).toEqual([]);
    }
  });

  const noRewind = "error rewinding workflow 'a': ";
  const noVersion = "error changing the version of workflow 'a': ";
  it.each<[string, RepairResult, number, string, string]>([
    [
      REWIND,
      { ok: false, code: "WRONG_STATUS", status: "RUNNING" },
      400,
      "ERR_REWIND_WORKFLOW",
      `${noRewind}it is RUNNING, and only an instance that is FAILED can be rewound`,
    ],
    [
      REWIND,
      { ok: false, code: "PARENT_KNOWS", instanceId: "p" },
      400,
      "ERR_REWIND_WORKFLOW",
      `${noRewind}its parent 'p' has taken its failure; where that has failed for it, rewind the parent, which rewinds its child`,
    ],
    [
      REWIND,
      { ok: false, code: "PARENT_UNREACHABLE", instanceId: "p" },
      500,
      "ERR_REWIND_WORKFLOW",
      `${noRewind}its parent 'p' cannot be asked at the moment whether it has taken its failure; nothing was changed, send this again`,
    ],
    [REWIND, { ok: false, code: "STALLED" }, 500, "ERR_REWIND_WORKFLOW", `${noRewind}workflow is stalled`],
    [
      REWIND,
      { ok: false, code: "NOT_FOUND" },
      404,
      "ERR_INSTANCE_ID_NOT_FOUND",
      "unable to find workflow with the provided instance ID: a",
    ],
    [
      VERSION,
      { ok: false, code: "VERSION_UNKNOWN", name: "order", version: "v9", versions: ["v1", "v2"] },
      400,
      "ERR_VERSION_WORKFLOW",
      `${noVersion}version 'v9' of 'order' is not registered; registered: v1, v2`,
    ],
    [
      VERSION,
      { ok: false, code: "VERSION_UNKNOWN", name: "order", version: "v9", versions: [] },
      400,
      "ERR_VERSION_WORKFLOW",
      `${noVersion}version 'v9' of 'order' is not registered; no version of it is`,
    ],
    [
      VERSION,
      { ok: false, code: "WRONG_STATUS", status: "COMPLETED" },
      400,
      "ERR_VERSION_WORKFLOW",
      `${noVersion}it is COMPLETED, and only an instance that has begun, and has not ended, can be put on another version`,
    ],
  ])("[H150.4] %s refused: %j", async (target, result, status, code, message) => {
    const body = target === VERSION ? '{"version":"v9"}' : undefined;
    expect(await answerTo(target, result, body)).toEqual(refusal(status, code, message));
  });
});
