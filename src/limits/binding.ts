import { instanceStub, type Placement } from "../instance/namespace.ts";
import { type Limit, type Limits, limiterNames, limiterOf } from "../model/limit.ts";
import type { LimitsReach } from "./overview.ts";
import type { LimiterApi } from "./protocol.ts";

/*
 * Limits as a Worker has them: whether the binding is there, and the way to their objects.
 */

const BINDING = "WORKFLOW_LIMITER";
const CLASS = "WorkflowLimiter";

type Namespace = Parameters<typeof instanceStub<LimiterApi>>[0];

/** A service binding has a method of every name that it is asked for. */
export function limiterNamespace(env: object): Namespace | undefined {
  const value: unknown = Reflect.get(env, BINDING);
  if (typeof value !== "object" || value === null || value.constructor?.name === "Fetcher") return undefined;
  return typeof Reflect.get(value, "getByName") === "function" ? (value as Namespace) : undefined;
}

/** What the author is told, in the log and over HTTP. */
export const LIMITER_MISSING = `limits are declared and the binding ${BINDING} is missing: what they limit waits, and everything else works. Add to the Worker's module, where worker is what createWorker has made:

export class ${CLASS} extends worker.${CLASS} {}

and to wrangler.toml:

[[durable_objects.bindings]]
name = "${BINDING}"
class_name = "${CLASS}"

[[migrations]]
tag = "v4"
new_sqlite_classes = ["${CLASS}"]`;

/** The limiters of a Worker with these bindings. */
export class BoundLimiters {
  readonly #namespace: Namespace;
  readonly #placement: Placement;

  constructor(namespace: Namespace, placement: Placement) {
    this.#namespace = namespace;
    this.#placement = placement;
  }

  /** The object with the queue of this key. */
  limiter(limit: Limit, key: string, instanceId: string): LimiterApi {
    return this.#object(limiterOf(limit, key, instanceId));
  }

  allOf(limit: Limit): LimiterApi[] {
    return limiterNames(limit).map((name) => this.#object(name));
  }

  /** In the jurisdiction of the instances. */
  #object(name: string): LimiterApi {
    return instanceStub(this.#namespace, this.#placement, name);
  }
}

/** `undefined` where they are not bound. Made once for the bindings of a Worker. */
export function boundLimiters(placement: Placement): (env: object) => BoundLimiters | undefined {
  let forEnv: object | undefined;
  let limiters: BoundLimiters | undefined;
  return (env) => {
    if (forEnv === env) return limiters;
    const namespace = limiterNamespace(env);
    forEnv = env;
    limiters = namespace && new BoundLimiters(namespace, placement);
    return limiters;
  };
}

/** What the HTTP API has of them; `undefined` where there are limits and nothing is bound. */
export function limitsReach(limits: Limits, bound: BoundLimiters | undefined): LimitsReach | undefined {
  if (bound === undefined && !limits.areNone) return undefined;
  return {
    declared: () => limits.all,
    partsOf: (limit) => bound?.allOf(limit) ?? [],
    schedule: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
}
