import * as v from "valibot";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../catalog/query/parameters.ts";
import { HISTORY_EVENT_TYPES } from "../model/history-event.ts";
import { HISTORY_POSITION } from "../model/history-position.ts";
import { didYouMean } from "../model/near-name.ts";
import { type Call, queryValue } from "./call.ts";
import { malformed } from "./errors.ts";

/*
 * What the query of a route may have, by name: each parameter once, for all routes that take it. All may be left out.
 *
 * The routes beyond Dapr read theirs with `readParameters`. Dapr's routes read by hand, in Dapr's order, and the catalog reads its own
 * filters: of their parameters the router needs the names, and the OpenAPI document the rest (`byHand`); a test compares what both say.
 *
 * `attr.KEY` is a family: each name that begins with `attr.`.
 */

const FAMILY = /KEY$/;

/** What each name of the family begins with; `undefined` for the name of one parameter. */
export function familyOf(name: string): string | undefined {
  return FAMILY.test(name) ? name.replace(FAMILY, "") : undefined;
}

/** Takes the text of the query, or `undefined` where there is none. A message ends the sentence "query parameter NAME …". */
export type Parameter = v.GenericSchema<string | undefined, unknown>;
export type Parameters = Readonly<Record<string, Parameter>>;

export type ValuesOf<P extends Parameters> = { readonly [Name in keyof P]: v.InferOutput<P[Name]> };

/** Reads those that a handler names. The first that is wrong is refused (400), and says what was expected and what was found. */
export function readParameters<P extends Parameters>(call: Call, parameters: P): ValuesOf<P> {
  const values = Object.entries(parameters).map(([name, schema]) => {
    const read = v.safeParse(schema, queryValue(call, name), { abortEarly: true, abortPipeEarly: true });
    if (!read.success) throw malformed(`query parameter ${name} ${read.issues[0].message}`);
    return [name, read.output];
  });
  return Object.fromEntries(values);
}

type Issue = v.BaseIssue<unknown>;

