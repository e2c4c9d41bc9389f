import { ACCEPTED, type Docs, WITH_REASON, WITHOUT_FIELD } from "./operation-doc.ts";

/** One operation, asked of many instances. */
export const JOBS = {
  startBulkJob: {
    tag: "Bulk jobs",
    summary: "Ask many instances the same",
    needsMore: "with the operation `purge` admin",
    description:
      "Instances by their IDs, or those that a filter fits. Only what was created before the job began is called, the newest first. A parameter counts where the body has no field of its name.",
    names: WITHOUT_FIELD,
    body: { is: "BulkJobRequest", when: "What is asked, and of whom.", isRequired: true },
    answers: {
      200: { when: "With `dryRun`: how many match, and the first 20 of them.", schema: "BulkJobMatches" },
      202: { when: "The job is on disk.", schema: "BulkJobStarted" },
    },
    errors: ["ERR_BULK_CONFIRM", "ERR_BULK_JOB", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "instance",
  },
  listBulkJobs: {
    tag: "Bulk jobs",
    summary: "List bulk jobs",
    description: "The newest first. A job is kept for 30 days after its end.",
    names: { pageSize: "How many jobs at most." },
    answers: { 200: { when: "A page.", schema: "BulkJobList" } },
    errors: ["ERR_BULK_JOB", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  getBulkJob: {
    tag: "Bulk jobs",
    summary: "See how far a bulk job has come",
    names: { id: "The ID of the job." },
    answers: { 200: { when: "The job.", schema: "BulkJob" } },
    errors: ["ERR_BULK_JOB_NOT_FOUND", "ERR_BULK_JOB"],
    checks: "instance",
  },
  cancelBulkJob: {
    tag: "Bulk jobs",
    summary: "Stop a bulk job",
    description: "Between two batches. What is done stays done.",
    names: { id: "The ID of the job." },
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_BULK_JOB_NOT_FOUND", "ERR_BULK_JOB"],
    checks: "instance",
  },
} satisfies Partial<Docs>;
