import type { SqlDatabase } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/*
 * Webhooks that their receivers have not taken yet. The table is there only where there was ever one. It is no part of the schema's
 * version: code that does not know it leaves it alone, and so does a reuse of the ID; a purge takes it with it.
 *
 * Written by: the commit of the turn that is told of, and an attempt that has failed.
 * Deleted by: an answer that is the last, and a purge.
 */

/** Which webhook, for which receiver. */
export interface WebhookKey {
  /** The same however often it is sent. */
  readonly id: string;
  readonly url: string;
}

export interface NewWebhook extends WebhookKey {
  /** Fits into a row. */
  readonly body: string;
}

export interface OwedWebhook extends WebhookKey {
  readonly attempts: number;
  /** When it is to be sent next, in milliseconds since 1970. */
  readonly dueAtMs: number;
}

type WebhookRow = { id: string; url: string; attempts: number; due_at_ms: number };

const table = `
CREATE TABLE IF NOT EXISTS webhook (
  id TEXT NOT NULL, url TEXT NOT NULL, attempts INTEGER NOT NULL, due_at_ms INTEGER NOT NULL, payload TEXT NOT NULL,
  PRIMARY KEY (id, url)
) STRICT, WITHOUT ROWID
`;

export function insertWebhooks(db: SqlDatabase, codec: TextCodec, webhooks: readonly NewWebhook[]): void {
  db.run(table);
  for (const { id, url, body } of webhooks)
    db.run(
      "INSERT OR REPLACE INTO webhook (id, url, attempts, due_at_ms, payload) VALUES (?, ?, 0, 0, ?)",
      id,
      url,
      codec.encode(body),
    );
}

export function readWebhooks(db: SqlDatabase): OwedWebhook[] {
  return db
    .query<WebhookRow>("SELECT id, url, attempts, due_at_ms FROM webhook ORDER BY id, url")
    .map(({ id, url, attempts, due_at_ms: dueAtMs }) => ({ id, url, attempts, dueAtMs }));
}

export function readWebhookBody(db: SqlDatabase, codec: TextCodec, { id, url }: WebhookKey): string | undefined {
  const [row] = db.query<{ payload: string }>("SELECT payload FROM webhook WHERE id = ? AND url = ?", id, url);
  return row && codec.decode(row.payload);
}

export function putOffWebhook(db: SqlDatabase, { id, url, attempts, dueAtMs }: OwedWebhook): void {
  db.run("UPDATE webhook SET attempts = ?, due_at_ms = ? WHERE id = ? AND url = ?", attempts, dueAtMs, id, url);
}

export function deleteWebhook(db: SqlDatabase, { id, url }: WebhookKey): void {
  db.run("DELETE FROM webhook WHERE id = ? AND url = ?", id, url);
}
