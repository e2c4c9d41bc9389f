import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SCHEMA_VERSION } from "../../src/storage/schema.ts";
import { INSTANCE } from "../rows.ts";
import { costsOf } from "./meter.ts";
import {
  ask,
  ended,
  expectSoundHistory,
  historyOf,
  newId,
  operate,
  outputOf,
  query,
  raise,
  remainsOf,
  start,
  stateOf,
  stubOf,
  W,
} from "./support.ts";
import { beginningsOf, gate, runsOf } from "./workflows.ts";

const inputsOf = (id: string) => runsOf(id).map((run) => run.input);
const idsOf = (id: string) => new Set(runsOf(id).map((run) => run.taskExecutionId));

describe("[W4] eviction", () => {
  it("[W4.1] while it waits for an event: the event brings it back, the history is replayed once", async () => {
    const id = await start("awaitEvent", "go");
    expect((await stateOf(id)).properties?.["dapr.workflow.custom_status"]).toBe("waiting for go");
    await evictDurableObject(stubOf(id));
    await raise(id, "GO", [1, 2]);
    expect(await outputOf(id)).toEqual([1, 2]);
    expect(await historyOf(id)).toEqual(["ExecutionStarted", "EventRaised", "ExecutionCompleted"]);
    expect([beginningsOf(id), costsOf(id).objects]).toEqual([2, 2]);
  });

  it("[W4.2] while it waits for a timer: the alarm brings it back, and the timer is not early", async () => {
    const id = await start("sleeper", 400);
    await stateOf(id);
    await evictDurableObject(stubOf(id));
    expect(await outputOf(id)).toBeGreaterThanOrEqual(400);
    expect(await historyOf(id)).toEqual(["ExecutionStarted", "TimerCreated 1", "TimerFired 1", "ExecutionCompleted"]);
  });

  it("[W4.3] between two activities: the first is not run again", async () => {
    const [a, b] = [newId("gate"), newId("gate")];
    gate(a).open();
    gate(b).open();
    const id = await start("interrupted", [a, b]);
    await stateOf(id);
    await evictDurableObject(stubOf(id));
    await raise(id, "go");
    expect(await outputOf(id)).toEqual([...idsOf(id)]);
    expect(inputsOf(id)).toEqual([a, b]);
    await expectSoundHistory(id);
  });

  it("[W4.4] after its end: the state is still there, byte for byte", async () => {
    const id = await start("echo", { deep: ["äöü", 1.5, null] });
    const before = await ended(id);
    await evictDurableObject(stubOf(id));
    expect(await stateOf(id)).toEqual(before);
    expect(beginningsOf(id)).toBe(1);
  });

  it("[W4.5] while suspended: stays suspended, and what came meanwhile is delivered in order after the resume", async () => {
    const id = await start("awaitEvents", { name: "n", count: 3 });
    await operate(id, "pause");
    await raise(id, "n", 1);
    await raise(id, "n", 2);
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await evictDurableObject(stubOf(id));
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await raise(id, "n", 3);
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await operate(id, "resume");
    expect(await outputOf(id)).toEqual([1, 2, 3]);
  });

  it("[W4.6] before a scheduled start: PENDING until then, then it starts by the alarm", async () => {
    const id = newId();
    const startAt = new Date(Date.now() + 2_500);
    await ask(`POST ${W}/sleeper/start?instanceID=${id}&startTime=${startAt.toISOString()}`, "0");
    await evictDurableObject(stubOf(id));
    expect(await stateOf(id)).toEqual({
      instanceID: id,
      createdAt: "0001-01-01T00:00:00Z",
      lastUpdatedAt: "0001-01-01T00:00:00Z",
      runtimeStatus: "PENDING",
    });
    const started = await stateOf(id, "?waitFor=started&timeoutSeconds=10");
    expect(started.runtimeStatus).not.toBe("PENDING");
    expect(Date.now()).toBeGreaterThanOrEqual(startAt.getTime());
    await outputOf(id);
    expect(await historyOf(id)).toEqual(["ExecutionStarted", "TimerCreated 1", "TimerFired 1", "ExecutionCompleted"]);
  });
});

