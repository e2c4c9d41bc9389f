import * as v from "valibot";
import { JOB_OPERATIONS } from "../../../jobs/job.ts";
import { BULK_JOB } from "../../bodies.ts";
import { listedWorkflow, missingShards } from "./catalog.ts";
import { count, may, runtimeStatus, text, time } from "./shape.ts";

/** What the job's instance cannot tell while it cannot be read may be missing. */
const bulkJob = v.object({
  jobID: text,
  state: runtimeStatus,
  started: time,
  ended: may(time),
  eta: may(v.pipe(time, v.description("When it will have ended, at its pace so far."))),
  error: may(v.pipe(v.string(), v.description("Why it has failed, or does not go on."))),
  operation: may(v.picklist(JOB_OPERATIONS)),
  reason: may(text),
  actor: may(v.pipe(text, v.description("Who has begun it: the name of the token."))),
  filter: may(v.record(v.string(), v.string())),
  matched: may(v.pipe(count, v.description("When it began."))),
  done: may(count),
  failed: may(count),
  skipped: may(v.pipe(count, v.description("They fitted the filter, and were not there any more."))),
  failures: may(
    v.pipe(v.array(v.object({ instanceID: text, error: text })), v.maxLength(100), v.description("The first.")),
  ),
});

export const JOB_SCHEMAS = {
  BulkJobRequest: BULK_JOB,
  BulkJobStarted: v.object({ jobID: text }),
  BulkJobMatches: v.object({
    matched: count,
    complete: may(
      v.pipe(v.literal(false), v.description("There are too many instances to look at all: at least so many match.")),
    ),
    samples: v.pipe(v.array(v.partial(listedWorkflow)), v.description("The first 20, as far as they are there.")),
  }),
  BulkJob: bulkJob,
  BulkJobList: v.object({ jobs: v.array(bulkJob), continuationToken: may(text), missingShards }),
};
