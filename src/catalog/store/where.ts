import type { Comparison, Condition, Operator, TextField, TimeField } from "../query/condition.ts";
import { prefixEnd } from "../query/prefix.ts";
import { toNumber } from "./statuses.ts";

/*
 * A condition as SQL. Nothing of the condition stands in the text but words of this file: every value is bound, keys of
 * attributes too. A row without a value fits `!=` and no other comparison. A condition comes from another object, whose code may
 * be newer: what is not known here throws.
 */

const COLUMNS: Readonly<Record<Exclude<TextField, "name">, string>> = {
  id: "id",
  version: "version",
  parent: "parent",
  customStatus: "custom_status",
  errorType: "error_type",
  errorMessage: "error_message",
  waitingFor: "waiting_for",
};

const TIME_COLUMNS: Readonly<Record<TimeField, string>> = { created: "created", updated: "updated", ended: "ended" };

const COMPARISONS: Readonly<Record<Comparison, string>> = {
  "=": "=",
  "!=": "IS NOT",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/** The values of one statement, numbered as they come; the same value has one number. */
export class Bindings {
  readonly values: (string | number)[] = [];

  /** `?1` for the first. */
  bind(value: string | number): string {
    const at = this.values.indexOf(value);
    return `?${at === -1 ? this.values.push(value) : at + 1}`;
  }
}

export function whereOf(condition: Condition, bindings: Bindings): string {
  switch (condition.type) {
    case "and":
      return joined(condition.parts, " AND ", "1", bindings);
    case "or":
      return joined(condition.parts, " OR ", "0", bindings);
    case "status":
      return `status IN (${condition.statuses.map(toNumber).join(", ")})`;
    case "time":
      return compare(known(TIME_COLUMNS[condition.field], condition.field), condition.operator, condition.ms, bindings);
    case "text":
      return whereOfText(condition, bindings);
    case "retrying":
      return condition.value ? "retrying IS 1" : "retrying IS NOT 1";
    case "attribute":
      return whereOfAttribute(condition, bindings);
    default:
      throw unknown(condition satisfies never);
  }
}

function known<T>(value: T | undefined, found: unknown): T {
  if (value === undefined) throw unknown(found);
  return value;
}

function unknown(found: unknown): Error {
  return new Error(`expected a condition that this shard knows, found ${JSON.stringify(found)}`);
}

function joined(parts: readonly Condition[], word: string, none: string, bindings: Bindings): string {
  if (parts.length === 0) return none;
  return `(${parts.map((part) => whereOf(part, bindings)).join(word)})`;
}

function whereOfText(
  { field, operator, value }: { field: TextField; operator: Operator; value: string },
  bindings: Bindings,
): string {
  if (field !== "name") return compare(known(COLUMNS[field], field), operator, value, bindings);
  return `name IN (SELECT id FROM names WHERE ${compare("name", operator, value, bindings)})`;
}

function compare(column: string, operator: Operator, value: string | number, bindings: Bindings): string {
  switch (operator) {
    case "startsWith": {
      const end = prefixEnd(String(value));
      const from = `${column} >= ${bindings.bind(value)}`;
      return end === undefined ? from : `(${from} AND ${column} < ${bindings.bind(end)})`;
    }
    case "contains":
      return `instr(${column}, ${bindings.bind(value)}) > 0`;
    default:
      return `${column} ${known(COMPARISONS[operator], operator)} ${bindings.bind(value)}`;
  }
}

/** A text is compared with texts, a number with numbers; of an array each text, and one that fits is enough. */
function whereOfAttribute(
  { key, operator, value }: { key: string; operator: Operator; value: string | number | boolean },
  bindings: Bindings,
): string {
  const path = bindings.bind(`$."${key}"`);
  const found = (fits: Operator) =>
    `CASE json_type(attributes, ${path}) ${cases(path, fits, value, bindings)} ELSE 0 END`;
  return operator === "!=" ? `NOT ${found("=")}` : found(operator);
}

function cases(path: string, operator: Operator, value: string | number | boolean, bindings: Bindings): string {
  const extracted = `json_extract(attributes, ${path})`;
  if (typeof value === "boolean") return value ? "WHEN 'true' THEN 1" : "WHEN 'false' THEN 1";
  if (typeof value === "number") {
    const fits = compare(extracted, operator, value, bindings);
    return `WHEN 'integer' THEN ${fits} WHEN 'real' THEN ${fits}`;
  }
  const one = compare(extracted, operator, value, bindings);
  const some = `EXISTS (SELECT 1 FROM json_each(attributes, ${path}) AS item WHERE ${compare("item.value", operator, value, bindings)})`;
  return `WHEN 'text' THEN ${one} WHEN 'array' THEN ${some}`;
}
