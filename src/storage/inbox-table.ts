import type { HistoryFact } from "../model/history-event.ts";
import { deletePayload, writePayload } from "./chunk-table.ts";
import { type FactRow, readFact } from "./fact-columns.ts";
import type { FactColumns } from "./fact-forms.ts";
import type { SqlDatabase } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/*
 * The inbox: facts received and not yet taken by a turn, in the order in which they came.
 *
 * Written by: `receive`, a scheduled start, and an acknowledgement that is an answer.
 * Deleted by: the commit of the turn that takes the fact, the reuse of the ID, and a purge.
 */

/** A fact received and not yet taken by a turn. */
export interface InboxEntry {
  readonly seq: number;
  readonly fact: HistoryFact;
  /** Only for this execution; a later one drops it. */
  readonly executionId?: string | undefined;
  /** Of a start: the first turn is not taken before this time, unless something ends the instance. */
  readonly dueAtMs?: number | undefined;
}

export type NewInboxEntry = Omit<InboxEntry, "seq">;

/** `columns`: those of its fact, as they are stored. */
export function insertInbox(db: SqlDatabase, seq: number, entry: NewInboxEntry, columns: FactColumns): InboxEntry {
  const { type, task_id, name, payload, detail } = columns;
  const stored = writePayload(db, "inbox", seq, payload);
  db.run(
    `INSERT INTO inbox (seq, execution_id, due_at_ms, type, task_id, name, payload, chunks, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    entry.executionId ?? null,
    entry.dueAtMs ?? null,
    type,
    task_id,
    name,
    stored.payload,
    stored.chunks,
    detail,
  );
  return { ...entry, seq };
}

/** `undefined`: there is no such table. */
export function readInbox(db: SqlDatabase | undefined, codec: TextCodec): InboxEntry[] {
  if (db === undefined) return [];
  return db.query<FactRow>("SELECT * FROM inbox ORDER BY seq").map((row) => ({
    seq: row.seq,
    fact: readFact(db, codec, "inbox", row),
    executionId: (row.execution_id as string | null) ?? undefined,
    dueAtMs: (row.due_at_ms as number | null) ?? undefined,
  }));
}

export function deleteInbox(db: SqlDatabase, seq: number): void {
  db.run("DELETE FROM inbox WHERE seq = ?", seq);
  deletePayload(db, "inbox", seq);
}

/** Where the next fact will stand. */
export function nextInboxSeq(db: SqlDatabase): number {
  const [row] = db.query<{ last: number | null }>("SELECT max(seq) AS last FROM inbox");
  return (row?.last ?? -1) + 1;
}
