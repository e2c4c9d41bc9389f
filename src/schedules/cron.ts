import { CronDate, CronPattern } from "croner";
import type { Zone } from "./zone.ts";

/*
 * When a cron expression comes next. Its daylight saving is a rule of ours (docs/schedules.md): where neither hours nor minutes have a `*`, the
 * expression names times of the day, and each comes once a day, at the end of the gap where the clocks pass over it, and the first time
 * where they show it twice. Else it follows real time: it comes whenever the clocks show what fits.
 *
 * croner knows what fits, of a clock that is never changed; the clocks of a zone are ours.
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

type Next = (afterMs: number) => number | undefined;

/** Throws an Error that says what is wrong with the expression. */
export function cronTimes(expression: string, zone: Zone): Next {
  const text = expression.trim();
  const fields = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  if (/^@every\b/i.test(text)) throw new Error('@every 6h is an interval: give "interval" in the place of "cron"');
  if (fields.length !== 5 && fields.length !== 6)
    throw new Error(`expected five fields, or six with seconds, found ${fields.length}`);
  const nextWall = wallTimes(fields.join(" "));
  const namesTimes = !fields.slice(0, -3).some((field) => /[*?]/.test(field));
  return (afterMs) => (namesTimes ? nextNamed : nextShown)(nextWall, zone, afterMs);
}

/** What a clock shows next that fits. */
function wallTimes(text: string): Next {
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(text, undefined, { mode: "5-or-6-parts" });
  } catch (error) {
    throw new Error(asWritten(error instanceof Error ? error.message : String(error)));
  }
  return (wallMs) => new CronDate(new Date(wallMs), 0).increment(pattern, {}, false)?.getTime();
}

/** croner counts days and months from 0. */
function asWritten(message: string): string {
  return message
    .replace(/^CronPattern: /, "")
    .replace(/(value for (?:day|month): )(-?\d+)$/, (_, before, found) => before + (Number(found) + 1));
}

/** Each time of the day is looked for on the wall, and found once on the line of time. */
function nextNamed(nextWall: Next, zone: Zone, afterMs: number): number | undefined {
  let wallMs: number | undefined = zone.wallOf(afterMs);
  for (let n = 0; n < MOST_REPEATED; n++) {
    wallMs = nextWall(wallMs);
    if (wallMs === undefined) return undefined;
    const atMs = zone.instantOf(wallMs);
    if (atMs > afterMs) return atMs;
  }
  return undefined;
}

/** As if the clocks were not changed any more; where they are before that, it is looked for from then on. */
function nextShown(nextWall: Next, zone: Zone, afterMs: number): number | undefined {
  const fromMs = Math.floor(afterMs / 1_000) * 1_000;
  const offset = zone.offsetAt(fromMs + 1_000);
  const wallMs = nextWall(fromMs + offset);
  if (wallMs === undefined) return undefined;
  const atMs = wallMs - offset;
  const changeMs = zone.firstChange(fromMs + 1_000, atMs);
  return changeMs === undefined ? atMs : nextShown(nextWall, zone, changeMs - 1_000);
}
