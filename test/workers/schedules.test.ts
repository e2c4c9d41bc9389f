// [W30] Schedules in workerd: real alarms, objects that are lost, and what code declares.
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  createWorker,
  DaprWorkflowClient,
  type WorkerEnv,
  WorkflowRuntime,
  type WorkflowSchedule,
} from "../../src/index.ts";
import type { WorkflowScheduleObject } from "../../src/schedules/workflow-schedule.ts";
import { ask, newId, send, stateOf } from "./support.ts";

const ALL = "/v1.0/workflow-schedules/dapr";
const env = workerEnv as unknown as WorkerEnv & {
  readonly WORKFLOW_SCHEDULE: DurableObjectNamespace<WorkflowScheduleObject>;
};
const client = new DaprWorkflowClient();
const objectOf = (id: string) => env.WORKFLOW_SCHEDULE.getByName(`schedule-${id}`);
const seen = async (id: string) => (await client.getSchedule(id)) as WorkflowSchedule;
const started = (schedule: WorkflowSchedule) => schedule.fires.filter(({ outcome }) => outcome === "started");

/** Until so many instances were started. */
async function startedOf(id: string, count: number): Promise<WorkflowSchedule> {
  await expect.poll(async () => started(await seen(id)).length, { timeout: 20_000, interval: 50 }).toBe(count);
  return seen(id);
}

const tables = (id: string) =>
  runInDurableObject(
    objectOf(id),
    (_object, ctx) =>
      ctx.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '%cf%'").toArray().length,
  );

