import { EVENTS } from "./history-table.ts";
import { EXECUTION_ID } from "./instance-row.ts";
import type { HistoryTable } from "./schema.ts";
import type { SqlDatabase } from "./sql-database.ts";

/*
 * The children of executions that have continued as new. Their history is gone, and whoever ends the instance with its
 * children, or purges it, still has to find them.
 *
 * Written by: a continue-as-new.
 * Deleted by: the reuse of the ID, and a purge.
 */

export interface FormerChild {
  instanceId: string;
  executionId: string;
}

/** `undefined`: there is no such table. */
export function readFormerChildren(db: SqlDatabase | undefined): FormerChild[] {
  if (db === undefined) return [];
  return db
    .query<{ instance_id: string; execution_id: string }>("SELECT instance_id, execution_id FROM former_child")
    .map((row) => ({ instanceId: row.instance_id, executionId: row.execution_id }));
}

/** Takes the children over that are in the history, before that is deleted and the row of the instance is changed. */
export function keepChildren(db: SqlDatabase, table: HistoryTable): void {
  db.run(
    `INSERT OR REPLACE INTO former_child (instance_id, execution_id)
       SELECT json_extract(detail, '$.instanceId'), ${EXECUTION_ID[table]}
       FROM ${EVENTS[table]} WHERE type = 'ChildWorkflowInstanceCreated'`,
  );
}
