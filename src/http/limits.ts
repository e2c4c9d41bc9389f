import { LIMITER_MISSING } from "../limits/binding.ts";
import { readLimits } from "../limits/overview.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { limiterNotConfigured } from "./errors.ts";
import { checkAppId } from "./instance-id.ts";
import { LIMITS_PAGE, readParameters } from "./parameters.ts";
import { json, type Reply } from "./replies.ts";

/**
 * `GET /v1.0/workflow-limits/{component}`: 200 and every limit that is declared, with how many run and wait, and the keys with which most
 * wait. The component is a part of the path, as everywhere, and filters nothing.
 */
export async function listLimits(call: Call, deps: HttpDeps): Promise<Reply> {
  checkAppId(call, deps, { operation: "limits", instanceId: "", subject: "" });
  const { top } = readParameters(call, LIMITS_PAGE);
  if (deps.limits === undefined) throw limiterNotConfigured(deps.withoutLimits ?? LIMITER_MISSING);
  return json(200, await readLimits(deps.limits, top));
}
