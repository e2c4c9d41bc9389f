// kill -9 in the middle of everything. Each test prints its seed; CRASH_SEED repeats it.
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Api, bundle, outputOf, serve, temporaryDirectory, until } from "../e2e/server.ts";
import { faultsOf, readInstances, recordedActivities, type StoredInstance } from "./database.ts";
import { gone, Host, kill, ownWorkerd } from "./processes.ts";
import { Recorder } from "./recorder.ts";

const SEED = Number(process.env.CRASH_SEED ?? 20_261_124);
const TIMER_SECONDS = 2;

let directory: string;
let recorder: Recorder;
/** Everything that has to be stopped, whatever the test's end. */
let cleanUp: (() => Promise<void>)[];

beforeEach(async () => {
  directory = temporaryDirectory();
  recorder = await Recorder.listen(["gated"]);
  cleanUp = [];
});

afterEach(async () => {
  for (const stop of cleanUp.reverse()) await stop();
  await recorder.close();
  rmSync(directory, { recursive: true, force: true });
});

async function startHost(): Promise<Host> {
  const host = await Host.start(directory, recorder.url);
  cleanUp.push(() => host.kill());
  return host;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = ["a-activity", "a-timer", "a-event", "a-buffered", "a-parent"] as const;

/** Starts one instance of each kind and returns when each is in the middle of what it waits for. */
async function bringToTheMiddle(api: Api): Promise<void> {
  await Promise.all([
    api.start("activities", "a-activity"),
    api.start("timer", "a-timer", TIMER_SECONDS),
    api.start("events", "a-event"),
    api.start("events", "a-buffered"),
    api.start("parent", "a-parent"),
  ]);
  const has = (instanceId: string, phase: string, label: string) => () =>
    recorder.of(instanceId).some((report) => report.phase === phase && report.label === label);
  await recorder.until("a-activity in its gated activity", has("a-activity", "started", "gated"));
  await recorder.until("the child in its gated activity", has("a-parent:0002", "started", "gated"));
  for (const id of KINDS) await recorder.until(`${id} beyond its first activity`, has(id, "finished", "before"));
  // A description takes into account all that was received before: here the result of the first activity.
  for (const id of KINDS) expect((await api.state(id)).runtimeStatus).toBe("RUNNING");
}

/** What has to hold for each kind once all have ended. */
async function expectEnds(api: Api): Promise<void> {
  const chain = ["before done", "gated done", "after done"];
  const expected: Record<(typeof KINDS)[number], unknown> = {
    "a-activity": chain,
    "a-timer": { before: "before done", after: "after done", isEarly: false },
    "a-event": ["before done", "awaited", "buffered", "after done"],
    "a-buffered": ["before done", "awaited", "buffered", "after done"],
    "a-parent": ["before done", chain, "after done"],
  };
  for (const id of KINDS) {
    const state = await api.ended(id);
    expect([id, state.runtimeStatus, outputOf(state)]).toEqual([id, "COMPLETED", expected[id]]);
  }
}

/** The whole of the rules about side effects and histories, once nothing runs any more. */
function expectConsistent(instances: ReadonlyMap<string, StoredInstance>, ids: readonly string[]): void {
  expect([...instances.keys()].sort()).toEqual([...ids].sort());
  for (const instance of instances.values()) {
    expect([instance.instanceId, instance.status, faultsOf(instance)]).toEqual([instance.instanceId, "COMPLETED", []]);
    // Every activity ran, under one task execution ID for all its attempts.
    const scheduled = instance.history.filter(({ type }) => type === "TaskScheduled");
    const expected = scheduled.map(({ taskId, payload }) => `${instance.executionId}:${taskId} ${payload}`);
    const reports = recorder.of(instance.instanceId);
    const ran = reports.filter(({ phase }) => phase === "finished");
    const seen = (all: typeof reports) => new Set(all.map((r) => `${r.taskExecutionId} ${JSON.stringify(r.label)}`));
    expect(seen(ran)).toEqual(new Set(expected));
    expect(seen(reports)).toEqual(new Set(expected));
    // No timer was early by the clock outside either.
    const timer = instance.history.find(({ type }) => type === "TimerCreated");
    const after = reports.find(({ label }) => label === "after");
    if (timer !== undefined && after !== undefined) {
      expect(after.atMs).toBeGreaterThanOrEqual(Number(timer.detail.fireAtMs));
    }
  }
}

/**
 * What was on disk at a crash is the beginning of what is there at the end, and activities whose result was on disk do
 * not run in `epoch`, the time after that crash, or later.
 */
function expectContinued(
  atCrash: ReadonlyMap<string, StoredInstance>,
  atEnd: ReadonlyMap<string, StoredInstance>,
  epoch: number,
): void {
  for (const [id, { history }] of atCrash) expect(atEnd.get(id)?.history.slice(0, history.length)).toEqual(history);
  const recorded = recordedActivities(atCrash.values());
  const again = recorder.reports.filter((report) => report.epoch >= epoch && recorded.has(report.taskExecutionId));
  expect(again).toEqual([]);
}

describe("[C1] The whole server is killed and started again on the same directory", () => {
  const random = randomFrom(SEED);
  const moments = [0, 1, 2].map(() => Math.floor(random() * 40));

  it.each(moments)(
    "[C1.1] in the middle of an activity, a timer, two event waits and a child, %i ms on",
    async (pauseMs) => {
      console.log(`CRASH_SEED=${SEED}`);
      const first = await startHost();
      const api = new Api(first.origin);
      await bringToTheMiddle(api);
      await delay(pauseMs);
      // Both are acknowledged, and nothing else is waited for before the kill.
      await Promise.all([api.raise("a-event", "awaited", "awaited"), api.raise("a-buffered", "buffered", "buffered")]);
      await first.kill();

      const atCrash = readInstances(directory);
      recorder.epoch++;
      const second = await startHost();
      recorder.open("gated");
      const apiAfter = new Api(second.origin);
      await apiAfter.raise("a-event", "buffered", "buffered");
      await apiAfter.raise("a-buffered", "awaited", "awaited");
      await expectEnds(apiAfter);
      await second.stop();

      const atEnd = readInstances(directory);
      expectConsistent(atEnd, [...KINDS, "a-parent:0002"]);
      expectContinued(atCrash, atEnd, 1);
      expect(
        recorder.of("a-activity").filter(({ label, phase }) => label === "gated" && phase === "started"),
      ).toHaveLength(2);
    },
  );

  it("[C1.2] a timer that was due while nothing ran fires at the start, and nobody has to ask for it", async () => {
    const first = await startHost();
    await new Api(first.origin).start("timer", "overdue", 0.5);
    await recorder.until("the first activity", () => recorder.of("overdue").some(({ phase }) => phase === "finished"));
    expect((await new Api(first.origin).state("overdue")).runtimeStatus).toBe("RUNNING");
    await first.kill();
    await delay(600);
    recorder.epoch++;
    const second = await startHost();
    // No request reaches the object before this.
    await recorder.until("the activity after the timer", () =>
      recorder.of("overdue").some(({ label }) => label === "after"),
    );
    const state = await new Api(second.origin).ended("overdue");
    expect([state.runtimeStatus, outputOf(state)]).toEqual([
      "COMPLETED",
      { before: "before done", after: "after done", isEarly: false },
    ]);
    await second.stop();
    expectConsistent(readInstances(directory), ["overdue"]);
  });

  it("[C1.3] at random moments, again and again, under load: nothing acknowledged is lost, nothing is there twice", async () => {
    console.log(`CRASH_SEED=${SEED}`);
    const random = randomFrom(SEED ^ 0x9e3779b9);
    const KILLS = 5;
    const NEW_FOR_EACH = 5;
    const LENGTH = 4;
    recorder.latencyMs = () => Math.floor(random() * 20);
    const ids: string[] = [];
    const acknowledged = new Set<string>();
    const crashes: ReadonlyMap<string, StoredInstance>[] = [];

    /** An ID whose start was cut off before its answer may exist all the same, and may even have ended. */
    const startOnce = async (api: Api, id: string) => {
      if (!(await api.exists(id))) await api.start("mixture", id, LENGTH);
      acknowledged.add(id);
    };
    let host = await startHost();
    for (let crash = 0; crash < KILLS; crash++) {
      const api = new Api(host.origin);
      for (let i = 0; i < NEW_FOR_EACH; i++) ids.push(`mix-${crash}-${i}`);
      const missing = ids.filter((id) => !acknowledged.has(id));
      const load = Promise.allSettled(missing.map((id) => startOnce(api, id)));
      await delay(5 + Math.floor(random() * 250));
      await host.kill();
      await load;
      const atCrash = readInstances(directory);
      for (const id of acknowledged) expect([id, atCrash.has(id)]).toEqual([id, true]);
      crashes.push(atCrash);
      recorder.epoch++;
      host = await startHost();
    }

    const api = new Api(host.origin);
    for (const id of ids.filter((id) => !acknowledged.has(id))) await startOnce(api, id);
    const numbers = Array.from({ length: LENGTH }, (_, i) => i);
    for (const id of ids) {
      const state = await api.ended(id);
      expect([id, state.runtimeStatus, outputOf(state)]).toEqual([
        id,
        "COMPLETED",
        {
          steps: numbers.map((i) => `chain-${i} done`),
          all: numbers.map((i) => `fan-${i} done`),
          children: [
            ["one done", "two done"],
            ["one done", "two done"],
          ],
        },
      ]);
    }
    await host.stop();
    const children = ids.flatMap((id) => [10, 11].map((call) => `${id}:${call.toString(16).padStart(4, "0")}`));
    const atEnd = readInstances(directory);
    expectConsistent(atEnd, [...ids, ...children]);
    for (const [index, atCrash] of crashes.entries()) expectContinued(atCrash, atEnd, index + 1);
  });
});

describe("[C2] workerd alone is killed, and Miniflare starts another on the same port", () => {
  it("[C2.1] in the middle of an activity, a timer, two event waits and a child", async () => {
    let restarts = 0;
    const entry = fileURLToPath(new URL("./worker.js", import.meta.url).href);
    const server = await serve(await bundle(entry), {
      directory,
      variables: { RECORDER_URL: recorder.url },
      onRestart: () => restarts++,
    });
    let closed = false;
    const close = async () => {
      if (!closed) await server.close();
      closed = true;
    };
    cleanUp.push(close);
    const api = new Api(server.origin);
    await bringToTheMiddle(api);
    await Promise.all([api.raise("a-event", "awaited", "awaited"), api.raise("a-buffered", "buffered", "buffered")]);
    const workerd = await ownWorkerd();
    kill(workerd.pid);
    await gone([workerd]);
    recorder.epoch++;
    await until("an answer of the new workerd", async () => {
      const answer = await fetch(`${server.origin}/v1.0/healthz`).catch(() => undefined);
      return answer?.status === 204;
    });
    expect((await ownWorkerd()).pid).not.toBe(workerd.pid);
    await until("the news of the restart", () => restarts === 1);

    recorder.open("gated");
    await api.raise("a-event", "buffered", "buffered");
    await api.raise("a-buffered", "awaited", "awaited");
    await expectEnds(api);
    await close();
    expectConsistent(readInstances(directory), [...KINDS, "a-parent:0002"]);
  });
});
