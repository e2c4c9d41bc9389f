import type { Target } from "../engine/function-names.ts";
import { shown } from "../model/options.ts";
import { WorkflowApiError } from "./client-errors.ts";
import { type EndpointOptions, resolveEndpoint } from "./http-endpoint.ts";
import { askAgain, CutOffError } from "./lost-connection.ts";

/** What the server has answered. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
}

/** Members that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Requests to the workflows of a server, and what its answers mean. */
export class WorkflowApi {
  readonly #options: EndpointOptions;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** Where something is asked, for errors. */
  urlOf(path: string): string {
    return `${resolveEndpoint(this.#options).url}/v1.0/workflows/dapr/${path}`;
  }

  /** The name that a workflow is started by. */
  workflowName(workflow: Target): string {
    return resolveEndpoint(this.#options).workflowName(workflow);
  }

  /** Asks for what is there, and again when the connection is lost: it changes nothing. */
  async read(path: string, query?: Query): Promise<unknown> {
    return (await this.ask(path, query)).body;
  }

  /** The same, with the text of the answer. */
  ask(path: string, query?: Query): Promise<Answer> {
    return askAgain(() => this.#send("GET", path, query));
  }

  /** Asks once, for at most so long: a connection that nobody serves any more may stay open. */
  async readWithin(ms: number, path: string, query: Query): Promise<unknown> {
    const abort = new AbortController();
    let stop = () => {};
    const late = new Promise<never>((_, reject) => {
      const timesOut = setTimeout(() => {
        reject(new CutOffError(`GET ${this.urlOf(path)} was not answered within ${Math.round(ms / 100) / 10} seconds`));
        abort.abort();
      }, ms);
      stop = () => clearTimeout(timesOut);
    });
    const answer = this.#send("GET", path, query, undefined, abort.signal);
    // What becomes of it later is of no interest.
    answer.catch(() => undefined);
    try {
      return (await Promise.race([answer, late])).body;
    } finally {
      stop();
    }
  }

  /** Sent once, whatever happens: whether it was heard is not known where it has no answer. */
  change(path: string, query?: Query, body?: string): Promise<Answer> {
    return this.#send("POST", path, query, body);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    query: Query = {},
    body?: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    // Resolved late: a client may be constructed at module level, before the Worker is.
    const endpoint = resolveEndpoint(this.#options);
    const url = `${endpoint.url}/v1.0/workflows/dapr/${path}${searchOf({ ...query, appID: this.#options.appId || undefined })}`;
    const init: RequestInit = { method, headers: endpoint.headers };
    if (body !== undefined) init.body = body;
    if (signal !== undefined) init.signal = signal;
    const response = await endpoint.fetch(new Request(url, init));
    const text = await textOf(response, `${method} ${url}`);
    const { status } = response;
    if (response.ok) return { status, text, body: text === "" ? {} : parsed(text, `${method} ${url}`) };
    const { errorCode, message } = errorIn(text, `${method} ${url} was answered with ${status}`);
    throw new WorkflowApiError(status, errorCode, message);
  }
}

/** Resolves with `undefined` when there is no such instance. */
export function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof WorkflowApiError && error.errorCode === "ERR_INSTANCE_ID_NOT_FOUND") return undefined;
    throw error;
  });
}

/** A part of a path. An empty one, or dots, would make it the path of another instance, or of another operation. */
export function segment(text: string): string {
  if (typeof text === "string" && !["", ".", ".."].includes(text)) return encodeURIComponent(text);
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
function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (/^\s*</.test(text))
      throw new WorkflowApiError(200, "ERROR", `${what} was answered with a page, not by the workflow API`);
    throw new CutOffError(`The answer to ${what} is no JSON, so that it was cut off: ${text.slice(0, 100)}`, { cause });
  }
}

function errorIn(text: string, what: string): { errorCode: string; message: string } {
  try {
    const { errorCode, message } = JSON.parse(text);
    if (typeof errorCode === "string") return { errorCode, message: String(message) };
  } catch {
    // A proxy's page, or plain text such as that of 401.
  }
  const isPlain = /^\s*[^<\s]/.test(text);
  return { errorCode: "ERROR", message: isPlain ? text : `${what}, and not by the workflow API` };
}
