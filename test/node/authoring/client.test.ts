// DaprWorkflowClient against a server that is a function: what it sends, what it sends again, and when.
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setBindings } from "../../../src/authoring/http-endpoint.ts";
import {
  DaprWorkflowClient,
  TimeoutError,
  WorkflowApiError,
  WorkflowFailedError,
  WorkflowState,
} from "../../../src/client.ts";

const API = "http://127.0.0.1:3500/v1.0/workflows/dapr";
const RUNNING = '{"instanceID":"i","runtimeStatus":"RUNNING"}';
const COMPLETED = '{"instanceID":"i","runtimeStatus":"COMPLETED"}';

type Fault = () => Response;
const throws = (error: unknown) => () => {
  throw error;
};
const answers = (status: number, body: string) => () => new Response(body, { status });
const coded = (message: string, code: string) => Object.assign(new Error(message), { code });
const cutOff = () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"instanceID":'));
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, { status: 200 });
};

/** A server that does so at each request in turn, and the last for ever; and when, since the first request, each one came. */
function serverThat(...script: Fault[]) {
  const requests: { method: string; url: string; body: string; headers: Headers; atMs: number }[] = [];
  const startedAtMs = Date.now();
  const fetch = async (request: Request) => {
    const { method, url, headers } = request;
    const atMs = Date.now() - startedAtMs;
    requests.push({ method, url: url.replace(`${API}/`, ""), body: await request.text(), headers, atMs });
    const next = script[Math.min(requests.length, script.length) - 1] as Fault;
    return next();
  };
  return { requests, client: new DaprWorkflowClient({ fetch }), fetch };
}

/** Runs the timers until it has settled. */
async function settled<T>(call: Promise<T>): Promise<{ value?: T; error?: unknown }> {
  let outcome: { value?: T; error?: unknown } | undefined;
  call.then(
    (value) => {
      outcome = { value };
    },
    (error) => {
      outcome = { error };
    },
  );
  for (let timers = 0; outcome === undefined; timers++) {
    // While no time goes on, a call that pauses for nothing would be waited for for ever.
    if (timers === 5_000) throw new Error(`The call has not settled after ${timers} timers`);
    await vi.advanceTimersToNextTimerAsync();
  }
  return outcome;
}

beforeEach(() => {
  vi.useFakeTimers();
  // A half: pauses are three quarters of the longest.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  setBindings({});
});

type Read = (client: DaprWorkflowClient) => Promise<unknown>;
const READS: readonly (readonly [string, Read])[] = [
  ["getWorkflowState", (client) => client.getWorkflowState("i", true)],
  ["getWorkflowHistory", (client) => client.getWorkflowHistory("i")],
  ["getWorkflowHistoryPage", (client) => client.getWorkflowHistoryPage("i")],
  ["queryWorkflow", (client) => client.queryWorkflow("i", "items")],
];
const WAITS: readonly (readonly [string, Read])[] = [
  ["waitForWorkflowStart", (client) => client.waitForWorkflowStart("i", true, 30)],
  ["waitForWorkflowCompletion", (client) => client.waitForWorkflowCompletion("i", true, 30)],
  ["waitForWorkflowResult", (client) => client.waitForWorkflowResult({ name: "w" } as never, "i", 30)],
];
const CHANGES: readonly (readonly [string, Read])[] = [
  ["scheduleNewWorkflow", (client) => client.scheduleNewWorkflow("w", 1, "i")],
  ["raiseEvent", (client) => client.raiseEvent("i", "e", 1)],
  ["terminateWorkflow", (client) => client.terminateWorkflow("i", 1)],
  ["purgeWorkflow", (client) => client.purgeWorkflow("i")],
  ["suspendWorkflow", (client) => client.suspendWorkflow("i")],
  ["resumeWorkflow", (client) => client.resumeWorkflow("i")],
  ["cancelWorkflow", (client) => client.cancelWorkflow("i")],
  ["updateWorkflow", (client) => client.updateWorkflow("i", "u", 1)],
  ["rerunWorkflow", (client) => client.rerunWorkflow("i")],
  ["restartWorkflow", (client) => client.restartWorkflow("i")],
  ["runWorkflow", (client) => client.runWorkflow("w", 1, { instanceId: "i" })],
];
const LOST: readonly (readonly [string, Fault])[] = [
  ["fetch failed", throws(new TypeError("fetch failed", { cause: coded("connect ECONNREFUSED", "ECONNREFUSED") }))],
  ["Failed to fetch", throws(new TypeError("Failed to fetch"))],
  ["ECONNRESET", throws(coded("read", "ECONNRESET"))],
  ["other side closed", throws(coded("other side closed", "UND_ERR_SOCKET"))],
  ["workerd's words", throws(new Error("Network connection lost."))],
  ["a platform error that says so", throws(Object.assign(new Error("internal error"), { retryable: true }))],
  ["a body that breaks off", cutOff],
  ["JSON that breaks off", answers(200, '{"instanceID":"i","runtimeSt')],
  ["429 of a proxy", answers(429, "slow down")],
  ["408 of a proxy", answers(408, "")],
  ["502 of a proxy", answers(502, "<h1>Bad Gateway</h1>")],
  ["503 of a proxy", answers(503, "")],
  ["504 of a proxy", answers(504, '{"error":"gateway timeout"}')],
  ["Cloudflare's 522", answers(522, "error code: 522")],
];
const FINAL: readonly (readonly [string, Fault])[] = [
  ["an abort", throws(new DOMException("This operation was aborted", "AbortError"))],
  [
    "an abort that speaks of the connection",
    throws(new DOMException("The network connection is closed", "AbortError")),
  ],
  ["the caller's own timeout", throws(new DOMException("signal timed out", "TimeoutError"))],
  ["a mistake in the caller's fetch", throws(new TypeError("request.foo is not a function"))],
  ["Dapr's error", answers(500, '{"errorCode":"ERR_GET_WORKFLOW","message":"no"}')],
  ["Dapr's error with a proxy's status", answers(503, '{"errorCode":"ERR_X","message":"no"}')],
  ["no token", answers(401, "invalid api token")],
  ["a page", answers(200, "<!doctype html>")],
  ["a text", answers(200, "hello world")],
  ["nothing", answers(200, "")],
  ["a redirect", () => new Response(null, { status: 307, headers: { location: "https://elsewhere.example/" } })],
  [
    "a certificate",
    throws(new TypeError("fetch failed", { cause: coded("self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT") })),
  ],
  ["an address that is none", throws(new TypeError("fetch failed", { cause: new Error("bad port") }))],
  [
    "what does not speak HTTP",
    throws(new TypeError("fetch failed", { cause: coded("Parse Error", "HPE_INVALID_CONSTANT") })),
  ],
];

