import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import { catalogOf } from "./catalog-support.ts";
import { Api, NOW_MS, platformFault, read } from "./support.ts";

const OPERATIONS = [
  ["POST /v1.0/workflows/dapr/Hello/start?instanceID=a", "ERR_START_WORKFLOW", "error starting workflow 'Hello': "],
  ["GET /v1.0/workflows/dapr/a", "ERR_GET_WORKFLOW", "error while getting workflow info on instance 'a': "],
  [
    "GET /v1.0/workflows/dapr/a?waitFor=started",
    "ERR_GET_WORKFLOW",
    "error while getting workflow info on instance 'a': ",
  ],
  ["POST /v1.0/workflows/dapr/a/terminate", "ERR_TERMINATE_WORKFLOW", "error terminating workflow 'a': "],
  ["POST /v1.0/workflows/dapr/a/raiseEvent/go", "ERR_RAISE_EVENT_WORKFLOW", "error raising event on workflow 'a': "],
  ["POST /v1.0/workflows/dapr/a/pause", "ERR_PAUSE_WORKFLOW", "error pausing workflow a: "],
  ["POST /v1.0/workflows/dapr/a/resume", "ERR_RESUME_WORKFLOW", "error resuming workflow a: "],
  ["POST /v1.0/workflows/dapr/a/purge", "ERR_PURGE_WORKFLOW", "error purging workflow a: "],
  ["POST /v1.0/workflows/dapr/a/restart", "ERR_RESTART_WORKFLOW", "error restarting workflow 'a': "],
] as const;

function failing(fault: Error): Api {
  const api = new Api();
  api.answers = {
    start: fault,
    rerun: fault,
    restart: fault,
    state: fault,
    operation: fault,
    repair: fault,
    query: fault,
    update: fault,
    history: fault,
    watch: fault,
    timeline: fault,
  };
  return api;
}

/** The answer, with every pause between attempts skipped. */
async function settle<T>(answer: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return answer;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an instance that throws", () => {
  it.each(OPERATIONS)(
    "[H80] %s: three attempts when the platform says retryable, then Dapr's 500 %s",
    async (target, errorCode, text) => {
      const api = failing(platformFault({ retryable: true }));
      const { status, body } = await read(await settle(api.send(target)));
      expect({ status, body }).toMatchObject({ status: 500, body: { errorCode } });
      expect((body as { message: string }).message.startsWith(text)).toBe(true);
      expect(api.calls.length).toBe(3);
    },
  );

  it("[H80] the second attempt comes 50 ms after the first, the third 200 ms after that", async () => {
    const api = failing(platformFault({ retryable: true }));
    const answer = api.send(OPERATIONS[1][0]);
    const attempts: number[] = [];
    for (const ms of [0, 49, 1, 199, 1, 100_000]) {
      await vi.advanceTimersByTimeAsync(ms);
      attempts.push(api.calls.length);
    }
    expect(attempts).toEqual([1, 1, 2, 2, 3, 3]);
    expect((await answer).status).toBe(500);
  });

  it.each([{}, { overloaded: true }, { retryable: true, overloaded: true }, { retryable: false }])(
    "[H80] one attempt when the fault is marked %j",
    async (flags) => {
      for (const [target] of OPERATIONS) {
        const api = failing(platformFault(flags));
        expect((await settle(api.send(target))).status).toBe(500);
        expect(api.calls.length).toBe(1);
      }
    },
  );

  it("[H81] every attempt carries the same request ID or message ID, and a second that succeeds is a success", async () => {
    for (const [target, field] of [
      [OPERATIONS[0][0], "requestId"],
      [OPERATIONS[4][0], "messageId"],
    ] as const) {
      const api = failing(platformFault({ retryable: true }));
      const answer = api.send(target);
      await vi.advanceTimersByTimeAsync(0);
      expect(api.calls.length).toBe(1);
      api.answers = { ...api.answers, start: { ok: true }, state: undefined, operation: { ok: true } };
      expect((await settle(answer)).status).toBe(202);
      const ids = api.calls.map(([, , argument]) => (argument as Record<string, unknown>)[field]);
      expect(ids.length).toBe(2);
      expect(new Set(ids).size).toBe(1);
      expect(api.log.at(-1)).not.toHaveProperty("fault");
    }
  });

  it("[H81] an attempt after a fault has only what is left of the time", async () => {
    const api = new Api({ now: () => (api.calls.length === 0 ? NOW_MS : NOW_MS + 4000) });
    api.answers.state = Object.assign(new Error(), { retryable: true });
    await settle(api.send("GET /v1.0/workflows/dapr/a?waitFor=completed&timeoutSeconds=5"));
    expect(api.calls.map(([, , argument]) => (argument as { timeoutMs: number }).timeoutMs)).toEqual([
      5000, 1000, 1000,
    ]);
  });

  it("[H81] two requests never share an ID", async () => {
    const api = new Api();
    await api.send(OPERATIONS[0][0]);
    await api.send(OPERATIONS[0][0]);
    const ids = api.calls.map(([, , argument]) => (argument as StartRequest).requestId);
    expect(new Set(ids).size).toBe(2);
  });

  it.each(OPERATIONS)("[H82] %s: the text says what to expect and nothing of the inside", async (target) => {
    for (const flags of [{}, { overloaded: true }, { retryable: true }]) {
      const text = await (await settle(failing(platformFault(flags)).send(target))).text();
      expect(text).toMatch(
        /instance 'a' (has more requests than it can take; wait|cannot be reached.*ask again|did not answer.*unknown)/,
      );
      expect(text).not.toMatch(/deadbeef|internal:| {2,}at |\.ts/);
    }
  });

  it("[H82] the log has the fault, its message and its place; the answer has none of them", async () => {
    const api = failing(platformFault({ overloaded: true }));
    expect(await (await settle(api.send(OPERATIONS[1][0]))).text()).not.toContain("deadbeef");
    const message = "internal: storage of object 0xdeadbeef";
    expect(api.log).toMatchObject([
      {
        level: "error",
        status: 500,
        instanceId: "a",
        fault: { name: "Error", message, retryable: false, overloaded: true, at: expect.any(Array) },
      },
    ]);
  });

  it("[H83] a value that is no Error is a fault like any other", async () => {
    const api = new Api({
      instance() {
        throw null;
      },
    });
    expect(await read(await settle(api.send(OPERATIONS[1][0])))).toMatchObject({
      status: 500,
      body: { errorCode: "ERR_GET_WORKFLOW" },
    });
  });
});

