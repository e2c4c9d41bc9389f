import type { RuntimeStatus } from "../../model/status.ts";

/**
 * What a list is filtered by, whatever it was written as: parameters of a URL and `q=` become the same. It goes to the shards as it
 * is, and is made SQL there.
 */
export type Condition =
  /** All of the parts; without any: every instance. */
  | { readonly type: "and"; readonly parts: readonly Condition[] }
  /** One of the parts at least; without any: none. */
  | { readonly type: "or"; readonly parts: readonly Condition[] }
  /** One of these. */
  | { readonly type: "status"; readonly statuses: readonly RuntimeStatus[] }
  | { readonly type: "text"; readonly field: TextField; readonly operator: Operator; readonly value: string }
  | { readonly type: "time"; readonly field: TimeField; readonly operator: Comparison; readonly ms: number }
  | { readonly type: "retrying"; readonly value: boolean }
  | {
      readonly type: "attribute";
      readonly key: string;
      readonly operator: Operator;
      readonly value: string | number | boolean;
    };

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";
/** The last two are of texts alone. */
export type Operator = Comparison | "startsWith" | "contains";

export type TextField =
  | "id"
  | "name"
  | "version"
  | "parent"
  | "customStatus"
  | "errorType"
  | "errorMessage"
  | "waitingFor";
export type TimeField = "created" | "updated" | "ended";

export const EVERYTHING: Condition = { type: "and", parts: [] };

/** Of SQL, a condition each; more would be many values to bind, of which SQLite takes 100. */
export const MAX_CONDITIONS = 20;

/** All of them, or those of one type. */
export function countConditions(condition: Condition, type?: Condition["type"]): number {
  if (condition.type !== "and" && condition.type !== "or") return type === undefined || type === condition.type ? 1 : 0;
  return condition.parts.reduce((sum, part) => sum + countConditions(part, type), 0);
}

/** A filter that cannot be meant: the message says where, what was expected and what was found. */
export class FilterError extends Error {
  override readonly name = "FilterError";
}
