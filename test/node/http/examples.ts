// For each operation of the table, requests that bring about each of its answers.
import type { HttpDeps } from "../../../src/http/deps.ts";
import type { Route, Table } from "../../../src/http/routes.ts";
import type { Bar, InstanceDescription, InstanceDetail, WatchSocket } from "../../../src/instance/protocol.ts";
import type { JobInput } from "../../../src/jobs/job.ts";
import type { FailureDetails } from "../../../src/model/failure.ts";
import type { HistoryEvent, HistoryEventType } from "../../../src/model/history-event.ts";
import { sha256 } from "../../../src/model/sha256.ts";
import { MemorySockets } from "../../../src/testing/memory-sockets.ts";
import { entry } from "../catalog/support.ts";
import { catalogOf, WAITS, WHOLE } from "./catalog-support.ts";
import { faultsOfAnswer, operationAt } from "./document.ts";
import { limitsOf } from "./limits-support.ts";
import { schedulesOf } from "./schedule-support.ts";
import { type Answers, Api, type Body, platformFault, RUNNING } from "./support.ts";

type Operation = keyof Table;

const JOB = "bulk:00000000-0000-4000-8000-000000000001";

export interface Example {
  /** What the path names, where it is not `x`. */
  readonly segments?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly deps?: Partial<HttpDeps>;
  readonly answers?: Partial<Answers>;
}

export interface Answered {
  /** For the one who reads that it is wrong. */
  readonly of: string;
  /** `STATUS`, `STATUS CODE` or `STATUS in plain text`. */
  readonly is: string;
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
  /** What is unlike its description. */
  readonly faults: readonly string[];
}

/** Sends the example to a fake of its own. */
export async function example(route: Route, given: Example = {}): Promise<Answered> {
  const { segments, query, body = BODIES[route.operation], headers, deps, answers } = given;
  const schedules = await withSchedule();
  const api = new Api({ catalog: CATALOG, schedules, ...deps });
  Object.assign(api.answers, { history: { events: [], hasMore: false } }, NAMED[route.operation], answers);
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => segments?.[name] ?? "x");
  const target = `${route.method} ${path}${query === undefined ? "" : `?${query}`}`;
  const response = await api.send(target, body, headers);
  const text = await response.text();
  const type = response.headers.get("content-type");
  const value: unknown = type === "application/json" ? JSON.parse(text) : undefined;
  const code = (value as { errorCode?: string } | null | undefined)?.errorCode;
  const operation = operationAt(route.method, route.path);
  return {
    of: `${target} ${JSON.stringify(answers ?? {})}: ${response.status} ${text}`,
    is: `${response.status}${code !== undefined ? ` ${code}` : type?.startsWith("text/plain") ? " in plain text" : ""}`,
    status: response.status,
    text,
    body: value,
    faults: operation === undefined ? ["is not described"] : faultsOfAnswer(operation, response, text),
  };
}

const WEEKLY = {
  workflowName: "w",
  cron: ["0 4 * * 1", "@daily"],
  timeZone: "Europe/Berlin",
  searchAttributes: { tenant: "t" },
  retention: "24h",
  overlap: "bufferOne",
  catchUpWindow: "10m",
  jitter: "5s",
  startAt: "2026-01-01T00:00:00Z",
  endAt: "2027-01-01T00:00:00Z",
  pauseOnFailure: true,
} as const;

/** `x` is there, with all that one may have, and has done something; it is paused. */
async function withSchedule() {
  const schedules = schedulesOf();
  const x = schedules.schedule("x");
  const pause = { reason: "why", by: "anna" };
  await x.create({ fields: WEEKLY, input: '{"a":1}', remainingActions: 3, pause, requestId: "r" });
  await x.trigger({ requestId: "t" });
  return schedules;
}

export async function answersTo(route: Route): Promise<Answered[]> {
  const operation = route.operation as Operation;
  const examples = [...SUCCESSES[operation], ...FAILURES[operation], ...COMMON[KINDS[operation]]];
  const answered: Answered[] = [];
  for (const given of examples) answered.push(await example(route, given));
  return answered;
}

