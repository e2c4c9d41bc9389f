import { bindingsOf, type EventRow, fits, insertOf } from "./history-insert.ts";
import { type InstanceRecord, insertRecord, updateRecord } from "./instance-row.ts";
import type { SqlDatabase } from "./sql-database.ts";

/** The row of the instance as it is to be; `customStatus` as it is stored. */
interface HeldRecord {
  readonly record: InstanceRecord;
  readonly customStatus: string | null;
  /** It is not in the table yet. */
  readonly isNew: boolean;
}

/**
 * Writes that wait for others, to be made together: the rows of the last turns, and the instance's own row, of which the last
 * state counts. What could not be written is still here, and can be tried again.
 */
export class HeldWrites {
  #turns: (readonly EventRow[])[] = [];
  #rows = 0;
  #bindings = 0;
  #record: HeldRecord | undefined;

  get isEmpty(): boolean {
    return this.#rows === 0 && this.#record === undefined;
  }

  /** Adds the rows of a turn, unless they do not fit into one statement with the others. */
  addTurn(rows: readonly EventRow[]): boolean {
    if (rows.length === 0) return true;
    const bindings = this.#bindings + bindingsOf(rows);
    if (!fits(bindings)) return false;
    this.#turns.push(rows);
    this.#rows += rows.length;
    this.#bindings = bindings;
    return true;
  }

  setRecord(record: InstanceRecord, customStatus: string | null, isNew = false): void {
    this.#record = { record, customStatus, isNew: isNew || this.#record?.isNew === true };
  }

  /** `nextSeq`: the number that follows those of the rows. */
  write(db: SqlDatabase, nextSeq: number): void {
    if (this.#record !== undefined) {
      const { record, customStatus, isNew } = this.#record;
      if (isNew) insertRecord(db, record, customStatus);
      else updateRecord(db, record, customStatus);
      this.#record = undefined;
    }
    if (this.#rows === 0) return;
    const { statement, bindings } = insertOf(this.#turns, nextSeq - this.#rows);
    db.run(statement, ...bindings);
    this.#turns = [];
    this.#rows = 0;
    this.#bindings = 0;
  }
}