describe("[W4] what an object finds when it wakes up", () => {
  afterEach(() => void vi.useRealTimers());

  it("[W4.7] an alarm that is long past and never rang: the next request finds done what it was set for", async () => {
    const id = await start("sleeper", 3_600_000);
    await stateOf(id);
    const { alarm } = await remainsOf(id);
    await evictDurableObject(stubOf(id));
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Number(alarm) + 61_000);
    expect((await stateOf(id)).runtimeStatus).toBe("COMPLETED");
    expect((await remainsOf(id)).alarm).toBe(null);
    expect(await outputOf(id)).toBeGreaterThanOrEqual(3_600_000);
  });

  it("[W4.8] a database of newer code is left alone: STALLED, the alarm does not throw, and it looks again after an hour", async () => {
    const id = await start("sleeper", 7_200_000);
    await stateOf(id);
    await query(id, "UPDATE instance SET schema_version = 99");
    const before = await query(id, "SELECT * FROM instance WHERE seq >= 0");
    await evictDurableObject(stubOf(id));
    expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    const { alarm } = await remainsOf(id);
    expect(Math.abs(Number(alarm) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect((await stateOf(id)).runtimeStatus).toBe("STALLED");
    expect(await query(id, "SELECT * FROM instance WHERE seq >= 0")).toEqual(before);
    await query(id, `UPDATE instance SET schema_version = ${SCHEMA_VERSION}`);
    await evictDurableObject(stubOf(id));
    expect((await stateOf(id)).runtimeStatus).toBe("RUNNING");
    await operate(id, "terminate");
  });
});

describe("[W4] what cannot be written at the end of a burst", () => {
  it("[W4.9] nothing of the burst is on disk, its caller hears of it, and it can be begun again", async () => {
    const id = newId("unwritable");
    let refusals = 0;
    await runInDurableObject(stubOf(id), (_instance, { storage }) => {
      const exec = storage.sql.exec.bind(storage.sql);
      storage.sql.exec = ((statement: string, ...bindings: unknown[]) => {
        if (!/INSERT INTO instance .*'Events'/s.test(statement)) return exec(statement, ...bindings);
        refusals++;
        throw new Error("SQLITE_FULL");
      }) as typeof storage.sql.exec;
    });
    const { status, body } = await ask(`POST ${W}/steps/start?instanceID=${id}`, "5");
    expect({ status, body }).toMatchObject({ status: 500, body: { errorCode: "ERR_START_WORKFLOW" } });
    expect(refusals).toBeGreaterThan(0);
    expect(await remainsOf(id)).toEqual({ tables: [], alarm: null });
    expect(await ask(`GET ${W}/${id}`)).toMatchObject({ status: 404 });
    await start("steps", 5, id);
    await outputOf(id);
    await expectSoundHistory(id);
  });
});

describe("[W4] the object is lost at once", () => {
  it("[W4.10] in the middle of an activity: recorded results stay, the open one runs again under the same ID", async () => {
    const [a, b, c] = [newId("gate"), newId("gate"), newId("gate")];
    gate(a).open();
    gate(c).open();
    const id = await start("gatedSteps", [a, b, c]);
    await gate(b).reached();
    await abortAllDurableObjects();
    await gate(b).reached(2);
    gate(b).open();
    expect(await outputOf(id)).toEqual([...idsOf(id)]);
    expect(inputsOf(id)).toEqual([a, b, b, c]);
    expect(idsOf(id).size).toBe(3);
    expect(beginningsOf(id)).toBe(2);
    await expectSoundHistory(id);
    expect((await remainsOf(id)).alarm).toBeNull();
  });

  it("[W4.11] in the middle of a fan-out: only the open ones run again, all together", async () => {
    const names = Array.from({ length: 6 }, () => newId("gate"));
    const done = names.slice(0, 3);
    const open = names.slice(3);
    for (const name of done) gate(name).open();
    const id = await start("gatedFanOut", names);
    await stateOf(id);
    await Promise.all(open.map((name) => gate(name).reached()));
    await expect.poll(async () => (await historyOf(id)).filter((e) => e.startsWith("TaskCompleted")).length).toBe(3);
    await abortAllDurableObjects();
    await Promise.all(open.map((name) => gate(name).reached(2)));
    for (const name of open) gate(name).open();
    expect(await outputOf(id)).toEqual([...idsOf(id)]);
    expect(inputsOf(id).toSorted()).toEqual([...names, ...open].toSorted());
    await expectSoundHistory(id);
  });

  it("[W4.18] with more open activities than run at a time: 64 at once, before and after; each is recorded once", async () => {
    const name = newId("gate");
    const id = await start(
      "gatedFanOut",
      Array.from({ length: 70 }, () => name),
    );
    await gate(name).reached(64);
    await stateOf(id);
    expect(runsOf(id)).toHaveLength(64);
    await abortAllDurableObjects();
    await gate(name).reached(128);
    expect(runsOf(id)).toHaveLength(128);
    gate(name).open();
    expect(new Set((await outputOf(id)) as unknown[])).toEqual(idsOf(id));
    expect(idsOf(id).size).toBe(70);
    expect(runsOf(id)).toHaveLength(134);
    await expectSoundHistory(id);
  });

  it("[W4.12] in the middle of a timer: it fires once, and not early", async () => {
    const id = await start("sleeper", 400);
    await stateOf(id);
    await abortAllDurableObjects();
    expect(await outputOf(id)).toBeGreaterThanOrEqual(400);
    expect(await historyOf(id)).toEqual(["ExecutionStarted", "TimerCreated 1", "TimerFired 1", "ExecutionCompleted"]);
  });

  it("[W4.13] in the middle of a child: parent and child both go on, and the result comes once", async () => {
    const name = newId("gate");
    const id = await start("parent", { workflow: "gatedSteps", input: [name] });
    await gate(name).reached();
    await abortAllDurableObjects();
    await gate(name).reached(2);
    gate(name).open();
    const child = `${id}:0001`;
    expect(await outputOf(id)).toEqual([...idsOf(child)]);
    expect(runsOf(child)).toHaveLength(2);
    expect(await historyOf(id)).toEqual([
      "ExecutionStarted",
      "ChildWorkflowInstanceCreated 1",
      "ChildWorkflowInstanceCompleted 1",
      "ExecutionCompleted",
    ]);
    await expectSoundHistory(child);
  });

  it("[W4.14] in the middle of the alarm's handler: the platform calls it again", async () => {
    const name = newId("gate");
    const id = await start("timerThenGate", name);
    await gate(name).reached();
    await abortAllDurableObjects();
    await gate(name).reached(2);
    gate(name).open();
    expect(await outputOf(id)).toBe([...idsOf(id)][0]);
    expect(idsOf(id).size).toBe(1);
    await expectSoundHistory(id);
  });

  it("[W4.15] twice over in the same activity: still one ID, one result", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    for (const crash of [1, 2]) {
      await gate(name).reached(crash);
      await abortAllDurableObjects();
    }
    await gate(name).reached(3);
    gate(name).open();
    await outputOf(id, 20);
    expect([runsOf(id).length, idsOf(id).size]).toEqual([3, 1]);
    await expectSoundHistory(id);
  }, 20_000);

  it("[W4.16] right after the 202: an accepted start, event, pause and resume are on disk", async () => {
    const id = await start("awaitEvents", { name: "n", count: 2 });
    await abortAllDurableObjects();
    await raise(id, "n", "first");
    await abortAllDurableObjects();
    await operate(id, "pause");
    await abortAllDurableObjects();
    await raise(id, "n", "second");
    await abortAllDurableObjects();
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await operate(id, "resume");
    await abortAllDurableObjects();
    expect(await outputOf(id)).toEqual(["first", "second"]);
  });

  it("[W4.17] right after a terminate: TERMINATED, and nothing runs again", async () => {
    const name = newId("gate");
    const id = await start("gatedSteps", [name]);
    await gate(name).reached();
    await operate(id, "terminate");
    await abortAllDurableObjects();
    expect((await ended(id)).runtimeStatus).toBe("TERMINATED");
    gate(name).open();
    expect(runsOf(id)).toHaveLength(1);
    expect((await historyOf(id)).at(-1)).toBe("ExecutionCompleted");
  });
});

