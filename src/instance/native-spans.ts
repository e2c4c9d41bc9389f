import type { ActivityCall } from "../engine/activity-context.ts";
import type { Attributes } from "../model/span.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import type { Spanned } from "./ports.ts";

/** What is used of `tracing` of `cloudflare:workers`. */
interface Tracing {
  enterSpan<T>(name: string, run: (span: { setAttributes(attributes: Attributes): unknown }) => T): T;
}

/** `undefined`: this version of the platform has no spans, and nothing is made of what they would tell. */
export function spannedBy(tracing: unknown): Spanned | undefined {
  if (!isTracing(tracing)) return undefined;
  return (name, attributes, run) =>
    tracing.enterSpan(name, (span) => {
      span.setAttributes(attributes);
      return run();
    });
}

function isTracing(value: unknown): value is Tracing {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "enterSpan") === "function";
}

export function attributesOf({ instanceId, name, executionId }: InstanceRecord): Attributes {
  return {
    "dapr.workflow.name": name,
    "dapr.workflow.instance_id": instanceId,
    "dapr.workflow.execution_id": executionId,
  };
}

export function spannedStart<T>(
  spanned: Spanned | undefined,
  { instanceId, name }: Pick<InstanceRecord, "instanceId" | "name">,
  run: () => T,
): T {
  if (spanned === undefined) return run();
  return spanned("workflow.start", { "dapr.workflow.name": name, "dapr.workflow.instance_id": instanceId }, run);
}

export function spannedActivity<T>(
  spanned: Spanned | undefined,
  { instanceId, attempt }: Pick<ActivityCall, "instanceId" | "attempt">,
  name: string,
  run: () => T,
): T {
  if (spanned === undefined) return run();
  const attributes = { "dapr.workflow.instance_id": instanceId, "dapr.workflow.attempt": attempt };
  return spanned(`activity ${name}`, attributes, run);
}
