import type { RerunRequest, RerunResult, RestartResult } from "../instance/protocol.ts";
import { isJobId, uuidOf } from "../model/ids.ts";
import { excessOfInstanceId, faultOfInstanceId } from "../model/message-limits.ts";
import { readAsked } from "./asked.ts";
import { REASON_ALONE, RERUN } from "./bodies.ts";
import { fieldAsJson } from "./body.ts";
import type { Call } from "./call.ts";
import { checkMayBegin, generatedId, mayReach } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { HttpError, instanceNotFound, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";
import { checkAppId, checkNewInstanceId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { REQUEST_ID, readParameters } from "./parameters.ts";
import { accepted, json, type Reply } from "./replies.ts";
import { refusal } from "./start.ts";

/*
 * Once more: a restart is another run of the same instance, a rerun another instance that begins with what this one has done. Both are
 * served under /v1.0 only.
 */

/**
 * `POST …/{id}/rerun` with `{"eventID","newInstanceID","input","newChildWorkflowInstanceID"}`, each of which may be left out: 202
 * `{"instanceID"}`, that of the new instance. Dapr has it over gRPC alone: its checks in its order, and its texts.
 */
export async function rerunWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const fields = await readJsonBody(call, deps, RERUN);
  const { eventID: eventId = 0, newChildWorkflowInstanceID: newChildWorkflowInstanceId } = fields;
  const requestId = readParameters(call, REQUEST_ID).requestID || undefined;
  const newId = fields.newInstanceID || generatedId(call, { newId: () => newUuid(id, requestId, deps) });
  const target = { operation: "rerun", instanceId: newId, subject: id } as const;
  call.instanceId = id;
  checkAppId(call, deps, target);
  if (newId === id) throw rerunError(400, "rerun workflow instance ID must be different from the original instance ID");
  checkNewInstanceId(newId);
  checkMayBegin(call, newId);
  // A child takes the place of one that has ended: the source is to stay.
  if (newChildWorkflowInstanceId === id || newChildWorkflowInstanceId === newId)
    throw rerunError(
      400,
      "new child workflow instance ID must be different from that of the original and of the new instance",
    );
  if (newChildWorkflowInstanceId !== undefined) checkChildId(call, newChildWorkflowInstanceId);
  // A job is no instance to anybody but its own routes.
  if (isJobId(id) || !mayReach(call, id)) throw rerunError(404, `workflow instance does not exist with ID '${id}'`);
  const request: RerunRequest = {
    requestId: requestId ?? deps.newId(),
    sourceInstanceId: id,
    eventId,
    newChildWorkflowInstanceId,
    input: Object.hasOwn(fields, "input") ? { text: fieldAsJson(fields, "input") } : undefined,
    traceparent: call.trace.traceparent,
    ...readAsked(call, fields),
  };
  const result = await callInstance(call, deps, target, (instance) => instance.rerun(request));
  if (result.ok) return json(202, { instanceID: newId });
  throw rerunRefused(id, newId, result);
}

/** Of a request that is sent again, the same: nobody has told its sender what it was. */
function newUuid(id: string, requestId: string | undefined, deps: HttpDeps): string {
  return requestId === undefined ? deps.newId() : uuidOf(`${requestId}:${id}`);
}

/** As the code's own calls of children are checked: nobody would reach a child that is called `..`, say. */
function checkChildId(call: Call, id: string): void {
  const fault = faultOfInstanceId(id) ?? excessOfInstanceId(id);
  if (fault !== undefined) throw rerunError(400, `new child workflow instance ID: ${fault}`);
  checkMayBegin(call, id);
}

function rerunRefused(id: string, newId: string, result: Extract<RerunResult, { ok: false }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return rerunError(404, result.message);
    case "INVALID_ARGUMENT":
      return rerunError(400, result.message);
    case "ALREADY_EXISTS":
      return rerunError(500, `workflow '${newId}' has already been created`);
    case "CHANGED":
      return operationFailed("rerun", id, "it was replaced or purged while its history was read; send this again");
    case "UNREADABLE":
      return operationFailed("rerun", id, `workflow is stalled: ${result.message}`);
  }
}

function rerunError(status: number, message: string): HttpError {
  return new HttpError(status, { errorCode: "ERR_RERUN_WORKFLOW", message });
}

/** `POST …/{id}/restart[?requestID=]`: 202 `{}` once the new run is on disk. */
export async function restartWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const fields = await readJsonBody(call, deps, REASON_ALONE);
  const target = { operation: "restart", instanceId: id, subject: id } as const;
  call.instanceId = id;
  checkAppId(call, deps, target);
  const requestId = readParameters(call, REQUEST_ID).requestID || deps.newId();
  const request = { requestId, traceparent: call.trace.traceparent, ...readAsked(call, fields) };
  const result = await callInstance(call, deps, target, (instance) => instance.restart(request));
  if (result.ok) return accepted();
  throw restartRefused(id, result);
}

function restartRefused(id: string, result: Extract<RestartResult, { ok: false }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return instanceNotFound(id);
    case "CHILD":
      return new HttpError(400, {
        errorCode: "ERR_RESTART_WORKFLOW",
        message: `error restarting workflow '${id}': cannot restart child-workflows; restart the parent`,
      });
    case "STALLED":
      return operationFailed("restart", id, "workflow is stalled");
    case "ALREADY_ACTIVE":
      return operationFailed("restart", id, "it has been told to terminate, and has not ended yet; restart it again");
    default:
      return operationFailed("restart", id, refusal(id, result));
  }
}
