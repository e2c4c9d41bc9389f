import { placesOf } from "../model/failure.ts";
import { faultMessage } from "../model/fault.ts";
import type { HttpDeps } from "./deps.ts";
import { badEscape, malformed } from "./errors.ts";
import type { Caller } from "./role.ts";
import { continueTrace, type TraceContext } from "./trace.ts";

/**
 * One request on its way through this folder. itty-router is given this instead of the Request: it reads `method` and
 * `url`, and writes `params`, `query` and `route` when a route matches.
 */
export type Call = {
  readonly request: Request;
  readonly method: string;
  /**
   * For the router: without double and trailing slashes in its path, as Dapr's router has it, and without its query. The router
   * would copy all values of a name for each further one, before it looks for a route.
   */
  readonly url: string;
  /** Below the base path; empty for what lies outside of it, which no route matches. */
  readonly path: string;
  /** As `URL` writes it: scheme, host and port, and the two parts of it that the request check compares. */
  readonly origin: string;
  readonly host: string;
  readonly hostname: string;
  readonly trace: TraceContext;
  /** Once the token has been checked, where one is asked for. */
  caller?: Caller;
  /** The request's baggage, once it has been found valid. */
  baggage?: string;
  /** The named segments of the route's pattern; a handler reads those that its own route has. */
  params: Readonly<Record<Param, string>>;
  /** Written by the router, and empty. */
  query: unknown;
  readonly searchParams: URLSearchParams;
  /** The pattern that matched, for instance `/v1.0/workflows/:component/:id`. Absent when none did. */
  route?: string;
  /** For the log line: known once a handler has settled on it. */
  instanceId?: string;
  /** For the log line: why somebody starts, raises or updates. */
  reason?: string;
  /** For the answer and the log line: what the caller may have meant otherwise. Of printable ASCII, without quotes. */
  warnings?: readonly string[];
  /** For the log line: what was thrown that should not have been. */
  fault?: Fault;
};

export type Param = "component" | "name" | "id" | "event";

/** An unexpected error: its message without what may quote a payload, the platform's flags, the places in the code. */
export interface Fault {
  readonly name: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly overloaded: boolean;
  readonly at: readonly string[];
}

export function newCall(request: Request, { basePath, trusted }: Pick<HttpDeps, "basePath" | "trusted"> = {}): Call {
  const url = new URL(request.url);
  const whole = normalizePath(url.pathname);
  // A client inside the Worker needs no base path, and may have one.
  const path = basePath === undefined ? whole : (below(basePath, whole) ?? (trusted === true ? whole : ""));
  return {
    request,
    method: request.method,
    url: `${url.origin}${path}`,
    path,
    origin: url.origin,
    host: url.host,
    hostname: url.hostname,
    trace: continueTrace(request.headers),
    params: { component: "", name: "", id: "", event: "" },
    query: {},
    searchParams: url.searchParams,
  };
}

/** `undefined` when it is not below. */
function below(basePath: string, path: string): string | undefined {
  if (!path.startsWith(basePath)) return undefined;
  if (path.length === basePath.length) return "/";
  return path[basePath.length] === "/" ? path.slice(basePath.length) : undefined;
}

function normalizePath(path: string): string {
  const clean = path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/**
 * Go's `url.QueryUnescape` on every named segment: `+` is a space, and a bad escape is 400 in plain text (Dapr HEAD
 * pkg/api/http/server.go). Bytes that are no UTF-8 are a bad escape too, because no text could name them.
 */
export function unescapeParams(call: Call): undefined {
  const params = { ...call.params };
  for (const key of Object.keys(params) as Param[]) params[key] = queryUnescape(key, params[key]);
  call.params = params;
}

function queryUnescape(name: string, text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw badEscape(name);
  }
}

/** The first value of a query parameter, as Go's `url.Values.Get` gives it; its name is compared exactly. */
export function queryValue(call: Call, name: string): string | undefined {
  return call.searchParams.get(name) ?? undefined;
}

/** `true`, `false`, or `undefined` when the parameter is not there. Anything else is the caller's error. */
export function queryFlag(call: Call, name: string): boolean | undefined {
  const value = queryValue(call, name);
  if (value === undefined) return undefined;
  if (value === "true") return true;
  if (value === "false") return false;
  throw malformed(`query parameter ${name} is "true" or "false", found ${JSON.stringify(value)}`);
}

export function describeFault(thrown: unknown): Fault {
  const { name, retryable, overloaded } = Object(thrown) as Partial<Record<string, unknown>>;
  return {
    name: typeof name === "string" ? name : typeof thrown,
    message: faultMessage(thrown),
    retryable: retryable === true,
    overloaded: overloaded === true,
    at: placesOf(thrown),
  };
}