describe("[W4] the object is lost while others depend on it", () => {
  it("[W4.30] an activity that nobody waits for runs again, and its result is recorded after the end", async () => {
    const name = newId("gate");
    const id = await start("carelessSteps", name);
    await gate(name).reached();
    expect(await outputOf(id)).toBe("gone");
    await abortAllDurableObjects();
    await gate(name).reached(2);
    gate(name).open();
    await expect.poll(() => historyOf(id), { timeout: 5000 }).toContain("TaskCompleted 1");
    expect(idsOf(id).size).toBe(1);
    await expectSoundHistory(id);
    await expect.poll(async () => (await remainsOf(id)).alarm).toBeNull();
  });

  it("[W4.31] while children are being started: each is started, each result comes once", async () => {
    const calls = Array.from({ length: 40 }, (_, n) => ({ workflow: "slowSteps", input: n % 5 }));
    const id = await start("parentOfMany", calls);
    await abortAllDurableObjects();
    await ask(`GET ${W}/${id}`);
    await abortAllDurableObjects();
    expect(await outputOf(id, 20)).toEqual(calls.map((call) => call.input));
    await expectSoundHistory(id);
    expect((await historyOf(id)).filter((event) => event.startsWith("ChildWorkflowInstanceCompleted"))).toHaveLength(
      40,
    );
    await expect.poll(() => query(id, "SELECT * FROM outbox")).toEqual([]);
  }, 30_000);

  it("[W4.32] right after a recursive terminate: it reaches the children all the same", async () => {
    const id = await start("parentOfMany", [
      { workflow: "awaitEvent", input: "E" },
      { workflow: "parent", input: { workflow: "awaitEvent", input: "E" } },
    ]);
    const all = [id, `${id}:0001`, `${id}:0002`, `${id}:0002:0001`];
    for (const each of all) await expect.poll(async () => (await ask(`GET ${W}/${each}`)).status).toBe(200);
    await operate(id, "terminate");
    await abortAllDurableObjects();
    for (const each of all) expect((await ended(each)).runtimeStatus).toBe("TERMINATED");
  });

  it("[W4.33] between generations: continue-as-new loses neither its place nor the events it carries", async () => {
    const names = [newId("gate"), newId("gate"), newId("gate")];
    const id = await start("generations", { left: names, seen: [] });
    await raise(id, "last", "carried");
    for (const [n, name] of names.entries()) {
      await gate(name).reached();
      if (n === 1) {
        // An answer leaves once what was written before is on disk; the activity has begun before that.
        await stateOf(id);
        await abortAllDurableObjects();
        await gate(name).reached(2);
      }
      gate(name).open();
    }
    const output = (await outputOf(id)) as unknown[];
    expect(output).toEqual([...idsOf(id), "carried"]);
    expect(runsOf(id)).toHaveLength(4);
    expect(await query(id, `SELECT generation FROM ${INSTANCE}`)).toEqual([{ generation: 3 }]);
  });

  it("[W4.34] while a request waits for its end: the caller gets an answer in Dapr's form, and can ask again", async () => {
    const id = await start("awaitEvent", "E");
    const waiting = ask(`GET ${W}/${id}?waitFor=completed&timeoutSeconds=10`);
    await stateOf(id);
    await abortAllDurableObjects();
    await raise(id, "E", 1);
    const { status, body } = await waiting;
    expect([status, body]).toEqual([
      expect.toSatisfy((answered: number) => answered === 200 || answered === 500),
      status === 200
        ? expect.objectContaining({ instanceID: id, runtimeStatus: "COMPLETED" })
        : { errorCode: "ERR_GET_WORKFLOW", message: expect.stringContaining("nothing was changed, ask again") },
    ]);
    expect(await outputOf(id)).toBe(1);
  });
});

