// [J1] What a bulk job does with many instances: whom it calls, how fast, what it tells, and how it is stopped.
import { describe, expect, it } from "vitest";
import { rerunId } from "../../../src/jobs/call-instance.ts";
import { allShards, shardOf } from "../../../src/model/catalog-shards.ts";
import { childInstanceId, isJobId, jobId } from "../../../src/model/ids.ts";
import { announce, entry, tell } from "../catalog/support.ts";
import { type Code, endOf, historyOf, raise, start, statusOf } from "../instance/support.ts";
import { START_MS } from "../instance/world.ts";
import { type Called, idsFrom, JOB, type JobWorld, jobState, makeJobWorld, runJob, startJob } from "./support.ts";

const OK = { ok: true };
const done = (count: number) => ({ done: count, failed: 0, skipped: 0, failures: [] });
const idsOf = (calls: readonly Called[]) => calls.map(({ instanceId }) => instanceId);

/** How many calls were made at which time after the beginning. */
function paceOf({ calls }: JobWorld): [atMs: number, count: number][] {
  const counts = new Map<number, number>();
  for (const { atMs } of calls) counts.set(atMs - START_MS, (counts.get(atMs - START_MS) ?? 0) + 1);
  return [...counts];
}

function list(jobs: JobWorld, id: string, more: Parameters<typeof entry>[1] = {}): void {
  expect(tell(jobs.shard, announce(entry(id, { createdAtMs: START_MS, ...more }), 1))).toEqual(OK);
}

