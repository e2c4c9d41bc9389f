// Bulk jobs over HTTP: what is refused before one begins, what a dry run tells, what a job begins with, and how it is looked at and stopped.
import { describe, expect, it } from "vitest";
import { CATALOG_MISSING } from "../../../src/catalog/binding.ts";
import type { Shards } from "../../../src/catalog/reading/shards.ts";
import { ROUTES } from "../../../src/http/routes.ts";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import type { JobInput } from "../../../src/jobs/job.ts";
import { DAY, entry } from "../catalog/support.ts";
import { answering, type Catalog, catalogOf } from "./catalog-support.ts";
import { Api, NO_ROUTE, NOW_MS, platformFault, RUNNING, read, refusal } from "./support.ts";

const JOBS = "/v1.0/workflow-jobs/dapr";
const JOB = "bulk:00000000-0000-4000-8000-000000000001";
const NAMED = { operation: "pause", instanceIDs: ["a", "b", "a"] };

const post = async (api: Api, body: unknown, query = "") =>
  read(await api.send(`POST ${JOBS}${query}`, typeof body === "string" ? body : JSON.stringify(body)));
const malformed = (message: string) =>
  refusal(400, "ERR_MALFORMED_REQUEST", `failed deserializing HTTP body: ${message}`);

/** What the job that has begun was given. */
function begun(api: Api): JobInput {
  const [, , request] = api.calls.find(([method]) => method === "start") ?? [];
  return JSON.parse((request as StartRequest | undefined)?.input ?? "null");
}

describe("a job that begins", () => {
  it("[H140] is an instance of our own under an ID of its own; who is named twice counts once", async () => {
    const api = new Api();
    const answer = await post(api, { ...NAMED, reason: "stocktaking" });
    expect(answer).toEqual({ status: 202, body: { jobID: JOB } });
    expect(api.calls.map(([method, id]) => [method, id])).toEqual([["start", JOB]]);
    expect(api.calls[0]?.[2]).toMatchObject({
      instanceId: JOB,
      name: "bulk-job",
      reason: "stocktaking",
      retentionMs: 2_592_000_000,
    });
    expect(begun(api)).toEqual({
      call: { operation: "pause", reason: "stocktaking" },
      targets: { instanceIds: ["a", "b"] },
      matched: 2,
      rps: 50,
      beganAtMs: NOW_MS,
      progress: { done: 0, failed: 0, skipped: 0, failures: [] },
    });
    expect(api.log[0]).toMatchObject({ route: "/v1.0/workflow-jobs/:component", instanceId: JOB });
  });

  it.each([
    [
      { operation: "terminate", output: { a: 1 }, nonRecursive: true },
      { output: '{"a":1}', nonRecursive: true },
    ],
    [{ operation: "terminate", output: null }, { output: "null" }],
    [
      { operation: "purge", force: true, nonRecursive: false },
      { force: true, nonRecursive: false },
    ],
    [
      { operation: "raise", eventName: "go", payload: [1, "x"] },
      { eventName: "go", payload: '[1,"x"]' },
    ],
    [{ operation: "raise", eventName: "go" }, { eventName: "go" }],
    [{ operation: "cancel" }, {}],
    [{ operation: "resume" }, {}],
    [{ operation: "rewind" }, {}],
    [{ operation: "restart" }, {}],
    [
      { operation: "rerun", eventID: 3, input: null },
      { eventId: 3, input: "null" },
    ],
    [{ operation: "rerun" }, {}],
  ])("[H140] %j: what each instance is asked", async (body, call) => {
    const api = new Api();
    expect((await post(api, { ...body, instanceIDs: ["a"] })).status).toBe(202);
    expect(begun(api).call).toEqual({ operation: body.operation, ...call });
  });

  it("[H140] confirm, rps, reason and dryRun may be parameters, and the body counts", async () => {
    const api = new Api();
    expect((await post(api, NAMED, "?confirm=2&rps=7&reason=q")).status).toBe(202);
    expect(begun(api)).toMatchObject({ rps: 7, call: { reason: "q" } });
    expect((await post(api, { ...NAMED, confirm: 2, reason: "b" }, "?confirm=1&reason=q")).status).toBe(202);
    expect((await post(api, NAMED, "?dryRun=true")).status).toBe(200);
    expect((await post(api, { ...NAMED, dryRun: false }, "?dryRun=true")).status).toBe(202);
  });

  it("[H140] by a filter has its parameters, as the list takes them", async () => {
    const api = new Api({ catalog: catalogOf({ entries: [entry("a", { status: "FAILED" }), entry("b")] }) });
    const filter = { status: "FAILED", retrying: false, "attr.total": 7, q: "Name = 'order'" };
    expect(await post(api, { operation: "cancel", filter: { status: "FAILED" } })).toMatchObject({ status: 202 });
    expect(begun(api)).toMatchObject({ targets: { filter: { status: "FAILED" } }, matched: 1 });
    const other = new Api({ catalog: catalogOf({}) });
    await post(other, { operation: "cancel", filter });
    expect(begun(other)).toMatchObject({
      targets: { filter: { status: "FAILED", retrying: "false", "attr.total": "7", q: "Name = 'order'" } },
      matched: 0,
    });
  });

  it("[H140] tells when it could not begin", async () => {
    const api = new Api();
    api.answers.start = platformFault({ overloaded: true });
    expect(await post(api, NAMED)).toMatchObject({ status: 500, body: { errorCode: "ERR_BULK_JOB" } });
  });
});

