import { type BoundClass, howToAdd, namespaceIn, onceFor } from "../instance/bound-class.ts";
import { instanceStub, type Namespace, type Placement } from "../instance/namespace.ts";
import { timers } from "../instance/patience.ts";
import { type Limit, type Limits, limiterNames, limiterOf } from "../model/limit.ts";
import type { LimitsReach } from "./overview.ts";
import type { LimiterApi } from "./protocol.ts";

/*
 * Limits as a Worker has them: whether the binding is there, and the way to their objects.
 */

const LIMITERS: BoundClass = { binding: "WORKFLOW_LIMITER", name: "WorkflowLimiter", tag: "v4" };

/** What the author is told, in the log and over HTTP. */
export const LIMITER_MISSING = `limits are declared and the binding ${LIMITERS.binding} is missing: what they limit waits, and everything else works. ${howToAdd(LIMITERS)}`;

/** The limiters of a Worker with these bindings. */
export class BoundLimiters {
  readonly #namespace: Namespace<LimiterApi>;
  readonly #placement: Placement;

  constructor(namespace: Namespace<LimiterApi>, placement: Placement) {
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
  return onceFor((env) => {
    const namespace = namespaceIn<LimiterApi>(env, LIMITERS);
    return namespace && new BoundLimiters(namespace, placement);
  });
}

/** What the HTTP API has of them; `undefined` where there are limits and nothing is bound. */
export function limitsReach(limits: Limits, bound: BoundLimiters | undefined): LimitsReach | undefined {
  if (bound === undefined && !limits.areNone) return undefined;
  return {
    declared: () => limits.all,
    partsOf: (limit) => bound?.allOf(limit) ?? [],
    schedule: timers,
  };
}