describe("[A6] What only reads is asked again when its connection is lost", () => {
  it.each(READS)("[A6.1] %s: five times, after 150, 300, 600 and 1,200 ms", async (_name, read) => {
    const { requests, client } = serverThat(throws(new TypeError("fetch failed")));
    const { error } = await settled(read(client));
    expect(error).toEqual(new TypeError("fetch failed"));
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 150, 450, 1_050, 2_250]);
    expect(new Set(requests.map(({ url }) => url)).size).toBe(1);
  });

  it.each(LOST)("[A6.2] lost: %s", async (_name, fault) => {
    const { requests, client } = serverThat(fault, fault, answers(200, RUNNING));
    const { value } = await settled(client.getWorkflowState("i"));
    expect((value as WorkflowState).instanceId).toBe("i");
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 150, 450]);
  });

  it.each(FINAL)("[A6.3] asked once: %s", async (_name, fault) => {
    for (const [, read] of [...READS, ...WAITS]) {
      const { requests, client } = serverThat(fault);
      expect((await settled(read(client))).error).toBeInstanceOf(Error);
      expect(requests).toHaveLength(1);
    }
  });

  it("[A6.4] the pause is by chance between half and all of its longest", async () => {
    for (const [chance, pauses] of [
      [0, [0, 100, 300, 700, 1_500]],
      [0.999, [0, 199.9, 599.7, 1_399.3, 2_998.5]],
    ] as const) {
      vi.mocked(Math.random).mockReturnValue(chance);
      const { requests, client } = serverThat(answers(503, ""));
      const { error } = await settled(client.getWorkflowState("i"));
      expect(error).toEqual(
        new WorkflowApiError(
          503,
          "ERROR",
          `GET ${API}/i?fetchPayloads=true was answered with 503, and not by the workflow API`,
        ),
      );
      for (const [n, atMs] of pauses.entries()) expect(Math.abs(Number(requests[n]?.atMs) - atMs)).toBeLessThan(4);
      expect(requests).toHaveLength(5);
    }
  });

  it.each(CHANGES)("[A6.5] %s changes something, and is sent once", async (_name, change) => {
    // An operation without a result may be answered with nothing.
    for (const [what, fault] of [...LOST, ...FINAL.filter(([what]) => what !== "nothing")]) {
      const { requests, client } = serverThat(fault, answers(202, '{"instanceID":"i"}'));
      expect([what, (await settled(change(client))).error]).toEqual([what, expect.any(Error)]);
      expect(requests).toHaveLength(1);
    }
  });

  it("[A6.6] a history goes on at the page whose connection was lost", async () => {
    const { requests, client } = serverThat(
      answers(200, '{"events":[{"eventId":1}],"continuationToken":"1"}'),
      throws(new TypeError("fetch failed")),
      answers(200, '{"events":[{"eventId":2}]}'),
    );
    const { value } = await settled(client.getWorkflowHistory("i"));
    expect(value).toEqual([{ eventId: 1 }, { eventId: 2 }]);
    expect(requests.map(({ url }) => url)).toEqual([
      "i/history",
      "i/history?continuationToken=1",
      "i/history?continuationToken=1",
    ]);
  });
});

describe("[A14] A history of an instance that continues as new while it is read", () => {
  const page = (id: number, token?: string) =>
    answers(200, JSON.stringify({ events: [{ id }], continuationToken: token }));
  const over = answers(400, '{"errorCode":"ERR_MALFORMED_REQUEST","message":"is of an execution that is over"}');

  it("[A14.1] is that of its new execution, whole", async () => {
    const { requests, client } = serverThat(page(1, "old.1"), over, page(2, "new.1"), page(3));
    expect(await client.getWorkflowHistory("i")).toEqual([{ id: 2 }, { id: 3 }]);
    expect(requests.map(({ url }) => url)).toEqual([
      "i/history",
      "i/history?continuationToken=old.1",
      "i/history",
      "i/history?continuationToken=new.1",
    ]);
  });

  it("[A14.2] is given up where it does so all the time", async () => {
    const { requests, client } = serverThat(...Array.from({ length: 5 }, () => [page(1, "old.1"), over]).flat());
    await expect(client.getWorkflowHistory("i")).rejects.toMatchObject({ status: 400 });
    expect(requests).toHaveLength(10);
  });
});

describe("[A15] describeWorkflow", () => {
  const times = { createdAt: "2026-01-02T03:04:05.006Z", lastUpdatedAt: "2026-01-02T03:04:06Z" };
  const attempt = { status: "retrying", attempt: 2, lastFailure: { errorType: "E", message: "m" } };
  const body = {
    instanceID: "i",
    workflowName: "order",
    ...times,
    runtimeStatus: "RUNNING",
    properties: { "dapr.workflow.custom_status": "" },
    executionId: "e",
    generation: 1,
    parentInstanceID: "p",
    parent: { instanceId: "p", executionId: "f", name: "w", taskId: 1 },
    searchAttributes: { createdAt: "2026-01-02", workflowName: "x" },
    waitingFor: "activity:a",
    retrying: true,
    pendingActivities: [{ id: 1, name: "a", scheduledAt: times.createdAt, ...attempt, nextAttemptAt: times.createdAt }],
    openTimers: [{ id: 2, createdAt: times.createdAt, fireAt: times.createdAt }],
    openChildren: [
      { id: 3, workflowName: "c", instanceID: "k", createdAt: times.createdAt, status: "running", attempt: 1 },
    ],
    nextDueAt: times.createdAt,
  };

  it("[A15.1] is the state, and in `detail` the rest, with dates for times and the client's names", async () => {
    const { requests, client } = serverThat(answers(200, JSON.stringify(body)));
    const described = await client.describeWorkflow("i", false);
    expect(requests.map(({ url }) => url)).toEqual(["i?detail=full&fetchPayloads=false"]);
    expect([described?.name, described?.instanceId, described?.createdAt]).toEqual([
      "order",
      "i",
      new Date(times.createdAt),
    ]);
    const at = new Date(times.createdAt);
    expect(described?.detail).toEqual({
      executionId: "e",
      generation: 1,
      parentInstanceId: "p",
      parent: body.parent,
      searchAttributes: body.searchAttributes,
      waitingFor: "activity:a",
      retrying: true,
      pendingActivities: [{ id: 1, name: "a", scheduledAt: at, ...attempt, nextAttemptAt: at }],
      openTimers: [{ id: 2, createdAt: at, fireAt: at }],
      openChildren: [{ id: 3, name: "c", instanceId: "k", createdAt: at, status: "running", attempt: 1 }],
      nextDueAt: at,
    });
    expect(JSON.parse(JSON.stringify(described))).toMatchObject({ name: "order", detail: { executionId: "e" } });
  });

  it("[A15.3] its branches, and the branch of what is open", async () => {
    const branches = [{ name: "flight", waitingFor: "timer:2026-01-02T03:04:05Z", ending: true }];
    const openTimers = [{ ...body.openTimers[0], branch: "flight" }];
    const { client } = serverThat(answers(200, JSON.stringify({ ...body, branches, openTimers })));
    const { detail } = (await client.describeWorkflow("i")) ?? {};
    expect(detail?.branches).toEqual(branches);
    expect(detail?.openTimers.map(({ branch, fireAt }) => [branch, fireAt])).toEqual([
      ["flight", new Date(times.createdAt)],
    ]);
  });

  it("[A15.2] of a server that tells no detail is an error", async () => {
    const { client } = serverThat(answers(200, JSON.stringify({ ...body, executionId: undefined })));
    await expect(client.describeWorkflow("i")).rejects.toThrow("no state in detail of the workflow API");
  });
});

