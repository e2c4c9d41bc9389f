import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { checkAppId } from "./instance-id.ts";
import { json, type Reply } from "./replies.ts";

/**
 * `GET /v1.0/workflow-definitions/{component}`: 200 and what the code of this deployment has registered, which `GET /v1.0/metadata` knows by
 * name only. Queries and updates are known of an instance, whose code sets them: `?detail=full` has them.
 */
export async function listDefinitions(call: Call, deps: HttpDeps): Promise<Reply> {
  checkAppId(call, deps, { operation: "list", instanceId: "", subject: "" });
  return json(200, deps.registered());
}
