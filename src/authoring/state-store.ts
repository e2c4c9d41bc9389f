import { DurableObject } from "cloudflare:workers";

export interface StateEntry {
  readonly key: string;
  /** Any JSON value; `undefined` stands for no value. */
  readonly value: unknown;
}

/** A small durable key-value store with JSON values: one Durable Object for each name of a store. */
export class StateStore extends DurableObject {
  /** The values in the order of the keys; `undefined` where there is none. */
  get(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.ctx.storage.kv.get(key));
  }

  /**
   * Writes all entries, or none when one of the `expected` values is no longer what is stored (compared as JSON).
   * Returns whether it wrote.
   */
  save(entries: readonly StateEntry[], expected: readonly StateEntry[] = []): boolean {
    const { kv } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      if (expected.some(({ key, value }) => JSON.stringify(kv.get(key)) !== JSON.stringify(value))) return false;
      for (const { key, value } of entries) {
        if (value === undefined) kv.delete(key);
        else kv.put(key, value);
      }
      return true;
    });
  }
}
