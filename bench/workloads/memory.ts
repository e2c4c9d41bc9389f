import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Job, sumBelow } from "../job.ts";
import { median, percentile } from "../statistics.ts";
import type { Turn } from "../turn.ts";
import type { Workload } from "./workload.ts";

const WARM_UPS = 3;
const REPEATS = 7;
const PATIENCE_MS = 60_000;

/**
 * An instance that is not in memory is asked for what only its code knows, so that its history is read and replayed. Each
 * step is two events. The computing time is that of the whole workerd during that one request.
 */
export const cold: Workload = {
  name: "cold_resume",
  title: "cold resume",
  metrics: {
    cpuMs100: { title: "100 events, CPU ms", better: "less" },
    cpuMs10k: { title: "10,000 events, CPU ms", better: "less" },
    wallMs10k: { title: "10,000 events, ms", better: "less" },
    restartCpuMs10k: { title: "10,000 events in a new workerd, CPU ms", better: "less" },
    cpuMs50k: { title: "50,000 events, CPU ms", better: "less" },
    growth: { title: "CPU for an event of 50,000 / of 10,000", better: "less" },
  },
  contestants: ["edge", "floor"],
  isQuick: true,
  maxRounds: 3,
  async measure(turn) {
    const small = await resume(turn, 100);
    const large = await resume(turn, 10_000);
    const huge = await resume(turn, 50_000);
    await turn.restart();
    await ask(turn, small.id, 100);
    return {
      cpuMs100: small.cpuMs,
      cpuMs10k: large.cpuMs,
      wallMs10k: large.wallMs,
      restartCpuMs10k: (await ask(turn, large.id, 10_000)).cpuMs,
      cpuMs50k: huge.cpuMs,
      growth: huge.cpuMs / large.cpuMs / 5,
    };
  },
};

async function resume(turn: Turn, events: number): Promise<{ id: string; cpuMs: number; wallMs: number }> {
  const id = crypto.randomUUID();
  await turn.start({ work: "cold", n: events / 2 }, id);
  await untilItHasRun(turn, id, events);
  const asked: { cpuMs: number; wallMs: number }[] = [];
  for (let i = 0; i < WARM_UPS + REPEATS; i++) {
    await turn.evict(id);
    asked.push(await ask(turn, id, events));
  }
  const counted = asked.slice(WARM_UPS);
  return { id, cpuMs: median(counted.map((a) => a.cpuMs)), wallMs: median(counted.map((a) => a.wallMs)) };
}

/** While its steps run, an instance may also refuse to answer. */
async function untilItHasRun(turn: Turn, id: string, events: number): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await turn.query(id).catch((error: unknown) => error);
    if (found === sumBelow(events / 2)) return;
    if (performance.now() > deadlineMs)
      throw new Error(`instance ${id} should have got to ${sumBelow(events / 2)} and answers ${String(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ask(turn: Turn, id: string, events: number): Promise<{ cpuMs: number; wallMs: number }> {
  const [cpuBeforeMs, startedAtMs] = [turn.workerd.cpuMs(), performance.now()];
  const sum = await turn.query(id);
  const wallMs = performance.now() - startedAtMs;
  if (sum === sumBelow(events / 2)) return { cpuMs: turn.workerd.cpuMs() - cpuBeforeMs, wallMs };
  throw new Error(`instance ${id} should have come back with ${sumBelow(events / 2)} and has with ${String(sum)}`);
}

const ASLEEP: Job = { work: "asleep", n: 0, inMs: 24 * 3_600_000 };
const SLEEPERS = 10_000;
/**
 * The local runtime keeps an object open for ten seconds after its last use, with three file descriptors, of which it may
 * have 20,000: with this many a second some 4,000 objects are open.
 */
const CREATED_PER_SECOND = 400;
const EVICTED_AFTER_MS = 12_000;
const CREATORS = 8;

/** Cloudflare's local engine is not here: its objects stay in memory for good, and workerd ends at 6,600 of them. */
export const asleep: Workload = {
  name: "asleep_10000",
  title: "10,000 instances asleep",
  metrics: {
    createdPerSecond: { title: `created/s (${CREATED_PER_SECOND} at most)`, better: "more" },
    memoryMiB: { title: "workerd's memory with all asleep, MiB", better: "less" },
    kiBOnDisk: { title: "KiB on disk for each", better: "less" },
    wakeP50Ms: { title: "first request to one, p50 ms", better: "less" },
    wakeP99Ms: { title: "first request to one, p99 ms", better: "less" },
  },
  contestants: ["edge", "floor"],
  maxRounds: 1,
  async measure(turn) {
    const ids = Array.from({ length: SLEEPERS }, () => crypto.randomUUID());
    const createdMs = await createSlowly(turn, ids);
    await new Promise((resolve) => setTimeout(resolve, EVICTED_AFTER_MS));
    const memoryMiB = turn.workerd.memoryMiB();
    const kiBOnDisk = bytesBelow(turn.directory) / 1024 / SLEEPERS;
    const woken = ids.filter((_, i) => i % (SLEEPERS / 200) === 0);
    const wokenMs: number[] = [];
    for (const id of woken) {
      const startedAtMs = performance.now();
      await turn.query(id);
      wokenMs.push(performance.now() - startedAtMs);
    }
    const createdPerSecond = (SLEEPERS / createdMs) * 1000;
    const wakes = { wakeP50Ms: median(wokenMs), wakeP99Ms: percentile(wokenMs, 99) };
    return { createdPerSecond, memoryMiB, kiBOnDisk, ...wakes };
  },
  sample: (turn) => turn.start(ASLEEP, crypto.randomUUID()),
};

async function createSlowly(turn: Turn, ids: readonly string[]): Promise<number> {
  const startedAtMs = performance.now();
  let next = 0;
  const create = async () => {
    while (next < ids.length) {
      const dueInMs = startedAtMs + (next * 1000) / CREATED_PER_SECOND - performance.now();
      const id = ids[next++] ?? "";
      if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
      await turn.start(ASLEEP, id);
    }
  };
  await Promise.all(Array.from({ length: CREATORS }, create));
  return performance.now() - startedAtMs;
}

function bytesBelow(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0);
}
