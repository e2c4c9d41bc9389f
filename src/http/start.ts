import type { InstanceApi, InstanceDescription, StartRequest, StartResult } from "../instance/protocol.ts";
import { shown } from "../model/options.ts";
import { A_RETENTION, retentionFrom } from "../model/retention.ts";
import { parseRfc3339 } from "../model/rfc3339.ts";
import { attributesProblem, newAttributeFrom, type SearchAttributes } from "../model/search-attributes.ts";
import { noteAsked } from "./asked.ts";
import { START_AND_RAISE } from "./bodies.ts";
import { fieldAsJson, parseJsonObject, readBody } from "./body.ts";
import { type Call, queryValue } from "./call.ts";
import { checkMayBegin, generatedId, needRole } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { toDaprState } from "./description.ts";
import { instanceNotFound, malformed, operationFailed, workflowNotRegistered } from "./errors.ts";
import { callInstance, type Target } from "./instance-call.ts";
import { checkAppId, checkNewInstanceId } from "./instance-id.ts";
import { readJsonBody } from "./json-body.ts";
import { REUSE, readParameters } from "./parameters.ts";
import { json, type Reply } from "./replies.ts";
import { readWait, type Wait } from "./state.ts";

/**
 * `POST …/{component}/{name}/start[?instanceID=][&appID=]`: the raw body is the input, empty or not; without an ID the
 * instance gets a UUID. 202 `{"instanceID"}`. Ours: with `?waitFor=` 200 and the state, as GET with it answers; `?reuse=` says what
 * becomes of an instance that has the ID; with `?raiseEvent=` the body is `{"input","eventPayload"}`.
 */
export async function startWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { reuse, raiseEvent } = readParameters(call, REUSE);
  // It ends what runs there.
  if (reuse === "terminate") needRole(call, "operator");
  const asked = await (raiseEvent === undefined
    ? { input: await readBody(call.request, deps.maxBodyBytes) }
    : readStartAndRaise(call, raiseEvent, deps));
  const instanceId = queryValue(call, "instanceID") || generatedId(call, deps);
  const wait = queryValue(call, "waitFor") === undefined ? undefined : readWait(call, deps);
  const state = await start(call, deps, instanceId, { ...asked, reuse }, wait);
  if (wait === undefined) return json(202, { instanceID: instanceId });
  if (state === undefined) throw instanceNotFound(instanceId);
  return json(200, toDaprState(state));
}

/**
 * The seed's `POST …/{component}/{name}/{id}/start`: the body is `{"input": any}`, and the instance gets that value as JSON
 * text, or no input when there is no such key. 202 `{"WFInfo":{"instance_id"}}`.
 */
export async function startSeedWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const fields = parseJsonObject(await readBody(call.request, deps.maxBodyBytes));
  await start(call, deps, call.params.id, { input: fieldAsJson(fields, "input") });
  return json(202, { WFInfo: { instance_id: call.params.id } });
}

/** Both are any JSON value, and may be left out. */
async function readStartAndRaise(call: Call, name: string, deps: HttpDeps): Promise<Asked> {
  const fields = await readJsonBody(call, deps, START_AND_RAISE);
  const why = noteAsked(call, fields);
  // Of the event too: where one runs, that is all that there is of this.
  const event = { name, input: fieldAsJson(fields, "eventPayload"), messageId: deps.newId(), ...why };
  return { input: fieldAsJson(fields, "input"), event, ...why };
}

/** What a start asks for beside ID and name. */
type Asked = Pick<StartRequest, "input" | "reuse" | "event" | "reason" | "actor">;

async function start(
  call: Call,
  deps: HttpDeps,
  instanceId: string,
  asked: Asked,
  wait?: Wait,
): Promise<InstanceDescription | undefined> {
  checkNewInstanceId(instanceId);
  checkMayBegin(call, instanceId);
  const { name } = call.params;
  const target: Target = { operation: "start", instanceId, subject: name };
  call.instanceId = instanceId;
  checkAppId(call, deps, target);
  checkRegistered(name, deps);
  const why = asked.event === undefined ? noteAsked(call) : undefined;
  const startAtMs = readStartTime(call);
  const retentionMs = readRetention(call);
  const searchAttributes = readAttributes(call);
  const { traceparent, callerSpanId } = call.trace;
  const given = { instanceId, name, ...asked, ...why, startAtMs, retentionMs, searchAttributes };
  const request = { ...given, requestId: deps.newId(), traceparent, ...(callerSpanId && { callerSpanId }) };
  const result = await callInstance(call, deps, target, (instance) => startAndWait(instance, request, wait));
  if (result.ok) return result.state;
  throw operationFailed(
    "start",
    name,
    `unable to start workflow: failed to start workflow: ${refusal(instanceId, result)}`,
  );
}

/** With `unknownWorkflows: "refuse"`, throws for a name under which nothing is registered. */
export function checkRegistered(name: string, deps: HttpDeps): void {
  if (deps.refusesUnknownWorkflows !== true) return;
  const names = deps.registered().workflows.map((workflow) => workflow.name);
  if (!names.includes(name)) throw workflowNotRegistered(name, names);
}

/** One call, unless the object still runs code that cannot wait after a start. */
async function startAndWait(instance: InstanceApi, request: StartRequest, wait?: Wait): Promise<StartResult> {
  if (wait === undefined) return instance.start(request);
  const { until } = wait;
  const result = await instance.start({ ...request, waitFor: { until, ...wait.options() } });
  if (!result.ok || result.state !== undefined) return result;
  return { ok: true, state: await instance.waitFor(until, wait.options()) };
}

/** Dapr HEAD pkg/actors/targets/workflow/orchestrator: the answers that carry a gRPC status print it. */
export function refusal(instanceId: string, result: Extract<StartResult, { ok: false }>): string {
  switch (result.code) {
    case "ALREADY_ACTIVE":
      return `rpc error: code = AlreadyExists desc = an active workflow with ID '${instanceId}' already exists`;
    case "ALREADY_EXISTS":
      return `rpc error: code = AlreadyExists desc = a workflow with ID '${instanceId}' already exists and the create enforces instance ID uniqueness`;
    case "STALLED":
      return `workflow '${instanceId}' is stalled`;
    case "AWAITING_ACTIVITY":
      return `a terminated workflow with ID '${instanceId}' is already awaiting an activity result`;
    case "UNREADABLE":
      return `a workflow with ID '${instanceId}' has ended and cannot be read by this deployment, so it is not replaced; deploy the code and the keys that it was written with, or purge it with force`;
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

/** `?retention=`, ours: how long after its end the instance is kept. */
function readRetention(call: Call): number | undefined {
  const text = queryValue(call, "retention");
  if (text === undefined) return undefined;
  const read = retentionFrom(text);
  if ("ms" in read) return read.ms;
  throw malformed(`query parameter retention is ${A_RETENTION} (in a query, + is written %2B): ${read.problem}`);
}

/** `?attr.KEY=`, ours: search attributes. */
function readAttributes({ searchParams }: Call): SearchAttributes | undefined {
  let found: Map<string, unknown> | undefined;
  for (const [name, text] of searchParams) {
    if (!name.startsWith("attr.")) continue;
    found ??= new Map();
    const key = name.slice("attr.".length);
    if (found.has(key)) throw malformed(`query parameter ${shown(name)} is expected once, found twice`);
    found.set(key, newAttributeFrom(text));
  }
  if (found === undefined) return undefined;
  const attributes = Object.fromEntries(found) as SearchAttributes;
  const problem = attributesProblem(attributes);
  if (problem !== undefined) throw malformed(`query parameters attr.KEY: ${problem}`);
  return attributes;
}