const BODIES: Readonly<Record<string, string>> = {
  startSeedWorkflow: "{}",
  rebuildCatalog: '{"instanceIDs":["here"]}',
  startBulkJob: '{"operation":"pause","instanceIDs":["here"]}',
  createSchedule: '{"id":"new","workflowName":"w","interval":"1h"}',
  putSchedule: '{"workflowName":"w","interval":"1h"}',
  backfillSchedule: '{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z"}',
  previewNewSchedule: '{"interval":"1h"}',
};
const CATALOG = catalogOf({
  entries: [WHOLE, WAITS, entry("order-1")],
  instances: { here: { type: "present", entry: entry("here"), seq: 1, shard: "0-0" }, gone: { type: "absent" } },
});
/** The seed's path names the workflow, too. */
const NAMED: Readonly<Record<string, Partial<Answers>>> = { getSeedWorkflow: { state: { ...RUNNING, name: "x" } } };

const failure: FailureDetails = {
  errorType: "TaskFailedError",
  message: "no",
  stackTrace: "Error: no",
  isNonRetriable: true,
  properties: { code: 7, text: "t", flag: false, none: null },
  innerFailure: { errorType: "RangeError", message: "inner" },
  otherFailures: [{ errorType: "Error", message: "other" }],
};
const STATES: readonly InstanceDescription[] = [
  ...(["RUNNING", "SUSPENDED", "STALLED", "COMPLETED", "CANCELED", "TERMINATED", "PENDING"] as const).map((status) => ({
    ...RUNNING,
    name: "x",
    status,
  })),
  { ...RUNNING, name: "x", status: "COMPLETED", input: "1", output: "2", customStatus: "done" },
  { ...RUNNING, name: "x", status: "FAILED", input: "1", failure },
  { ...RUNNING, name: "x", status: "FAILED", failure: { errorType: "Error", message: "no" } },
];
const job: JobInput = {
  call: { operation: "raise", eventName: "e", reason: "r", actor: "ops" },
  targets: { filter: { status: "FAILED" } },
  matched: 7,
  rps: 50,
  beganAtMs: 1_767_323_045_678,
  progress: { done: 1, failed: 1, skipped: 1, failures: [{ instanceID: "a", error: "workflow is stalled" }] },
};
const jobs: readonly InstanceDescription[] = [
  { ...RUNNING, instanceId: JOB, input: JSON.stringify(job), customStatus: JSON.stringify(job.progress) },
  { ...RUNNING, instanceId: JOB, status: "COMPLETED", input: JSON.stringify({ ...job, targets: { instanceIds: [] } }) },
  { ...RUNNING, instanceId: JOB, status: "STALLED", failure: { errorType: "UnreadableError", message: "no key" } },
];
const states: readonly Example[] = STATES.map((state) => ({ answers: { state } }));

