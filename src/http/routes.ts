import type { Call } from "./call.ts";
import { getCatalog, listWorkflows, rebuildCatalog } from "./catalog.ts";
import { listDefinitions } from "./definitions.ts";
import type { HttpDeps } from "./deps.ts";
import { getEvents } from "./events.ts";
import { getHealth, getMetadata, getOutboundHealth } from "./health.ts";
import { getHistory, getTimeline } from "./histories.ts";
import { queryWorkflow, updateWorkflow } from "./interactions.ts";
import { cancelJob, getJob, listJobs, startJob } from "./jobs.ts";
import { listLimits } from "./limits.ts";
import { getMetrics } from "./metrics.ts";
import {
  cancelWorkflow,
  pauseWorkflow,
  purgeWorkflow,
  raiseEvent,
  resumeWorkflow,
  terminateWorkflow,
} from "./operations.ts";
import {
  APP_ID,
  CHILDREN,
  DETAIL,
  EVENTS,
  FORCE,
  HEALTH,
  HISTORY_PAGE,
  JOBS_PAGE,
  LIMITS_PAGE,
  LIST,
  NEW_INSTANCE,
  NEW_JOB,
  type Parameters,
  PREVIEW,
  QUERY_INPUT,
  REASON,
  REQUEST_ID,
  REUSE,
  SCHEDULES_PAGE,
  START,
  TIMELINE_PAGE,
  TIMEOUT,
  UPDATE_ID,
  WAIT,
} from "./parameters.ts";
import { changeVersion, rewindWorkflow } from "./repairs.ts";
import type { Reply } from "./replies.ts";
import { rerunWorkflow, restartWorkflow } from "./rerun.ts";
import type { Role } from "./role.ts";
import {
  backfillSchedule,
  changeSchedule,
  createSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  pauseSchedule,
  previewNewSchedule,
  previewSchedule,
  putSchedule,
  resumeSchedule,
  triggerSchedule,
} from "./schedules.ts";
import { startSeedWorkflow, startWorkflow } from "./start.ts";
import { getSeedWorkflow, getWorkflow } from "./state.ts";

/*
 * The one table of all that is served: router, validation, the OpenAPI document and the hostile requests of `npm run fuzz` read it, so
 * that a row is all that a new route needs to be in each of them.
 *
 * A row has what a request needs. Its prose, and the schemas of its bodies and answers, stand in `openapi/` under the name of its operation:
 * no request needs them, and the Worker, whose size and start count, is built without them. The compiler asks for them, for each
 * operation and each parameter that is named here.
 */

export type Handler = (call: Call, deps: HttpDeps) => Promise<Reply>;

interface Row {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As the router has it: `:name` is one segment. */
  readonly path: string;
  /** The least role that may ask for it. */
  readonly role: Role;
  /**
   * Its handler keeps to the instances that the caller's token is for, where that has a prefix: lists leave out the others. Without this such a
   * token is not let in. What is asked of one instance needs it not: `callInstance` finds no others.
   */
  readonly keepsToPrefix?: true;
  /** What its handler reads in the query; `attr.KEY` is any name that begins with `attr.`. */
  readonly parameters: Parameters;
  /** Whether other names are refused (400). Else they are ignored with a warning, as on Dapr's routes, which have to. */
  readonly refusesUnknown?: true;
  readonly handler: Handler;
}

/** A row of the API, under the whole path that it is served at. */
export interface Route extends Row {
  /** What it does: a key of {@link Table}. The paths of earlier versions do the same. */
  readonly operation: string;
  /** The operation at this path: unique, as OpenAPI asks for. */
  readonly operationId: string;
}

/**
 * Dapr's seven, which it serves in three versions with one set of handlers (HEAD pkg/api/http/workflow.go). `appID` is Dapr's, too.
 * `raiseEvent` stands first: `POST …/dapr/X/raiseEvent/start` raises the event `start` on instance X, and does not start an
 * instance called raiseEvent.
 */
const OPERATIONS = {
  raiseEvent: {
    method: "POST",
    path: "/:id/raiseEvent/:event",
    role: "starter",
    parameters: { ...APP_ID, ...REASON },
    handler: raiseEvent,
  },
  startWorkflow: {
    method: "POST",
    path: "/:name/start",
    role: "starter",
    parameters: { ...NEW_INSTANCE, ...REUSE, ...APP_ID, ...REASON, ...WAIT },
    handler: startWorkflow,
  },
  getWorkflow: {
    method: "GET",
    path: "/:id",
    role: "viewer",
    parameters: { ...APP_ID, ...WAIT, ...DETAIL },
    handler: getWorkflow,
  },
  terminateWorkflow: {
    method: "POST",
    path: "/:id/terminate",
    role: "operator",
    parameters: { ...APP_ID, ...CHILDREN, ...REASON },
    handler: terminateWorkflow,
  },
  pauseWorkflow: {
    method: "POST",
    path: "/:id/pause",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    handler: pauseWorkflow,
  },
  resumeWorkflow: {
    method: "POST",
    path: "/:id/resume",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    handler: resumeWorkflow,
  },
  purgeWorkflow: {
    method: "POST",
    path: "/:id/purge",
    role: "admin",
    parameters: { ...APP_ID, ...CHILDREN, ...FORCE, ...REASON },
    handler: purgeWorkflow,
  },
} as const satisfies Record<string, Row>;

