import type { Table } from "../routes.ts";
import type { COMMON, ErrorCode } from "./errors.ts";
import type { SchemaName } from "./schemas.ts";

/*
 * What the document says of each operation of the table (`../routes.ts`): the compiler asks for each of them, and for each name in a path or
 * a query. Only the document is made from this, so the Worker has none of it.
 */

type Operation = keyof Table;
type ParameterName = { [O in Operation]: keyof Table[O]["parameters"] }[Operation];
type SegmentOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | SegmentOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;
type SegmentName = "component" | SegmentOf<Table[Operation]["path"]>;

export interface AnswerDoc {
  readonly when: string;
  /** "anything": any JSON value; "events": Server-Sent Events. Without one the answer has no body. */
  readonly schema?: SchemaName | "anything" | "events";
  /** Or text, a line of JSON for each event. */
  readonly hasLines?: true;
}

export interface OperationDoc {
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  /** Where a name means something else than in PARAMETERS or SEGMENTS. */
  readonly names?: { readonly [Name in ParameterName | SegmentName]?: string };
  /** "payload": raw text of any kind. Otherwise a JSON object, or nothing. */
  readonly body?: { readonly is: "payload" | SchemaName; readonly when: string; readonly isRequired?: true };
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  readonly errors: readonly ErrorCode[];
  /** Which checks come before it. */
  readonly checks: keyof typeof COMMON;
}

export const TAGS = {
  Workflows: "Dapr's Workflow API. What goes beyond Dapr says so.",
  "Beyond Dapr": "What Dapr has not, or not over HTTP.",
  Catalog: "All instances together: lists, counts and changes. Beyond Dapr.",
  "Bulk jobs": "One operation, asked of many instances. Beyond Dapr.",
  App: "Health, and what is registered.",
  "Earlier versions":
    "The same operations under the paths of earlier versions of Dapr, and the form of the first of them.",
} as const;

export const PARAMETERS: Readonly<Record<ParameterName, string>> = {
  after:
    "The `id` of the last event that is known: the stream goes on after it. The header `Last-Event-ID` counts before it.",
  appID: "The app that is meant. A deployment is one app: any other than its own is refused.",
  appid: "Asks whether this is that app.",
  "attr.KEY":
    "Beyond Dapr: a search attribute, by which lists find the instance; its key stands in the place of KEY. JSON of a text, a number, true, false or an array of texts, or a text that is no JSON. At most 20, and 2,048 bytes as JSON. Never encrypted.",
  countBy: "Counts in place of a page, by all of these together. `day` is the day of the creation, in UTC.",
  createdAfter: "Created at this time or later: RFC 3339, or a day in UTC.",
  createdBefore: "Created before this time.",
  confirm: "How many instances may match at most. More than 1,000 are called only with it.",
  continuationToken: "That of the page before. There are more pages as long as there is one.",
  dryRun: "`true`: tells how many match, and who the first are, and begins nothing. Default: `false`.",
  endedAfter: "Ended at this time or later.",
  endedBefore: "Ended before this time.",
  fetchPayloads: "Beyond Dapr: `false` leaves out input and output. Default: `true`.",
  force: "Beyond Dapr's HTTP API: whatever the status; its code does not run. Default: `false`.",
  idPrefix: "The ID begins with this.",
  input: "The input of the query: JSON, or any text.",
  instanceID: "At most 64 bytes of letters, digits, _ and -. Default: a UUID.",
  contains:
    "Only events with this text in one of theirs: names, payloads, failures, reasons. Upper and lower case count.",
  detail: "Beyond Dapr: `full` tells all that there is to tell. Its code may be replayed for that, as for a query.",
  format: "`jsonl`: the whole history as one answer, which the test kit replays. Default: `json`, in pages.",
  limit: "How many events at most.",
  name: "The name of the workflow; `order*` is each that begins with `order`.",
  types: "Only events of these types, separated by commas.",
  nonRecursive: "Beyond Dapr: `true` spares the children. Default: `false`.",
  order: "By creation: `desc`, the newest first, or `asc`.",
  pageSize: "How many instances at most; of changes, how many of each shard.",
  parent: "The ID of the parent.",
  q: "A filter such as `Status IN (FAILED, STALLED) AND FailureType = 'TypeError'`: docs/operations.md has its language.",
  raiseEvent:
    'Beyond Dapr: the name of an event that is raised with the start, in one step: on the new instance, or on one that runs already, which is not started again. The body is `{"input","eventPayload"}` then.',
  reuse:
    "Beyond Dapr: what becomes of an instance that has the ID. `replace`: one that runs is refused, one that has ended is replaced. `reject`: both are refused. `ignore`: both stay, and the answer is 202. `terminate`: one that runs is terminated with its children, and replaced. Default: `replace`.",
  reason:
    "Beyond Dapr: why, in at most 1,000 characters. Goes into the history; a field of that name in the body counts before it.",
  requestID: "Makes a request that is sent twice count once. At most 256 characters. Default: a UUID.",
  retention:
    "Beyond Dapr's HTTP API: how long after its end the instance is kept, a Go duration such as `24h`; `0s` purges it at its end. Default: as `stateRetentionPolicy` of the deployment has it, or for ever.",
  rps: "How many instances a second are called at most. Default: 50.",
  retrying: "Whether an activity has failed and will be tried again.",
  since:
    "Changes in place of a page: what has changed since the answer that gave this token; without text, a token alone, to begin with.",
  status: "One of these. Each parameter may stand once: `status=FAILED,STALLED`. Any case of letters is taken.",
  startTime: "Beyond Dapr: the time until which the instance is PENDING. Default: it starts at once.",
  timeoutSeconds: "Beyond Dapr: how long to wait, 0 to 600; then the answer comes as things are. Default: 60.",
  updateID: "Makes an update that is sent twice count once. At most 256 characters. Default: a UUID.",
  version: "The version of the workflow.",
  waitFor:
    "Beyond Dapr: answers when the instance is no longer PENDING, or has ended in any way. Default: answers at once.",
  waitingFor:
    "What it waits for, as the list has it: `event:approval`, `activity:charge`; `event:*` is each that begins with `event:`.",
};