const timestampMs = 1_767_323_045_678;
const attempt = { attempt: 2, lastFailure: { errorType: "E", message: "no" }, nextAttemptAtMs: timestampMs } as const;
const DETAIL: InstanceDetail = {
  executionId: "e",
  generation: 1,
  version: "2",
  parent: { instanceId: "p", executionId: "e", name: "n", taskId: 1 },
  actor: "ops",
  endedAtMs: timestampMs,
  startAtMs: timestampMs,
  activities: [{ id: 1, name: "a", scheduledAtMs: timestampMs, status: "retrying", ...attempt }],
  timers: [{ id: 2, createdAtMs: timestampMs, fireAtMs: timestampMs }],
  children: [{ id: 3, name: "c", instanceId: "i", createdAtMs: timestampMs, status: "running", attempt: 1 }],
  awaitedEvents: ["approval"],
  awaitsCondition: true,
  bufferedEvents: [{ name: "other", count: 2 }],
  queries: ["item"],
  updates: ["change"],
  more: { openTimers: 1_001 },
  sizes: { historyEvents: 9, historyBytes: 99, inputBytes: 1, outputBytes: 2, databaseBytes: 4_096 },
  stall: { reason: "NON_DETERMINISM", message: "m" },
  nextDueAtMs: timestampMs,
};
const LITTLE: InstanceDetail = { executionId: "e", generation: 0, activities: [], timers: [], children: [], more: {} };
const PAST: InstanceDescription["past"] = {
  ...{ events: 3, customStatus: "c", awaitedEvents: ["e"], awaitsCondition: true, openTimers: [4] },
  ...{ bufferedEvents: [{ name: "b", count: 1 }], stall: { reason: "NON_DETERMINISM", message: "m" } },
};
const told = { searchAttributes: { vip: true }, retentionMs: 1_500 };
const described: readonly Example[] = [
  ...[DETAIL, LITTLE].flatMap((detail) =>
    STATES.map((state) => ({ query: "detail=full", answers: { state: { ...state, detail, ...told } } })),
  ),
  { query: "detail=full&at=3", answers: { state: { ...RUNNING, detail: LITTLE, past: PAST } } },
];
const BARS: readonly Bar[] = [
  { position: 0, kind: "turn", status: "completed", scheduledAtMs: timestampMs, endedAtMs: timestampMs, events: 2 },
  {
    position: 1,
    kind: "activity",
    status: "retrying",
    id: 1,
    name: "a",
    scheduledAtMs: timestampMs,
    startedAtMs: timestampMs,
    dueAtMs: timestampMs,
    errorType: "E",
    attempts: [
      {
        id: 1,
        attempt: 1,
        status: "failed",
        scheduledAtMs: timestampMs,
        endedAtMs: timestampMs,
        errorType: "E",
        nextAttemptAtMs: timestampMs,
      },
    ],
  },
  { position: 2, kind: "child", status: "left", id: 2, name: "c", instanceId: "i", scheduledAtMs: timestampMs },
  { position: 3, kind: "update", status: "failed", name: "u", updateId: "u", scheduledAtMs: timestampMs },
];
const EVENTS: { readonly [Type in HistoryEventType]: Extract<HistoryEvent, { type: Type }> } = {
  ExecutionStarted: {
    timestampMs,
    type: "ExecutionStarted",
    name: "n",
    executionId: "e",
    generation: 1,
    version: "2",
    input: "1",
    parent: { instanceId: "p", executionId: "e", name: "n", taskId: 1 },
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    startAtMs: timestampMs,
    recentMessages: { m: timestampMs },
  },
  TaskScheduled: {
    timestampMs,
    type: "TaskScheduled",
    id: 1,
    name: "a",
    input: "1",
    attempt: 2,
    firstId: 1,
    timeoutMs: 5,
    deadlineAtMs: timestampMs,
    heartbeatTimeoutMs: 5,
    progress: "1",
  },
  TaskCompleted: { timestampMs, type: "TaskCompleted", id: 1, result: "1" },
  TaskFailed: { timestampMs, type: "TaskFailed", id: 1, failure, progress: "1" },
  TimerCreated: { timestampMs, type: "TimerCreated", id: 1, fireAtMs: timestampMs },
  TimerFired: { timestampMs, type: "TimerFired", id: 1 },
  EventRaised: { timestampMs, type: "EventRaised", name: "e", input: "1", messageId: "m" },
  ChildWorkflowInstanceCreated: {
    timestampMs,
    type: "ChildWorkflowInstanceCreated",
    id: 1,
    name: "c",
    instanceId: "i",
    input: "1",
  },
  ChildWorkflowInstanceCompleted: { timestampMs, type: "ChildWorkflowInstanceCompleted", id: 1, result: "1" },
  ChildWorkflowInstanceFailed: { timestampMs, type: "ChildWorkflowInstanceFailed", id: 1, failure },
  DetachedWorkflowScheduled: {
    timestampMs,
    type: "DetachedWorkflowScheduled",
    id: 1,
    name: "d",
    instanceId: "i",
    input: "1",
    startAtMs: timestampMs,
  },
  EventSent: { timestampMs, type: "EventSent", id: 1, name: "e", instanceId: "i", input: "1" },
  ChildCancelRequested: {
    timestampMs,
    type: "ChildCancelRequested",
    id: 2,
    taskId: 1,
    instanceId: "i:0001",
    reason: "r",
  },
  ChildEventSent: {
    timestampMs,
    type: "ChildEventSent",
    id: 3,
    taskId: 1,
    name: "e",
    instanceId: "i:0001",
    input: "1",
  },
  PatchRecorded: { timestampMs, type: "PatchRecorded", name: "p" },
  UpdateRequested: {
    timestampMs,
    type: "UpdateRequested",
    updateId: "u",
    name: "n",
    input: "1",
    reason: "r",
    actor: "a",
  },
  UpdateCompleted: { timestampMs, type: "UpdateCompleted", updateId: "u", result: "1" },
  UpdateFailed: { timestampMs, type: "UpdateFailed", updateId: "u", failure, rejected: true },
  ExecutionSuspended: { timestampMs, type: "ExecutionSuspended", reason: "r" },
  ExecutionResumed: { timestampMs, type: "ExecutionResumed" },
  ExecutionCancelRequested: { timestampMs, type: "ExecutionCancelRequested", reason: "r" },
  ExecutionTerminated: { timestampMs, type: "ExecutionTerminated", output: "1", recursive: true, reason: "r" },
  ExecutionStalled: {
    timestampMs,
    type: "ExecutionStalled",
    reason: "NON_DETERMINISM",
    message: "m",
    beforeFirstTurn: false,
    knownBy: "k",
  },
  ExecutionUnstalled: { timestampMs, type: "ExecutionUnstalled" },
  ExecutionCompleted: {
    timestampMs,
    type: "ExecutionCompleted",
    status: "FAILED",
    output: "1",
    failure,
    failedAt: 3,
    askedFrom: 5,
    answerStays: true,
  },
  ExecutionRewound: {
    timestampMs,
    type: "ExecutionRewound",
    requestId: "q",
    failedAt: 3,
    askedFrom: 5,
    answerStays: true,
    reason: "r",
    actor: "a",
  },
  ExecutionVersionChanged: {
    timestampMs,
    type: "ExecutionVersionChanged",
    requestId: "q",
    version: "v",
    reason: "r",
    actor: "a",
  },
};