describe("[A13] What answers is the workflow API, or an error says that it is not", () => {
  const NOT_STATES = [
    "null",
    "5",
    "[]",
    "{}",
    '{"instanceID":"i"}',
    '{"instanceID":"i","runtimeStatus":"LOST"}',
    '{"runtimeStatus":"RUNNING"}',
    '{"instanceID":"i","runtimeStatus":"0"}',
  ];

  it.each(NOT_STATES)("[A13.1] no state, and no wait that goes on: %s", async (body) => {
    for (const read of [READS[0], ...WAITS].map((row) => row?.[1] as Read)) {
      const { requests, client } = serverThat(answers(200, body));
      const { error } = await settled(read(client));
      expect(error).toMatchObject({ name: "WorkflowApiError", status: 200, errorCode: "ERROR" });
      expect((error as Error).message).toMatch(
        /^GET http.* was answered with 200 and .*, which is no state of the workflow API: is this its address\?$/,
      );
      expect((error as Error).message).toContain(body);
      expect(requests).toHaveLength(1);
    }
  });

  it.each<[string, Read, string, string]>([
    ["a history", (c) => c.getWorkflowHistory("i"), '{"history":[]}', "no history"],
    ["a page of it", (c) => c.getWorkflowHistoryPage("i"), "{}", "no history"],
    ["a query", (c) => c.queryWorkflow("i", "q"), "", "no result"],
    ["an update", (c) => c.updateWorkflow("i", "u"), "", "no result"],
    ["a start", (c) => c.scheduleNewWorkflow("w", 1, "i"), "{}", "no started instance"],
    ["a start by nobody", (c) => c.scheduleNewWorkflow("w", 1, "i"), "", "no started instance"],
    ["a run", (c) => c.runWorkflow("w"), '{"instanceID":"i"}', "no state"],
    ["an event", (c) => c.raiseEvent("i", "e"), "OK", "no JSON"],
  ])("[A13.2] %s that is none", async (_what, call, body, which) => {
    const { requests, client } = serverThat(answers(200, body));
    const found = body === "" ? "nothing" : body;
    await expect(call(client)).rejects.toMatchObject({
      name: "WorkflowApiError",
      message: expect.stringMatching(/^(GET|POST) http:.*/),
      errorCode: "ERROR",
    });
    await expect(call(client)).rejects.toThrow(
      `was answered with 200 and ${found}, which is ${which} of the workflow API`,
    );
    expect(requests).toHaveLength(2);
  });

  it("[A13.3] what has no result needs no body, and an error without a message shows what came", async () => {
    const { client } = serverThat(answers(202, ""));
    await client.raiseEvent("i", "e");
    await client.terminateWorkflow("i");
    expect(await client.purgeWorkflow("i")).toBe(true);
    const odd = serverThat(answers(400, '{"errorCode":"ERR_X"}')).client;
    await expect(odd.suspendWorkflow("i")).rejects.toMatchObject({
      errorCode: "ERR_X",
      message: '{"errorCode":"ERR_X"}',
    });
  });

  it("[A13.4] a redirect is not followed: the token stays here, and nothing is sent twice", async () => {
    const seen: string[] = [];
    const fetch = async (request: Request) => {
      seen.push(`${request.method} ${request.redirect}`);
      return new Response(null, { status: 302, headers: { location: "https://login.example/" } });
    };
    const client = new DaprWorkflowClient({ fetch, daprApiToken: "t" });
    for (const call of [() => client.scheduleNewWorkflow("w", 1, "i"), () => client.getWorkflowState("i")])
      await expect(call()).rejects.toMatchObject({
        name: "WorkflowApiError",
        status: 302,
        message: expect.stringContaining(
          "was answered with a redirect to https://login.example/, which is not followed",
        ),
      });
    expect(seen).toEqual(["POST manual", "GET manual"]);
    // What a browser tells of one.
    const opaque = Object.defineProperty(new Response(null), "status", { value: 0 });
    Object.defineProperty(opaque, "ok", { value: false });
    const inBrowser = new DaprWorkflowClient({ fetch: async () => opaque });
    await expect(inBrowser.getWorkflowState("i")).rejects.toThrow("a redirect to another address");
  });

  it("[A13.5] a state, a history or a query that nobody answers is given up after 60 s, and asked for five times", async () => {
    for (const [, read] of READS) {
      const atMs: number[] = [];
      const startedAtMs = Date.now();
      const fetch = () => {
        atMs.push(Date.now() - startedAtMs);
        return new Promise<never>(() => {});
      };
      const { error } = await settled(read(new DaprWorkflowClient({ fetch })));
      expect(error).toMatchObject({
        name: "CutOffError",
        message: expect.stringMatching(/^GET http.* was not answered within 60 seconds$/),
      });
      expect(atMs).toEqual([0, 60_150, 120_450, 181_050, 242_250]);
    }
  });

  it("[A13.7] another 404 than that of an instance is none: the address is wrong", async () => {
    const { client } = serverThat(answers(404, '{"errorCode":"ERR_DIRECT_INVOKE","message":"failed getting app id"}'));
    for (const [, call] of [...READS, ...WAITS, CHANGES[3] as (typeof CHANGES)[number]])
      await expect(call(client)).rejects.toMatchObject({ status: 404, errorCode: "ERR_DIRECT_INVOKE" });
  });

  it("[A13.8] the caller ends a request while its answer comes: nothing is asked again", async () => {
    const { requests, client } = serverThat(() => {
      const start = (controller: ReadableStreamDefaultController) =>
        controller.error(new DOMException("This operation was aborted", "AbortError"));
      return new Response(new ReadableStream({ start }));
    });
    for (const [, read] of [...READS, ...WAITS]) {
      requests.length = 0;
      expect((await settled(read(client))).error).toMatchObject({ name: "AbortError" });
      expect(requests).toHaveLength(1);
    }
  });

  it("[A13.6] names that no URL holds are told of before anything is sent", async () => {
    const { requests, client } = serverThat(answers(200, RUNNING));
    for (const id of ["", ".", "..", "a\ud800", 5 as never, undefined as never])
      await expect(client.getWorkflowState(id)).rejects.toThrow(/have names that a URL can hold, found /);
    expect(requests).toEqual([]);
  });
});

