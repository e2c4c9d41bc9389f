import { IttyRouter } from "itty-router";
import { type Call, unescapeParams } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { noSuchRoute } from "./errors.ts";
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

/*
 * Every route of the API. Dapr serves its three versions with one set of handlers (HEAD pkg/api/http/workflow.go).
 *
 * v1.0-alpha1 also serves the seed's contract, whose start and get carry the workflow's name and the instance's ID both.
 * The number of segments after `workflows` tells the two apart: start has 3 (Dapr) or 4 (seed), get has 2 or 3. Only
 * raiseEvent has 4 as well, so it stands first: `POST …/dapr/X/raiseEvent/start` raises the event `start` on instance X,
 * and does not start an instance called raiseEvent.
 */
type Handler = (call: Call, deps: HttpDeps) => Promise<Reply> | undefined;

const router = IttyRouter();
const decode: Handler = unescapeParams;

for (const version of ["v1.0", "v1.0-beta1", "v1.0-alpha1"]) {
  const workflows = `/${version}/workflows/:component`;
  router.post(`${workflows}/:id/raiseEvent/:event`, decode, raiseEvent);
  router.post(`${workflows}/:name/start`, decode, startWorkflow);
  router.get(`${workflows}/:id`, decode, getWorkflow);
  router.post(`${workflows}/:id/terminate`, decode, terminateWorkflow);
  router.post(`${workflows}/:id/pause`, decode, pauseWorkflow);
  router.post(`${workflows}/:id/resume`, decode, resumeWorkflow);
  router.post(`${workflows}/:id/purge`, decode, purgeWorkflow);
}

router.post("/v1.0/workflows/:component/:id/cancel", decode, cancelWorkflow);
router.get("/v1.0/workflows/:component/:id/query/:name", decode, queryWorkflow);
router.post("/v1.0/workflows/:component/:id/update/:name", decode, updateWorkflow);
router.get("/v1.0/workflows/:component/:id/history", decode, getHistory);

router.post("/v1.0-alpha1/workflows/:component/:name/:id/start", decode, startSeedWorkflow);
router.get("/v1.0-alpha1/workflows/:component/:name/:id", decode, getSeedWorkflow);

router.get("/v1.0/healthz", getHealth);
router.get("/v1.0/healthz/outbound", getOutboundHealth);
router.get("/v1.0/metadata", getMetadata);

/** Answers with the first route that matches method and path. There is no 405 and no HEAD, as in Dapr. */
export async function route(call: Call, deps: HttpDeps): Promise<Reply> {
  const reply: Reply | undefined = await router.fetch(call, deps);
  if (reply === undefined) throw noSuchRoute();
  return reply;
}
