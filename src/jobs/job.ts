import type { Asked } from "../model/history-event.ts";

/*
 * What a bulk job is: one operation, asked of many instances. Its input and its progress lie in the history and the row of the job's
 * instance, where code of other versions finds them: fields are only ever added, and added as optional ones.
 */

export const JOB_OPERATIONS = [
  "terminate",
  "cancel",
  "pause",
  "resume",
  "purge",
  "raise",
  "rewind",
  "rerun",
  "restart",
] as const;
export type JobOperation = (typeof JOB_OPERATIONS)[number];

/** How many instances can be named. */
export const MOST_TARGETS = 10_000;

/** What each instance is asked. Payloads are raw texts. */
export interface JobCall extends Asked {
  readonly operation: JobOperation;
  readonly output?: string | undefined;
  readonly nonRecursive?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly eventName?: string | undefined;
  readonly payload?: string | undefined;
  /** Of a rerun: from which call on; default: from the beginning. */
  readonly eventId?: number | undefined;
  /** Of a rerun: what the IDs of the new instances begin with. */
  readonly newIdPrefix?: string | undefined;
  /** Of a rerun: in place of that of the call, or of the workflow. */
  readonly input?: string | undefined;
}

/** Whom a job is about: what is left of it. */
export type JobTargets =
  | { readonly instanceIds: readonly string[] }
  /** The parameters of a list. */
  | { readonly filter: Readonly<Record<string, string>>; readonly continuationToken?: string | undefined };

export interface JobInput {
  readonly call: JobCall;
  readonly targets: JobTargets;
  /** How many there were when the job began. */
  readonly matched: number;
  /** How many calls a second at most. */
  readonly rps: number;
  /** Only what was created by then is touched. */
  readonly beganAtMs: number;
  /** So far. */
  readonly progress: JobProgress;
  /** No call before this time, because of those before. */
  readonly dueAtMs?: number | undefined;
}

export interface JobProgress {
  readonly done: number;
  readonly failed: number;
  /** They fitted the filter, and were not there any more. */
  readonly skipped: number;
  /** The first. */
  readonly failures: readonly JobFailure[];
}

export interface JobFailure {
  readonly instanceID: string;
  readonly error: string;
}

/** What a job's instance has told of itself; `undefined` where it cannot be read. */
export function readJob(input: string | undefined, customStatus: string | undefined): JobInput | undefined {
  if (input === undefined) return undefined;
  const job: JobInput = JSON.parse(input);
  return customStatus === undefined ? job : { ...job, progress: JSON.parse(customStatus) };
}

export const NOTHING_DONE: JobProgress = { done: 0, failed: 0, skipped: 0, failures: [] };

export const MOST_FAILURES = 100;
/** Of one failure. All of them have to fit into the custom status, whatever the IDs. */
export const MAX_ERROR_LENGTH = 200;
const MAX_FAILURES_LENGTH = 40_000;

export function addProgress(before: JobProgress, more: JobProgress): JobProgress {
  const failures = [...before.failures];
  let length = JSON.stringify(failures).length;
  for (const failure of more.failures) {
    length += JSON.stringify(failure).length + 1;
    if (failures.length >= MOST_FAILURES || length > MAX_FAILURES_LENGTH) break;
    failures.push(failure);
  }
  return {
    done: before.done + more.done,
    failed: before.failed + more.failed,
    skipped: before.skipped + more.skipped,
    failures,
  };
}
