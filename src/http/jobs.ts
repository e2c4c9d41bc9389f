import { type Condition, EVERYTHING } from "../catalog/query/condition.ts";
import { readPage } from "../catalog/reading/page.ts";
import type { InstanceDescription } from "../instance/protocol.ts";
import { BULK_JOB as WORKFLOW } from "../jobs/bulk-job.ts";
import { type JobInput, NOTHING_DONE, readJob } from "../jobs/job.ts";
import { JOBS_SHARD } from "../model/catalog-shards.ts";
import { isJobId, jobId } from "../model/ids.ts";
import { isTerminal } from "../model/status.ts";
import { formatTime } from "../model/time.ts";
import { readAsked } from "./asked.ts";
import { BULK_JOB, type JobBody, REASON_ALONE } from "./bodies.ts";
import { fieldAsJson, readOptionalFields } from "./body.ts";
import type { Call } from "./call.ts";
import { needRole } from "./caller.ts";
import { catalogFor, refusing } from "./catalog.ts";
import type { HttpDeps } from "./deps.ts";
import { bodyMalformed, jobNotConfirmed, jobNotFound, operationFailed } from "./errors.ts";
import { callInstance, type Target } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { countTargets, type Matched, sampleOf, targetsIn } from "./job-targets.ts";
import { readJsonBody } from "./json-body.ts";
import { JOBS_PAGE, NEW_JOB, readParameters } from "./parameters.ts";
import { accepted, json, type Reply } from "./replies.ts";

/*
 * Bulk jobs: one operation, asked of many instances. A job is an instance of a workflow of our own, which goes on by itself; here it is begun, looked
 * at and stopped. All of it is ours.
 */

/** More than so many are called only when the caller says that they know it. */
const MOST_UNCONFIRMED = 1_000;
const DEFAULT_RPS = 50;
/** The search attribute of a job with the prefix of the token that began it: the job calls no other instances. */
const PREFIX = "prefix";
/** Of one that is over, too. */
const KEPT_MS = 30 * 86_400_000;

/** The fields that belong to one operation or another. */
const FIELDS: Readonly<Record<string, readonly JobBody["operation"][]>> = {
  output: ["terminate"],
  nonRecursive: ["terminate", "purge"],
  force: ["purge"],
  eventName: ["raise"],
  payload: ["raise"],
  eventID: ["rerun"],
  input: ["rerun"],
};

/**
 * `POST /v1.0/workflow-jobs/{component}`: 202 `{"jobID"}`. With `dryRun` 200, how many instances match, and the first of them; nothing is begun then.
 */
export async function startJob(call: Call, deps: HttpDeps): Promise<Reply> {
  checkAppId(call, deps, targetOf(""));
  const body = await readJsonBody(call, deps, BULK_JOB);
  checkFields(body);
  if (body.operation === "purge") needRole(call, "admin");
  const query = readParameters(call, NEW_JOB);
  const { dryRun = query.dryRun, confirm = query.confirm, rps = query.rps ?? DEFAULT_RPS, ...named } = body;
  const asked = readAsked(call, body);
  const targets = targetsIn(body, call);
  const matched = await countTargets(targets, call, deps);
  if (dryRun) return json(200, { ...matched, samples: await sampleOf(targets, call, deps) });
  checkConfirmed(matched, confirm);
  const id = jobId(deps.newId());
  const { operation, eventName, nonRecursive, force, eventID: eventId } = named;
  const input: JobInput = {
    call: {
      operation,
      ...asked,
      eventName,
      nonRecursive,
      force,
      eventId,
      ...(operation === "rerun" && { newIdPrefix: call.caller?.prefix }),
      input: fieldAsJson(body, "input"),
      payload: fieldAsJson(body, "payload"),
      output: fieldAsJson(body, "output"),
    },
    targets,
    matched: matched.matched,
    rps,
    beganAtMs: deps.now(),
    progress: NOTHING_DONE,
  };
  call.instanceId = id;
  const request = {
    instanceId: id,
    name: WORKFLOW,
    input: JSON.stringify(input),
    requestId: deps.newId(),
    traceparent: call.trace.traceparent,
    retentionMs: KEPT_MS,
    ...asked,
    // By which those find it whose prefix has this one in it.
    ...(call.caller?.prefix !== undefined && { searchAttributes: { [PREFIX]: call.caller.prefix } }),
  };
  const started = await callInstance(call, deps, targetOf(id), (instance) => instance.start(request));
  if (!started.ok) throw operationFailed("job", id, "it did not begin");
  return json(202, { jobID: id });
}

/** `GET /v1.0/workflow-jobs/{component}/{job}`: 200 and how far it has come. */
export async function getJob(call: Call, deps: HttpDeps): Promise<Reply> {
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const id = jobIn(call, deps);
  return json(200, toJob(await findJob(id, call, deps), deps.now()));
}