const BEYOND_DAPR = {
  cancelWorkflow: {
    method: "POST",
    path: "/:id/cancel",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: cancelWorkflow,
  },
  queryWorkflow: {
    method: "GET",
    path: "/:id/query/:name",
    role: "viewer",
    parameters: { ...APP_ID, ...QUERY_INPUT },
    handler: queryWorkflow,
  },
  updateWorkflow: {
    method: "POST",
    path: "/:id/update/:name",
    role: "starter",
    parameters: { ...APP_ID, ...UPDATE_ID, ...TIMEOUT, ...REASON },
    handler: updateWorkflow,
  },
  rerunWorkflow: {
    method: "POST",
    path: "/:id/rerun",
    role: "operator",
    parameters: { ...APP_ID, ...REASON, ...REQUEST_ID },
    refusesUnknown: true,
    handler: rerunWorkflow,
  },
  restartWorkflow: {
    method: "POST",
    path: "/:id/restart",
    role: "operator",
    parameters: { ...APP_ID, ...REASON, ...REQUEST_ID },
    refusesUnknown: true,
    handler: restartWorkflow,
  },
  rewindWorkflow: {
    method: "POST",
    path: "/:id/rewind",
    role: "operator",
    parameters: { ...APP_ID, ...REASON, ...REQUEST_ID },
    refusesUnknown: true,
    handler: rewindWorkflow,
  },
  changeVersion: {
    method: "POST",
    path: "/:id/version",
    role: "operator",
    parameters: { ...APP_ID, ...REASON, ...REQUEST_ID },
    refusesUnknown: true,
    handler: changeVersion,
  },
  getHistory: {
    method: "GET",
    path: "/:id/history",
    role: "viewer",
    parameters: { ...APP_ID, ...HISTORY_PAGE },
    refusesUnknown: true,
    handler: getHistory,
  },
  getTimeline: {
    method: "GET",
    path: "/:id/timeline",
    role: "viewer",
    parameters: { ...APP_ID, ...TIMELINE_PAGE },
    refusesUnknown: true,
    handler: getTimeline,
  },
  getEvents: {
    method: "GET",
    path: "/:id/events",
    role: "viewer",
    parameters: { ...APP_ID, ...EVENTS },
    refusesUnknown: true,
    handler: getEvents,
  },
} as const satisfies Record<string, Row>;

const OF_ALL = {
  listWorkflows: {
    method: "GET",
    path: "/v1.0/workflows/:component",
    role: "viewer",
    keepsToPrefix: true,
    parameters: { ...LIST, ...APP_ID },
    refusesUnknown: true,
    handler: listWorkflows,
  },
  getCatalog: {
    method: "GET",
    path: "/v1.0/workflow-catalog/:component",
    role: "viewer",
    parameters: APP_ID,
    refusesUnknown: true,
    handler: getCatalog,
  },
  rebuildCatalog: {
    method: "POST",
    path: "/v1.0/workflow-catalog/:component/rebuild",
    role: "admin",
    keepsToPrefix: true,
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: rebuildCatalog,
  },
  listDefinitions: {
    method: "GET",
    path: "/v1.0/workflow-definitions/:component",
    role: "viewer",
    keepsToPrefix: true,
    parameters: APP_ID,
    refusesUnknown: true,
    handler: listDefinitions,
  },
  listLimits: {
    method: "GET",
    path: "/v1.0/workflow-limits/:component",
    role: "viewer",
    parameters: { ...APP_ID, ...LIMITS_PAGE },
    refusesUnknown: true,
    handler: listLimits,
  },
  startBulkJob: {
    method: "POST",
    path: "/v1.0/workflow-jobs/:component",
    role: "operator",
    keepsToPrefix: true,
    parameters: { ...APP_ID, ...NEW_JOB, ...REASON },
    refusesUnknown: true,
    handler: startJob,
  },
  listBulkJobs: {
    method: "GET",
    path: "/v1.0/workflow-jobs/:component",
    role: "viewer",
    keepsToPrefix: true,
    parameters: { ...APP_ID, ...JOBS_PAGE },
    refusesUnknown: true,
    handler: listJobs,
  },
  getBulkJob: {
    method: "GET",
    path: "/v1.0/workflow-jobs/:component/:id",
    role: "viewer",
    keepsToPrefix: true,
    parameters: APP_ID,
    refusesUnknown: true,
    handler: getJob,
  },
  cancelBulkJob: {
    method: "POST",
    path: "/v1.0/workflow-jobs/:component/:id/cancel",
    role: "operator",
    keepsToPrefix: true,
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: cancelJob,
  },
  createSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component",
    role: "operator",
    parameters: { ...APP_ID, ...REQUEST_ID, ...REASON },
    refusesUnknown: true,
    handler: createSchedule,
  },
  listSchedules: {
    method: "GET",
    path: "/v1.0/workflow-schedules/:component",
    role: "viewer",
    parameters: { ...APP_ID, ...SCHEDULES_PAGE },
    refusesUnknown: true,
    handler: listSchedules,
  },
  getSchedule: {
    method: "GET",
    path: "/v1.0/workflow-schedules/:component/:id",
    role: "viewer",
    parameters: APP_ID,
    refusesUnknown: true,
    handler: getSchedule,
  },
  putSchedule: {
    method: "PUT",
    path: "/v1.0/workflow-schedules/:component/:id",
    role: "operator",
    parameters: { ...APP_ID, ...REQUEST_ID, ...REASON },
    refusesUnknown: true,
    handler: putSchedule,
  },
  changeSchedule: {
    method: "PATCH",
    path: "/v1.0/workflow-schedules/:component/:id",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: changeSchedule,
  },
  deleteSchedule: {
    method: "DELETE",
    path: "/v1.0/workflow-schedules/:component/:id",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: deleteSchedule,
  },
  triggerSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component/:id/trigger",
    role: "operator",
    parameters: { ...APP_ID, ...REQUEST_ID, ...REASON },
    refusesUnknown: true,
    handler: triggerSchedule,
  },
  pauseSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component/:id/pause",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: pauseSchedule,
  },
  resumeSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component/:id/resume",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: resumeSchedule,
  },
  backfillSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component/:id/backfill",
    role: "operator",
    parameters: { ...APP_ID, ...REASON },
    refusesUnknown: true,
    handler: backfillSchedule,
  },
  previewSchedule: {
    method: "GET",
    path: "/v1.0/workflow-schedules/:component/:id/preview",
    role: "viewer",
    parameters: { ...APP_ID, ...PREVIEW },
    refusesUnknown: true,
    handler: previewSchedule,
  },
  previewNewSchedule: {
    method: "POST",
    path: "/v1.0/workflow-schedules/:component/:id/preview",
    role: "viewer",
    parameters: { ...APP_ID, ...PREVIEW },
    refusesUnknown: true,
    handler: previewNewSchedule,
  },
} as const satisfies Record<string, Row>;