const once: readonly Example[] = [{}];
const gone: Example = {
  answers: {
    operation: { ok: false, code: "NOT_FOUND" },
    repair: { ok: false, code: "NOT_FOUND" },
    state: undefined,
    history: undefined,
    timeline: undefined,
    watch: { ok: false, code: "NOT_FOUND" },
  },
};
const fault = platformFault();
const ofABug: Example = {
  deps: {
    registered() {
      throw new Error("a bug of ours");
    },
  },
};
const unreachable: Example = {
  answers: {
    start: fault,
    rerun: fault,
    restart: fault,
    state: fault,
    operation: fault,
    repair: fault,
    query: fault,
    update: fault,
    history: fault,
    timeline: fault,
    watch: fault,
  },
};

/** What the operation is for. */
export const SUCCESSES: { readonly [O in Operation]: readonly Example[] } = {
  startWorkflow: [
    {},
    { query: "instanceID=a" },
    ...STATES.map((state) => ({ query: "waitFor=completed", answers: { start: { ok: true as const, state } } })),
  ],
  getWorkflow: [...states, ...described, { query: "waitFor=started&fetchPayloads=false" }],
  raiseEvent: once,
  pauseWorkflow: [{}, { body: '{"reason":"r"}' }],
  resumeWorkflow: once,
  terminateWorkflow: [{}, { body: '{"reason":"r","output":{"a":1}}' }],
  purgeWorkflow: once,
  cancelWorkflow: once,
  rewindWorkflow: [{}, { query: "requestID=r&reason=why" }, { body: '{"reason":"why"}' }],
  changeVersion: [{ body: '{"version":"2"}' }, { query: "requestID=r", body: '{"version":"2","reason":"why"}' }],
  rerunWorkflow: [
    {},
    {
      body: '{"eventID":3,"newInstanceID":"new","input":{"a":1},"newChildWorkflowInstanceID":"new:child","reason":"why"}',
    },
  ],
  restartWorkflow: [{}, { query: "requestID=r&reason=why" }, { body: '{"reason":"why"}' }],
  queryWorkflow: ["1", "null", "[{}]", undefined].map((result) => ({ answers: { query: { ok: true, result } } })),
  updateWorkflow: [{}, { answers: { update: { ok: false, code: "PENDING" } } }],
  getHistory: [
    {},
    { answers: { history: { events: Object.values(EVENTS), hasMore: true } } },
    ...Object.values(EVENTS).map((event) => ({ answers: { history: { events: [event], hasMore: false } } })),
    { answers: { history: { events: [], hasMore: true, executionId: "e", next: 7, isCut: true } } },
    { query: "contains=x", answers: { history: { events: [], positions: [4, 2], hasMore: false, executionId: "e" } } },
    { query: "format=jsonl" },
  ],
  getTimeline: [
    { answers: { timeline: { executionId: "e", bars: BARS, isTruncated: false } } },
    { answers: { timeline: { executionId: "e", bars: [], next: 7, isTruncated: true } } },
  ],
  listWorkflows: [
    {},
    { query: "pageSize=1&order=asc" },
    { query: "status=FAILED&attr.customer=c995&appID=edge" },
    { query: "countBy=status,name,version,errorType,day" },
    { query: "since=" },
    { deps: { catalog: catalogOf({ entries: [WHOLE], missing: ["0-0"] }) } },
    { deps: { catalog: catalogOf({ missing: ["0-0", "0-1"] }) }, query: "countBy=day" },
  ],
  getMetrics: [{}, { deps: { catalog: catalogOf({ missing: ["0-0"] }) } }],
  getCatalog: [{}, { deps: { catalog: catalogOf({ missing: ["0-0"] }) } }],
  listDefinitions: [{}, { query: "appID=edge" }],
  listLimits: [{ deps: { limits: limitsOf() } }, { deps: { limits: limitsOf({ missing: true }) }, query: "top=1" }],
  rebuildCatalog: [{}, { body: '{"instanceIDs":["here","gone","unreachable"]}' }],
  getEvents: [{}, { query: "after=e.3" }, { headers: { "last-event-id": "e.3" } }].map((example) => ({
    ...example,
    answers: { watch: { ok: true, socket: sending("event: end\ndata: {}\n\n") } },
  })),
  startBulkJob: [
    {},
    { query: "dryRun=true" },
    { query: "dryRun=true", body: '{"operation":"cancel","filter":{"status":"FAILED","retrying":false}}' },
    { body: '{"operation":"raise","eventName":"e","payload":[1],"filter":{},"confirm":3,"rps":0.5e1,"reason":"r"}' },
  ],
  listBulkJobs: [{}, { query: "pageSize=1", answers: { state: jobs[1] } }, { deps: { catalog: catalogOf({}) } }],
  getBulkJob: jobs.map((state) => ({ segments: { id: JOB }, answers: { state } })),
  cancelBulkJob: [{ segments: { id: JOB } }, { segments: { id: JOB }, body: '{"reason":"r"}' }],
  createSchedule: [
    {},
    { body: '{"id":"o","workflowName":"w","at":"2026-05-01T00:00:00Z","paused":true,"input":null}', query: "reason=r" },
  ],
  listSchedules: [{}, { query: "pageSize=1" }, { query: "continuationToken=x" }],
  getSchedule: once,
  putSchedule: [{}, { segments: { id: "new" }, query: "requestID=r&reason=why" }],
  changeSchedule: [
    {},
    { body: '{"jitter":null,"interval":"6h","offset":"5h","anchor":"2026-01-01T00:00:00Z","input":1}' },
  ],
  deleteSchedule: once,
  triggerSchedule: [{}, { body: '{"input":{"a":1},"overlap":"skip","reason":"r"}' }, { query: "requestID=t" }],
  pauseSchedule: [{}, { body: '{"reason":"r"}' }],
  resumeSchedule: once,
  backfillSchedule: [{}, { body: '{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z","dryRun":true}' }],
  previewSchedule: [{}, { query: "count=100" }],
  previewNewSchedule: [{}, { segments: { id: "new" } }, { body: "{}" }],
  startSeedWorkflow: [{}, { body: '{"input":{"a":[1]}}' }],
  getSeedWorkflow: states,
  getHealth: once,
  getOutboundHealth: once,
  getMetadata: once,
};