describe("[J1] A job of given IDs", () => {
  it("[J1.1] calls each once, at most 40 at a time and so many a second as it may, and tells how many", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    const instanceIds = idsFrom(300);
    expect(await runJob(jobs, { targets: { instanceIds }, rps: 50 })).toEqual(["COMPLETED", done(300)]);
    expect(idsOf(jobs.calls)).toEqual(instanceIds);
    // The first after its pause, each next one when the time of the batch before it is over.
    const begins = [0, 1, 2, 3, 4].map((n) => [50 + n * 800, 40]);
    expect(paceOf(jobs)).toEqual([...begins, [4_050, 40], [4_850, 40], [5_650, 20]]);
  });

  it("[J1.2] that may call one a second calls one a second", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    await runJob(jobs, { targets: { instanceIds: idsFrom(3) }, rps: 1 });
    expect(paceOf(jobs)).toEqual([
      [50, 1],
      [1_050, 1],
      [2_050, 1],
    ]);
  });

  it("[J1.3] sleeps before each batch, however fast it may be: each is an invocation of its own", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    await runJob(jobs, { targets: { instanceIds: idsFrom(120) }, rps: 1_000 });
    expect(paceOf(jobs)).toEqual([
      [50, 40],
      [100, 40],
      [150, 40],
    ]);
  });

  it("[J1.4] has no history that grows: an execution takes 200 of them", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    let longest = 0;
    jobs.world.onPoint = (point, id) => {
      if (point === "committed" && id === JOB) longest = Math.max(longest, historyOf(jobs.world, JOB).length);
    };
    expect(await runJob(jobs, { targets: { instanceIds: idsFrom(2_000) } })).toEqual(["COMPLETED", done(2_000)]);
    expect(longest).toBeGreaterThan(10);
    expect(longest).toBeLessThan(30);
  });

  it("[J1.5] tells of those that are not there, or refuse, with the reason, and goes on", async () => {
    const jobs = makeJobWorld();
    await start(jobs.world, "ended", "echo", 1);
    await start(jobs.world, "runs", "event", "go");
    const [status, progress] = await runJob(jobs, {
      call: { operation: "purge" },
      targets: { instanceIds: ["nobody", "runs", JOB, "ended"] },
    });
    expect([status, progress]).toEqual([
      "COMPLETED",
      {
        done: 1,
        failed: 3,
        skipped: 0,
        failures: [
          { instanceID: "nobody", error: "there was no such instance when the job began" },
          { instanceID: "runs", error: "orchestration has not yet completed" },
          { instanceID: JOB, error: "there was no such instance when the job began" },
        ],
      },
    ]);
    expect([await statusOf(jobs.world, "ended"), await statusOf(jobs.world, "runs")]).toEqual([undefined, "RUNNING"]);
  });

  it("[J1.6] does not reach one that has taken an ID since it began", async () => {
    const jobs = makeJobWorld();
    await start(jobs.world, "a", "event", "go");
    await startJob(jobs, { targets: { instanceIds: ["a"] }, rps: 1 });
    await raise(jobs.world, "a", "go", 1);
    await jobs.world.advance(10);
    expect(await start(jobs.world, "a", "event", "go")).toEqual(OK);
    await jobs.world.rest();
    expect((await jobState(jobs))[1]).toMatchObject({ done: 0, failed: 1 });
    expect(await statusOf(jobs.world, "a")).toBe("RUNNING");
  });

  it("[J1.7] has one that cannot be reached among the failures; a fault that passes is tried once more", async () => {
    const jobs = makeJobWorld();
    const fault = (more: object) => Promise.reject(Object.assign(new Error("internal"), more));
    jobs.answer = ({ instanceId }) => {
      const isFirst = jobs.calls.filter((called) => called.instanceId === instanceId).length === 1;
      if (instanceId === "passes") return isFirst ? fault({ retryable: true }) : OK;
      return instanceId === "stays" ? fault({ retryable: true }) : fault({ retryable: true, overloaded: true });
    };
    const [, progress] = await runJob(jobs, { targets: { instanceIds: ["passes", "stays", "overloaded"] } });
    const error = "the instance cannot be reached at the moment: internal";
    expect(progress).toMatchObject({
      done: 1,
      failures: [
        { instanceID: "stays", error },
        { instanceID: "overloaded", error },
      ],
    });
    expect(idsOf(jobs.calls).sort()).toEqual(["overloaded", "passes", "passes", "stays", "stays"]);
  });

  it("[J1.8] tells of 100 failures, and counts the others", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => Promise.reject(new Error("x".repeat(1_000)));
    const [, progress] = await runJob(jobs, { targets: { instanceIds: idsFrom(250) } });
    expect([progress?.failed, progress?.failures.length]).toEqual([250, 100]);
    expect(progress?.failures[99]?.instanceID).toBe("i-0099");
    expect(progress?.failures[0]?.error).toMatch(/^the instance cannot be reached at the moment: x+…$/);
    const long = makeJobWorld();
    long.answer = jobs.answer;
    const [status, told] = await runJob(long, {
      targets: { instanceIds: idsFrom(100).map((id) => id + "y".repeat(1_000)) },
    });
    expect([status, told?.failed, told?.failures.length]).toEqual(["COMPLETED", 100, 32]);
  });

  it("[J1.9] counts as done a purge of which the answer alone was lost", async () => {
    const jobs = makeJobWorld();
    jobs.answer = ({ instanceId }) => {
      const isFirst = jobs.calls.filter((called) => called.instanceId === instanceId).length === 1;
      if (isFirst) return Promise.reject(Object.assign(new Error("lost"), { retryable: true }));
      return { ok: false, code: "NOT_FOUND" };
    };
    const [, purged] = await runJob(jobs, { call: { operation: "purge" }, targets: { instanceIds: ["a"] } });
    expect(purged).toMatchObject({ done: 1, failed: 0 });
  });
});

