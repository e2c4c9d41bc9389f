import { isJobId } from "./ids.ts";

/*
 * Which shard of the catalog has an instance. How many shards there are is configuration; each number that has ever been configured
 * is a generation, and an instance stays in the shard of the generation in which it was first announced. So nothing is
 * ever moved: new instances go to the last generation, reads ask all of them, and former ones empty by retention.
 */

/** Options of `createWorker`. `former`: the numbers of shards that there were before, the oldest first. */
export interface CatalogShards {
  readonly shards: number;
  readonly former?: readonly number[] | undefined;
}

/** Bulk jobs lie in a shard of their own, which no list of instances reads. */
export const JOBS_SHARD = "jobs";

/** The name of the object that a new instance is announced to: `<generation>-<n>`. */
export function shardOf(instanceId: string, { shards, former = [] }: CatalogShards): string {
  if (isJobId(instanceId)) return JOBS_SHARD;
  return `${former.length}-${fnv1a(instanceId) % shards}`;
}

/**
 * Of an instance that does not know where it was announced, since it began under code that had no catalog: that of the first
 * generation, which stays what it is when there are more.
 */
export function firstShardOf(instanceId: string, { shards, former = [] }: CatalogShards): string {
  return shardOf(instanceId, { shards: former[0] ?? shards });
}

/** Those of all generations, the newest first: there most of what is asked for lies. */
export function allShards({ shards, former = [] }: CatalogShards): string[] {
  return [...former, shards]
    .map((count, generation) => Array.from({ length: count }, (_, n) => `${generation}-${n}`))
    .reverse()
    .flat();
}

/** FNV-1a, 32 bits, of the text's UTF-8. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
