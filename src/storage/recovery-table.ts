import type { SqlDatabase } from "./sql-database.ts";

/*
 * Activities that a restart has found without a result, how often, and the details of their last heartbeat (JSON, encoded).
 *
 * Written by: a restart, before it runs them again, and a heartbeat.
 * Deleted by: the commit of the turn with the activity's result, a continue-as-new, the reuse of the ID, and a purge.
 */

export interface Recovery {
  count: number;
  progress: string | undefined;
}

/** `undefined`: there is no such table. */
export function readRecoveries(db: SqlDatabase | undefined): Map<number, Recovery> {
  if (db === undefined) return new Map();
  const rows = db.query<{ task_id: number; count: number; progress: string | null }>("SELECT * FROM recovery");
  return new Map(rows.map((row) => [row.task_id, { count: row.count, progress: row.progress ?? undefined }]));
}

/** All texts of the table, as they are stored. */
export function readProgress(db: SqlDatabase): string[] {
  const rows = db.query<{ progress: string }>("SELECT progress FROM recovery WHERE progress IS NOT NULL");
  return rows.map(({ progress }) => progress);
}

/** A restart has found them open. */
export function countRecovery(db: SqlDatabase, taskIds: readonly number[]): void {
  for (const taskId of taskIds)
    db.run(
      "INSERT INTO recovery (task_id, count) VALUES (?, 1) ON CONFLICT (task_id) DO UPDATE SET count = count + 1",
      taskId,
    );
}

/** `progress` is as it is stored. */
export function saveProgress(db: SqlDatabase, taskId: number, progress: string): void {
  db.run(
    "INSERT INTO recovery (task_id, count, progress) VALUES (?, 0, ?) ON CONFLICT (task_id) DO UPDATE SET progress = excluded.progress",
    taskId,
    progress,
  );
}

export function deleteRecovery(db: SqlDatabase, taskId: number): void {
  db.run("DELETE FROM recovery WHERE task_id = ?", taskId);
}

export function deleteRecoveries(db: SqlDatabase): void {
  db.run("DELETE FROM recovery");
}