describe("a job that is refused, before anybody is called", () => {
  const filterWith = (parameters: object) => ({ operation: "cancel", filter: parameters });
  it.each([
    ["", malformed("operation is expected, found nothing")],
    [
      { ...NAMED, operation: "stop" },
      malformed(
        'operation is "terminate" or "cancel" or "pause" or "resume" or "purge" or "raise" or "rewind" or "rerun" or "restart", found "stop"',
      ),
    ],
    [{ operation: "pause" }, malformed("either instanceIDs or filter says whom the job is about, found neither")],
    [{ ...NAMED, filter: {} }, malformed("either instanceIDs or filter says whom the job is about, found both")],
    [{ ...NAMED, instanceIDs: [] }, malformed("instanceIDs has at least 1 items, found 0")],
    [{ ...NAMED, instanceIDs: [""] }, malformed("instanceIDs[0] is the ID of an instance, found an empty text")],
    [{ ...NAMED, output: 1 }, malformed("output goes with the operation terminate, found pause")],
    [
      { ...NAMED, nonRecursive: true },
      malformed("nonRecursive goes with the operation terminate or purge, found pause"),
    ],
    [{ ...NAMED, eventID: 1 }, malformed("eventID goes with the operation rerun, found pause")],
    [{ ...NAMED, operation: "raise" }, malformed("eventName is the name of the event to raise, found nothing")],
    [{ ...NAMED, confirm: -1 }, malformed("confirm is at least 0, found -1")],
    [{ ...NAMED, rps: 0 }, malformed("rps is at least 1, found 0")],
    [{ ...NAMED, rps: 1.5 }, malformed("rps is a whole number, found 1.5")],
    [{ ...NAMED, confirm: 1.5 }, malformed("confirm is a whole number, found 1.5")],
    [{ operation: "purge", filter: [] }, malformed("filter is an object, found a list")],
    [{ operation: "purge", filter: ["FAILED"] }, malformed("filter is an object, found a list")],
    [{ ...NAMED, dryrun: true }, malformed("unknown field dryrun, did you mean dryRun?")],
  ])("[H141] %j", async (body, refused) => {
    const api = new Api({ catalog: catalogOf({}) });
    const answer = await post(api, body);
    expect({ ...answer, body: { ...(answer.body as object) } }).toEqual({
      ...refused,
      body: {
        errorCode: "ERR_MALFORMED_REQUEST",
        message: expect.stringContaining((refused.body as { message: string }).message),
      },
    });
    expect(api.calls).toEqual([]);
  });

  it.each([
    [{ order: "asc" }, "a filter: expected none of order, pageSize, continuationToken, since, countBy, found order"],
    [
      { Status: "FAILED" },
      'unknown parameter "Status", did you mean status? Known: status, name, idPrefix, createdAfter, createdBefore, endedAfter, endedBefore, parent, version, waitingFor, retrying, q, attr.KEY',
    ],
    [{ status: "ASLEEP" }, "status: expected one or more of"],
    [{ q: "Name =" }, "q"],
  ])("[H141] the filter %j", async (filter, message) => {
    const api = new Api({ catalog: catalogOf({}) });
    expect(await post(api, filterWith(filter))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST", message: expect.stringContaining(message) },
    });
    expect(api.calls).toEqual([]);
  });

  it("[H141] an unknown parameter of a filter is told those that a filter may have, and no others", async () => {
    const { body } = await post(new Api({ catalog: catalogOf({}) }), filterWith({ stat: "FAILED" }));
    expect((body as { message: string }).message).toMatch(/Known: status, .*, q, attr\.KEY$/);
  });

  it.each(["?dryRun=yes", "?confirm=-1", "?rps=0", "?rps=1001", "?status=FAILED", `?reason=${"x".repeat(1_001)}`])(
    "[H141] %s",
    async (query) => {
      const api = new Api();
      expect(await post(api, NAMED, query)).toMatchObject({
        status: 400,
        body: { errorCode: "ERR_MALFORMED_REQUEST" },
      });
      expect(api.calls).toEqual([]);
    },
  );

  it("[H141] a filter without a catalog: 501; IDs need none", async () => {
    const missing = refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_MISSING);
    expect(await post(new Api(), filterWith({}))).toEqual(missing);
    expect(await read(await new Api().send(`GET ${JOBS}`))).toEqual(missing);
    expect((await post(new Api(), NAMED)).status).toBe(202);
  });

  it("[H141] a shard that does not answer: nobody knows how many match", async () => {
    const api = new Api({ catalog: catalogOf({ entries: [entry("a")], missing: ["0-1"] }) });
    expect(await post(api, filterWith({}))).toEqual(
      refusal(
        500,
        "ERR_BULK_JOB",
        "error in bulk job: 1 shard(s) of the catalog do not answer, so nothing was begun; send it again",
      ),
    );
    expect(api.calls).toEqual([]);
  });
});

