import type { CatalogEntry, CatalogShard } from "../model/catalog-entry.ts";
import type { Condition } from "./query/condition.ts";

/*
 * What the HTTP API asks of a shard. Old and new code talk to each other during a deploy: fields are only ever added, and added as
 * optional ones.
 */

export type Order = "desc" | "asc";

/** A place in the order of lists: at this row, which need not be there any more. The order is the same in all shards. */
export interface Place {
  readonly createdAtMs: number;
  readonly instanceId: string;
}

export interface PageRequest {
  readonly filter: Condition;
  readonly order: Order;
  /** Rows behind this place in the order. Default: from the beginning. */
  readonly after?: Place | undefined;
  readonly limit: number;
}

export interface PagePart {
  readonly entries: readonly CatalogEntry[];
  readonly rest: Rest;
}

/** What a source has behind the rows that it has given. */
export type Rest =
  | { readonly type: "nothing" }
  /** Perhaps more, behind this place. */
  | { readonly type: "more"; readonly after: Place }
  /** It has looked at as many rows as it may for one page: which fit behind this place is not known. */
  | { readonly type: "unseen"; readonly after: Place };

/** What instances can be counted by. */
export const COUNT_KEYS = ["status", "name", "version", "errorType", "day"] as const;
export type CountKey = (typeof COUNT_KEYS)[number];

export interface CountRequest {
  readonly filter: Condition;
  readonly by: readonly CountKey[];
}

/** `day` as `2026-11-28`, of the creation. What an instance does not have is left out. */
export type CountRow = { readonly [key in CountKey]?: string } & { readonly count: number };

export interface CountPart {
  readonly counts: readonly CountRow[];
  /** Whether every row was looked at. */
  readonly complete: boolean;
}

/** Where in the changes of a shard: of which of its lives in memory, and how many before. */
export interface ChangesPlace {
  readonly epoch: string;
  readonly position: number;
}

export interface ChangesRequest {
  readonly filter: Condition;
  readonly since: ChangesPlace;
  readonly limit: number;
}

/** `instanceId` alone: it is gone, or does not fit the filter any more. */
export type Change = { readonly entry: CatalogEntry } | { readonly instanceId: string };

export interface ChangesPart {
  /** The oldest first, each life once, as it is now. */
  readonly changes: readonly Change[];
  /** Where to go on. */
  readonly next: ChangesPlace;
  /** What has changed since that place is not known here: read the list anew. */
  readonly resync: boolean;
}

export interface ShardHealth {
  readonly shard: string;
  /** Rows that are listed. */
  readonly entries: number;
  /** Those of them that have not ended. */
  readonly live: number;
  /** The last announcements of something new, at most 1,000: how long after the change that they tell of they were written. */
  readonly freshness?: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | undefined;
  readonly schemaVersion: number;
}

/** What the metrics of all shards are made of. */
export interface ShardMetrics extends ShardHealth {
  /** By name and status, where there are not too many names for that. */
  readonly counts: readonly CountRow[];
  /** What is counted, by kind and name: see `model/totals.ts`. */
  readonly series: readonly (readonly [series: string, counted: readonly number[]])[];
  /** So many tellings wait to be written. */
  readonly backlog?: number | undefined;
  /** So many lives have said that they go, and are not known to have gone. */
  readonly leaving?: number | undefined;
}

/** What a shard can be asked. */
export interface CatalogApi extends CatalogShard {
  list(request: PageRequest): Promise<PagePart>;
  count(request: CountRequest): Promise<CountPart>;
  changes(request: ChangesRequest): Promise<ChangesPart>;
  health(): Promise<ShardHealth>;
  metrics(): Promise<ShardMetrics>;
}
