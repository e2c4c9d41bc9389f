import * as v from "valibot";
import type { CountKey, ShardHealth } from "../../../catalog/protocol.ts";
import type { ListedWorkflow } from "../../../catalog/reading/list.ts";
import { CATALOG_REBUILD } from "../../bodies.ts";
import { count, type Deeply, exactly, may, runtimeStatus, type Schema, text, time } from "./shape.ts";
import { standing } from "./standing.ts";

export const listedWorkflow = exactly<Deeply<ListedWorkflow>>()(
  v.object({
    instanceID: text,
    workflowName: text,
    version: may(text),
    runtimeStatus,
    createdAt: time,
    lastUpdatedAt: time,
    endedAt: may(time),
    customStatus: may(text),
    failure: may(v.object({ errorType: text, message: may(text) })),
    parentInstanceID: may(text),
    searchAttributes: may(v.record(text, v.union([text, v.number(), v.boolean(), v.array(text)]))),
    waitingFor: may(standing.waitingFor),
    position: may(
      v.pipe(count, v.description("Where that is a limit: its place in the queue of its key, from 1, as it is now.")),
    ),
    retrying: standing.retrying,
  }),
);

export const missingShards = may(
  v.pipe(v.number(), v.integer(), v.minValue(1), v.description("So many shards have not answered.")),
);
/** What stands in a list only where it says something. */
const reach = {
  complete: may(
    v.pipe(v.literal(false), v.description("Not every row was looked at: what fits further on is behind the token.")),
  ),
  missingShards,
};
const workflowPage = v.object({
  workflows: v.array(listedWorkflow),
  continuationToken: may(v.pipe(v.string(), v.description("There is more, or may be."))),
  searchedTo: may(
    v.pipe(time, v.description("With `complete: false`: how far it was looked, by the time of creation.")),
  ),
  ...reach,
});
const countKeys = {
  status: may(runtimeStatus),
  name: may(text),
  version: may(text),
  errorType: may(text),
  day: may(v.pipe(v.string(), v.isoDate())),
} satisfies Record<CountKey, Schema>;
const workflowCounts = v.object({
  counts: v.array(v.object({ ...countKeys, count })),
  ...reach,
});
const workflowChanges = v.object({
  workflows: v.array(v.union([listedWorkflow, v.object({ instanceID: text, deleted: v.literal(true) })])),
  since: text,
  resync: may(v.pipe(v.literal(true), v.description("What has changed since is not known: read the list anew."))),
  missingShards,
});

const ms = v.pipe(v.number(), v.minValue(0));
const shardHealth = exactly<Deeply<ShardHealth>>()(
  v.object({
    shard: text,
    entries: v.pipe(v.number(), v.integer(), v.description("Instances that it lists.")),
    live: v.pipe(v.number(), v.integer(), v.description("Those of them that have not ended.")),
    freshness: may(
      v.pipe(
        v.object({ p50Ms: ms, p99Ms: ms, maxMs: ms }),
        v.description("How long the last 1,000 announcements, since it was loaded, were on their way."),
      ),
    ),
    schemaVersion: count,
  }),
);

/** All instances together. */
export const CATALOG_SCHEMAS = {
  ListedWorkflow: listedWorkflow,
  WorkflowList: v.union([workflowPage, workflowCounts, workflowChanges]),
  WorkflowPage: workflowPage,
  WorkflowCounts: workflowCounts,
  WorkflowChanges: workflowChanges,
  CatalogHealth: v.object({ shards: v.array(shardHealth), missingShards }),
  CatalogRebuild: CATALOG_REBUILD,
  CatalogRebuilt: v.object({
    announced: v.pipe(v.number(), v.integer(), v.description("Instances that are in the catalog now, as they say.")),
    missing: v.pipe(v.number(), v.integer(), v.description("IDs that have no instance.")),
    failed: v.pipe(v.array(text), v.description("What could not be asked or announced: send these again.")),
  }),
};
