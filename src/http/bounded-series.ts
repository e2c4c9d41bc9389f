import type { ShardMetrics } from "../catalog/protocol.ts";
import { OTHER } from "../model/totals.ts";

/** Of all shards together: each may be a histogram of 17 lines, and a Worker has 128 MB. */
export const MOST_SERIES = 6_000;

type Series = ShardMetrics["series"][number];

/**
 * With as many series of each shard as it may have beside the others. The rest is told in one for each kind: names are only ever
 * added, and kept in the order of the alphabet, so that one may go into the rest, and nothing ever falls.
 */
export function bounded(parts: readonly ShardMetrics[]): ShardMetrics[] {
  const most = Math.floor(MOST_SERIES / Math.max(1, parts.length));
  return parts.map((part) => (part.series.length > most ? { ...part, series: few(part.series, most) } : part));
}

function few(all: readonly Series[], most: number): Series[] {
  const kept = new Map<string, readonly number[]>();
  for (const [key, counted] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const into = kept.size < most ? key : key.slice(0, 2) + OTHER;
    const sum = kept.get(into) ?? [];
    kept.set(
      into,
      counted.map((value, n) => value + (sum[n] ?? 0)),
    );
  }
  return [...kept];
}
