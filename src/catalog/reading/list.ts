import type { CatalogEntry } from "../../model/catalog-entry.ts";
import type { ChangesPart, ChangesPlace, CountRow, ShardHealth } from "../protocol.ts";
import { addCounts } from "../query/count.ts";
import type { ListQuery } from "../query/parameters.ts";
import { readPage } from "./page.ts";
import { askShard, type Shards } from "./shards.ts";
import { placesFrom, sinceToken } from "./token.ts";

/** One instance, as the list of the HTTP API has it. What an instance does not have is left out. */
export interface ListedWorkflow {
  readonly instanceID: string;
  readonly workflowName: string;
  readonly version?: string | undefined;
  readonly runtimeStatus: CatalogEntry["status"];
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly endedAt?: string | undefined;
  readonly customStatus?: string | undefined;
  readonly failure?: CatalogEntry["failure"];
  readonly parentInstanceID?: string | undefined;
  readonly searchAttributes?: CatalogEntry["searchAttributes"];
  readonly waitingFor?: string | undefined;
  readonly retrying: boolean;
}

/** Stand in an answer only where they say something. */
interface Reach {
  readonly complete?: false | undefined;
  readonly missingShards?: number | undefined;
}

export type ListAnswer = Reach &
  (
    | { readonly workflows: readonly ListedWorkflow[]; readonly continuationToken?: string | undefined }
    | { readonly counts: readonly CountRow[] }
    | {
        /** Those that have changed, as they are now, and those that are gone or do not fit any more. */
        readonly workflows: readonly (ListedWorkflow | { readonly instanceID: string; readonly deleted: true })[];
        readonly since: string;
        readonly resync?: true | undefined;
      }
  );

/** The answer of all shards together. Throws FilterError for a token of another list. */
export async function readList(query: ListQuery, shards: Shards): Promise<ListAnswer> {
  switch (query.type) {
    case "page": {
      const { entries, continuationToken, complete, missingShards } = await readPage(query, shards);
      return {
        workflows: entries.map(toListed),
        ...(continuationToken !== undefined && { continuationToken }),
        ...reach(complete, missingShards),
      };
    }
    case "count":
      return readCount(query, shards);
    case "changes":
      return readChanges(query, shards);
    default:
      return query satisfies never;
  }
}

async function readCount({ filter, by }: ListQuery & { type: "count" }, shards: Shards): Promise<ListAnswer> {
  const parts = await askAll(shards, (shard) => shard.count({ filter, by }));
  const present = [...parts.values()].filter((part) => part !== undefined);
  const { counts, complete } = addCounts(present);
  return { counts, ...reach(complete, parts.size - present.length) };
}

async function readChanges(
  { filter, pageSize, since }: ListQuery & { type: "changes" },
  shards: Shards,
): Promise<ListAnswer> {
  const places = placesFrom(since, filter);
  const nowhere: ChangesPlace = { epoch: "", position: 0 };
  const parts = await askAll(shards, (shard, name) =>
    shard.changes({ filter, since: places.get(name) ?? nowhere, limit: pageSize }),
  );
  const present = [...parts].filter((part): part is [string, ChangesPart] => part[1] !== undefined);
  // One that does not answer is asked for the same again.
  for (const [name, { next }] of present) places.set(name, next);
  const changes = present.flatMap(([, part]) => part.changes);
  const needsResync = present.some(([, { resync }]) => resync);
  return {
    workflows: changes.map((change) =>
      "entry" in change ? toListed(change.entry) : { instanceID: change.instanceId, deleted: true as const },
    ),
    since: sinceToken(places, filter),
    ...(needsResync && { resync: true as const }),
    ...reach(true, parts.size - present.length),
  };
}

/** The shards one by one, and how many of them have not answered. */
export async function readHealth(
  shards: Shards,
): Promise<{ readonly shards: readonly ShardHealth[]; readonly missingShards?: number | undefined }> {
  const parts = await askAll(shards, (shard) => shard.health());
  const present = [...parts.values()].filter((part) => part !== undefined);
  return { shards: present, ...reach(true, parts.size - present.length) };
}

async function askAll<T>(
  shards: Shards,
  call: (shard: ReturnType<Shards["shard"]>, name: string) => Promise<T>,
): Promise<Map<string, T | undefined>> {
  const ask = async (name: string) => [name, await askShard(shards, name, (shard) => call(shard, name))] as const;
  return new Map(await Promise.all(shards.names.map(ask)));
}

function reach(complete: boolean, missingShards: number): Reach {
  return { ...(!complete && { complete: false as const }), ...(missingShards > 0 && { missingShards }) };
}

function toListed(entry: CatalogEntry): ListedWorkflow {
  const { instanceId, createdAtMs, updatedAtMs, endedAtMs, status, parentInstanceId, retrying, retentionMs, ...same } =
    entry;
  return {
    instanceID: instanceId,
    ...same,
    runtimeStatus: status,
    createdAt: new Date(createdAtMs).toISOString(),
    lastUpdatedAt: new Date(updatedAtMs).toISOString(),
    ...(endedAtMs !== undefined && { endedAt: new Date(endedAtMs).toISOString() }),
    ...(parentInstanceId !== undefined && { parentInstanceID: parentInstanceId }),
    retrying: retrying === true,
  };
}
