import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { ScheduleState } from "../state.ts";
import { Tables } from "./schema.ts";

/** So many nominal times lie in the state before the oldest of them get a row, and so many get one together. */
const MOST_RECENT = 512;
const PER_ROW = 256;
/** Some 100,000 times. */
const MOST_ROWS = 400;

/** The key of the schedule's own input; that of a fire is its key. */
export const OWN_INPUT = "";

/** Inputs that are written with a state; `undefined` takes one out. */
export type InputChanges = ReadonlyMap<string, string | undefined>;

/** All that a schedule keeps. Synchronous; it knows no clock. */
export class ScheduleStore {
  readonly #tables: Tables;

  /** Throws ScheduleTooNewError. */
  constructor(db: SqlDatabase) {
    this.#tables = new Tables(db);
  }

  /** `undefined`: there is no schedule. "leaving": it was deleted, and its name may be in the index still. */
  load(): ScheduleState | "leaving" | undefined {
    const stored = this.#tables.meta("state");
    return stored === undefined ? undefined : JSON.parse(stored);
  }

  /** Gives the state as it was kept: what it has of times that have run may have been put aside. */
  save(state: ScheduleState, inputs?: InputChanges): ScheduleState {
    const isFull = state.ran.length > MOST_RECENT;
    const kept = isFull ? { ...state, ran: state.ran.slice(PER_ROW) } : state;
    this.#tables.write(() => {
      this.#tables.setMeta("state", JSON.stringify(kept));
      for (const [key, text] of inputs ?? []) this.#putInput(key, text);
      if (isFull) this.#putAside(state.ran.slice(0, PER_ROW));
    });
    return kept;
  }

  leave(): void {
    this.#tables.write(() => this.#tables.setMeta("state", JSON.stringify("leaving")));
  }

  forget(): void {
    this.#tables.forget();
  }

  input(key: string): string | undefined {
    if (!this.#tables.areThere) return undefined;
    return this.#tables.db.query<{ text: string }>("SELECT text FROM input WHERE key = ?", key)[0]?.text;
  }

  /** Nominal times in seconds: of those that have been put aside, all that may lie between these two. */
  ranBetween(from: number, to: number): Set<number> {
    const rows = this.#tables.areThere ? this.#tables.db.query<{ times: string }>("SELECT times FROM ran") : [];
    const times = rows.flatMap((row): number[] => JSON.parse(row.times));
    return new Set(times.filter((time) => time >= from && time <= to));
  }

  #putInput(key: string, text: string | undefined): void {
    const { db } = this.#tables;
    db.run("DELETE FROM input WHERE key = ?", key);
    if (text !== undefined) db.run("INSERT INTO input (key, text) VALUES (?, ?)", key, text);
  }

  /** A backfill may have run times in another order than theirs. */
  #putAside(times: readonly number[]): void {
    const { db } = this.#tables;
    db.run("INSERT INTO ran (times) VALUES (?)", JSON.stringify(times));
    db.run("DELETE FROM ran WHERE number <= (SELECT max(number) FROM ran) - ?", MOST_ROWS);
  }
}