describe("[W30] A schedule", () => {
  it("[W30.1] starts an instance each second, by its alarm, with input and attributes; as many as it may", async () => {
    const id = newId("secondly");
    await client.createSchedule(id, {
      workflow: "echo",
      cron: "* * * * * *",
      input: { hello: "world" },
      searchAttributes: { team: id },
      overlap: "allowAll",
      remainingActions: 2,
    });
    const schedule = await startedOf(id, 2);
    expect(schedule).toMatchObject({ remainingActions: 0, nextTimes: [], overlap: "allowAll" });
    const [second, first] = started(schedule);
    const nominalMs = [first, second].map((fire) => fire?.nominalTime.getTime() ?? 0);
    expect((nominalMs[1] ?? 0) - (nominalMs[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    for (const fire of started(schedule)) {
      expect(fire.instanceId).toBe(`${id}-${fire.nominalTime.toISOString().replace(/[-:]|\.000/g, "")}`);
      expect(fire.latenessMs).toBeGreaterThanOrEqual(0);
      await client.waitForWorkflowCompletion(fire.instanceId, true, 20);
      expect((await stateOf(fire.instanceId)).properties?.["dapr.workflow.input"]).toBe('{"hello":"world"}');
      const described = await client.describeWorkflow(fire.instanceId);
      expect(described?.detail.searchAttributes).toEqual({
        team: id,
        schedule: id,
        scheduledTime: fire.nominalTime.toISOString().replace(".000", ""),
      });
    }
    const { counts } = await client.countWorkflows({ attributes: { schedule: id } }, ["name"]);
    expect(counts).toMatchObject([{ name: "echo", count: 2 }]);
  });

  it("[W30.2] its object is lost, and those of its instances: each time has one instance all the same", async () => {
    const id = newId("lost");
    await client.createSchedule(id, { workflow: "echo", interval: "1s", overlap: "allowAll", remainingActions: 4 });
    for (let count = 1; count <= 4; count++) {
      await startedOf(id, count);
      await abortAllDurableObjects();
    }
    const ids = started(await seen(id)).map(({ instanceId }) => instanceId);
    expect(new Set(ids).size).toBe(4);
    for (const instanceId of ids) {
      await client.waitForWorkflowCompletion(instanceId, true, 20);
      const { events } = (await ask(`GET /v1.0/workflows/dapr/${instanceId}/history`)).body as {
        events: { type: string }[];
      };
      expect(events.filter(({ type }) => type === "ExecutionStarted")).toHaveLength(1);
    }
  });

  it("[W30.3] is triggered, paused, resumed, changed, filled in and previewed by the client", async () => {
    const id = newId("managed");
    await client.createSchedule(id, { workflow: "echo", cron: "0 0 1 1 *", input: 1 });
    const instanceId = await client.triggerSchedule(id, { input: "mine" });
    expect((await client.waitForWorkflowCompletion(instanceId, true, 20))?.serializedOutput).toBe('"mine"');
    await client.pauseSchedule(id, "incident");
    expect(await seen(id)).toMatchObject({ paused: true, pause: { reason: "incident" } });
    await client.resumeSchedule(id);
    const changed = await client.updateSchedule(id, { timeZone: "Asia/Tokyo", jitter: "1m" });
    expect(changed).toMatchObject({ paused: false, timeZone: "Asia/Tokyo", jitter: "1m", cron: "0 0 1 1 *" });
    const from = new Date("2024-12-31T15:00:00Z");
    expect(await client.backfillSchedule(id, { from, to: from })).toEqual([from]);
    expect((await client.waitForWorkflowCompletion(`${id}-20241231T150000Z`, true, 20))?.serializedOutput).toBe("1");
    expect(await client.previewSchedule(id, { cron: "0 0 1 1 *", timeZone: "UTC" }, 1)).toEqual([
      new Date(`${new Date().getUTCFullYear() + 1}-01-01T00:00:00Z`),
    ]);
    const { schedules } = await client.listSchedules();
    expect(schedules.map((one) => one.id)).toContain(id);
    await expect(client.createSchedule(id, { workflow: "echo", interval: "1h" })).rejects.toMatchObject({
      errorCode: "ERR_SCHEDULE_EXISTS",
    });
    expect(await client.createSchedule(id, { workflow: "echo", interval: "1h", replace: true })).toMatchObject({
      interval: "1h",
    });
  });

  it("[W30.4] leaves nothing behind when it is deleted; one that is only asked for writes nothing", async () => {
    const id = newId("deleted");
    await client.createSchedule(id, { workflow: "echo", interval: "1h" });
    expect(await tables(id)).toBeGreaterThan(0);
    await client.deleteSchedule(id);
    expect(await client.getSchedule(id)).toBeUndefined();
    expect(await tables(id)).toBe(0);
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(false);
    const other = newId("asked");
    expect(await client.getSchedule(other)).toBeUndefined();
    expect(await tables(other)).toBe(0);
  });

  it("[W30.5] cancelOther: the one that runs is canceled when the next time has come", async () => {
    const id = newId("cancels");
    await client.createSchedule(id, {
      workflow: "awaitEvent",
      input: "go",
      interval: "2s",
      overlap: "cancelOther",
      remainingActions: 2,
    });
    const [second, first] = started(await startedOf(id, 2));
    expect((await stateOf(first?.instanceId ?? "")).runtimeStatus).toBe("CANCELED");
    expect((await stateOf(second?.instanceId ?? "")).runtimeStatus).toBe("RUNNING");
  });

  it("[W30.6] without the binding: 501, and everything else works", async () => {
    const runtime = new WorkflowRuntime();
    const worker = createWorker(runtime);
    const { WORKFLOW_SCHEDULE: _, ...others } = env;
    const asked = await worker.fetch(new Request(`http://localhost${ALL}`), others as WorkerEnv);
    expect([asked.status, await asked.json()]).toMatchObject([501, { errorCode: "ERR_SCHEDULES_NOT_CONFIGURED" }]);
    expect((await worker.fetch(new Request("http://localhost/v1.0/healthz"), others as WorkerEnv)).status).toBe(204);
  });
});

/** The first request of an isolate with this code. */
async function deployed(declare: (runtime: WorkflowRuntime) => unknown, given: WorkerEnv = env): Promise<number> {
  const runtime = new WorkflowRuntime();
  runtime.registerWorkflowWithName("echo", (_ctx, input) => input);
  declare(runtime);
  const worker = createWorker(runtime, { logLevel: "none" });
  const waits: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
  for (let n = 0; n < 3; n++) await worker.fetch(new Request("http://localhost/v1.0/healthz"), given, ctx);
  await Promise.all(waits);
  return waits.length;
}

describe("[W31] A schedule that code declares", () => {
  it("[W31.1] is made at an isolate's first request, changed by a later deploy, paused when it is taken out, and goes on when it is back", async () => {
    const id = newId("declared");
    const hourly = { workflow: "echo", interval: "1h", input: { v: 1 } };
    expect(await deployed((runtime) => runtime.schedule(id, hourly))).toBe(1);
    expect(await seen(id)).toMatchObject({ source: "code", interval: "1h", input: { v: 1 }, paused: false });
    await deployed((runtime) => runtime.schedule(id, { ...hourly, interval: "2h" }));
    expect(await seen(id)).toMatchObject({ interval: "2h", paused: false });
    await deployed((runtime) => runtime.schedule(newId("another"), hourly));
    expect(await seen(id)).toMatchObject({ paused: true, pause: { by: "deploy" } });
    await deployed((runtime) => runtime.schedule(id, { ...hourly, interval: "3h" }));
    expect(await seen(id)).toMatchObject({ interval: "3h", paused: false });
  });

  it("[W31.2] an isolate of former code that comes late changes nothing", async () => {
    const id = newId("former");
    const former = (runtime: WorkflowRuntime) => runtime.schedule(id, { workflow: "echo", interval: "1h" });
    const later = (runtime: WorkflowRuntime) => runtime.schedule(id, { workflow: "echo", interval: "2h" });
    await deployed(former);
    await deployed(later);
    await deployed(former);
    expect((await seen(id)).interval).toBe("2h");
  });

  it("[W31.3] of two that say when they were made, the later counts, whichever asks first", async () => {
    const id = newId("dated");
    const made = (timestamp: string) => ({ ...env, CF_VERSION_METADATA: { timestamp } });
    await deployed(
      (runtime) => runtime.schedule(id, { workflow: "echo", interval: "2h" }),
      made("2099-01-02T00:00:00Z"),
    );
    await deployed(
      (runtime) => runtime.schedule(id, { workflow: "echo", interval: "1h" }),
      made("2099-01-01T00:00:00Z"),
    );
    expect((await seen(id)).interval).toBe("2h");
  });

  it("[W31.4] one that the API has made under that ID stays as it is", async () => {
    const id = newId("taken");
    await client.createSchedule(id, { workflow: "echo", interval: "5h" });
    const madeLater = { ...env, CF_VERSION_METADATA: { timestamp: "2099-02-01T00:00:00Z" } };
    await deployed((runtime) => runtime.schedule(id, { workflow: "echo", interval: "1h" }), madeLater);
    expect(await seen(id)).toMatchObject({ source: "api", interval: "5h" });
  });

  it("[W31.5] the alarm of a schedule whose object has other code sees that it was taken out", async () => {
    const id = newId("alarm");
    const madeLater = { ...env, CF_VERSION_METADATA: { timestamp: "2099-03-01T00:00:00Z" } };
    await deployed((runtime) => runtime.schedule(id, { workflow: "echo", cron: "* * * * * *" }), madeLater);
    // The code of this test's objects declares nothing, and does not say when it was made.
    await expect.poll(async () => (await seen(id)).paused, { timeout: 10_000 }).toBe(true);
    expect((await seen(id)).pause?.by).toBe("deploy");
  });

  it("[W31.6] with none declared, nobody is asked", async () => {
    let asked = 0;
    const counted = new Proxy(env.WORKFLOW_SCHEDULE, {
      get: (target, name) => {
        if (name === "getByName") asked++;
        return Reflect.get(target, name);
      },
    });
    expect(await deployed(() => undefined, { ...env, WORKFLOW_SCHEDULE: counted })).toBe(0);
    // The HTTP API looks whether there is a namespace, and calls nothing of it.
    expect(asked).toBeLessThanOrEqual(1);
    expect((await send("GET /v1.0/healthz")).status).toBe(204);
  });

  it("[W31.7] what can be no schedule is refused where it is declared, or where the Worker is made", () => {
    const runtime = new WorkflowRuntime().registerWorkflowWithName("echo", (_ctx, input) => input);
    expect(() => runtime.schedule("a b", { workflow: "echo", interval: "1h" })).toThrow(
      "1 to 40 letters, digits, _ and -",
    );
    expect(() => runtime.schedule("a", { workflow: "echo", cron: 5 as never })).toThrow("cron is a cron expression");
    runtime.schedule("a", { workflow: "echo", cron: "0 0 30 2 *" });
    expect(() => runtime.schedule("a", { workflow: "echo", interval: "1h" })).toThrow("A schedule 'a' already exists.");
    expect(() => createWorker(runtime)).toThrow(`schedule 'a': cron "0 0 30 2 *" never comes: no day has that date`);
  });
});
