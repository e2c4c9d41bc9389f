import type { ActivityCall } from "../engine/activity-context.ts";
import type { Attributes } from "../model/span.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import type { Spanned } from "./ports.ts";

/** What is used of `tracing` of `cloudflare:workers`. */
interface Tracing {
  /** Outside of spans of our own it is that of the request, RPC or alarm. */
  getActiveSpan?(): ActiveSpan | undefined;
  enterSpan<T>(name: string, run: (span: NativeSpan) => T): T;
}

interface NativeSpan {
  /** Missing in the first versions, as its plural is in more of them. */
  setAttribute?(key: string, value: string | number | boolean): unknown;
}

interface ActiveSpan {
  /** False of one that has ended, too, whose work goes on. */
  readonly isTraced: boolean;
  spanContext?(): { readonly spanId: string };
}

const NO_SPAN = "0000000000000000";

/** `undefined`: this version of the platform has no spans, and nothing is made of what they would tell. */
export function spannedBy(tracing: unknown): Spanned | undefined {
  if (!isTracing(tracing)) return undefined;
  return (name, attributes, run) => {
    if (isUnrecorded(tracing.getActiveSpan?.())) return run();
    return tracing.enterSpan(name, (span) => {
      for (const [key, value] of Object.entries(attributes)) if (value !== undefined) span.setAttribute?.(key, value);
      return run();
    });
  };
}

/** Nobody records what goes on here: spans have no IDs then, and would cost some 10 µs each for nothing. */
function isUnrecorded(active: ActiveSpan | undefined): boolean {
  return active?.isTraced === false && active.spanContext?.().spanId === NO_SPAN;
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
  call: Pick<ActivityCall, "instanceId" | "attempt"> & { readonly run: { readonly executionId: string } },
  name: string,
  run: () => T,
): T {
  if (spanned === undefined) return run();
  const attributes = {
    "dapr.workflow.instance_id": call.instanceId,
    "dapr.workflow.execution_id": call.run.executionId,
    "dapr.workflow.attempt": call.attempt,
  };
  return spanned(`activity ${name}`, attributes, run);
}
