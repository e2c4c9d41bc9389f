import { aString, readArgument, readOptions } from "../../model/options.ts";
import {
  type BulkJob,
  type BulkJobOptions,
  type BulkJobPage,
  type BulkJobPageOptions,
  type BulkJobPreview,
  bulkJobOptions,
  bulkJobPageOptions,
  jobBodyOf,
  jobIdIn,
  jobOf,
  jobPageOf,
  previewOf,
} from "../bulk-jobs.ts";
import { ifThere, segment } from "../workflow-api.ts";
import type { ClientConnection } from "./connection.ts";
import { ClientLists } from "./lists.ts";

/** One operation, asked of many instances. */
export class ClientJobs extends ClientLists {
  readonly #connection: ClientConnection;

  constructor(connection: ClientConnection) {
    super(connection);
    this.#connection = connection;
  }

  /**
   * Asks many instances the same, as a job that goes on by itself; resolves with its ID. Only what was created before is meant. Rejects
   * with ERR_BULK_CONFIRM when more match than `confirm` allows. docs/operations.md says what it promises.
   *
   *     const jobId = await client.startBulkJob({ operation: "purge", filter: { status: "COMPLETED", endedBefore: lastYear }, confirm: 5_000 });
   */
  async startBulkJob(job: BulkJobOptions): Promise<string> {
    const body = jobBodyOf(readOptions(bulkJobOptions, job, "startBulkJob"), this.#connection.payloads, false);
    return jobIdIn(await this.#connection.jobs.change("", {}, body));
  }

  /** How many instances a job would ask, and the first of them. Nothing is done to them. */
  async previewBulkJob(job: BulkJobOptions): Promise<BulkJobPreview> {
    const body = jobBodyOf(readOptions(bulkJobOptions, job, "previewBulkJob"), this.#connection.payloads, true);
    return previewOf(await this.#connection.jobs.change("", {}, body));
  }

  /** `undefined` when there is no such job. */
  async getBulkJob(jobId: string): Promise<BulkJob | undefined> {
    const answer = await ifThere(this.#connection.jobs.ask(segment(jobId)), "ERR_BULK_JOB_NOT_FOUND");
    return answer && jobOf(answer);
  }

  /** One page of jobs, the newest first. Rejects with ERR_CATALOG_NOT_CONFIGURED where the server has no catalog. */
  async listBulkJobs(options?: BulkJobPageOptions | null): Promise<BulkJobPage> {
    const { pageSize, continuationToken } = readOptions(bulkJobPageOptions, options, "listBulkJobs");
    const query = { pageSize: pageSize ?? undefined, continuationToken: continuationToken ?? undefined };
    return jobPageOf(await this.#connection.jobs.ask("", query));
  }

  /** Stops a job between two batches: what is done stays done. Rejects with status 404 when there is none. */
  async cancelBulkJob(jobId: string, reason?: string | null): Promise<void> {
    const text = readArgument(aString, reason, "reason", "cancelBulkJob", jobId);
    await this.#connection.jobs.change(`${segment(jobId)}/cancel`, { reason: text });
  }
}
