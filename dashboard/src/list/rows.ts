import type { ListedWorkflow } from "../../../src/catalog/reading/list.ts";

/*
 * The rows that a list has read, with what has changed since: pure. Rows stand in the order of the API: by creation, then by ID, newest first or
 * oldest first. What is changed and lies beyond what has been read yet is left to the pages to come.
 */

export type Row = ListedWorkflow;
export type RowChange = Row | { readonly instanceID: string; readonly deleted: true };
export type Order = "desc" | "asc";

export interface Applied {
  readonly rows: readonly Row[];
  /** Those that were not there before. */
  readonly added: number;
}

/** Before 0, behind above: `order` as the API has it. */
function compare(a: Row, b: Row, order: Order): number {
  const [x, y] = [Date.parse(a.createdAt), Date.parse(b.createdAt)];
  const rising = x - y || (a.instanceID < b.instanceID ? -1 : a.instanceID > b.instanceID ? 1 : 0);
  return order === "asc" ? rising : -rising;
}

/** Another page behind the rows; one that is there already, because it has moved meanwhile, stays where it is. */
export function appended(rows: readonly Row[], page: readonly Row[]): Row[] {
  const known = new Set(rows.map((row) => row.instanceID));
  return [...rows, ...page.filter((row) => !known.has(row.instanceID))];
}

/** `isWhole`: no page is left to read. */
export function applyChanges(
  rows: readonly Row[],
  changes: readonly RowChange[],
  { order, isWhole }: { order: Order; isWhole: boolean },
): Applied {
  if (changes.length === 0) return { rows, added: 0 };
  const changed = new Map(changes.map((change) => [change.instanceID, change]));
  const before = new Set(rows.map((row) => row.instanceID));
  const moved = (row: Row, to: Row) => row.createdAt !== to.createdAt;
  const kept: Row[] = [];
  for (const row of rows) {
    const change = changed.get(row.instanceID);
    if (change === undefined) kept.push(row);
    else if (!("deleted" in change) && !moved(row, change)) {
      kept.push(change);
      changed.delete(row.instanceID);
    }
  }
  const last = rows.at(-1);
  const fresh = [...changed.values()].filter(
    (change): change is Row =>
      !("deleted" in change) && (isWhole || (last !== undefined && compare(change, last, order) < 0)),
  );
  if (fresh.length === 0) return { rows: kept, added: 0 };
  const added = fresh.filter((row) => !before.has(row.instanceID)).length;
  return { rows: [...kept, ...fresh].sort((a, b) => compare(a, b, order)), added };
}
