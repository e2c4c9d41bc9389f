import { CliError, EXIT, ServerError, usage } from "./errors.ts";
import type { Settings } from "./settings.ts";

/*
 * Requests to the server, and what its answers mean.
 */

/** Members that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** What the routes under it are about. */
export type Area =
  | "workflows"
  | "workflow-jobs"
  | "workflow-catalog"
  | "workflow-schedules"
  | "workflow-limits"
  | "metadata";

/** How long an answer is waited for, beyond the time that the server was asked to wait. */
const PATIENCE_MS = 60_000;

interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly query?: Query | undefined;
  /** A raw text; what is no text goes as JSON. */
  readonly body?: string | object | undefined;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export class Server {
  readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** JSON of what is there. */
  get<T>(area: Area, path: readonly string[], query?: Query, patienceMs = PATIENCE_MS): Promise<T> {
    return this.#json<T>(area, path, { method: "GET", query, signal: AbortSignal.timeout(Math.ceil(patienceMs)) });
  }

  /** Sent once, whatever happens. */
  post<T>(area: Area, path: readonly string[], query?: Query, body?: string | object): Promise<T> {
    return this.#json<T>(area, path, { method: "POST", query, body, signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  /** One of the operations of an instance. */
  operate(id: string, operation: string, query: Query, body?: object): Promise<unknown> {
    return this.post("workflows", [id, operation], query, body);
  }

  send<T>(method: Request["method"], area: Area, path: readonly string[], body?: object, query?: Query): Promise<T> {
    return this.#json<T>(area, path, { method, query, body, signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  /** The body as it comes, for as long as it comes. */
  async stream(
    area: Area,
    path: readonly string[],
    query: Query,
    signal?: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ReadableStream<Uint8Array>> {
    const { response, what } = await this.#ask(area, path, {
      method: "GET",
      query,
      signal,
      ...(headers && { headers }),
    });
    if (!response.ok) throw refused(response, await response.text(), what);
    if (response.body === null) throw notTheApi(what, response.status, "");
    return response.body;
  }

  /** The app's name, as Dapr prints it; empty where the server does not tell. */
  async appId(): Promise<string> {
    if (this.settings.appId !== undefined) return this.settings.appId;
    const { id } = await this.get<{ id?: string }>("metadata", []);
    return id ?? "";
  }

  async #json<T>(area: Area, path: readonly string[], request: Request): Promise<T> {
    const { response, what } = await this.#ask(area, path, request);
    const text = await textOf(response, what);
    if (!response.ok) throw refused(response, text, what);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw notTheApi(what, response.status, text);
    }
  }

  async #ask(area: Area, path: readonly string[], request: Request): Promise<{ response: Response; what: string }> {
    const { url, token, appId } = this.settings;
    const { method, body, headers, signal } = request;
    const address = this.#address(area, path);
    const what = `${method} ${address}`;
    const init: RequestInit = {
      method,
      redirect: "manual",
      headers: { ...headers, ...(token !== undefined && { "dapr-api-token": token }) },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    };
    try {
      const query = area === "metadata" ? {} : { ...request.query, appID: appId };
      return { response: await fetch(address + searchOf(query), init), what };
    } catch (error) {
      throw unreachable(error, url, what);
    }
  }

  #address(area: Area, path: readonly string[]): string {
    const { url, component } = this.settings;
    const parts = area === "metadata" ? [] : [component, ...path];
    return [`${url}/v1.0/${area}`, ...parts.map(segment)].join("/");
  }
}

/** A part of a path. An empty one, or dots, would make it the path of something else. */
function segment(text: string): string {
  if (!["", ".", ".."].includes(text) && text.isWellFormed()) return encodeURIComponent(text);
  throw usage(`a name that a URL can hold is expected, found ${JSON.stringify(text)}`);
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
    throw error instanceof Error && error.name === "TimeoutError" ? timedOut(what) : cutOff(error, what);
  }
}

function cutOff(error: unknown, what: string): CliError {
  return new LostError(`the answer to ${what} was cut off: ${error instanceof Error ? error.message : error}`);
}

function timedOut(what: string): CliError {
  return new CliError(`${what} was not answered within ${PATIENCE_MS / 1_000} seconds`, EXIT.timedOut);
}

/** The connection was not made, or broke. */
export class LostError extends CliError {}

/** Node tells what went wrong in the cause of the cause, and of `localhost` for each of its addresses. */
function unreachable(error: unknown, url: string, what: string): Error {
  if (!(error instanceof Error)) return new CliError(String(error));
  if (error.name === "TimeoutError") return timedOut(what);
  if (error.name === "AbortError") return error;
  const cause = error.cause as (NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) | undefined;
  const code = cause?.code ?? cause?.errors?.[0]?.code;
  const why = code === "ECONNREFUSED" ? "connection refused" : cause?.message || error.message;
  const hint =
    'Start the server there ("npm start", or "npx wrangler dev" in your project), or say where it is with --url or EDGE_WORKFLOWS_URL';
  return new LostError(`cannot reach ${url}: ${why}. ${hint}`);
}

function refused(response: Response, text: string, what: string): ServerError {
  const { status, headers } = response;
  if (status >= 300 && status < 400)
    return new ServerError(
      status,
      "ERROR",
      `${what} was answered with a redirect to ${headers.get("location") ?? "another address"}, which is not followed: is that the server's --url?`,
    );
  const { errorCode, message } = errorIn(text, `${what} was answered with ${status}`);
  const hint = status === 401 ? ". Give the server's token with --token, DAPR_API_TOKEN or a profile" : "";
  return new ServerError(status, errorCode, `${message.replace(OF_A_BODY, "")}${hint}`);
}

/** Whoever has written flags, has written no body. */
const OF_A_BODY = /^failed deserializing HTTP body: /;

function errorIn(text: string, what: string): { errorCode: string; message: string } {
  try {
    const { errorCode, message } = JSON.parse(text);
    if (errorCode === "ERR_DIRECT_INVOKE") return { errorCode, message: `${what}: this server has no such route` };
    if (typeof errorCode === "string" && typeof message === "string") return { errorCode, message };
  } catch {
    // A proxy's page, or plain text such as that of 401.
  }
  return {
    errorCode: "ERROR",
    message: /^\s*[^<\s]/.test(text) ? text.trim().slice(0, 1_000) : `${what}, and not by the workflow API`,
  };
}

function notTheApi(what: string, status: number, text: string): CliError {
  const found = text === "" ? "nothing" : text.trimStart().startsWith("<") ? "a page" : text.slice(0, 100);
  return new CliError(
    `${what} was answered with ${status} and ${found}, which is nothing of the workflow API: is this its address?`,
  );
}
