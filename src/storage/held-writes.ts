import { lengthOf, MAX_SHARED_LENGTH, type StoredEvent } from "./history-row.ts";
import { insertEvents, insertWithRecord } from "./history-table.ts";
import { type InstanceRecord, insertRecord, recordColumns, updateRecord } from "./instance-row.ts";
import type { HistoryTable } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";

/** The row of the instance as it is to be; `customStatus` as it is stored. */
interface HeldRecord {
  readonly record: InstanceRecord;
  readonly customStatus: string | null;
  /** It is not in the table yet. */
  readonly isNew: boolean;
}

/**
 * Writes that wait for others, to be made together: the events of the last turns, and the instance's own row, of which the
 * last state counts. What could not be written is still here, and can be tried again.
 */
export class HeldWrites {
  #events: StoredEvent[] = [];
  #length = 0;
  #record: HeldRecord | undefined;

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#record === undefined;
  }

  /** Adds the events of a turn, unless they do not fit into one row with the others. */
  add(events: readonly StoredEvent[]): boolean {
    if (events.length === 0) return true;
    const length = this.#length + lengthOf(events);
    if (length > MAX_SHARED_LENGTH && this.#events.length > 0) return false;
    this.#events.push(...events);
    this.#length = length;
    return true;
  }

  setRecord(record: InstanceRecord, customStatus: string | null, isNew = false): void {
    this.#record = { record, customStatus, isNew: isNew || this.#record?.isNew === true };
  }

  /** `nextSeq`: the number that follows those of the events. */
  write(db: SqlDatabase, table: HistoryTable, nextSeq: number): void {
    const fitIntoOneRow = this.#events.length > 1 && this.#length <= MAX_SHARED_LENGTH;
    if (this.#record?.isNew && fitIntoOneRow) this.#writeNew(db, this.#record);
    if (this.#record !== undefined) {
      const { record, customStatus, isNew } = this.#record;
      if (isNew) insertRecord(db, record, customStatus);
      else updateRecord(db, table, record, customStatus);
      this.#record = undefined;
    }
    if (this.#events.length === 0) return;
    insertEvents(db, table, this.#events, nextSeq - this.#events.length, true);
    this.#forgetEvents();
  }

  #writeNew(db: SqlDatabase, { record, customStatus }: HeldRecord): void {
    insertWithRecord(db, recordColumns(record, customStatus), this.#events);
    this.#record = undefined;
    this.#forgetEvents();
  }

  #forgetEvents(): void {
    this.#events = [];
    this.#length = 0;
  }
}
