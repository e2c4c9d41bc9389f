// [D20] The list of the dashboard: what its address means to the API, and how its rows go on with what changes.
import { expect, it } from "vitest";
import { columnsOf, columnsText } from "../../../dashboard/src/list/column-names.ts";
import {
  isFiltering,
  readFilters,
  STANDINGS,
  searchOf,
  standingFilter,
  toApi,
  toggled,
} from "../../../dashboard/src/list/filters.ts";
import { appended, applyChanges, type Row } from "../../../dashboard/src/list/rows.ts";
import { readParameters } from "../../../src/catalog/query/parameters.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const filtersOf = (query: string) => readFilters(new URLSearchParams(query));
const apiOf = (query: string) => toApi(filtersOf(query), NOW);

it.each([
  ["", {}],
  [
    "name=order*&version=2&parent=p%201&waitingFor=event%3Aa",
    { name: "order*", version: "2", parent: "p 1", waitingFor: "event:a" },
  ],
  ["attr.customer=c%261", { "attr.customer": "c&1" }],
  ["last=24h", { createdAfter: "2026-01-01T12:00:00.000Z" }],
  ["last=15m", { createdAfter: "2026-01-02T11:45:00.000Z" }],
  ["last=24h&createdAfter=2026-01-02", { createdAfter: "2026-01-02" }],
  ["last=soon&order=up&is=odd&cols=id", {}],
  ["search=order-1", { idPrefix: "order-1" }],
  ["search=Name = 'a'", { q: "Name = 'a'" }],
  ["is=failed,stalled", { status: "STALLED,FAILED" }],
  ["is=running,waiting,retrying", { status: "RUNNING" }],
  ["is=retrying", { q: "Status = RUNNING AND Retrying = true" }],
  [
    "is=retrying&search=Name = 'a' OR Name = 'b'",
    { q: "(Name = 'a' OR Name = 'b') AND (Status = RUNNING AND Retrying = true)" },
  ],
])("[D20.1] %s asks the API for %j", (query, parameters) => {
  expect(apiOf(query)).toEqual(parameters);
});

it("[D20.2] every choice of statuses is a filter that the API takes", () => {
  for (let choice = 0; choice < 2 ** STANDINGS.length; choice++) {
    const is = STANDINGS.filter((_, n) => choice & (1 << n));
    const parameters = { ...standingFilter(is), idPrefix: "a", name: "b" };
    expect(() => readParameters(Object.entries(parameters))).not.toThrow();
  }
});

it.each([
  ["order-1", "id"],
  ["a=b", "query"],
  ["(Status = FAILED)", "query"],
  ["attr.customer = 'c'", "query"],
  ["Name IN (a, b)", "query"],
  ["FailureMessage CONTAINS 'x'", "query"],
  ["InstanceID STARTS_WITH order", "query"],
  ["IN-1", "id"],
  ["name is what", "id"],
  ["2026-01-02T12:00", "id"],
])("[D20.3] %s in the box is taken as: %s", (text, type) => {
  expect(searchOf(text)?.type).toBe(type);
});

it("[D20.4] what filters is known from what only shows otherwise", () => {
  expect(["", "order=asc", "cols=id", "is=odd"].map((query) => isFiltering(filtersOf(query)))).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(
    ["search=a", "is=failed", "last=1h", "name=a", "attr.a="].map((query) => isFiltering(filtersOf(query))),
  ).toEqual([true, true, true, true, true]);
});

it("[D20.5] a status is switched on and off in the address, in one order", () => {
  expect(toggled([], "failed")).toBe("failed");
  expect(toggled(["failed"], "running")).toBe("running,failed");
  expect(toggled(["running", "failed"], "failed")).toBe("running");
});

it("[D20.6] columns: the usual ones leave nothing in the address, and the ID is always there", () => {
  const names = (text: string | null) => columnsOf(text);
  const usual = names(null);
  expect(usual).toEqual(["status", "id", "name", "detail", "created", "duration"]);
  expect(columnsText(usual)).toBe("");
  expect(columnsText(["version", "status"])).toBe("status,id,version");
  expect(names("version")).toEqual(["id", "version"]);
  expect(names("nothing")).toEqual(["id"]);
});

const row = (instanceID: string, atS: number, more: Partial<Row> = {}): Row => ({
  instanceID,
  workflowName: "w",
  runtimeStatus: "RUNNING",
  createdAt: new Date(atS * 1_000).toISOString(),
  lastUpdatedAt: new Date(atS * 1_000).toISOString(),
  retrying: false,
  ...more,
});
const ids = (rows: readonly Row[]) => rows.map(({ instanceID }) => instanceID).join(" ");
const gone = (instanceID: string) => ({ instanceID, deleted: true as const });

it("[D21.1] a page behind the rows brings each once, also one that has moved meanwhile", () => {
  expect(ids(appended([row("c", 3), row("b", 2)], [row("b", 2), row("a", 1)]))).toBe("c b a");
});

it("[D21.2] a change takes the place of its row; one that is gone, or fits no more, goes", () => {
  const rows = [row("c", 3), row("b", 2), row("a", 1)];
  const { rows: next, added } = applyChanges(
    rows,
    [row("b", 2, { runtimeStatus: "COMPLETED" }), gone("a"), gone("x")],
    {
      order: "desc",
      isWhole: true,
    },
  );
  expect([ids(next), next[1]?.runtimeStatus, added]).toEqual(["c b", "COMPLETED", 0]);
});

it.each([
  ["desc", "d c b a"],
  ["asc", "a b c d"],
] as const)("[D21.3] new ones stand where the order, %s, has them", (order, expected) => {
  const rows = order === "desc" ? [row("c", 3), row("a", 1)] : [row("a", 1), row("c", 3)];
  const { rows: next, added } = applyChanges(rows, [row("b", 2), row("d", 4)], { order, isWhole: true });
  expect([ids(next), added]).toEqual([expected, 2]);
});

it("[D21.4] of the same time, the ID decides", () => {
  const { rows } = applyChanges([row("b", 1)], [row("a", 1), row("c", 1)], { order: "desc", isWhole: true });
  expect(ids(rows)).toBe("c b a");
});

it("[D21.5] one behind what has been read is left to the pages to come, unless none is left", () => {
  const changes = [row("a", 1)];
  expect(ids(applyChanges([row("c", 3)], changes, { order: "desc", isWhole: false }).rows)).toBe("c");
  expect(ids(applyChanges([row("c", 3)], changes, { order: "desc", isWhole: true }).rows)).toBe("c a");
  expect(ids(applyChanges([], changes, { order: "desc", isWhole: false }).rows)).toBe("");
});

it("[D21.6] an ID that is used anew moves to where its new life stands, and is no new row", () => {
  const { rows, added } = applyChanges([row("b", 2), row("a", 1)], [row("a", 5)], { order: "desc", isWhole: true });
  expect([ids(rows), added]).toEqual(["a b", 0]);
});

it("[D21.7] nothing changes nothing", () => {
  const rows = [row("a", 1)];
  expect(applyChanges(rows, [], { order: "desc", isWhole: true }).rows).toBe(rows);
});
