// [H180] GET /metrics: Prometheus' text, under Dapr's names and ours.
import { describe, expect, it } from "vitest";
import { CATALOG_MISSING } from "../../../src/catalog/binding.ts";
import type { ShardMetrics } from "../../../src/catalog/protocol.ts";
import { bounded, MOST_SERIES } from "../../../src/http/bounded-series.ts";
import type { Totals } from "../../../src/model/totals.ts";
import { DAY, entry } from "../catalog/support.ts";
import { type Family, parsePrometheus } from "../prometheus.ts";
import { answering, type Catalog, catalogOf } from "./catalog-support.ts";
import { limitsOf } from "./limits-support.ts";
import { Api, read, refusal } from "./support.ts";

const METRICS = "GET /metrics";
const BASE = { app_id: "edge", namespace: "default" };
const totals: Totals = {
  oc: [1],
  oe: [3],
  sl: [8, 0, 1],
  ws: [700, 5, 1],
  sd: [2_600, 7, 1, 0, 1],
  aocharge: [5],
  ascharge: [40, 0, 1, 1, 2],
  afcharge: [2, 0, 1],
};

async function familiesOf(catalog: Catalog): Promise<Map<string, Family>> {
  const response = await new Api({ catalog }).send(METRICS);
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  return parsePrometheus(await response.text());
}

const valuesOf = (families: Map<string, Family>, name: string) =>
  families.get(name)?.samples.map(({ labels, value }) => {
    const { app_id, namespace, ...rest } = labels;
    expect({ app_id, namespace }).toEqual(BASE);
    return [rest, value];
  });