describe("a bug of ours", () => {
  it("[H84] is 500 ERR_INTERNAL without its message, and the log has it with its place", async () => {
    const api = new Api({
      registered() {
        throw new TypeError("cannot read deadbeef");
      },
    });
    const { status, body } = await read(await api.send("GET /v1.0/metadata"));
    expect({ status, body }).toMatchObject({ status: 500, body: { errorCode: "ERR_INTERNAL" } });
    expect(JSON.stringify(body)).not.toContain("deadbeef");
    expect(api.log).toMatchObject([
      {
        level: "error",
        status: 500,
        fault: { name: "TypeError", message: "cannot read deadbeef", at: expect.arrayContaining([expect.any(String)]) },
      },
    ]);
  });
});

describe("hostile requests", () => {
  it.each([
    "GET /v1.0/workflows/dapr/%2e%2e/x",
    "POST /v1.0/workflows/dapr/..%2f..%2fadmin/pause",
    "POST /v1.0/workflows/dapr/a%00b/pause",
    "POST /v1.0/workflows/dapr/a%0d%0aSet-Cookie:%20x/raiseEvent/%0d%0ax",
    "GET /v1.0/workflows/dapr/__proto__?__proto__=1&constructor=2&toString=3",
    "POST /v1.0/workflows/dapr/__proto__/start?instanceID=__proto__",
    `GET /v1.0/workflows/dapr/${"a".repeat(16_000)}`,
    `POST /v1.0/workflows/dapr/a/pause?${"nonRecursive=x&".repeat(2000)}`,
    "GET /v1.0/workflows/dapr/a?waitFor=started&waitFor=completed",
    "GET /v1.0\\workflows\\dapr\\a",
    "GET /v1.0/workflows/dapr/a#fragment",
    "TRACE-ME /v1.0/workflows/dapr/a",
  ])("[H85] %s is answered, below 500, on one header line each", async (target) => {
    const api = new Api({ catalog: catalogOf() });
    const response = await api.send(target);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.has("set-cookie")).toBe(false);
    expect(api.log.length).toBe(1);
  });

  it("[H85] a URL that cannot be read is 400", async () => {
    const request = new Request("http://localhost/v1.0/healthz");
    Object.defineProperty(request, "url", { value: "http://^/" });
    const api = new Api();
    expect(await read(await api.handle(request))).toMatchObject({ status: 400 });
    expect(api.calls).toEqual([]);
  });

  it.each([
    ["POST /v1.0/workflows/dapr/a/terminate", "output"],
    ["POST /v1.0-alpha1/workflows/dapr/Hello/a/start", "input"],
  ])("[H85] %s with an %s that grows beyond a message when it is written as JSON is 400", async (target, field) => {
    const api = new Api();
    const numbers = `1e20,`.repeat(800_000);
    const body = `{"${field}":["\u0101",${numbers}1]}`;
    expect(await read(await api.send(target, body))).toMatchObject({ status: 400 });
    expect(api.calls).toEqual([]);
    expect((await api.send(target, body.replace("\u0101", "a"))).status).toBeLessThan(300);
  });

  it("[H85] half of a surrogate pair in a reason is replaced", async () => {
    const api = new Api();
    await api.send("POST /v1.0/workflows/dapr/a/pause", '{"reason":"a\\ud800"}');
    expect(api.calls[0]?.[2]).toEqual({ reason: "a\ufffd" });
  });

  it("[H85] terminate with an output nested too deeply is 400", async () => {
    const api = new Api();
    const body = `{"output": ${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
    expect((await api.send("POST /v1.0/workflows/dapr/a/terminate", body)).status).toBe(400);
    expect(api.calls).toEqual([]);
  });
});
