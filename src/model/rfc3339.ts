const RFC3339 = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Milliseconds since 1970 of an RFC 3339 time, anything finer cut off; `undefined` when the text is not such a time. */
export function parseRfc3339(text: string): number | undefined {
  const date = RFC3339.exec(text)?.[1];
  return date !== undefined && parseDay(date) !== undefined ? Date.parse(text) : undefined;
}

/** The same of the beginning of a day in UTC, `2026-11-28`. Date takes 30 February for 2 March: a day that exists comes back as it went in. */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const midnight = new Date(`${text}T00:00:00Z`);
  const isThere = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
  return isThere ? midnight.getTime() : undefined;
}
