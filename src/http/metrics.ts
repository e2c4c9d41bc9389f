import { CATALOG_MISSING } from "../catalog/binding.ts";
import type { CountRow, ShardMetrics } from "../catalog/protocol.ts";
import { EVERYTHING } from "../catalog/query/condition.ts";
import { askShard, type Shards } from "../catalog/reading/shards.ts";
import { type ListedLimit, readLimits } from "../limits/overview.ts";
import { JOBS_SHARD } from "../model/catalog-shards.ts";
import { BUCKETS_MS, KINDS, OTHER } from "../model/totals.ts";
import { bounded } from "./bounded-series.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { catalogNotConfigured } from "./errors.ts";
import { type Distribution, type Labels, type Metric, PROMETHEUS, prometheusText, type Sample } from "./prometheus.ts";
import type { Reply } from "./replies.ts";

/** As Dapr's command line has it: there are no others here. */
const NAMESPACE = "default";
const MOST_NAMES = 2_000;

/**
 * `GET /metrics`: 200 and Prometheus' text. Under Dapr's names is what instances have told their shards, which they do where metrics are
 * switched on; each shard counts for itself, and only up, so each is a series of its own: one that does not answer is missing, and nothing falls.
 */
export async function getMetrics(_call: Call, deps: HttpDeps): Promise<Reply> {
  const { catalog } = deps;
  if (catalog === undefined) throw catalogNotConfigured(deps.withoutCatalog ?? CATALOG_MISSING);
  const reach = deps.limits;
  const [parts, jobs, of] = await Promise.all([askAll(catalog), jobsOf(catalog), reach && readLimits(reach, 1)]);
  const base = { app_id: deps.appId, namespace: NAMESPACE };
  const metrics = [...daprs(parts), ...ours(catalog.names, parts, jobs), ...ofLimits(of?.limits ?? [])];
  return { status: 200, body: prometheusText(metrics, base), contentType: PROMETHEUS };
}

async function askAll(shards: Shards): Promise<ShardMetrics[]> {
  const ask = (name: string) => askShard(shards, name, async (shard) => shard.metrics?.());
  return bounded((await Promise.all(shards.names.map(ask))).filter((part) => part !== undefined));
}

async function jobsOf(shards: Shards): Promise<readonly CountRow[]> {
  const part = await askShard(shards, JOBS_SHARD, (shard) => shard.count({ filter: EVERYTHING, by: ["status"] }));
  return part?.counts ?? [];
}

interface Series {
  /** What stands behind the kind. */
  readonly name: string;
  readonly shard: string;
  readonly counted: readonly number[];
}

function seriesOf(parts: readonly ShardMetrics[], kind: string): Series[] {
  return parts.flatMap(({ shard, series }) =>
    series
      .filter(([key]) => key.startsWith(kind))
      .map(([key, counted]) => ({ name: key.slice(kind.length), shard, counted })),
  );
}

/** Of each kind its status, as Dapr has it. */
const WORKFLOW_ENDS = {
  [KINDS.workflowSucceeded]: "success",
  [KINDS.workflowFailed]: "failed",
  [KINDS.workflowTerminated]: "terminated",
};
const ACTIVITY_ENDS = { [KINDS.activitySucceeded]: "success", [KINDS.activityFailed]: "failed" };
const OPERATIONS = { [KINDS.created]: "create_workflow", [KINDS.raised]: "add_event", op: "purge_workflow" };

/** Dapr's names (`pkg/diagnostics/workflow_monitoring.go`), its labels, and its unit, milliseconds. */
function daprs(parts: readonly ShardMetrics[]): Metric[] {
  const ends = (kinds: Readonly<Record<string, string>>, label: string) =>
    Object.entries(kinds).flatMap(([kind, status]) =>
      seriesOf(parts, kind).map(({ name, shard, counted }) =>
        distributionOf({ [label]: name, status, shard }, counted),
      ),
    );
  const workflows = ends(WORKFLOW_ENDS, "workflow_name");
  const activities = ends(ACTIVITY_ENDS, "activity_name");
  const operations = Object.entries(OPERATIONS).flatMap(([kind, operation]) =>
    seriesOf(parts, kind).map(({ shard, counted }) => ({
      labels: { operation, status: "success", shard },
      value: counted[0] ?? 0,
    })),
  );
  const asked = seriesOf(parts, KINDS.activityAsked).map(({ name, shard, counted }) => ({
    labels: { activity_name: name, status: "success", shard },
    value: counted[0] ?? 0,
  }));
  const scheduling = seriesOf(parts, KINDS.scheduling).map(({ name, shard, counted }) =>
    distributionOf({ workflow_name: name, shard }, counted),
  );
  const prefix = "dapr_runtime_workflow_";
  return [
    counter(`${prefix}operation_count`, "The number of successful workflow operation requests.", operations),
    counter(
      `${prefix}execution_count`,
      "The number of successful/failed/terminated workflow executions.",
      counts(workflows),
    ),
    histogram(`${prefix}execution_latency`, "The total time taken to run a workflow to completion, in ms.", workflows),
    histogram(`${prefix}scheduling_latency`, "Time from the start of a workflow to its execution, in ms.", scheduling),
    counter(`${prefix}activity_operation_count`, "The number of successful activity operation requests.", asked),
    counter(
      `${prefix}activity_execution_count`,
      "The number of successful/failed activity executions.",
      counts(activities),
    ),
    histogram(
      `${prefix}activity_execution_latency`,
      "The total time taken to run an activity to completion, in ms.",
      activities,
    ),
  ];
}

