import type { Payloads } from "../engine/payload.ts";
import type { AnyWorkflow } from "../engine/workflow-context.ts";
import {
  aBoolean,
  aDate,
  aNumber,
  anything,
  aString,
  type OptionRule,
  oneOf,
  optionsOf,
  rangeRule,
  required,
  typeRule,
} from "../model/options.ts";
import { aRetention } from "../model/retention.ts";
import { type SearchAttributes, someAttributes } from "../model/search-attributes.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";

/*
 * Schedules as an author writes them, in code or for the client, and as the client shows them.
 */

/** What becomes of a time at which an instance of the schedule still runs: docs/schedules.md says what each does. */
export type ScheduleOverlap = "skip" | "bufferOne" | "bufferAll" | "cancelOther" | "terminateOther" | "allowAll";

/** When a schedule starts instances, and how: one of `cron`, `interval` and `at` says when. */
export interface ScheduleTimes {
  /** Cron expressions of five fields, or six with seconds. */
  readonly cron?: string | readonly string[] | null | undefined;
  /** A Go duration such as "6h". */
  readonly interval?: string | null | undefined;
  /** Of an interval: how long after each of its times. A Go duration. */
  readonly offset?: string | null | undefined;
  /** Of an interval: a time from which it counts. Default: 1970, in UTC. */
  readonly anchor?: Date | null | undefined;
  /** Once, at this time. */
  readonly at?: Date | null | undefined;
  /** Of cron: a name such as "Europe/Berlin". Default "UTC". */
  readonly timeZone?: string | null | undefined;
  /** Of each instance, with two more: `schedule`, the ID of the schedule, and `scheduledTime`. */
  readonly searchAttributes?: SearchAttributes | null | undefined;
  /** How long after its end an instance is kept: a Go duration; an hour at least. */
  readonly retention?: string | null | undefined;
  /** Default "skip". */
  readonly overlap?: ScheduleOverlap | null | undefined;
  /** How late a time may be and still be started: a Go duration. Default "1h". */
  readonly catchUpWindow?: string | null | undefined;
  /** Each time is started later by some of this: a Go duration. Default "0s". */
  readonly jitter?: string | null | undefined;
  /** No time before this one counts. */
  readonly startAt?: Date | null | undefined;
  /** No time after this one counts. */
  readonly endAt?: Date | null | undefined;
  /** Whether the schedule pauses when an instance of it has failed. Default false. */
  readonly pauseOnFailure?: boolean | null | undefined;
  /** So many more are started. Default: no end. */
  readonly remainingActions?: number | null | undefined;
}

/** What is started: the input may be left out where the workflow takes none. */
export type ScheduledInput<TInput> = undefined extends TInput
  ? { readonly input?: TInput }
  : { readonly input: TInput };

/** What became of a time. */
export interface ScheduleFire {
  readonly instanceId: string;
  readonly kind: "scheduled" | "triggered" | "backfilled";
  readonly nominalTime: Date;
  /** When that was known; of one that is waiting or starting there is none yet. */
  readonly actualTime?: Date;
  /** How much later than it was due. */
  readonly latenessMs?: number;
  readonly outcome: "started" | "skipped" | "missed" | "ID in use" | "waiting" | "starting";
  readonly message?: string;
}

/** A schedule, as it is. */
export interface WorkflowSchedule {
  readonly id: string;
  readonly workflowName: string;
  readonly input?: unknown;
  readonly cron?: string | readonly string[];
  readonly interval?: string;
  readonly offset?: string;
  readonly anchor?: string;
  readonly at?: string;
  readonly timeZone: string;
  readonly searchAttributes?: SearchAttributes;
  readonly retention?: string;
  readonly overlap: ScheduleOverlap;
  readonly catchUpWindow: string;
  readonly jitter: string;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly pauseOnFailure: boolean;
  readonly remainingActions?: number;
  /** Whether code declares it, or the API has made it. */
  readonly source: "api" | "code";
  readonly paused: boolean;
  readonly pause?: { readonly reason?: string; readonly by?: string; readonly at: Date };
  /** Why it does nothing: the code of today cannot read it. */
  readonly problem?: string;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  /** The next ten; in a list, the next. */
  readonly nextTimes: readonly Date[];
  /** The IDs of instances that are not known to have ended. */
  readonly running: readonly string[];
  /** The last 20, the newest first. */
  readonly fires: readonly ScheduleFire[];
}

