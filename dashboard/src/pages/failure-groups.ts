import type { ListedWorkflow } from "../../../src/catalog/reading/list.ts";

/*
 * Failures as a reader wants to count them: those whose type and message are the same, but for what differs from one instance to the next.
 */

export type FailedRow = Pick<
  ListedWorkflow,
  "instanceID" | "workflowName" | "createdAt" | "lastUpdatedAt" | "endedAt" | "failure"
>;

export interface FailureGroup {
  readonly errorType: string;
  /** What its messages have in common; `…` stands for what differs. */
  readonly message: string;
  readonly count: number;
  /** The newest first. */
  readonly rows: readonly FailedRow[];
  readonly workflows: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
  /** How many fall in each part of the time, from the earliest. */
  readonly overTime: readonly number[];
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The largest first, then the one that came last. */
export function groupFailures(rows: readonly FailedRow[], span: Span, parts: number): FailureGroup[] {
  const groups = new Map<string, FailedRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([typeOf(row), commonMessage(row)]);
    const found = groups.get(key);
    if (found === undefined) groups.set(key, [row]);
    else found.push(row);
  }
  return [...groups.values()]
    .map((group) => groupOf(group, span, parts))
    .sort((a, b) => b.count - a.count || b.lastMs - a.lastMs);
}

function groupOf(group: readonly FailedRow[], span: Span, parts: number): FailureGroup {
  const rows = group.toSorted((a, b) => failedAtMs(b) - failedAtMs(a));
  const times = rows.map(failedAtMs);
  const [row] = rows;
  return {
    errorType: row === undefined ? "" : typeOf(row),
    message: row === undefined ? "" : commonMessage(row),
    count: rows.length,
    rows,
    workflows: [...new Set(rows.map(({ workflowName }) => workflowName))].sort(),
    firstMs: Math.min(...times),
    lastMs: Math.max(...times),
    overTime: countOverTime(times, span, parts),
  };
}

/** So many of these times in each part of the span. What lies outside counts at its end. */
export function countOverTime(times: readonly number[], { fromMs, toMs }: Span, parts: number): number[] {
  const counts = Array.from({ length: parts }, () => 0);
  const partMs = Math.max(1, toMs - fromMs) / parts;
  for (const time of times) {
    const part = Math.min(parts - 1, Math.max(0, Math.floor((time - fromMs) / partMs)));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

export function failedAtMs({ endedAt, lastUpdatedAt }: FailedRow): number {
  return Date.parse(endedAt ?? lastUpdatedAt);
}

function typeOf({ failure }: FailedRow): string {
  return failure?.errorType ?? "Error";
}

/** Where payloads are encrypted, the catalog has no messages. */
function commonMessage({ instanceID, failure }: FailedRow): string {
  const message = failure?.message ?? "";
  const own = message.startsWith(`${instanceID}: `) ? message.slice(instanceID.length + 2) : message;
  return withoutValues(own.split(instanceID).join("…"));
}

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
/** A time, an ID of hexadecimal digits that has a digit in it, a number; the number of a task in Dapr's words is one. */
const VALUES = /\b\d{4}-\d\d-\d\dT[\d:.]+Z?|\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\d+(?:[.,]\d+)*/gi;

function withoutValues(message: string): string {
  return message.replace(UUID, "…").replace(VALUES, "…").trim();
}
