/**
 * npm ci && npm start, here: a few of the workloads done by engines that are not for Cloudflare, on this machine. Restate's
 * server comes from npm; DBOS needs a PostgreSQL that is installed, of which one is started on a directory of its own.
 * Each engine syncs to the same disk. They are asked over HTTP and answer when the instance has ended.
 */
import { type Job, outputOf } from "../job.ts";
import { crowd, repeat } from "../load.ts";
import { formatColumns, formatNumber } from "../report.ts";
import { median, percentile, summarize } from "../statistics.ts";
import { PEERS, type Peer } from "./peers.ts";
import { Processes } from "./processes.ts";

const ROUNDS = 3;
const WARM_UP_MS = 3_000;
const CLIENTS = 50;
const TITLES = [
  "sum_series, 1 client, p50 ms",
  "sum_series, 1 client, p99 ms",
  "sum_series, 50 clients, instances/s",
  "sum_series, 50 clients, p50 ms",
  "sum_series, 50 clients, p99 ms",
  "1,000 steps in sequence, steps/s",
  "fan-out of 100, ms",
];

async function takeTurn(peer: Peer): Promise<number[]> {
  const processes = new Processes();
  try {
    const runInstance = await peer.start(processes);
    const run = async (job: Job) => {
      const startedAtMs = performance.now();
      const output = await runInstance(job, crypto.randomUUID());
      if (output === outputOf(job)) return performance.now() - startedAtMs;
      throw new Error(`${peer.title}: expected ${outputOf(job)} of ${job.work}, found ${JSON.stringify(output)}`);
    };
    return await measure(run);
  } finally {
    await processes.end();
  }
}

async function measure(run: (job: Job) => Promise<number>): Promise<number[]> {
  const series: Job = { work: "series", n: 5 };
  const until = performance.now() + WARM_UP_MS;
  do await crowd(CLIENTS, CLIENTS, () => run(series));
  while (performance.now() < until);
  const alone = await repeat(100, () => run(series));
  const crowded = await crowd(400, CLIENTS, () => run(series));
  await run({ work: "steps", n: 1_000 });
  const steps = await repeat(5, () => run({ work: "steps", n: 1_000 }));
  const fanout = await repeat(10, () => run({ work: "fanout", n: 100 }));
  return [
    median(alone),
    percentile(alone, 99),
    (crowded.latenciesMs.length / crowded.totalMs) * 1_000,
    median(crowded.latenciesMs),
    percentile(crowded.latenciesMs, 99),
    1_000_000 / median(steps),
    median(fanout),
  ];
}

const results = PEERS.map((): number[][] => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, peer] of PEERS.entries()) {
    process.stderr.write(`round ${round + 1} of ${ROUNDS}: ${peer.title}\n`);
    try {
      results[i]?.push(await takeTurn(peer));
    } catch (error) {
      process.stderr.write(`failed: ${peer.title}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

const lines = TITLES.map((title, metric) => [
  title,
  ...results.map((rounds) => {
    if (rounds.length === 0) return "-";
    const { median, min, max } = summarize(rounds.map((figures) => figures[metric] ?? Number.NaN));
    return `${formatNumber(median)} (${formatNumber(min)}-${formatNumber(max)})`;
  }),
]);
console.log(formatColumns([["median (range over rounds)", ...PEERS.map(({ title }) => title)], ...lines]));
