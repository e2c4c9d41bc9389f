import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { noSuchRoute } from "./errors.ts";
import { noContent, type Reply } from "./replies.ts";
import { isAllowed } from "./request-check.ts";

/*
 * What tells a browser that a page of another origin may send requests and read the answers: for the origins of `allowedOrigins`, and
 * without credentials (no cookies). Whoever is not in that list gets no such header.
 */

/** What the preflight of an allowed origin is told that its page may send. */
const MAY_SEND: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
  "access-control-allow-headers":
    "authorization, dapr-api-token, content-type, last-event-id, traceparent, tracestate, baggage",
  "access-control-max-age": "600",
};

/** 204 for an allowed origin, whatever the path; Dapr's 404 for any other. */
export function answerPreflight(call: Call, deps: HttpDeps): Reply {
  if (allowedOriginOf(call, deps) === undefined) throw noSuchRoute();
  return { ...noContent(), headers: MAY_SEND };
}

/** The headers of every answer to an allowed origin, errors too: without them its page could not read why. */
export function addCorsHeaders(call: Call, deps: HttpDeps, headers: Record<string, string>): void {
  const origin = allowedOriginOf(call, deps);
  if (origin === undefined) return;
  headers["access-control-allow-origin"] = origin;
  headers["access-control-expose-headers"] = "traceparent, warning";
  headers.vary = "origin";
}

function allowedOriginOf({ request }: Call, deps: HttpDeps): string | undefined {
  if (deps.allowedOrigins === undefined) return undefined;
  const origin = request.headers.get("origin");
  return origin !== null && isAllowed(origin, deps) ? origin : undefined;
}