describe("[J2] What each operation asks", () => {
  const command = { reason: "why", actor: "ops", createdByMs: START_MS };
  it.each([
    [{ operation: "terminate", output: '"out"' }, "terminate", { ...command, output: '"out"', recursive: true }],
    [{ operation: "terminate", nonRecursive: true }, "terminate", { ...command, recursive: false }],
    [{ operation: "cancel" }, "cancel", command],
    [{ operation: "pause" }, "suspend", command],
    [{ operation: "resume" }, "resume", command],
    [{ operation: "purge" }, "purge", { ...command, recursive: true, force: false }],
    [{ operation: "purge", force: true, nonRecursive: true }, "purge", { ...command, recursive: false, force: true }],
    [
      { operation: "raise", eventName: "go", payload: "[1]" },
      "raiseEvent",
      { ...command, name: "go", input: "[1]", messageId: `${JOB}:a` },
    ],
    [{ operation: "rewind" }, "rewind", { ...command, requestId: `${JOB}:a` }],
    [{ operation: "restart" }, "restart", { ...command, requestId: `${JOB}:a` }],
    [{ operation: "rerun" }, "rerun", { ...command, requestId: `${JOB}:a`, sourceInstanceId: "a", eventId: 0 }],
    [
      { operation: "rerun", eventId: 3, input: "[1]" },
      "rerun",
      { ...command, requestId: `${JOB}:a`, sourceInstanceId: "a", eventId: 3, input: { text: "[1]" } },
    ],
  ] as const)("[J2.1] %j", async (call, method, request) => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    await runJob(jobs, { call: { ...call, reason: "why", actor: "ops" } });
    expect(jobs.calls.map(({ method, request }) => [method, request])).toEqual([[method, request]]);
  });

  it("[J2.1] the new instance of a rerun has the prefix that the job has, before the same UUID", async () => {
    const asked: string[] = [];
    for (const newIdPrefix of [undefined, "acme-"]) {
      const jobs = makeJobWorld();
      jobs.answer = () => OK;
      await runJob(jobs, { call: { operation: "rerun", newIdPrefix } });
      asked.push(...jobs.calls.map(({ instanceId }) => instanceId));
    }
    expect(asked).toEqual([rerunId({ jobId: JOB, instanceId: "a" }), `acme-${asked[0]}`]);
  });

  it.each([
    [{ code: "STALLED" }, "workflow is stalled"],
    [{ code: "NOT_ENDED", instanceId: "c" }, "child workflow 'c': orchestration has not yet completed"],
    [{ code: "PARENT_UNREACHABLE", instanceId: "p" }, "its parent 'p' waits for it and cannot be told at the moment"],
    [{ code: "CHILD" }, "cannot restart child-workflows; restart the parent"],
    [{ code: "CHILD_ACTIVE", childInstanceId: "c" }, "child workflow 'c': orchestration has not yet completed"],
    [{ code: "ALREADY_ACTIVE" }, "it has been told to terminate, and has not ended yet; restart it again"],
    [{ code: "AWAITING_ACTIVITY" }, "it has been told to terminate, and has not ended yet; restart it again"],
    [{ code: "UNREADABLE" }, "it has ended, and cannot be read by this deployment"],
    [{ code: "WRONG_STATUS", status: "RUNNING" }, "it is RUNNING, and only an instance that is FAILED can be rewound"],
    [{ code: "ALREADY_EXISTS" }, "the ID of its rerun is in use"],
    [{ code: "CHANGED" }, "it was replaced or purged while its history was read"],
    [{ code: "INVALID_ARGUMENT", message: "'a' is not in a terminal state" }, "'a' is not in a terminal state"],
    [
      { code: "NOT_FOUND", message: "does not have history event with ID '9'" },
      "does not have history event with ID '9'",
    ],
    [
      { code: "NOT_FOUND", message: "workflow instance does not exist with ID 'a'" },
      "there was no such instance when the job began",
    ],
    [{ code: "PARENT_KNOWS", instanceId: "p" }, "its parent 'p' has taken its failure; rewind the parent"],
  ])("[J2.2] refused with %j", async (refusal, error) => {
    const jobs = makeJobWorld();
    jobs.answer = () => ({ ok: false, ...refusal });
    expect((await runJob(jobs))[1]?.failures).toEqual([{ instanceID: "a", error }]);
  });
});