/** A watched instance that says this and no more. */
function sending(text: string): WatchSocket {
  const owner = { message: () => undefined, closed: () => undefined, whenWritten: (send: () => void) => send() };
  const { socket, theirs } = new MemorySockets(owner).accept({ executionId: "", next: 0, room: 1 });
  socket.send(text);
  socket.close();
  return theirs;
}

const starts: readonly Example[] = [
  { deps: { refusesUnknownWorkflows: true } },
  { answers: { start: { ok: false, code: "ALREADY_ACTIVE" } } },
  unreachable,
];

/** A bug of ours. */
const broken = {
  get names(): never {
    throw new Error("a bug of ours");
  },
} as unknown as ReturnType<typeof catalogOf>;
const ofJob: readonly Example[] = [
  { segments: { id: JOB }, answers: { state: null as never, operation: null as never } },
];
/** Answers that are no answers. */
const noAnswer = new Proxy(
  {},
  {
    get(_, name) {
      if (name === "then") return undefined;
      throw new Error("a bug of ours");
    },
  },
);
const answersNothing = new Proxy({}, { get: () => async () => noAnswer });
const brokenSchedules = {
  schedule: () => answersNothing,
  index: () => answersNothing,
} as unknown as ReturnType<typeof schedulesOf>;
const noSchedule: Example = { segments: { id: "gone" } };
const noSchedules: readonly Example[] = [
  { deps: { schedules: undefined } },
  { deps: { schedules: schedulesOf({ fault: platformFault() }) } },
];
const ofCatalog: readonly Example[] = [{ deps: { catalog: undefined } }];

