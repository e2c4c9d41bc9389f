import { CONTESTANTS, type ContestantName } from "./contestants.ts";
import { type Summary, summarize } from "./statistics.ts";
import type { Measurement } from "./workloads.ts";

/** All measurements, by contestant; the same index is the same round. A contestant that did not run is not there. */
export type Results = ReadonlyMap<ContestantName, readonly Measurement[]>;

type Metric = keyof Measurement;

const ROWS: readonly { readonly metric: Metric; readonly title: string; readonly moreIsBetter: boolean }[] = [
  { metric: "stepsPerSecond", title: "1,000 steps in sequence, steps/s", moreIsBetter: true },
  { metric: "fanout100Ms", title: "fan-out of 100, ms", moreIsBetter: false },
  { metric: "latencyP50Ms", title: "5 steps, 1 client, p50 ms", moreIsBetter: false },
  { metric: "latencyP99Ms", title: "5 steps, 1 client, p99 ms", moreIsBetter: false },
  { metric: "instancesPerSecond", title: "5 steps, 50 clients, instances/s", moreIsBetter: true },
  { metric: "crowdP50Ms", title: "5 steps, 50 clients, p50 ms", moreIsBetter: false },
  { metric: "crowdP99Ms", title: "5 steps, 50 clients, p99 ms", moreIsBetter: false },
];

type Rival = Exclude<ContestantName, "edge">;

/**
 * How many times as fast edge-workflows is: above 1 it is ahead, whether the metric is a speed or a time. Each round is
 * compared with itself, so that a machine that is slow for a while is slow on both sides.
 */
function speedRatio(results: Results, metric: Metric, rival: Rival): Summary | undefined {
  const ours = results.get("edge");
  const theirs = results.get(rival);
  if (ours === undefined || theirs === undefined) return undefined;
  const moreIsBetter = ROWS.some((row) => row.metric === metric && row.moreIsBetter);
  const ratios = ours.flatMap((our, round) => {
    const their = theirs[round];
    if (their === undefined) return [];
    return [moreIsBetter ? our[metric] / their[metric] : their[metric] / our[metric]];
  });
  return summarize(ratios);
}

export function formatTable(results: Results): string {
  const names = [...results.keys()];
  const rivals = names.includes("edge") ? names.filter((name): name is Rival => name !== "edge") : [];
  const head = [
    "median (range over rounds)",
    ...names.map((name) => CONTESTANTS[name].title),
    ...rivals.map((rival) => `speed vs ${rival}`),
  ];
  const lines = ROWS.map(({ metric, title }) => [
    title,
    ...names.map((name) => formatSummary(summaryOf(results, name, metric))),
    ...rivals.map((rival) => formatSummary(speedRatio(results, metric, rival), "x")),
  ]);
  return formatColumns([head, ...lines]);
}

/** Every ratio is a speed ratio as above, but `latency_vs_floor`: 2 is twice the floor's latency. `null`: did not run. */
export function toJson(results: Results, fsyncMs: Summary): object {
  const ratio = (metric: Metric, rival: Rival) => speedRatio(results, metric, rival)?.median ?? null;
  const latencySpeed = ratio("latencyP50Ms", "floor");
  const names = [...results.keys()];
  return {
    ratios: {
      steps_vs_cloudflare: ratio("stepsPerSecond", "cloudflare"),
      steps_vs_floor: ratio("stepsPerSecond", "floor"),
      instances_vs_cloudflare: ratio("instancesPerSecond", "cloudflare"),
      instances_vs_floor: ratio("instancesPerSecond", "floor"),
      latency_vs_floor: latencySpeed === null ? null : 1 / latencySpeed,
      fanout100_vs_cloudflare: ratio("fanout100Ms", "cloudflare"),
    },
    raw: {
      fsyncMs,
      ...Object.fromEntries(
        names.map((name) => [
          name,
          Object.fromEntries(ROWS.map(({ metric }) => [metric, summaryOf(results, name, metric)])),
        ]),
      ),
    },
  };
}

function summaryOf(results: Results, name: ContestantName, metric: Metric): Summary {
  return summarize((results.get(name) ?? []).map((measurement) => measurement[metric]));
}

function formatSummary(summary: Summary | undefined, unit = ""): string {
  if (summary === undefined) return "";
  const { median, min, max } = summary;
  return `${formatNumber(median)}${unit} (${formatNumber(min)}-${formatNumber(max)})`;
}

/** Three digits that count. */
export function formatNumber(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function formatColumns(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return table.map(format).join("\n");
}
