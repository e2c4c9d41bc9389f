import { type Schedule, within } from "../patience.ts";
import type { CatalogApi } from "../protocol.ts";

/** The shards of a catalog, as whoever reads all of them has them. */
export interface Shards {
  /** Of all generations. */
  readonly names: readonly string[];
  shard(name: string): Pick<CatalogApi, "list" | "count" | "changes" | "health"> & Partial<Pick<CatalogApi, "metrics">>;
  readonly schedule: Schedule;
}

/** A shard that takes longer is missing in the answer. */
const PATIENCE_MS = 2_000;

/** `undefined`: it has failed, or has not answered in time. Never rejects. */
export function askShard<T>(
  shards: Shards,
  name: string,
  call: (shard: ReturnType<Shards["shard"]>) => Promise<T>,
): Promise<T | undefined> {
  return within(shards.schedule, PATIENCE_MS, () => call(shards.shard(name)));
}
