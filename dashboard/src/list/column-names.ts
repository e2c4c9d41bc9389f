/*
 * Which columns there are, in the order of the table, and how an address names them. The ID is always there: it is the way to the instance.
 */

export const COLUMN_NAMES = [
  "status",
  "id",
  "name",
  "detail",
  "created",
  "duration",
  "version",
  "custom",
  "attributes",
  "parent",
  "updated",
  "ended",
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

const USUAL: readonly ColumnName[] = ["status", "id", "name", "detail", "created", "duration"];

/** `cols=status,id,version`; absent: the usual ones. */
export function columnsOf(text: string | null): readonly ColumnName[] {
  const named = text ? text.split(",") : USUAL;
  return COLUMN_NAMES.filter((name) => name === "id" || named.some((one) => one === name));
}

/** For the address; empty where it is the usual ones. */
export function columnsText(names: readonly string[]): string {
  const ordered = columnsOf(["id", ...names].join());
  return ordered.join() === USUAL.join() ? "" : ordered.join();
}
