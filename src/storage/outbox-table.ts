import type { AddressedMessage, Message } from "../model/message.ts";
import { deletePayload, readPayload, type StoredPayload, writePayload } from "./chunk-table.ts";
import { checkVersion } from "./fact-columns.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { readMessage } from "./stored-failures.ts";
import type { TextCodec } from "./vault.ts";

/*
 * The outbox: messages to other instances that are not acknowledged yet, in the order in which they were asked for.
 *
 * Written by: the commit of the turn that asks for them.
 * Deleted by: its acknowledgement, the reuse of the ID, and a purge.
 */

export interface OutboxEntry extends AddressedMessage {
  readonly seq: number;
}

type OutboxRow = StoredPayload & {
  seq: number;
  version: number;
  target: string;
  [column: string]: string | number | null;
};

/** As it is encoded. */
export function textOfMessage(message: Message): string {
  return JSON.stringify(message);
}

export function insertOutbox(
  db: SqlDatabase,
  codec: TextCodec,
  seq: number,
  { to, message }: AddressedMessage,
): OutboxEntry {
  const stored = writePayload(db, "outbox", seq, codec.encode(textOfMessage(message)));
  db.run(
    "INSERT INTO outbox (seq, target, payload, chunks) VALUES (?, ?, ?, ?)",
    seq,
    to,
    stored.payload,
    stored.chunks,
  );
  return { seq, to, message };
}

/** `undefined`: there is no such table. */
export function readOutbox(db: SqlDatabase | undefined, codec: TextCodec): OutboxEntry[] {
  if (db === undefined) return [];
  return db.query<OutboxRow>("SELECT seq, version, target, payload, chunks FROM outbox ORDER BY seq").map((row) => {
    checkVersion(row.version, "a message");
    const text = codec.decode(readPayload(db, "outbox", row.seq, row) ?? "null");
    return { seq: row.seq, to: row.target, message: readMessage(text) };
  });
}

export function isOutboxEmpty(db: SqlDatabase): boolean {
  return db.query("SELECT 1 FROM outbox LIMIT 1").length === 0;
}

/** Whether a fact waits to be taken, or a message to be acknowledged: one look at both tables. */
export function areQueuesEmpty(db: SqlDatabase): boolean {
  return db.query("SELECT 1 FROM inbox UNION ALL SELECT 1 FROM outbox LIMIT 1").length === 0;
}

export function deleteOutbox(db: SqlDatabase, seq: number): void {
  db.run("DELETE FROM outbox WHERE seq = ?", seq);
  deletePayload(db, "outbox", seq);
}

/** Where the next message will stand. */
export function nextOutboxSeq(db: SqlDatabase): number {
  const [row] = db.query<{ last: number | null }>("SELECT max(seq) AS last FROM outbox");
  return (row?.last ?? -1) + 1;
}