/**
 * v1.0-alpha1 also serves the seed's contract, whose start and get carry the workflow's name and the instance's ID both. The
 * number of segments after `workflows` tells the two apart: start has 3 (Dapr) or 4 (seed), get has 2 or 3.
 */
const SEED = {
  startSeedWorkflow: {
    method: "POST",
    path: "/:name/:id/start",
    role: "starter",
    parameters: { ...APP_ID, ...START, ...REASON },
    handler: startSeedWorkflow,
  },
  getSeedWorkflow: {
    method: "GET",
    path: "/:name/:id",
    role: "viewer",
    parameters: { ...APP_ID, ...WAIT },
    handler: getSeedWorkflow,
  },
} as const satisfies Record<string, Row>;

const ABOUT_THE_APP = {
  getMetrics: {
    method: "GET",
    path: "/metrics",
    role: "viewer",
    parameters: {},
    refusesUnknown: true,
    handler: getMetrics,
  },
  getHealth: {
    method: "GET",
    path: "/v1.0/healthz",
    role: "viewer",
    parameters: HEALTH,
    handler: getHealth,
  },
  getOutboundHealth: {
    method: "GET",
    path: "/v1.0/healthz/outbound",
    role: "viewer",
    parameters: {},
    handler: getOutboundHealth,
  },
  getMetadata: {
    method: "GET",
    path: "/v1.0/metadata",
    role: "viewer",
    keepsToPrefix: true,
    parameters: {},
    handler: getMetadata,
  },
} as const satisfies Record<string, Row>;

/** Every operation, by its name. For types: what is served, and in which order, is {@link ROUTES}. */
export type Table = typeof OPERATIONS & typeof BEYOND_DAPR & typeof OF_ALL & typeof SEED & typeof ABOUT_THE_APP;

const WORKFLOWS = "workflows/:component";

/** `suffix` tells the operation at this path from the same one at another. */
function below(prefix: string, rows: Readonly<Record<string, Row>>, suffix = ""): Route[] {
  const ofOneInstance = prefix.endsWith(WORKFLOWS) && ({ keepsToPrefix: true } as const);
  return Object.entries(rows).map(([operation, row]) => ({
    ...row,
    ...ofOneInstance,
    path: `${prefix}${row.path}`,
    operation,
    operationId: `${operation}${suffix}`,
  }));
}

/** Every route of the API. The first that matches method and path counts. */
export const ROUTES: readonly Route[] = [
  ...below(`/v1.0/${WORKFLOWS}`, OPERATIONS),
  ...below(`/v1.0-beta1/${WORKFLOWS}`, OPERATIONS, "Beta1"),
  ...below(`/v1.0-alpha1/${WORKFLOWS}`, OPERATIONS, "Alpha1"),
  ...below(`/v1.0/${WORKFLOWS}`, BEYOND_DAPR),
  ...below("", OF_ALL),
  ...below(`/v1.0-alpha1/${WORKFLOWS}`, SEED),
  ...below("", ABOUT_THE_APP),
];
