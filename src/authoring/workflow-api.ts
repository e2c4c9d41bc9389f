import type { Target } from "../engine/function-names.ts";
import { shown } from "../model/options.ts";
import { WorkflowApiError } from "./client-errors.ts";
import { type EndpointOptions, resolveEndpoint, sendTo } from "./http-endpoint.ts";
import { askAgain, CutOffError } from "./lost-connection.ts";

/** What the server has answered. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
  /** The request, for errors. */
  readonly request: string;
}

/** Members that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Answers that come bit by bit, and what one is not that is something else. */
const STREAMS = {
  "text/event-stream": "no stream of events",
  "application/jsonl": "no history in lines",
} as const;

/** How long the answer to a question is waited for that has no time of its own. */
const PATIENCE_MS = 60_000;

/** What requests are made to: a part of their paths. */
export type Resource =
  | "workflows"
  | "workflow-jobs"
  | "workflow-catalog"
  | "workflow-definitions"
  | "workflow-schedules"
  | "workflow-limits";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Requests to the workflows of a server, and what its answers mean. */
export class WorkflowApi {
  readonly #options: EndpointOptions;
  readonly #what: Resource;

  constructor(options: EndpointOptions, what: Resource = "workflows") {
    this.#options = options;
    this.#what = what;
  }

  /** Where something is asked, for errors. Without a path: of all instances. */
  urlOf(path: string): string {
    const all = `${resolveEndpoint(this.#options).url}/v1.0/${this.#what}/${segment(this.#options.component || "dapr")}`;
    return path === "" ? all : `${all}/${path}`;
  }

  /** The name that a workflow is started by. */
  workflowName(workflow: Target): string {
    return resolveEndpoint(this.#options).workflowName(workflow);
  }

  /** Asks for what is there, and again when the connection is lost: it changes nothing. */
  ask(path: string, query?: Query): Promise<Answer> {
    return askAgain(() => this.askWithin(PATIENCE_MS, path, query));
  }

  /** Asks once, for at most so long. */
  askWithin(ms: number, path: string, query?: Query): Promise<Answer> {
    return this.#within(ms, "GET", path, query);
  }

  /** Sent once, whatever happens: whether it was heard is not known where it has no answer. */
  change(path: string, query?: Query, body?: string): Promise<Answer> {
    return this.send("POST", path, query, body);
  }

  /** The same, for at most so long. */
  changeWithin(ms: number, path: string, query: Query, body?: string): Promise<Answer> {
    return this.#within(ms, "POST", path, query, body);
  }

  /** A stream of this media type, until whoever asks for it ends it by the signal. Asked for once. */
  async open(
    type: keyof typeof STREAMS,
    path: string,
    query: Query,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const { response, request } = await this.#request("GET", path, query, undefined, signal);
    const isStream = response.headers.get("content-type")?.startsWith(type) === true;
    if (response.ok && isStream && response.body !== null) return response.body;
    const text = await textOf(response, request);
    throw response.ok ? notTheApi(request, response.status, text, STREAMS[type]) : refused(response, text, request);
  }

  /** A connection that nobody serves any more may stay open. */
  async #within(ms: number, method: "GET" | "POST", path: string, query?: Query, body?: string): Promise<Answer> {
    const abort = new AbortController();
    let stop = () => {};
    const late = new Promise<never>((_, reject) => {
      const timesOut = setTimeout(() => {
        const seconds = Math.round(ms / 100) / 10;
        reject(new CutOffError(`${method} ${this.urlOf(path)} was not answered within ${seconds} seconds`));
        abort.abort();
      }, ms);
      stop = () => clearTimeout(timesOut);
    });
    const answer = this.send(method, path, query, body, abort.signal);
    // What becomes of it later is of no interest.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } finally {
      stop();
    }
  }

  /** The same by another method. */
  async send(method: Method, path: string, query?: Query, body?: string, signal?: AbortSignal): Promise<Answer> {
    const { response, request } = await this.#request(method, path, query, body, signal);
    const text = await textOf(response, request);
    const { status } = response;
    if (response.ok) return { status, text, request, body: text === "" ? undefined : parsed(text, status, request) };
    throw refused(response, text, request);
  }

  async #request(
    method: Method,
    path: string,
    query: Query = {},
    body?: string,
    signal?: AbortSignal,
  ): Promise<{ response: Response; request: string }> {
    // Resolved late: a client may be constructed at module level, before the Worker is.
    const endpoint = resolveEndpoint(this.#options);
    const url = this.urlOf(path) + searchOf({ ...query, appID: this.#options.appId || undefined });
    const request = `${method} ${url}`;
    const init: RequestInit = { method };
    if (body !== undefined) init.body = body;
    if (signal !== undefined) init.signal = signal;
    return { response: await sendTo(endpoint, url, init), request };
  }
}

/** Resolves with `undefined` when there is no such instance, or whatever else has this error for that. */
export function ifThere<T>(asked: Promise<T>, gone = "ERR_INSTANCE_ID_NOT_FOUND"): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof WorkflowApiError && error.errorCode === gone) return undefined;
    throw error;
  });
}

