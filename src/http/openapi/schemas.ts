import * as v from "valibot";
import type { CountKey, ShardHealth } from "../../catalog/protocol.ts";
import type { ListedWorkflow } from "../../catalog/reading/list.ts";
import type { BarKind, BarStatus } from "../../instance/protocol.ts";
import { JOB_OPERATIONS } from "../../jobs/job.ts";
import type { FailureDetails } from "../../model/failure.ts";
import type { HistoryEvent, HistoryEventType, ParentLink, RerunOf } from "../../model/history-event.ts";
import type { SearchAttributes } from "../../model/search-attributes.ts";
import type { RuntimeStatus } from "../../model/status.ts";
import { BULK_JOB, CATALOG_REBUILD, NEW_VERSION, RERUN, reason } from "../bodies.ts";

/*
 * What answers and bodies are made of. The keys of SCHEMAS are the names in the document's `components.schemas`. Where an answer is a value of the
 * model as it is (failures, history), its fields are asked for by the model's type: a field that is added there and not here does not compile.
 */

type Schema = v.GenericSchema;
/** What a schema has to be as well: nothing where its values are those of the model and no others, else what no schema is, named by what is wrong. */
type Exactly<T, S extends Schema> = [v.InferOutput<S>] extends [Fields<T>]
  ? [Fields<T>] extends [v.InferOutput<S>]
    ? unknown
    : { readonly "values of the model are missing": Exclude<keyof T, keyof v.InferOutput<S>> }
  : { readonly "has values that the model has not": Exclude<keyof v.InferOutput<S>, keyof T> };
/** JSON leaves out what is undefined. */
type Fields<T> = { [Key in keyof T]: Value<Exclude<T[Key], undefined>> };
type Value<T> = T extends readonly (infer Item)[] ? Item[] : T;
/** The same of all that is within, in a type that is not in itself. */
type Deeply<T> = T extends readonly (infer Item)[]
  ? Deeply<Item>[]
  : T extends object
    ? { [Key in keyof T]: Deeply<Exclude<T[Key], undefined>> }
    : T;

const exactly =
  <T>() =>
  <S extends Schema>(schema: S & Exactly<T, S>): S =>
    schema;

const may = <const S extends Schema>(schema: S) => v.exactOptional(schema);
const text = v.string();
const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const whole = v.pipe(v.number(), v.integer());
const atMs = v.pipe(v.number(), v.description("Milliseconds since 1970."));
const payload = v.pipe(v.string(), v.description("A payload as it was sent or written: JSON, or any text."));

const STATUSES = {
  PENDING: 1,
  RUNNING: 1,
  SUSPENDED: 1,
  STALLED: 1,
  COMPLETED: 1,
  FAILED: 1,
  CANCELED: 1,
  TERMINATED: 1,
} satisfies Record<RuntimeStatus, 1>;
const runtimeStatus = v.picklist(Object.keys(STATUSES) as RuntimeStatus[]);

const failureDetails: v.GenericSchema<FailureDetails> = exactly<FailureDetails>()(
  v.object({
    errorType: text,
    message: text,
    stackTrace: may(text),
    isNonRetriable: may(v.boolean()),
    properties: may(v.record(text, v.union([text, v.number(), v.boolean(), v.null()]))),
    innerFailure: may(v.lazy(() => failureDetails)),
    otherFailures: may(v.array(v.lazy(() => failureDetails))),
  }),
);

const searchAttributes: v.GenericSchema<SearchAttributes> = v.record(
  text,
  v.union([text, v.number(), v.boolean(), v.array(text)]),
);
const parent = exactly<ParentLink>()(v.object({ instanceId: text, executionId: text, name: text, taskId: whole }));

type EventOf<Type extends HistoryEventType> = Omit<Extract<HistoryEvent, { type: Type }>, "type" | "timestampMs">;

function event<const Type extends HistoryEventType, F extends v.ObjectEntries>(
  type: Type,
  fields: F & Exactly<EventOf<Type>, v.ObjectSchema<F, undefined>>,
) {
  return v.object({ timestampMs: atMs, type: v.literal(type), ...(fields as F) });
}

