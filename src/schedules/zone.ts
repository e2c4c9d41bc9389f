/*
 * Wall clocks of time zones. A wall time is what a clock on the wall shows, written as if it were UTC: milliseconds since 1970 of a place without
 * an offset.
 */

/** As far as a transition of a zone can be from the wall time that it is looked for from. */
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** A zone of the IANA database, by its name. Throws a RangeError for what the platform does not know. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  constructor(name: string) {
    // An offset such as +01:00 is no name, although the platform takes it for one.
    if (!/^[A-Za-z]/.test(name)) throw new RangeError(`Invalid time zone specified: ${name}`);
    this.name = name;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** What its clocks show, in whole seconds. */
  wallOf(atMs: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(atMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  offsetAt(atMs: number): number {
    return this.wallOf(atMs) - Math.floor(atMs / 1_000) * 1_000;
  }

  /**
   * When its clocks show this. Of a time that they show twice, the first; for one that they pass over, when they do so: the end of the
   * gap.
   */
  instantOf(wallMs: number): number {
    const before = this.offsetAt(wallMs - DAY_MS);
    const after = this.offsetAt(wallMs + DAY_MS);
    if (this.offsetAt(wallMs - before) === before) return wallMs - before;
    if (this.offsetAt(wallMs - after) === after) return wallMs - after;
    return this.changeBetween(wallMs - Math.max(before, after), wallMs - Math.min(before, after));
  }

  /** When its clocks are changed first between these two, if at all: never twice within a week. Both are whole seconds. */
  firstChange(fromMs: number, toMs: number): number | undefined {
    const offset = this.offsetAt(fromMs);
    for (let ms = fromMs; ms < toMs; ms += WEEK_MS) {
      const laterMs = Math.min(ms + WEEK_MS, toMs);
      if (this.offsetAt(laterMs) !== offset) return this.changeBetween(ms, laterMs);
    }
    return undefined;
  }

  /** When the offset of the first of these moments ends, at the second at the latest. Both are whole seconds, and have different ones. */
  changeBetween(fromMs: number, toMs: number): number {
    const before = this.offsetAt(fromMs);
    let [from, to] = [fromMs / 1_000, toMs / 1_000];
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (this.offsetAt(middle * 1_000) === before) from = middle;
      else to = middle;
    }
    return to * 1_000;
  }
}