/** The body of an answer in which it has what is asked for. Whoever else answers, a proxy or another service, may say anything. */
export function bodyOf(
  answer: Answer,
  expected: string,
  fits: (body: Readonly<Record<string, unknown>>) => boolean,
): object {
  const { body, text, request, status } = answer;
  if (typeof body === "object" && body !== null && fits(body as Record<string, unknown>)) return body;
  throw notTheApi(request, status, text, `no ${expected}`);
}

/** The JSON of a result. There is always one: of nothing it is `null`. */
export function resultText({ text, request, status }: Answer): string {
  if (text === "") throw notTheApi(request, status, text, "no result");
  return text;
}

/** A part of a path. An empty one, or dots, would make it the path of another instance, or of another operation. */
export function segment(text: string): string {
  if (typeof text === "string" && !["", ".", ".."].includes(text) && text.isWellFormed())
    return encodeURIComponent(text);
  throw new TypeError(
    `Instances, workflows, events, queries and updates have names that a URL can hold, found ${shown(text)}`,
  );
}

function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search}`;
}

async function textOf(response: Response, what: string): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError")) throw error;
    throw new CutOffError(`The answer to ${what} was cut off: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** The API answers in JSON: what begins as such was cut off, what does not is somebody else's. */
function parsed(text: string, status: number, request: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!/^\s*[{["]/.test(text)) throw notTheApi(request, status, text, "no JSON");
    throw new CutOffError(`The answer to ${request} is no whole JSON, so that it was cut off: ${begin(text)}`, {
      cause,
    });
  }
}

function notTheApi(request: string, status: number, text: string, which: string): WorkflowApiError {
  const found = text === "" ? "nothing" : /^\s*</.test(text) ? "a page" : begin(text);
  return new WorkflowApiError(
    status,
    "ERROR",
    `${request} was answered with ${status} and ${found}, which is ${which} of the workflow API: is this its address?`,
  );
}

function begin(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function refused(response: Response, text: string, request: string): WorkflowApiError {
  if (isRedirect(response)) return redirected(response, request);
  const { status } = response;
  const { errorCode, message } = errorIn(text, `${request} was answered with ${status}`);
  return new WorkflowApiError(status, errorCode, message);
}

/** 0 is what a browser tells of one, and no more. */
function isRedirect({ status }: Response): boolean {
  return [0, 301, 302, 303, 307, 308].includes(status);
}

function redirected({ status, headers }: Response, request: string): WorkflowApiError {
  return new WorkflowApiError(
    status,
    "ERROR",
    `${request} was answered with a redirect to ${headers.get("location") ?? "another address"}, which is not followed. ` +
      "Give the client the address of the workflow API itself, as daprHost and basePath",
  );
}

function errorIn(text: string, what: string): { errorCode: string; message: string } {
  try {
    const { errorCode, message } = JSON.parse(text);
    if (typeof errorCode === "string") return { errorCode, message: typeof message === "string" ? message : text };
  } catch {
    // A proxy's page, or plain text such as that of 401.
  }
  const isPlain = /^\s*[^<\s]/.test(text);
  return { errorCode: "ERROR", message: isPlain ? text : `${what}, and not by the workflow API` };
}
