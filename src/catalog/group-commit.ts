/** What a group commit has of the world. */
export interface CommitPorts<Item, Answer> {
  /** Writes all of them, or none, and answers each. Throws when nothing was written. */
  write(items: readonly Item[]): readonly Answer[];
  /** Calls back after `ms`. */
  schedule(ms: number, callback: () => void): void;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** The longest that an item waits for others. */
const WINDOW_MS = 5;
/** Behind one that came alone: a caller that asks again as soon as it has its answer is not held up by its own window. */
const LONE_WINDOW_MS = 1;

/**
 * Writes together what comes together: the platform makes a commit of each call's writes, so a thousand announcements at once would be
 * a thousand of them.
 *
 * ```
 *            add: flush                    the window ends, something waits: flush
 *   idle ------------------> window open -------------------------------------------> window open
 *    ^                            |  add: waits
 *    '----------------------------'  the window ends, nothing waits
 * ```
 * So one that comes alone is written at once, and nobody waits longer than a window, which is short as long as they come one by one. A flush that fails is told to those
 * who are in it, and to nobody else.
 */
export class GroupCommit<Item, Answer> {
  readonly #ports: CommitPorts<Item, Answer>;
  #waiting: Waiting<Item, Answer>[] = [];
  #isWindowOpen = false;

  constructor(ports: CommitPorts<Item, Answer>) {
    this.#ports = ports;
  }

  /** The answer comes when the item has been written. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isWindowOpen) this.#flush();
    });
  }

  #flush(): void {
    const flushed = this.#waiting;
    this.#waiting = [];
    this.#openWindow(flushed.length > 1 ? WINDOW_MS : LONE_WINDOW_MS);
    try {
      const answers = this.#ports.write(flushed.map(({ item }) => item));
      for (const [n, { resolve }] of flushed.entries()) resolve(answers[n] as Answer);
    } catch (error) {
      for (const { reject } of flushed) reject(error);
    }
  }

  #openWindow(ms: number): void {
    this.#isWindowOpen = true;
    this.#ports.schedule(ms, () => {
      this.#isWindowOpen = false;
      if (this.#waiting.length > 0) this.#flush();
    });
  }
}
