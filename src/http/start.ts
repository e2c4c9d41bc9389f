import type { StartResult } from "../instance/protocol.ts";
import { fieldAsJson, parseJsonObject, readBody } from "./body.ts";
import { type Call, queryValue } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { malformed, operationFailed } from "./errors.ts";
import { callInstance, type Target } from "./instance-call.ts";
import { checkAppId, checkNewInstanceId } from "./instance-id.ts";
import { json } from "./responses.ts";
import { parseRfc3339 } from "./rfc3339.ts";

/**
 * `POST …/{component}/{name}/start[?instanceID=][&appID=]`: the raw body is the input, empty or not; without an ID the
 * instance gets a UUID. 202 `{"instanceID"}`.
 */
export async function startWorkflow(call: Call, deps: HttpDeps): Promise<Response> {
  const input = await readBody(call.request, deps.maxBodyBytes);
  const instanceId = queryValue(call, "instanceID") || deps.newId();
  await start(call, deps, instanceId, input);
  return json(202, { instanceID: instanceId });
}

/**
 * The seed's `POST …/{component}/{name}/{id}/start`: the body is `{"input": any}`, and the instance gets that value as JSON
 * text, or no input when there is no such key. 202 `{"WFInfo":{"instance_id"}}`.
 */
export async function startSeedWorkflow(call: Call, deps: HttpDeps): Promise<Response> {
  const fields = parseJsonObject(await readBody(call.request, deps.maxBodyBytes));
  await start(call, deps, call.params.id, fieldAsJson(fields, "input"));
  return json(202, { WFInfo: { instance_id: call.params.id } });
}

async function start(call: Call, deps: HttpDeps, instanceId: string, input: string | undefined): Promise<void> {
  checkNewInstanceId(instanceId);
  const { name } = call.params;
  const target: Target = { operation: "start", instanceId, subject: name };
  call.instanceId = instanceId;
  checkAppId(call, deps, target);
  const startAtMs = readStartTime(call);
  const request = { instanceId, name, input, startAtMs, requestId: deps.newId(), traceparent: call.trace.traceparent };
  const result = await callInstance(call, deps, target, (instance) => instance.start(request));
  if (!result.ok)
    throw operationFailed(
      "start",
      name,
      `unable to start workflow: failed to start workflow: ${refusal(instanceId, result)}`,
    );
}

/** Dapr HEAD pkg/actors/targets/workflow/orchestrator: the two answers that carry a gRPC status print it. */
function refusal(instanceId: string, result: Extract<StartResult, { ok: false }>): string {
  switch (result.code) {
    case "ALREADY_ACTIVE":
      return `rpc error: code = AlreadyExists desc = an active workflow with ID '${instanceId}' already exists`;
    case "AWAITING_ACTIVITY":
      return `a terminated workflow with ID '${instanceId}' is already awaiting an activity result`;
    case "CHILD_ACTIVE":
      return `rpc error: code = AlreadyExists desc = cannot recreate workflow with ID '${instanceId}': child workflow '${result.childInstanceId}': orchestration has not yet completed`;
    default:
      result satisfies never;
      return "the instance refused";
  }
}

/** `?startTime=`, ours: an RFC 3339 time, finer than a millisecond cut off. A time in the past starts at once. */
function readStartTime(call: Call): number | undefined {
  const text = queryValue(call, "startTime");
  if (text === undefined) return undefined;
  const atMs = parseRfc3339(text);
  if (atMs !== undefined) return atMs;
  throw malformed(
    `query parameter startTime is an RFC 3339 time such as 2026-01-02T03:04:05Z (in a query, + is written %2B), found ${JSON.stringify(text)}`,
  );
}