const rerunOf: v.GenericSchema<RerunOf> = exactly<RerunOf>()(
  v.object({ instanceId: text, executionId: text, eventId: may(whole), events: count, delayMs: v.number() }),
);
const asked = { reason: may(text), actor: may(text) };
const failed = { id: whole, failure: failureDetails };
const EVENTS = {
  ExecutionStarted: event("ExecutionStarted", {
    name: text,
    executionId: text,
    generation: count,
    version: may(text),
    input: may(payload),
    parent: may(parent),
    traceparent: may(text),
    recentMessages: may(v.record(text, atMs)),
    ...asked,
    searchAttributes: may(searchAttributes),
    rerunOf: may(rerunOf),
    seed: may(text),
  }),
  TaskScheduled: event("TaskScheduled", {
    id: whole,
    name: text,
    input: may(payload),
    attempt: may(whole),
    firstId: may(whole),
    timeoutMs: may(v.number()),
    deadlineAtMs: may(atMs),
    heartbeatTimeoutMs: may(v.number()),
    progress: may(payload),
  }),
  TaskCompleted: event("TaskCompleted", { id: whole, result: may(payload) }),
  TaskFailed: event("TaskFailed", { ...failed, progress: may(payload) }),
  TimerCreated: event("TimerCreated", { id: whole, fireAtMs: atMs, firstId: may(whole) }),
  TimerFired: event("TimerFired", { id: whole }),
  EventRaised: event("EventRaised", { name: text, input: may(payload), messageId: may(text), ...asked }),
  ChildWorkflowInstanceCreated: event("ChildWorkflowInstanceCreated", {
    id: whole,
    name: text,
    instanceId: text,
    input: may(payload),
    attempt: may(whole),
    firstId: may(whole),
    searchAttributes: may(searchAttributes),
  }),
  ChildWorkflowInstanceCompleted: event("ChildWorkflowInstanceCompleted", { id: whole, result: may(payload) }),
  ChildWorkflowInstanceFailed: event("ChildWorkflowInstanceFailed", failed),
  DetachedWorkflowScheduled: event("DetachedWorkflowScheduled", {
    id: whole,
    name: text,
    instanceId: text,
    input: may(payload),
    startAtMs: may(atMs),
    searchAttributes: may(searchAttributes),
  }),
  EventSent: event("EventSent", { id: whole, name: text, instanceId: text, input: may(payload) }),
  PatchRecorded: event("PatchRecorded", { name: text }),
  UpdateRequested: event("UpdateRequested", { updateId: text, name: text, input: may(payload), ...asked }),
  UpdateCompleted: event("UpdateCompleted", { updateId: text, result: may(payload) }),
  UpdateFailed: event("UpdateFailed", { updateId: text, failure: failureDetails, rejected: v.boolean() }),
  ExecutionSuspended: event("ExecutionSuspended", asked),
  ExecutionResumed: event("ExecutionResumed", asked),
  ExecutionCancelRequested: event("ExecutionCancelRequested", asked),
  ExecutionTerminated: event("ExecutionTerminated", {
    output: may(payload),
    recursive: v.boolean(),
    ...asked,
  }),
  ExecutionStalled: event("ExecutionStalled", {
    reason: v.picklist(["VERSION_NOT_AVAILABLE", "PATCH_MISMATCH", "NON_DETERMINISM", "WORKFLOW_NOT_REGISTERED"]),
    message: text,
    beforeFirstTurn: v.boolean(),
    knownBy: may(text),
  }),
  ExecutionUnstalled: event("ExecutionUnstalled", {}),
  ExecutionCompleted: event("ExecutionCompleted", {
    status: v.picklist(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]),
    output: may(payload),
    failure: may(failureDetails),
    failedAt: may(count),
    askedFrom: may(count),
    answerStays: may(v.literal(true)),
  }),
  ExecutionRewound: event("ExecutionRewound", {
    requestId: may(text),
    failedAt: count,
    askedFrom: count,
    answerStays: may(v.literal(true)),
    ...asked,
  }),
  ExecutionVersionChanged: event("ExecutionVersionChanged", { requestId: may(text), version: text, ...asked }),
} satisfies Record<HistoryEventType, Schema>;

const historyEvent = v.variant("type", Object.values(EVENTS) as [(typeof EVENTS)[HistoryEventType]]);

const failureProperties = {
  "dapr.workflow.failure.error_type": may(text),
  "dapr.workflow.failure.error_message": may(text),
};
const stateProperties = {
  "dapr.workflow.input": may(payload),
  "dapr.workflow.output": may(payload),
  "dapr.workflow.custom_status": text,
  ...failureProperties,
};

const workflowState = v.object({
  instanceID: text,
  workflowName: may(text),
  createdAt: time,
  lastUpdatedAt: time,
  runtimeStatus,
  properties: may(v.object({ ...stateProperties, "dapr.workflow.failure.stack_trace": may(text) })),
  failure: may(failureDetails),
});

const attempt = {
  status: v.picklist(["running", "retrying"]),
  attempt: v.pipe(whole, v.description("The one that runs, or that has failed last.")),
  lastFailure: may(v.object({ errorType: text, message: text })),
  nextAttemptAt: may(time),
};
const texts = v.array(text);