describe("a job that is to be confirmed", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `i-${n}`);
  const refused = (message: string) => refusal(400, "ERR_BULK_CONFIRM", message);

  it("[H142] may match as many as were confirmed, or fewer", async () => {
    const api = new Api();
    expect(await post(api, { ...NAMED, confirm: 1 })).toEqual(
      refused("2 instances match, and at most 1 were confirmed"),
    );
    expect(api.calls).toEqual([]);
    expect((await post(api, { ...NAMED, confirm: 2 })).status).toBe(202);
    expect((await post(api, { ...NAMED, confirm: 1_000 })).status).toBe(202);
  });

  it("[H142] beyond 1,000 has to be", async () => {
    const api = new Api();
    expect((await post(api, { ...NAMED, instanceIDs: many(1_000) })).status).toBe(202);
    expect(await post(api, { ...NAMED, instanceIDs: many(1_001) })).toEqual(
      refused('1001 instances match: more than 1000 are called only with "confirm", the most that may match'),
    );
    expect((await post(api, { ...NAMED, instanceIDs: many(1_001), confirm: 1_001 })).status).toBe(202);
  });

  it("[H142] is counted over what does not fit into one look, as far as that goes", async () => {
    const catalog = catalogOf({ entries: [entry("a"), entry("b"), entry("c")] });
    const some = answering(catalog, { count: async () => ({ counts: [{ count: 1 }], complete: false }) });
    const api = new Api({ catalog: some });
    const body = { operation: "cancel", filter: {} };
    expect(await post(api, { ...body, confirm: 2 })).toEqual(
      refused("3 instances match, and at most 2 were confirmed"),
    );
    expect((await post(api, { ...body, confirm: 3 })).status).toBe(202);
    const before = (createdAtMs = DAY) => ({ createdAtMs: createdAtMs - 1, instanceId: "x" });
    const list: ReturnType<Shards["shard"]>["list"] = async ({ after }) => ({
      entries: [],
      rest: { type: "unseen", after: before(after?.createdAtMs) },
    });
    const never = new Api({ catalog: answering(some, { list }) });
    expect(await post(never, { ...body, confirm: 3 })).toEqual(
      refused(
        "at least 2 instances match, and there are too many instances to count all of them: ask for fewer with createdAfter and createdBefore",
      ),
    );
    expect(await post(never, { ...body, dryRun: true })).toMatchObject({
      status: 200,
      body: { matched: 2, complete: false },
    });
  });
});