export interface SchedulePage {
  readonly schedules: readonly WorkflowSchedule[];
  readonly continuationToken?: string;
}

const OVERLAPS = ["skip", "bufferOne", "bufferAll", "cancelOther", "terminateOther", "allowAll"] as const;
export const aWorkflow: OptionRule = typeRule("a workflow: its function, declaration or name", (value) =>
  ["string", "function", "object"].includes(typeof value),
);
const expressions = typeRule(
  "a cron expression, or a list of them",
  (value) => typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string")),
);
export const overlap = oneOf(...OVERLAPS);
/** Rules of when and how. */
export const times = {
  cron: expressions,
  interval: aString,
  offset: aString,
  anchor: aDate,
  at: aDate,
  timeZone: aString,
  searchAttributes: someAttributes,
  retention: aRetention,
  overlap,
  catchUpWindow: aString,
  jitter: aString,
  startAt: aDate,
  endAt: aDate,
  pauseOnFailure: aBoolean,
  remainingActions: aNumber("a whole number from 1", (value) => Number.isInteger(value) && value >= 1),
};

export interface DeclaredSchedule extends ScheduleTimes {
  readonly workflow: AnyWorkflow;
  readonly input?: unknown;
}
export const declaredSchedule = optionsOf<DeclaredSchedule>({
  workflow: required(aWorkflow),
  input: anything,
  ...times,
});
export const aScheduleId: OptionRule = rangeRule(
  "1 to 40 letters, digits, _ and -",
  (value) => typeof value === "string" && /^[A-Za-z0-9_-]{1,40}$/.test(value),
);

/** The fields of the body that say when and how; times are texts there. `null` stays. */
export function timesOf(given: ScheduleTimes): Record<string, unknown> {
  const written = Object.entries(given).filter(([name, value]) => Object.hasOwn(times, name) && value !== undefined);
  return Object.fromEntries(
    written.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}

/** A body with these fields, and an input that is JSON already. */
export function bodyText(fields: Record<string, unknown>, input: string | undefined): string {
  const text = JSON.stringify(fields);
  return input === undefined ? text : `${text === "{}" ? "{" : `${text.slice(0, -1)},`}"input":${input}}`;
}

/** A payload of a schedule stands in JSON, so it has to be some. */
export function encodedInput(payloads: Payloads, given: object, name: string): string | undefined {
  return "input" in given && given.input !== undefined
    ? payloads.encode(given.input, "input", "workflow", name)
    : undefined;
}

type Wire<T> = { readonly [Key in keyof T]: T[Key] extends Date | undefined ? string : T[Key] };
type WireSchedule = Omit<Wire<WorkflowSchedule>, "pause" | "nextTimes" | "fires"> & {
  readonly pause?: { readonly reason?: string; readonly by?: string; readonly at: string };
  readonly nextTimes: readonly string[];
  readonly fires: readonly (Omit<Wire<ScheduleFire>, "instanceId"> & { readonly instanceID: string })[];
};

export function scheduleOf(answer: Answer): WorkflowSchedule {
  return readSchedule(bodyOf(answer, "schedule", ({ nextTimes }) => Array.isArray(nextTimes)) as WireSchedule);
}

function readSchedule({ pause, createdAt, lastUpdatedAt, nextTimes, fires, ...same }: WireSchedule): WorkflowSchedule {
  return {
    ...same,
    ...(pause !== undefined && { pause: { ...pause, at: new Date(pause.at) } }),
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(lastUpdatedAt),
    nextTimes: nextTimes.map((time) => new Date(time)),
    fires: fires.map(({ instanceID, nominalTime, actualTime, ...fire }) => ({
      instanceId: instanceID,
      ...fire,
      nominalTime: new Date(nominalTime),
      ...(actualTime !== undefined && { actualTime: new Date(actualTime) }),
    })),
  };
}

export function schedulePageOf(answer: Answer): SchedulePage {
  const body = bodyOf(answer, "list of schedules", ({ schedules }) => Array.isArray(schedules));
  const { schedules, continuationToken } = body as {
    readonly schedules: readonly WireSchedule[];
    readonly continuationToken?: string;
  };
  return { schedules: schedules.map(readSchedule), ...(continuationToken !== undefined && { continuationToken }) };
}

export function timesIn(answer: Answer): Date[] {
  const { times: found } = bodyOf(answer, "times", ({ times: list }) => Array.isArray(list)) as {
    readonly times: readonly string[];
  };
  return found.map((time) => new Date(time));
}
