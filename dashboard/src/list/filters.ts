import type { Standing } from "../parts/status-chip.tsx";

/*
 * What the address of the list says, and what that is to the API: pure, so that a link, a saved view, a count and a bulk job mean the same rows.
 *
 *   #/list?is=waiting,failed&name=order*&search=order-&since=24h&cols=…
 *
 * Names are those of the API, but for `is` (statuses as readers tell them apart), `search` (the box), and `last` (a time range that moves on).
 */

/** Parameters of the API that are taken from the address as they are. */
export const PASSED = [
  "name",
  "version",
  "parent",
  "waitingFor",
  "createdAfter",
  "createdBefore",
  "endedAfter",
  "endedBefore",
] as const;
export type Passed = (typeof PASSED)[number];

export const STANDINGS: readonly Standing[] = [
  "running",
  "waiting",
  "retrying",
  "stalled",
  "suspended",
  "pending",
  "failed",
  "completed",
  "canceled",
  "terminated",
];

export interface Filters {
  readonly is: readonly Standing[];
  readonly search: string;
  /** `24h`: created within it. */
  readonly last: string;
  readonly order: "desc" | "asc";
  readonly passed: Readonly<Partial<Record<Passed, string>>>;
  /** Search attributes, by their keys. */
  readonly attributes: Readonly<Record<string, string>>;
}

const RANGE = /^(\d{1,4})(m|h|d)$/;
const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function readFilters(query: URLSearchParams): Filters {
  const is = (query.get("is") ?? "").split(",");
  const last = query.get("last") ?? "";
  const attributes = [...query].filter(([name]) => name.startsWith("attr."));
  return {
    is: STANDINGS.filter((one) => is.includes(one)),
    search: query.get("search")?.trim() ?? "",
    last: RANGE.test(last) ? last : "",
    order: query.get("order") === "asc" ? "asc" : "desc",
    passed: Object.fromEntries(PASSED.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ""]] : []))),
    attributes: Object.fromEntries(attributes.map(([name, value]) => [name.slice("attr.".length), value])),
  };
}

/** Whether any of them leaves something out. */
export function isFiltering({ is, search, last, passed, attributes }: Filters): boolean {
  const some = Object.keys(passed).length + Object.keys(attributes).length + is.length;
  return some > 0 || search !== "" || last !== "";
}

/** The API's parameters that filter. `last` begins at a time that is fixed here, so that all pages of a list are of one filter. */
export function toApi(filters: Filters, nowMs: number): Record<string, string> {
  const parameters: Record<string, string> = { ...filters.passed };
  for (const [key, value] of Object.entries(filters.attributes)) parameters[`attr.${key}`] = value;
  const [, amount, unit] = RANGE.exec(filters.last) ?? [];
  if (amount !== undefined && parameters.createdAfter === undefined)
    parameters.createdAfter = new Date(nowMs - Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS]).toISOString();
  const queries: string[] = [];
  const search = searchOf(filters.search);
  if (search?.type === "id") parameters.idPrefix = search.prefix;
  if (search?.type === "query") queries.push(search.query);
  const standing = standingFilter(filters.is);
  if (standing.status !== undefined) parameters.status = standing.status;
  if (standing.q !== undefined) queries.push(standing.q);
  if (queries.length > 0)
    parameters.q = queries.length === 1 ? (queries[0] ?? "") : queries.map((one) => `(${one})`).join(" AND ");
  return parameters;
}

export type Search =
  | { readonly type: "id"; readonly prefix: string }
  /** As `q=` has it. */
  | { readonly type: "query"; readonly query: string };

/** What is typed is the beginning of an ID, unless it is a comparison, as `q=` has them. */
export function searchOf(text: string): Search | undefined {
  if (text === "") return undefined;
  const isQuery = /^[(\s]*[\w.]+\s*(?:[=<>]|!=|\b(?:IN|STARTS_WITH|CONTAINS|BETWEEN)\b)/i.test(text);
  return isQuery ? { type: "query", query: text } : { type: "id", prefix: text };
}

/** Of what an instance waits for, only `activity:` stands before this in the order of texts; all else is waiting. */
const BEHIND_ACTIVITIES = "b";

const PARTS: Partial<Record<Standing, string>> = {
  running: `Status = RUNNING AND Retrying = false AND WaitingFor < '${BEHIND_ACTIVITIES}'`,
  waiting: `Status = RUNNING AND Retrying = false AND WaitingFor >= '${BEHIND_ACTIVITIES}'`,
  retrying: "Status = RUNNING AND Retrying = true",
};
/** All three of these are RUNNING to the API. */
const OF_RUNNING: readonly Standing[] = ["running", "waiting", "retrying"];

/** A parameter where one is enough: counts by status alone cost nothing. */
export function standingFilter(is: readonly Standing[]): { readonly status?: string; readonly q?: string } {
  if (is.length === 0 || is.length === STANDINGS.length) return {};
  const isWhole = OF_RUNNING.every((one) => is.includes(one));
  const plain = is.filter((one) => !OF_RUNNING.includes(one)).map((one) => one.toUpperCase());
  if (isWhole) plain.push("RUNNING");
  const split = isWhole ? [] : is.filter((one) => OF_RUNNING.includes(one));
  if (split.length === 0) return { status: plain.join(",") };
  const parts = split.map((one) => PARTS[one] ?? "");
  if (plain.length > 0) parts.push(`Status IN (${plain.join(", ")})`);
  return { q: parts.length === 1 ? (parts[0] ?? "") : parts.map((one) => `(${one})`).join(" OR ") };
}

/** One more or one fewer of the statuses, for the address. */
export function toggled(is: readonly Standing[], standing: Standing): string {
  const next = is.includes(standing) ? is.filter((one) => one !== standing) : [...is, standing];
  return STANDINGS.filter((one) => next.includes(one)).join(",");
}
