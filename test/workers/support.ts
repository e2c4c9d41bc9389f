import { runInDurableObject } from "cloudflare:test";
import { exports, env as workerEnv } from "cloudflare:workers";
import { expect } from "vitest";
import type { InstanceEnv } from "../../src/instance/workflow-instance.ts";
import { EVENTS } from "../../src/storage/history-table.ts";

export const env = workerEnv as unknown as InstanceEnv;

export const PREFIXES = ["v1.0", "v1.0-beta1", "v1.0-alpha1"] as const;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}
export interface State {
  readonly instanceID: string;
  readonly workflowName?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly runtimeStatus: string;
  readonly properties?: Readonly<Record<string, string>>;
}

let ids = 0;
/** An ID that no other test uses: storage is kept for the whole file. */
export function newId(what = "w"): string {
  return `${what}-${++ids}`;
}

/** `target` is `METHOD /path?query`; the request goes to localhost, where no token is needed. */
export function send(target: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const [method = "", path = ""] = target.split(/ (.*)/s);
  return exports.default.fetch(`http://localhost${path}`, { method, headers, ...(body !== undefined && { body }) });
}

/** Status and parsed JSON, to be compared in one go. */
export async function ask(target: string, body?: BodyInit): Promise<Answer> {
  const response = await send(target, body);
  return { status: response.status, body: await response.json() };
}

export function refusal(status: number, errorCode: string, message: string): Answer {
  return { status, body: { errorCode, message } };
}
export const ACCEPTED: Answer = { status: 202, body: {} };

export const W = "/v1.0/workflows/dapr";

/** Starts a workflow with a JSON input; expects that it is accepted. */
export async function start(workflow: string, input?: unknown, id = newId(workflow)): Promise<string> {
  const body = input === undefined ? undefined : JSON.stringify(input);
  expect(await ask(`POST ${W}/${workflow}/start?instanceID=${id}`, body)).toEqual({
    status: 202,
    body: { instanceID: id },
  });
  return id;
}

export async function stateOf(id: string, query = ""): Promise<State> {
  const { status, body } = await ask(`GET ${W}/${encodeURIComponent(id)}${query}`);
  expect({ status, body }).toMatchObject({ status: 200, body: { instanceID: id } });
  return body as State;
}

/** The state in which the instance ends. */
export async function ended(id: string, timeoutSeconds = 10): Promise<State> {
  const state = await stateOf(id, `?waitFor=completed&timeoutSeconds=${timeoutSeconds}`);
  expect(state.runtimeStatus).toMatch(/^(COMPLETED|FAILED|TERMINATED)$/);
  return state;
}

/** The output of an instance that ends well. */
export async function outputOf(id: string, timeoutSeconds = 10): Promise<unknown> {
  const state = await ended(id, timeoutSeconds);
  expect(state).toMatchObject({ runtimeStatus: "COMPLETED" });
  const output = state.properties?.["dapr.workflow.output"];
  return output === undefined ? undefined : JSON.parse(output);
}

export async function run(workflow: string, input?: unknown): Promise<unknown> {
  return outputOf(await start(workflow, input));
}

export async function raise(id: string, event: string, payload?: unknown): Promise<void> {
  const body = payload === undefined ? undefined : JSON.stringify(payload);
  expect(await ask(`POST ${W}/${id}/raiseEvent/${event}`, body)).toEqual(ACCEPTED);
}
export async function operate(id: string, operation: "pause" | "resume" | "terminate" | "purge"): Promise<void> {
  expect(await ask(`POST ${W}/${encodeURIComponent(id)}/${operation}`)).toEqual(ACCEPTED);
}

export function stubOf(id: string): ReturnType<InstanceEnv["WORKFLOW_INSTANCE"]["getByName"]> {
  return env.WORKFLOW_INSTANCE.getByName(id);
}

export type Row = Readonly<Record<string, string | number | null>>;

export function query(id: string, statement: string): Promise<Row[]> {
  return runInDurableObject(stubOf(id), (_instance, ctx) => ctx.storage.sql.exec<Row>(statement).toArray());
}

/** The types of the history's events, with the number of the call they are about. */
export async function historyOf(id: string): Promise<string[]> {
  const rows = await query(id, `SELECT type, task_id FROM ${EVENTS.instance} ORDER BY seq`);
  return rows.map(({ type, task_id }) => (task_id === null ? `${type}` : `${type} ${task_id}`));
}

/** [T4] of the engine, seen in storage: every call is resolved at most once, and only after it was made. */
export async function expectSoundHistory(id: string): Promise<void> {
  const calls = new Set<string>();
  for (const event of await historyOf(id)) {
    const [type = "", call = ""] = event.split(" ");
    if (/^(TaskScheduled|TimerCreated|ChildWorkflowInstanceCreated)$/.test(type)) calls.add(call);
    else if (/^(TaskCompleted|TaskFailed|TimerFired|ChildWorkflowInstance(Completed|Failed))$/.test(type)) {
      expect(calls.delete(call), `${event} in the history of ${id} answers an open call`).toBe(true);
    }
  }
}

/** What is left of an object: its own tables without the platform's, and its alarm. */
export function remainsOf(id: string): Promise<{ tables: unknown[]; alarm: number | null }> {
  return runInDurableObject(stubOf(id), async (_instance, ctx) => ({
    tables: ctx.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'")
      .toArray()
      .map((row) => row.name),
    alarm: await ctx.storage.getAlarm(),
  }));
}
export const NOTHING = { tables: [], alarm: null };