describe("a dry run", () => {
  it("[H143] of a filter tells how many match and the first 20, as a list has them, and begins nothing", async () => {
    const entries = Array.from({ length: 30 }, (_, n) => entry(`i-${n}`, { createdAtMs: DAY + n, status: "FAILED" }));
    const api = new Api({ catalog: catalogOf({ entries: [...entries, entry("other")] }) });
    const answer = await post(api, { operation: "purge", filter: { status: "FAILED" }, dryRun: true });
    const body = answer.body as { matched: number; samples: { instanceID: string }[] };
    expect([answer.status, body.matched, body.samples.length]).toEqual([200, 30, 20]);
    expect(body.samples[0]).toEqual({
      instanceID: "i-29",
      workflowName: "order",
      runtimeStatus: "FAILED",
      createdAt: "2026-11-28T00:00:00.029Z",
      lastUpdatedAt: "2026-11-28T00:00:00.005Z",
      retrying: false,
    });
    expect(api.calls).toEqual([]);
  });

  it("[H143] of IDs tells how many there are, and how those of the first 20 are that are there", async () => {
    const api = new Api();
    expect(await post(api, { operation: "purge", instanceIDs: ["order-1"], dryRun: true })).toEqual({
      status: 200,
      body: {
        matched: 1,
        samples: [
          {
            instanceID: "order-1",
            workflowName: "OrderProcessing",
            runtimeStatus: "RUNNING",
            createdAt: "2026-01-02T03:04:05Z",
            lastUpdatedAt: "2026-01-02T03:04:06.070Z",
          },
        ],
      },
    });
    expect(api.calls).toEqual([["describe", "order-1", { payloads: false }]]);
    api.answers.state = undefined;
    const ids = [JOB, ...Array.from({ length: 30 }, (_, n) => `i-${n}`)];
    expect(await post(api, { operation: "purge", instanceIDs: ids, dryRun: true })).toEqual({
      status: 200,
      body: { matched: 31, samples: [] },
    });
    expect(api.calls).toHaveLength(21);
  });

  it("[H143] is not refused, however many match", async () => {
    expect((await post(new Api(), { ...NAMED, dryRun: true, confirm: 1 })).status).toBe(200);
  });
});

