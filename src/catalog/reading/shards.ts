import type { CatalogApi } from "../protocol.ts";

/** The shards of a catalog, as whoever reads all of them has them. */
export interface Shards {
  /** Of all generations. */
  readonly names: readonly string[];
  shard(name: string): Pick<CatalogApi, "list" | "count" | "changes" | "health">;
  /** Calls back after at least `ms`, unless it is called off before. */
  schedule(ms: number, callback: () => void): () => void;
}

/** A shard that takes longer is missing in the answer. */
const PATIENCE_MS = 2_000;

/** `undefined`: it has failed, or has not answered in time. Never rejects. */
export function askShard<T>(
  shards: Shards,
  name: string,
  call: (shard: ReturnType<Shards["shard"]>) => Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const callOff = shards.schedule(PATIENCE_MS, () => resolve(undefined));
    const answer = async () => call(shards.shard(name));
    answer()
      .catch(() => undefined)
      .then((value) => {
        callOff();
        resolve(value);
      });
  });
}
