import type { Announced, CatalogEntry, LifeKey } from "../../model/catalog-entry.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";
import { Freshness } from "../freshness.ts";
import type {
  ChangesPart,
  ChangesRequest,
  CountPart,
  CountRequest,
  PagePart,
  PageRequest,
  ShardHealth,
} from "../protocol.ts";
import { placeOf } from "../query/places.ts";
import { Application, type Telling } from "./apply.ts";
import { Changes } from "./changes.ts";
import { Counts } from "./counts.ts";
import {
  countByStatus,
  countMarked,
  deleteEntry,
  type EntryRow,
  hasEntries,
  keyOf,
  oldestMark,
  readMarked,
} from "./entry-table.ts";
import { readCounts } from "./group-counts.ts";
import { Names } from "./name-table.ts";
import { readFitting, readPage } from "./pages.ts";
import { createTables, openTables } from "./schema.ts";
import { GONE, isLive, LEAVING } from "./statuses.ts";
import { readStretch, readSweep, type Stretch, type SweepOptions, writeSweep } from "./sweep.ts";
import { type Counted, Tallies } from "./tallies.ts";

/** All that a shard of the catalog keeps. Synchronous; it knows no clock. */
export class ShardStore {
  readonly #db: SqlDatabase;
  readonly #shard: string;
  readonly #names: Names;
  readonly #counts: Counts;
  readonly #changes: Changes;
  readonly #tallies: Tallies;
  readonly #freshness = new Freshness();
  #haveTables = false;

  /** `epoch`: what no other life of this shard in memory is called. */
  constructor(db: SqlDatabase, shard: string, epoch: string) {
    this.#db = db;
    this.#shard = shard;
    this.#names = new Names(db);
    this.#counts = new Counts(db);
    this.#changes = new Changes(epoch);
    this.#tallies = new Tallies(db);
  }

  /** First. Of a shard that nobody has told anything it reads only, and writes nothing. Throws CatalogTooNewError. */
  open(): void {
    this.#haveTables = openTables(this.#db);
    this.#counts.load(this.#haveTables);
  }

  /** All or nothing, in the order in which they came: the answers are in the same order. */
  tell(tellings: readonly Telling[], nowMs: number): Announced[] {
    const application = new Application(this.#db, this.#names, this.#tallies, this.#shard, nowMs);
    const answers = this.#write(() => {
      const all = tellings.map((telling) => application.apply(telling));
      if (application.counts.length > 0) this.#counts.markDirty();
      this.#tallies.write();
      return all;
    });
    if (application.counts.length > 0) this.#counts.apply(application.counts);
    for (const key of application.changed) this.#changes.add(key);
    for (const lagMs of application.lags) this.#freshness.add(lagMs);
    return answers;
  }

  page(request: PageRequest): PagePart {
    if (!this.#haveTables) return { entries: [], rest: { type: "nothing" } };
    return readPage(this.#db, this.#names, request);
  }

  count(request: CountRequest): CountPart {
    if (!this.#haveTables) return { counts: [], complete: true };
    return readCounts(this.#db, this.#names, this.#counts, request);
  }

  changes({ filter, since, limit }: ChangesRequest): ChangesPart {
    const { epoch, end } = this.#changes;
    const found = this.#changes.since(since.epoch, since.position, limit);
    if (found === undefined) return { changes: [], next: { epoch, position: end }, resync: true };
    const changes = found.keys.map((key) => this.#changeOf(filter, key));
    return { changes, next: { epoch, position: found.next }, resync: false };
  }

  #changeOf(filter: ChangesRequest["filter"], key: LifeKey): { entry: CatalogEntry } | { instanceId: string } {
    const entry = readFitting(this.#db, this.#names, filter, placeOf(key));
    return entry === undefined ? { instanceId: key.instanceId } : { entry };
  }

  /** How many rows are listed, how many of them have not ended, and how fresh what it was told was. */
  health(): Pick<ShardHealth, "entries" | "live" | "freshness"> {
    const counts = this.#haveTables ? (this.#counts.all() ?? countByStatus(this.#db)) : [];
    const sum = (of: typeof counts) => of.reduce((total, { n }) => total + n, 0);
    const freshness = this.#freshness.summary();
    const live = sum(counts.filter(({ status }) => isLive(status)));
    return { entries: sum(counts), live, ...(freshness && { freshness }) };
  }

  /** What all lives have told for the metrics, by series. */
  tallies(): ReadonlyMap<string, Counted> {
    return this.#haveTables ? this.#tallies.all() : new Map();
  }

  /** Whether `saveCounts` would write. */
  get hasUnsavedCounts(): boolean {
    return this.#counts.isDirty;
  }

  saveCounts(): void {
    this.#counts.save();
  }

  /** Whether there is a row at all, listed or not. */
  hasEntries(): boolean {
    return this.#haveTables && hasEntries(this.#db);
  }

  /** Rows of lives that were marked as leaving before this time. */
  leaving(markedBeforeMs: number, limit: number): EntryRow[] {
    return this.#haveTables ? readMarked(this.#db, LEAVING, markedBeforeMs, limit) : [];
  }

  leavingCount(): number {
    return this.#haveTables ? countMarked(this.#db, LEAVING) : 0;
  }

  /** A stretch of the table, from where the last one has ended: those of its rows that are to be asked after, or to go. */
  sweep(nowMs: number, options: SweepOptions): Stretch {
    if (!this.#haveTables) return { due: [], isLast: true };
    return readStretch(this.#db, readSweep(this.#db), nowMs, options);
  }

  /** Where the next stretch begins. */
  saveSweep(stretch: Stretch): void {
    if (this.#haveTables) writeSweep(this.#db, stretch);
  }

  /** Rows of lives that are gone since before this time go, and with them the memory that nothing late may bring them back. */
  expire(markedBeforeMs: number, limit: number): void {
    if (!this.#haveTables) return;
    this.#db.transaction(() => {
      for (const row of readMarked(this.#db, GONE, markedBeforeMs, limit)) deleteEntry(this.#db, keyOf(row));
    });
  }

  /** Since when a life is leaving, and one is gone and remembered. */
  marks(): { readonly leavingSinceMs: number | undefined; readonly goneSinceMs: number | undefined } {
    const since = (mark: number) => (this.#haveTables ? oldestMark(this.#db, mark) : undefined);
    return { leavingSinceMs: since(LEAVING), goneSinceMs: since(GONE) };
  }

  /** A transaction that makes the tables where there are none. When it fails, memory knows what the database has. */
  #write(change: () => Announced[]): Announced[] {
    try {
      const answers = this.#db.transaction(() => {
        if (!this.#haveTables) createTables(this.#db);
        return change();
      });
      this.#haveTables = true;
      return answers;
    } catch (error) {
      this.#names.forget();
      this.#tallies.forget();
      throw error;
    }
  }
}
