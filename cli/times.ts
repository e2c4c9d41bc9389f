import { usage } from "./errors.ts";

/*
 * Ages and durations as `dapr workflow` prints them, and times as it takes them.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Kubernetes' short form, two units at most and the finer one only while it says something: `5m30s`, `3h`, `2d`. */
export function ageOf(ms: number): string {
  if (ms < -SECOND) return "<invalid>";
  const count = (unit: number) => Math.floor(Math.max(0, ms) / unit);
  const pair = (large: number, largeName: string, small: number, smallName: string) => {
    const rest = Math.floor((ms % large) / small);
    return `${count(large)}${largeName}${rest === 0 ? "" : `${rest}${smallName}`}`;
  };
  if (ms < 2 * MINUTE) return `${count(SECOND)}s`;
  if (ms < 10 * MINUTE) return pair(MINUTE, "m", SECOND, "s");
  if (ms < 3 * HOUR) return `${count(MINUTE)}m`;
  if (ms < 8 * HOUR) return pair(HOUR, "h", MINUTE, "m");
  if (ms < 2 * DAY) return `${count(HOUR)}h`;
  if (ms < 8 * DAY) return pair(DAY, "d", HOUR, "h");
  if (ms < 2 * YEAR) return `${count(DAY)}d`;
  if (ms < 8 * YEAR) return pair(YEAR, "y", DAY, "d");
  return `${count(YEAR)}y`;
}

/** Between two events of a history; nothing where no time has passed. */
export function elapsedOf(ms: number): string {
  const length = Math.abs(ms);
  if (length === 0) return "";
  if (length < SECOND) return `${length.toFixed(1)}ms`;
  if (length < MINUTE) return `${(length / SECOND).toFixed(2)}s`;
  if (length < HOUR) return `${(length / MINUTE).toFixed(1)}m`;
  return `${(length / HOUR).toFixed(1)}h`;
}

/** To the second, as Dapr cuts them. */
export function secondsOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};
const GO_DURATION = /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;

/** A Go duration, `2h45m`; `undefined` where it is none. */
export function durationMs(text: string): number | undefined {
  if (!GO_DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    ms += Number(amount) * (UNITS[unit] ?? 0);
  return text.startsWith("-") ? -ms : ms;
}

const TIME = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[-+]\d{2}:\d{2})?)?$/;

/** RFC 3339; without a zone it is UTC, without a time the beginning of the day. */
function timeMs(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const day = text.slice(0, 10);
  const rest = text.slice(11) || "00:00";
  const ms = Date.parse(`${day}T${/([Zz]|[-+]\d{2}:\d{2})$/.test(rest) ? rest : `${rest}Z`}`);
  // 30 February would be 2 March.
  return Number.isNaN(ms) || Number(day.slice(8)) > daysIn(day) ? undefined : ms;
}

function daysIn(day: string): number {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
}

/** What Dapr's flags take: a time, or a duration from now, back into the past or forward. Found elsewhere: exit code 2. */
export function momentOf(flag: string, text: string, direction: "past" | "future", nowMs = Date.now()): Date {
  const duration = durationMs(text);
  const ms = duration === undefined ? timeMs(text) : nowMs + (direction === "past" ? -duration : duration);
  if (ms !== undefined && !Number.isNaN(new Date(ms).getTime())) return new Date(ms);
  throw usage(
    `invalid value for ${flag}: a duration such as 300ms, 1.5h or 2h45m, or a time such as 2023-01-02T15:04:05 or 2023-01-02, found ${JSON.stringify(text)}`,
  );
}

/** How long somebody waits: a duration, or a number of seconds. */
export function patienceMs(flag: string, text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * SECOND : durationMs(text);
  if (ms !== undefined && ms >= 0) return ms;
  throw usage(
    `invalid value for ${flag}: a duration such as 30s or 5m, or a number of seconds, found ${JSON.stringify(text)}`,
  );
}
