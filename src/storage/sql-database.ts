/** What a column holds here: every table keeps to texts and integers. */
export type SqlValue = string | number | null;

/**
 * The part of a Durable Object's synchronous SQL storage that the stores use (`ctx.storage.sql` and
 * `ctx.storage.transactionSync`); a test can put another SQLite in its place.
 */
export interface SqlDatabase {
  /** Runs one statement and returns its rows. Rows are read at once: a cursor must not outlive an await. */
  query<Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]): Row[];
  run(statement: string, ...bindings: SqlValue[]): void;
  /** Of all that is stored, where that is known. */
  readonly sizeBytes?: number | undefined;
  /** All or nothing. Synchronous by type: a promise inside would let other events see the half. */
  transaction<T>(change: () => T extends Promise<unknown> ? never : T): T;
}
