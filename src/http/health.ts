import { type Call, queryValue } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { healthAppIdMismatch, outboundNotReady } from "./errors.ts";
import { notReady } from "./instance-call.ts";
import { json, noContent, type Reply } from "./replies.ts";
import { VERSION } from "./version.ts";

/** The two probes need no token, and leave no trace headers and no log line. */
export function isHealthProbe({ method, path }: Call): boolean {
  return method === "GET" && (path === "/v1.0/healthz" || path === "/v1.0/healthz/outbound");
}

/** 204. A load balancer may ask with `?appid=` whether this is still the app it means (Dapr HEAD pkg/api/http/healthz.go). */
export async function getHealth(call: Call, deps: HttpDeps): Promise<Reply> {
  const appId = queryValue(call, "appid");
  if (appId !== undefined && appId !== deps.appId) throw healthAppIdMismatch();
  return noContent();
}

/** 204, or 500 when the configuration lacks what instances need. It asks no instance. */
export async function getOutboundHealth(_call: Call, deps: HttpDeps): Promise<Reply> {
  const problem = notReady(deps);
  if (problem !== undefined) throw outboundNotReady(problem);
  return noContent();
}

/**
 * Dapr's fields, most of them empty because a Worker has no actors, components or subscriptions. `workflows` also names
 * what is registered, which Dapr does not tell. `connectedWorkers` is 1: code and engine are deployed as one.
 * `extended` tells a caller who has a token who it is, and what it may do.
 */
export async function getMetadata({ caller }: Call, deps: HttpDeps): Promise<Reply> {
  const { workflows, activities } = deps.registered();
  return json(200, {
    id: deps.appId,
    runtimeVersion: VERSION,
    enabledFeatures: [],
    actors: [],
    components: [],
    extended:
      caller === undefined ? {} : { callerName: caller.name, callerRole: caller.role, callerPrefix: caller.prefix },
    subscriptions: [],
    httpEndpoints: [],
    workflows: { connectedWorkers: 1, workflows: workflows.map(({ name }) => name), activities: [...activities] },
  });
}
