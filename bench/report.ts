import { CONTESTANTS, type ContestantName } from "./contestants.ts";
import type { Counts } from "./counts.ts";
import type { Results, Rival } from "./results.ts";
import type { Summary } from "./statistics.ts";
import { MEMORY, type Workload } from "./workloads/workload.ts";

type Line = readonly string[];

/** Of the instances for the same CPU without telemetry: so many less are there where the CPU decides. */
const LEAST_WITH_TELEMETRY = 0.85;

export function formatTable(results: Results): string {
  const { names } = results;
  const rivals = rivalsIn(results);
  const head = [
    "median (range over rounds)",
    ...names.map((name) => CONTESTANTS[name].title),
    ...rivals.map((rival) => `speed vs ${rival}`),
  ];
  return formatColumns([head, ...results.workloads.flatMap((workload) => linesOf(results, workload, rivals))]);
}

function linesOf(results: Results, workload: Workload, rivals: readonly Rival[]): Line[] {
  const lines = Object.entries(workload.metrics).map(([metric, { title }]) => [
    `  ${title}`,
    ...results.names.map((name) => formatSummary(results.summary(name, workload, metric))),
    ...rivals.map((rival) => formatSummary(results.speedRatio(workload, metric, rival), "x")),
  ]);
  const memory = results.names.map((name) => formatSummary(results.summary(name, workload, MEMORY)));
  const costs = results.names.map((name) => formatCounts(results.counts.get(name)?.get(workload.name)));
  return [
    [workload.title],
    ...lines.filter((line) => line.slice(1).some((cell) => cell !== "-")),
    ["  workerd's most memory, MiB", ...memory],
    ...(costs.some((cell) => cell !== "-") ? [["  rows written / read, setAlarm, requests", ...costs]] : []),
  ];
}

/** What the log costs, where both were measured. */
export function formatLogs(results: Results): string | undefined {
  const relation = withLogs(results);
  return relation && `with logs: ${formatSummary(relation, "x")} as many instances/s as without, at 50 clients.`;
}

/** What the catalog costs, where both were measured: in each round both have had their turn. */
export function formatCatalog(results: Results): string | undefined {
  const speed = results.relation("sum_series_catalog", "sum_series", "perSecond");
  const latency = results.relation("sum_series_catalog", "sum_series", "p50Ms");
  if (speed === undefined || latency === undefined) return undefined;
  return `with the catalog: ${formatSummary(speed, "x")} as many instances/s as without, at 50 clients; p50 ${formatSummary(latency, "x")} at 1 client.`;
}

/** What telemetry costs, where it was measured beside the same work without it. */
export function formatTelemetry(results: Results): string | undefined {
  const relation = withTelemetry(results);
  const speed = results.relation("sum_series_telemetry", "sum_series_catalog", "perSecond");
  if (relation === undefined || speed === undefined) return undefined;
  const verdict = isTelemetryDear(results) ? "LESS than" : "at least";
  return `with metrics and traces: ${formatSummary(relation, "x")} as many instances for the same CPU as without, ${verdict} the ${LEAST_WITH_TELEMETRY} that is promised; ${formatSummary(speed, "x")} as many instances/s, at 50 clients.`;
}

/** Whether it was measured, and costs more than is promised. */
export function isTelemetryDear(results: Results): boolean {
  return (withTelemetry(results)?.median ?? 1) < LEAST_WITH_TELEMETRY;
}

function withTelemetry(results: Results): Summary | undefined {
  return results.relation("sum_series_catalog", "sum_series_telemetry", "crowdCpuMs");
}

/** What a webhook costs, where both were measured. */
export function formatWebhooks(results: Results): string | undefined {
  const relation = results.relation("sum_series_webhooks", "sum_series", "perSecond");
  return relation && `with a webhook: ${formatSummary(relation, "x")} as many instances/s as without, at 50 clients.`;
}

function withLogs(results: Results): Summary | undefined {
  return results.relation("sum_series_logging", "sum_series", "perSecond");
}

function formatCounts(counts: Counts | undefined): string {
  if (counts === undefined) return "-";
  if ("rowsLeft" in counts) return `>= ${counts.rowsLeft.toLocaleString("en-US")}`;
  const { rowsWritten, rowsRead, setAlarms, requests } = counts;
  return `${rowsWritten.toLocaleString("en-US")} / ${rowsRead.toLocaleString("en-US")}, ${setAlarms}, ${requests}`;
}

/**
 * Every ratio is a speed ratio as in the table, with these exceptions: `latency_vs_floor`, where 2 is twice the floor's
 * latency, `step_growth_50k`, likewise, and the last but one four, which are figures. `null`: did not run.
 */
export function toJson(results: Results, fsyncMs: Summary): object {
  const workload = (name: string) => results.workloads.find((each) => each.name === name);
  const ratio = (name: string, metric: string, rival: Rival) => {
    const found = workload(name);
    return found === undefined ? null : (results.speedRatio(found, metric, rival)?.median ?? null);
  };
  const ours = (name: string, metric: string) => {
    const found = workload(name);
    return found === undefined ? null : (results.summary("edge", found, metric)?.median ?? null);
  };
  const latencySpeed = ratio("sum_series", "p50Ms", "floor");
  return {
    ratios: {
      steps_vs_cloudflare: ratio("steps", "perSecond1k", "cloudflare"),
      steps_vs_floor: ratio("steps", "perSecond10k", "floor"),
      step_growth_50k: ours("steps", "growth50k"),
      instances_vs_cloudflare: ratio("sum_series", "perSecond", "cloudflare"),
      instances_vs_floor: ratio("sum_series", "perSecond", "floor"),
      latency_vs_floor: latencySpeed === null ? null : 1 / latencySpeed,
      fanout100_vs_cloudflare: ratio("fanout_100", "ms", "cloudflare"),
      cold_resume_10k_ms: ours("cold_resume", "cpuMs10k"),
      rows_per_step: results.stepCosts?.rowsPerStep ?? null,
      set_alarm_per_instance: results.stepCosts?.setAlarmsPerInstance ?? null,
      io_steps_vs_floor: ratio("io", "perSecond", "floor"),
    },
    raw: {
      fsyncMs,
      instancesWithLogs: withLogs(results) ?? null,
      stepCosts: results.stepCosts ?? null,
      failures: results.failures,
      ...Object.fromEntries(results.names.map((name) => [name, rawOf(results, name)])),
    },
  };
}

function rawOf(results: Results, name: ContestantName): object {
  const workloads = results.workloads.filter(({ contestants }) => contestants.includes(name));
  return Object.fromEntries(
    workloads.map((workload) => {
      const metrics = [...Object.keys(workload.metrics), MEMORY];
      const summaries = metrics.map((metric) => [metric, results.summary(name, workload, metric) ?? null]);
      const costs = results.counts.get(name)?.get(workload.name);
      return [workload.name, { ...Object.fromEntries(summaries), ...(costs !== undefined && { costs }) }];
    }),
  );
}

function rivalsIn({ names }: Results): Rival[] {
  return names.includes("edge") ? names.filter((name): name is Rival => name !== "edge") : [];
}

function formatSummary(summary: Summary | undefined, unit = ""): string {
  if (summary === undefined) return "-";
  const { median, min, max, rounds } = summary;
  const range = rounds.length > 1 ? ` (${formatNumber(min)}-${formatNumber(max)})` : "";
  return `${formatNumber(median)}${unit}${range}`;
}

/** Three digits that count. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function formatColumns(table: readonly Line[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const format = (line: Line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  return table.map((line) => format(line).join("  ").trimEnd()).join("\n");
}
