import { type Call, queryValue } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { appIdInvalid, instanceIdInvalid, instanceIdTooLong, type Operation, operationFailed } from "./errors.ts";
import type { Target } from "./instance-call.ts";

/** Bytes of UTF-8, although Dapr's message says characters. */
const MAX_INSTANCE_ID_BYTES = 64;
// What Go's unicode.IsLetter and unicode.IsDigit accept, `_` and `-`: the message forgets the last.
const NAME = /^[\p{L}\p{Nd}_-]+$/u;

/**
 * The rule for a new instance's ID: length first, then characters (Dapr HEAD pkg/api/universal/workflow.go). The other
 * operations take any ID, because children are called `<parent>:<number>` and may be longer.
 */
export function checkNewInstanceId(instanceId: string): void {
  if (new TextEncoder().encode(instanceId).byteLength > MAX_INSTANCE_ID_BYTES)
    throw instanceIdTooLong(MAX_INSTANCE_ID_BYTES);
  if (!NAME.test(instanceId)) throw instanceIdInvalid(instanceId);
}

/**
 * `?appID=` (Dapr HEAD) sends an operation to another app. A deployment is one app, so naming another one fails: to act on
 * an instance of our own that happens to have the same ID would be worse.
 */
export function checkAppId(call: Call, deps: HttpDeps, target: Target): void {
  const appId = queryValue(call, "appID");
  if (!appId || appId === deps.appId) return;
  if (!NAME.test(appId)) throw appIdInvalid(appId);
  const reason = `app '${appId}' cannot be reached: this deployment serves the workflows of app '${deps.appId}' only`;
  throw operationFailed(target.operation, target.subject, reason);
}

/** The instance that the path names, once the app that is meant is this one. */
export function targetOf(operation: Operation, call: Call, deps: HttpDeps): Target {
  const { id } = call.params;
  const target = { operation, instanceId: id, subject: id };
  call.instanceId = id;
  checkAppId(call, deps, target);
  return target;
}
