import { CONTESTANTS, type ContestantName, type Variant } from "../contestants.ts";
import type { Crowd } from "../load.ts";
import { median, percentile } from "../statistics.ts";
import type { Turn } from "../turn.ts";

export interface Metric {
  readonly title: string;
  readonly better: "more" | "less";
}

/** What one turn measured, by metric. One that a contestant has no number for is left out. */
export type Measurement = Readonly<Record<string, number>>;

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly contestants: readonly ContestantName[];
  /** Default: "plain". */
  readonly variant?: Variant;
  /** Part of `--quick` too, as one of the ratios comes from it. */
  readonly isQuick?: boolean;
  /** Fewer rounds than the others, where one takes long. */
  readonly maxRounds?: number;
  /** More than one where the disk decides, which is the slower and the faster from one second to the next. */
  readonly turnsPerRound?: number;
  /** Warms up, then measures. */
  measure(turn: Turn): Promise<Measurement>;
  /** Runs what it costs once, for the counts: rows, alarms, requests. */
  sample?(turn: Turn): Promise<unknown>;
}

export const ALL = Object.keys(CONTESTANTS) as readonly ContestantName[];

export const LATENCY_METRICS = {
  p50Ms: { title: "1 client, p50 ms", better: "less" },
  p99Ms: { title: "1 client, p99 ms", better: "less" },
} as const;

export function latencies(latenciesMs: readonly number[]): { p50Ms: number; p99Ms: number } {
  return { p50Ms: median(latenciesMs), p99Ms: percentile(latenciesMs, 99) };
}

export const CROWD_METRICS = {
  perSecond: { title: "50 clients, instances/s", better: "more" },
  crowdP50Ms: { title: "50 clients, p50 ms", better: "less" },
  crowdP99Ms: { title: "50 clients, p99 ms", better: "less" },
} as const;

export function crowdFigures({ totalMs, latenciesMs }: Crowd): Record<keyof typeof CROWD_METRICS, number> {
  const { p50Ms, p99Ms } = latencies(latenciesMs);
  return { perSecond: (latenciesMs.length / totalMs) * 1000, crowdP50Ms: p50Ms, crowdP99Ms: p99Ms };
}

export function perSecond(n: number, ms: number): number {
  return (n / ms) * 1000;
}

/** Measured in every turn: the most memory that its workerd held. */
export const MEMORY = "peakMemoryMiB";
