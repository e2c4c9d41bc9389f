import { cutText } from "../../model/catalog-entry.ts";
import { didYouMean } from "../../model/near-name.ts";
import { parseRfc3339 } from "../../model/rfc3339.ts";
import { attributeFrom, keyProblem } from "../../model/search-attributes.ts";
import { formatTime } from "../../model/time.ts";
import { COUNT_KEYS, type CountKey, type Order } from "../protocol.ts";
import {
  type Condition,
  countConditions,
  FilterError,
  MAX_CONDITIONS,
  type TextField,
  type TimeField,
} from "./condition.ts";
import { parseQuery } from "./parser.ts";
import { quoted } from "./tokens.ts";
import { A_TIME, STATUS_NAMES, statusFrom, timeFrom } from "./values.ts";

/** What a list is asked for. The tokens are as they came. `within`: nothing is told but of instances whose IDs begin with this. */
export type ListQuery = { readonly within?: string | undefined } & (
  | {
      readonly type: "page";
      readonly filter: Condition;
      readonly order: Order;
      readonly pageSize: number;
      readonly continuationToken?: string | undefined;
    }
  | { readonly type: "count"; readonly filter: Condition; readonly by: readonly CountKey[] }
  | { readonly type: "changes"; readonly filter: Condition; readonly pageSize: number; readonly since: string }
);

export const DEFAULT_PAGE_SIZE = 100;
export const MAX_PAGE_SIZE = 1_024;

type Parse = (value: string, name: string) => Condition;

/** The parameters that filter. After is ≥, before is <. */
const FILTERS: Readonly<Record<string, Parse>> = {
  status: (value, name) => ({ type: "status", statuses: value.split(",").map((one) => status(one, name)) }),
  name: exactOrPrefix("name"),
  idPrefix: (value) => ({ type: "text", field: "id", operator: "startsWith", value }),
  createdAfter: time("created", ">="),
  createdBefore: time("created", "<"),
  endedAfter: time("ended", ">="),
  endedBefore: time("ended", "<"),
  parent: (value) => ({ type: "text", field: "parent", operator: "=", value }),
  version: (value) => ({ type: "text", field: "version", operator: "=", value }),
  waitingFor: (value, name) => exactOrPrefix("waitingFor")(aWait(value, name), name),
  retrying: (value, name) => ({ type: "retrying", value: oneOf(value, name, ["true", "false"]) === "true" }),
  q: parseQuery,
};
const OTHERS = ["order", "pageSize", "continuationToken", "since", "countBy"];
const FILTER_NAMES = [...Object.keys(FILTERS), "attr.KEY"];
const KNOWN = [...FILTER_NAMES, ...OTHERS];
/** What an instance may wait for, or `*`: the name of an event alone, say, would fit none, and nobody would be told. */
export const A_WAIT = /^((event|timer|activity|child|limit|start):[\s\S]*|condition|\*)$/;

/** Reads the query of a list's URL. Throws FilterError for what is unknown, malformed or does not go together. */
export function readParameters(parameters: Iterable<readonly [name: string, value: string]>): ListQuery {
  const parts: Condition[] = [];
  const others = new Map<string, string>();
  const seen = new Set<string>();
  let conditions = 0;
  for (const [name, value] of parameters) {
    if (seen.has(name)) throw new FilterError(`${name}: expected once, found twice`);
    seen.add(name);
    const condition = filterOf(name, value);
    // What a parameter says is one condition, also where it is made two.
    if (condition === undefined) others.set(name, value);
    else {
      parts.push(condition);
      conditions += name === "q" ? countConditions(condition) : 1;
    }
  }
  const filter: Condition = { type: "and", parts };
  if (conditions > MAX_CONDITIONS)
    throw new FilterError(`the filter: expected at most ${MAX_CONDITIONS} conditions, found ${conditions}`);
  return queryOf(filter, others);
}

/** The conditions of parameters that filter, and nothing else. Throws FilterError. */
export function readFilter(parameters: Readonly<Record<string, string>>): Condition {
  const other = Object.keys(parameters).find((name) => OTHERS.includes(name));
  if (other !== undefined) throw new FilterError(`a filter: expected none of ${OTHERS.join(", ")}, found ${other}`);
  const unknown = Object.keys(parameters).find((name) => !name.startsWith("attr.") && !Object.hasOwn(FILTERS, name));
  if (unknown !== undefined) throw unknownParameter(unknown, FILTER_NAMES);
  return readParameters(Object.entries(parameters)).filter;
}

