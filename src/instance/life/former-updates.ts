import type { UpdateOutcome } from "../../model/action.ts";

const REMEMBERED = 1_000;

/** How updates ended in executions before a continue-as-new, whose history is gone: the last of them, as long as memory lasts. */
export class FormerUpdates {
  readonly #outcomes = new Map<string, UpdateOutcome>();

  get(updateId: string): UpdateOutcome | undefined {
    return this.#outcomes.get(updateId);
  }

  add(updates: readonly { readonly updateId: string; readonly outcome: UpdateOutcome }[]): void {
    for (const { updateId, outcome } of updates) {
      this.#outcomes.set(updateId, outcome);
      const [oldest] = this.#outcomes.keys();
      if (this.#outcomes.size > REMEMBERED && oldest !== undefined) this.#outcomes.delete(oldest);
    }
  }
}