export const SEGMENTS: Readonly<Record<SegmentName, string>> = {
  component: "Any name, for instance `dapr`.",
  id: "The ID of the instance.",
  name: "The name of the workflow.",
  event: "The name of the event.",
};

const ACCEPTED = { 202: { when: "It is on disk.", schema: "Accepted" } } as const;
const WITH_REASON = { is: "Reason", when: "Why, in place of the parameter." } as const;
const TO_LOG = { reason: "Beyond Dapr: why, in at most 1,000 characters. Goes to the log." };
const WITHOUT_FIELD = { reason: "Beyond Dapr: why, in at most 1,000 characters. Goes into the history." };

export const OPERATION_DOCS: { readonly [O in Operation]: OperationDoc } = {
  startWorkflow: {
    tag: "Workflows",
    summary: "Start an instance",
    description:
      "An ID that has ended is started anew, one that is running is refused, unless `reuse` says otherwise. A workflow that is not registered is accepted, and the instance fails, unless the Worker refuses it.",
    names: WITHOUT_FIELD,
    body: {
      is: "payload",
      when: "The input: parsed as JSON, or the text itself where it is no JSON. With `raiseEvent` a JSON object of `input`, `eventPayload` and `reason`, all of which may be left out.",
    },
    answers: {
      200: { when: "With `waitFor`: the state it is in, as Get has it.", schema: "WorkflowState" },
      202: { when: "The start is on disk.", schema: "WorkflowStarted" },
    },
    errors: [
      "ERR_INSTANCE_ID_TOO_LONG",
      "ERR_INSTANCE_ID_INVALID",
      "ERR_WORKFLOW_NOT_REGISTERED",
      "ERR_INSTANCE_ID_NOT_FOUND",
      "ERR_START_WORKFLOW",
    ],
    checks: "instance",
  },
  getWorkflow: {
    tag: "Workflows",
    summary: "Get the state of an instance",
    description: "Of a PENDING instance Dapr knows neither name nor times nor properties.",
    answers: { 200: { when: "The state; with `detail=full` a WorkflowDetail.", schema: "WorkflowFound" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_GET_WORKFLOW"],
    checks: "instance",
  },
  raiseEvent: {
    tag: "Workflows",
    summary: "Raise an event",
    description: "It may come before the workflow waits for it. Each request counts as one event.",
    names: WITHOUT_FIELD,
    body: { is: "payload", when: "The payload: parsed as JSON, or the text itself where it is no JSON." },
    answers: ACCEPTED,
    errors: ["ERR_RAISE_EVENT_WORKFLOW"],
    checks: "instance",
  },
  pauseWorkflow: {
    tag: "Workflows",
    summary: "Pause an instance",
    description: "Its code does not go on until it is resumed; what comes meanwhile is kept.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_PAUSE_WORKFLOW"],
    checks: "instance",
  },
  resumeWorkflow: {
    tag: "Workflows",
    summary: "Resume an instance",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_RESUME_WORKFLOW"],
    checks: "instance",
  },
  terminateWorkflow: {
    tag: "Workflows",
    summary: "Terminate an instance and its children",
    description: "At once; their code does not run again. One that has ended stays as it is.",
    body: { is: "Termination", when: "The output that the instance is to have, any JSON, and why. Beyond Dapr." },
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_TERMINATE_WORKFLOW"],
    checks: "instance",
  },
  purgeWorkflow: {
    tag: "Workflows",
    summary: "Remove an instance that has ended, and its children",
    names: TO_LOG,
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_PURGE_WORKFLOW"],
    checks: "instance",
  },
  cancelWorkflow: {
    tag: "Beyond Dapr",
    summary: "Ask an instance and its children to end",
    description: "Their code gets an error where it waits, and may clean up.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_CANCEL_WORKFLOW"],
    checks: "instance",
  },
  rerunWorkflow: {
    tag: "Beyond Dapr",
    summary: "Rerun an instance that has ended",
    description:
      "A new instance takes over what this one has done before an event of its history, and goes on from there: an activity, a timer or a child is called again. Dapr has it over gRPC.",
    body: { is: "Rerun", when: "From where, and what is to be different." },
    answers: { 202: { when: "The new instance is on disk.", schema: "WorkflowStarted" } },
    errors: ["ERR_INSTANCE_ID_TOO_LONG", "ERR_INSTANCE_ID_INVALID", "ERR_RERUN_WORKFLOW"],
    checks: "instance",
  },
  restartWorkflow: {
    tag: "Beyond Dapr",
    summary: "Restart an instance",
    description:
      "The same ID, workflow, input, search attributes and retention, on the latest version. What runs is terminated with its children, and the answer comes once the new run is on disk. A child is not restarted.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_RESTART_WORKFLOW"],
    checks: "instance",
  },
  rewindWorkflow: {
    tag: "Beyond Dapr",
    summary: "Rewind a failed instance",
    description:
      "It goes on from the place at which its code has failed: the call that has failed is made again, what has succeeded stays, and a failed child is rewound with it. The answer comes once that is on disk.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_REWIND_WORKFLOW"],
    checks: "instance",
  },
  changeVersion: {
    tag: "Beyond Dapr",
    summary: "Put an instance on another version of its workflow",
    description:
      "It is replayed with the code of this version, and goes on with it; where that does not fit, it stalls. A stalled instance can be put on another version, too.",
    body: { is: "NewVersion", when: "The version, and why.", isRequired: true },
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_VERSION_WORKFLOW"],
    checks: "instance",
  },
  queryWorkflow: {
    tag: "Beyond Dapr",
    summary: "Ask a workflow's code",
    description: "Changes nothing. An instance that has ended can be asked, too.",
    names: { name: "The name of the query." },
    answers: { 200: { when: "The result.", schema: "anything" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_WORKFLOW_QUERY_NOT_FOUND", "ERR_QUERY_WORKFLOW"],
    checks: "instance",
  },
  updateWorkflow: {
    tag: "Beyond Dapr",
    summary: "Change a workflow, and hear the result",
    names: { name: "The name of the update.", ...WITHOUT_FIELD },
    body: { is: "payload", when: "The input: parsed as JSON, or the text itself where it is no JSON." },
    answers: {
      200: { when: "The result.", schema: "anything" },
      202: {
        when: "It is on disk and has not ended in time. The same request with this `updateID` hears the result.",
        schema: "UpdateAccepted",
      },
    },
    errors: ["ERR_WORKFLOW_UPDATE_REJECTED", "ERR_INSTANCE_ID_NOT_FOUND", "ERR_UPDATE_WORKFLOW"],
    checks: "instance",
  },
  getHistory: {
    tag: "Beyond Dapr",
    summary: "Read the history of the current execution",
    description:
      "From either end, of some types, with a text. A token names its execution: once the instance has continued as new, it is refused (400).",
    names: {
      order: "`desc`: from the end. Default: `asc`.",
      pageSize: "The same as `limit`, by the name that lists have.",
    },
    answers: {
      200: {
        when: "A page of events; with `format=jsonl` a line that names the instance, and a line for each event.",
        schema: "History",
        hasLines: true,
      },
    },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
  getTimeline: {
    tag: "Beyond Dapr",
    summary: "See the current execution as bars",
    description:
      "A bar for each turn, activity and child with all its attempts, timer, event, update, pause and stall, in the order in which they begin.",
    names: { limit: "How many bars at most, or one more.", order: "`desc`: from the end. Default: `asc`." },
    answers: { 200: { when: "A page of bars.", schema: "Timeline" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
  listWorkflows: {
    tag: "Catalog",
    summary: "List, filter and count instances",
    description:
      "The newest first; the component is no filter. All filters have to fit. What has changed within the last second may be missing; Get is always exact.",
    names: {
      "attr.KEY":
        "The search attribute whose key stands in the place of KEY has this value, or its list has it. JSON of a number, `true` or `false` fits texts, too.",
      continuationToken: "That of the page before, with the same filter and order.",
    },
    answers: { 200: { when: "A page; counts with `countBy`; changes with `since`.", schema: "WorkflowList" } },
    errors: ["ERR_LIST_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  getCatalog: {
    tag: "Catalog",
    summary: "See the shards of the catalog",
    description: "How many instances each lists, and how long what it was told was on its way.",
    answers: { 200: { when: "The shards.", schema: "CatalogHealth" } },
    errors: ["ERR_CATALOG_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  rebuildCatalog: {
    tag: "Catalog",
    summary: "Have instances announce themselves again",
    description: "For IDs that are known from elsewhere, when the catalog has lost them. It may be sent again.",
    names: TO_LOG,
    body: { is: "CatalogRebuild", when: "The IDs.", isRequired: true },
    answers: { 200: { when: "What became of them.", schema: "CatalogRebuilt" } },
    errors: ["ERR_BODY_READ", "ERR_CATALOG_WORKFLOW", "ERR_CATALOG_NOT_CONFIGURED"],
    checks: "catalog",
  },
  getEvents: {
    tag: "Beyond Dapr",
    summary: "Watch an instance: the events of its history, as they happen",
    description:
      "Server-Sent Events. `history`: one event of the history, in the form of Read the history; its `id` is `<executionId>.<position>`. `execution`: another execution begins, and is read from its first event on: `executionId`, `generation`. `end`: the instance has ended, `runtimeStatus`; `gone`: it was purged; the stream ends after either. It may end at other times, too: ask again, with the last `id`. A comment comes every 15 seconds.",
    answers: { 200: { when: "The stream.", schema: "events" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_TOO_MANY_WATCHERS", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
  startBulkJob: {
    tag: "Bulk jobs",
    summary: "Ask many instances the same",
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
  startSeedWorkflow: {
    tag: "Earlier versions",
    summary: "Start an instance, in the form of the first version",
    names: WITHOUT_FIELD,
    body: { is: "SeedInput", when: "The input, any JSON.", isRequired: true },
    answers: { 202: { when: "The start is on disk.", schema: "SeedStarted" } },
    errors: [
      "ERR_INSTANCE_ID_TOO_LONG",
      "ERR_INSTANCE_ID_INVALID",
      "ERR_WORKFLOW_NOT_REGISTERED",
      "ERR_START_WORKFLOW",
    ],
    checks: "instance",
  },
  getSeedWorkflow: {
    tag: "Earlier versions",
    summary: "Get the state of an instance, in the form of the first version",
    description: "An instance of another workflow is not found.",
    answers: { 202: { when: "The state.", schema: "SeedWorkflowState" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_GET_WORKFLOW"],
    checks: "instance",
  },
  getHealth: {
    tag: "App",
    summary: "Ask whether the Worker answers",
    answers: { 204: { when: "It does." } },
    errors: ["ERR_HEALTH_APPID_NOT_MATCH"],
    checks: "probe",
  },
  getOutboundHealth: {
    tag: "App",
    summary: "Ask whether the Worker has its bindings",
    description: "Asks no instance.",
    answers: { 204: { when: "It has." } },
    errors: ["ERR_OUTBOUND_HEALTH_NOT_READY"],
    checks: "probe",
  },
  getMetadata: {
    tag: "App",
    summary: "See what is registered",
    answers: { 200: { when: "Dapr's fields, most of them empty, and the names.", schema: "Metadata" } },
    errors: [],
    checks: "app",
  },
};
