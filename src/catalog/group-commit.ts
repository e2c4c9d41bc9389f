/** What a group commit has of the world. */
export interface CommitPorts<Item, Answer> {
  /** Writes all of them, or none, and answers each. Throws when nothing was written. */
  write(items: readonly Item[]): readonly Answer[];
  /** Resolves when what has been written is durable, and rejects when it never will be. */
  durable(): Promise<void>;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes together what comes together: the platform makes a commit of each call's writes, so a thousand announcements at once would be
 * a thousand of them.
 *
 * ```
 *            add: flush               durable, something waits: flush
 *   idle ------------------> committing -----------------------------> committing
 *    ^                        |  add: waits
 *    '------------------------'  durable, nothing waits
 * ```
 * So one that comes alone is written at once, and nobody waits longer than for the commit before its own: the slower commits are, the
 * more are in each. There is no timer, which would hold up for its whole time the answer that is given meanwhile. A flush that fails
 * is told to those who are in it, and to nobody else.
 */
export class GroupCommit<Item, Answer> {
  readonly #ports: CommitPorts<Item, Answer>;
  #waiting: Waiting<Item, Answer>[] = [];
  #isCommitting = false;

  constructor(ports: CommitPorts<Item, Answer>) {
    this.#ports = ports;
  }

  /** So many wait for the commit before theirs. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The answer comes when the item has been written. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isCommitting) this.#flush();
    });
  }

  #flush(): void {
    const flushed = this.#waiting;
    this.#waiting = [];
    try {
      const answers = this.#ports.write(flushed.map(({ item }) => item));
      for (const [n, { resolve }] of flushed.entries()) resolve(answers[n] as Answer);
    } catch (error) {
      for (const { reject } of flushed) reject(error);
    }
    this.#isCommitting = true;
    const next = () => this.#next();
    this.#ports.durable().then(next, next);
  }

  #next(): void {
    this.#isCommitting = false;
    if (this.#waiting.length > 0) this.#flush();
  }
}
