import {
  aBoolean,
  aNumber,
  aString,
  type OptionRule,
  oneOf,
  optionsOf,
  rangeRule,
  readArgument,
  typeRule,
} from "../model/options.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import type { Query } from "./workflow-api.ts";

/** A status by its number or its name. */
export type StatusLike = WorkflowRuntimeStatus | keyof typeof WorkflowRuntimeStatus;

/** Which instances: those that all of these fit. */
export interface WorkflowFilter {
  /** One of these. */
  readonly status?: StatusLike | readonly StatusLike[] | null | undefined;
  /** Of the workflow; `order*` is each that begins with `order`. */
  readonly name?: string | null | undefined;
  readonly idPrefix?: string | null | undefined;
  /** At this time or later. A text is an RFC 3339 time, or a day in UTC. */
  readonly createdAfter?: Date | string | null | undefined;
  /** Before this time. */
  readonly createdBefore?: Date | string | null | undefined;
  readonly endedAfter?: Date | string | null | undefined;
  readonly endedBefore?: Date | string | null | undefined;
  /** The ID of the parent. */
  readonly parent?: string | null | undefined;
  readonly version?: string | null | undefined;
  /** `event:approval`; `event:*` is each that begins with `event:`. */
  readonly waitingFor?: string | null | undefined;
  readonly retrying?: boolean | null | undefined;
  /** Search attributes that have these values, or have them in their lists. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | null | undefined;
  /** A query such as `Status = FAILED AND FailureType != 'TypeError'`: docs/operations.md has its language. */
  readonly q?: string | null | undefined;
}

export interface ListOptions extends WorkflowFilter {
  /** By creation: "desc", the newest first, or "asc". Default "desc". */
  readonly order?: "desc" | "asc" | null | undefined;
  /** At most so many in one request, 1 to 1,024. Default 100. */
  readonly pageSize?: number | null | undefined;
  /** That of a page of the same list: begins behind it. */
  readonly continuationToken?: string | null | undefined;
}

export interface ChangesOptions extends WorkflowFilter {
  /** That of the answer before, with the same filter. Default: the answer has a token to begin with, and no changes. */
  readonly since?: string | null | undefined;
  /** At most so many changes in one answer, 1 to 1,024. Default 100. */
  readonly pageSize?: number | null | undefined;
}

/** What instances can be counted by. */
export type CountKey = "status" | "name" | "version" | "errorType" | "day";

const COUNT_KEYS: readonly string[] = ["status", "name", "version", "errorType", "day"] satisfies CountKey[];

const isTime = (value: unknown) =>
  typeof value === "string" || (value instanceof Date && !Number.isNaN(value.getTime()));
const aTime: OptionRule = rangeRule("a Date that is valid, or the text of a time", isTime);
const isStatus = (value: unknown) =>
  typeof value === "number"
    ? value in WorkflowRuntimeStatus
    : typeof value === "string" && typeof WorkflowRuntimeStatus[value as "FAILED"] === "number";
const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);

const FILTER = {
  status: rangeRule("a status, by its number or its name, or a list of them", (value) =>
    (Array.isArray(value) ? value : [value]).every(isStatus),
  ),
  name: aString,
  idPrefix: aString,
  createdAfter: aTime,
  createdBefore: aTime,
  endedAfter: aTime,
  endedBefore: aTime,
  parent: aString,
  version: aString,
  waitingFor: aString,
  retrying: aBoolean,
  attributes: typeRule(
    "an object of texts, numbers, true and false",
    (value) => typeof value === "object" && value !== null && Object.values(value).every(isScalar),
  ),
  q: aString,
};
export const filterOptions = optionsOf<WorkflowFilter>(FILTER);
const pageSize = aNumber(
  "a whole number from 1 to 1024",
  (value) => Number.isInteger(value) && value >= 1 && value <= 1_024,
);
export const listOptions = optionsOf<ListOptions>({
  ...FILTER,
  order: oneOf("desc", "asc"),
  pageSize,
  continuationToken: aString,
});
export const changesOptions = optionsOf<ChangesOptions>({ ...FILTER, pageSize, since: aString });

const countKeys: OptionRule = rangeRule(`one or more of ${COUNT_KEYS.join(", ")}`, (value) => {
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  return keys.length > 0 && keys.every((key) => COUNT_KEYS.includes(key as string));
});

/** As a query of the URL. */
export function queryOf({ status, attributes, retrying, ...others }: Partial<ListOptions & ChangesOptions>): Query {
  const query: Record<string, string> = {};
  if (status !== undefined && status !== null) query.status = [status].flat().map(nameOfStatus).join();
  if (typeof retrying === "boolean") query.retrying = String(retrying);
  for (const [name, value] of Object.entries(others))
    if (value !== null && value !== undefined)
      query[name] = value instanceof Date ? value.toISOString() : String(value);
  // As JSON, so that the text "7" is no number.
  for (const [key, value] of Object.entries(attributes ?? {})) query[`attr.${key}`] = JSON.stringify(value);
  return query;
}

export function countByOf(by: CountKey | readonly CountKey[] | null | undefined, call: string): string {
  return [readArgument(countKeys, by, "by", call) ?? "status"].flat().join();
}

function nameOfStatus(status: StatusLike): string {
  return typeof status === "number" ? (WorkflowRuntimeStatus[status] as string) : status;
}