describe("[A7] A wait asks again within the caller's time", () => {
  it.each(WAITS)("[A7.1] %s: the state that comes in the end counts", async (_name, wait) => {
    const lost = throws(new TypeError("fetch failed"));
    const { requests, client } = serverThat(lost, lost, lost, lost, lost, lost, lost, answers(200, COMPLETED));
    expect((await settled(wait(client))).error).toBeUndefined();
    // Doubling up to 5 s, of which three quarters.
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 150, 450, 1_050, 2_250, 4_650, 8_400, 12_150]);
  });

  it("[A7.2] each request waits for what is left, and one that was answered begins the pauses anew", async () => {
    const lost = throws(new TypeError("fetch failed"));
    const { requests, client } = serverThat(lost, answers(200, RUNNING), lost, answers(200, COMPLETED));
    await settled(client.waitForWorkflowCompletion("i", false, 10));
    expect(requests.map(({ url, atMs }) => [url.replace(/.*=/, ""), atMs])).toEqual([
      ["10", 0],
      ["9.85", 150],
      ["9.65", 350],
      ["9.5", 500],
    ]);
  });

  it("[A7.3] when the time is up: TimeoutError with the instance, the URL, the seconds and the last fault", async () => {
    const fault = new TypeError("fetch failed", { cause: coded("connect", "ECONNREFUSED") });
    const { requests, client } = serverThat(throws(fault));
    const { error } = await settled(client.waitForWorkflowCompletion("order 1", true, 1));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      name: "TimeoutError",
      message: `Workflow instance 'order 1' has not ended within 1 seconds, asked at ${API}/order%201. The last request had no answer: fetch failed (ECONNREFUSED)`,
      instanceId: "order 1",
      url: `${API}/order%201`,
      seconds: 1,
      cause: fault,
    });
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 150, 450, 1_000]);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "TimeoutError",
      message: (error as Error).message,
      instanceId: "order 1",
      url: `${API}/order%201`,
      seconds: 1,
    });
    expect(inspect(error)).toContain("instanceId: 'order 1'");
  });

  it("[A7.4] without time: exactly one request", async () => {
    for (const fault of [throws(new TypeError("fetch failed")), answers(200, RUNNING)]) {
      const { requests, client } = serverThat(fault);
      const { error } = await settled(client.waitForWorkflowCompletion("i", true, 0));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(requests.map(({ url }) => url)).toEqual(["i?fetchPayloads=true&waitFor=completed&timeoutSeconds=0"]);
    }
    const { requests, client } = serverThat(answers(202, '{"updateID":"u-1"}'));
    const { error } = await settled(client.updateWorkflow("i", "add", 1, { updateId: "u-1", timeoutInSeconds: 0 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(requests.map(({ url }) => url)).toEqual(["i/update/add?updateID=u-1&timeoutSeconds=0"]);
  });

  it("[A7.5] a connection that stays open without an answer is given up, 10 s after the time of its request", async () => {
    const signals: AbortSignal[] = [];
    const atMs: number[] = [];
    const startedAtMs = Date.now();
    const fetch = async ({ signal }: Request) => {
      atMs.push(Date.now() - startedAtMs);
      signals.push(signal);
      return atMs.length < 3 ? new Promise<never>(() => {}) : new Response(COMPLETED);
    };
    const client = new DaprWorkflowClient({ fetch });
    const { value } = await settled(client.waitForWorkflowCompletion("i", true, 600));
    expect(value?.instanceId).toBe("i");
    expect(atMs).toEqual([0, 40_150, 80_450]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
    const never = new DaprWorkflowClient({ fetch: () => new Promise<never>(() => {}) });
    const begunAtMs = Date.now();
    const { error } = await settled(never.waitForWorkflowStart("i", true, 1));
    expect([error instanceof TimeoutError, Date.now() - begunAtMs]).toEqual([true, 6_000]);
  });

  it("[A7.6] no timer is left behind", async () => {
    const { client } = serverThat(answers(200, COMPLETED));
    await client.waitForWorkflowCompletion("i");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[A7.8] a clock that is set back or forward changes nothing", async () => {
    for (const hours of [-1, 1]) {
      const { requests, fetch } = serverThat(answers(200, RUNNING));
      const setting = async (request: Request) => {
        if (requests.length === 0) vi.setSystemTime(Date.now() + hours * 3_600_000);
        return fetch(request);
      };
      const { error } = await settled(
        new DaprWorkflowClient({ fetch: setting }).waitForWorkflowCompletion("i", true, 1),
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect(requests).toHaveLength(6);
    }
  });

  it("[A7.9] an update is asked after no more than five times a second, and ends in its time where nobody answers", async () => {
    const { requests, client } = serverThat(answers(202, '{"updateID":"u-1"}'));
    await settled(client.updateWorkflow("i", "add", 1, { updateId: "u-1", timeoutInSeconds: 1 }));
    expect(requests.map(({ atMs }) => atMs)).toEqual([0, 200, 400, 600, 800, 1_000]);
    const never = new DaprWorkflowClient({ fetch: () => new Promise<never>(() => {}) });
    const begunAtMs = Date.now();
    const { error } = await settled(never.updateWorkflow("i", "add", 1, { updateId: "u-2", timeoutInSeconds: 1 }));
    expect(error).toMatchObject({ name: "TimeoutError", cause: { name: "CutOffError" } });
    expect(Date.now() - begunAtMs).toBe(6_000);
    // One that is cut off before its time is not known to be late.
    const lost = serverThat(cutOff).client;
    expect((await settled(lost.updateWorkflow("i", "add", 1))).error).toMatchObject({ name: "CutOffError" });
  });

  it("[A7.7] an update says which one has not ended", async () => {
    const { client } = serverThat(answers(202, '{"updateID":"u-1"}'));
    const { error } = await settled(client.updateWorkflow("i", "add", 1, { updateId: "u-1", timeoutInSeconds: 0 }));
    expect(error).toMatchObject({
      name: "TimeoutError",
      message: `Workflow instance 'i' has not ended update 'u-1' within 0 seconds, asked at ${API}/i`,
      instanceId: "i",
    });
  });
});

describe("[A7.10] When a wait ends", () => {
  it.each(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"])("[A7.10] %s ends both waits", async (runtimeStatus) => {
    for (const [, wait] of WAITS.slice(0, 2)) {
      const { requests, client } = serverThat(answers(200, JSON.stringify({ instanceID: "i", runtimeStatus })));
      expect((await settled(wait(client))).error).toBeUndefined();
      expect(requests).toHaveLength(1);
    }
  });

  it.each(["PENDING", "RUNNING", "SUSPENDED", "STALLED"])(
    "[A7.11] %s ends no wait for the end",
    async (runtimeStatus) => {
      const { client } = serverThat(answers(200, JSON.stringify({ instanceID: "i", runtimeStatus })));
      expect((await settled(client.waitForWorkflowCompletion("i", true, 1))).error).toBeInstanceOf(TimeoutError);
      const start = await settled(
        serverThat(answers(200, JSON.stringify({ instanceID: "i", runtimeStatus }))).client.waitForWorkflowStart(
          "i",
          true,
          1,
        ),
      );
      expect(start.error instanceof TimeoutError).toBe(runtimeStatus === "PENDING");
    },
  );

  it("[A7.12] an update that is refused is refused, however late the answer comes", async () => {
    const { client } = serverThat(answers(400, '{"errorCode":"ERR_WORKFLOW_UPDATE_REJECTED","message":"no"}'));
    const { error } = await settled(client.updateWorkflow("i", "add", 1, { timeoutInSeconds: 0 }));
    expect(error).toMatchObject({ name: "WorkflowApiError", errorCode: "ERR_WORKFLOW_UPDATE_REJECTED" });
  });

  it("[A7.13] a run whose start nobody answers is given up in its time: nobody knows whether it was heard", async () => {
    const begunAtMs = Date.now();
    const never = new DaprWorkflowClient({ fetch: () => new Promise<never>(() => {}) });
    const { error } = await settled(never.runWorkflow("w", 1, { timeoutInSeconds: 1 }));
    expect([(error as Error).name, Date.now() - begunAtMs]).toEqual(["CutOffError", 6_000]);
  });
});

describe("[A8] Every option of the HTTP API", () => {
  const at = new Date("2027-01-02T03:04:05Z");
  it.each<[string, Read, string, string]>([
    ["an ID", (c) => c.scheduleNewWorkflow("w", 1, { instanceId: "i" }), "w/start?instanceID=i", "1"],
    [
      "an ID and a time",
      (c) => c.scheduleNewWorkflow("w", 1, { instanceId: "i", startAt: at }),
      "w/start?instanceID=i&startTime=2027-01-02T03%3A04%3A05.000Z",
      "1",
    ],
    [
      "why it is started",
      (c) => c.scheduleNewWorkflow("w", 1, { instanceId: "i", reason: "r" }),
      "w/start?instanceID=i&reason=r",
      "1",
    ],
    [
      "what becomes of one that has the ID",
      (c) => c.scheduleNewWorkflow("w", 1, { instanceId: "i", reuse: "ignore" }),
      "w/start?instanceID=i&reuse=ignore",
      "1",
    ],
    [
      "an event with the start",
      (c) => c.scheduleNewWorkflow("w", 1, { instanceId: "i", raiseEvent: "e", eventPayload: { a: 2 } }),
      "w/start?instanceID=i&raiseEvent=e",
      '{"input":1,"eventPayload":{"a":2}}',
    ],
    [
      "an event by its declaration with a run, without payloads",
      (c) => c.runWorkflow("w", undefined, { instanceId: "i", raiseEvent: { name: "e" }, waitFor: "started" }),
      "w/start?instanceID=i&raiseEvent=e&fetchPayloads=true&waitFor=started&timeoutSeconds=30",
      '{"eventPayload":null}',
    ],
    [
      "search attributes and a retention",
      (c) =>
        c.scheduleNewWorkflow("w", 1, {
          instanceId: "i",
          searchAttributes: { text: "7", n: 7, yes: true, tags: ["a b"], "Order No": "" },
          retention: "1h30m",
        }),
      "w/start?attr.text=%227%22&attr.n=7&attr.yes=true&attr.tags=%5B%22a+b%22%5D&attr.Order+No=%22%22&instanceID=i&retention=1h30m",
      "1",
    ],
    ["why it is raised", (c) => c.raiseEvent("i", "e", 1, { reason: "r" }), "i/raiseEvent/e?reason=r", "1"],
    ["terminate", (c) => c.terminateWorkflow("i", 1, { nonRecursive: false }), "i/terminate", '{"output":1}'],
    [
      "terminate without the children, and why",
      (c) => c.terminateWorkflow("i", 1, { nonRecursive: true, reason: "r" }),
      "i/terminate?nonRecursive=true",
      '{"output":1,"reason":"r"}',
    ],
    ["purge", (c) => c.purgeWorkflow("i", null), "i/purge", ""],
    [
      "purge with everything",
      (c) => c.purgeWorkflow("i", { force: true, nonRecursive: true, reason: "a b" }),
      "i/purge?force=true&nonRecursive=true&reason=a+b",
      "",
    ],
    ["suspend", (c) => c.suspendWorkflow("i", "r"), "i/pause", '{"reason":"r"}'],
    ["resume", (c) => c.resumeWorkflow("i", "r"), "i/resume", '{"reason":"r"}'],
    ["cancel", (c) => c.cancelWorkflow("i", "r"), "i/cancel", '{"reason":"r"}'],
    ["rerun", (c) => c.rerunWorkflow("i"), "i/rerun", "{}"],
    [
      "rerun with everything",
      (c) =>
        c.rerunWorkflow("i", {
          eventId: 7,
          newInstanceId: "n",
          input: { a: 1 },
          newChildWorkflowInstanceId: "n:child",
          requestId: "q",
          reason: "r",
        }),
      "i/rerun?requestID=q",
      '{"eventID":7,"newInstanceID":"n","newChildWorkflowInstanceID":"n:child","reason":"r","input":{"a":1}}',
    ],
    ["rerun with the input null", (c) => c.rerunWorkflow("i", { input: undefined }), "i/rerun", '{"input":null}'],
    ["restart", (c) => c.restartWorkflow("i", { requestId: "q", reason: "r" }), "i/restart?requestID=q&reason=r", ""],
    ["a reason that is null", (c) => c.suspendWorkflow("i", null), "i/pause", ""],
    [
      "a run",
      (c) => c.runWorkflow("w", 1, { instanceId: "i", waitFor: "started" }),
      "w/start?instanceID=i&fetchPayloads=true&waitFor=started&timeoutSeconds=30",
      "1",
    ],
    [
      "a run with everything",
      (c) =>
        c.runWorkflow("w", 1, {
          instanceId: "i",
          startAt: at,
          reason: "r",
          waitFor: "started",
          timeoutInSeconds: 5,
          fetchPayloads: false,
        }),
      "w/start?instanceID=i&startTime=2027-01-02T03%3A04%3A05.000Z&reason=r&fetchPayloads=false&waitFor=started&timeoutSeconds=5",
      "1",
    ],
    [
      "a page",
      (c) => c.getWorkflowHistoryPage("i", { limit: 5, continuationToken: "7" }),
      "i/history?limit=5&continuationToken=7",
      "",
    ],
    [
      "a page from the end, of some events",
      (c) => c.getWorkflowHistoryPage("i", { order: "desc", types: ["TaskFailed", "TimerFired"], contains: "a b" }),
      "i/history?order=desc&types=TaskFailed%2CTimerFired&contains=a+b",
      "",
    ],
    ["a state without payloads", (c) => c.getWorkflowState("i", false), "i?fetchPayloads=false", ""],
  ])("[A8.1] %s", async (_what, call, url, body) => {
    const { requests, client } = serverThat(answers(200, '{"instanceID":"i","runtimeStatus":"RUNNING","events":[]}'));
    await call(client);
    expect(requests.map((request) => [request.url, request.body])).toEqual([[url, body]]);
  });

  it.each([undefined, null, "", {}, { instanceId: null, startAt: null }, { instanceId: "" }])(
    "[A8.2] without an ID it gets a UUID: %j",
    async (given) => {
      const { requests, client } = serverThat(answers(202, '{"instanceID":"i"}'));
      await client.scheduleNewWorkflow("w", 1, given, null);
      expect(requests[0]?.url).toMatch(/^w\/start\?instanceID=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    },
  );

  it.each<[string, Read, string]>([
    [
      "an attribute that is none",
      (c) => c.scheduleNewWorkflow("w", 1, { searchAttributes: { a: null } as never }),
      "scheduleNewWorkflow 'w': searchAttributes is an object of at most 20 search attributes, each a text, a number, true, false or an array of texts, and 2048 bytes as JSON, found {\"a\":null}",
    ],
    [
      "no Go duration",
      (c) => c.runWorkflow("w", 1, { retention: "1d" }),
      'runWorkflow \'w\': retention is a Go duration from 0s, for instance "24h" or "1h30m", found "1d"',
    ],
    [
      "another name",
      (c) => c.scheduleNewWorkflow("w", 1, { instanceID: "i" } as never),
      "unknown option instanceID of scheduleNewWorkflow 'w', did you mean instanceId? Known: instanceId, startAt, searchAttributes, retention, reason, reuse, raiseEvent, eventPayload",
    ],
    [
      "a number for an ID",
      (c) => c.scheduleNewWorkflow("w", 1, 4711 as never),
      "scheduleNewWorkflow 'w': options are an object, found 4711. Known: instanceId, startAt, searchAttributes, retention, reason, reuse, raiseEvent, eventPayload",
    ],
    [
      "a time that is none",
      (c) => c.scheduleNewWorkflow("w", 1, "i", new Date("x")),
      "scheduleNewWorkflow 'w': startAt is a Date that is valid, found an invalid Date",
    ],
    [
      "recursive",
      (c) => c.terminateWorkflow("i", 1, { recursive: false } as never),
      "unknown option recursive of terminateWorkflow 'i', did you mean nonRecursive? Known: nonRecursive, reason",
    ],
    [
      "a text for yes",
      (c) => c.purgeWorkflow("i", { force: "true" } as never),
      `purgeWorkflow 'i': force is true or false, found "true"`,
    ],
    [
      "a reason that is no text",
      (c) => c.suspendWorkflow("i", 7 as never),
      "suspendWorkflow 'i': reason is a string, found 7",
    ],
    [
      "a time to wait that is no number",
      (c) => c.waitForWorkflowCompletion("i", true, "5" as never),
      `waitForWorkflowCompletion 'i': timeoutInSeconds is a number of seconds from 0, found "5"`,
    ],
    [
      "NaN",
      (c) => c.updateWorkflow("i", "u", 1, { timeoutInSeconds: Number.NaN }),
      "updateWorkflow 'i': timeoutInSeconds is a number of seconds from 0, found NaN",
    ],
    [
      "too large a page",
      (c) => c.getWorkflowHistoryPage("i", { limit: 10_001 }),
      "getWorkflowHistoryPage 'i': limit is a whole number from 1 to 10000, found 10001",
    ],
  ])("[A8.3] refused before anything is sent: %s", async (_what, call, message) => {
    const { requests, client } = serverThat(answers(202, "{}"));
    await expect(call(client)).rejects.toThrow(message);
    expect(requests).toEqual([]);
  });

  it("[A8.4] null for a wait's time or payloads is their default", async () => {
    const { requests, client } = serverThat(answers(200, COMPLETED));
    await client.waitForWorkflowCompletion("i", null, null);
    expect(requests[0]?.url).toBe("i?fetchPayloads=true&waitFor=completed&timeoutSeconds=30");
    const { error } = await settled(serverThat(answers(200, RUNNING)).client.waitForWorkflowStart("j", null, null));
    expect(error).toBeUndefined();
    const waits = settled(serverThat(answers(200, RUNNING)).client.waitForWorkflowCompletion("j", null, null));
    expect((await waits).error).toMatchObject({ seconds: 60 });
  });

  it.each([
    ["flows", "http://127.0.0.1:3500/flows"],
    ["/flows/", "http://127.0.0.1:3500/flows"],
    ["/a/b", "http://127.0.0.1:3500/a/b"],
    ["/", "http://127.0.0.1:3500"],
    ["", "http://127.0.0.1:3500"],
  ])("[A8.5] basePath %j", async (basePath, base) => {
    const { requests, fetch } = serverThat(answers(200, RUNNING));
    await new DaprWorkflowClient({ fetch, basePath }).getWorkflowState("i");
    expect(requests[0]?.url.replace("i?fetchPayloads=true", "")).toBe(
      base === "http://127.0.0.1:3500" ? "" : `${base}/v1.0/workflows/dapr/`,
    );
    await expect(new DaprWorkflowClient({ fetch, basePath: "a?b" }).getWorkflowState("i")).rejects.toThrow(
      'basePath is a path such as "/workflows", found "a?b"',
    );
  });

  it("[A8.9] a run: the start waits, and what it has not waited for is asked like any other wait", async () => {
    const { requests, client } = serverThat(answers(200, RUNNING), cutOff, answers(200, COMPLETED));
    const { value } = await settled(client.runWorkflow("w", 1, { instanceId: "i", timeoutInSeconds: 60 }));
    expect(value?.toJSON()).toMatchObject({ instanceId: "i", runtimeStatus: "COMPLETED" });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST w/start?instanceID=i&fetchPayloads=true&waitFor=completed&timeoutSeconds=30",
      "GET i?fetchPayloads=true&waitFor=completed&timeoutSeconds=30",
      "GET i?fetchPayloads=true&waitFor=completed&timeoutSeconds=30",
    ]);
    const ended = serverThat(answers(200, COMPLETED));
    await ended.client.runWorkflow("w", 1);
    expect(ended.requests).toHaveLength(1);
    expect(ended.requests[0]?.url).toMatch(/^w\/start\?instanceID=[0-9a-f-]{36}&/);
    // Dapr's own server does not wait.
    const dapr = serverThat(answers(202, '{"instanceID":"i"}'), answers(200, COMPLETED));
    expect((await settled(dapr.client.runWorkflow("w", 1))).value?.instanceId).toBe("i");
    const slow = await settled(serverThat(answers(200, RUNNING)).client.runWorkflow("w", 1, { timeoutInSeconds: 0 }));
    expect(slow.error).toMatchObject({ name: "TimeoutError", instanceId: "i" });
    const gone = answers(404, '{"errorCode":"ERR_INSTANCE_ID_NOT_FOUND","message":"no"}');
    const purged = await settled(serverThat(answers(200, RUNNING), gone).client.runWorkflow("w", 1));
    expect(purged.error).toEqual(new Error("There is no workflow instance 'i' any more"));
  });

  it("[A8.10] a component", async () => {
    const { requests, fetch } = serverThat(answers(200, RUNNING));
    await new DaprWorkflowClient({ fetch, component: "my flows" }).getWorkflowState("i");
    await new DaprWorkflowClient({ fetch, component: "" }).getWorkflowState("i");
    expect(requests.map(({ url }) => url)).toEqual([
      "http://127.0.0.1:3500/v1.0/workflows/my%20flows/i?fetchPayloads=true",
      "i?fetchPayloads=true",
    ]);
  });

  it.each(["ftp://host", "file:///x", "http://host/?a=b", "host#x", "host?x", "a b", "http://", "::1"])(
    "[A8.11] no server is at %s",
    async (daprHost) => {
      const { requests, fetch } = serverThat(answers(200, RUNNING));
      await expect(new DaprWorkflowClient({ fetch, daprHost }).getWorkflowState("i")).rejects.toThrow(
        `daprHost is a host name such as "localhost", or the http or https URL of the server without user, query and fragment, found ${JSON.stringify(daprHost)}`,
      );
      expect(requests).toEqual([]);
    },
  );

  it("[A8.12] neither a password nor what a header cannot hold is shown", async () => {
    const host = new DaprWorkflowClient({ daprHost: "http://me:hush@host" });
    await expect(host.getWorkflowState("i")).rejects.toThrow(/found one with an @$/);
    for (const options of [{ daprApiToken: "hush\nhush" }, { daprApiToken: "hüsh" }, { headers: { a: "hush\0" } }]) {
      let message = "";
      try {
        new DaprWorkflowClient(options);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^new DaprWorkflowClient: (daprApiToken|headers\.a) is a text in one line of ASCII/);
      expect(message).toMatch(/found another character at [14]$/);
      expect(message).not.toContain("hush");
    }
    expect(() => new DaprWorkflowClient({ headers: { "a b": "x" } })).toThrow("headers.a b is no name of a header");
    expect(() => new DaprWorkflowClient({ headers: new Headers({ a: "b" }) as never })).toThrow(
      "headers is an object of texts, each by the name of its header",
    );
    // A token read from a file ends with its line.
    new DaprWorkflowClient({ daprApiToken: " token\n", headers: { "X-A_b": "" } });
  });

  it.each([0, -1, 1.5, 65_536, "0", "65536", "80a", "1e3", " 80", {}])("[A8.13] %j is no port", (daprPort) => {
    expect(() => new DaprWorkflowClient({ daprPort: daprPort as never })).toThrow("daprPort is a port, such as 3500");
  });

  it("[A8.6] headers go with every request, and the token beside them", async () => {
    const { requests, fetch } = serverThat(answers(202, "{}"));
    const headers = { "CF-Access-Client-Id": "me" };
    await new DaprWorkflowClient({ fetch, headers, daprApiToken: "t" }).resumeWorkflow("i");
    const sent = requests[0]?.headers;
    expect([sent?.get("cf-access-client-id"), sent?.get("dapr-api-token")]).toEqual(["me", "t"]);
  });

  it("[A8.8] an update and its reason, and the app with every request", async () => {
    const { requests, fetch } = serverThat(answers(200, "1"));
    const client = new DaprWorkflowClient({ fetch, appId: "shop" });
    await client.updateWorkflow("i", "u", 2, { updateId: "x", reason: "r" });
    await client.getWorkflowState("i", false).catch(() => undefined);
    await new DaprWorkflowClient({ fetch, appId: "" }).getWorkflowState("i", false).catch(() => undefined);
    expect(requests.map(({ url }) => url)).toEqual([
      "i/update/u?updateID=x&timeoutSeconds=30&reason=r&appID=shop",
      "i?fetchPayloads=false&appID=shop",
      "i?fetchPayloads=false",
    ]);
  });

  it("[A8.7] an instance that is not there is told of, but where the answer has a place for it", async () => {
    const gone = answers(404, '{"errorCode":"ERR_INSTANCE_ID_NOT_FOUND","message":"unable to find"}');
    const { client } = serverThat(gone);
    const told = { status: 404, errorCode: "ERR_INSTANCE_ID_NOT_FOUND" };
    await expect(client.terminateWorkflow("i", 1)).rejects.toMatchObject(told);
    await expect(client.cancelWorkflow("i")).rejects.toMatchObject(told);
    await expect(client.queryWorkflow("i", "q")).rejects.toMatchObject(told);
    await expect(client.updateWorkflow("i", "u")).rejects.toMatchObject(told);
    expect(await client.purgeWorkflow("i")).toBe(false);
    expect(await client.getWorkflowState("i")).toBeUndefined();
    expect(await client.getWorkflowHistory("i")).toBeUndefined();
    expect(await client.getWorkflowHistoryPage("i")).toBeUndefined();
    expect(await client.describeWorkflow("i")).toBeUndefined();
  });
});

describe("[A9] States and errors show their fields", () => {
  const wire = {
    instanceID: "order-1",
    workflowName: "order",
    createdAt: "2026-01-02T03:04:05.006Z",
    lastUpdatedAt: "2026-01-02T03:04:06Z",
    runtimeStatus: "FAILED" as const,
    properties: {
      "dapr.workflow.input": '{"n":1}',
      "dapr.workflow.failure.error_type": "RangeError",
      "dapr.workflow.failure.error_message": "too far",
    },
  };
  const state = new WorkflowState(wire);

  it("[A9.1] JSON", () => {
    expect(JSON.parse(JSON.stringify(state))).toEqual({
      instanceId: "order-1",
      name: "order",
      runtimeStatus: "FAILED",
      createdAt: "2026-01-02T03:04:05.006Z",
      lastUpdatedAt: "2026-01-02T03:04:06Z",
      serializedInput: '{"n":1}',
      workflowFailureDetails: { errorType: "RangeError", message: "too far" },
    });
  });

  it("[A9.2] console.log, alone and within something else", () => {
    expect(inspect(state)).toBe(
      [
        "WorkflowState {",
        "  instanceId: 'order-1',",
        "  name: 'order',",
        "  runtimeStatus: 'FAILED',",
        "  createdAt: 2026-01-02T03:04:05.006Z,",
        "  lastUpdatedAt: 2026-01-02T03:04:06.000Z,",
        `  serializedInput: '{"n":1}',`,
        "  workflowFailureDetails: WorkflowFailureDetails { errorType: 'RangeError', message: 'too far' }",
        "}",
      ].join("\n"),
    );
    expect(inspect([state])).toContain("runtimeStatus: 'FAILED'");
    expect(inspect({ a: { b: { c: state } } })).toContain("[WorkflowState]");
  });

  it("[A9.3] WorkflowFailedError: the instance, the state, and why", () => {
    const error = new WorkflowFailedError(state);
    expect(error).toMatchObject({
      name: "WorkflowFailedError",
      message: "Workflow instance 'order-1' is FAILED: too far",
      instanceId: "order-1",
    });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: "WorkflowFailedError",
      message: "Workflow instance 'order-1' is FAILED: too far",
      instanceId: "order-1",
      state: { runtimeStatus: "FAILED" },
    });
    expect(inspect(error)).toContain("runtimeStatus: 'FAILED'");
  });
});

