import { describe, expect, it } from "vitest";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import { Api, RUNNING, read, refusal } from "./support.ts";

const START = "POST /v1.0/workflows/dapr/Hello/start";

/** The one start that reached an instance. */
function started(api: Api): StartRequest {
  expect(api.calls.map(([method]) => method)).toEqual(["start"]);
  return api.calls[0]?.[2] as StartRequest;
}

describe("start", () => {
  it("[H10] 202 with the ID; the instance gets name, raw input, a request ID and the trace, and nothing else", async () => {
    const api = new Api();
    const response = await api.send(`${START}?instanceID=order-1`, '{"a": 1}');
    expect(await read(response)).toEqual({ status: 202, body: { instanceID: "order-1" } });
    expect(api.calls).toEqual([
      [
        "start",
        "order-1",
        {
          instanceId: "order-1",
          name: "Hello",
          input: '{"a": 1}',
          startAtMs: undefined,
          requestId: "00000000-0000-4000-8000-000000000001",
          traceparent: response.headers.get("traceparent"),
        },
      ],
    ]);
  });

  it.each([START, `${START}?instanceID=`, `${START}?instanceId=x`, `${START}?instanceid=x`])(
    "[H11] %s: without the exact parameter the instance gets a UUID",
    async (target) => {
      const api = new Api();
      const instanceID = "00000000-0000-4000-8000-000000000001";
      expect(await read(await api.send(target))).toEqual({ status: 202, body: { instanceID } });
      expect(started(api)).toMatchObject({ instanceId: instanceID });
    },
  );

  it("[H11] of an ID given twice the first counts", async () => {
    const api = new Api();
    await api.send(`${START}?instanceID=a&instanceID=b`);
    expect(started(api).instanceId).toBe("a");
  });

  it.each([
    "a".repeat(64),
    "Üñï-çø∂é".replace("∂", "d"),
    "订单_1",
    "заказ-٤٢",
    "é".repeat(32),
    "𠀀".repeat(16),
    "-",
    "_",
  ])("[H12] the ID %s is allowed: up to 64 bytes of letters, digits, _ and -", async (id) => {
    const api = new Api();
    expect(await read(await api.send(`${START}?instanceID=${encodeURIComponent(id)}`))).toEqual({
      status: 202,
      body: { instanceID: id },
    });
    expect(started(api).instanceId).toBe(id);
  });

  it.each(["a".repeat(65), `${"é".repeat(32)}a`, "𠀀".repeat(17), `${"a".repeat(64)}!`, "%20".repeat(65)])(
    "[H12] more than 64 bytes are refused first: %s",
    async (id) => {
      const api = new Api();
      expect(await read(await api.send(`${START}?instanceID=${id}`))).toEqual(
        refusal(400, "ERR_INSTANCE_ID_TOO_LONG", "workflow instance ID exceeds the max length of 64 characters"),
      );
      expect(api.calls).toEqual([]);
    },
  );

  it.each(["a b", "a.b", "a:b", "a/b", "../a", "a\u0000", "a'b", "½", "a\u0301", "🙂", "a\nb", " "])(
    "[H12] the characters of %j are refused in Dapr's words",
    async (id) => {
      const api = new Api();
      expect(await read(await api.send(`${START}?instanceID=${encodeURIComponent(id)}`))).toEqual(
        refusal(
          400,
          "ERR_INSTANCE_ID_INVALID",
          `workflow instance ID '${id}' is invalid: only alphanumeric and underscore characters are allowed`,
        ),
      );
      expect(api.calls).toEqual([]);
    },
  );

  it.each([
    [
      { ok: false, code: "ALREADY_ACTIVE" },
      "rpc error: code = AlreadyExists desc = an active workflow with ID 'a' already exists",
    ],
    [
      { ok: false, code: "AWAITING_ACTIVITY" },
      "a terminated workflow with ID 'a' is already awaiting an activity result",
    ],
    [
      { ok: false, code: "CHILD_ACTIVE", childInstanceId: "a:0001" },
      "rpc error: code = AlreadyExists desc = cannot recreate workflow with ID 'a': child workflow 'a:0001': orchestration has not yet completed",
    ],
  ] as const)("[H13] a refused start is 500 in Dapr's words: %j", async (answer, reason) => {
    const api = new Api();
    api.answers.start = answer;
    expect(await read(await api.send(`${START}?instanceID=a`))).toEqual(
      refusal(
        500,
        "ERR_START_WORKFLOW",
        `error starting workflow 'Hello': unable to start workflow: failed to start workflow: ${reason}`,
      ),
    );
  });

  it.each([
    ["2026-01-02T03:04:05Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["2026-01-02T03:04:05.678912345Z", Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ["2026-01-02T03:04:05.5%2B02:30", Date.UTC(2026, 0, 2, 0, 34, 5, 500)],
    ["2028-02-29T23:59:59-01:00", Date.UTC(2028, 2, 1, 0, 59, 59)],
    ["1969-12-31T23:59:59Z", -1000],
  ])("[H14] ours: ?startTime=%s reaches the instance in milliseconds", async (text, startAtMs) => {
    const api = new Api();
    expect((await api.send(`${START}?startTime=${text}`)).status).toBe(202);
    expect(started(api).startAtMs).toBe(startAtMs);
  });

  it.each([
    "",
    "tomorrow",
    "1767323045",
    "2026-01-02",
    "2026-01-02T03:04:05",
    "2026-01-02 03:04:05Z",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:60:00Z",
    "2026-01-02T03:04:05+02:00",
    "2026-01-02T03:04:05%2B24:00",
  ])("[H14] ?startTime=%s is 400", async (text) => {
    const api = new Api();
    expect(await read(await api.send(`${START}?startTime=${text}`))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: expect.stringContaining("startTime") },
    });
    expect(api.calls).toEqual([]);
  });
});