/** What may go wrong in the operation itself. */
const NEW_VERSION = '{"version":"9"}';
const FAILURES: { readonly [O in Operation]: readonly Example[] } = {
  startWorkflow: [
    ...starts,
    { query: `instanceID=${"i".repeat(65)}` },
    { query: "instanceID=a%2Fb" },
    { query: "waitFor=completed", answers: { start: { ok: true }, state: undefined } },
  ],
  startSeedWorkflow: [...starts, { segments: { id: "i".repeat(65) } }, { segments: { id: "a%2Fb" } }],
  getWorkflow: [gone, unreachable],
  getSeedWorkflow: [gone, unreachable, { answers: { state: { ...RUNNING, name: "another" } } }],
  raiseEvent: [gone, unreachable],
  pauseWorkflow: [gone, unreachable],
  resumeWorkflow: [gone, unreachable],
  terminateWorkflow: [gone, unreachable],
  purgeWorkflow: [gone, unreachable, { answers: { operation: { ok: false, code: "STALLED" } } }],
  cancelWorkflow: [gone, unreachable],
  rewindWorkflow: [
    { answers: { repair: { ok: false, code: "NOT_FOUND" } } },
    { answers: { repair: { ok: false, code: "STALLED" } } },
    { answers: { repair: { ok: false, code: "WRONG_STATUS", status: "RUNNING" } } },
    { answers: { repair: { ok: false, code: "PARENT_KNOWS", instanceId: "p" } } },
    { answers: { repair: { ok: false, code: "PARENT_UNREACHABLE", instanceId: "p" } } },
    unreachable,
  ],
  changeVersion: [
    { body: NEW_VERSION, answers: { repair: { ok: false, code: "NOT_FOUND" } } },
    {
      body: NEW_VERSION,
      answers: { repair: { ok: false, code: "VERSION_UNKNOWN", name: "w", version: "9", versions: ["1", "2"] } },
    },
    {
      body: NEW_VERSION,
      answers: { repair: { ok: false, code: "VERSION_UNKNOWN", name: "w", version: "9", versions: [] } },
    },
    { body: "{}" },
    { body: '{"version":""}' },
    { body: NEW_VERSION, ...unreachable },
  ],
  rerunWorkflow: [
    { answers: { rerun: { ok: false, code: "NOT_FOUND", message: "no" } } },
    { answers: { rerun: { ok: false, code: "INVALID_ARGUMENT", message: "no" } } },
    { answers: { rerun: { ok: false, code: "ALREADY_EXISTS" } } },
    { body: `{"newInstanceID":"${"i".repeat(65)}"}` },
    { body: '{"newInstanceID":"a/b"}' },
    unreachable,
  ],
  restartWorkflow: [
    { answers: { restart: { ok: false, code: "NOT_FOUND" } } },
    { answers: { restart: { ok: false, code: "STALLED" } } },
    { answers: { restart: { ok: false, code: "CHILD" } } },
    unreachable,
  ],
  queryWorkflow: [
    { answers: { query: { ok: false, code: "NOT_FOUND" } } },
    { answers: { query: { ok: false, code: "UNKNOWN", message: "m" } } },
    { answers: { query: { ok: false, code: "BUSY" } } },
    unreachable,
  ],
  updateWorkflow: [
    { answers: { update: { ok: false, code: "NOT_FOUND" } } },
    { answers: { update: { ok: false, code: "REJECTED", failure } } },
    { answers: { update: { ok: false, code: "FAILED", failure } } },
    unreachable,
  ],
  getTimeline: [
    gone,
    unreachable,
    { answers: { timeline: { executionId: "e", bars: [], isTruncated: false, unreadable: "why" } } },
    { answers: { timeline: { executionId: "e", bars: [], isTruncated: false, isOver: true } } },
    { query: "limit=0" },
  ],
  getHistory: [gone, unreachable, { answers: { history: { events: [], hasMore: false, unreadable: "why" } } }],
  listWorkflows: [...ofCatalog, { query: "Status=FAILED" }, { query: "status=ASLEEP" }, { query: "since=x" }],
  getMetrics: [{ deps: { catalog: undefined } }, { query: "name=x" }, { deps: { catalog: broken } }],
  getCatalog: [...ofCatalog, { query: "status=FAILED" }],
  listDefinitions: [{ query: "name=x" }, ofABug],
  listLimits: [{}, { query: "top=0" }, { deps: { limits: { ...limitsOf(), declared: () => nothing as never } } }],
  rebuildCatalog: [
    ...ofCatalog,
    { body: '{"instanceIds":["here"]}' },
    { body: "{} ", deps: { maxBodyBytes: 2 } },
    { deps: { notReady: "the binding is missing" } },
  ],
  getEvents: [
    gone,
    unreachable,
    { query: "after=3" },
    { headers: { "last-event-id": "3" } },
    { query: "afer=e.3" },
    { answers: { watch: { ok: false, code: "BEYOND_END", length: 3 } } },
    { answers: { watch: { ok: false, code: "TOO_MANY", most: 100 } } },
    { answers: { watch: { ok: false, code: "UNREADABLE", message: "why" } } },
  ],
  startBulkJob: [
    { body: '{"operation":"pause","filter":{}}', deps: { catalog: undefined } },
    { query: "confirm=0" },
    { body: '{"operation":"pause"}' },
    { answers: { start: { ok: false, code: "ALREADY_ACTIVE" } } },
    unreachable,
  ],
  listBulkJobs: [...ofCatalog, { query: "pageSize=41" }],
  getBulkJob: [
    {},
    { segments: { id: JOB }, answers: { state: undefined } },
    { segments: { id: JOB }, ...unreachable },
    ...ofJob,
  ],
  cancelBulkJob: [{}, { segments: { id: JOB }, ...gone }, { segments: { id: JOB }, ...unreachable }, ...ofJob],
  createSchedule: [
    ...noSchedules,
    { body: '{"id":"x","workflowName":"w","interval":"1h"}' },
    { body: '{"id":"a b","workflowName":"w","interval":"1h"}' },
    { body: '{"id":"new","workflowName":"w","cron":"0 0 30 2 *"}' },
  ],
  listSchedules: [...noSchedules, { query: "pageSize=41" }],
  getSchedule: [...noSchedules, noSchedule, { query: "detail=full" }],
  putSchedule: [...noSchedules, { segments: { id: "a.b" } }],
  changeSchedule: [...noSchedules, noSchedule, { body: '{"cron":null}' }],
  deleteSchedule: [...noSchedules, noSchedule],
  triggerSchedule: [...noSchedules, noSchedule],
  pauseSchedule: [...noSchedules, noSchedule],
  resumeSchedule: [...noSchedules, noSchedule],
  backfillSchedule: [...noSchedules, noSchedule, { body: '{"from":"x","to":"y"}' }],
  previewSchedule: [...noSchedules, noSchedule, { query: "count=0" }],
  previewNewSchedule: [...noSchedules, { segments: { id: "a.b" } }, { body: '{"cron":"x"}' }],
  getHealth: [{ query: "appid=another" }],
  getOutboundHealth: [{ deps: { notReady: "the binding is missing" } }],
  getMetadata: [],
};

