import { NO_ATTRIBUTES, type SearchAttributes } from "../model/search-attributes.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { Target } from "./function-names.ts";
import { nameOf } from "./names.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";

/** What the code of one execution is told, and the way to what it may do. */
export class ExecutionView {
  readonly #state: ExecutionState;

  constructor(state: ExecutionState) {
    this.#state = state;
  }

  get instanceId(): string {
    return this.#state.instanceId;
  }

  get currentTimeMs(): number {
    return this.#state.currentTimeMs;
  }

  get isReplaying(): boolean {
    return this.#state.replaying || this.#state.calls.watch.isQuery;
  }

  get parent(): OrchestrationContext["parent"] {
    return this.#state.started?.parent;
  }

  get version(): string | undefined {
    return this.#state.version;
  }

  get searchAttributes(): SearchAttributes {
    return this.#state.searchAttributes ?? NO_ATTRIBUTES;
  }

  activityName(target: Target): string {
    return this.#state.registry === undefined ? nameOf(target) : this.#state.registry.activityName(target);
  }

  checkInput(activityName: string, input: unknown): void {
    this.#state.payloads.encode(input, "input", "activity", activityName);
  }

  workflowName(target: Target): string {
    return this.#state.registry === undefined ? nameOf(target) : this.#state.registry.workflowName(target);
  }

  check(method: string): void {
    this.#state.calls.watch.check(method);
  }

  checkTurn(method: string): void {
    this.#state.calls.watch.checkTurn(method);
  }

  /** Every call of the code that changes something comes to the state by here. */
  protected enter(method: string): ExecutionState {
    this.#state.calls.watch.check(method);
    return this.#state;
  }
}
