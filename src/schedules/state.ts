import type { Asked } from "../model/history-event.ts";
import type { Overlap, ScheduleFields } from "./fields.ts";

/*
 * What a schedule knows. It lies in the database as JSON, where code of other versions finds it: fields are only ever added, and added as optional
 * ones.
 *
 *     a nominal time ──► waiting ──► starting ──► running ──► forgotten when it has ended
 *                   │        (room)      (answer)
 *                   └─► passed over: skipped, missed; or, when the instance answers, "ID in use"
 *
 * What must hold (S1 to S4; `decisions.ts` keeps them, the simulation checks them):
 * S1  A scheduled time is taken once: `throughMs` only grows, and is written in the commit that takes the time.
 * S2  What stands in `starting` was written before the instance heard of it, and leaves when the instance has answered.
 * S3  A fire has one key in all its life, and with it one instance ID and one name of its request.
 * S4  With an overlap other than allowAll nothing is started while something of this schedule is starting, or may run.
 */

/** Why there is a fire: its time has come, somebody wants it now, or wants times of the past. */
export type FireKind = "scheduled" | "triggered" | "backfilled";

/** An instance that is to be started. */
export interface Fire extends Asked {
  readonly kind: FireKind;
  readonly nominalMs: number;
  /** Of a trigger: the how many-th. */
  readonly trigger?: number | undefined;
  /** When it was to start: the nominal time, with its jitter. */
  readonly dueMs: number;
  readonly overlap: Overlap;
  /** It has an input of its own, which the store keeps under its key. */
  readonly hasInput?: true | undefined;
}

/** An instance that was started, and is not known to have ended. */
export interface Running {
  readonly key: string;
  readonly startedMs: number;
  /** It has been told to end, because another is to take its place. */
  readonly isToldToEnd?: true | undefined;
}

export type Outcome = "started" | "skipped" | "missed" | "ID in use";

/** What became of a fire. */
export interface FireRecord {
  readonly key: string;
  readonly kind: FireKind;
  readonly nominalMs: number;
  readonly dueMs: number;
  /** When that was known. */
  readonly actualMs: number;
  readonly outcome: Outcome;
  /** Why. */
  readonly message?: string | undefined;
}

export interface Pause {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly atMs: number;
  /** Its declaration was taken out of the code: it goes on when it is back. */
  readonly isUndeclared?: true | undefined;
}

export interface ScheduleState {
  readonly fields: ScheduleFields;
  readonly source: "api" | "code";
  /** Of one that is declared in code: what its declaration was. */
  readonly declared?: string | undefined;
  /** The how many-th deployment has said so. */
  readonly deployment?: number | undefined;
  /** The name of the request that has made it. */
  readonly createdBy?: string | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly paused?: Pause | undefined;
  /** Scheduled times up to this one are dealt with. */
  readonly throughMs: number;
  /** So many scheduled ones are still to be started. */
  readonly remainingActions?: number | undefined;
  /** So many triggers there were. */
  readonly triggers: number;
  /** The last triggers, by the names of their requests: one that comes again is the same. */
  readonly requests: readonly { readonly requestId: string; readonly key: string }[];
  /** They wait until nothing runs, the oldest first. */
  readonly waiting: readonly Fire[];
  readonly starting: readonly Fire[];
  readonly running: readonly Running[];
  /** The last, the newest first. */
  readonly fires: readonly FireRecord[];
  /** Nominal times for which an instance was started, in seconds. The store takes the oldest out when there are many. */
  readonly ran: readonly number[];
}

export const MOST_FIRES = 20;
export const MOST_WAITING = 1_000;
/** Of whom no start has to wait, fewer are kept in mind. */
export const MOST_RUNNING = 1_000;
const MOST_UNWATCHED = 20;

export function newSchedule(
  fields: ScheduleFields,
  nowMs: number,
  origin: Pick<ScheduleState, "source" | "declared">,
): ScheduleState {
  return {
    fields,
    ...origin,
    createdMs: nowMs,
    updatedMs: nowMs,
    throughMs: nowMs,
    triggers: 0,
    requests: [],
    waiting: [],
    starting: [],
    running: [],
    fires: [],
    ran: [],
  };
}

/** How many of those that run are kept in mind. */
export function mostRunning(isWatching: boolean): number {
  return isWatching ? MOST_RUNNING : MOST_UNWATCHED;
}