const fromElsewhere: Example = { headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" } };
/** By one who may do least, where there is such an instance for them. */
const asLittleAsMayBe: Example = {
  deps: { tokens: [{ name: "reader", role: "viewer", prefix: "x", hash: sha256("t") }] },
  headers: { "dapr-api-token": "t" },
};
const checked: readonly Example[] = [
  fromElsewhere,
  { headers: { baggage: "bad" } },
  { deps: { apiToken: "s3cret" } },
  { deps: { tokenProblem: "it is a number" } },
  asLittleAsMayBe,
];
const nothing = null as never;

/** What may go wrong before an operation, or in any. */
const COMMON: Readonly<Record<"instance" | "catalog" | "app" | "probe", readonly Example[]>> = {
  instance: [
    ...checked,
    { segments: { component: "%zz" } },
    { query: "appID=a%20b" },
    { query: "appID=another" },
    { body: "{} ", deps: { maxBodyBytes: 2 } },
    { body: new Uint8Array([0xff]) },
    // A bug of ours: an instance answers what it never should. A body where one has to be there.
    ...[{}, { body: NEW_VERSION }].map((example) => ({
      ...example,
      answers: {
        start: nothing,
        rerun: nothing,
        restart: nothing,
        repair: nothing,
        state: nothing,
        operation: nothing,
        query: nothing,
        update: nothing,
        history: nothing,
        watch: nothing,
        timeline: nothing,
      },
      deps: { schedules: brokenSchedules },
    })),
  ],
  catalog: [
    ...checked,
    { segments: { component: "%zz" } },
    { query: "appID=a%20b" },
    { query: "appID=another" },
    { deps: { catalog: broken, schedules: brokenSchedules } },
  ],
  app: [...checked, ofABug],
  probe: [fromElsewhere],
};

const KINDS: { readonly [O in Operation]: keyof typeof COMMON } = {
  startWorkflow: "instance",
  getWorkflow: "instance",
  raiseEvent: "instance",
  pauseWorkflow: "instance",
  resumeWorkflow: "instance",
  terminateWorkflow: "instance",
  purgeWorkflow: "instance",
  cancelWorkflow: "instance",
  rewindWorkflow: "instance",
  changeVersion: "instance",
  rerunWorkflow: "instance",
  restartWorkflow: "instance",
  queryWorkflow: "instance",
  updateWorkflow: "instance",
  getHistory: "instance",
  getEvents: "instance",
  getTimeline: "instance",
  startSeedWorkflow: "instance",
  getSeedWorkflow: "instance",
  listWorkflows: "catalog",
  getCatalog: "catalog",
  getMetrics: "app",
  rebuildCatalog: "catalog",
  listDefinitions: "catalog",
  listLimits: "catalog",
  startBulkJob: "instance",
  listBulkJobs: "catalog",
  getBulkJob: "instance",
  cancelBulkJob: "instance",
  createSchedule: "instance",
  listSchedules: "catalog",
  getSchedule: "catalog",
  putSchedule: "instance",
  changeSchedule: "instance",
  deleteSchedule: "instance",
  triggerSchedule: "instance",
  pauseSchedule: "instance",
  resumeSchedule: "instance",
  backfillSchedule: "instance",
  previewSchedule: "catalog",
  previewNewSchedule: "instance",
  getHealth: "probe",
  getOutboundHealth: "probe",
  getMetadata: "app",
};
