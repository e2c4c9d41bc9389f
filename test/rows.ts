import { EVENTS } from "../src/storage/history-table.ts";

/** For queries: the instance's own row, in columns of its own. */
export const INSTANCE = `(
  SELECT detail ->> '$.instanceId' AS instance_id, name, type AS status, at_ms AS created_at_ms,
    detail ->> '$.executionId' AS execution_id,
    detail ->> '$.generation' AS generation, detail -> '$.parent' AS parent, detail -> '$.searchAttributes' AS attributes, payload AS custom_status,
    detail -> '$.searchAttributes' AS attributes
    FROM instance WHERE seq = -1
)`;

/** For queries: all events of a database with these tables, of whatever schema version. */
export function eventsOf(tables: readonly string[]): string {
  return EVENTS[tables.includes("history") ? "history" : "instance"];
}
