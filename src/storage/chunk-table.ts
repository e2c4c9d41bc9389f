import type { SqlDatabase } from "./sql-database.ts";

/*
 * The pieces of payloads that are too long for one row.
 *
 * Written by: whoever writes the row that the payload is of, in the same transaction.
 * Deleted by: whoever deletes that row, in the same transaction; the reuse of the ID, and a purge.
 */

/**
 * A row may hold 2 MB in production (the local runtime accepts 8), so a longer payload is split over rows of `chunk`.
 * Measured in UTF-16 units, of which one takes at most three bytes: no piece is longer than 1 MiB.
 */
export const PIECE_LENGTH = 349_525;

export type ChunkOwner = "history" | "inbox" | "outbox";

/** What goes into the row's own `payload` and `chunks` columns. */
export interface StoredPayload {
  readonly payload: string | null;
  readonly chunks: number | null;
}

export function isLong(payload: string | null): boolean {
  return payload !== null && payload.length > PIECE_LENGTH;
}

/** Writes the pieces of a payload, if it is long, and returns what its row is to hold. */
export function writePayload(db: SqlDatabase, owner: ChunkOwner, seq: number, payload: string | null): StoredPayload {
  if (payload === null || !isLong(payload)) return { payload, chunks: null };
  let parts = 0;
  for (let from = 0; from < payload.length; ) {
    const to = endOfPiece(payload, from + PIECE_LENGTH);
    db.run(
      "INSERT INTO chunk (owner, seq, part, text) VALUES (?, ?, ?, ?)",
      owner,
      seq,
      parts++,
      payload.slice(from, to),
    );
    from = to;
  }
  return { payload: null, chunks: parts };
}

/** The whole payload of a row. */
export function readPayload(db: SqlDatabase, owner: ChunkOwner, seq: number, stored: StoredPayload): string | null {
  if (stored.chunks === null) return stored.payload;
  const rows = db.query<{ text: string }>(
    "SELECT text FROM chunk WHERE owner = ? AND seq = ? ORDER BY part",
    owner,
    seq,
  );
  if (rows.length !== stored.chunks) {
    throw new Error(
      `Row ${seq} of ${owner} should have ${stored.chunks} pieces of payload, and ${rows.length} were found`,
    );
  }
  return rows.map((row) => row.text).join("");
}

/** How many bytes the long payloads of the history take. */
export function historyPayloadBytes(db: SqlDatabase): number {
  const rows = db.query<{ bytes: number }>(
    "SELECT CAST(total(octet_length(text)) AS INTEGER) AS bytes FROM chunk WHERE owner = 'history'",
  );
  return rows[0]?.bytes ?? 0;
}

/** Those of one row. */
export function deletePayload(db: SqlDatabase, owner: ChunkOwner, seq: number): void {
  db.run("DELETE FROM chunk WHERE owner = ? AND seq = ?", owner, seq);
}

/** Those of all events. */
export function deleteHistoryPayloads(db: SqlDatabase): void {
  db.run("DELETE FROM chunk WHERE owner = 'history'");
}

/** A surrogate pair must not be cut in two: half of one is no valid text. */
function endOfPiece(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
