import {
  type Announced,
  type Announcement,
  type CatalogEntry,
  type Departure,
  type HeldEntry,
  type LifeKey,
  MOST_SKEW,
  type Presence,
} from "../../model/catalog-entry.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { CountChange } from "./counts.ts";
import {
  confirmEntry,
  type EntryRow,
  keyOf,
  markEntry,
  markedRow,
  readEntry,
  replaceEntry,
  toEntry,
  toRow,
  upsertEntry,
} from "./entry-table.ts";
import type { Names } from "./name-table.ts";
import { GONE, LEAVING } from "./statuses.ts";
import type { Tallies } from "./tallies.ts";

/** What a shard is told; see CatalogShard. */
export type Telling =
  | { readonly type: "announce"; readonly announcement: Announcement }
  | { readonly type: "leave" | "forget"; readonly departure: Departure }
  /** What an instance has answered when it was asked after this row, and whether that is still as it was then. */
  | { readonly type: "heard"; readonly about: Departure; readonly presence: Presence };

/**
 * Writes what a shard is told, in the transaction of a flush, and gathers what has changed by it: memory may know it only when the
 * transaction has ended well.
 *
 * What must always hold:
 * 1. Of a life the newest version is kept, in whatever order, and however often, what is told comes.
 * 2. A life that is leaving or gone comes back by nothing that was told before it left.
 * 3. What is refused as old has written nothing, but the mark of a former life that it names.
 * 4. An instance that is asked is right, whatever the number of the row, unless the row has changed since it was asked.
 */
export class Application {
  readonly #db: SqlDatabase;
  readonly #names: Names;
  readonly #tallies: Tallies;
  readonly #shard: string;
  readonly #nowMs: number;
  readonly counts: CountChange[] = [];
  readonly changed: LifeKey[] = [];
  /** Of announcements of something new: how long after it they are written, in ms. */
  readonly lags: number[] = [];

  /** `shard`: the name of this one. */
  constructor(db: SqlDatabase, names: Names, tallies: Tallies, shard: string, nowMs: number) {
    this.#db = db;
    this.#names = names;
    this.#tallies = tallies;
    this.#shard = shard;
    this.#nowMs = nowMs;
  }

  apply(telling: Telling): Announced {
    switch (telling.type) {
      case "announce":
        return this.#announce(telling.announcement);
      case "leave":
        return this.#depart(telling.departure, LEAVING);
      case "forget":
        return this.#depart(telling.departure, GONE);
      case "heard":
        return this.#hear(telling.about, telling.presence);
      default:
        return telling satisfies never;
    }
  }