/** What `detail=full` adds to the state. */
const workflowDetail = v.object({
  ...workflowState.entries,
  customStatus: may(text),
  searchAttributes: may(searchAttributes),
  retention: may(v.pipe(text, v.description("That of its start, as a Go duration."))),
  version: may(text),
  executionId: text,
  generation: count,
  startTime: may(time),
  endedAt: may(time),
  parentInstanceID: may(text),
  parent: may(parent),
  pendingActivities: v.array(v.object({ id: whole, name: text, scheduledAt: time, ...attempt })),
  openTimers: v.array(v.object({ id: whole, createdAt: time, fireAt: time })),
  openChildren: v.array(v.object({ id: whole, workflowName: text, instanceID: text, createdAt: time, ...attempt })),
  awaitedEvents: may(texts),
  awaitsCondition: may(v.boolean()),
  bufferedEvents: may(v.array(v.object({ name: text, count }))),
  queries: may(texts),
  updates: may(texts),
  more: may(
    v.pipe(v.record(text, count), v.description("How many there are of each list that is cut, at 1,000 entries.")),
  ),
  sizes: may(
    v.object({
      historyEvents: count,
      historyBytes: v.pipe(count, v.description("Of the texts of the history, as they are stored.")),
      inputBytes: may(count),
      outputBytes: may(count),
      databaseBytes: may(count),
    }),
  ),
  stall: may(v.object({ reason: text, message: text })),
  nextDueAt: may(time),
});

const barStatus = v.picklist(
  Object.keys({
    running: 1,
    retrying: 1,
    waiting: 1,
    completed: 1,
    failed: 1,
    canceled: 1,
    left: 1,
  } satisfies Record<BarStatus, 1>) as BarStatus[],
);
const barKind = v.picklist(
  Object.keys({
    turn: 1,
    activity: 1,
    child: 1,
    timer: 1,
    event: 1,
    update: 1,
    pause: 1,
    stall: 1,
    cancel: 1,
    terminate: 1,
    rewind: 1,
    version: 1,
    sent: 1,
    detached: 1,
  } satisfies Record<BarKind, 1>) as BarKind[],
);
const position = v.pipe(count, v.description("The number of the event that it begins with."));
const timelineBar = v.object({
  position,
  kind: barKind,
  status: barStatus,
  id: may(whole),
  name: may(text),
  instanceID: may(text),
  updateID: may(text),
  scheduled: time,
  started: may(v.pipe(time, v.description("Its last attempt, where that is not the first."))),
  ended: may(time),
  due: may(v.pipe(time, v.description("Of a timer, or of the next attempt."))),
  errorType: may(text),
  attempts: may(
    v.array(
      v.object({
        id: whole,
        attempt: whole,
        status: barStatus,
        scheduled: time,
        ended: may(time),
        errorType: may(text),
        nextAttempt: may(time),
      }),
    ),
  ),
  events: may(v.pipe(count, v.description("Of a turn: how many events it has."))),
});

const seedInstance = v.object({ instance_id: text });

const seedWorkflowState = v.object({
  WFInfo: seedInstance,
  start_time: time,
  metadata: v.object({
    status: v.picklist(["Pending", "Running", "Suspended", "Stalled", "Completed", "Failed", "Canceled", "Terminated"]),
    task_queue: text,
    "dapr.workflow.name": text,
    "dapr.workflow.runtime_status": runtimeStatus,
    "dapr.workflow.last_updated": time,
    ...stateProperties,
  }),
});

const listedWorkflow = exactly<Deeply<ListedWorkflow>>()(
  v.object({
    instanceID: text,
    workflowName: text,
    version: may(text),
    runtimeStatus,
    createdAt: time,
    lastUpdatedAt: time,
    endedAt: may(time),
    customStatus: may(text),
    failure: may(v.object({ errorType: text, message: may(text) })),
    parentInstanceID: may(text),
    searchAttributes: may(v.record(text, v.union([text, v.number(), v.boolean(), v.array(text)]))),
    waitingFor: may(
      v.pipe(
        v.string(),
        v.description(
          "`event:NAME`, `timer:TIME`, `activity:NAME`, `child:ID`, `condition`, `limit:NAME` or `start:TIME`.",
        ),
      ),
    ),
    retrying: v.pipe(v.boolean(), v.description("An activity has failed and will be tried again.")),
  }),
);

