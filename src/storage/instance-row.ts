import type { ParentLink } from "../model/history-event.ts";
import { executionOfName, nameOfExecution } from "../model/ids.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";
import type { RuntimeStatus } from "../model/status.ts";
import type { Totals } from "../model/totals.ts";
import { type HistoryTable, SCHEMA_VERSION } from "./schema.ts";
import type { SqlDatabase, SqlValue } from "./sql-database.ts";
import type { TextCodec } from "./vault.ts";

/*
 * The instance's own row: the first one of the table `instance`, numbered -1, with the events of the history behind it. Up to
 * schema version 4 it has the table to itself, with a column for each field.
 *
 * Written by: a start, and the commit of each turn that changes it.
 * Deleted by: the reuse of the ID, and a purge.
 */

/** The instance as its one row tells. `PENDING`: the first turn of this execution has not been committed. */
export interface InstanceRecord {
  readonly instanceId: string;
  readonly name: string;
  readonly status: RuntimeStatus;
  readonly executionId: string;
  /** How often this execution has been rewound; absent: never. */
  readonly rewinds?: number | undefined;
  readonly generation: number;
  /** That somebody has put this execution on; absent: that of its start. For those who ask: the code goes by the history. */
  readonly version?: string | undefined;
  readonly createdAtMs: number;
  readonly startRequestId?: string | undefined;
  readonly customStatus?: string | undefined;
  readonly parent?: ParentLink | undefined;
  /** Where in the history ExecutionCompleted stands. */
  readonly completedSeq?: number | undefined;
  /** As they are now. */
  readonly searchAttributes?: SearchAttributes | undefined;
  /** How long after its end it is kept, where its start has said so. */
  readonly retentionMs?: number | undefined;
  /** Limits of which a workflow above has a lease, which covers this one. */
  readonly coveredBy?: readonly string[] | undefined;
  /** Where there is a catalog. */
  readonly listing?: Listing | undefined;
  /** What the executions before a continue-as-new have added to the metrics of all, where these are switched on. */
  readonly totals?: Totals | undefined;
}

/** How the catalog knows this life: what code that does not know of it leaves out is made anew. */
export interface Listing {
  /** Where it announces itself. */
  readonly shard: string;
  /** No announcement of what the row says has a lower number. */
  readonly seq: number;
  /** The life before, as long as it is not known that its shard has heard of this one. */
  readonly former?: { readonly createdAtMs: number; readonly shard: string } | undefined;
}

/** By which name other instances know the execution, and its database too. */
export function nameOf({ executionId, rewinds }: Pick<InstanceRecord, "executionId" | "rewinds">): string {
  return nameOfExecution(executionId, rewinds);
}

/** The row as it lies in the database, of whatever version. */
export type InstanceRow = Record<string, SqlValue>;

/**
 * The instance's row in the table that it shares with its history: `at_ms` is when it was created, `type` its status, `name` its
 * workflow's, `payload` its custom status, `detail` the JSON of the rest.
 */
export interface RecordColumns {
  readonly at_ms: number;
  readonly type: RuntimeStatus;
  readonly name: string;
  readonly payload: string | null;
  readonly detail: string;
}

/** What `detail` holds; the execution by its name. Code that does not know a field of it leaves it out when it writes the row: see README.md. */
type Detail = Omit<InstanceRecord, "name" | "status" | "createdAtMs" | "customStatus" | "rewinds">;

/** SQL: the name of the execution that the instance is in. */
export const EXECUTION_ID: Readonly<Record<HistoryTable, string>> = {
  instance: "(SELECT detail ->> '$.executionId' FROM instance WHERE seq = -1)",
  history: "(SELECT execution_id FROM instance)",
};

/** In the first table of every version, the instance's row is the first one, and has its version. */
export function readRow(db: SqlDatabase): InstanceRow | undefined {
  return db.query("SELECT * FROM instance ORDER BY rowid LIMIT 1")[0];
}

/** What is read from the row of any code, newer too: as far as it lies where this code has it. */
export type Kin = Partial<
  Pick<InstanceRecord, "name" | "createdAtMs" | "parent" | "version" | "searchAttributes" | "retentionMs" | "listing">
>;

