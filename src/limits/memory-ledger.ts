import type { Entry, Ledger, Queue, Standing } from "./ledger.ts";

/** A ledger that is gone with its object: for the test kit, and for tests of the book. */
export class MemoryLedger implements Ledger {
  readonly #entries = new Map<string, Entry>();
  #standing: Standing | undefined;

  transaction<T>(change: () => T extends Promise<unknown> ? never : T): T {
    return change();
  }

  find(instanceId: string, lease: string): Entry | undefined {
    return this.#entries.get(idOf({ instanceId, lease }));
  }

  put(entry: Entry): void {
    this.#entries.set(idOf(entry), entry);
  }

  remove(entry: Pick<Entry, "instanceId" | "lease">): void {
    this.#entries.delete(idOf(entry));
  }

  held(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ untilMs }) => untilMs !== undefined);
  }

  waiting(): number {
    return this.#queue().length;
  }

  lastPlace(): number {
    return Math.max(0, ...[...this.#entries.values()].map(({ place }) => place));
  }

  firstOf(key: string): Entry | undefined {
    return this.#queue(key).sort((a, b) => a.place - b.place)[0];
  }

  nextKey(after: string | undefined): string | undefined {
    const keys = this.#queue().map(({ key }) => key);
    return keys.filter((key) => after === undefined || key > after).sort()[0];
  }

  standing(): Standing | undefined {
    return this.#standing;
  }

  save(standing: Standing): void {
    this.#standing = standing;
  }

  queues(most: number): { readonly queues: readonly Queue[]; readonly keys: number } {
    const all = [...this.#byKey()].map(([key, entries]) => ({
      key,
      waiting: entries.length,
      oldestSinceMs: Math.min(...entries.map(({ sinceMs }) => sinceMs)),
    }));
    all.sort((a, b) => b.waiting - a.waiting || (a.key < b.key ? -1 : 1));
    return { queues: all.slice(0, most), keys: all.length };
  }

  oldestSinceMs(): number | undefined {
    const [oldest] = this.#queue().sort((a, b) => a.sinceMs - b.sinceMs);
    return oldest?.sinceMs;
  }

  before(key: string, place: number): number {
    return this.#queue(key).filter((entry) => entry.place < place).length;
  }

  positions(instanceIds: readonly string[]): ReadonlyMap<string, number> {
    const queues = [...this.#byKey().values()].map((queue) => queue.sort((a, b) => a.place - b.place));
    const placesOf = (id: string) =>
      queues.map((queue) => queue.findIndex(({ instanceId }) => instanceId === id) + 1).filter((place) => place > 0);
    const found = instanceIds.map((id) => [id, Math.min(...placesOf(id))] as const);
    return new Map(found.filter(([, place]) => Number.isFinite(place)));
  }

  beforeInOthers(key: string, ahead: number, served: string): number {
    const comesBefore = (other: string) => (other > served === key > served ? other < key : other > served);
    let count = 0;
    for (const [other, entries] of this.#byKey())
      if (other !== key) count += Math.min(entries.length, ahead + (comesBefore(other) ? 1 : 0));
    return count;
  }

  /** All that wait, or those of a key. */
  #queue(of?: string): Entry[] {
    const waits = ({ key, untilMs }: Entry) => untilMs === undefined && (of === undefined || key === of);
    return [...this.#entries.values()].filter(waits);
  }

  #byKey(): Map<string, Entry[]> {
    const byKey = new Map<string, Entry[]>();
    for (const entry of this.#queue()) byKey.set(entry.key, [...(byKey.get(entry.key) ?? []), entry]);
    return byKey;
  }
}

function idOf({ instanceId, lease }: Pick<Entry, "instanceId" | "lease">): string {
  return `${lease} ${instanceId}`;
}
