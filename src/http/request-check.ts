import { checkToken } from "./api-token.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { crossOrigin, unauthorized } from "./errors.ts";

/*
 * Whether a request may pass: the one place that decides it. In this order, and the first that fails is the answer:
 *
 * 1. Host. Without a token only loopback hosts are served, so that `npm start` works at once and a deployment that forgot its
 *    secret is closed rather than open. The URL's host and the header `Host` both count: `wrangler dev` takes the URL from other
 *    headers, and a page that makes its own name point at this machine (DNS rebinding) has that name in `Host`.
 * 2. Origin. What a page of somebody else sends is refused, reads too: without a token nothing else would keep them apart. Browsers
 *    say where a request comes from, and programs say nothing (Go's `CrossOriginProtection`, for every method but OPTIONS).
 * 3. Token, where there are any. A secret that no header can equal lets nobody in, and says so before anything else. What the token may do is
 *    asked of each route.
 *
 * A health probe is put to 2 alone: a load balancer has no token, and asks by any host. So is a visit, which finds out there what is missing. A preflight is not asked for the token,
 * which browsers do not send with it. A caller in this process passes.
 */
type Checked = Pick<HttpDeps, "apiToken" | "tokens" | "tokenProblem" | "trusted" | "allowedOrigins" | "now" | "log">;

export function checkRequest(call: Call, deps: Checked): void {
  if (deps.trusted === true) return;
  if (deps.tokenProblem !== undefined) throw unauthorized(deps.tokenProblem);
  const isOpen = !deps.apiToken && deps.tokens === undefined;
  if (isOpen) checkHost(call);
  checkOrigin(call, deps);
  if (!isOpen && !isPreflight(call)) call.caller = checkToken(call, deps);
}

/** What needs no token, and comes by any host: a health probe, and a visit that is led to the dashboard. */
export function checkProbe(call: Call, deps: Checked): void {
  if (deps.trusted !== true) checkOrigin(call, deps);
}

function checkHost({ hostname, host, request }: Call): void {
  const sent = request.headers.get("host");
  if (isLoopback(hostname) && (sent === null || sent === host || isLoopback(hostnameOf(sent)))) return;
  throw unauthorized(
    "the secret DAPR_API_TOKEN is not set, so only requests to localhost are served. Set it with: npx wrangler secret put DAPR_API_TOKEN" +
      " (locally: a line DAPR_API_TOKEN=… in the file .dev.vars). With `routes` in its configuration, `wrangler dev` puts the route's host in" +
      " the place of localhost, unless it is started with --infer-origin-from-routes=false",
  );
}

/** The host name in a `Host` header, written as `URL` writes it; empty when the header is none. */
function hostnameOf(host: string): string {
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d*)?$/i.test(host)) return "";
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return "";
  }
}

/** `URL` has already written every form of an IPv4 address as four decimal numbers, and letters as small ones. */
function isLoopback(hostname: string): boolean {
  return /^(([^.]+\.)*localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** An origin is compared as it is written: browsers write it in one way only, without user, path or a default port. */
function checkOrigin({ request, method, path, origin: own }: Call, deps: Checked): void {
  if (method === "OPTIONS") return;
  const { headers } = request;
  const origin = headers.get("origin");
  if (origin !== null && isAllowed(origin, deps)) return;
  const site = headers.get("sec-fetch-site");
  if (site === null) {
    if (origin === null || origin === own) return;
    throw crossOrigin(`its origin is ${shown(origin)}, and this server is ${own}`);
  }
  if (site === "same-origin" || site === "none") return;
  if (isVisitOfPage(method, path, headers)) return;
  throw crossOrigin(
    `the header sec-fetch-site is ${shown(site)}, and ${origin === null ? "there is no origin" : `the origin is ${shown(origin)}`}`,
  );
}

/** A link from elsewhere to the pages themselves: the browser goes there, and the page that it left sees nothing of it. */
function isVisitOfPage(method: string, path: string, headers: Headers): boolean {
  return (
    method === "GET" &&
    (path === "/" || /^\/(ui|docs)(\/|$)/.test(path)) &&
    headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document"
  );
}

/** A browser asks before it sends what a form could not send. */
export function isPreflight({ method, request: { headers } }: Call): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

export function isAllowed(origin: string, { allowedOrigins }: Checked): boolean {
  return allowedOrigins?.includes(origin) === true;
}

function shown(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
