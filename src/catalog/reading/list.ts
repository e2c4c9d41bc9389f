import type { CatalogEntry } from "../../model/catalog-entry.ts";
import { formatTime } from "../../model/time.ts";
import type { Change, ChangesPart, ChangesPlace, CountRow, ShardHealth } from "../protocol.ts";
import { addCounts } from "../query/count.ts";
import type { ListQuery } from "../query/parameters.ts";
import { within } from "../query/within.ts";
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
  /** Where that is a limit: its place in the queue of its key, as the limiter has it now. */
  readonly position?: number | undefined;
  readonly retrying: boolean;
}

/** Stand in an answer only where they say something. */
interface Reach {
  readonly complete?: false | undefined;
  readonly missingShards?: number | undefined;
}

export type ListAnswer = Reach &
  (
    | {
        readonly workflows: readonly ListedWorkflow[];
        readonly continuationToken?: string | undefined;
        readonly searchedTo?: string | undefined;
      }
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
      const { entries, continuationToken, searchedToMs, complete, missingShards } = await readPage(query, shards);
      return {
        workflows: entries.map(toListed),
        ...(continuationToken !== undefined && { continuationToken }),
        ...(searchedToMs !== undefined && { searchedTo: formatTime(searchedToMs) }),
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

async function readCount(query: ListQuery & { type: "count" }, shards: Shards): Promise<ListAnswer> {
  const { by } = query;
  const filter = within(query.filter, query.within);
  const parts = await askAll(shards, (shard) => shard.count({ filter, by }));
  const present = [...parts.values()].filter((part) => part !== undefined);
  const { counts, complete } = addCounts(present);
  return { counts, ...reach(complete, parts.size - present.length) };
}

async function readChanges(query: ListQuery & { type: "changes" }, shards: Shards): Promise<ListAnswer> {
  const { pageSize, since } = query;
  const filter = within(query.filter, query.within);
  const places = placesFrom(since, filter);
  const nowhere: ChangesPlace = { epoch: "", position: 0 };
  const parts = await askAll(shards, (shard, name) =>
    shard.changes({ filter, since: places.get(name) ?? nowhere, limit: pageSize }),
  );
  const { changes, next, needsResync, missing } = together(parts, places, pageSize);
  // Of one that does not fit the filter, a change says that it is gone.
  const told = changes.filter((change) => idOf(change).startsWith(query.within ?? ""));
  return {
    workflows: told.map((change) =>
      "entry" in change ? toListed(change.entry) : { instanceID: change.instanceId, deleted: true as const },
    ),
    since: sinceToken(next, filter),
    ...(needsResync && { resync: true as const }),
    ...reach(true, missing),
  };
}

function idOf(change: Change): string {
  return "entry" in change ? change.entry.instanceId : change.instanceId;
}

/**
 * As many parts as have room. A shard that does not answer, or has none, is asked for the same again, and comes first then. That a
 * former life has gone is left out where it is known later than the one that has its ID now.
 */
function together(
  parts: ReadonlyMap<string, ChangesPart | undefined>,
  places: ReadonlyMap<string, ChangesPlace>,
  most: number,
) {
  const left = new Map<string, ChangesPlace>();
  const done = new Map<string, ChangesPlace>();
  const changes: Change[] = [];
  const found = new Set<string>();
  let [count, missing, needsResync] = [0, 0, false];
  for (const name of new Set([...places.keys(), ...parts.keys()])) {
    const part = parts.get(name);
    const place = places.get(name);
    if (parts.has(name) && part === undefined) missing++;
    if (part === undefined || count + part.changes.length > most) {
      if (place !== undefined && parts.has(name)) left.set(name, place);
      continue;
    }
    done.set(name, part.next);
    count += part.changes.length;
    needsResync ||= part.resync;
    for (const change of part.changes) {
      if ("entry" in change) found.add(change.entry.instanceId);
      else if (found.has(change.instanceId)) continue;
      changes.push(change);
    }
  }
  return { changes, next: new Map([...left, ...done]), needsResync, missing };
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
    createdAt: formatTime(createdAtMs),
    lastUpdatedAt: formatTime(updatedAtMs),
    ...(endedAtMs !== undefined && { endedAt: formatTime(endedAtMs) }),
    ...(parentInstanceId !== undefined && { parentInstanceID: parentInstanceId }),
    retrying: retrying === true,
  };
}