const missingShards = may(
  v.pipe(v.number(), v.integer(), v.minValue(1), v.description("So many shards have not answered.")),
);
/** What stands in a list only where it says something. */
const reach = {
  complete: may(
    v.pipe(v.literal(false), v.description("Not every row was looked at: what fits further on is behind the token.")),
  ),
  missingShards,
};
const workflowPage = v.object({
  workflows: v.array(listedWorkflow),
  continuationToken: may(v.pipe(v.string(), v.description("There is more, or may be."))),
  ...reach,
});
const countKeys = {
  status: may(runtimeStatus),
  name: may(text),
  version: may(text),
  errorType: may(text),
  day: may(v.pipe(v.string(), v.isoDate())),
} satisfies Record<CountKey, Schema>;
const workflowCounts = v.object({
  counts: v.array(v.object({ ...countKeys, count })),
  ...reach,
});
const workflowChanges = v.object({
  workflows: v.array(v.union([listedWorkflow, v.object({ instanceID: text, deleted: v.literal(true) })])),
  since: text,
  resync: may(v.pipe(v.literal(true), v.description("What has changed since is not known: read the list anew."))),
  missingShards,
});

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
  filter: may(v.record(v.string(), v.string())),
  matched: may(v.pipe(count, v.description("When it began."))),
  done: may(count),
  failed: may(count),
  skipped: may(v.pipe(count, v.description("They fitted the filter, and were not there any more."))),
  failures: may(
    v.pipe(v.array(v.object({ instanceID: text, error: text })), v.maxLength(100), v.description("The first.")),
  ),
});

const ms = v.pipe(v.number(), v.minValue(0));
const shardHealth = exactly<Deeply<ShardHealth>>()(
  v.object({
    shard: text,
    entries: v.pipe(v.number(), v.integer(), v.description("Instances that it lists.")),
    live: v.pipe(v.number(), v.integer(), v.description("Those of them that have not ended.")),
    freshness: may(
      v.pipe(
        v.object({ p50Ms: ms, p99Ms: ms, maxMs: ms }),
        v.description("How long the last 1,000 announcements, since it was loaded, were on their way."),
      ),
    ),
    schemaVersion: count,
  }),
);

const nothing = v.array(v.never());

export const SCHEMAS = {
  WorkflowState: workflowState,
  WorkflowDetail: workflowDetail,
  WorkflowFound: v.union([workflowState, workflowDetail]),
  RuntimeStatus: runtimeStatus,
  FailureDetails: failureDetails,
  WorkflowStarted: v.object({ instanceID: text }),
  Accepted: v.object({}),
  UpdateAccepted: v.object({ updateID: text }),
  History: v.object({
    events: v.array(historyEvent),
    continuationToken: may(text),
    complete: may(v.pipe(v.literal(false), v.description("The search was given up before the page was full."))),
  }),
  Timeline: v.object({
    instanceID: text,
    executionId: text,
    bars: v.array(timelineBar),
    continuationToken: may(text),
    truncated: may(
      v.pipe(v.literal(true), v.description("What ends after the events that were looked at is shown as open.")),
    ),
  }),
  HistoryEvent: historyEvent,
  ListedWorkflow: listedWorkflow,
  WorkflowList: v.union([workflowPage, workflowCounts, workflowChanges]),
  WorkflowPage: workflowPage,
  WorkflowCounts: workflowCounts,
  WorkflowChanges: workflowChanges,
  CatalogHealth: v.object({ shards: v.array(shardHealth), missingShards }),
  CatalogRebuild: CATALOG_REBUILD,
  Rerun: RERUN,
  CatalogRebuilt: v.object({
    announced: v.pipe(v.number(), v.integer(), v.description("Instances that are in the catalog now, as they say.")),
    missing: v.pipe(v.number(), v.integer(), v.description("IDs that have no instance.")),
    failed: v.pipe(v.array(text), v.description("What could not be asked or announced: send these again.")),
  }),
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
  Metadata: v.object({
    id: text,
    runtimeVersion: text,
    enabledFeatures: nothing,
    actors: nothing,
    components: nothing,
    extended: v.object({}),
    subscriptions: nothing,
    httpEndpoints: nothing,
    workflows: v.object({ connectedWorkers: count, workflows: v.array(text), activities: v.array(text) }),
  }),
  Reason: v.object({ reason: may(reason) }),
  NewVersion: NEW_VERSION,
  Termination: v.object({ output: may(v.unknown()), reason: may(reason) }),
  SeedInput: v.object({ input: may(v.unknown()) }),
  SeedStarted: v.object({ WFInfo: seedInstance }),
  SeedWorkflowState: seedWorkflowState,
} satisfies Record<string, Schema>;

export type SchemaName = keyof typeof SCHEMAS;

/** Any JSON value, or any text. */
export const ANYTHING = v.unknown();
