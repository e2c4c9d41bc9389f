import type { AnyWorkflow } from "../../engine/workflow-context.ts";
import { aBoolean, aDate, aNumber, anything, aString, optionsOf, required } from "../../model/options.ts";
import { aWorkflow, overlap, type ScheduleOverlap, type ScheduleTimes, times } from "../schedules.ts";

/*
 * What the client is given for schedules. It stands apart from what code declares, so that a Worker without a client is built without it.
 */

/** A schedule that is made by the client. */
export interface NewScheduleOptions extends ScheduleTimes {
  readonly workflow: AnyWorkflow;
  readonly input?: unknown;
  /** It begins paused. Default false. */
  readonly paused?: boolean | null | undefined;
  /** Takes the place of one that is there; what that has done stays. Default false: one that is there is in the way. */
  readonly replace?: boolean | null | undefined;
  /** Names this request: sent twice, it counts once. Default: a random UUID. */
  readonly requestId?: string | null | undefined;
  /** Why, in at most 1,000 characters: it goes to the log, and, where it begins paused, it says why. */
  readonly reason?: string | null | undefined;
}

/** What is named changes, `null` takes it away, and what is not named stays. */
export interface ScheduleChanges extends ScheduleTimes {
  readonly workflow?: AnyWorkflow | undefined;
  readonly input?: unknown;
  readonly reason?: string | undefined;
}

export interface TriggerOptions {
  /** In place of the schedule's. */
  readonly input?: unknown;
  /** What becomes of it while others of the schedule run. Default "allowAll". */
  readonly overlap?: ScheduleOverlap | null | undefined;
  /** Names this request: sent twice, it starts one instance. Default: a random UUID. */
  readonly requestId?: string | null | undefined;
  /** Why, in at most 1,000 characters: it stands in the history of the instance. */
  readonly reason?: string | null | undefined;
}

export interface BackfillOptions {
  readonly from: Date;
  readonly to: Date;
  /** Default "allowAll". */
  readonly overlap?: ScheduleOverlap | null | undefined;
  /** Tells which times they are, and starts none. Default false. */
  readonly dryRun?: boolean | null | undefined;
  readonly reason?: string | null | undefined;
}

export interface SchedulePageOptions {
  /** 1 to 40. Default 20. */
  readonly pageSize?: number | null | undefined;
  /** That of the page before. */
  readonly continuationToken?: string | null | undefined;
}

export const newScheduleOptions = optionsOf<NewScheduleOptions>({
  workflow: required(aWorkflow),
  input: anything,
  ...times,
  paused: aBoolean,
  replace: aBoolean,
  requestId: aString,
  reason: aString,
});
export const triggerOptions = optionsOf<TriggerOptions>({
  input: anything,
  overlap,
  requestId: aString,
  reason: aString,
});
export const backfillOptions = optionsOf<BackfillOptions>({
  from: required(aDate),
  to: required(aDate),
  overlap,
  dryRun: aBoolean,
  reason: aString,
});
const isPageSize = (value: number) => Number.isInteger(value) && value >= 1 && value <= 40;
export const schedulePageOptions = optionsOf<SchedulePageOptions>({
  pageSize: aNumber("a whole number from 1 to 40", isPageSize),
  continuationToken: aString,
});
