import type { SearchAttributes } from "../model/search-attributes.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import { type ReplaySafeLogger, replaySafeLogger } from "./replay-safe-logger.ts";

/**
 * What a workflow is told of itself. It changes nothing, so whoever has the context may ask at any time, a query among them; only
 * a logger is made in the turn, or by a query.
 */
export class ReadableContext {
  readonly #inner: OrchestrationContext;

  constructor(innerContext: OrchestrationContext) {
    if (innerContext === null || innerContext === undefined) throw new Error("ActivityContext cannot be undefined");
    this.#inner = innerContext;
  }

  /** ID of this instance; the same in every execution of it. */
  getWorkflowInstanceId(): string {
    return this.#inner.instanceId;
  }

  /** The time of the turn that the workflow is in; the same in every replay. Use it in place of `Date.now()`. */
  getCurrentUtcDateTime(): Date {
    return new Date(this.#inner.currentTimeMs);
  }

  /** True while the code runs again over what it has done before. */
  isReplaying(): boolean {
    return this.#inner.isReplaying;
  }

  /** The workflow that called this one as its child, and the number of its call; `undefined` when none did. */
  getParent(): { readonly name: string; readonly instanceId: string; readonly taskId: number } | undefined {
    const parent = this.#inner.parent;
    return parent && { name: parent.name, instanceId: parent.instanceId, taskId: parent.taskId };
  }

  /** The version under which this workflow was registered; `undefined` when it was registered without one. */
  getVersion(): string | undefined {
    return this.#inner.version;
  }

  /** The search attributes of this instance as they are now: those of its start, and what `setSearchAttributes` has made of them. */
  getSearchAttributes(): SearchAttributes {
    return this.#inner.searchAttributes;
  }

  /** A logger that writes nothing while the code is replayed, so that each line appears once: `ctx.createReplaySafeLogger(console)`. */
  createReplaySafeLogger<L extends object>(logger: L): ReplaySafeLogger<L> {
    this.#inner.checkTurn("createReplaySafeLogger");
    return replaySafeLogger(logger, this.#inner);
  }
}
