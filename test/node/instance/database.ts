// SQLite as a Durable Object has it, over node:sqlite: all writes between two commits are one implicit transaction.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlDatabase, SqlValue } from "../../../src/storage/sql-database.ts";

export interface SqlCounters {
  statements: number;
  /** Rows inserted, changed or deleted, by table. */
  readonly rows: Map<string, number>;
}

/** Called before every statement that writes, or every one that reads; may throw in its place. */
export type BeforeStatement = (statement: string) => void;

export class MemoryDatabase {
  readonly #db = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, StatementSync>();
  readonly counters: SqlCounters = { statements: 0, rows: new Map() };

  close(): void {
    this.#db.close();
  }

  /** Whether something has been written since the last commit. */
  get hasUncommitted(): boolean {
    return this.#db.isTransaction;
  }

  commit(): void {
    if (this.hasUncommitted) this.#db.exec("COMMIT");
  }

  rollback(): void {
    if (this.hasUncommitted) this.#db.exec("ROLLBACK");
  }

  tables(): string[] {
    return this.read<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map(
      ({ name }) => name,
    );
  }

  hasTable(name: string): boolean {
    return this.read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).length > 0;
  }

  /** For tests: reads without being counted; a table that has not been created is empty. */
  read<Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]): Row[] {
    try {
      return this.#query(statement, ...bindings);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("no such table")) return [];
      throw error;
    }
  }

  /** All rows of all tables. */
  dump(): Record<string, Record<string, SqlValue>[]> {
    return Object.fromEntries(this.tables().map((table) => [table, this.#query(`SELECT * FROM ${table}`)]));
  }

  #query<Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]): Row[] {
    return this.#statement(statement).all(...bindings) as Row[];
  }

  /** Writes as nobody of the instance would: to prepare a test. */
  tamper(statement: string, ...bindings: SqlValue[]): void {
    this.#statement(statement).run(...bindings);
  }

  dropAll(): void {
    this.#begin();
    for (const table of this.tables()) this.#db.exec(`DROP TABLE ${table}`);
  }

  /** What the stores get. `isDead()` cuts it off: a lost object writes and reads no more. */
  port(
    beforeWrite: BeforeStatement = () => undefined,
    isDead: () => boolean = () => false,
    beforeRead: BeforeStatement = () => undefined,
  ): SqlDatabase {
    const alive = () => {
      if (isDead()) throw new Error("This life of the object is over");
    };
    return {
      query: <Row extends Record<string, SqlValue>>(statement: string, ...bindings: SqlValue[]) => {
        alive();
        beforeRead(statement);
        this.counters.statements++;
        return this.#query<Row>(statement, ...bindings);
      },
      run: (statement, ...bindings) => {
        alive();
        beforeWrite(statement);
        alive();
        this.counters.statements++;
        this.#begin();
        // SQLite's own bindings go to one statement; several come without any.
        if (/CREATE TABLE/.test(statement)) return this.#db.exec(statement);
        const { changes } = this.#statement(statement).run(...bindings);
        const table = /(?:INTO|UPDATE|FROM)\s+(\w+)/.exec(statement)?.[1] ?? "?";
        this.counters.rows.set(table, (this.counters.rows.get(table) ?? 0) + Number(changes));
      },
      transaction: (change) => {
        alive();
        this.#begin();
        this.#db.exec("SAVEPOINT change");
        try {
          const result = change();
          alive();
          this.#db.exec("RELEASE change");
          return result;
        } catch (error) {
          if (!isDead()) this.#db.exec("ROLLBACK TO change; RELEASE change");
          throw error;
        }
      },
    };
  }

  #begin(): void {
    if (!this.#db.isTransaction) this.#db.exec("BEGIN");
  }

  #statement(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (statement === undefined) {
      statement = this.#db.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }
}