describe("a job that is looked at", () => {
  const input: JobInput = {
    call: { operation: "raise", eventName: "go", payload: '"SECRET"', reason: "why" },
    targets: { filter: { status: "FAILED" } },
    matched: 100,
    rps: 50,
    beganAtMs: NOW_MS - 10_000,
    progress: { done: 0, failed: 0, skipped: 0, failures: [] },
  };
  const progress = { done: 18, failed: 1, skipped: 1, failures: [{ instanceID: "a", error: "workflow is stalled" }] };
  const state = { ...RUNNING, instanceId: JOB, input: JSON.stringify(input), customStatus: JSON.stringify(progress) };
  const job = {
    jobID: JOB,
    state: "RUNNING",
    operation: "raise",
    reason: "why",
    filter: { status: "FAILED" },
    matched: 100,
    ...progress,
    started: "2026-01-02T03:04:05Z",
  };
  const get = async (api: Api, target = `${JOBS}/${JOB}`) => read(await api.send(`GET ${target}`));

  it("[H144] tells how far it has come and when it will have ended, and no payload", async () => {
    const api = new Api();
    api.answers.state = state;
    // 20 in 10 seconds, 80 to go.
    expect(await get(api)).toEqual({ status: 200, body: { ...job, eta: "2026-01-02T03:04:45.678Z" } });
    expect(api.calls).toEqual([["describe", JOB, { payloads: true }]]);
    api.answers.state = { ...state, customStatus: undefined };
    // As fast as it may be.
    expect(await get(api)).toMatchObject({ body: { done: 0, eta: "2026-01-02T03:04:07.678Z" } });
  });

  it("[H144] that has ended tells when, and why it has failed", async () => {
    const api = new Api();
    api.answers.state = { ...state, status: "COMPLETED" };
    expect(await get(api)).toEqual({
      status: 200,
      body: { ...job, state: "COMPLETED", ended: "2026-01-02T03:04:06.070Z" },
    });
    const failure = { errorType: "Error", message: "no catalog" };
    api.answers.state = { ...state, status: "FAILED", failure };
    expect(await get(api)).toMatchObject({ body: { state: "FAILED", error: "no catalog" } });
    // A job that was stopped has done what it was asked to.
    api.answers.state = { ...state, status: "CANCELED", failure };
    expect((await get(api)).body).toEqual({ ...job, state: "CANCELED", ended: "2026-01-02T03:04:06.070Z" });
    api.answers.state = { ...RUNNING, instanceId: JOB, status: "STALLED", failure };
    expect(await get(api)).toEqual({
      status: 200,
      body: { jobID: JOB, state: "STALLED", error: "no catalog", started: "2026-01-02T03:04:05Z" },
    });
  });

  it("[H144] is not there: 404; an instance is no job", async () => {
    const api = new Api();
    api.answers.state = undefined;
    const gone = (id: string) =>
      refusal(404, "ERR_BULK_JOB_NOT_FOUND", `unable to find bulk job with the provided ID: ${id}`);
    expect(await get(api)).toEqual(gone(JOB));
    api.answers.state = RUNNING;
    expect(await get(api, `${JOBS}/order-1`)).toEqual(gone("order-1"));
    expect(await read(await api.send(`POST ${JOBS}/order-1/cancel`))).toEqual(gone("order-1"));
    api.answers.operation = { ok: false, code: "NOT_FOUND" };
    expect(await read(await api.send(`POST ${JOBS}/${JOB}/cancel`))).toEqual(gone(JOB));
    expect(api.calls.map(([method, id]) => [method, id])).toEqual([
      ["describe", JOB],
      ["cancel", JOB],
    ]);
  });

  it("[H144] is in the list of jobs, which has a shard of its own and asks each job", async () => {
    const asked: string[] = [];
    const rows = ["2", "1"].map((n) => entry(JOB.slice(0, -1) + n, { createdAtMs: DAY + Number(n) }));
    const catalog = answering(catalogOf({}), { list: async () => ({ entries: rows, rest: { type: "nothing" } }) });
    const shard = (name: string) => {
      asked.push(name);
      return catalog.shard("0-0");
    };
    const api = new Api({ catalog: { ...catalog, shard: shard as Catalog["shard"] } });
    api.answers.state = state;
    const answer = await get(api, `${JOBS}?pageSize=1`);
    expect(answer).toMatchObject({ status: 200, body: { jobs: [job], continuationToken: expect.any(String) } });
    expect([asked, api.calls.map(([, id]) => id)]).toEqual([["jobs"], [rows[0]?.instanceId]]);
    expect((await get(api, `${JOBS}?pageSize=41`)).status).toBe(400);
    expect((await get(api, `${JOBS}?continuationToken=x`)).status).toBe(400);
    expect((await get(api, `${JOBS}?status=FAILED`)).status).toBe(400);
  });

  it("[H145] is stopped with a reason, from the query or the body", async () => {
    const api = new Api();
    const cancel = (query: string, body?: string) => api.send(`POST ${JOBS}/${JOB}/cancel${query}`, body);
    expect(await read(await cancel("?reason=q"))).toEqual({ status: 202, body: {} });
    await cancel("?reason=q", '{"reason":"b"}');
    expect(api.calls).toEqual([
      ["cancel", JOB, { reason: "q" }],
      ["cancel", JOB, { reason: "b" }],
    ]);
    expect(await read(await cancel("", '{"resaon":"b"}'))).toEqual(
      refusal(
        400,
        "ERR_MALFORMED_REQUEST",
        "failed deserializing HTTP body: unknown field resaon, did you mean reason? Known: reason",
      ),
    );
    expect(api.calls).toHaveLength(2);
    api.answers.operation = { ok: false, code: "STALLED" };
    expect(await read(await cancel(""))).toEqual(
      refusal(500, "ERR_BULK_JOB", `error in bulk job '${JOB}': it is stalled`),
    );
  });
});