describe("[A10] What may be handed in as fetch", () => {
  /** As the platform's own: it works only on what it is of. */
  class Binding {
    readonly seen: string[] = [];
    async fetch(request: Request): Promise<Response> {
      if (!(this instanceof Binding)) throw new TypeError("Illegal invocation");
      this.seen.push(request.url);
      return new Response(RUNNING);
    }
  }

  it("[A10.1] a binding", async () => {
    const WF = new Binding();
    await new DaprWorkflowClient({ fetch: WF }).getWorkflowState("i");
    expect(WF.seen).toHaveLength(1);
  });

  it("[A10.2] a binding's own function, whose binding is found", async () => {
    const WF = new Binding();
    setBindings({ TEXT: "x", NOTHING: null, NAMESPACE: { get() {} }, WF });
    await new DaprWorkflowClient({ fetch: WF.fetch }).getWorkflowState("i");
    expect(WF.seen).toHaveLength(1);
  });

  it("[A10.3] of several bindings with one function the right one cannot be told", async () => {
    const [ASSETS, WF] = [new Binding(), new Binding()];
    setBindings({ ASSETS, WF });
    await expect(new DaprWorkflowClient({ fetch: WF.fetch }).getWorkflowState("i")).rejects.toThrow(
      "fetch was taken from a binding, and cannot tell from which: this Worker has ASSETS, WF. Hand in the binding itself",
    );
    expect([ASSETS.seen, WF.seen]).toEqual([[], []]);
  });

  it("[A10.4] a function is called on nothing, as the global one must be", async () => {
    const receivers: unknown[] = [];
    function fetch(this: unknown, _request: Request) {
      receivers.push(this);
      return Promise.resolve(new Response(RUNNING));
    }
    await new DaprWorkflowClient({ fetch }).getWorkflowState("i");
    expect(receivers).toEqual([undefined]);
  });

  it("[A10.5] anything else is refused", () => {
    expect(() => new DaprWorkflowClient({ fetch: 5 as never })).toThrow(
      "new DaprWorkflowClient: fetch is a function or a service binding, found 5",
    );
  });
});
