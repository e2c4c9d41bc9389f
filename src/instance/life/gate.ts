/**
 * The gate through which every request passes, on its way to the instance: while a purge is under way, all of them wait, and nothing
 * is served of what is about to go. Another purge may begin while one is waited for, so the gate is looked at again after each.
 */
export class Gate {
  #purge: Promise<void> | undefined;
  readonly #byForce = new Set<Promise<unknown>>();

  /** The purge that is under way; never rejects. `undefined`: the gate is open. */
  get shutBy(): Promise<void> | undefined {
    return this.#purge;
  }

  /**
   * What a start waits for beside: a parent that has been told of a purge by force may call the ID again before that is done, and
   * would find it in use.
   */
  get shutForStartsBy(): Promise<unknown> | undefined {
    const [first] = this.#byForce;
    return this.#purge ?? first;
  }

  /** Calls `request` when the gate is open: at once, where it is. */
  pass<T>(request: () => Promise<T>): Promise<T> {
    return this.#purge === undefined ? request() : this.#passLater(request);
  }

  async #passLater<T>(request: () => Promise<T>): Promise<T> {
    while (this.#purge !== undefined) await this.#purge;
    return request();
  }

  /** Until the purge has ended, well or not. */
  shut(purge: Promise<unknown>): void {
    this.#purge = purge.then(
      () => undefined,
      () => undefined,
    );
  }

  open(): void {
    this.#purge = undefined;
  }

  /** Keeps starts out until this purge by force has ended, also while it is not under way yet. */
  async keepStartsOut<T>(purge: Promise<T>): Promise<T> {
    const ended = purge.catch(() => undefined);
    this.#byForce.add(ended);
    try {
      return await purge;
    } finally {
      this.#byForce.delete(ended);
    }
  }
}