describe("a job as an instance", () => {
  const routes = ROUTES.filter(({ path }) => /\/workflows\/.*:id/.test(path)).map(({ method, path, operation }) => [
    `${method} ${path}`,
    operation,
  ]);
  it.each(routes)("[H146] %s: is not there, and not asked", async (route, operation) => {
    const api = new Api();
    const target = route.replaceAll(/:(?!id)\w+/g, "x").replace(":id", JOB);
    const response = await api.send(target, operation === "startSeedWorkflow" ? "{}" : undefined);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(api.calls).toEqual([]);
  });

  it("[H146] is told of as where there is nobody, by each operation in its own words", async () => {
    const ask = async (id: string, operation: string, answers: Partial<Api["answers"]>) => {
      const api = new Api();
      Object.assign(api.answers, answers);
      const answer = await read(await api.send(`${operation.replace("I", id)}`));
      return JSON.stringify(answer).replaceAll(id, "I");
    };
    const gone = { ok: false, code: "NOT_FOUND" } as const;
    for (const operation of ["pause", "resume", "raiseEvent/e", "terminate", "purge", "cancel"]) {
      const target = `POST /v1.0/workflows/dapr/I/${operation}`;
      expect([operation, await ask(JOB, target, {})]).toEqual([
        operation,
        await ask("nobody-1", target, { operation: gone }),
      ]);
    }
    expect(await ask(JOB, "GET /v1.0/workflows/dapr/I", {})).toBe(
      await ask("nobody-1", "GET /v1.0/workflows/dapr/I", { state: undefined }),
    );
  });

  it("[H146] cannot be started by anybody, nor is an instance of a like name one", async () => {
    const api = new Api();
    const id = encodeURIComponent(JOB);
    expect((await api.send(`POST /v1.0/workflows/dapr/bulk-job/start?instanceID=${id}`)).status).toBe(400);
    expect(api.calls).toEqual([]);
    expect((await api.send("GET /v1.0/workflows/dapr/bulk:0001")).status).toBe(200);
  });

  it("[H146] has no routes below the earlier versions", async () => {
    for (const version of ["v1.0-beta1", "v1.0-alpha1"])
      expect(await read(await new Api().send(`GET /${version}/workflow-jobs/dapr`))).toEqual(NO_ROUTE);
  });
});
