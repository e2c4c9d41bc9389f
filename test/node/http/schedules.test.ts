// [SC10] Schedules over HTTP: made, replaced, changed, seen, listed, deleted; triggered, paused, resumed, filled in, previewed.
import { describe, expect, it } from "vitest";
import { schedulesOf } from "./schedule-support.ts";
import { Api, NOW_MS, platformFault, read, refusal } from "./support.ts";

const ALL = "/v1.0/workflow-schedules/dapr";
const ONE = `${ALL}/nightly`;
const BODY = { workflowName: "report", cron: "30 2 * * *", timeZone: "Europe/Berlin" };
/** The API's clock is at 2026-01-02T03:04:05.678Z. */
const SHOWN = {
  id: "nightly",
  ...BODY,
  overlap: "skip",
  jitter: "0s",
  catchUpWindow: "1h",
  pauseOnFailure: false,
  source: "api",
  paused: false,
  createdAt: "2026-01-02T03:04:05.678Z",
  lastUpdatedAt: "2026-01-02T03:04:05.678Z",
  nextTimes: Array.from({ length: 10 }, (_, n) => `2026-01-${String(n + 3).padStart(2, "0")}T01:30:00Z`),
  running: [],
  fires: [],
};

function made() {
  const schedules = schedulesOf();
  const api = new Api({ schedules });
  const send = async (target: string, body?: unknown) => {
    const response = await api.send(target, body === undefined ? undefined : JSON.stringify(body));
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  const create = (more: object = {}) => send(`POST ${ALL}`, { id: "nightly", ...BODY, ...more });
  const see = async () => (await send(`GET ${ONE}`)).body;
  const to = async (time: string) => {
    schedules.clock.nowMs = api.nowMs = Date.parse(time);
    await schedules.ring("nightly");
  };
  return { api, schedules, send, create, see, to };
}

describe("[SC10] A schedule", () => {
  it("[SC10.1] is made, with all that it may have, and shown as it was given", async () => {
    const { create, see, send } = made();
    const more = {
      input: { full: [true, null] },
      searchAttributes: { tenant: "t", tags: ["a"] },
      retention: "24h",
      overlap: "bufferOne",
      catchUpWindow: "10m",
      jitter: "30s",
      startAt: "2026-01-05T00:00:00Z",
      endAt: "2026-01-07T00:00:00Z",
      remainingActions: 2,
      pauseOnFailure: true,
    };
    const nextTimes = ["2026-01-05T01:30:00Z", "2026-01-06T01:30:00Z"];
    expect(await create(more)).toEqual({ status: 201, body: { ...SHOWN, ...more, nextTimes } });
    expect(await see()).toEqual({ ...SHOWN, ...more, nextTimes });
    expect(await send(`GET ${ALL}`)).toEqual({
      status: 200,
      body: { schedules: [{ ...SHOWN, ...more, nextTimes: nextTimes.slice(0, 1) }] },
    });
  });

  it("[SC10.2] of which there is one is in the way of another, unless that is the same request", async () => {
    const { create, send, see } = made();
    await create();
    const message = "a schedule with ID 'nightly' already exists: PATCH changes it, PUT replaces it";
    expect(await create({ cron: "0 * * * *" })).toEqual(refusal(409, "ERR_SCHEDULE_EXISTS", message));
    expect(await see()).toEqual(SHOWN);
    const again = () => send(`POST ${ALL}?requestID=mine`, { id: "other", ...BODY });
    expect([(await again()).status, (await again()).status]).toEqual([201, 201]);
  });

  it("[SC10.3] PUT makes one, and replaces it: what it has done, and its pause, stay", async () => {
    const { send, to, see } = made();
    expect((await send(`PUT ${ONE}`, { ...BODY, jitter: "1m" })).status).toBe(201);
    await send(`POST ${ONE}/trigger`);
    await send(`POST ${ONE}/pause`, { reason: "incident" });
    await to("2026-01-02T03:05:00Z");
    const interval = { workflowName: "other", interval: "1h" };
    expect(await send(`PUT ${ONE}`, interval)).toMatchObject({
      status: 200,
      body: { ...interval, jitter: "0s", paused: true },
    });
    const after = await see();
    expect(after).toMatchObject({ interval: "1h", timeZone: "UTC", pause: { reason: "incident" } });
    expect([after.cron, after.fires.length]).toEqual([undefined, 1]);
    expect(await send(`PUT ${ONE}`, { ...interval, paused: false })).toMatchObject({
      status: 200,
      body: { paused: false },
    });
  });

  it("[SC10.4] PATCH changes what it names and nothing else; null takes away", async () => {
    const { create, send, see } = made();
    await create({ jitter: "30s", input: 1, remainingActions: 5, endAt: "2027-01-01T00:00:00Z" });
    const changed = await send(`PATCH ${ONE}`, { cron: "0 4 * * *", endAt: null });
    expect(changed).toMatchObject({
      status: 200,
      body: { cron: "0 4 * * *", timeZone: "Europe/Berlin", jitter: "30s", input: 1, remainingActions: 5 },
    });
    expect(changed.body.endAt).toBeUndefined();
    expect((await send(`PATCH ${ONE}`, { input: null, remainingActions: null })).body).toMatchObject({ input: null });
    expect((await see()).remainingActions).toBeUndefined();
    expect((await send(`PATCH ${ONE}`, {})).status).toBe(200);
    expect((await send(`PATCH ${ONE}`, { interval: "2h" })).body.cron).toBeUndefined();
  });

  it("[SC10.5] is deleted, and is not there any more", async () => {
    const { create, send } = made();
    await create();
    expect(await send(`DELETE ${ONE}`)).toEqual({ status: 204, body: undefined });
    const gone = refusal(404, "ERR_SCHEDULE_NOT_FOUND", "unable to find schedule with the provided ID: nightly");
    for (const target of [
      `GET ${ONE}`,
      `PATCH ${ONE}`,
      `DELETE ${ONE}`,
      `POST ${ONE}/trigger`,
      `POST ${ONE}/pause`,
      `POST ${ONE}/resume`,
      `GET ${ONE}/preview`,
    ])
      expect(await send(target)).toEqual(gone);
    const period = { from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" };
    expect(await send(`POST ${ONE}/backfill`, period)).toEqual(gone);
    expect(await send(`GET ${ALL}`)).toEqual({ status: 200, body: { schedules: [] } });
    expect((await create()).status).toBe(201);
  });

  it("[SC10.6] the list comes in pages, in the order of the IDs", async () => {
    const { send } = made();
    for (const id of ["c", "a", "b"]) await send(`PUT ${ALL}/${id}`, BODY);
    const page = async (query: string) => {
      const { body } = await send(`GET ${ALL}?${query}`);
      return [body.schedules.map(({ id }: { id: string }) => id), body.continuationToken];
    };
    expect(await page("pageSize=2")).toEqual([["a", "b"], "b"]);
    expect(await page("pageSize=2&continuationToken=b")).toEqual([["c"], undefined]);
    expect(await page("")).toEqual([["a", "b", "c"], undefined]);
  });

  it("[SC10.7] fires, and tells of it: which instance, when it should have, when it did, how late", async () => {
    const { create, to, see, schedules } = made();
    await create({ cron: "5 3 * * *", timeZone: "UTC", input: { a: 1 } });
    await to("2026-01-02T03:05:02.500Z");
    expect((await see()).fires).toEqual([
      {
        instanceID: "nightly-20260102T030500Z",
        kind: "scheduled",
        nominalTime: "2026-01-02T03:05:00Z",
        actualTime: "2026-01-02T03:05:02.500Z",
        latenessMs: 2_500,
        outcome: "started",
      },
    ]);
    expect((await see()).running).toEqual(["nightly-20260102T030500Z"]);
    expect(schedules.started).toEqual([
      expect.objectContaining({
        instanceId: "nightly-20260102T030500Z",
        requestId: "schedule:nightly:20260102T030500Z",
        reuse: "reject",
        input: '{"a":1}',
      }),
    ]);
  });

  it("[SC10.11] whose times have all come is changed all the same, but for times that would all be over", async () => {
    const { send, create, to, see } = made();
    await create({ cron: undefined, timeZone: undefined, at: "2026-01-03T00:00:00Z" });
    await to("2026-01-03T00:00:01Z");
    expect((await send(`PATCH ${ONE}`, { input: "again", retention: "24h" })).status).toBe(200);
    expect(await see()).toMatchObject({ input: "again", retention: "24h", nextTimes: [] });
    expect((await send(`PATCH ${ONE}`, { jitter: "none" })).status).toBe(400);
    const over = await send(`PATCH ${ONE}`, { at: "2026-01-02T00:00:00Z" });
    expect([over.status, over.body.message]).toEqual([
      400,
      "failed deserializing HTTP body: it has no time that is still to come",
    ]);
    expect((await send(`PATCH ${ONE}`, { at: "2026-01-04T00:00:00Z" })).body.nextTimes).toEqual([
      "2026-01-04T00:00:00Z",
    ]);
  });

  it("[SC10.8] another instance under that ID is told of as `ID in use`", async () => {
    const schedules = schedulesOf({ start: { ok: false, code: "ALREADY_EXISTS" } });
    const api = new Api({ schedules });
    await api.send(`PUT ${ONE}`, JSON.stringify(BODY));
    const answer = await read(await api.send(`POST ${ONE}/trigger`));
    expect(answer).toEqual({ status: 202, body: { instanceID: "nightly-20260102T030405Z-1", outcome: "ID in use" } });
  });
});

describe("[SC11] A schedule is told to", () => {
  it("[SC11.1] trigger: an instance starts now, with another input, once for each requestID", async () => {
    const { create, send, schedules } = made();
    await create({ input: 1 });
    const first = { status: 202, body: { instanceID: "nightly-20260102T030405Z-1", outcome: "started" } };
    expect(await send(`POST ${ONE}/trigger?requestID=a`, { input: null, reason: "again" })).toEqual(first);
    expect(await send(`POST ${ONE}/trigger?requestID=a`, { input: null })).toEqual(first);
    expect((await send(`POST ${ONE}/trigger`)).body.instanceID).toBe("nightly-20260102T030405Z-2");
    expect(schedules.started.map(({ input, reason }) => [input, reason])).toEqual([
      ["null", "again"],
      ["1", undefined],
    ]);
  });

  it("[SC11.2] pause and resume: with the reason, and when", async () => {
    const { create, send, see } = made();
    await create();
    expect(await send(`POST ${ONE}/pause?reason=holiday`)).toEqual({ status: 202, body: {} });
    expect(await see()).toMatchObject({ paused: true, pause: { reason: "holiday", at: "2026-01-02T03:04:05.678Z" } });
    expect(await send(`POST ${ONE}/resume`, { reason: "back" })).toEqual({ status: 202, body: {} });
    expect(await see()).toEqual(SHOWN);
  });

  it("[SC11.3] begin paused", async () => {
    const { create } = made();
    expect((await create({ paused: true, reason: "not yet" })).body).toMatchObject({
      paused: true,
      pause: { reason: "not yet" },
    });
  });

  it("[SC11.4] backfill: each time of the past that has not run, once; dryRun starts nothing", async () => {
    const { create, send, schedules } = made();
    await create({ cron: "0 * * * *", timeZone: "UTC" });
    const body = { from: "2026-01-02T01:00:00Z", to: "2026-01-02T03:00:00Z" };
    const filled = {
      times: ["2026-01-02T01:00:00Z", "2026-01-02T02:00:00Z", "2026-01-02T03:00:00Z"],
      instanceIDs: ["nightly-20260102T010000Z", "nightly-20260102T020000Z", "nightly-20260102T030000Z"],
    };
    expect(await send(`POST ${ONE}/backfill`, { ...body, dryRun: true })).toEqual({ status: 200, body: filled });
    expect(schedules.started).toEqual([]);
    expect(await send(`POST ${ONE}/backfill`, { ...body, reason: "outage" })).toEqual({ status: 202, body: filled });
    expect(schedules.started.map(({ instanceId }) => instanceId)).toEqual(filled.instanceIDs);
    expect(await send(`POST ${ONE}/backfill`, body)).toEqual({ status: 202, body: { times: [], instanceIDs: [] } });
    expect(schedules.started).toHaveLength(3);
  });

  it("[SC11.5] preview: the next times, of one that is stored, as it would be, or of none", async () => {
    const { create, send } = made();
    await create();
    expect(await send(`GET ${ONE}/preview?count=2`)).toEqual({
      status: 200,
      body: { timeZone: "Europe/Berlin", times: ["2026-01-03T01:30:00Z", "2026-01-04T01:30:00Z"] },
    });
    expect((await send(`GET ${ONE}/preview`)).body.times).toHaveLength(10);
    expect((await send(`GET ${ONE}/preview?count=100`)).body.times).toHaveLength(100);
    expect(await send(`POST ${ONE}/preview?count=1`, { timeZone: "America/New_York" })).toEqual({
      status: 200,
      body: { timeZone: "America/New_York", times: ["2026-01-02T07:30:00Z"] },
    });
    expect(await send(`POST ${ALL}/new/preview?count=2`, { interval: "6h" })).toEqual({
      status: 200,
      body: { timeZone: "UTC", times: ["2026-01-02T06:00:00Z", "2026-01-02T12:00:00Z"] },
    });
    expect((await send(`GET ${ALL}/new/preview`)).status).toBe(404);
  });

  it("[SC11.6] preview takes whatever makes or changes a schedule, and shows no more times than it has left", async () => {
    const { create, send, see } = made();
    const preview = async (target: string, body: object) => (await send(`POST ${target}/preview`, body)).body;
    const body = { ...BODY, input: 1, paused: true, reason: "why", remainingActions: 2 };
    expect(await preview(`${ALL}/new`, body)).toEqual({
      timeZone: "Europe/Berlin",
      times: ["2026-01-03T01:30:00Z", "2026-01-04T01:30:00Z"],
    });
    await create({ remainingActions: 3 });
    const before = await see();
    expect((await preview(ONE, { jitter: "1m" })).times).toHaveLength(3);
    expect((await preview(ONE, { input: null, remainingActions: 1 })).times).toHaveLength(1);
    expect((await preview(ONE, { remainingActions: null })).times).toHaveLength(10);
    expect(await see()).toEqual(before);
  });
});

describe("[SC12] What is refused", () => {
  const malformed = (reason: string) =>
    refusal(400, "ERR_MALFORMED_REQUEST", `failed deserializing HTTP body: ${reason}`);

  it.each<[object, string]>([
    [{ cron: "0 0 30 2 *" }, 'cron "0 0 30 2 *" never comes: no day has that date'],
    [{ cron: "61 * * * *" }, 'cron "61 * * * *" cannot be read: Invalid value for minute: 61'],
    [
      { timeZone: "Mars/Olympus" },
      'timeZone is the name of a time zone such as "Europe/Berlin", found "Mars/Olympus", which is not known',
    ],
    [{ interval: "1h" }, "expected one of cron, interval and at, found 2"],
    [{ endAt: "2020-01-01T00:00:00Z" }, "it has no time that is still to come"],
    [
      { overlap: "some" },
      'overlap is "skip" or "bufferOne" or "bufferAll" or "cancelOther" or "terminateOther" or "allowAll", found "some"',
    ],
    [{ remainingActions: 0 }, "remainingActions is at least 1, found 0"],
    [{ workflowname: "x" }, "unknown field workflowname, did you mean workflowName? Known: id, workflowName"],
  ])("[SC12.1] a schedule with %j", async (more, reason) => {
    const { create, send, schedules } = made();
    const answer = await create(more);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(`failed deserializing HTTP body: ${reason}`);
    expect((await send(`GET ${ALL}`)).body).toEqual({ schedules: [] });
    expect(await schedules.index().list("", 10)).toEqual([]);
  });

  it("[SC12.2] a change that would make it one of these changes nothing", async () => {
    const { create, send, see } = made();
    await create();
    expect(await send(`PATCH ${ONE}`, { cron: "0 0 30 2 *" })).toEqual(
      malformed('cron "0 0 30 2 *" never comes: no day has that date'),
    );
    expect(await send(`PATCH ${ONE}`, { cron: null })).toEqual(
      malformed("expected one of cron, interval and at, found none"),
    );
    expect(await see()).toEqual(SHOWN);
  });

  it.each(["a b", "x".repeat(41), "ä", "a.b", "a:b"])("[SC12.3] the ID %s", async (id) => {
    const { send } = made();
    const message = `the ID of a schedule has 1 to 40 letters, digits, _ and -, found ${JSON.stringify(id)}`;
    const refused = refusal(400, "ERR_MALFORMED_REQUEST", message);
    expect(await send(`POST ${ALL}`, { id, ...BODY })).toEqual(refused);
    expect(await send(`PUT ${ALL}/${encodeURIComponent(id)}`, BODY)).toEqual(refused);
    expect((await send(`GET ${ALL}/${encodeURIComponent(id)}`)).status).toBe(404);
  });

  it.each<[object, string]>([
    [
      { from: "yesterday", to: "2026-01-01T00:00:00Z" },
      'from is an RFC 3339 time such as 2026-01-02T03:04:05Z, found "yesterday"',
    ],
    [{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }, "from is not after to"],
    [
      { from: "2026-01-02T00:00:00Z", to: "2026-01-03T00:00:00Z" },
      "to is not after now: what is to come is started when it comes",
    ],
    [
      { from: "2000-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" },
      "there are more than 1000 times from then to then, or many that have not begun yet: take a part of it",
    ],
    [{ to: "2026-01-01T00:00:00Z" }, "from is expected, found nothing"],
  ])("[SC12.4] a backfill with %j", async (body, reason) => {
    const { create, send, schedules } = made();
    await create();
    expect(await send(`POST ${ONE}/backfill`, body)).toEqual(malformed(reason));
    expect(schedules.started).toEqual([]);
  });

  it("[SC12.10] a backfill beside two thousand instances that have not begun", async () => {
    const { create, send, see } = made();
    await create({ cron: "* * * * *", timeZone: "UTC" });
    const fill = (day: string) =>
      send(`POST ${ONE}/backfill`, { from: `2025-12-${day}T00:00:00Z`, to: `2025-12-${day}T16:39:00Z` });
    for (const day of ["01", "02"]) expect([(await fill(day)).status, day]).toEqual([202, day]);
    const before = await see();
    expect(await fill("03")).toEqual(
      malformed("there are more than 1000 times from then to then, or many that have not begun yet: take a part of it"),
    );
    expect(await see()).toEqual(before);
  });

  it.each([
    `GET ${ONE}/preview?count=101`,
    `GET ${ONE}/preview?count=0`,
    `GET ${ONE}?detail=full`,
    `GET ${ALL}?pageSize=41`,
    `GET ${ALL}?continuationToken=a/b`,
  ])("[SC12.5] %s", async (target) => {
    const { create, send } = made();
    await create();
    expect(await send(target)).toMatchObject({ status: 400, body: { errorCode: "ERR_MALFORMED_REQUEST" } });
  });

  it("[SC12.9] a pause, a resume or a deletion with a field that nobody knows, which does nothing", async () => {
    const { create, send, see } = made();
    await create();
    for (const target of [`POST ${ONE}/pause`, `POST ${ONE}/resume`, `DELETE ${ONE}`])
      expect(await send(target, { resaon: "x" })).toEqual(
        malformed("unknown field resaon, did you mean reason? Known: reason"),
      );
    expect(await see()).toEqual(SHOWN);
  });

  it('[SC12.11] a workflow that is not registered, with unknownWorkflows: "refuse", and nothing is made or changed', async () => {
    const schedules = schedulesOf();
    const known = BODY.workflowName;
    const workflows = [{ name: known, versions: [], latest: undefined, unversioned: true }];
    const registered = () => ({ workflows, activities: [] });
    const api = new Api({ schedules, refusesUnknownWorkflows: true, registered });
    const send = async (target: string, body: object) => {
      const response = await api.send(target, JSON.stringify(body));
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const unknown = { ...BODY, workflowName: "nobody" };
    const refused = { status: 400, body: { errorCode: "ERR_WORKFLOW_NOT_REGISTERED" } };
    expect(await send(`POST ${ALL}`, { id: "nightly", ...unknown })).toMatchObject(refused);
    expect(await send(`PUT ${ONE}`, unknown)).toMatchObject(refused);
    expect((await api.send(`GET ${ONE}`)).status).toBe(404);
    expect((await send(`PUT ${ONE}`, BODY)).status).toBe(201);
    expect(await send(`PATCH ${ONE}`, { workflowName: "nobody" })).toMatchObject(refused);
    expect((await send(`PATCH ${ONE}`, { workflowName: known, jitter: "1m" })).body).toMatchObject({
      workflowName: known,
      jitter: "1m",
    });
    expect((await send(`PATCH ${ONE}`, { jitter: "2m" })).status).toBe(200);
  });

  it("[SC12.8] an input above 1 MiB, wherever it is given", async () => {
    const { create, send, schedules } = made();
    const input = "ä".repeat(524_288);
    const refused = malformed("input has at most 1048576 bytes, found 1048578");
    expect(await create({ input })).toEqual(refused);
    await create({ input: input.slice(1) });
    expect(await send(`PATCH ${ONE}`, { input })).toEqual(refused);
    expect(await send(`POST ${ONE}/trigger`, { input })).toEqual(refused);
    expect(schedules.started).toEqual([]);
  });

  it("[SC12.6] without the binding: 501, and what to add", async () => {
    const api = new Api();
    for (const target of [`GET ${ALL}`, `GET ${ONE}`, `DELETE ${ONE}`, `POST ${ONE}/pause`]) {
      const { status, body } = await read(await api.send(target));
      expect(status).toBe(501);
      const { errorCode, message } = body as { errorCode: string; message: string };
      expect(errorCode).toBe("ERR_SCHEDULES_NOT_CONFIGURED");
      for (const line of [
        "export class WorkflowSchedule extends worker.WorkflowSchedule {}",
        'name = "WORKFLOW_SCHEDULE"',
        'tag = "v3"',
        'new_sqlite_classes = ["WorkflowSchedule"]',
      ])
        expect(message).toContain(line);
    }
  });

  it("[SC12.7] a schedule that cannot be reached: 500, and nothing of the inside", async () => {
    const api = new Api({ schedules: schedulesOf({ fault: platformFault() }) });
    const { status, body } = await read(await api.send(`POST ${ONE}/pause`));
    expect([status, (body as { errorCode: string }).errorCode]).toEqual([500, "ERR_SCHEDULE"]);
    expect(NOW_MS).toBe(api.nowMs);
  });
});
