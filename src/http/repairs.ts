import type { InstanceApi, RepairResult } from "../instance/protocol.ts";
import { listNames } from "../model/near-name.ts";
import { readAsked } from "./asked.ts";
import { NEW_VERSION, REASON_ALONE } from "./bodies.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { type HttpError, instanceNotFound, operationFailed, operationRefused } from "./errors.ts";
import { callInstance, type Target } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { REQUEST_ID, readParameters } from "./parameters.ts";
import { accepted, type Reply } from "./replies.ts";

/*
 * Repairs of an instance, all beyond Dapr and under /v1.0: `POST …/{component}/{id}/…`, 202 `{}`, and 400 where the instance is not
 * such that it can be repaired so.
 */

type Repair = "rewind" | "version";

/** `POST …/{id}/rewind[?requestID=]`: a failed instance goes on from the place at which its code has failed. */
export async function rewindWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const target = targetOf("rewind", call, deps);
  const asked = readAsked(call, await readJsonBody(call, deps, REASON_ALONE));
  const requestId = requestIdOf(call, deps);
  return repair(target, call, deps, (instance) => instance.rewind({ requestId, ...asked }));
}

/** `POST …/{id}/version[?requestID=]`: the instance is replayed, and goes on, with the code of this version of its workflow. */
export async function changeVersion(call: Call, deps: HttpDeps): Promise<Reply> {
  const target = targetOf("version", call, deps);
  const body = await readJsonBody(call, deps, NEW_VERSION);
  const request = { requestId: requestIdOf(call, deps), version: body.version, ...readAsked(call, body) };
  return repair(target, call, deps, (instance) => instance.changeVersion(request));
}

function requestIdOf(call: Call, deps: HttpDeps): string {
  return readParameters(call, REQUEST_ID).requestID || deps.newId();
}

interface RepairTarget extends Target {
  readonly operation: Repair;
}

function targetOf(operation: Repair, call: Call, deps: HttpDeps): RepairTarget {
  const { id } = call.params;
  const target = { operation, instanceId: id, subject: id };
  call.instanceId = id;
  checkAppId(call, deps, target);
  return target;
}

async function repair(
  target: RepairTarget,
  call: Call,
  deps: HttpDeps,
  ask: (instance: InstanceApi) => Promise<RepairResult>,
): Promise<Reply> {
  const result = await callInstance(call, deps, target, ask);
  if (result.ok) return accepted();
  throw refused(target.operation, target.instanceId, result);
}

const ONLY: Record<Repair, string> = {
  rewind: "only an instance that is FAILED can be rewound",
  version: "only an instance that has begun, and has not ended, can be put on another version",
};

function refused(operation: Repair, id: string, result: Exclude<RepairResult, { ok: true }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return instanceNotFound(id);
    case "STALLED":
      return operationFailed(operation, id, "workflow is stalled");
    case "WRONG_STATUS":
      return operationRefused(operation, id, `it is ${result.status}, and ${ONLY[operation]}`);
    case "PARENT_KNOWS":
      return operationRefused(
        operation,
        id,
        `its parent '${result.instanceId}' has taken its failure; where that has failed for it, rewind the parent, which rewinds its child`,
      );
    case "PARENT_UNREACHABLE":
      return operationFailed(
        operation,
        id,
        `its parent '${result.instanceId}' cannot be asked at the moment whether it has taken its failure; nothing was changed, send this again`,
      );
    case "VERSION_UNKNOWN": {
      const { name, version, versions } = result;
      const known = versions.length === 0 ? "no version of it is" : `registered: ${listNames(versions, version)}`;
      return operationRefused(operation, id, `version '${version}' of '${name}' is not registered; ${known}`);
    }
  }
}
