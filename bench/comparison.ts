// What is said of two commits that did the same work in turn. Pure.
import { median, percentile } from "./statistics.ts";

/** The most that the medians may be apart. */
export const TOLERANCE = 0.05;
const RESAMPLES = 2_000;

export interface Comparison {
  readonly before: number;
  readonly after: number;
  /** Above 1 the later commit takes more. */
  readonly ratio: number;
  /** How far the medians of two such runs of one commit are apart, in 95 of 100 cases. */
  readonly spread: number;
  readonly verdict: "alike" | "slower" | "faster";
}

/**
 * Slower, or faster, is what is beyond 5 % and beyond the spread: what one commit compared with itself would show. It is
 * taken from the turns of each commit, drawn again with replacement; the larger of the two counts.
 */
export function compare(before: readonly number[], after: readonly number[]): Comparison {
  for (const values of [before, after])
    if (values.length === 0 || !values.every((value) => value > 0))
      throw new Error(`expected measurements above 0, found ${JSON.stringify(values)}`);
  const ratio = median(after) / median(before);
  const spread = Math.max(spreadOf(before), spreadOf(after));
  const isApart = Math.abs(ratio - 1) > Math.max(TOLERANCE, spread);
  const verdict = !isApart ? "alike" : ratio > 1 ? "slower" : "faster";
  return { before: median(before), after: median(after), ratio, spread, verdict };
}

export function spreadOf(values: readonly number[]): number {
  const random = seeded(1);
  const drawn = () => median(values.map(() => values[Math.floor(random() * values.length)] as number));
  return percentile(
    Array.from({ length: RESAMPLES }, () => Math.abs(drawn() / drawn() - 1)),
    95,
  );
}

/** The same numbers from 0 to 1 each time (mulberry32), so that the same turns have the same spread. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Counted = Readonly<Record<string, number>>;

/** Where the counts of a workload are not equal: `steps: rowsWritten 12, before 10`. */
export function differences(before: ReadonlyMap<string, Counted>, after: ReadonlyMap<string, Counted>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((workload) => {
    const [then = {}, now = {}] = [before.get(workload), after.get(workload)];
    return [...new Set([...Object.keys(then), ...Object.keys(now)])]
      .filter((name) => then[name] !== now[name])
      .map((name) => `${workload}: ${name} ${now[name] ?? "not counted"}, before ${then[name] ?? "not counted"}`);
  });
}

/** Of several runs of one workload: what comes in between (an alarm of a machine that was slow) only adds. */
export function least(runs: readonly Counted[]): Counted {
  const [first = {}] = runs;
  return Object.fromEntries(Object.keys(first).map((name) => [name, Math.min(...runs.map((run) => run[name] ?? NaN))]));
}

/** Which plays first in each pair: in turn, so that what drifts is on both sides. */
export function orderOf<T>(pair: number, before: T, after: T): readonly [T, T] {
  return pair % 2 === 0 ? [before, after] : [after, before];
}