describe("[J3] A job of a filter", () => {
  it("[J3.1] calls those that fit, the newest first, page after page, and nobody who came after it began", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    for (const [n, id] of idsFrom(450).entries()) list(jobs, id, { createdAtMs: START_MS - n, status: "FAILED" });
    list(jobs, "other", { status: "COMPLETED" });
    list(jobs, "later", { createdAtMs: START_MS + 1, status: "FAILED" });
    expect(await runJob(jobs, { targets: { filter: { status: "FAILED" } } })).toEqual(["COMPLETED", done(450)]);
    expect(idsOf(jobs.calls)).toEqual(idsFrom(450));
  });

  it("[J3.6] sleeps before each page after the first, too", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    for (const id of idsFrom(450)) list(jobs, id);
    const pages: number[] = [];
    jobs.failPage = () => {
      pages.push(jobs.world.nowMs);
      return false;
    };
    await runJob(jobs, { targets: { filter: {} } });
    const times = paceOf(jobs).map(([atMs]) => START_MS + atMs);
    expect(pages).toHaveLength(3);
    expect(pages.filter((atMs) => times.includes(atMs))).toEqual([]);
  });

  it("[J3.2] skips those that were there, and are not when their turn comes", async () => {
    const jobs = makeJobWorld();
    for (const id of ["gone", "anew", "stays"]) list(jobs, id);
    await start(jobs.world, "stays", "event", "go");
    await jobs.world.advance(1);
    await start(jobs.world, "anew", "event", "go");
    const [, progress] = await runJob(jobs, { targets: { filter: {} } });
    expect(progress).toEqual({ done: 1, failed: 0, skipped: 2, failures: [] });
    expect([await statusOf(jobs.world, "anew"), await statusOf(jobs.world, "stays")]).toEqual([
      "RUNNING",
      "TERMINATED",
    ]);
  });

  it("[J3.3] waits for a shard that does not answer, and passes over nobody", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    list(jobs, "a");
    let fails = 5;
    jobs.failPage = () => fails-- > 0;
    expect(await runJob(jobs, { targets: { filter: {} } })).toEqual(["COMPLETED", done(1)]);
    expect(fails).toBe(-1);
  });

  it("[J3.4] takes nobody twice whom its own calls have changed", async () => {
    const jobs = makeJobWorld();
    for (const id of idsFrom(250)) list(jobs, id, { status: "RUNNING" });
    jobs.answer = ({ instanceId }) => {
      list250(jobs, instanceId);
      return OK;
    };
    expect(await runJob(jobs, { targets: { filter: { status: "RUNNING,TERMINATED" } } })).toEqual([
      "COMPLETED",
      done(250),
    ]);
    expect(new Set(idsOf(jobs.calls)).size).toBe(250);
  });
});

function list250(jobs: JobWorld, id: string): void {
  tell(jobs.shard, announce(entry(id, { createdAtMs: START_MS, status: "TERMINATED" }), 2));
}

describe("[J4] A job that is canceled", () => {
  const cancel = ({ world }: JobWorld) => world.post(JOB, (i) => i.cancel({ reason: "enough" }));

  it("[J4.1] in a pause makes no call more, and has told of those before", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    await startJob(jobs, { targets: { instanceIds: idsFrom(200) }, rps: 40 });
    await jobs.world.advance(1_500);
    void cancel(jobs);
    await jobs.world.rest();
    expect(await jobState(jobs)).toEqual(["CANCELED", done(80)]);
    expect(jobs.calls).toHaveLength(80);
  });

  it("[J4.2] in a batch lets that end, and counts it", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => jobs.world.sleep(100).then(() => OK);
    await startJob(jobs, { targets: { instanceIds: idsFrom(200) }, rps: 40 });
    await jobs.world.advance(100);
    void cancel(jobs);
    await jobs.world.rest();
    expect(await jobState(jobs)).toEqual(["CANCELED", done(40)]);
    expect(jobs.calls).toHaveLength(40);
  });

  it("[J4.3] as its execution ends is canceled in the next", async () => {
    const jobs = makeJobWorld();
    jobs.answer = () => OK;
    await startJob(jobs, { targets: { instanceIds: idsFrom(400) }, rps: 1_000 });
    await jobs.world.advance(250);
    expect(jobs.calls).toHaveLength(200);
    void cancel(jobs);
    await jobs.world.rest();
    expect(await jobState(jobs)).toEqual(["CANCELED", done(200)]);
  });
});

