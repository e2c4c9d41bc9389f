// A catalog as the HTTP API has it: shards whose tables are real, in this process, and instances that say what a test has them say.
import type { Shards } from "../../../src/catalog/reading/shards.ts";
import type { HttpDeps } from "../../../src/http/deps.ts";
import type { Announced, Announcement, CatalogEntry, Presence } from "../../../src/model/catalog-entry.ts";
import { allShards, JOBS_SHARD, shardOf } from "../../../src/model/catalog-shards.ts";
import { DAY, entry, openShard, shardsOf, tell } from "../catalog/support.ts";

export type Catalog = NonNullable<HttpDeps["catalog"]>;

interface Given {
  readonly entries?: readonly CatalogEntry[];
  /** One that is not here cannot be reached. */
  readonly instances?: Readonly<Record<string, Presence>>;
  /** Names of shards that do not answer. */
  readonly missing?: readonly string[];
  readonly shards?: number;
  /** In the shard of bulk jobs, which is none of the others. */
  readonly jobs?: readonly CatalogEntry[];
}

/** `dump`: all rows of all shards; `announce` tells a shard. */
export function catalogOf({
  entries = [],
  instances = {},
  missing = [],
  shards = 2,
  jobs = [],
}: Given = {}): Catalog & {
  dump(): string;
  announce(shard: string, announcement: Announcement): Promise<Announced>;
} {
  const opened = new Map(allShards({ shards }).map((name) => [name, openShard(name)]));
  for (const of of entries) {
    const shard = opened.get(shardOf(of.instanceId, { shards }));
    if (shard !== undefined) tell(shard, { type: "announce", announcement: { entry: of, seq: 1 } });
  }
  const ofJobs = openShard(JOBS_SHARD);
  for (const of of jobs) tell(ofJobs, { type: "announce", announcement: { entry: of, seq: 1 } });
  const stores = new Map([...opened].map(([name, { store }]) => [name, store]));
  const all = shardsOf(new Map([...stores, [JOBS_SHARD, ofJobs.store]]), new Set(missing));
  const reading = { ...all, names: [...stores.keys()] };
  const announce = async (name: string, announcement: Announcement) => {
    const shard = opened.get(name);
    if (shard === undefined) throw new Error(`there is no shard ${name}`);
    return tell(shard, { type: "announce", announcement });
  };
  return {
    announce,
    dump: () => JSON.stringify([...opened.values()].map(({ db }) => db.dump())),
    ...reading,
    shard: (name) => ({
      ...reading.shard(name),
      announce: (announcement) => announce(name, announcement),
    }),
    source: (instanceId) => {
      const answer = async (): Promise<Presence> => {
        const said = instances[instanceId];
        if (said === undefined) throw new Error("cannot be reached");
        return said;
      };
      return { presence: answer, expire: answer };
    },
  };
}

/** The catalog, with shards that answer some questions otherwise. */
export function answering(catalog: Catalog, otherwise: Partial<ReturnType<Shards["shard"]>>): Catalog {
  const announce = () => Promise.reject(new Error("nobody announces"));
  const asked: Shards["shard"] = catalog.shard;
  return { ...catalog, shard: (name: string) => ({ announce, ...asked(name), ...otherwise }) };
}

/** An entry that has all that an entry may have. */
export const WHOLE: CatalogEntry = entry("order-2", {
  createdAtMs: DAY + 2,
  status: "FAILED",
  updatedAtMs: DAY + 9,
  endedAtMs: DAY + 9,
  version: "v2",
  parentInstanceId: "batch-1",
  customStatus: "packing",
  failure: { errorType: "TypeError", message: "no pens" },
  searchAttributes: { customer: "c995", total: 12.5, vip: true, tags: ["red"] },
});
export const WAITS: CatalogEntry = entry("order-3", {
  createdAtMs: DAY + 3,
  status: "RUNNING",
  waitingFor: "activity:charge",
  retrying: true,
});
