import type { SqlDatabase, SqlValue } from "../../storage/sql-database.ts";
import type { CountKey, CountPart, CountRequest, CountRow } from "../protocol.ts";
import { boundsOf } from "../query/bounds.ts";
import { addCounts, fitsNameAndStatus, isOfNameAndStatus } from "../query/count.ts";
import type { Count, Counts } from "./counts.ts";
import type { Names } from "./name-table.ts";
import { endOfStep } from "./pages.ts";
import { fromOf, rowsFor, type Scan, scansOf } from "./scan.ts";
import { toStatus } from "./statuses.ts";
import { Bindings, whereOf } from "./where.ts";

/** More groups than these are not told: an error's type may be anything. */
const MOST_GROUPS = 10_000;
const DAY_MS = 86_400_000;

const EXPRESSIONS: Readonly<Record<CountKey, string>> = {
  status: "status",
  name: "name",
  version: "version",
  errorType: "error_type",
  day: `created / ${DAY_MS}`,
};

/** From memory where that has the answer, else from the newest 200,000 rows. */
export function readCounts(db: SqlDatabase, names: Names, counts: Counts, request: CountRequest): CountPart {
  const known = isOfNameAndStatus(request) ? counts.all() : undefined;
  if (known !== undefined) return fromMemory(names, known, request);
  const scans = scansOf(boundsOf(request.filter), "desc");
  return addCounts(scans.map((scan) => countScan(db, names, request, scan, rowsFor(request.filter, scans.length))));
}

function fromMemory(names: Names, counts: readonly Count[], { filter, by }: CountRequest): CountPart {
  const rows = counts.flatMap(({ name: number, status: statusNumber, n }) => {
    const [name, status] = [names.nameOf(number), toStatus(statusNumber)];
    if (!fitsNameAndStatus(filter, name, status)) return [];
    return [{ ...(by.includes("name") && { name }), ...(by.includes("status") && { status }), count: n }];
  });
  return addCounts([{ counts: rows, complete: true }]);
}

function countScan(db: SqlDatabase, names: Names, request: CountRequest, scan: Scan, most: number): CountPart {
  const end = endOfStep(db, scan, most);
  const bindings = new Bindings();
  const from = fromOf({ ...scan, until: end ?? scan.until }, bindings);
  const fits = whereOf(request.filter, bindings);
  const keys = request.by.map((key) => `${EXPRESSIONS[key]} AS "${key}", `).join("");
  const groups = request.by.map((_, n) => n + 1).join(", ");
  const rows = db.query<Record<CountKey, SqlValue> & { n: number }>(
    `SELECT ${keys}count(*) AS n ${from} AND ${fits} ${groups && `GROUP BY ${groups}`} LIMIT ${MOST_GROUPS + 1}`,
    ...bindings.values,
  );
  const isWhole = end === undefined && rows.length <= MOST_GROUPS;
  return { counts: rows.slice(0, MOST_GROUPS).map((row) => countOf(row, request.by, names)), complete: isWhole };
}

function countOf(row: Record<CountKey, SqlValue> & { n: number }, by: readonly CountKey[], names: Names): CountRow {
  const values = by.flatMap((key) => {
    const value = row[key];
    return value === null ? [] : [[key, textOf(key, value, names)]];
  });
  return { ...Object.fromEntries(values), count: row.n };
}

function textOf(key: CountKey, value: string | number, names: Names): string {
  switch (key) {
    case "status":
      return toStatus(Number(value));
    case "name":
      return names.nameOf(Number(value));
    case "day":
      return new Date(Number(value) * DAY_MS).toISOString().slice(0, 10);
    default:
      return String(value);
  }
}