function ours(names: readonly string[], parts: readonly ShardMetrics[], jobs: readonly CountRow[]): Metric[] {
  const prefix = "edge_workflows_";
  const lag = parts.flatMap(({ shard, freshness }) => {
    if (freshness === undefined) return [];
    const { p50Ms, p99Ms, maxMs } = freshness;
    return Object.entries({ 0.5: p50Ms, 0.99: p99Ms, 1: maxMs }).map(([quantile, ms]) => ({
      labels: { shard, quantile },
      value: ms / 1_000,
    }));
  });
  const ofShards = (of: (part: ShardMetrics) => number | undefined) =>
    parts.flatMap((part) => {
      const value = of(part);
      return value === undefined ? [] : [{ labels: { shard: part.shard }, value }];
    });
  const late = seriesOf(parts, KINDS.lateness).map(({ name, shard, counted: [sum = 0, ...buckets] }) =>
    distributionOf({ workflow_name: name, shard }, [sum / 1_000, ...buckets]),
  );
  const isUp = (name: string) => parts.some(({ shard }) => shard === name);
  return [
    gauge(`${prefix}instances`, "Instances that are listed, by workflow and status.", instancesOf(parts)),
    gauge(`${prefix}catalog_lag_seconds`, "How long the last 1,000 announcements were on their way.", lag),
    gauge(
      `${prefix}catalog_up`,
      "Whether the shard has answered.",
      names.map((shard) => ({ labels: { shard }, value: isUp(shard) ? 1 : 0 })),
    ),
    gauge(
      `${prefix}catalog_backlog`,
      "What instances have told, and waits to be written.",
      ofShards(({ backlog }) => backlog),
    ),
    gauge(
      `${prefix}catalog_leaving`,
      "Instances that have said that they go, and are not known to have gone.",
      ofShards(({ leaving }) => leaving),
    ),
    histogram(
      `${prefix}schedule_lateness_seconds`,
      "How long after it was due an instance has begun.",
      late,
      BUCKETS_MS.map((ms) => ms / 1_000),
    ),
    gauge(
      `${prefix}jobs`,
      "Bulk jobs, by status.",
      jobs.map(({ status = "", count }) => ({ labels: { status }, value: count })),
    ),
  ];
}

/** Of one whose parts have not all answered nothing is told: its sums would fall. */
function ofLimits(limits: readonly ListedLimit[]): Metric[] {
  const name = "edge_workflows_limit_";
  const samples = (value: (limit: ListedLimit) => number | undefined) =>
    limits.flatMap((limit) => {
      const found = limit.missingParts === undefined ? value(limit) : undefined;
      return found === undefined ? [] : [{ labels: { limit: limit.name }, value: found }];
    });
  const since = ({ oldestWaitingSince }: ListedLimit) => oldestWaitingSince && Date.parse(oldestWaitingSince) / 1_000;
  return [
    gauge(
      `${name}running`,
      "What runs under the limit.",
      samples(({ running }) => running),
    ),
    gauge(
      `${name}waiting`,
      "What waits for it.",
      samples(({ waiting }) => waiting),
    ),
    gauge(
      `${name}oldest_waiting_timestamp_seconds`,
      "Since when the first of it waits.",
      samples((limit) => since(limit) || undefined),
    ),
  ];
}

/** Whoever may start workflows may start them under any name: behind so many names and statuses, all are one. */
function instancesOf(parts: readonly ShardMetrics[]): Sample[] {
  const found = new Map<string, Sample>();
  for (const { name = "", status = "", count } of parts.flatMap(({ counts }) => counts)) {
    const isKnown = found.has(`${status} ${name}`) || found.size < MOST_NAMES;
    const labels = { workflow_name: isKnown ? name : OTHER, status };
    const key = `${status} ${labels.workflow_name}`;
    found.set(key, { labels, value: (found.get(key)?.value ?? 0) + count });
  }
  return [...found.values()];
}

function distributionOf(labels: Labels, [sum = 0, ...buckets]: readonly number[]): Distribution {
  return { labels, sum, buckets };
}

function counts(all: readonly Distribution[]): Sample[] {
  return all.map(({ labels, buckets }) => ({ labels, value: buckets.reduce((total, n) => total + n, 0) }));
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "counter", name, help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: "gauge", name, help, samples };
}

function histogram(
  name: string,
  help: string,
  samples: readonly Distribution[],
  bounds: readonly number[] = BUCKETS_MS,
): Metric {
  return { type: "histogram", name, help, samples, bounds };
}
