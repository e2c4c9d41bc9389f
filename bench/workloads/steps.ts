import type { Job } from "../job.ts";
import { median } from "../statistics.ts";
import type { Turn } from "../turn.ts";
import { ALL, LATENCY_METRICS, latencies, perSecond, type Workload } from "./workload.ts";

const steps = (n: number): Job => ({ work: "steps", n });
const fanout = (n: number): Job => ({ work: "fanout", n });

/** Whether it is waited for here: Cloudflare's local engine takes a minute for 10,000 steps and refuses 50,000. */
const longest = ({ name, isCloudflare, isQuick }: Turn) => {
  if (isCloudflare) return isQuick ? 1_000 : 10_000;
  return isQuick && name === "floor" ? 10_000 : 50_000;
};

export const sequence: Workload = {
  name: "steps",
  title: "steps in sequence",
  metrics: {
    perSecond1k: { title: "1,000 steps, steps/s", better: "more" },
    perSecond10k: { title: "10,000 steps, steps/s", better: "more" },
    perSecond50k: { title: "50,000 steps, steps/s", better: "more" },
    growth50k: { title: "cost of a step at 50,000 / 1,000", better: "less" },
    marginalGrowth50k: { title: "cost of a step beyond 10,000 / below 1,000", better: "less" },
  },
  contestants: ALL,
  isQuick: true,
  async measure(turn) {
    await turn.warmUp(() => turn.run(steps(1_000)));
    const ms1k = median(await turn.repeat(turn.isCloudflare ? 2 : 9, steps(1_000)));
    const figures = { perSecond1k: perSecond(1_000, ms1k) };
    if (longest(turn) < 10_000) return figures;
    const ms10k = median(await turn.repeat(turn.isCloudflare ? 1 : 3, steps(10_000)));
    const figures10k = { ...figures, perSecond10k: perSecond(10_000, ms10k) };
    if (longest(turn) < 50_000) return figures10k;
    const ms50k = await turn.run(steps(50_000));
    const msSmall = median(await turn.repeat(9, steps(1)));
    return {
      ...figures10k,
      perSecond50k: perSecond(50_000, ms50k),
      growth50k: ms50k / 50 / ms1k,
      marginalGrowth50k: (ms50k - ms10k) / 40 / (ms1k - msSmall),
    };
  },
  sample: (turn) => turn.run(steps(1_000)),
};

/** As large as Cloudflare's local engine can bear: 10,000 at once end it. */
export const fanouts: readonly Workload[] = [100, 1_000, 10_000].map((n) => ({
  name: `fanout_${n}`,
  title: `fan-out of ${n.toLocaleString("en-US")}`,
  metrics: { ms: { title: "ms", better: "less" }, perSecond: { title: "steps/s", better: "more" } },
  contestants: n > 1_000 ? (["edge", "floor"] as const) : ALL,
  isQuick: n === 100,
  maxRounds: n === 100 ? 5 : 3,
  turnsPerRound: n === 100 ? 3 : 1,
  async measure(turn: Turn) {
    await turn.warmUp(() => turn.run(fanout(n)));
    const ms = median(await turn.repeat(n === 100 ? (turn.isCloudflare ? 4 : 15) : 3, fanout(n)));
    return { ms, perSecond: perSecond(n, ms) };
  },
  sample: (turn: Turn) => turn.run(fanout(n)),
}));

export const payloads: readonly Workload[] = [10_000, 50_000, 100_000, 1_000_000].map((bytes) => {
  const job = (n: number): Job => ({ work: "payload", n, bytes });
  const n = bytes > 100_000 ? 10 : 50;
  return {
    name: `payload_${bytes}`,
    title: `payload of ${bytes / 1000} KB in and out of ${n} steps`,
    metrics: { perSecond: { title: "steps/s", better: "more" } },
    contestants: ALL,
    maxRounds: 3,
    async measure(turn: Turn) {
      await turn.warmUp(() => turn.run(job(n)));
      return { perSecond: perSecond(n, median(await turn.repeat(5, job(n)))) };
    },
    sample: (turn: Turn) => turn.run(job(n)),
  };
});

export const io: Workload = {
  name: "io",
  title: "200 steps that each wait 1 ms for HTTP",
  metrics: { perSecond: { title: "steps/s", better: "more" }, ...LATENCY_METRICS },
  contestants: ALL,
  isQuick: true,
  turnsPerRound: 2,
  async measure(turn) {
    const job: Job = { work: "io", n: 200, url: turn.echoUrl };
    await turn.warmUp(() => turn.run(job));
    const latenciesMs = await turn.repeat(turn.isCloudflare ? 1 : 3, job);
    return { perSecond: perSecond(200, median(latenciesMs)), ...latencies(latenciesMs) };
  },
  sample: (turn) => turn.run({ work: "io", n: 200, url: turn.echoUrl }),
};
