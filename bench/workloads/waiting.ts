import type { Job } from "../job.ts";
import { median } from "../statistics.ts";
import type { Turn } from "../turn.ts";
import { ALL, latencies, perSecond, type Workload } from "./workload.ts";

const TIMERS_IN_MS = 3_000;

/** From the moment at which all are due until the client knows that the instance has ended. */
export const timers: Workload = {
  name: "timers_1000",
  title: "1,000 timers due together",
  metrics: { lateMs: { title: "ms after they are due", better: "less" } },
  contestants: ALL,
  maxRounds: 3,
  async measure(turn) {
    const job: Job = { work: "timers", n: 1_000, inMs: TIMERS_IN_MS };
    await turn.run({ ...job, inMs: 1_000 });
    return { lateMs: median(await turn.repeat(3, job)) - TIMERS_IN_MS };
  },
  sample: (turn) => turn.run({ work: "timers", n: 1_000, inMs: 1_000 }),
};

const INSTANCES = 100;
const EVENTS_PER_SECOND = 100;
const EVENTS_EACH = 10;

export const events: Workload = {
  name: "events",
  title: "100 events/s into 100 instances, 10 s",
  metrics: {
    p50Ms: { title: "raise, p50 ms", better: "less" },
    p99Ms: { title: "raise, p99 ms", better: "less" },
    endMs: { title: "from the last event to the last end, ms", better: "less" },
  },
  contestants: ALL,
  maxRounds: 3,
  async measure(turn) {
    // Of few instances: the runtime closes them ten seconds later, each in a millisecond or more, while others wait.
    await raiseInto(turn, 2, 75);
    const { latenciesMs, endMs } = await raiseInto(turn, INSTANCES, EVENTS_EACH);
    return { ...latencies(latenciesMs), endMs };
  },
  sample: (turn) => raiseInto(turn, 1, EVENTS_EACH),
};

/** Each event is sent when it is its turn, whether or not the ones before are answered, and timed from then on. */
async function raiseInto(turn: Turn, instances: number, each: number) {
  const job: Job = { work: "events", n: each };
  const ids = Array.from({ length: instances }, () => crypto.randomUUID());
  for (const id of ids) await turn.start(job, id);
  const startedAtMs = performance.now();
  const raised: Promise<number>[] = [];
  for (let i = 0; i < instances * each; i++) {
    const dueInMs = startedAtMs + (i * 1000) / EVENTS_PER_SECOND - performance.now();
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    raised.push(turn.raise(ids[i % instances] ?? ""));
  }
  const lastAtMs = performance.now();
  const latenciesMs = await Promise.all(raised);
  await Promise.all(ids.map((id) => turn.finish(job, id)));
  return { latenciesMs, endMs: performance.now() - lastAtMs };
}

export const children: Workload = {
  name: "children_500",
  title: "500 children at once",
  metrics: { ms: { title: "ms", better: "less" }, perSecond: { title: "children/s", better: "more" } },
  contestants: ALL,
  maxRounds: 3,
  async measure(turn) {
    await turn.run({ work: "children", n: 50 });
    const ms = await turn.run({ work: "children", n: 500 });
    return { ms, perSecond: perSecond(500, ms) };
  },
  sample: (turn) => turn.run({ work: "children", n: 500 }),
};

export const again: Workload = {
  name: "continue_as_new_1000",
  title: "continue-as-new 1,000 times",
  metrics: { perSecond: { title: "executions/s", better: "more" } },
  contestants: ["edge", "floor"],
  maxRounds: 3,
  async measure(turn) {
    const job: Job = { work: "again", n: 1_000 };
    await turn.warmUp(() => turn.run(job));
    return { perSecond: perSecond(1_000, median(await turn.repeat(5, job))) };
  },
  sample: (turn) => turn.run({ work: "again", n: 1_000 }),
};
