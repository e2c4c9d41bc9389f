import { Cron } from "croner";
import type { Zone } from "./zone.ts";

/*
 * When a cron expression comes next. Its daylight saving is a rule of ours (docs/schedules.md): where neither hours nor minutes have a `*`, the
 * expression names times of the day, and each comes once a day, at the end of the gap where the clocks pass over it, and the first time
 * where they show it twice. Else it follows real time: it comes whenever the clocks show what fits.
 */

const NICKNAMES: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Times of one expression that are passed over in a row, because the clocks have shown them already: an hour of seconds, twice. */
const MOST_REPEATED = 7_200;

/** Throws an Error that says what is wrong with the expression. */
export function cronTimes(expression: string, zone: Zone): (afterMs: number) => number | undefined {
  const text = expression.trim();
  const fields = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  // What is a date to croner is one moment, and has a field of its own.
  if (fields.length < 5) throw new Error(`expected five fields, or six with seconds, found ${fields.length}`);
  const namesTimes = !fields.slice(0, -3).some((field) => /[*?]/.test(field));
  const cron = cronOf(fields.join(" "), namesTimes ? "UTC" : zone.name);
  const next = (atMs: number) => cron.nextRun(new Date(atMs))?.getTime();
  return namesTimes ? (afterMs) => nextNamed(next, zone, afterMs) : next;
}

function cronOf(pattern: string, timezone: string): Cron {
  try {
    return new Cron(pattern, { timezone, mode: "5-or-6-parts" });
  } catch (error) {
    throw new Error((error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, ""));
  }
}

/** The times of the day are looked for on the wall, and each is found once on the line of time. */
function nextNamed(nextWall: (wallMs: number) => number | undefined, zone: Zone, afterMs: number): number | undefined {
  let wallMs: number | undefined = zone.wallOf(afterMs);
  for (let n = 0; n < MOST_REPEATED; n++) {
    wallMs = nextWall(wallMs);
    if (wallMs === undefined) return undefined;
    const atMs = zone.instantOf(wallMs);
    if (atMs > afterMs) return atMs;
  }
  return undefined;
}
