import type { CatalogApi, PagePart, PageRequest } from "../../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import type { Shards } from "../../../src/catalog/reading/shards.ts";
import type { Telling } from "../../../src/catalog/store/apply.ts";
import { ShardStore } from "../../../src/catalog/store/shard-store.ts";
import type { Announced, Announcement, CatalogEntry } from "../../../src/model/catalog-entry.ts";
import type { SqlDatabase } from "../../../src/storage/sql-database.ts";
import { MemoryDatabase } from "../instance/database.ts";

/** 2026-11-28T00:00:00Z. */
export const DAY = Date.UTC(2026, 10, 28);
export const NOW = DAY + 43_200_000;

export const entry = (instanceId: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  instanceId,
  createdAtMs: DAY,
  workflowName: "order",
  status: "COMPLETED",
  updatedAtMs: DAY + 5,
  ...more,
});

export const announce = (of: CatalogEntry, seq: number, former?: Announcement["former"]): Telling => ({
  type: "announce",
  announcement: { entry: of, seq, ...(former && { former }) },
});

export const departure = (type: "leave" | "forget", instanceId: string, seq: number, createdAtMs = DAY): Telling => ({
  type,
  departure: { instanceId, createdAtMs, seq },
});

export interface Opened {
  readonly db: MemoryDatabase;
  readonly store: ShardStore;
  /** All statements, with what was bound. */
  readonly statements: { readonly text: string; readonly bindings: readonly unknown[] }[];
  /** Set it to make statements that write throw. */
  readonly fault: { before: ((statement: string) => void) | undefined };
}

export function openShard(name = "0-0", db = new MemoryDatabase(), epoch = "e"): Opened {
  const statements: Opened["statements"] = [];
  const fault: Opened["fault"] = { before: undefined };
  const port = db.port((statement) => fault.before?.(statement));
  const watched: SqlDatabase = {
    ...port,
    query: (text, ...bindings) => {
      statements.push({ text, bindings });
      return port.query(text, ...bindings);
    },
    run: (text, ...bindings) => {
      statements.push({ text, bindings });
      port.run(text, ...bindings);
    },
  };
  const store = new ShardStore(watched, name, epoch);
  store.open();
  return { db, store, statements, fault };
}

/** As a restart finds it. */
export function reopen({ db }: Opened, epoch = "e2"): Opened {
  return openShard("0-0", db, epoch);
}

/** One flush of one telling. */
export function tell({ store }: Opened, telling: Telling, nowMs = NOW): Announced {
  const [answer] = store.tell([telling], nowMs);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

export const page = (more: Partial<PageRequest> = {}): PageRequest => ({
  filter: EVERYTHING,
  order: "desc",
  limit: 100,
  ...more,
});

export const idsOf = ({ entries }: Pick<PagePart, "entries">): string[] => entries.map(({ instanceId }) => instanceId);

/** The IDs that fit the parameters of a URL. */
export function listed({ store }: Opened, query = ""): string[] {
  return idsOf(store.page(page({ filter: readParameters(new URLSearchParams(query)).filter })));
}

export const OK: Announced = { ok: true };

/** Rows written since the last time that it was asked, by table. */
export function written({ db }: Opened): Record<string, number> {
  const rows = Object.fromEntries(db.counters.rows);
  db.counters.rows.clear();
  return rows;
}

/** Stores as shards that answer at once; `missing` do not. */
export function shardsOf(stores: ReadonlyMap<string, ShardStore>, missing: ReadonlySet<string> = new Set()): Shards {
  return {
    names: [...stores.keys()],
    shard: (name) => {
      const store = stores.get(name);
      if (store === undefined || missing.has(name)) throw new Error(`${name} cannot be reached`);
      return apiOf(store, name);
    },
    schedule: () => () => undefined,
  };
}

function apiOf(store: ShardStore, name: string): ReturnType<Shards["shard"]> {
  return {
    list: async (request) => structuredClone(store.page(structuredClone(request))),
    count: async (request) => store.count(request),
    changes: async (request) => store.changes(request),
    health: async () => {
      const { entries, live } = store.health();
      return { shard: "of a test", entries, live, schemaVersion: 1 };
    },
    metrics: async () => {
      const { entries, live, freshness } = store.health();
      const { counts } = store.count({ filter: EVERYTHING, by: ["name", "status"] });
      const series = [...store.tallies()];
      const owed = { backlog: 0, leaving: store.leavingCount() };
      return structuredClone({ shard: name, entries, live, freshness, schemaVersion: 1, counts, series, ...owed });
    },
  } satisfies Partial<CatalogApi>;
}
