import { IttyRouter } from "itty-router/IttyRouter";
import { type Call, unescapeParams } from "./call.ts";
import { needAll, needRole } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { noSuchRoute } from "./errors.ts";
import { noteUnknownNames, refuseUnknownNames } from "./query-names.ts";
import type { Reply } from "./replies.ts";
import { ROUTES, type Route } from "./routes.ts";

type Prepare = (call: Call, deps: HttpDeps) => undefined;

const router = IttyRouter();

/** The router's own, which names methods so. */
const VERBS = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const satisfies Record<
  Route["method"],
  string
>;

for (const { method, path, role, keepsToPrefix, parameters, refusesUnknown, handler } of ROUTES) {
  const names = Object.keys(parameters);
  const checkNames = refusesUnknown ? refuseUnknownNames : noteUnknownNames;
  const prepare: Prepare = (call) => {
    needRole(call, role);
    if (keepsToPrefix !== true) needAll(call);
    unescapeParams(call);
    if (call.searchParams.size > 0) checkNames(call, names);
    return undefined;
  };
  router[VERBS[method]](path, prepare, handler);
}

/** Answers with the first route that matches method and path. There is no 405 and no HEAD, as in Dapr. */
export async function route(call: Call, deps: HttpDeps): Promise<Reply> {
  const reply: Reply | undefined = await router.fetch(call, deps);
  if (reply === undefined) throw noSuchRoute();
  return reply;
}
