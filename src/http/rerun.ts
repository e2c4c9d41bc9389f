import type { RestartResult } from "../instance/protocol.ts";
import { REASON_ALONE } from "./bodies.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { HttpError, instanceNotFound, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { REQUEST_ID, readParameters } from "./parameters.ts";
import { readReason } from "./reason.ts";
import { accepted, type Reply } from "./replies.ts";
import { refusal } from "./start.ts";

/*
 * Once more: a restart is another run of the same instance, a rerun another instance that begins with what this one has done. Both are
 * served under /v1.0 only.
 */

/** `POST …/{id}/restart[?requestID=]`: 202 `{}` once the new run is on disk. */
export async function restartWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const fields = await readJsonBody(call, deps, REASON_ALONE);
  const target = { operation: "restart", instanceId: id, subject: id } as const;
  call.instanceId = id;
  checkAppId(call, deps, target);
  const requestId = readParameters(call, REQUEST_ID).requestID || deps.newId();
  const request = { requestId, traceparent: call.trace.traceparent, reason: readReason(call, fields) };
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
