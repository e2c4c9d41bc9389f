/** Where the HTTP API is, and how to send it a request. */
export interface Endpoint {
  /** Without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: (request: Request) => Promise<Response>;
}

export interface EndpointOptions {
  /** A host name, or a whole URL such as `https://workflows.example.com`. */
  readonly daprHost?: string | undefined;
  readonly daprPort?: string | number | undefined;
  readonly daprApiToken?: string | undefined;
  /** Sends the requests in place of the global `fetch`: that of a service binding, or of a test. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

let inProcess: ((request: Request) => Promise<Response>) | undefined;

/** @internal Inside the Worker, clients without options talk to it directly. `createWorker` says how. */
export function setInProcessFetch(fetch: (request: Request) => Promise<Response>): void {
  inProcess = fetch;
}

/** Where programs written for Dapr look for their sidecar. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Without a host: Dapr's default, http://127.0.0.1:3500. Inside the Worker that holds the workflows, a loopback address,
 * given or not, is the Worker itself: there is no sidecar, and a deployed Worker has no loopback. Another server on the
 * same machine is reached with `fetch`. Throws a TypeError when host and port make no URL.
 */
export function resolveEndpoint({ daprHost, daprPort, daprApiToken, fetch: send }: EndpointOptions): Endpoint {
  const headers: Record<string, string> = daprApiToken ? { "dapr-api-token": daprApiToken } : {};
  const host = daprHost || "127.0.0.1";
  const url = new URL(/^[a-z]+:\/\//i.test(host) ? host : `http://${host}`);
  if (daprPort) url.port = String(daprPort);
  else if (!daprHost) url.port = "3500";
  if (send === undefined && inProcess !== undefined && LOOPBACK.test(url.hostname))
    return { url: "http://localhost", headers, fetch: inProcess };
  return { url: url.href.replace(/\/+$/, ""), headers, fetch: send ?? ((request) => fetch(request)) };
}