function whole(min: number, max: number) {
  const message = ({ input }: Issue) => `is a whole number from ${min} to ${max}, found ${shown(String(input))}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, message),
    v.transform(Number),
    v.number(),
    v.integer(),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** `given` is what stands in the place of a parameter that is left out. */
function wholeNumber(min: number, max: number, given: number) {
  return v.optional(whole(min, max), String(given));
}

function shown(input: unknown): string {
  return JSON.stringify(input);
}

const text = v.optional(v.string());
/**
 * What is read by hand: the Worker needs the name alone, and is built without what it may be, which stands by its name in
 * `openapi/by-hand.ts`.
 */
export const byHand: Parameter = v.optional(v.string());
const flag = v.optional(
  v.pipe(
    v.picklist(["true", "false"], ({ input }: Issue) => `is "true" or "false", found ${JSON.stringify(String(input))}`),
    v.transform((value) => value === "true"),
    v.boolean(),
  ),
);

export const IS_EVENT_ID = "is the id of an event, <executionId>.<position>";
const MAX_UPDATE_ID = 256;
/** It lies in one row together with what else there is to tell. */
export const MAX_REASON = 1_000;
const DEFAULT_PAGE = 1_000;
const MAX_PAGE = 10_000;

export const APP_ID = { appID: text } satisfies Parameters;
export const REASON = { reason: v.optional(v.pipe(v.string(), v.maxLength(MAX_REASON))) } satisfies Parameters;
export const START = {
  startTime: byHand,
  retention: byHand,
  "attr.KEY": text,
} satisfies Parameters;
export const NEW_INSTANCE = { instanceID: text, ...START } satisfies Parameters;
export const REUSE = {
  reuse: v.optional(
    v.picklist(
      ["replace", "reject", "ignore", "terminate"],
      ({ input }: Issue) => `is replace, reject, ignore or terminate, found ${JSON.stringify(String(input))}`,
    ),
  ),
  raiseEvent: v.optional(v.pipe(v.string(), v.minLength(1, "is the name of an event, found nothing"))),
} satisfies Parameters;
export const TIMEOUT = { timeoutSeconds: byHand } satisfies Parameters;
export const WAIT = {
  waitFor: byHand,
  ...TIMEOUT,
  fetchPayloads: flag,
} satisfies Parameters;
export const DETAIL = {
  detail: byHand,
  at: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
} satisfies Parameters;
export const CHILDREN = { nonRecursive: flag } satisfies Parameters;
export const FORCE = { force: flag } satisfies Parameters;
export const HEALTH = { appid: text } satisfies Parameters;

export const QUERY_INPUT = { input: text } satisfies Parameters;
/** What its sender makes up, so that what is sent twice counts once. */
const madeUpId = v.optional(
  v.pipe(
    v.string(),
    v.maxLength(MAX_UPDATE_ID, ({ received }: Issue) => `has at most ${MAX_UPDATE_ID} characters, found ${received}`),
  ),
);
export const UPDATE_ID = { updateID: madeUpId } satisfies Parameters;
export const REQUEST_ID = { requestID: madeUpId } satisfies Parameters;
const order = v.optional(
  v.picklist(["asc", "desc"], ({ input }: Issue) => `is "asc" or "desc", found ${shown(input)}`),
  "asc",
);
const token = v.optional(
  v.pipe(
    v.string(),
    v.regex(
      /^(\S{1,200}\.\d{1,15}|\d{1,16})$/,
      ({ input }: Issue) => `is that of the page before, found ${shown(input)}`,
    ),
  ),
);
const eventTypes = v.optional(
  v.pipe(
    v.string(),
    v.transform((list) => list.split(",")),
    v.array(
      v.picklist(HISTORY_EVENT_TYPES, ({ input }: Issue) => {
        const near = didYouMean(String(input), HISTORY_EVENT_TYPES);
        return `is a list of types of events, separated by commas, found ${shown(input)}${near}`;
      }),
    ),
  ),
);
export const HISTORY_PAGE = {
  order,
  types: eventTypes,
  contains: text,
  format: v.optional(
    v.picklist(["json", "jsonl"], ({ input }: Issue) => `is "json" or "jsonl", found ${shown(input)}`),
    "json",
  ),
  limit: wholeNumber(1, MAX_PAGE, DEFAULT_PAGE),
  pageSize: v.optional(whole(1, MAX_PAGE)),
  continuationToken: token,
} satisfies Parameters;
export const TIMELINE_PAGE = {
  order,
  limit: wholeNumber(1, MAX_PAGE, DEFAULT_PAGE),
  continuationToken: token,
} satisfies Parameters;

export const LIST = {
  status: byHand,
  name: text,
  idPrefix: text,
  createdAfter: byHand,
  createdBefore: byHand,
  endedAfter: byHand,
  endedBefore: byHand,
  parent: text,
  version: text,
  waitingFor: byHand,
  retrying: flag,
  "attr.KEY": text,
  q: text,
  order: v.optional(v.picklist(["desc", "asc"]), "desc"),
  pageSize: wholeNumber(1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
  continuationToken: text,
  since: text,
  countBy: byHand,
} satisfies Parameters;

export const EVENTS = {
  after: v.optional(
    v.pipe(
      v.string(),
      v.regex(HISTORY_POSITION, ({ input }: Issue) => `${IS_EVENT_ID}, found ${JSON.stringify(String(input))}`),
    ),
  ),
} satisfies Parameters;

const MAX_CONFIRM = 1_000_000_000;
export const MAX_RPS = 1_000;
/** Each is asked for an answer, and an invocation of the Free plan may make 50 calls. */
const MAX_JOBS = 40;
const DEFAULT_JOBS = 20;

export const NEW_JOB = {
  dryRun: flag,
  confirm: v.optional(whole(0, MAX_CONFIRM)),
  rps: v.optional(whole(1, MAX_RPS)),
} satisfies Parameters;
/** Of each limit so many keys are told. */
export const LIMITS_PAGE = { top: wholeNumber(1, 100, 10) } satisfies Parameters;
export const JOBS_PAGE = {
  pageSize: wholeNumber(1, MAX_JOBS, DEFAULT_JOBS),
  continuationToken: text,
} satisfies Parameters;

const MAX_PREVIEW = 100;
export const SCHEDULES_PAGE = {
  pageSize: wholeNumber(1, MAX_JOBS, DEFAULT_JOBS),
  continuationToken: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_-]{1,40}$/, ({ input }: Issue) => `is that of the page before, found ${shown(input)}`),
    ),
  ),
} satisfies Parameters;
export const PREVIEW = { count: wholeNumber(1, MAX_PREVIEW, 10) } satisfies Parameters;
