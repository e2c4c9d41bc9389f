import { Book, type Grant, type News } from "../../../src/limits/book.ts";
import type { Ledger } from "../../../src/limits/ledger.ts";
import { MemoryLedger } from "../../../src/limits/memory-ledger.ts";
import { LeaseStore } from "../../../src/limits/store/lease-store.ts";
import type { LeaseState } from "../../../src/model/lease.ts";
import type { Quota } from "../../../src/model/limit.ts";
import { MemoryDatabase } from "../instance/database.ts";

export const NOW = Date.UTC(2026, 10, 29);

export const LEDGERS: readonly (readonly [string, () => Ledger])[] = [
  ["in memory", () => new MemoryLedger()],
  [
    "in rows",
    () => {
      const store = new LeaseStore(new MemoryDatabase().port());
      store.open();
      return store;
    },
  ],
];

/** A book with a clock, and what is asked of it, in few words: `a` is the lease of the instance `a`. */
export class Desk {
  nowMs = NOW;
  book: Book;
  readonly ledger: Ledger;
  #quota: Quota;
  /** Whoever has been told of a lease, in order. */
  readonly granted: string[] = [];
  readonly sent: Grant[] = [];

  constructor(ledger: Ledger, quota: Quota) {
    this.ledger = ledger;
    this.#quota = quota;
    this.book = new Book(ledger, quota, this.nowMs);
  }

  turn(...news: readonly Partial<News & { instanceId: string }>[]): readonly (readonly LeaseState[])[] {
    const whole = news.map((of) => ({ instanceId: "", asks: [], releases: [], ...of }));
    const { answers, grants } = this.book.turn(whole, this.nowMs);
    this.sent.push(...grants);
    this.granted.push(...grants.map(({ instanceId }) => instanceId));
    return answers;
  }

  ask(instanceId: string, key = "", seq = 1, isBegun?: boolean): string {
    const [[state] = []] = this.turn({ instanceId, asks: [{ lease: "l", key, seq, ...(isBegun && { isBegun }) }] });
    return state?.type ?? "nothing";
  }

  release(instanceId: string, seq = 1): void {
    this.turn({ instanceId, releases: [{ lease: "l", seq }] });
  }

  refuse(instanceId: string, seq = 1): void {
    this.turn({ instanceId, refused: [{ lease: "l", seq }] });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.turn();
  }

  /** Memory is lost, and perhaps other code has come. */
  reload(quota = this.#quota): void {
    this.#quota = quota;
    this.book = new Book(this.ledger, quota, this.nowMs);
  }

  get held(): string[] {
    return this.ledger
      .held()
      .map(({ instanceId }) => instanceId)
      .sort();
  }
}
