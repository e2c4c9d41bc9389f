import { aString, optionsOf, rangeRule, required } from "../model/options.ts";
import { type Answer, bodyOf, type WorkflowApi } from "./workflow-api.ts";

/*
 * How the catalog is itself, and having instances announce themselves again.
 */

export interface CatalogShardHealth {
  readonly shard: string;
  /** Instances that it lists. */
  readonly entries: number;
  /** Those of them that have not ended. */
  readonly live: number;
  /** How long the last 1,000 announcements, since it was loaded, were on their way. */
  readonly freshness?: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly schemaVersion: number;
}

export interface CatalogHealth {
  readonly shards: readonly CatalogShardHealth[];
  /** So many have not answered. */
  readonly missingShards: number;
}

export interface RebuildOptions {
  /** Why, in at most 1,000 characters: it stands in the log. */
  readonly reason?: string | null | undefined;
}

/** What became of the IDs. */
export interface CatalogRebuilt {
  /** Instances that are in the catalog now, as they say. */
  readonly announced: number;
  /** IDs that have no instance. */
  readonly missing: number;
  /** What could not be asked or announced: to be sent again. */
  readonly failed: readonly string[];
}

export const rebuildOptions = optionsOf<RebuildOptions>({ reason: aString });
export const someIds = required(
  rangeRule(
    "a list of IDs",
    (value) => Array.isArray(value) && value.every((id) => typeof id === "string" && id !== ""),
  ),
);

export function healthOf(answer: Answer): CatalogHealth {
  const body = bodyOf(answer, "health of the catalog", ({ shards }) => Array.isArray(shards));
  const { shards, missingShards = 0 } = body as Partial<CatalogHealth> & Pick<CatalogHealth, "shards">;
  return { shards, missingShards };
}

/** The server takes so many in one request. */
const IDS_AT_A_TIME = 20;

/** As many requests as it takes, one after the other. */
export async function rebuild(
  api: WorkflowApi,
  ids: readonly string[],
  reason: string | undefined,
): Promise<CatalogRebuilt> {
  let [announced, missing] = [0, 0];
  const failed: string[] = [];
  for (let at = 0; at < ids.length; at += IDS_AT_A_TIME) {
    const body = JSON.stringify({ instanceIDs: ids.slice(at, at + IDS_AT_A_TIME), reason });
    const answer = await api.change("rebuild", {}, body);
    const part = bodyOf(answer, "rebuilt catalog", (found) => Array.isArray(found.failed)) as CatalogRebuilt;
    announced += part.announced;
    missing += part.missing;
    failed.push(...part.failed);
  }
  return { announced, missing, failed };
}
