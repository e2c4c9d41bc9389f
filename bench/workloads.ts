import type { Contestant, Work } from "./contestants.ts";
import type { HttpClient } from "./http-client.ts";
import { median, percentile } from "./statistics.ts";

/** How much of each workload one turn runs. */
export interface Size {
  readonly longSequences: number;
  readonly fanouts: number;
  readonly alone: number;
  readonly crowd: number;
}

export const FULL: Size = { longSequences: 5, fanouts: 10, alone: 150, crowd: 500 };
export const QUICK: Size = { longSequences: 3, fanouts: 4, alone: 50, crowd: 150 };
export const WARM_UP: Size = { longSequences: 1, fanouts: 3, alone: 30, crowd: 50 };

const STEPS = 1000;
const FANOUT = 100;
const CHAIN = 5;
const CLIENTS = 50;

/** What one turn of one contestant measured. */
export interface Measurement {
  /** Steps per second of one instance with 1,000 steps one after the other, from start to end as its client sees it. */
  readonly stepsPerSecond: number;
  /** One instance with 100 steps at once. */
  readonly fanout100Ms: number;
  /** One instance with 5 steps, and nothing else going on. */
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  /** The same instances, started by 50 clients of which each waits for the end of its own. */
  readonly instancesPerSecond: number;
  readonly crowdP50Ms: number;
  readonly crowdP99Ms: number;
}

/** The crowd comes last: the objects that it leaves behind are then nobody's burden. */
export async function measure(contestant: Contestant, client: HttpClient, size: Size): Promise<Measurement> {
  const run = (work: Work, n: number) => () => runInstance(contestant, client, work, n);
  const longSequences = await repeat(size.longSequences, run("steps", STEPS));
  const fanouts = await repeat(size.fanouts, run("fanout", FANOUT));
  const alone = await repeat(size.alone, run("start", CHAIN));
  const crowd = await crowded(size.crowd, run("start", CHAIN));
  return {
    stepsPerSecond: (STEPS / median(longSequences)) * 1000,
    fanout100Ms: median(fanouts),
    latencyP50Ms: median(alone),
    latencyP99Ms: percentile(alone, 99),
    instancesPerSecond: (size.crowd / crowd.totalMs) * 1000,
    crowdP50Ms: median(crowd.latenciesMs),
    crowdP99Ms: percentile(crowd.latenciesMs, 99),
  };
}

/** @returns how long it took, in milliseconds; throws when the instance did not complete with the right output */
async function runInstance(contestant: Contestant, client: HttpClient, work: Work, n: number): Promise<number> {
  const id = crypto.randomUUID();
  const expected = (n * (n - 1)) / 2;
  const startedAtMs = performance.now();
  const { status, output } = await contestant.run(client, work, id, n);
  const tookMs = performance.now() - startedAtMs;
  if (status === "COMPLETED" && output === expected) return tookMs;
  throw new Error(
    `${contestant.title}: instance ${id} (${work}, ${n} steps) should be COMPLETED with output ${expected} ` +
      `and is ${JSON.stringify(status)} with output ${JSON.stringify(output)}`,
  );
}

async function repeat(times: number, run: () => Promise<number>): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let i = 0; i < times; i++) latenciesMs.push(await run());
  return latenciesMs;
}

async function crowded(times: number, run: () => Promise<number>): Promise<{ totalMs: number; latenciesMs: number[] }> {
  const latenciesMs: number[] = [];
  let left = times;
  const client = async () => {
    while (left-- > 0) latenciesMs.push(await run());
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { totalMs: performance.now() - startedAtMs, latenciesMs };
}