function filterOf(name: string, value: string): Condition | undefined {
  if (name.startsWith("attr.")) return attribute(name.slice("attr.".length), value);
  if (Object.hasOwn(FILTERS, name)) return FILTERS[name]?.(value, name);
  if (OTHERS.includes(name)) return undefined;
  throw unknownParameter(name, KNOWN);
}

function unknownParameter(name: string, known: readonly string[]): FilterError {
  return new FilterError(
    `unknown parameter ${quoted(name)}${didYouMean(name, known) || "."} Known: ${known.join(", ")}`,
  );
}

function queryOf(filter: Condition, others: ReadonlyMap<string, string>): ListQuery {
  const countBy = others.get("countBy");
  const since = others.get("since");
  if (countBy !== undefined) {
    alone("countBy", others, []);
    return {
      type: "count",
      filter,
      by: [...new Set(countBy.split(",").map((key) => oneOf(key, "countBy", COUNT_KEYS)))],
    };
  }
  const pageSize = pageSizeFrom(others.get("pageSize"));
  if (since !== undefined) {
    alone("since", others, ["pageSize"]);
    return { type: "changes", filter, pageSize, since };
  }
  const order = oneOf(others.get("order") ?? "desc", "order", ["desc", "asc"] as const);
  const continuationToken = others.get("continuationToken");
  return { type: "page", filter, order, pageSize, ...(continuationToken !== undefined && { continuationToken }) };
}

function alone(name: string, others: ReadonlyMap<string, string>, allowed: readonly string[]): void {
  const wrong = [...others.keys()].find((other) => other !== name && !allowed.includes(other));
  if (wrong !== undefined) throw new FilterError(`${name}: expected no ${wrong} beside it, found one`);
}

function pageSizeFrom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PAGE_SIZE;
  const size = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MAX_PAGE_SIZE) return size;
  throw new FilterError(`pageSize: expected a whole number from 1 to ${MAX_PAGE_SIZE}, found ${quoted(text)}`);
}

function status(value: string, name: string) {
  const found = statusFrom(value.trim());
  if (found === undefined)
    throw new FilterError(
      `${name}: expected one or more of ${STATUS_NAMES.join(", ")}, found ${quoted(value)}${didYouMean(value, STATUS_NAMES)}`,
    );
  return found;
}

/** `order*` is whatever begins with `order`. */
function exactOrPrefix(field: TextField): Parse {
  return (value) =>
    value.endsWith("*")
      ? { type: "text", field, operator: "startsWith", value: value.slice(0, -1) }
      : { type: "text", field, operator: "=", value };
}

/** As entries have it: times in UTC, a long text cut. */
function aWait(value: string, name: string): string {
  if (A_WAIT.test(value) && value.endsWith("*")) return value;
  const type = /^(timer|start):/.exec(value)?.[1];
  if (type !== undefined) {
    const ms = parseRfc3339(value.slice(type.length + 1));
    if (ms !== undefined) return `${type}:${formatTime(ms)}`;
    const times = `${type}: and a time as 2026-11-28T10:00:00Z, or a beginning as ${type}:2026-11-28*`;
    throw new FilterError(`${name}: expected ${times}, found ${quoted(value)}`);
  }
  if (A_WAIT.test(value)) return cutText(value);
  const waits =
    "event:NAME, timer:TIME, activity:NAME, child:ID, condition, limit:NAME, start:TIME, or a beginning as event:*";
  throw new FilterError(`${name}: expected ${waits}, found ${quoted(value)}`);
}

function time(field: TimeField, operator: ">=" | "<"): Parse {
  return (value, name) => {
    const ms = timeFrom(value);
    if (ms === undefined) throw new FilterError(`${name}: expected ${A_TIME}, found ${quoted(value)}`);
    return { type: "time", field, operator, ms };
  };
}

/** What is no text as JSON may have been given as a text all the same. */
function attribute(key: string, text: string): Condition {
  const problem = keyProblem(key);
  if (problem !== undefined) throw new FilterError(`attr.${key.slice(0, 64)}: ${problem}`);
  const equals = (value: string | number | boolean): Condition => ({ type: "attribute", key, operator: "=", value });
  const value = attributeFrom(text);
  return typeof value === "string" ? equals(value) : { type: "or", parts: [equals(value), equals(text)] };
}

function oneOf<T extends string>(value: string, name: string, values: readonly T[]): T {
  const found = values.find((one) => one === value);
  if (found === undefined) throw new FilterError(`${name}: expected ${values.join(", ")}, found ${quoted(value)}`);
  return found;
}
