import { DurableObject } from "cloudflare:workers";
import { etagOf, type StateChange } from "./dapr/dapr-state.ts";

export interface StateEntry {
  readonly key: string;
  /** JSON text; `undefined` stands for no value. */
  readonly value: string | undefined;
}

/** A small durable key-value store of JSON texts: one Durable Object for each name of a store. */
export class StateStore extends DurableObject {
  /** The values in the order of the keys; `undefined` where there is none. */
  get(keys: readonly string[]): (string | undefined)[] {
    return keys.map((key) => this.ctx.storage.kv.get<string>(key));
  }

  /**
   * Writes all entries, or none when one of the `expected` values is no longer what is stored.
   * Returns whether it wrote.
   */
  save(entries: readonly StateEntry[], expected: readonly StateEntry[] = []): boolean {
    return this.#write(entries, ({ get }) => expected.every(({ key, value }) => get(key) === value));
  }

  /** The same with conditions by etag, each on the value that it would take the place of. */
  change(changes: readonly StateChange[]): boolean {
    return this.#write(changes, ({ get }) =>
      changes.every(({ key, etag }) => {
        if (etag === undefined) return true;
        const stored = get(key);
        return stored !== undefined && etagOf(stored) === etag;
      }),
    );
  }

  #write(
    entries: readonly StateEntry[],
    isAllowed: (stored: { get(key: string): string | undefined }) => boolean,
  ): boolean {
    const { kv } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      if (!isAllowed({ get: (key) => kv.get<string>(key) })) return false;
      for (const { key, value } of entries) {
        if (value === undefined) kv.delete(key);
        else kv.put(key, value);
      }
      return true;
    });
  }
}
