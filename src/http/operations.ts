import type { InstanceApi, OperationResult } from "../instance/protocol.ts";
import { noteAsked, readAsked } from "./asked.ts";
import { fieldAsJson, readBody, readOptionalFields } from "./body.ts";
import { type Call, queryFlag } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { instanceNotFound, type Operation, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { accepted, type Reply } from "./replies.ts";

/*
 * The five operations on an instance that exists: `POST …/{component}/{id}/…`, 202 `{}`. Terminate and purge do not find
 * an unknown instance (404); raiseEvent, pause and resume fail on it (500). That is Dapr's difference, kept as it is.
 */

const NO_INSTANCE = "no such instance exists";
const STALLED = "workflow is stalled";

/**
 * The body's `output`, any JSON value, becomes the instance's output; `?nonRecursive=true` spares its children; the reason goes into
 * the history. All three are ours.
 */
export async function terminateWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const fields = await readOptionalFields(call.request, deps.maxBodyBytes);
  const recursive = queryFlag(call, "nonRecursive") !== true;
  const request = { output: fieldAsJson(fields, "output"), recursive, ...readAsked(call, fields) };
  const result = await operate("terminate", call, deps, (instance) => instance.terminate(request));
  if (result.ok) return accepted();
  throw isStalled(result) ? operationFailed("terminate", call.params.id, STALLED) : instanceNotFound(call.params.id);
}

/** The raw body is the event's payload, an empty one too. Content-Type does not matter. `?reason=` goes into the history. */
export async function raiseEvent(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id, event: name } = call.params;
  const input = await readBody(call.request, deps.maxBodyBytes);
  const request = { name, input, messageId: deps.newId(), ...noteAsked(call) };
  const result = await operate("raiseEvent", call, deps, (instance) => instance.raiseEvent(request));
  if (result.ok) return accepted();
  throw operationFailed(
    "raiseEvent",
    id,
    `failed to raise event ${name} on workflow ${id}: failed to raise event: ${reasonOf(result)}`,
  );
}

/** The reason goes into the history. It is ours; over gRPC Dapr has it too. */
export async function pauseWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const asked = readAsked(call, await readOptionalFields(call.request, deps.maxBodyBytes));
  const result = await operate("pause", call, deps, (instance) => instance.suspend(asked));
  if (result.ok) return accepted();
  throw operationFailed("pause", id, `failed to pause workflow ${id}: failed to suspend workflow: ${reasonOf(result)}`);
}

/** `reason` as for pause. */
export async function resumeWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const asked = readAsked(call, await readOptionalFields(call.request, deps.maxBodyBytes));
  const result = await operate("resume", call, deps, (instance) => instance.resume(asked));
  if (result.ok) return accepted();
  throw operationFailed(
    "resume",
    id,
    `failed to resume workflow ${id}: failed to resume workflow: ${reasonOf(result)}`,
  );
}

/** Ours: asks the workflow and its children to end. Their code gets an error where it waits, and may clean up. `reason` as for pause. */
export async function cancelWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const asked = readAsked(call, await readOptionalFields(call.request, deps.maxBodyBytes));
  const result = await operate("cancel", call, deps, (instance) => instance.cancel(asked));
  if (result.ok) return accepted();
  throw isStalled(result) ? operationFailed("cancel", id, STALLED) : instanceNotFound(id);
}

/**
 * `?nonRecursive=true`, ours, leaves the children. An instance that has not ended is not purged, nor one with such a
 * child, unless `?force=true` (over gRPC Dapr has it too) stops them where they are. The reason goes to the log.
 */
export async function purgeWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id } = call.params;
  const asked = readAsked(call, await readOptionalFields(call.request, deps.maxBodyBytes));
  const recursive = queryFlag(call, "nonRecursive") !== true;
  const force = queryFlag(call, "force") === true;
  const result = await operate("purge", call, deps, (instance) => instance.purge({ recursive, force, ...asked }));
  if (result.ok) return accepted();
  if (result.code === "NOT_FOUND") throw instanceNotFound(id);
  if (result.code === "STALLED") throw operationFailed("purge", id, STALLED);
  if (result.code === "PARENT_UNREACHABLE")
    throw operationFailed("purge", id, parentUnreachable(id, result.instanceId));
  const child = result.instanceId === id ? "" : `child workflow '${result.instanceId}': `;
  throw operationFailed(
    "purge",
    id,
    `failed to Purge workflow ${id}: failed to purge workflow state: ${child}orchestration has not yet completed`,
  );
}

function parentUnreachable(id: string, parent: string): string {
  return (
    `failed to Purge workflow ${id}: its parent '${parent}' waits for it and cannot be told at the moment, so nothing was purged and ` +
    `'${id}' goes on. Send the purge again, or purge '${parent}' with force, which purges its children too`
  );
}

function isStalled(result: OperationResult): boolean {
  return !result.ok && result.code === "STALLED";
}

function reasonOf(result: OperationResult): string {
  return isStalled(result) ? STALLED : NO_INSTANCE;
}

function operate(
  operation: Operation,
  call: Call,
  deps: HttpDeps,
  ask: (instance: InstanceApi) => Promise<OperationResult>,
): Promise<OperationResult> {
  const { id } = call.params;
  const target = { operation, instanceId: id, subject: id };
  call.instanceId = id;
  checkAppId(call, deps, target);
  return callInstance(call, deps, target, ask);
}
