/** A hundred years: who waits longer has most likely taken milliseconds for seconds. */
const FAR_AHEAD_MS = 100 * 365.25 * 86_400_000;

/** Finds times that are hardly meant so. The author is told of the first one, by the turn that has called for it. */
export class FarAhead {
  #isFound = false;
  #warning: string | undefined;

  check(method: string, atMs: number, execution: ExecutionNow): void {
    if (atMs - execution.currentTimeMs <= FAR_AHEAD_MS || this.#isFound) return;
    this.#isFound = true;
    if (execution.replaying) return;
    const year = new Date(atMs).getUTCFullYear();
    this.#warning =
      `Workflow '${execution.started?.name}' has called ${method} for a time in the year ${year}, more than 100 years ahead. ` +
      "It takes seconds, and not milliseconds.";
  }

  /** What the author is to be told; once. */
  takeWarning(): string | undefined {
    const warning = this.#warning;
    this.#warning = undefined;
    return warning;
  }
}

interface ExecutionNow {
  readonly currentTimeMs: number;
  readonly replaying: boolean;
  readonly started: { readonly name: string } | undefined;
}
