import { authenticate } from "./auth.ts";
import { type Call, describeFault, newCall } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { badBaggage, HttpError, internalError } from "./errors.ts";
import { isHealthProbe } from "./health.ts";
import { errorResponse } from "./responses.ts";
import { route } from "./router.ts";
import { isValidBaggage } from "./trace.ts";

/**
 * The HTTP face: Dapr's Workflow API, the seed's contract, health and metadata. The function it returns always answers
 * and never rejects. What a request goes through, in order: authentication, baggage, route, the operation; then trace
 * headers on the answer and one line in the log. Health probes go through the route alone.
 */
export function createHttpHandler(deps: HttpDeps): (request: Request) => Promise<Response> {
  return (request) => handle(request, deps);
}

async function handle(request: Request, deps: HttpDeps): Promise<Response> {
  const startedAtMs = deps.now();
  const call = newCall(request);
  if (isHealthProbe(call)) return answer(call, () => route(call, deps));
  const response = await answer(call, () => {
    authenticate(call, deps);
    readBaggage(call);
    return route(call, deps);
  });
  addTraceHeaders(response, call);
  logRequest(call, response.status, startedAtMs, deps);
  return response;
}

/** Turns whatever is thrown into an answer. What is not an HttpError is a bug of ours, and its message stays inside. */
async function answer(call: Call, run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof HttpError) return errorResponse(error);
    call.fault = describeFault(error);
    return errorResponse(internalError(call.trace.traceId));
  }
}

/** Baggage that cannot be read is refused, the rest is echoed (Dapr HEAD, the HTTP trace middleware). */
function readBaggage(call: Call): void {
  const baggage = call.request.headers.get("baggage");
  if (!baggage) return;
  if (!isValidBaggage(baggage)) throw badBaggage();
  call.baggage = baggage;
}

function addTraceHeaders(response: Response, { trace, baggage }: Call): void {
  response.headers.set("traceparent", trace.traceparent);
  if (trace.tracestate !== undefined) response.headers.set("tracestate", trace.tracestate);
  if (baggage !== undefined) response.headers.set("baggage", baggage);
}

/** `route` is the pattern and not the path, so that lines can be counted by it; "none" when no route was reached. */
function logRequest(call: Call, status: number, startedAtMs: number, deps: HttpDeps): void {
  deps.log({
    level: status >= 500 ? "error" : status >= 400 ? "warn" : "info",
    msg: "request",
    method: call.method,
    route: call.route ?? "none",
    status,
    durationMs: deps.now() - startedAtMs,
    traceId: call.trace.traceId,
    ...(call.instanceId !== undefined && { instanceId: call.instanceId }),
    ...(call.fault !== undefined && { fault: call.fault }),
  });
}
