import { declareActivity } from "../engine/declarations.ts";
import { WorkflowCanceledError } from "../engine/errors.ts";
import type { Task } from "../engine/task.ts";
import type { WorkflowContext } from "../engine/workflow-context.ts";
import { addProgress, type JobCall, type JobInput, type JobProgress, type JobTargets } from "./job.ts";

/*
 * The workflow of a bulk job. An execution takes a page of instances, and hands the rest to the next one, so that no history grows.
 *
 *   page of IDs -> pause -> batch of calls -> pause -> batch of calls … -> continue as new with the rest, until there is none
 *
 * Each page and each batch has a pause before it, in which the object sleeps: what an alarm wakes is an invocation of its own, and one of
 * the Free plan may make 50 calls. A cancel comes between two batches, or is heard when the batch under way has ended.
 */

export const BULK_JOB = "bulk-job";

export interface PageRequest {
  readonly filter: Readonly<Record<string, string>>;
  readonly continuationToken?: string | undefined;
  readonly createdByMs: number;
  readonly pageSize: number;
}
export interface PageAnswer {
  readonly instanceIds: readonly string[];
  readonly continuationToken?: string | undefined;
}
/** Instances that a filter fits, and that were created by a certain time. */
export const page = declareActivity<PageRequest, PageAnswer>("page");

export interface BatchRequest {
  readonly call: JobCall;
  readonly instanceIds: readonly string[];
  readonly createdByMs: number;
  /** Whoever is not there any more has fitted a filter, and was not named by the caller. */
  readonly skipsMissing: boolean;
}
/** Calls so many instances at once. */
export const batch = declareActivity<BatchRequest, JobProgress>("batch");

const PAGE_SIZE = 200;
const BATCH_SIZE = 40;
/** Long enough for the object to have nothing to do meanwhile. */
const MIN_PAUSE_MS = 50;
/** For an hour and a half: a shard may be away for a while. */
const PATIENTLY = {
  retry: { maxNumberOfAttempts: 100, firstRetryInterval: 1, backoffCoefficient: 2, maxRetryInterval: 60 },
};

export function* bulkJob(ctx: WorkflowContext, input: JobInput) {
  const { call, beganAtMs: createdByMs, rps } = input;
  const size = Math.min(BATCH_SIZE, Math.max(1, Math.ceil(rps)));
  const skipsMissing = "filter" in input.targets;
  let { progress, dueAtMs } = input;
  let underWay: Task<JobProgress> | undefined;
  const nowMs = () => ctx.getCurrentUtcDateTime().getTime();
  const pause = (untilMs = 0) => ctx.createTimer(new Date(Math.max(untilMs, nowMs() + MIN_PAUSE_MS)));
  const add = (more: JobProgress) => {
    underWay = undefined;
    progress = addProgress(progress, more);
    ctx.setCustomStatus(progress);
  };
  ctx.setCustomStatus(progress);
  try {
    if (dueAtMs !== undefined && skipsMissing) yield* pause();
    const { instanceIds, rest } = yield* nextPage(ctx, input.targets, createdByMs);
    for (let from = 0; from < instanceIds.length; from += size) {
      yield* pause(dueAtMs);
      const ids = instanceIds.slice(from, from + size);
      dueAtMs = nowMs() + (ids.length * 1_000) / rps;
      underWay = ctx.callActivity(batch, { call, instanceIds: ids, createdByMs, skipsMissing });
      add(yield* underWay);
    }
    if (rest !== undefined) ctx.continueAsNew({ ...input, targets: rest, progress, dueAtMs: dueAtMs ?? nowMs() });
  } catch (error) {
    if (error instanceof WorkflowCanceledError && underWay !== undefined) add(yield* underWay);
    throw error;
  }
}

function* nextPage(ctx: WorkflowContext, targets: JobTargets, createdByMs: number) {
  if ("instanceIds" in targets) {
    const rest = targets.instanceIds.slice(PAGE_SIZE);
    const instanceIds = targets.instanceIds.slice(0, PAGE_SIZE);
    return { instanceIds, rest: rest.length === 0 ? undefined : { instanceIds: rest } };
  }
  const { filter } = targets;
  const request = { ...targets, createdByMs, pageSize: PAGE_SIZE };
  const { instanceIds, continuationToken } = yield* ctx.callActivity(page, request, PATIENTLY);
  return { instanceIds, rest: continuationToken === undefined ? undefined : { filter, continuationToken } };
}
