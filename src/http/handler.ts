import { authenticate } from "./auth.ts";
import { type Call, describeFault, newCall } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { badBaggage, HttpError, internalError, malformed } from "./errors.ts";
import { isHealthProbe } from "./health.ts";
import { errorReply, type Reply, toResponse } from "./replies.ts";
import { route } from "./router.ts";
import { isValidBaggage } from "./trace.ts";

/**
 * The HTTP face: Dapr's Workflow API, the seed's contract, health and metadata. The function it returns always answers
 * and never rejects. What a request goes through, in order: authentication, baggage, route, the operation; then one
 * line in the log, and trace headers on the answer. Health probes go through the route alone.
 */
export function createHttpHandler(deps: HttpDeps): (request: Request) => Promise<Response> {
  return (request) => handle(request, deps);
}

async function handle(request: Request, deps: HttpDeps): Promise<Response> {
  const startedAtMs = deps.now();
  let call: Call;
  try {
    call = newCall(request);
  } catch {
    return toResponse(errorReply(malformed("the request's URL cannot be read")));
  }
  if (isHealthProbe(call)) return toResponse(await answer(call, () => route(call, deps)));
  const reply = await answer(call, () => {
    authenticate(call, deps);
    readBaggage(call);
    return route(call, deps);
  });
  logRequest(call, reply.status, startedAtMs, deps);
  return toResponse(reply, traceHeaders(call));
}

/** Turns whatever is thrown into an answer. What is not an HttpError is a bug of ours, and its message stays inside. */
async function answer(call: Call, run: () => Promise<Reply>): Promise<Reply> {
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

function traceHeaders({ trace, baggage }: Call): Record<string, string> {
  const headers: Record<string, string> = { traceparent: trace.traceparent };
  if (trace.tracestate !== undefined) headers.tracestate = trace.tracestate;
  if (baggage !== undefined) headers.baggage = baggage;
  return headers;
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