/** `GET /v1.0/workflow-jobs/{component}[?pageSize=][&continuationToken=]`: 200 and the jobs, the newest first. */
export async function listJobs(call: Call, deps: HttpDeps): Promise<Reply> {
  const catalog = catalogFor("job", call, deps);
  const query = { type: "page", filter: jobsFor(call), order: "desc", ...readParameters(call, JOBS_PAGE) } as const;
  const shards = { names: [JOBS_SHARD], schedule: catalog.schedule, shard: (name: string) => catalog.shard(name) };
  const { entries, continuationToken, missingShards } = await refusing(() => readPage(query, shards));
  const found = await Promise.all(entries.map(({ instanceId }) => describeJob(instanceId, call, deps)));
  const jobs = found.filter((one) => one !== undefined).map((one) => toJob(one, deps.now()));
  return json(200, {
    jobs,
    ...(continuationToken !== undefined && { continuationToken }),
    ...(missingShards > 0 && { missingShards }),
  });
}

/** `POST /v1.0/workflow-jobs/{component}/{job}/cancel`: 202. It makes no call more once it has heard of it; what is done stays done. */
export async function cancelJob(call: Call, deps: HttpDeps): Promise<Reply> {
  const asked = readAsked(call, await readJsonBody(call, deps, REASON_ALONE));
  const id = jobIn(call, deps);
  if (call.caller?.prefix !== undefined) await findJob(id, call, deps);
  const result = await callInstance(call, deps, targetOf(id), (instance) => instance.cancel(asked));
  if (result.ok) return accepted();
  throw result.code === "NOT_FOUND" ? jobNotFound(id) : operationFailed("job", id, "it is stalled");
}

function checkFields(body: JobBody): void {
  const { operation } = body;
  for (const [field, operations] of Object.entries(FIELDS))
    if (Object.hasOwn(body, field) && !operations.includes(operation))
      throw bodyMalformed(`${field} goes with the operation ${operations.join(" or ")}, found ${operation}`);
  if (operation === "raise" && body.eventName === undefined)
    throw bodyMalformed("eventName is the name of the event to raise, found nothing");
}

/** What was counted may be some of them only, where the filter is rare and there are very many instances. */
function checkConfirmed({ matched, complete }: Matched, confirm: number | undefined): void {
  const found = `${complete === false ? "at least " : ""}${matched} instances match`;
  if (confirm === undefined && matched > MOST_UNCONFIRMED)
    throw jobNotConfirmed(
      `${found}: more than ${MOST_UNCONFIRMED} are called only with "confirm", the most that may match`,
    );
  if (confirm !== undefined && matched > confirm)
    throw jobNotConfirmed(`${found}, and at most ${confirm} were confirmed`);
  if (complete === false)
    throw jobNotConfirmed(
      `${found}, and there are too many instances to count all of them: ask for fewer with createdAfter and createdBefore`,
    );
}

function jobIn(call: Call, deps: HttpDeps): string {
  const { id } = call.params;
  call.instanceId = id;
  checkAppId(call, deps, targetOf(id));
  if (!isJobId(id)) throw jobNotFound(id);
  return id;
}

function targetOf(id: string): Target {
  return { operation: "job", instanceId: id, subject: id };
}

function describeJob(id: string, call: Call, deps: HttpDeps): Promise<InstanceDescription | undefined> {
  return callInstance(call, deps, targetOf(id), (instance) => instance.describe({ payloads: true }));
}

async function findJob(id: string, call: Call, deps: HttpDeps): Promise<InstanceDescription> {
  const found = await describeJob(id, call, deps);
  const prefix = call.caller?.prefix;
  const of = found?.searchAttributes?.[PREFIX];
  if (found === undefined || (prefix !== undefined && !(typeof of === "string" && of.startsWith(prefix))))
    throw jobNotFound(id);
  return found;
}

/** The jobs that the caller is to know of. */
function jobsFor({ caller }: Call): Condition {
  if (caller?.prefix === undefined) return EVERYTHING;
  return { type: "attribute", key: PREFIX, operator: "startsWith", value: caller.prefix };
}

function toJob(found: InstanceDescription, nowMs: number): object {
  const { instanceId, status, createdAtMs, lastUpdatedAtMs, failure } = found;
  const job = readJob(found.input, found.customStatus);
  const hasEnded = isTerminal(status);
  const about = {
    jobID: instanceId,
    state: status,
    started: formatTime(createdAtMs),
    ...(hasEnded && { ended: formatTime(lastUpdatedAtMs) }),
    ...(failure !== undefined && status !== "CANCELED" && { error: failure.message }),
  };
  if (job === undefined) return about;
  const { call, matched, progress, targets } = job;
  return {
    ...about,
    operation: call.operation,
    ...(call.reason !== undefined && { reason: call.reason }),
    ...(call.actor !== undefined && { actor: call.actor }),
    ...("filter" in targets && { filter: targets.filter }),
    matched,
    ...progress,
    ...(!hasEnded && { eta: formatTime(endAtMs(job, nowMs)) }),
  };
}

/** As fast as it may be, or as it has been so far. */
function endAtMs({ matched, rps, beganAtMs, progress }: JobInput, nowMs: number): number {
  const over = progress.done + progress.failed + progress.skipped;
  const eachMs = Math.max(1_000 / rps, over === 0 ? 0 : (nowMs - beganAtMs) / over);
  return Math.ceil(nowMs + Math.max(0, matched - over) * eachMs);
}
