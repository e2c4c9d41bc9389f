// [H181] The board for Grafana in docs/: it asks for series that are there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entry } from "../catalog/support.ts";
import { ROOT } from "../e2e/server.ts";
import { catalogOf } from "../http/catalog-support.ts";
import { limitsOf } from "../http/limits-support.ts";
import { Api } from "../http/support.ts";
import { parsePrometheus } from "../prometheus.ts";

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

const read = (page: string) => readFileSync(join(ROOT, page), "utf8");
const board = JSON.parse(read("docs/grafana-dashboard.json")) as {
  readonly panels: readonly Panel[];
  readonly templating: unknown;
};
const one = [1, 0, 1];
const totals = { oc: [1], sl: one, ws: one, wf: one, sd: one, aocharge: [1], ascharge: one };

/** Dapr's `pkg/diagnostics/workflow_monitoring.go`, as Prometheus has the names, each behind `dapr_runtime_workflow_`. */
const DAPRS = [
  "operation_count",
  "operation_latency",
  "execution_count",
  "execution_latency",
  "scheduling_latency",
  "activity_operation_count",
  "activity_operation_latency",
  "activity_execution_count",
  "activity_execution_latency",
  "payload_size_ratio",
  "activity_payload_size_ratio",
  "attestation_generated_count",
  "attestation_verified_count",
  "attestation_verify_latency",
  "attestation_cert_cache_count",
  "completion_route_count",
  "local_wake_count",
  "local_wake_drive_latency",
  "local_activity_count",
  "local_activity_drive_latency",
  "completions_fold_count",
  "completions_fold_wait_latency",
  "lock_wait",
];

/** Names of series that `/metrics` answers with, and which labels each has. */
async function served(): Promise<Map<string, Set<string>>> {
  const catalog = catalogOf({ entries: [entry("a", { totals })], shards: 1, jobs: [entry("bulk:1")] });
  const families = parsePrometheus(await (await new Api({ catalog, limits: limitsOf() }).send("GET /metrics")).text());
  const names = new Map<string, Set<string>>();
  for (const { name, labels } of [...families.values()].flatMap(({ samples }) => samples))
    names.set(name, new Set([...(names.get(name) ?? []), ...Object.keys(labels)]));
  return names;
}

const namesIn = (text: string) => [...text.matchAll(/\b(?:dapr|edge_workflows)_[a-z_]+/g)].map(([name]) => name);

describe("[H181] The board for Grafana", () => {
  it("[H181.1] each query names series that are served, with labels that they have", async () => {
    const series = await served();
    for (const { title, targets } of board.panels)
      for (const { expr } of targets) {
        const names = namesIn(expr);
        expect([title, names.length > 0]).toEqual([title, true]);
        expect([title, names.filter((name) => !series.has(name))]).toEqual([title, []]);
        const grouped = [...expr.matchAll(/by \(([^)]+)\)/g)].flatMap(([, list = ""]) => list.split(", "));
        const matched = [...expr.matchAll(/(\w+)=~?"/g)].map(([, label = ""]) => label);
        const has = new Set(names.flatMap((name) => [...(series.get(name) ?? [])]));
        expect([title, [...grouped, ...matched].filter((label) => !has.has(label))]).toEqual([title, []]);
      }
    expect(namesIn(JSON.stringify(board.templating)).filter((name) => !series.has(name))).toEqual([]);
  });

  it("[H181.2] the page names every family that is served, and no other", async () => {
    const families = new Set([...(await served()).keys()].map((name) => name.replace(/_(bucket|sum|count)$/, "")));
    const page = read("docs/telemetry.md");
    const rows = [...page.matchAll(/^\| `((?:dapr|edge_workflows)_\w+)` \|/gm)].map(([, name = ""]) => name);
    expect(new Set(rows.map((name) => name.replace(/_(bucket|sum|count)$/, "")))).toEqual(families);
    expect(rows.length).toBe(17);
  });

  it("[H181.3] of each series that Dapr has, the page says that it is there, or why not", async () => {
    const families = new Set([...(await served()).keys()].map((name) => name.replace(/_(bucket|sum|count)$/, "")));
    const reasons = read("docs/telemetry.md").split("What Dapr has beyond them is not there:")[1] ?? "";
    const missing = new Set([...reasons.matchAll(/`(dapr_runtime_\w+)`/g)].map(([, name = ""]) => name));
    const isServed = (name: string) => families.has(name) || families.has(name.replace(/_count$/, ""));
    const told = DAPRS.map((name) => `dapr_runtime_workflow_${name}`);
    expect(told.filter((name) => isServed(name) === missing.has(name))).toEqual([]);
    expect([...missing].filter((name) => !told.includes(name))).toEqual([]);
  });
});
