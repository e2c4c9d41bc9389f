import type { SearchAttributes } from "../model/search-attributes.ts";

/*
 * A schedule as it is given and shown: texts, of which `timetable.ts` makes times. It lies in the database in this form, where code of other
 * versions finds it: fields are only ever added.
 */

/** What becomes of a time at which an instance of the schedule still runs. docs/schedules.md says what each does. */
export const OVERLAPS = ["skip", "bufferOne", "bufferAll", "cancelOther", "terminateOther", "allowAll"] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** One of these says when. */
export const WHEN_FIELDS = ["cron", "interval", "at"] as const;

export interface ScheduleFields {
  readonly workflowName: string;
  readonly cron?: string | readonly string[] | undefined;
  /** A Go duration. */
  readonly interval?: string | undefined;
  /** Of an interval: how long after each of its times. */
  readonly offset?: string | undefined;
  /** Of an interval: a time from which it counts. Default: 1970 in UTC. */
  readonly anchor?: string | undefined;
  /** Once. */
  readonly at?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  readonly retention?: string | undefined;
  readonly overlap?: Overlap | undefined;
  readonly catchUpWindow?: string | undefined;
  readonly jitter?: string | undefined;
  readonly startAt?: string | undefined;
  readonly endAt?: string | undefined;
  readonly pauseOnFailure?: boolean | undefined;
}

/** What can be changed: `null` takes a field away. */
export type FieldChanges = { readonly [Name in keyof ScheduleFields]?: ScheduleFields[Name] | null | undefined };

/** All by which a schedule's times are found: two that have the same have the same times. */
export function saysWhen({ cron, interval, offset, anchor, at, timeZone, startAt, endAt }: ScheduleFields): string {
  return JSON.stringify([cron, interval, offset, anchor, at, timeZone, startAt, endAt]);
}

/** Only what is named changes. Another way to say when takes the place of the one before, with all that belonged to that. */
export function changeFields(before: ScheduleFields, changes: FieldChanges): ScheduleFields {
  const { cron, interval, at, offset, anchor, ...rest } = before;
  const saysWhen = [changes.cron, changes.interval, changes.at].some((value) => value != null);
  const isOther = saysWhen && !(interval !== undefined && typeof changes.interval === "string");
  const merged = { ...rest, ...(!isOther && { cron, interval, at, offset, anchor }), ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== undefined && value !== null),
  ) as unknown as ScheduleFields;
}
