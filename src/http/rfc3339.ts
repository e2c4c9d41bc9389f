const RFC3339 = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Milliseconds since 1970 of an RFC 3339 time, anything finer cut off; `undefined` when the text is not such a time. */
export function parseRfc3339(text: string): number | undefined {
  const date = RFC3339.exec(text)?.[1];
  return date !== undefined && isDayOfCalendar(date) ? Date.parse(text) : undefined;
}

/** Date takes 30 February for 2 March: a day that exists comes back as it went in. */
function isDayOfCalendar(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