export function kinOf(row: InstanceRow | undefined): Kin {
  if (row === undefined) return {};
  const name = String(row.name);
  const createdAtMs = Number("seq" in row ? row.at_ms : row.created_at_ms);
  if (!("seq" in row)) return { name, createdAtMs, parent: parentOf(row) };
  const detail: Kin = typeof row.detail === "string" ? JSON.parse(row.detail) : {};
  const { parent, version, searchAttributes, retentionMs, listing } = detail;
  return { name, createdAtMs, parent, version, searchAttributes, retentionMs, listing };
}

function parentOf({ parent }: InstanceRow): ParentLink | undefined {
  return typeof parent === "string" ? (JSON.parse(parent) as ParentLink) : undefined;
}

export function toRecord(row: InstanceRow, codec: TextCodec): InstanceRecord {
  const customStatus = "seq" in row ? row.payload : row.custom_status;
  return {
    ...("seq" in row ? fieldsOf(row) : formerFieldsOf(row)),
    customStatus: typeof customStatus === "string" ? codec.decode(customStatus) : undefined,
  };
}

function fieldsOf({ at_ms, type, name, detail }: InstanceRow): InstanceRecord {
  const fields = JSON.parse(detail as string) as Detail;
  return {
    ...fields,
    ...executionOfName(fields.executionId),
    name: name as string,
    status: type as RuntimeStatus,
    createdAtMs: at_ms as number,
  };
}

/** Of a table that the instance has to itself: versions 1 to 4. */
function formerFieldsOf(row: InstanceRow): InstanceRecord {
  return {
    instanceId: row.instance_id as string,
    name: row.name as string,
    status: row.status as RuntimeStatus,
    ...executionOfName(row.execution_id as string),
    generation: row.generation as number,
    createdAtMs: row.created_at_ms as number,
    startRequestId: (row.start_request_id as string | null) ?? undefined,
    parent: parentOf(row),
    completedSeq: (row.completed_seq as number | null) ?? undefined,
    searchAttributes: row.search_attributes ? JSON.parse(row.search_attributes as string) : undefined,
  };
}

/** The custom status of an instance's row, as it is stored. */
export function storedStatus(record: InstanceRecord | undefined, codec: TextCodec): string | null {
  return record?.customStatus === undefined ? null : codec.encode(record.customStatus);
}

/** `customStatus` is as it is stored. */
export function recordColumns(record: InstanceRecord, customStatus: string | null): RecordColumns {
  const { name, status, createdAtMs, customStatus: _, rewinds: __, ...rest } = record;
  const detail: Detail = { ...rest, executionId: nameOf(record) };
  return {
    at_ms: createdAtMs,
    type: status,
    name,
    payload: customStatus,
    detail: JSON.stringify(detail),
  };
}

export function insertRecord(db: SqlDatabase, record: InstanceRecord, customStatus: string | null): void {
  const { at_ms, type, name, payload, detail } = recordColumns(record, customStatus);
  db.run(
    `INSERT INTO instance (seq, schema_version, at_ms, type, name, payload, detail) VALUES (-1, ${SCHEMA_VERSION}, ?, ?, ?, ?, ?)`,
    at_ms,
    type,
    name,
    payload,
    detail,
  );
}

/** Writes the fields that change while an instance lives. `customStatus` is as it is stored. */
export function updateRecord(
  db: SqlDatabase,
  table: HistoryTable,
  record: InstanceRecord,
  customStatus: string | null,
): void {
  if (table === "history") return updateFormerRecord(db, record, customStatus);
  const { type, payload, detail } = recordColumns(record, customStatus);
  db.run("UPDATE instance SET type = ?, payload = ?, detail = ? WHERE seq = -1", type, payload, detail);
}

function updateFormerRecord(db: SqlDatabase, record: InstanceRecord, customStatus: string | null): void {
  db.run(
    "UPDATE instance SET status = ?, execution_id = ?, generation = ?, custom_status = ?, completed_seq = ?, parent = ?",
    record.status,
    nameOf(record),
    record.generation,
    customStatus,
    record.completedSeq ?? null,
    record.parent === undefined ? null : JSON.stringify(record.parent),
  );
  if (record.searchAttributes !== undefined) updateFormerAttributes(db, record.searchAttributes);
}

/** They have a column where there have ever been any. Code before this one reads and writes the others by name. */
function updateFormerAttributes(db: SqlDatabase, attributes: SearchAttributes): void {
  if (!("search_attributes" in (readRow(db) ?? {}))) db.run("ALTER TABLE instance ADD COLUMN search_attributes TEXT");
  db.run("UPDATE instance SET search_attributes = ?", JSON.stringify(attributes));
}
