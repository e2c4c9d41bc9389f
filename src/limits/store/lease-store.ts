import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { Entry, Ledger, Queue, Standing } from "../ledger.ts";
import { createTables, openTables, readMeta, writeMeta } from "./schema.ts";

type Row = {
  instance: string;
  lease: string;
  key: string;
  seq: number;
  place: number;
  since: number;
  until: number | null;
};

const COLUMNS = "instance, lease, key, seq, place, since, until";

/** The leases of one limiter, and all that speaks SQL of them. A database that nobody has written to has no tables. */
export class LeaseStore implements Ledger {
  readonly #db: SqlDatabase;
  #hasTables = false;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** Before anything else. Throws LimiterTooNewError. */
  open(): void {
    this.#hasTables = openTables(this.#db);
  }

  /** All of it, or nothing. */
  transaction<T>(change: () => T extends Promise<unknown> ? never : T): T {
    const hadTables = this.#hasTables;
    try {
      return this.#db.transaction(change);
    } catch (error) {
      this.#hasTables = hadTables;
      throw error;
    }
  }

  find(instanceId: string, lease: string): Entry | undefined {
    return this.#entries("WHERE instance = ? AND lease = ?", instanceId, lease)[0];
  }

  put({ instanceId, lease, key, seq, place, sinceMs, untilMs }: Entry): void {
    this.#needTables();
    this.#db.run(
      `INSERT OR REPLACE INTO lease (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      instanceId,
      lease,
      key,
      seq,
      place,
      sinceMs,
      untilMs ?? null,
    );
  }

  remove({ instanceId, lease }: Pick<Entry, "instanceId" | "lease">): void {
    if (this.#hasTables) this.#db.run("DELETE FROM lease WHERE instance = ? AND lease = ?", instanceId, lease);
  }

  held(): readonly Entry[] {
    return this.#entries("WHERE until IS NOT NULL");
  }

  waiting(): number {
    return this.#number("SELECT count(*) AS n FROM lease WHERE until IS NULL");
  }

  lastPlace(): number {
    return this.#number("SELECT max(place) AS n FROM lease");
  }

  firstOf(key: string): Entry | undefined {
    return this.#entries("WHERE until IS NULL AND key = ? ORDER BY place LIMIT 1", key)[0];
  }

  nextKey(after: string | undefined): string | undefined {
    if (!this.#hasTables) return undefined;
    const behind = after === undefined ? "" : "AND key > ?";
    const statement = `SELECT key FROM lease WHERE until IS NULL ${behind} ORDER BY key LIMIT 1`;
    return this.#db.query<{ key: string }>(statement, ...(after === undefined ? [] : [after]))[0]?.key;
  }

  standing(): Standing | undefined {
    const text = this.#hasTables ? readMeta(this.#db, "standing") : undefined;
    return text === undefined ? undefined : (JSON.parse(text) as Standing);
  }

  save(standing: Standing): void {
    this.#needTables();
    writeMeta(this.#db, "standing", JSON.stringify(standing));
  }

  queues(most: number): { readonly queues: readonly Queue[]; readonly keys: number } {
    if (!this.#hasTables) return { queues: [], keys: 0 };
    const rows = this.#db.query<{ key: string; waiting: number; oldest: number; keys: number }>(
      `SELECT key, count(*) AS waiting, min(since) AS oldest, count(*) OVER () AS keys FROM lease
        WHERE until IS NULL GROUP BY key ORDER BY waiting DESC, key LIMIT ?`,
      most,
    );
    const queues = rows.map(({ key, waiting, oldest }) => ({ key, waiting, oldestSinceMs: oldest }));
    return { queues, keys: rows[0]?.keys ?? 0 };
  }

  oldestSinceMs(): number | undefined {
    return this.#number("SELECT min(since) AS n FROM lease WHERE until IS NULL") || undefined;
  }

  before(key: string, place: number): number {
    return this.#number("SELECT count(*) AS n FROM lease WHERE until IS NULL AND key = ? AND place < ?", key, place);
  }

  /** One way over the index, however many are asked for: it has all that is read. */
  positions(instanceIds: readonly string[]): ReadonlyMap<string, number> {
    if (!this.#hasTables) return new Map();
    const rows = this.#db.query<{ instance: string; n: number }>(
      `SELECT instance, min(n) AS n FROM (
          SELECT instance, row_number() OVER (PARTITION BY key ORDER BY place) AS n FROM lease WHERE until IS NULL
        ) WHERE instance IN (SELECT value FROM json_each(?)) GROUP BY instance`,
      JSON.stringify(instanceIds),
    );
    return new Map(rows.map(({ instance, n }) => [instance, n]));
  }

  /** Of those queues that come before its own in this round one more. */
  beforeInOthers(key: string, ahead: number, served: string): number {
    return this.#number(
      `SELECT sum(min(n, ?1 + CASE WHEN (key > ?3) = (?2 > ?3) THEN key < ?2 ELSE key > ?3 END)) AS n
        FROM (SELECT key, count(*) AS n FROM lease WHERE until IS NULL AND key <> ?2 GROUP BY key)`,
      ahead,
      key,
      served,
    );
  }

  #entries(where: string, ...bindings: string[]): Entry[] {
    if (!this.#hasTables) return [];
    return this.#db.query<Row>(`SELECT ${COLUMNS} FROM lease ${where}`, ...bindings).map(toEntry);
  }

  #number(statement: string, ...bindings: (string | number)[]): number {
    if (!this.#hasTables) return 0;
    return this.#db.query<{ n: number | null }>(statement, ...bindings)[0]?.n ?? 0;
  }

  #needTables(): void {
    if (this.#hasTables) return;
    createTables(this.#db);
    this.#hasTables = true;
  }
}

function toEntry({ instance, lease, key, seq, place, since, until }: Row): Entry {
  return { instanceId: instance, lease, key, seq, place, sinceMs: since, untilMs: until ?? undefined };
}
