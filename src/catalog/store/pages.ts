import type { SqlDatabase } from "../../storage/sql-database.ts";
import type { PagePart, PageRequest, Place, Rest } from "../protocol.ts";
import { boundsOf } from "../query/bounds.ts";
import { Merge } from "../query/merge.ts";
import { placeOf } from "../query/places.ts";
import { COLUMNS, type EntryRow, toEntry } from "./entry-table.ts";
import type { Names } from "./name-table.ts";
import { fromOf, orderOf, type Scan, scansOf, stepsFor } from "./scan.ts";
import { Bindings, whereOf } from "./where.ts";

/** What a shard has of a page: never more than `limit` rows, and never a look at more than 200,000. */
export function readPage(db: SqlDatabase, names: Names, request: PageRequest): PagePart {
  const scans = scansOf(boundsOf(request.filter), request.order, request.after);
  const merge = new Merge(request.order, request.limit, scans.length);
  const steps = stepsFor(request.filter, scans.length);
  for (const [n, scan] of scans.entries()) merge.give(n, readScan(db, names, request, scan, steps));
  merge.advance();
  return { entries: merge.taken, rest: merge.rest() };
}

function readScan(db: SqlDatabase, names: Names, request: PageRequest, scan: Scan, steps: readonly number[]): PagePart {
  const entries: PagePart["entries"][number][] = [];
  const part = (rest: Rest): PagePart => ({ entries, rest });
  let after: Place | undefined = scan.after;
  for (const step of steps) {
    const end = endOfStep(db, { ...scan, after }, step);
    const rows = readRows(db, request, { ...scan, after, until: end ?? scan.until }, request.limit - entries.length);
    for (const row of rows) entries.push(toEntry(row, names.nameOf(row.name)));
    const last = entries.at(-1);
    if (entries.length >= request.limit && last !== undefined) return part({ type: "more", after: placeOf(last) });
    if (end === undefined) return part({ type: "nothing" });
    after = end;
  }
  return part(after === undefined ? { type: "nothing" } : { type: "unseen", after });
}

function readRows(db: SqlDatabase, request: PageRequest, scan: Scan, limit: number): EntryRow[] {
  const bindings = new Bindings();
  const from = fromOf(scan, bindings);
  const fits = whereOf(request.filter, bindings);
  return db.query<EntryRow>(
    `SELECT ${COLUMNS} ${from} AND ${fits} ${orderOf(request.order)} LIMIT ${bindings.bind(limit)}`,
    ...bindings.values,
  );
}

/** The place of the row with which a step of so many rows ends; `undefined` where there are not so many. */
export function endOfStep(db: SqlDatabase, scan: Scan, rows: number): Place | undefined {
  const bindings = new Bindings();
  const from = fromOf(scan, bindings);
  const offset = bindings.bind(rows - 1);
  const [row] = db.query<{ created: number; id: string }>(
    `SELECT created, id ${from} ${orderOf(scan.order)} LIMIT 1 OFFSET ${offset}`,
    ...bindings.values,
  );
  return row === undefined ? undefined : { createdAtMs: row.created, instanceId: row.id };
}

/** Of these lives those that fit, as they are now. */
export function readFitting(
  db: SqlDatabase,
  names: Names,
  filter: PageRequest["filter"],
  place: Place,
): PagePart["entries"][number] | undefined {
  const bindings = new Bindings();
  const key = `created = ${bindings.bind(place.createdAtMs)} AND id = ${bindings.bind(place.instanceId)}`;
  const fits = whereOf(filter, bindings);
  const [row] = db.query<EntryRow>(
    `SELECT ${COLUMNS} FROM entry WHERE ${key} AND status >= 0 AND ${fits}`,
    ...bindings.values,
  );
  return row && toEntry(row, names.nameOf(row.name));
}