describe("[H180] Metrics", () => {
  it("[H180.1] what instances have told stands under Dapr's names, with its labels and histograms", async () => {
    const families = await familiesOf(catalogOf({ entries: [entry("a", { totals })], shards: 1 }));
    const dapr = (name: string) => valuesOf(families, `dapr_runtime_workflow_${name}`);
    expect(dapr("operation_count")).toEqual([
      [{ operation: "create_workflow", status: "success", shard: "0-0" }, 1],
      [{ operation: "add_event", status: "success", shard: "0-0" }, 3],
    ]);
    expect(dapr("execution_count")).toEqual([[{ workflow_name: "order", status: "success", shard: "0-0" }, 1]]);
    expect(dapr("activity_operation_count")).toEqual([
      [{ activity_name: "charge", status: "success", shard: "0-0" }, 5],
    ]);
    expect(dapr("activity_execution_count")).toEqual([
      [{ activity_name: "charge", status: "success", shard: "0-0" }, 3],
      [{ activity_name: "charge", status: "failed", shard: "0-0" }, 1],
    ]);
    const latency = families.get("dapr_runtime_workflow_activity_execution_latency");
    expect(latency?.type).toBe("histogram");
    const ofSuccess = latency?.samples.filter(({ labels }) => labels.status === "success") ?? [];
    expect(ofSuccess.slice(0, 3).map(({ labels, value }) => [labels.le, value])).toEqual([
      ["10", 1],
      ["50", 3],
      ["100", 3],
    ]);
    expect(ofSuccess.slice(-2).map(({ value }) => value)).toEqual([40, 3]);
    expect(families.get("dapr_runtime_workflow_execution_latency")?.samples.at(-2)?.value).toBe(700);
    expect(families.get("dapr_runtime_workflow_scheduling_latency")?.samples.at(-1)?.labels).toEqual({
      ...BASE,
      workflow_name: "order",
      shard: "0-0",
    });
  });

  it("[H180.2] what the catalog knows by itself stands under our names, also where nothing is counted", async () => {
    const rows = [entry("a"), entry("b"), entry("c", { status: "RUNNING", workflowName: 'a "name"\\ of\nlines' })];
    const families = await familiesOf(catalogOf({ entries: rows, shards: 2 }));
    expect([...families.keys()].filter((name) => !name.startsWith("edge_workflows_"))).toEqual([]);
    expect(valuesOf(families, "edge_workflows_instances")).toEqual(
      expect.arrayContaining([
        [{ workflow_name: "order", status: "COMPLETED" }, 2],
        [{ workflow_name: 'a "name"\\ of\nlines', status: "RUNNING" }, 1],
      ]),
    );
    expect(valuesOf(families, "edge_workflows_catalog_up")).toEqual([
      [{ shard: "0-0" }, 1],
      [{ shard: "0-1" }, 1],
    ]);
    expect(families.get("edge_workflows_catalog_lag_seconds")?.samples[0]?.value).toBeGreaterThan(0);
  });

  it("[H180.3] a shard that does not answer is missing, and no series of another falls for it", async () => {
    const entries = Array.from({ length: 8 }, (_, n) => entry(`i${n}`, { totals, createdAtMs: DAY + n }));
    const families = await familiesOf(catalogOf({ entries, shards: 2, missing: ["0-1"] }));
    expect(valuesOf(families, "edge_workflows_catalog_up")).toEqual([
      [{ shard: "0-0" }, 1],
      [{ shard: "0-1" }, 0],
    ]);
    const shards = families.get("dapr_runtime_workflow_execution_count")?.samples.map(({ labels }) => labels.shard);
    expect(shards).toEqual(["0-0"]);
  });

  it("[H180.4] without the catalog: 501, as a list; without the token: 401; an unknown parameter: 400", async () => {
    expect(await read(await new Api({}).send(METRICS))).toEqual(
      refusal(501, "ERR_CATALOG_NOT_CONFIGURED", CATALOG_MISSING),
    );
    expect((await new Api({ catalog: catalogOf(), apiToken: "t" }).send(METRICS)).status).toBe(401);
    expect((await new Api({ catalog: catalogOf() }).send(`${METRICS}?x=1`)).status).toBe(400);
  });

  it("[H180.8] how late schedules start stands in seconds, by workflow", async () => {
    const families = await familiesOf(catalogOf({ entries: [entry("a", { totals })], shards: 1 }));
    const late = families.get("edge_workflows_schedule_lateness_seconds");
    const of = { ...BASE, workflow_name: "order", shard: "0-0" };
    const counts = late?.samples.map(({ labels: { le, ...labels }, value }) => {
      expect(labels).toEqual(of);
      return [le, value];
    });
    expect(counts?.slice(0, 2)).toEqual([
      ["0.01", 1],
      ["0.05", 1],
    ]);
    expect(counts?.slice(6, 8)).toEqual([
      ["2.5", 1],
      ["5", 2],
    ]);
    expect(late?.samples.slice(-2).map(({ value }) => value)).toEqual([2.6, 2]);
  });

  it("[H180.7] what a shard has still to write and to hear of; one with code from before that says nothing of it", async () => {
    const catalog = catalogOf({ entries: [entry("a"), entry("b")], shards: 1 });
    const shard = catalog.shard("0-0");
    const metrics = async () => ({ ...((await shard.metrics?.()) as ShardMetrics), backlog: 3, leaving: 2 });
    const told = await familiesOf(answering(catalog, { metrics }));
    expect(valuesOf(told, "edge_workflows_catalog_backlog")).toEqual([[{ shard: "0-0" }, 3]]);
    expect(valuesOf(told, "edge_workflows_catalog_leaving")).toEqual([[{ shard: "0-0" }, 2]]);
    const before = async () => ({ ...(await metrics()), backlog: undefined, leaving: undefined });
    const families = await familiesOf(answering(catalog, { metrics: before }));
    expect([...families.keys()].filter((name) => /backlog|leaving/.test(name))).toEqual([]);
    expect(families.has("edge_workflows_catalog_up")).toBe(true);
  });

  it("[H180.9] of all shards together there are some 6,000 series: what is beyond is told under other, and nothing is lost", async () => {
    const many = (n: number) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`asn${n * 20 + i}`, [5, 0, 1]]));
    const entries = Array.from({ length: 400 }, (_, n) =>
      entry(`i${n}`, { totals: { oc: [1], ...many(n) }, createdAtMs: DAY + n }),
    );
    const catalog = catalogOf({ entries, shards: 4 });
    const families = await familiesOf(catalog);
    const name = "dapr_runtime_workflow_activity_execution_count";
    const samples = families.get(name)?.samples ?? [];
    expect(samples.length).toBeLessThanOrEqual(MOST_SERIES + 8);
    expect(samples.length).toBeGreaterThan(5_000);
    const sumOf = (of: typeof samples) => of.reduce((sum, { value }) => sum + value, 0);
    expect(sumOf(samples)).toBe(8_000);
    expect(sumOf(samples.filter(({ labels }) => labels.activity_name === "other"))).toBeGreaterThan(1_000);
    expect(sumOf(families.get("dapr_runtime_workflow_operation_count")?.samples ?? [])).toBe(400);
    expect(
      families
        .get(name.replace("count", "latency"))
        ?.samples.filter(({ name: of }) => of.endsWith("_sum"))
        .map(({ value }) => value)
        .reduce((a, b) => a + b),
    ).toBe(40_000);
  });

  it("[H180.10] what comes then only ever makes series rise, or go into other: none falls", () => {
    const series = (...names: string[]) => names.map((name) => [`as${name}`, [1, 1]] as const);
    const part = (of: ReturnType<typeof series>) => ({
      shard: "s",
      entries: 0,
      live: 0,
      schemaVersion: 1,
      counts: [],
      series: of,
    });
    const names = Array.from({ length: MOST_SERIES }, (_, n) => `m${n}`);
    const before = bounded([part(series(...names))])[0]?.series;
    const after = new Map(bounded([part(series(...names, "a"))])[0]?.series);
    expect(before).toHaveLength(MOST_SERIES);
    const last = names.toSorted().at(-1);
    expect(before?.filter(([key]) => !after.has(key)).map(([key]) => key)).toEqual([`as${last}`]);
    expect([after.get("asa"), after.get("asother"), after.size]).toEqual([[1, 1], [1, 1], MOST_SERIES + 1]);
  });

  it.each([
    'a "name"\\ of\nlines',
    "\\n",
    'x",y="z',
    '{le="1"} 2\n# TYPE x counter',
    "\r\t\u2028\u0000",
    "größer 😀",
    "other",
  ])("[H180.11] a workflow and an activity called %j are a label of that text, and nothing else", async (name) => {
    const counted = { oc: [1], ws: [1, 0, 1], [`as${name}`]: [1, 0, 1], [`ao${name}`]: [1] };
    const families = await familiesOf(
      catalogOf({ entries: [entry("a", { workflowName: name, totals: counted })], shards: 1 }),
    );
    for (const [family, label] of [
      ["edge_workflows_instances", "workflow_name"],
      ["dapr_runtime_workflow_execution_count", "workflow_name"],
      ["dapr_runtime_workflow_activity_execution_count", "activity_name"],
      ["dapr_runtime_workflow_activity_operation_count", "activity_name"],
    ] as const)
      expect([family, families.get(family)?.samples.map(({ labels }) => labels[label])]).toEqual([family, [name]]);
    expect(families.has("x")).toBe(false);
  });

  it("[H180.5] names beyond 2,000 are counted under other", async () => {
    const entries = Array.from({ length: 2_010 }, (_, n) =>
      entry(`i${n}`, { workflowName: `w${n}`, createdAtMs: DAY + n }),
    );
    const families = await familiesOf(catalogOf({ entries, shards: 1 }));
    const samples = families.get("edge_workflows_instances")?.samples ?? [];
    expect([samples.length, samples.find(({ labels }) => labels.workflow_name === "other")?.value]).toEqual([
      2_001, 10,
    ]);
  });

  it("[H180.6] limits: what runs, what waits, and since when the first; nothing where none is declared, or a part of one has not answered", async () => {
    const asked = async (limits?: ReturnType<typeof limitsOf>) => {
      const response = await new Api({ catalog: catalogOf(), ...(limits && { limits }) }).send(METRICS);
      const families = parsePrometheus(await response.text());
      return Object.fromEntries(
        ["running", "waiting", "oldest_waiting_timestamp_seconds"].map((name) => [
          name,
          valuesOf(families, `edge_workflows_limit_${name}`),
        ]),
      );
    };
    const cards = { running: [{ limit: "cards" }, 2], waiting: [{ limit: "cards" }, 3] };
    const idle = [{ limit: "imports" }, 0];
    const oldest = [[{ limit: "cards" }, DAY / 1_000]];
    expect(await asked(limitsOf())).toEqual({
      running: [cards.running, idle],
      waiting: [cards.waiting, idle],
      oldest_waiting_timestamp_seconds: oldest,
    });
    expect(await asked(limitsOf({ missing: true }))).toEqual({
      running: [cards.running],
      waiting: [cards.waiting],
      oldest_waiting_timestamp_seconds: oldest,
    });
    expect(await asked()).toEqual({});
  });
});
