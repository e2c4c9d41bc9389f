import type { RuntimeStatus } from "../../model/status.ts";
import { COUNT_KEYS, type CountPart, type CountRequest, type CountRow } from "../protocol.ts";
import type { Condition } from "./condition.ts";

/** Whether the counts by name and status, which a shard has in memory, answer the request. */
export function isOfNameAndStatus({ filter, by }: CountRequest): boolean {
  return by.every((key) => key === "name" || key === "status") && asksNameAndStatus(filter);
}

function asksNameAndStatus(condition: Condition): boolean {
  if (condition.type === "and" || condition.type === "or") return condition.parts.every(asksNameAndStatus);
  return condition.type === "status" || (condition.type === "text" && condition.field === "name");
}

/** Whether instances of this name and status fit a condition that asks for nothing else. Texts are compared as SQL does, but by UTF-16. */
export function fitsNameAndStatus(condition: Condition, name: string, status: RuntimeStatus): boolean {
  switch (condition.type) {
    case "and":
      return condition.parts.every((part) => fitsNameAndStatus(part, name, status));
    case "or":
      return condition.parts.some((part) => fitsNameAndStatus(part, name, status));
    case "status":
      return condition.statuses.includes(status);
    case "text":
      return fitsText(name, condition.operator, condition.value);
    default:
      throw new Error(`expected a condition of name and status, found one of ${condition.type}`);
  }
}

function fitsText(text: string, operator: (Condition & { type: "text" })["operator"], value: string): boolean {
  switch (operator) {
    case "=":
      return text === value;
    case "!=":
      return text !== value;
    case "<":
      return text < value;
    case "<=":
      return text <= value;
    case ">":
      return text > value;
    case ">=":
      return text >= value;
    case "startsWith":
      return text.startsWith(value);
    case "contains":
      return text.includes(value);
    default:
      return operator satisfies never;
  }
}

/** The counts of several sources together, the greatest first. */
export function addCounts(parts: readonly CountPart[]): CountPart {
  const sums = new Map<string, CountRow>();
  for (const row of parts.flatMap(({ counts }) => counts)) {
    const key = JSON.stringify(COUNT_KEYS.map((name) => row[name] ?? null));
    sums.set(key, { ...row, count: row.count + (sums.get(key)?.count ?? 0) });
  }
  const sorted = [...sums].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
  return { counts: sorted.map(([, row]) => row), complete: parts.every(({ complete }) => complete) };
}
