// [W20] Bulk jobs in workerd: many instances, objects that are lost, and who is not meant.
import { abortAllDurableObjects } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { ask, newId, refusal, start, stateOf, W } from "./support.ts";

const JOBS = "/v1.0/workflow-jobs/dapr";
interface Job {
  readonly jobID: string;
  readonly state: string;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly instanceID: string; readonly error: string }[];
}

async function post(body: object): Promise<string> {
  const answer = await ask(`POST ${JOBS}`, JSON.stringify(body));
  expect(answer).toEqual({ status: 202, body: { jobID: expect.stringMatching(/^bulk:[\da-f-]{36}$/) } });
  return (answer.body as { jobID: string }).jobID;
}

async function jobOf(id: string): Promise<Job> {
  const { status, body } = await ask(`GET ${JOBS}/${id}`);
  expect(status).toBe(200);
  return body as Job;
}

/** The job once it has ended. */
async function endOf(id: string): Promise<Job> {
  await expect.poll(async () => (await jobOf(id)).state, { timeout: 25_000, interval: 100 }).toMatch(/ED$/);
  return jobOf(id);
}

/** So many instances that wait for an event. */
async function waiting(count: number, prefix = newId("many")): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
  for (let from = 0; from < count; from += 50)
    await Promise.all(ids.slice(from, from + 50).map((id) => start("awaitEvent", "go", id)));
  return ids;
}

async function eventsOf(id: string): Promise<{ readonly type: string }[]> {
  const { body } = await ask(`GET ${W}/${id}/history`);
  return (body as { events: { readonly type: string }[] }).events;
}

const statusesOf = async (ids: readonly string[]) =>
  new Set(await Promise.all(ids.map(async (id) => (await stateOf(id)).runtimeStatus)));

describe("[W20] A bulk job", () => {
  it("[W20.1] looks at 300 instances that a filter fits, is refused for 299, and terminates them, each with the reason", async () => {
    const prefix = newId("bulk");
    const ids = await waiting(300, prefix);
    const filter = { idPrefix: `${prefix}-`, waitingFor: "event:go" };
    const body = { operation: "terminate", filter, rps: 1_000, reason: "closing down" };
    const look = async () => {
      const { body: found } = await ask(`POST ${JOBS}`, JSON.stringify({ ...body, dryRun: true }));
      const { matched, samples } = found as { matched: number; samples: unknown[] };
      return [matched, samples.length];
    };
    // What has changed is in the list within a second.
    await expect.poll(look, { timeout: 10_000, interval: 200 }).toEqual([300, 20]);
    expect(await ask(`POST ${JOBS}`, JSON.stringify({ ...body, confirm: 299 }))).toEqual(
      refusal(400, "ERR_BULK_CONFIRM", "300 instances match, and at most 299 were confirmed"),
    );
    expect(await statusesOf(ids.slice(0, 20))).toEqual(new Set(["RUNNING"]));
    const job = await endOf(await post({ ...body, confirm: 300 }));
    expect(job).toMatchObject({ state: "COMPLETED", matched: 300, done: 300, failed: 0, skipped: 0, failures: [] });
    expect(await statusesOf(ids)).toEqual(new Set(["TERMINATED"]));
    const history = await eventsOf(ids[299] ?? "");
    expect(history).toContainEqual(expect.objectContaining({ type: "ExecutionTerminated", reason: "closing down" }));
  });

  it("[W20.2] tells of those that are not there, and goes on", async () => {
    const [id = ""] = await waiting(1);
    const job = await endOf(await post({ operation: "pause", instanceIDs: ["nobody-1", id, "nobody-2"] }));
    const error = "there was no such instance when the job began";
    expect(job).toMatchObject({
      state: "COMPLETED",
      done: 1,
      failed: 2,
      failures: [
        { instanceID: "nobody-1", error },
        { instanceID: "nobody-2", error },
      ],
    });
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
  });

  it("[W20.3] goes on after all objects are lost: nobody is passed over, and each event counts once", async () => {
    const ids = await waiting(100);
    const job = await post({ operation: "raise", eventName: "other", payload: { n: 1 }, instanceIDs: ids, rps: 100 });
    await expect.poll(async () => (await jobOf(job)).done, { interval: 50 }).toBeGreaterThan(0);
    await abortAllDurableObjects();
    expect(await endOf(job)).toMatchObject({ state: "COMPLETED", done: 100, failed: 0 });
    for (const id of ids) {
      const raised = (await eventsOf(id)).filter((event) => event.type === "EventRaised");
      expect([id, raised.length]).toEqual([id, 1]);
    }
  });

  it("[W20.4] that is canceled makes no call more, and has told of those before", async () => {
    const ids = await waiting(100);
    const job = await post({ operation: "terminate", instanceIDs: ids, rps: 20 });
    await expect.poll(async () => (await jobOf(job)).done, { interval: 50 }).toBeGreaterThan(0);
    expect(await ask(`POST ${JOBS}/${job}/cancel?reason=enough`)).toEqual({ status: 202, body: {} });
    const { state, done } = await endOf(job);
    expect(state).toBe("CANCELED");
    expect(done).toBeLessThan(100);
    const statuses = await Promise.all(ids.map(async (id) => (await stateOf(id)).runtimeStatus));
    expect(statuses.filter((status) => status === "TERMINATED")).toHaveLength(done);
  });

  it("[W20.5] does not reach an instance that has taken an ID since it began", async () => {
    const ids = await waiting(3);
    const last = ids[2] ?? "";
    const job = await post({ operation: "terminate", instanceIDs: ids, rps: 1 });
    await ask(`POST ${W}/${last}/purge?force=true`);
    await start("awaitEvent", "go", last);
    expect(await endOf(job)).toMatchObject({ done: 2, failed: 1, failures: [{ instanceID: last }] });
    expect((await stateOf(last)).runtimeStatus).toBe("RUNNING");
  });

  it("[W20.6] is in the list of jobs, and no instance for anybody; its workflow is none that is registered", async () => {
    const [id = ""] = await waiting(1);
    const job = await post({ operation: "resume", instanceIDs: [id] });
    await endOf(job);
    const gone = { status: 404, body: { errorCode: "ERR_INSTANCE_ID_NOT_FOUND" } };
    expect(await ask(`GET ${W}/${job}`)).toMatchObject(gone);
    expect(await ask(`POST ${W}/${job}/purge?force=true`)).toMatchObject(gone);
    expect((await jobOf(job)).state).toBe("COMPLETED");
    expect(JSON.stringify((await ask("GET /v1.0/metadata")).body)).not.toContain("bulk-job");
    const jobs = async () => ((await ask(`GET ${JOBS}?pageSize=40`)).body as { jobs: Job[] }).jobs;
    await expect
      .poll(async () => (await jobs()).map(({ jobID, state }) => `${jobID} ${state}`))
      .toContain(`${job} COMPLETED`);
    expect(await ask(`GET ${W}?idPrefix=bulk:`)).toEqual({ status: 200, body: { workflows: [] } });
    expect(await ask(`GET ${W}?idPrefix=bulk:&countBy=status`)).toEqual({ status: 200, body: { counts: [] } });
    expect(await ask(`GET ${W}?name=bulk-job&countBy=name`)).toEqual({ status: 200, body: { counts: [] } });
    expect(await ask(`GET ${JOBS}/bulk:00000000-0000-4000-8000-000000000000`)).toMatchObject({
      status: 404,
      body: { errorCode: "ERR_BULK_JOB_NOT_FOUND" },
    });
  });
});
