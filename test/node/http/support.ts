import { DEFAULT_MAX_BODY_BYTES, type HttpDeps } from "../../../src/http/deps.ts";
import { createHttpHandler } from "../../../src/http/handler.ts";
import type {
  HistoryPage,
  InstanceApi,
  InstanceDescription,
  OperationResult,
  QueryResult,
  RaiseEventRequest,
  RerunResult,
  RestartResult,
  StartRequest,
  StartResult,
  TimelinePage,
  UpdateResult,
  WatchResult,
} from "../../../src/instance/protocol.ts";
import type { RepairResult } from "../../../src/instance/repair-protocol.ts";

export const VERSIONS = ["v1.0", "v1.0-beta1", "v1.0-alpha1"];
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
export const RUNNING: InstanceDescription = {
  instanceId: "order-1",
  name: "OrderProcessing",
  status: "RUNNING",
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  lastUpdatedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6, 70),
};

/** One call that reached an instance: method, ID, argument. */
export type RecordedCall = readonly [method: string, instanceId: string, argument: unknown];

/** Answers that a test puts into the fake; an Error is thrown, a function is asked. */
export interface Answers {
  start: StartResult | Error;
  rerun: RerunResult | Error;
  restart: RestartResult | Error;
  state: InstanceDescription | undefined | Error;
  operation: OperationResult | Error;
  repair: RepairResult | Error;
  query: QueryResult | Error;
  update: UpdateResult | Error;
  history: HistoryPage | undefined | Error;
  watch: WatchResult | Error;
  timeline: TimelinePage | undefined | Error;
}

export type Body = string | Uint8Array<ArrayBuffer>;

/** An API whose instances are one fake, which writes down every call and answers as the test said. */
/** Hello has no version, OrderProcessing three things that an instance can run. */
export const REGISTERED = {
  workflows: [
    { name: "OrderProcessing", versions: ["v1", "v2"], latest: "v2", unversioned: true },
    { name: "Hello", versions: [], unversioned: true },
  ],
  activities: ["Reserve"],
};

export class Api {
  readonly calls: RecordedCall[] = [];
  readonly log: Record<string, unknown>[] = [];
  answers: Answers = {
    start: { ok: true },
    rerun: { ok: true },
    restart: { ok: true },
    state: RUNNING,
    operation: { ok: true },
    repair: { ok: true },
    query: { ok: true, result: "1" },
    update: { ok: true, result: "2" },
    history: undefined,
    watch: { ok: false, code: "NOT_FOUND" },
    timeline: undefined,
  };
  nowMs = NOW_MS;
  #ids = 0;
  readonly #handler: (request: Request) => Promise<Response>;

  constructor(overrides: Partial<HttpDeps> = {}) {
    this.#handler = createHttpHandler({
      instance: (instanceId) => this.#instance(instanceId),
      watch: (instanceId, after) => this.#answer("watch", instanceId, "watch", after),
      registered: () => REGISTERED,
      apiToken: undefined,
      maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
      appId: "edge",
      log: (line) => this.log.push(line as Record<string, unknown>),
      newId: () => `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`,
      now: () => this.nowMs,
      ...overrides,
    });
  }

  /** `target` is `METHOD /path?query`, sent to localhost unless it carries a host of its own. */
  send(target: string, body?: Body, headers: Record<string, string> = {}): Promise<Response> {
    const space = target.indexOf(" ");
    const url = target.slice(space + 1);
    const method = target.slice(0, space);
    return this.handle(newRequest(method, url.startsWith("/") ? `http://localhost:8787${url}` : url, body, headers));
  }

  handle(request: Request): Promise<Response> {
    return this.#handler(request);
  }

  async #answer<K extends keyof Answers>(
    method: string,
    instanceId: string,
    kind: K,
    argument: unknown,
  ): Promise<Exclude<Answers[K], Error>> {
    this.calls.push([method, instanceId, argument]);
    const answer: unknown = this.answers[kind];
    if (answer instanceof Error) throw answer;
    return answer as Exclude<Answers[K], Error>;
  }

  #instance(instanceId: string): InstanceApi {
    const record = <K extends keyof Answers>(method: string, kind: K) => {
      return (argument: unknown) => this.#answer(method, instanceId, kind, argument);
    };
    return {
      start: record("start", "start") as (request: StartRequest) => Promise<StartResult>,
      rerun: record("rerun", "rerun"),
      restart: record("restart", "restart"),
      describe: record("describe", "state"),
      waitFor: (until, options) => record("waitFor", "state")({ until, ...options }),
      raiseEvent: record("raiseEvent", "operation") as (request: RaiseEventRequest) => Promise<OperationResult>,
      suspend: record("suspend", "operation"),
      resume: record("resume", "operation"),
      cancel: record("cancel", "operation"),
      rewind: record("rewind", "repair"),
      changeVersion: record("changeVersion", "repair"),
      query: record("query", "query"),
      update: record("update", "update"),
      history: record("history", "history"),
      timeline: record("timeline", "timeline"),
      terminate: record("terminate", "operation"),
      purge: record("purge", "operation"),
    };
  }
}

/** Node's Request refuses a body on GET; a Worker may receive one. */
function newRequest(method: string, url: string, body: Body | undefined, headers: Record<string, string>): Request {
  if (method !== "GET" || body === undefined)
    return new Request(url, { method, headers, ...(body !== undefined && { body }) });
  const request = new Request(url, { method: "POST", headers, body });
  Object.defineProperty(request, "method", { value: "GET" });
  return request;
}

/** Status and parsed JSON of an answer, to be compared in one go. */
export async function read(response: Response): Promise<{ status: number; body: unknown }> {
  return { status: response.status, body: await response.json() };
}

export function refusal(status: number, errorCode: string, message: string): { status: number; body: unknown } {
  return { status, body: { errorCode, message } };
}

export const NO_ROUTE = refusal(
  404,
  "ERR_DIRECT_INVOKE",
  "failed getting app id either from the URL path or the header dapr-app-id",
);

/** A fault as the platform throws it out of a stub. */
export function platformFault(flags: { retryable?: boolean; overloaded?: boolean } = {}): Error {
  return Object.assign(new Error("internal: storage of object 0xdeadbeef"), flags);
}
