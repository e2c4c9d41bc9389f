import type { Condition } from "../catalog/query/condition.ts";
import { readFilter } from "../catalog/query/parameters.ts";
import { readPage } from "../catalog/reading/page.ts";
import type { Shards } from "../catalog/reading/shards.ts";
import type { WorkflowActivityContext } from "../engine/activity-context.ts";
import { Registry } from "../engine/registry.ts";
import { type BatchRequest, BULK_JOB, batch, bulkJob, type PageAnswer, type PageRequest, page } from "./bulk-job.ts";
import { type CalledInstance, callInstance, type Outcome } from "./call-instance.ts";
import { addProgress, type JobProgress, MAX_ERROR_LENGTH, NOTHING_DONE } from "./job.ts";

/** What jobs have of the world outside. */
export interface JobPorts {
  /** A stub for the object of this instance. */
  instance(instanceId: string): CalledInstance;
  /** Where there is none, no job with a filter begins. */
  readonly catalog: Shards | undefined;
}

/** The engine's own workflow, in a registry of its own: no author's code sees it, and none can take its names. */
export function jobRegistry(ports: JobPorts): Registry {
  const registry = new Registry();
  registry.addWorkflow(BULK_JOB, bulkJob);
  registry.addActivity(page.name, (_ctx, request: PageRequest) => readTargets(ports, request));
  registry.addActivity(batch.name, (ctx, request: BatchRequest) => callAll(ports, ctx, request));
  return registry;
}

async function readTargets({ catalog }: JobPorts, request: PageRequest): Promise<PageAnswer> {
  if (catalog === undefined) throw new Error("The catalog is not bound any more");
  const { filter, continuationToken, createdByMs: ms, pageSize } = request;
  const created: Condition = { type: "time", field: "created", operator: "<=", ms };
  const condition: Condition = { type: "and", parts: [readFilter(filter), created] };
  const query = { type: "page", filter: condition, order: "desc", pageSize, continuationToken } as const;
  const { entries, missingShards, ...found } = await readPage(query, catalog);
  // Whoever lies there would be passed over.
  if (missingShards > 0) throw new Error(`${missingShards} shard(s) of the catalog have not answered`);
  return { instanceIds: entries.map(({ instanceId }) => instanceId), continuationToken: found.continuationToken };
}

/** Never rejects: what an instance answers, or that it does not, is what there is to tell. */
async function callAll(
  ports: JobPorts,
  ctx: WorkflowActivityContext,
  { call, instanceIds, createdByMs, skipsMissing }: BatchRequest,
): Promise<JobProgress> {
  // Written before the first call leaves: a run after a crash knows that it is not the first.
  const isRepeated = ctx.getLastHeartbeatDetails() !== undefined;
  ctx.heartbeat(true);
  const jobId = ctx.getWorkflowInstanceId();
  const outcomes = await Promise.all(
    instanceIds.map((instanceId) =>
      callInstance((id) => ports.instance(id), call, { jobId, instanceId, createdByMs, isRepeated }),
    ),
  );
  return instanceIds.reduce((progress, instanceID, n) => {
    return addProgress(progress, toProgress(instanceID, outcomes[n] ?? { type: "gone" }, skipsMissing));
  }, NOTHING_DONE);
}

function toProgress(instanceID: string, outcome: Outcome, skipsMissing: boolean): JobProgress {
  if (outcome.type === "done") return { ...NOTHING_DONE, done: 1 };
  if (outcome.type === "gone" && skipsMissing) return { ...NOTHING_DONE, skipped: 1 };
  const text = outcome.type === "gone" ? "there was no such instance when the job began" : outcome.error;
  const error = text.length > MAX_ERROR_LENGTH ? `${text.slice(0, MAX_ERROR_LENGTH).toWellFormed()}…` : text;
  return { ...NOTHING_DONE, failed: 1, failures: [{ instanceID, error }] };
}