describe("[W4] real alarms", () => {
  it("[W4.20] a timer of 300 ms fires, and not early", async () => {
    const id = await start("sleeper", 300);
    const took = (await outputOf(id)) as number;
    expect(took).toBeGreaterThanOrEqual(300);
    expect((await remainsOf(id)).alarm).toBeNull();
  });

  it("[W4.21] several timers fire each at its own time, in order, through one alarm", async () => {
    const due = [250, 50, 150, 50];
    const fired = (await outputOf(await start("sleeperInParallel", due))) as number[];
    for (const [n, ms] of due.toSorted((a, b) => a - b).entries()) expect(fired[n]).toBeGreaterThanOrEqual(ms);
    expect(fired).toEqual(fired.toSorted((a, b) => a - b));
  });

  it("[W4.22] a timer that is due while suspended completes after the resume, and not before", async () => {
    const id = await start("sleeper", 150);
    await operate(id, "pause");
    // A second instance, whose timer is due later, stands for the time that passes.
    await outputOf(await start("sleeper", 400));
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    await operate(id, "resume");
    await outputOf(id);
  });

  it("[W4.24] results that come while suspended wait for the resume, also through a crash", async () => {
    const [a, b] = [newId("gate"), newId("gate")];
    gate(b).open();
    const id = await start("gatedSteps", [a, b]);
    await gate(a).reached();
    await operate(id, "pause");
    gate(a).open();
    await expect.poll(() => historyOf(id)).toContain("TaskCompleted 1");
    await abortAllDurableObjects();
    expect((await stateOf(id)).runtimeStatus).toBe("SUSPENDED");
    expect(inputsOf(id)).toEqual([a]);
    await operate(id, "resume");
    expect(await outputOf(id)).toEqual([...idsOf(id)]);
    expect(inputsOf(id)).toEqual([a, b]);
  });

  it("[W4.23] a timer that is not yet due at the resume keeps its time", async () => {
    const id = await start("sleeper", 400);
    await operate(id, "pause");
    await operate(id, "resume");
    const took = (await outputOf(id)) as number;
    expect(took).toBeGreaterThanOrEqual(400);
  });
});
