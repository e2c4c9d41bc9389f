import type { Target } from "../engine/function-names.ts";
import { nameOf } from "../engine/names.ts";

/** What sends a request. */
type Send = (request: Request) => Promise<Response>;

/** Where the HTTP API is, and how to send it a request. */
export interface Endpoint {
  /** Without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Send;
  /** The name that a workflow is started by: inside the Worker a function is known by itself, elsewhere by its name. */
  readonly workflowName: (workflow: Target) => string;
}

export interface EndpointOptions {
  /** A host name, or a whole URL such as `https://workflows.example.com`. */
  readonly daprHost?: string | undefined;
  readonly daprPort?: string | number | undefined;
  readonly daprApiToken?: string | undefined;
  /** In the paths of all requests. Default "dapr". */
  readonly component?: string | undefined;
  /** The app that the server must be. */
  readonly appId?: string | undefined;
  /** The path that the server's Worker is mounted under: its own `basePath`. */
  readonly basePath?: string | undefined;
  /** Sent with each request, for instance the service token of a proxy before the server. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sends the requests in place of the global `fetch`: a service binding, or a function such as a test's. */
  readonly fetch?: Send | { fetch: Send } | undefined;
}

let inProcess: Pick<Endpoint, "fetch" | "workflowName"> | undefined;

/** @internal Inside the Worker, clients without options talk to it directly. `createWorker` says how, and what is registered. */
export function setInProcessFetch(fetch: Send | undefined, workflowName: Endpoint["workflowName"] = nameOf): void {
  inProcess = fetch === undefined ? undefined : { fetch, workflowName };
}

let bindings: object = {};

/** @internal Inside a Worker: its bindings. */
export function setBindings(env: object): void {
  bindings = env;
}

/** Where programs written for Dapr look for their sidecar. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Without a host: Dapr's default, http://127.0.0.1:3500. Inside the Worker that holds the workflows, a loopback address,
 * given or not, is the Worker itself: there is no sidecar, and a deployed Worker has no loopback. Another server on the
 * same machine is reached with `fetch`. Throws a TypeError when host and port make no URL.
 */
export function resolveEndpoint(options: EndpointOptions): Endpoint {
  const { daprHost, daprPort, daprApiToken, fetch: send } = options;
  const headers: Record<string, string> = { ...options.headers };
  if (daprApiToken) headers["dapr-api-token"] = daprApiToken;
  const url = hostUrl(daprHost || "127.0.0.1");
  if (daprPort) url.port = String(daprPort);
  else if (!daprHost) url.port = "3500";
  const basePath = pathOf(options.basePath);
  // Inside the Worker nobody needs to know where it is mounted.
  if (!send && inProcess !== undefined && LOOPBACK.test(url.hostname))
    return { url: "http://localhost", headers, ...inProcess };
  const base = url.href.replace(/\/+$/, "") + basePath;
  return { url: base, headers, fetch: send ? senderOf(send) : (request) => fetch(request), workflowName: nameOf };
}

/** What is no URL, or more than the beginning of one, would send requests somewhere else. It may hold a password, which is not told. */
function hostUrl(host: string): URL {
  const given = /^[a-z]+:\/\//i.test(host) ? host : `http://${host}`;
  if (/^https?:[^?#@]*$/i.test(given) && URL.canParse(given)) return new URL(given);
  const found = host.includes("@") ? "one with an @" : JSON.stringify(host);
  throw new TypeError(
    `daprHost is a host name such as "localhost", or the http or https URL of the server without user, query and fragment, found ${found}`,
  );
}

/**
 * Redirects are answers like any other: one that is followed takes the token to whatever address it names, and sends what
 * changes something twice.
 */
export function sendTo({ fetch, headers }: Endpoint, url: string, init: RequestInit): Promise<Response> {
  return fetch(new Request(url, { ...init, headers, redirect: "manual" }));
}

/** `/a/b` for `a/b/`; nothing for `/`. */
function pathOf(basePath: string | null | undefined): string {
  const path = (basePath ?? "").replace(/^\/+|\/+$/g, "");
  if (/[?#\s]/.test(path))
    throw new TypeError(`basePath is a path such as "/workflows", found ${JSON.stringify(basePath)}`);
  return path === "" ? "" : `/${path}`;
}

/**
 * A method of the platform's works only on the object that it is of. A function is called on nothing, which is right for
 * the global `fetch` too; a binding's own is called on the binding, which is looked for when it was handed in alone
 * (`env.WF.fetch`). The bindings of a Worker share one function, so that it must be the only one.
 */
function senderOf(given: Send | { fetch: Send }): Send {
  if (typeof given !== "function") return (request) => given.fetch(request);
  const owners = Object.entries(bindings).filter(
    (entry): entry is [string, { fetch: Send }] => methodOf(entry[1]) === given,
  );
  const [first, ...others] = owners;
  if (first === undefined) return (request) => given(request);
  if (others.length === 0) return (request) => first[1].fetch(request);
  throw new TypeError(
    `fetch was taken from a binding, and cannot tell from which: this Worker has ${owners.map(([name]) => name).join(", ")}. ` +
      `Hand in the binding itself, new DaprWorkflowClient({ fetch: env.${first[0]} }), or a function, (request) => env.${first[0]}.fetch(request)`,
  );
}

function methodOf(binding: unknown): unknown {
  return typeof binding === "object" && binding !== null ? (binding as { fetch?: unknown }).fetch : undefined;
}
