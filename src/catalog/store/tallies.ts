import type { LifeKey } from "../../model/catalog-entry.ts";
import { BUCKETS_MS, KINDS, OTHER, type Totals } from "../../model/totals.ts";
import { hasTable } from "../../storage/meta-table.ts";
import type { SqlDatabase } from "../../storage/sql-database.ts";

/*
 * What the metrics of a shard count: the sum over all lives that it has ever been told of. A row of `entry` keeps what its life has told of
 * itself, in `totals`; what that is more than before is added here, in the transaction in which the row is written. So what comes twice
 * counts once, and what was counted stays when the life has gone.
 *
 * Table and column are made when the first life tells its totals, which none does unless metrics are switched on. They are no part of
 * the schema's version: code that does not know them leaves them alone.
 *
 * Table `tally`, one row a series. Written by: a flush that adds to it. Deleted by: nobody.
 */

/** The sum of the times in ms and how often, by bucket; of what has no times, how often alone. */
export type Counted = readonly number[];

/** Whoever may start workflows may start them under any name. */
const MOST_SERIES = 2_000;
/** Whose name is that of the workflow, which the totals do not repeat. */
const OF_WORKFLOW: readonly string[] = [
  KINDS.workflowSucceeded,
  KINDS.workflowFailed,
  KINDS.workflowTerminated,
  KINDS.scheduling,
  KINDS.lateness,
];
/** A life that goes. */
export const PURGED = "op";

const tables = `
CREATE TABLE tally (series TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE entry ADD COLUMN totals TEXT;
`;

/** One statement for all: a call of the database takes longer than what it does here. `WHERE` parts the list from `ON`. */
const WRITE = `INSERT INTO tally (series, value) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE 1
  ON CONFLICT (series) DO UPDATE SET value = excluded.value`;

export class Tallies {
  readonly #db: SqlDatabase;
  #areThere: boolean | undefined;
  /** As they will be when the transaction has ended well. */
  #series: Map<string, number[]> | undefined;
  readonly #changed = new Set<string>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** Whether a life has ever told its totals. */
  get areThere(): boolean {
    this.#areThere ??= hasTable(this.#db, "tally");
    return this.#areThere;
  }

  /**
   * In a transaction: what a life tells of itself, and what its row has to keep of it; `undefined`: the row has that already. `key`: left
   * out where there is no row yet.
   */
  count(key: LifeKey | undefined, workflowName: string, totals: Totals): string | undefined {
    if (!this.areThere) {
      this.#db.run(tables);
      this.#areThere = true;
    }
    const stored = key && this.#totalsOf(key);
    const text = JSON.stringify(totals);
    if (stored === text) return undefined;
    const before: Totals = stored === undefined ? {} : JSON.parse(stored);
    for (const [kind, value] of Object.entries(totals)) {
      const series = OF_WORKFLOW.includes(kind) ? kind + workflowName : kind;
      this.#add(series, value, before[kind] ?? []);
    }
    return text;
  }

  purged(): void {
    if (this.areThere) this.#add(PURGED, [1], []);
  }

  /** The rest of the row is written by others. */
  keep({ instanceId, createdAtMs }: LifeKey, totals: string): void {
    this.#db.run("UPDATE entry SET totals = ? WHERE created = ? AND id = ?", totals, createdAtMs, instanceId);
  }

  /** Before the transaction ends. */
  write(): void {
    if (this.#changed.size === 0) return;
    const changed = [...this.#changed].map((series) => [series, JSON.stringify(this.#series?.get(series))]);
    this.#db.run(WRITE, JSON.stringify(changed));
    this.#changed.clear();
  }

  /** After one that has failed: memory may be ahead of the database. */
  forget(): void {
    this.#series = undefined;
    this.#areThere = undefined;
    this.#changed.clear();
  }

  all(): ReadonlyMap<string, Counted> {
    return this.areThere ? this.#loaded() : new Map();
  }

  #totalsOf({ instanceId, createdAtMs }: LifeKey): string | undefined {
    const [row] = this.#db.query<{ totals: string | null }>(
      "SELECT totals FROM entry WHERE created = ? AND id = ?",
      createdAtMs,
      instanceId,
    );
    return row?.totals ?? undefined;
  }

  #loaded(): Map<string, number[]> {
    this.#series ??= new Map(
      this.#db
        .query<{ series: string; value: string }>("SELECT series, value FROM tally")
        .map(({ series, value }) => [series, JSON.parse(value) as number[]]),
    );
    return this.#series;
  }

  /** What an instance has lost of its totals, under code that does not know them, takes nothing away. */
  #add(series: string, now: readonly number[], before: readonly number[]): void {
    const more = increase(now, before);
    if (more.length === 0) return;
    const all = this.#loaded();
    const known = all.has(series) || all.size < MOST_SERIES ? series : series.slice(0, 2) + OTHER;
    const sum = [...(all.get(known) ?? Array<number>(now.length > 1 ? BUCKETS_MS.length + 2 : 1).fill(0))];
    for (const [place, value] of more) sum[place] = (sum[place] ?? 0) + value;
    all.set(known, sum);
    this.#changed.add(known);
  }
}

/** What is more than before, by its place in the sum, which has one for each bucket. */
function increase(now: readonly number[], before: readonly number[]): (readonly [place: number, more: number])[] {
  const more: (readonly [number, number])[] = [[0, (now[0] ?? 0) - (before[0] ?? 0)]];
  for (let n = 1; n < now.length; n += 2) {
    const bucket = now[n] ?? 0;
    more.push([1 + bucket, (now[n + 1] ?? 0) - oftenIn(before, bucket)]);
  }
  return more.filter(([, value]) => value > 0);
}

function oftenIn(series: readonly number[], bucket: number): number {
  for (let n = 1; n < series.length; n += 2) if (series[n] === bucket) return series[n + 1] ?? 0;
  return 0;
}
