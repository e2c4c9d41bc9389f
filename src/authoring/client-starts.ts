// How instances are started over the HTTP API.
import { nameOf } from "../engine/names.ts";
import type { SearchAttribute } from "../model/search-attributes.ts";
import { type RunOptions, type ScheduleOptions, timeoutOf } from "./client-options.ts";
import { Deadline, stateOf, waitForState } from "./client-waits.ts";
import { type Answer, bodyOf, type Query, segment, type WorkflowApi } from "./workflow-api.ts";
import type { WorkflowState } from "./workflow-state.ts";

/** Payloads as they are sent: of the workflow, and of the event that comes with its start. */
export interface Encoded {
  readonly input: string | undefined;
  readonly event: string | undefined;
}

/** Resolves with its ID. */
export async function start(
  api: WorkflowApi,
  name: string,
  encoded: Encoded,
  options: ScheduleOptions,
): Promise<string> {
  return idIn(await api.change(`${segment(name)}/start`, queryOf(options), bodyFor(encoded, options)));
}

/** The raw input, unless an event comes with it. */
function bodyFor({ input, event }: Encoded, { raiseEvent }: ScheduleOptions): string | undefined {
  if (!raiseEvent) return input;
  const fields = [input === undefined ? [] : `"input":${input}`, event === undefined ? [] : `"eventPayload":${event}`];
  return `{${fields.flat().join()}}`;
}

/** Resolves with its state once it has got there, or has ended. The first request starts and waits; only others are asked again. */
export async function startAndWait(
  api: WorkflowApi,
  name: string,
  encoded: Encoded,
  options: RunOptions,
): Promise<WorkflowState> {
  const deadline = new Deadline(timeoutOf(options.timeoutInSeconds, "runWorkflow", name));
  const until = options.waitFor ?? "completed";
  const fetchPayloads = options.fetchPayloads ?? true;
  const query = { ...queryOf(options), fetchPayloads, waitFor: until, timeoutSeconds: deadline.pollSeconds() };
  const answer = await api.changeWithin(
    deadline.patienceMs(),
    `${segment(name)}/start`,
    query,
    bodyFor(encoded, options),
  );
  const instanceId = idIn(answer);
  const wait = { until, instanceId, path: segment(instanceId), fetchPayloads };
  // Dapr's own server does not wait, and answers with the ID alone.
  const first = answer.status === 202 ? undefined : stateOf(answer);
  const state = await waitForState(api, wait, deadline, first);
  if (state === undefined) throw new Error(`There is no workflow instance '${instanceId}' any more`);
  return state;
}

function queryOf(options: ScheduleOptions): Query {
  const { instanceId, startAt, searchAttributes, retention, reason, reuse, raiseEvent } = options;
  const instanceID = instanceId || crypto.randomUUID();
  const attributes = Object.entries(searchAttributes ?? {}).map(([key, value]) => [`attr.${key}`, asJson(value)]);
  return {
    ...Object.fromEntries(attributes),
    instanceID,
    startTime: startAt?.toISOString(),
    retention: retention ?? undefined,
    reason: reason ?? undefined,
    reuse: reuse ?? undefined,
    raiseEvent: raiseEvent ? nameOf(raiseEvent) : undefined,
  };
}

/** Of what is left out there is none. */
function asJson(value: SearchAttribute | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

export function idIn(answer: Answer): string {
  const body = bodyOf(answer, "started instance", ({ instanceID }) => typeof instanceID === "string");
  return (body as { instanceID: string }).instanceID;
}
