import { signal } from "@preact/signals";
import type { Query } from "./router.ts";

/*
 * The HTTP API of the Worker that this page belongs to. The token is asked for once, kept for this tab alone, and sent as a header: never in an
 * address, a cookie or anything that outlives the tab.
 */

/** An answer that is none of 2xx; `status` 0: no answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface FetchOptions extends CallOptions {
  readonly method?: string;
  readonly query?: Query | undefined;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

const TOKEN_KEY = "dapr-api-token";
const COMPONENT = "dapr";

/** With a slash at its end: what `v1.0/…` is put behind. */
const base = typeof location === "undefined" ? "http://localhost/" : baseOf(location.href);

/** Why a token is wanted, in the server's words; the dialog shows while it is there. */
export const tokenWanted = signal<string | undefined>(undefined);
/** Whether this tab has a token. */
export const hasToken = signal(storedToken() !== null);
/** Whether the last call reached the server. */
export const reachable = signal(true);

interface Waiting {
  readonly goOn: () => void;
  readonly giveUp: (error: Error) => void;
}

/** The reader has said that there is none: nothing asks again by itself, as what is read every few seconds would. */
let isRefused = false;

/** The calls that need a token. */
const waiting = new Set<Waiting>();

export const api = {
  get: <T>(path: string, query?: Query, options?: CallOptions) => call<T>("GET", path, query, undefined, options),
  post: <T>(path: string, body?: unknown, query?: Query, options?: CallOptions) =>
    call<T>("POST", path, query, body, options),
  put: <T>(path: string, body?: unknown, query?: Query, options?: CallOptions) =>
    call<T>("PUT", path, query, body, options),
  patch: <T>(path: string, body?: unknown, query?: Query, options?: CallOptions) =>
    call<T>("PATCH", path, query, body, options),
  del: <T>(path: string, body?: unknown, query?: Query, options?: CallOptions) =>
    call<T>("DELETE", path, query, body, options),
  /** A body that is a text of JSON already: numbers keep their digits. */
  sendText: <T>(method: string, path: string, body: string, query?: Query) => sendText<T>(method, path, query, body),
};

/** Paths for `api` and `watch`: `at.workflows("order 1", "history")` is `workflows/dapr/order%201/history`. */
export const at = {
  workflows: (...path: string[]) => pathOf("workflows", path),
  jobs: (...path: string[]) => pathOf("workflow-jobs", path),
  schedules: (...path: string[]) => pathOf("workflow-schedules", path),
  catalog: (...path: string[]) => pathOf("workflow-catalog", path),
  definitions: () => pathOf("workflow-definitions", []),
  limits: (...path: string[]) => pathOf("workflow-limits", path),
};

/** The whole address of a path of the API, below `v1.0/` unless it begins with a slash, as a reader may copy it. */
export function addressOf(path: string, query?: Query): string {
  const url = new URL(path.startsWith("/") ? path.slice(1) : `v1.0/${path}`, base);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url.href;
}

/** The answer as it is, whatever its status but 401: then a token is asked for, and the call made again. */
export async function apiFetch(path: string, options: FetchOptions = {}): Promise<Response> {
  const { query, signal: aborted, ...init } = options;
  while (true) {
    const token = storedToken();
    const headers = { ...init.headers, ...(token !== null && { [TOKEN_KEY]: token }) };
    const response = await send(addressOf(path, query), { ...init, headers, signal: aborted ?? null });
    if (response.status !== 401) return response;
    const { message } = await errorOf(response);
    // Another call may have brought a new one meanwhile.
    if (token === storedToken()) await askForToken(message, aborted);
  }
}

export function setToken(token: string): void {
  isRefused = false;
  sessionStorage.setItem(TOKEN_KEY, token);
  hasToken.value = true;
  tokenWanted.value = undefined;
  for (const { goOn } of waiting) goOn();
  waiting.clear();
}

/** Before the reader tries again what has failed for want of a token. */
export function askAgain(): void {
  isRefused = false;
}

/** The reader has none now: what waits for it has failed. */
export function refuseToken(): void {
  isRefused = true;
  const why = tokenWanted.value ?? "";
  tokenWanted.value = undefined;
  for (const { giveUp } of waiting) giveUp(tokenNeeded(why));
  waiting.clear();
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
  hasToken.value = false;
}

/** What `?api=` may name is of the same origin: nobody's link sends a token elsewhere. */
export function baseOf(page: string): string {
  const url = new URL(page);
  const given = url.searchParams.get("api");
  if (given !== null) {
    const other = new URL(given, url);
    if (other.origin === url.origin) return `${other.origin}${other.pathname.replace(/\/?$/, "/")}`;
  }
  const end = url.pathname.lastIndexOf("/ui/");
  return `${url.origin}${url.pathname.slice(0, end === -1 ? url.pathname.lastIndexOf("/") + 1 : end + 1)}`;
}

function call<T>(
  method: string,
  path: string,
  query: Query | undefined,
  body: unknown,
  options?: CallOptions,
): Promise<T> {
  return sendText(method, path, query, body === undefined ? undefined : JSON.stringify(body), options);
}

async function sendText<T>(
  method: string,
  path: string,
  query: Query | undefined,
  body: string | undefined,
  { signal: aborted }: CallOptions = {},
): Promise<T> {
  const json = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
  const response = await apiFetch(path, { method, query, signal: aborted, ...json });
  if (!response.ok) throw await errorOf(response);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, { ...init, cache: "no-store", credentials: "same-origin", redirect: "error" });
    reachable.value = true;
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reachable.value = false;
    throw new ApiError(0, "NO_ANSWER", "The server does not answer. Is it running, and this machine online?");
  }
}

/** Dapr's errors have a code and a message; one of 401 is a text. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const { errorCode, message } = JSON.parse(text);
    if (typeof message === "string") return new ApiError(response.status, String(errorCode ?? ""), message);
  } catch {
    // A proxy on the way answers with a page of its own.
  }
  return new ApiError(response.status, "", text.slice(0, 1_000) || `The server has answered ${response.status}.`);
}

function askForToken(why: string, aborted: AbortSignal | undefined): Promise<void> {
  forgetToken();
  if (isRefused) return Promise.reject(tokenNeeded(why));
  tokenWanted.value = why;
  return new Promise((goOn, giveUp) => {
    const one = { goOn, giveUp };
    waiting.add(one);
    aborted?.addEventListener("abort", () => {
      waiting.delete(one);
      giveUp(aborted.reason);
    });
  });
}

function tokenNeeded(why: string): ApiError {
  return new ApiError(401, "", `A token is needed: ${why}`);
}

function storedToken(): string | null {
  return typeof sessionStorage === "undefined" ? null : sessionStorage.getItem(TOKEN_KEY);
}

function pathOf(kind: string, path: readonly string[]): string {
  return [kind, COMPONENT, ...path].map(encodeURIComponent).join("/");
}

/** Whether the same call may be answered well a moment later. What is not there, not allowed or not configured stays so until somebody does something. */
export function mayMend(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status === 500;
}