describe("[J7] A rerun", () => {
  it("[J7.1] makes one new instance of each, whose ID is that of job and source, and none of one that came later", async () => {
    const jobs = makeJobWorld();
    await start(jobs.world, "a", "echo", 1);
    await start(jobs.world, "runs", "event", "go");
    await jobs.world.advance(1);
    await start(jobs.world, "later", "echo", 1);
    const [status, progress] = await runJob(jobs, {
      call: { operation: "rerun", reason: "again" },
      targets: { instanceIds: ["a", "runs", "later"] },
    });
    expect([status, progress]).toEqual([
      "COMPLETED",
      {
        done: 1,
        failed: 2,
        skipped: 0,
        failures: [
          { instanceID: "runs", error: "'runs' is not in a terminal state" },
          { instanceID: "later", error: "there was no such instance when the job began" },
        ],
      },
    ]);
    const id = rerunId({ jobId: JOB, instanceId: "a" });
    expect(jobs.calls[0]?.instanceId).toBe(id);
    expect(id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(await statusOf(jobs.world, id)).toBe("COMPLETED");
    expect(historyOf(jobs.world, id)[0]).toMatchObject({ type: "ExecutionStarted", reason: "again" });
  });
});

describe("[J6] The ID of a job", () => {
  it("[J6.1] is none that children or anybody else has", () => {
    expect(isJobId(jobId("0a1b2c3d-0000-4000-8000-00000000000f"))).toBe(true);
    for (const id of [childInstanceId("bulk", 0, 1), "bulk:", `${JOB}:0001`, JOB.slice(1), "bulk", `a${JOB}`])
      expect([id, isJobId(id)]).toEqual([id, false]);
  });

  it("[J6.2] leads to a shard of its own, which no list of instances reads", () => {
    const shards = { shards: 8, former: [4] };
    expect(shardOf(JOB, shards)).toBe("jobs");
    expect(allShards(shards)).not.toContain("jobs");
    expect(allShards(shards)).toContain(shardOf(`${JOB}:0001`, shards));
  });

  it("[J6.3] is not taken by a child or a detached workflow of that ID, and no message of an instance reaches a job, whether it runs or has ended", async () => {
    const jobs = makeJobWorld();
    const { world } = jobs;
    jobs.answer = () => OK;
    world.workflow("taker", function* (ctx): Code {
      ctx.scheduleNewWorkflow("echo", 1, { instanceId: JOB });
      ctx.sendEvent(JOB, "go", 1);
      try {
        yield ctx.callChildWorkflow("echo", 1, JOB);
      } catch (error) {
        return (error as Error).message;
      }
    });
    await startJob(jobs, { targets: { instanceIds: idsFrom(41) }, rps: 1 });
    await start(world, "a", "taker");
    await world.advance(5_000);
    expect(await endOf(world, "a")).toEqual(["COMPLETED", expect.stringContaining(`'${JOB}' already exists`)]);
    await world.rest();
    const ended = [await jobState(jobs), historyOf(world, JOB)];
    expect(ended[0]).toEqual(["COMPLETED", done(41)]);
    await start(world, "b", "taker");
    await world.rest();
    expect(await endOf(world, "b")).toEqual(["COMPLETED", expect.stringContaining(`'${JOB}' already exists`)]);
    expect([await jobState(jobs), historyOf(world, JOB)]).toEqual(ended);
    expect(JSON.stringify(ended[1])).not.toContain('"go"');
  });
});