describe("ours: search attributes and retention of a start", () => {
  it.each([
    ["attr.customer=c995&attr.Order+No=7", { customer: "c995", "Order No": 7 }],
    ["attr.a=1.5&attr.b=-2&attr.c=true&attr.d=false", { a: 1.5, b: -2, c: true, d: false }],
    ["attr.a=%221%22&attr.b=%22true%22&attr.c=", { a: "1", b: "true", c: "" }],
    ["attr.a=[%22x%22,%22y%22]&attr.b=[]", { a: ["x", "y"], b: [] }],
    [
      "attr.a=[x&attr.b={x&attr.c=nullable&attr.d=1e&attr.e=%22x",
      { a: "[x", b: "{x", c: "nullable", d: "1e", e: '"x' },
    ],
    ["attr.id=12345678901234567890&attr.big=1e999", { id: "12345678901234567890", big: "1e999" }],
    ["attr.__proto__=x&attr.constructor=y", JSON.parse('{"__proto__":"x","constructor":"y"}')],
    ["attr.attr.x=1", { "attr.x": 1 }],
    ["attrx=1&Attr.x=1", undefined],
  ])("[H127] ?%s: JSON or text", async (query, searchAttributes) => {
    const api = new Api();
    expect((await api.send(`${START}?${query}`)).status).toBe(202);
    expect(JSON.stringify(started(api).searchAttributes)).toBe(JSON.stringify(searchAttributes));
  });

  it.each([
    ["attr.=1", "expected a key of 1 to 64 characters"],
    ["attr.a%22b=1", "expected a key of 1 to 64 characters"],
    [`attr.${"k".repeat(65)}=1`, "expected a key of 1 to 64 characters"],
    ["attr.a=[1]", "found an array of other values"],
    ["attr.a={}", "found an object"],
    ["attr.a=null", "found null"],
    ["attr.a=1&attr.a=2", "expected once, found twice"],
    [`attr.a=${"x".repeat(2_048)}`, "expected at most 2048 bytes as JSON, found 2056"],
    [Array.from({ length: 21 }, (_, n) => `attr.k${n}=1`).join("&"), "expected at most 20 keys, found 21"],
    ["retention=", 'invalid duration ""'],
    ["retention=1d", 'unknown unit "d" in duration "1d"'],
    ["retention=30", 'missing unit in duration "30"'],
    ["retention=-1s", "it is below 0s"],
    ["retention=9999999h", "invalid duration"],
  ])("[H128] ?%s is 400, says why, and starts nothing", async (query, why) => {
    const api = new Api();
    expect(await read(await api.send(`${START}?${query}`))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: expect.stringContaining(why) },
    });
    expect(api.calls).toEqual([]);
  });

  it.each([
    ["24h", 86_400_000],
    ["1h30m", 5_400_000],
    ["%2B1.5s", 1_500],
    ["0s", 0],
    ["0", 0],
    ["1ns", 1],
    ["10%C2%B5s", 1],
  ])("[H129] ?retention=%s reaches the instance in milliseconds, not less", async (text, retentionMs) => {
    const api = new Api();
    expect((await api.send(`${START}?retention=${text}`)).status).toBe(202);
    expect(started(api).retentionMs).toBe(retentionMs);
  });

  it("[H129] Dapr's checks of the start come first", async () => {
    const api = new Api();
    const { body } = await read(await api.send(`${START}?instanceID=a%20b&retention=x&attr.=1`));
    expect(body).toMatchObject({ errorCode: "ERR_INSTANCE_ID_INVALID" });
  });

  it("[H127] names of attributes are none that the route does not know", async () => {
    const response = await new Api().send(`${START}?attr.a=1&attr.b=2&retention=1h`);
    expect(response.headers.get("warning")).toBeNull();
    const other = await new Api().send("GET /v1.0/workflows/dapr/a?attr.a=1");
    expect(other.headers.get("warning")).toBe('299 - "unknown query parameter attr.a"');
  });
});

