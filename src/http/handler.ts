import { type Call, describeFault, newCall } from "./call.ts";
import { addCorsHeaders, answerPreflight } from "./cors.ts";
import type { HttpDeps } from "./deps.ts";
import { badBaggage, HttpError, internalError, malformed } from "./errors.ts";
import { isHealthProbe } from "./health.ts";
import { answerPage, isVisit, toDashboard } from "./pages.ts";
import { warningHeader } from "./query-names.ts";
import { errorReply, type Reply, toResponse } from "./replies.ts";
import { checkProbe, checkRequest, isPreflight } from "./request-check.ts";
import { route } from "./router.ts";
import { isValidBaggage } from "./trace.ts";

/**
 * The HTTP face: Dapr's Workflow API, the seed's contract, health and metadata. The function it returns always answers
 * and never rejects. What a request goes through, in order: the request check, baggage, route, the operation; then one
 * line in the log, and the headers of the answer. A health probe leaves no line and no trace. Pages need no token.
 */
export function createHttpHandler(deps: HttpDeps): (request: Request) => Promise<Response> {
  return (request) => handle(request, deps);
}

async function handle(request: Request, deps: HttpDeps): Promise<Response> {
  const startedAtMs = deps.now();
  let call: Call;
  try {
    call = newCall(request, deps);
  } catch {
    return toResponse(errorReply(malformed("the request's URL cannot be read")));
  }
  if (isHealthProbe(call)) {
    const reply = await answer(call, () => {
      checkProbe(call, deps);
      return route(call, deps);
    });
    return toResponse(reply, headersOf(call, deps));
  }
  const page = answerPage(call, deps);
  if (page !== undefined) return page;
  const reply = await answer(call, () => {
    if (isVisit(call)) {
      checkProbe(call, deps);
      return toDashboard(call);
    }
    checkRequest(call, deps);
    if (isPreflight(call)) return answerPreflight(call, deps);
    readBaggage(call);
    return route(call, deps);
  });
  logRequest(call, reply.status, startedAtMs, deps);
  return toResponse(reply, addTraceHeaders(call, headersOf(call, deps)));
}

/** Turns whatever is thrown into an answer. What is not an HttpError is a bug of ours, and its message stays inside. */
async function answer(call: Call, run: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof HttpError) return errorReply(error);
    call.fault = describeFault(error);
    return errorReply(internalError(call.trace.traceId));
  }
}

/** Baggage that cannot be read is refused, the rest is echoed (Dapr HEAD, the HTTP trace middleware). */
function readBaggage(call: Call): void {
  const baggage = call.request.headers.get("baggage");
  if (!baggage) return;
  if (!isValidBaggage(baggage)) throw badBaggage();
  call.baggage = baggage;
}

function addTraceHeaders({ trace, baggage }: Call, headers: Record<string, string>): Record<string, string> {
  headers.traceparent = trace.traceparent;
  if (trace.tracestate !== undefined) headers.tracestate = trace.tracestate;
  if (baggage !== undefined) headers.baggage = baggage;
  return headers;
}

function headersOf(call: Call, deps: HttpDeps): Record<string, string> {
  const headers: Record<string, string> = {};
  if (call.warnings !== undefined) headers.warning = warningHeader(call.warnings);
  addCorsHeaders(call, deps, headers);
  return headers;
}

/** `route` is the pattern and not the path, so that lines can be counted by it; "none" when no route was reached. */
function logRequest(call: Call, status: number, startedAtMs: number, deps: HttpDeps): void {
  deps.log({
    level: status >= 500 ? "error" : status >= 400 || call.warnings !== undefined ? "warn" : "info",
    msg: "request",
    method: call.method,
    route: call.route ?? "none",
    status,
    durationMs: deps.now() - startedAtMs,
    traceId: call.trace.traceId,
    ...(call.instanceId !== undefined && { instanceId: call.instanceId }),
    ...(call.caller !== undefined && { actor: call.caller.name }),
    ...(call.reason !== undefined && deps.hidesReasons !== true && { reason: call.reason }),
    ...(call.warnings !== undefined && { warning: call.warnings.join("; ") }),
    ...(call.fault !== undefined && { fault: call.fault }),
  });
}
