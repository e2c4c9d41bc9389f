import type { Count, ListedWorkflow, RuntimeStatus } from "../pages/wire.ts";

/*
 * The figures of the overview, from what the API counts. Days are those of the creation, in UTC, as the catalog has them.
 */

/** In the order in which they stand upon one another. */
export const GROUPS = ["completed", "open", "failed", "ended"] as const;
export type Group = (typeof GROUPS)[number];

export interface Day {
  /** `2026-11-28`. */
  readonly day: string;
  readonly counts: Readonly<Record<Group, number>>;
  readonly total: number;
}

export function groupOf(status: RuntimeStatus): Group {
  if (status === "COMPLETED") return "completed";
  if (status === "FAILED") return "failed";
  return status === "CANCELED" || status === "TERMINATED" ? "ended" : "open";
}

const DAY_MS = 86_400_000;

/** The last so many days, those without an instance, too. */
export function daysOf(counts: readonly Count[], days: number, nowMs: number): Day[] {
  const byDay = new Map<string, Record<Group, number>>();
  for (let n = days - 1; n >= 0; n--) byDay.set(dayOf(nowMs - n * DAY_MS), none());
  for (const { day = "", status, count } of counts) {
    const found = byDay.get(day);
    if (found !== undefined && status !== undefined) found[groupOf(status)] += count;
  }
  return [...byDay].map(([day, found]) => ({ day, counts: found, total: sumOf(Object.values(found)) }));
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The day after: "before" is that one's beginning. */
export function dayAfter(day: string): string {
  return dayOf(Date.parse(day) + DAY_MS);
}

export interface NameFigures {
  readonly name: string;
  readonly counts: Readonly<Record<Group, number>>;
  readonly total: number;
  /** Of those that have completed or failed. */
  readonly failedShare: number;
  /** Of those that ended lately, in milliseconds. */
  readonly typicalMs?: number | undefined;
  readonly slowMs?: number | undefined;
}

/** By workflow, those with most failures first, then those with most instances. */
export function namesOf(counts: readonly Count[], ended: readonly ListedWorkflow[]): NameFigures[] {
  const byName = new Map<string, Record<Group, number>>();
  for (const { name = "", status, count } of counts) {
    const found = byName.get(name) ?? none();
    byName.set(name, found);
    if (status !== undefined) found[groupOf(status)] += count;
  }
  const durations = durationsOf(ended);
  return [...byName]
    .map(([name, found]): NameFigures => {
      const answered = found.completed + found.failed;
      const lasted = durations.get(name) ?? [];
      return {
        name,
        counts: found,
        total: sumOf(Object.values(found)),
        failedShare: answered === 0 ? 0 : found.failed / answered,
        typicalMs: quantile(lasted, 0.5),
        slowMs: quantile(lasted, 0.95),
      };
    })
    .sort((a, b) => b.counts.failed - a.counts.failed || b.total - a.total || (a.name < b.name ? -1 : 1));
}

function durationsOf(ended: readonly ListedWorkflow[]): Map<string, number[]> {
  const byName = new Map<string, number[]>();
  for (const { workflowName, createdAt, endedAt } of ended) {
    if (endedAt === undefined) continue;
    const found = byName.get(workflowName) ?? [];
    byName.set(workflowName, found);
    found.push(Date.parse(endedAt) - Date.parse(createdAt));
  }
  return byName;
}

/** That which so large a part of them does not exceed. */
export function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

/** Marks of an axis from 0: few, and round. */
export function marksTo(most: number): number[] {
  if (most <= 0) return [0];
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, n) => n * step);
}

function none(): Record<Group, number> {
  return { completed: 0, open: 0, failed: 0, ended: 0 };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
