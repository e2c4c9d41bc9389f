/*
 * A filter of the API's parameters as one query, as `--query` of the command line takes it.
 */

type Write = (value: string) => string;

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const exactly =
  (field: string): Write =>
  (value) =>
    `${field} = ${text(value)}`;
const begins =
  (field: string): Write =>
  (value) =>
    `${field} STARTS_WITH ${text(value)}`;
const exactlyOrBegins =
  (field: string): Write =>
  (value) =>
    value.endsWith("*") ? begins(field)(value.slice(0, -1)) : exactly(field)(value);
const time =
  (field: string, operator: string): Write =>
  (value) =>
    `${field} ${operator} ${text(value)}`;

const WRITERS: Readonly<Record<string, Write>> = {
  status: (value) => `Status IN (${value.split(",").join(", ")})`,
  name: exactlyOrBegins("Name"),
  idPrefix: begins("InstanceID"),
  parent: exactly("Parent"),
  version: exactly("Version"),
  waitingFor: exactlyOrBegins("WaitingFor"),
  createdAfter: time("Created", ">="),
  createdBefore: time("Created", "<"),
  endedAfter: time("Ended", ">="),
  endedBefore: time("Ended", "<"),
};

/** `undefined` where there is none: of every instance, and of an attribute, whose type a parameter leaves open. */
export function queryOf(filter: Readonly<Record<string, string>>): string | undefined {
  const { q, ...others } = filter;
  const parts: string[] = [];
  for (const [name, value] of Object.entries(others)) {
    const write = WRITERS[name];
    if (write === undefined) return undefined;
    parts.push(write(value));
  }
  if (q !== undefined) parts.push(parts.length === 0 ? q : `(${q})`);
  return parts.length === 0 ? undefined : parts.join(" AND ");
}
