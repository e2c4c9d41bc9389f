import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { getHealth, getMetadata, getOutboundHealth } from "./health.ts";
import { getHistory, queryWorkflow, updateWorkflow } from "./interactions.ts";
import {
  cancelWorkflow,
  pauseWorkflow,
  purgeWorkflow,
  raiseEvent,
  resumeWorkflow,
  terminateWorkflow,
} from "./operations.ts";
import type { Reply } from "./replies.ts";
import { startSeedWorkflow, startWorkflow } from "./start.ts";
import { getSeedWorkflow, getWorkflow } from "./state.ts";

export type Handler = (call: Call, deps: HttpDeps) => Promise<Reply>;

/** One row of the API. */
export interface Route {
  readonly method: "GET" | "POST";
  /** As the router has it: `:name` is one segment. */
  readonly path: string;
  /** The names in its query that its handler reads. Others are ignored with a warning. */
  readonly parameters: readonly string[];
  readonly handler: Handler;
}

const WAIT = ["waitFor", "timeoutSeconds", "fetchPayloads"];
const START = ["appID", "startTime", "reason"];

/**
 * Dapr's seven, which it serves in three versions with one set of handlers (HEAD pkg/api/http/workflow.go). `appID` is Dapr's, too.
 * `raiseEvent` stands first: `POST …/dapr/X/raiseEvent/start` raises the event `start` on instance X, and does not start an
 * instance called raiseEvent.
 */
const OPERATIONS: readonly Route[] = [
  { method: "POST", path: "/:id/raiseEvent/:event", parameters: ["appID", "reason"], handler: raiseEvent },
  { method: "POST", path: "/:name/start", parameters: ["instanceID", ...START, ...WAIT], handler: startWorkflow },
  { method: "GET", path: "/:id", parameters: ["appID", ...WAIT], handler: getWorkflow },
  {
    method: "POST",
    path: "/:id/terminate",
    parameters: ["appID", "nonRecursive", "reason"],
    handler: terminateWorkflow,
  },
  { method: "POST", path: "/:id/pause", parameters: ["appID", "reason"], handler: pauseWorkflow },
  { method: "POST", path: "/:id/resume", parameters: ["appID", "reason"], handler: resumeWorkflow },
  {
    method: "POST",
    path: "/:id/purge",
    parameters: ["appID", "nonRecursive", "force", "reason"],
    handler: purgeWorkflow,
  },
];

const BEYOND_DAPR: readonly Route[] = [
  { method: "POST", path: "/:id/cancel", parameters: ["appID", "reason"], handler: cancelWorkflow },
  { method: "GET", path: "/:id/query/:name", parameters: ["appID", "input"], handler: queryWorkflow },
  {
    method: "POST",
    path: "/:id/update/:name",
    parameters: ["appID", "updateID", "timeoutSeconds", "reason"],
    handler: updateWorkflow,
  },
  { method: "GET", path: "/:id/history", parameters: ["appID", "limit", "continuationToken"], handler: getHistory },
];

/**
 * v1.0-alpha1 also serves the seed's contract, whose start and get carry the workflow's name and the instance's ID both. The
 * number of segments after `workflows` tells the two apart: start has 3 (Dapr) or 4 (seed), get has 2 or 3.
 */
const SEED: readonly Route[] = [
  { method: "POST", path: "/:name/:id/start", parameters: START, handler: startSeedWorkflow },
  { method: "GET", path: "/:name/:id", parameters: ["appID", ...WAIT], handler: getSeedWorkflow },
];

const below = (version: string, routes: readonly Route[]) =>
  routes.map((route) => ({ ...route, path: `/${version}/workflows/:component${route.path}` }));

/** Every route of the API. The first that matches method and path counts. */
export const ROUTES: readonly Route[] = [
  ...below("v1.0", OPERATIONS),
  ...below("v1.0-beta1", OPERATIONS),
  ...below("v1.0-alpha1", OPERATIONS),
  ...below("v1.0", BEYOND_DAPR),
  ...below("v1.0-alpha1", SEED),
  { method: "GET", path: "/v1.0/healthz", parameters: ["appid"], handler: getHealth },
  { method: "GET", path: "/v1.0/healthz/outbound", parameters: [], handler: getOutboundHealth },
  { method: "GET", path: "/v1.0/metadata", parameters: [], handler: getMetadata },
];
