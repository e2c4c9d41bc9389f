import type { ParentLink } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import type { SqlDatabase, SqlValue } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/** The instance as its one row tells. `PENDING`: the first turn of this execution has not been committed. */
export interface InstanceRecord {
  readonly instanceId: string;
  readonly name: string;
  readonly status: RuntimeStatus;
  readonly executionId: string;
  readonly generation: number;
  readonly createdAtMs: number;
  readonly startRequestId?: string | undefined;
  readonly customStatus?: string | undefined;
  readonly parent?: ParentLink | undefined;
  /** Where in the history ExecutionCompleted stands. */
  readonly completedSeq?: number | undefined;
}

/** The row as it lies in the database, of whatever version. */
export type InstanceRow = Record<string, SqlValue>;

export function readRow(db: SqlDatabase): InstanceRow | undefined {
  return db.query("SELECT * FROM instance")[0];
}

export function toRecord(row: InstanceRow, codec: TextCodec): InstanceRecord {
  return {
    instanceId: row.instance_id as string,
    name: row.name as string,
    status: row.status as RuntimeStatus,
    executionId: row.execution_id as string,
    generation: row.generation as number,
    createdAtMs: row.created_at_ms as number,
    startRequestId: (row.start_request_id as string | null) ?? undefined,
    customStatus: row.custom_status === null ? undefined : codec.decode(row.custom_status as string),
    parent: row.parent === null ? undefined : (JSON.parse(row.parent as string) as ParentLink),
    completedSeq: (row.completed_seq as number | null) ?? undefined,
  };
}

/** `customStatus` is as it is stored. */
export function insertRecord(db: SqlDatabase, record: InstanceRecord, customStatus: string | null): void {
  db.run(
    `INSERT INTO instance (id, schema_version, instance_id, name, status, execution_id, generation, created_at_ms,
       start_request_id, parent, custom_status, completed_seq) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    SCHEMA_VERSION,
    record.instanceId,
    record.name,
    record.status,
    record.executionId,
    record.generation,
    record.createdAtMs,
    record.startRequestId ?? null,
    record.parent === undefined ? null : JSON.stringify(record.parent),
    customStatus,
    record.completedSeq ?? null,
  );
}

/** Writes the fields that change while an instance lives. `customStatus` is as it is stored. */
export function updateRecord(db: SqlDatabase, record: InstanceRecord, customStatus: string | null): void {
  db.run(
    "UPDATE instance SET status = ?, execution_id = ?, generation = ?, custom_status = ?, completed_seq = ?",
    record.status,
    record.executionId,
    record.generation,
    customStatus,
    record.completedSeq ?? null,
  );
}
