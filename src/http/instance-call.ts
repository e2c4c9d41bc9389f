import { isWithoutSqlite, WITHOUT_SQLITE } from "../instance/binding.ts";
import type { InstanceApi } from "../instance/protocol.ts";
import { isJobId } from "../model/ids.ts";
import { type Call, describeFault, type Fault } from "./call.ts";
import { mayReach } from "./caller.ts";
import type { HttpDeps } from "./deps.ts";
import { type Operation, operationFailed } from "./errors.ts";

/** What is asked of which instance, in the words that an error needs. */
export interface Target {
  readonly operation: Operation;
  readonly instanceId: string;
  /** What Dapr's error text names: the workflow for a start, the instance otherwise. */
  readonly subject: string;
}

/** Those of whom an instance has told that its class has no SQLite. */
const withoutSqlite = new WeakSet<HttpDeps>();

/** What the configuration lacks, as far as it is known without asking an instance. */
export function notReady(deps: HttpDeps): string | undefined {
  return deps.notReady ?? (withoutSqlite.has(deps) ? WITHOUT_SQLITE : undefined);
}

const PAUSES_MS = [50, 200];

/**
 * Asks an instance. Every expected outcome comes back as a value, so an error is a fault of the platform or of ours. One
 * that the platform marks as `retryable`, and not as `overloaded`, is tried again, three times in all: the methods are
 * idempotent, and the ID of the request is made before this is called. The caller of the API gets Dapr's 500 in the end.
 */
export async function callInstance<T>(
  call: Call,
  deps: HttpDeps,
  target: Target,
  ask: (instance: InstanceApi) => Promise<T>,
): Promise<T> {
  if (deps.notReady === undefined && !isFor(call, target)) return ask(NOBODY);
  return retrying(call, deps, target, () => ask(deps.instance(target.instanceId)));
}

/** The same for what lies in other objects than instances: whoever is asked is looked up anew for each attempt. */
export async function retrying<T>(call: Call, deps: HttpDeps, target: Target, ask: () => Promise<T>): Promise<T> {
  if (deps.notReady !== undefined) {
    call.fault = { name: "ConfigurationError", message: deps.notReady, retryable: false, overloaded: false, at: [] };
    throw operationFailed(target.operation, target.subject, deps.notReady);
  }
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const fault = describeFault(error);
      if (isWithoutSqlite(messageOf(error))) {
        withoutSqlite.add(deps);
        call.fault = { ...fault, name: "ConfigurationError", message: WITHOUT_SQLITE };
        throw operationFailed(target.operation, target.subject, WITHOUT_SQLITE);
      }
      const pauseMs = PAUSES_MS[attempt];
      if (!fault.retryable || fault.overloaded || pauseMs === undefined) {
        call.fault = fault;
        throw operationFailed(target.operation, target.subject, whatToExpect(target, fault));
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** A job is an instance, and has routes of its own: nobody else finds it. */
function isFor(call: Call, { operation, instanceId }: Target): boolean {
  return isJobId(instanceId) ? operation === "job" : mayReach(call, instanceId);
}

/** What these answer is `undefined` where there is no instance. */
const READING: ReadonlySet<PropertyKey> = new Set<keyof InstanceApi>(["describe", "waitFor", "history", "timeline"]);

/** Answers each question as an object does that has no instance. */
const NOBODY = new Proxy({} as InstanceApi, {
  get: (_, method) => async () => (READING.has(method) ? undefined : { ok: false, code: "NOT_FOUND" }),
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function whatToExpect({ operation, instanceId }: Target, fault: Fault): string {
  if (operation === "schedule")
    return "the schedule did not answer, so whether this took effect is unknown; look at it before you send this again";
  if (fault.overloaded)
    return `instance '${instanceId}' has more requests than it can take; wait before you send this again`;
  if (operation === "get" || operation === "query" || operation === "history")
    return `instance '${instanceId}' cannot be reached at the moment; nothing was changed, ask again`;
  return `instance '${instanceId}' did not answer, so whether this took effect is unknown; get its state before you send this again`;
}