describe("ours: a start that waits", () => {
  const WAITING = `${START}?instanceID=order-1&waitFor=completed&timeoutSeconds=1.5`;
  const ENDED = { ...RUNNING, status: "COMPLETED", output: "7" } as const;
  const waitFor = { until: "ended", timeoutMs: 1500, payloads: true };

  it("[H15] one call in the place of two: 200 and the state, as GET answers it", async () => {
    const api = new Api();
    api.answers.start = { ok: true, state: ENDED };
    const { status, body } = await read(await api.send(WAITING, "3"));
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { instanceID: "order-1", runtimeStatus: "COMPLETED" },
    });
    expect(started(api)).toMatchObject({ instanceId: "order-1", input: "3", waitFor });
    api.answers.state = ENDED;
    expect(body).toEqual((await read(await api.send("GET /v1.0/workflows/dapr/order-1"))).body);
  });

  it("[H15] an object with older code does not wait: it is asked once more", async () => {
    const api = new Api();
    api.answers.state = ENDED;
    expect(await read(await api.send(WAITING))).toMatchObject({ status: 200, body: { runtimeStatus: "COMPLETED" } });
    expect(api.calls.map(([method, id]) => [method, id])).toEqual([
      ["start", "order-1"],
      ["waitFor", "order-1"],
    ]);
    expect(api.calls[1]?.[2]).toEqual(waitFor);
  });

  it("[H15] 404 when it has been purged meanwhile; refused starts are refused as ever", async () => {
    const api = new Api();
    api.answers.state = undefined;
    expect((await api.send(WAITING)).status).toBe(404);
    api.answers.start = { ok: false, code: "ALREADY_ACTIVE" };
    expect(await read(await api.send(WAITING))).toEqual(await read(await api.send(`${START}?instanceID=order-1`)));
  });

  it.each(["waitFor=", "waitFor=ended", "waitFor=started&timeoutSeconds=soon", "waitFor=started&fetchPayloads=no"])(
    "[H15] %s is 400 and starts nothing",
    async (query) => {
      const api = new Api();
      expect((await api.send(`${START}?instanceID=order-1&${query}`)).status).toBe(400);
      expect(api.calls).toEqual([]);
    },
  );

  it("[H15] without waitFor the other two mean nothing, as in Dapr", async () => {
    const api = new Api();
    expect((await api.send(`${START}?timeoutSeconds=soon&fetchPayloads=no`)).status).toBe(202);
    expect(started(api).waitFor).toBeUndefined();
  });

  it.each(["replace", "reject", "ignore", "terminate"])("[H130] reuse=%s reaches the instance", async (reuse) => {
    const api = new Api();
    expect((await api.send(`${START}?instanceID=a&reuse=${reuse}`, "1")).status).toBe(202);
    expect(started(api)).toMatchObject({ input: "1", reuse });
  });

  it.each(["", "Replace", "force", "reject,ignore"])(
    "[H130] reuse=%s is 400, and no instance is asked",
    async (reuse) => {
      const api = new Api();
      const message = `query parameter reuse is replace, reject, ignore or terminate, found ${JSON.stringify(reuse)}`;
      expect(await read(await api.send(`${START}?reuse=${encodeURIComponent(reuse)}`))).toEqual({
        status: 400,
        body: { errorCode: "ERR_MALFORMED_REQUEST", message },
      });
      expect(api.calls).toEqual([]);
    },
  );

  it.each([
    [
      "ALREADY_EXISTS",
      "rpc error: code = AlreadyExists desc = a workflow with ID 'a' already exists and the create enforces instance ID uniqueness",
    ],
    ["STALLED", "workflow 'a' is stalled"],
  ] as const)("[H130] %s is 500 with the reason", async (code, reason) => {
    const api = new Api();
    api.answers.start = { ok: false, code };
    expect(await read(await api.send(`${START}?instanceID=a`))).toEqual({
      status: 500,
      body: {
        errorCode: "ERR_START_WORKFLOW",
        message: `error starting workflow 'Hello': unable to start workflow: failed to start workflow: ${reason}`,
      },
    });
  });

  it.each<[string, string | undefined, string | undefined]>([
    ["", undefined, undefined],
    ["{}", undefined, undefined],
    ['{"input":{"a":[1]},"eventPayload":null}', '{"a":[1]}', "null"],
    ['{"eventPayload":"x"}', undefined, '"x"'],
  ])(
    "[H131] with raiseEvent the body %s has both payloads, named by IDs of their own",
    async (body, input, payload) => {
      const api = new Api();
      expect((await api.send(`${START}?instanceID=a&raiseEvent=go%20on&reason=why`, body)).status).toBe(202);
      const { event, ...request } = started(api);
      expect(request).toMatchObject({ input, reason: "why" });
      const messageId = "00000000-0000-4000-8000-000000000001";
      expect(event).toEqual({ name: "go on", input: payload, messageId, reason: "why" });
      expect(request.requestId).not.toBe(event?.messageId);
    },
  );

  it("[H131] a reason in the body counts before that of the query, for the event and in the log, too", async () => {
    const api = new Api();
    await api.send(`${START}?instanceID=a&raiseEvent=go&reason=query`, '{"reason":"body"}');
    expect(started(api)).toMatchObject({ reason: "body", event: { reason: "body" } });
    expect(api.log[0]?.reason).toBe("body");
  });

  it.each([
    ["raiseEvent=", "{}", "query parameter raiseEvent is the name of an event, found nothing"],
    ["raiseEvent=e", "7", "failed deserializing HTTP body: expected a JSON object, found a number"],
    ["raiseEvent=e", '{"payload":1}', "failed deserializing HTTP body: unknown field payload"],
  ])("[H131] %s with the body %s is 400, and no instance is asked", async (query, body, message) => {
    const api = new Api();
    const { status, body: answer } = await read(await api.send(`${START}?${query}`, body));
    expect([status, answer]).toMatchObject([400, { errorCode: "ERR_MALFORMED_REQUEST" }]);
    expect((answer as { message: string }).message).toContain(message);
    expect(api.calls).toEqual([]);
  });
});