  #announce({ entry, seq, former }: Announcement): Announced {
    const held = readEntry(this.#db, entry);
    if (held?.seq === seq) return this.#again(held, entry);
    if (former?.shard === this.#shard && former.createdAtMs !== entry.createdAtMs)
      this.#forgetFormer({ instanceId: entry.instanceId, createdAtMs: former.createdAtMs, seq: seq - 1 + MOST_SKEW });
    if (held !== undefined && held.seq > seq) return this.#refuse(held, seq);
    const row = toRow(entry, seq, this.#names.numberOf(entry.workflowName));
    upsertEntry(this.#db, row, this.#count(entry, held));
    if (!isListed(held) || !isSame({ ...held, seq }, row)) this.lags.push(this.#nowMs - entry.updatedAtMs);
    this.#note(held, row);
    return { ok: true };
  }

  /**
   * Every number of the former life is below those of the next, as far as clocks agree. What is told of it later finds the mark, which is made whether or not
   * there is a row, and by an announcement that is late itself, too: the last one of the former life may be later still.
   */
  #forgetFormer(departure: Departure): void {
    const held = readEntry(this.#db, departure);
    const isKnown = held?.status === GONE && held.seq >= departure.seq;
    if (!isKnown) this.#mark(held, departure, GONE);
  }

  #depart(departure: Departure, mark: number): Announced {
    const held = readEntry(this.#db, departure);
    const isMarked = held !== undefined && held.status <= mark;
    if (held !== undefined && (held.seq > departure.seq || (held.seq === departure.seq && isMarked)))
      return this.#refuse(held, departure.seq);
    this.#mark(held, departure, mark);
    this.#countLast(departure, isListed(held) || held === undefined);
    return { ok: true };
  }

  /** What a life tells of itself for the metrics, and what its row is to keep of that. */
  #count(entry: CatalogEntry, held: EntryRow | undefined): string | undefined {
    return entry.totals && this.#tallies.count(held && entry, entry.workflowName, entry.totals);
  }

  /** The row is there, and marked. */
  #countLast({ counted, ...life }: Departure, isFirst: boolean): void {
    const totals = counted && this.#tallies.count(life, counted.workflowName, counted.totals);
    if (isFirst && counted !== undefined) this.#tallies.purged();
    if (totals !== undefined) this.#tallies.keep(life, totals);
  }

  #hear(about: Departure, presence: Presence): Announced {
    const held = readEntry(this.#db, about);
    if (held === undefined || held.status === GONE) return { ok: true };
    // It was told to go, has had itself marked, and has gone.
    const hasLeft = presence.type === "absent" && held.status === LEAVING;
    if (held.seq !== about.seq && !hasLeft) return { ok: true };
    if (presence.type === "leaving") confirmEntry(this.#db, about, this.#nowMs);
    else if (presence.type === "absent") this.#mark(held, about, GONE);
    else this.#hearOf(held, presence);
    return { ok: true };
  }

  /** The ID has an instance. Where that is another life, or one that announces itself elsewhere, the row is of nobody. */
  #hearOf(held: EntryRow, { entry, seq, shard }: Presence & { type: "present" }): void {
    const isHere = shard === this.#shard;
    if (!isHere || entry.createdAtMs !== held.created) this.#mark(held, { ...keyOf(held), seq: held.seq }, GONE);
    if (!isHere) return;
    if (entry.createdAtMs !== held.created) this.#announce({ entry, seq });
    else this.#correct(held, entry, seq);
  }

  #correct(held: EntryRow, entry: CatalogEntry, seq: number): void {
    const row = { ...toRow(entry, seq, this.#names.numberOf(entry.workflowName)), asked: this.#nowMs };
    const totals = this.#count(entry, held);
    if (isSame(held, row)) {
      if (totals !== undefined) this.#tallies.keep(entry, totals);
      return confirmEntry(this.#db, keyOf(held), this.#nowMs);
    }
    replaceEntry(this.#db, row, totals);
    this.#note(held, row);
  }

  #mark(held: EntryRow | undefined, departure: Departure, mark: number): void {
    const row = markedRow(departure, mark, departure.seq, this.#nowMs);
    if (held === undefined) upsertEntry(this.#db, row);
    else markEntry(this.#db, departure, mark, Math.max(held.seq, departure.seq), this.#nowMs);
    this.#note(held, row);
  }

  /**
   * It is there already, unless an instance whose clock has fallen back has used a number once more that its memory has lost: it is
   * told what is there, and takes another one.
   */
  #again(held: EntryRow, entry: CatalogEntry): Announced {
    if (held.status < 0) return { ok: true };
    const row = toRow(entry, held.seq, this.#names.numberOf(entry.workflowName));
    return isSame(held, row) ? { ok: true } : { ok: false, code: "STALE", held: this.#toHeld(held) };
  }

  /** What comes a second time is there already. */
  #refuse(held: EntryRow, seq: number): Announced {
    return held.seq === seq ? { ok: true } : { ok: false, code: "STALE", held: this.#toHeld(held) };
  }

  #toHeld(row: EntryRow): HeldEntry {
    if (row.status < 0) return { seq: row.seq, gone: true };
    return { seq: row.seq, entry: toEntry(row, this.#names.nameOf(row.name)) };
  }

  #note(before: EntryRow | undefined, after: EntryRow): void {
    if (isListed(before)) this.counts.push({ name: before.name, status: before.status, by: -1 });
    if (isListed(after)) this.counts.push({ name: after.name, status: after.status, by: 1 });
    if (isListed(before) || isListed(after)) this.changed.push(keyOf(after));
  }
}

function isListed(row: EntryRow | undefined): row is EntryRow {
  return row !== undefined && row.status >= 0;
}

/** But for when the instance was asked. */
function isSame(a: EntryRow, b: EntryRow): boolean {
  return (Object.keys(b) as (keyof EntryRow)[]).every((column) => column === "asked" || a[column] === b[column]);
}
