import type {
  DescribeOptions,
  InstanceApi,
  InstanceDescription,
  WaitedFor,
  WaitOptions,
} from "../instance/protocol.ts";
import { readOptionalFields } from "./body.ts";
import { type Call, queryFlag, queryValue } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { toDaprState, toSeedState } from "./description.ts";
import { toFullState } from "./detail.ts";
import { instanceNotFound, malformed } from "./errors.ts";
import { callInstance, type Target } from "./instance-call.ts";
import { checkAppId } from "./instance-id.ts";
import { DETAIL, readParameters } from "./parameters.ts";
import { json, type Reply } from "./replies.ts";

/** `GET …/{component}/{id}`: 200 and the state, 404 when there is no such instance. */
export async function getWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const detail = readDetail(call);
  const state = await readState(call, deps, detail);
  return json(200, detail ? toFullState(state) : toDaprState(state));
}

/**
 * The seed's `GET …/{component}/{name}/{id}`: 202 and the state in the seed's form. The workflow's name is part of the
 * address, so an instance of another workflow is not found.
 */
export async function getSeedWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { component, name, id } = call.params;
  const state = await readState(call, deps);
  if (state.name !== name) throw instanceNotFound(id);
  return json(202, toSeedState(state, component));
}

async function readState(call: Call, deps: HttpDeps, detail?: Detail): Promise<InstanceDescription> {
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const { id } = call.params;
  const target: Target = { operation: "get", instanceId: id, subject: id };
  call.instanceId = id;
  checkAppId(call, deps, target);
  const description = await callInstance(call, deps, target, readQuestion(call, deps, detail));
  if (description === undefined) throw instanceNotFound(id);
  return description;
}

type Question = (instance: InstanceApi) => Promise<InstanceDescription | undefined>;

function readQuestion(call: Call, deps: HttpDeps, detail: Detail | undefined): Question {
  const wait = readWait(call, deps);
  const more = detail && { detail: true };
  if (wait !== undefined) return (instance) => instance.waitFor(wait.until, { ...wait.options(), ...more });
  const payloads = readFetchPayloads(call);
  return (instance) => instance.describe({ payloads, ...more, ...detail });
}

type Detail = Pick<DescribeOptions, "pastEvents">;

/** Ours: `?detail=full` tells all that there is to tell, beside Dapr's form; with `at`, where it stood after so many events, too. */
function readDetail(call: Call): Detail | undefined {
  const detail = queryValue(call, "detail");
  if (detail !== undefined && detail !== "full")
    throw malformed(`query parameter detail is "full", found ${JSON.stringify(detail)}`);
  const { at } = readParameters(call, { at: DETAIL.at });
  if (detail === undefined) return undefined;
  return at === undefined ? {} : { pastEvents: at };
}

/** What the caller waits for; `options` has the time that is left. */
export interface Wait {
  readonly until: WaitedFor;
  options(): WaitOptions;
}

/**
 * Ours: `?waitFor=started|completed` answers only when the instance has got there, or with the state it is in after
 * `?timeoutSeconds=` (0 to 600, 60 when not given; attempts after a fault share it). `?fetchPayloads=false` leaves input
 * and output out.
 */
export function readWait(call: Call, deps: HttpDeps): Wait | undefined {
  const payloads = readFetchPayloads(call);
  const waitFor = queryValue(call, "waitFor");
  const timeoutMs = readTimeoutMs(call);
  if (waitFor === undefined) return undefined;
  if (waitFor !== "started" && waitFor !== "completed") {
    throw malformed(`query parameter waitFor is "started" or "completed", found ${JSON.stringify(waitFor)}`);
  }
  const deadlineMs = deps.now() + timeoutMs;
  return {
    until: waitFor === "started" ? "started" : "ended",
    options: () => ({ timeoutMs: Math.max(0, deadlineMs - deps.now()), payloads }),
  };
}

function readFetchPayloads(call: Call): boolean {
  return queryFlag(call, "fetchPayloads") ?? true;
}

const DEFAULT_TIMEOUT_SECONDS = "60";
const MAX_TIMEOUT_SECONDS = 600;

/** `?timeoutSeconds=`, 60 when it is not given, 600 at most. */
export function readTimeoutMs(call: Call): number {
  const text = queryValue(call, "timeoutSeconds") ?? DEFAULT_TIMEOUT_SECONDS;
  if (!/^-?\d+(\.\d+)?$/.test(text)) {
    throw malformed(`query parameter timeoutSeconds is a number of seconds, found ${JSON.stringify(text)}`);
  }
  return Math.round(Math.min(Math.max(Number(text), 0), MAX_TIMEOUT_SECONDS) * 1000);
}
