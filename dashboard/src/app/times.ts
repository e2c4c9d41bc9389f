import { type ReadonlySignal, signal } from "@preact/signals";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ticking = signal(Date.now());

/** Now, once a second, and not in hidden tabs: what shows it is a running clock. */
export const now: ReadonlySignal<number> = ticking;

/** Begins to tick; called once. */
export function startClock(): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    ticking.value = Date.now();
  };
  const run = () => {
    clearInterval(timer);
    if (document.hidden) return;
    tick();
    timer = setInterval(tick, SECOND);
  };
  document.addEventListener("visibilitychange", run);
  run();
}

/** `820 ms`, `4.2 s`, `3 min 05 s`, `1 h 03 min`, `2 d 04 h`: two units at most, so that a column of them can be compared. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND) return `${whole} ms`;
  if (whole < 9_950) return `${(whole / SECOND).toFixed(1)} s`;
  const seconds = Math.round(whole / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** `just now`, `5 min ago`, `in 3 h`. */
export function formatRelative(atMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - atMs);
  if (distance < 5 * SECOND) return "just now";
  const amount =
    distance < MINUTE
      ? `${Math.round(distance / SECOND)} s`
      : distance < HOUR
        ? `${Math.round(distance / MINUTE)} min`
        : distance < DAY
          ? `${Math.round(distance / HOUR)} h`
          : `${Math.round(distance / DAY)} d`;
  return atMs < nowMs ? `${amount} ago` : `in ${amount}`;
}

/** In the reader's zone: the time of today, else the day too, and the year where it is another. */
export function formatTime(atMs: number, nowMs: number, timeZone?: string): string {
  const clock = format(atMs, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, timeZone);
  const day = format(atMs, { year: "numeric", month: "2-digit", day: "2-digit" }, timeZone);
  const today = format(nowMs, { year: "numeric", month: "2-digit", day: "2-digit" }, timeZone);
  if (day === today) return clock;
  const short = format(atMs, { day: "numeric", month: "short" }, timeZone);
  return day.slice(-4) === today.slice(-4) ? `${short}, ${clock}` : `${short} ${day.slice(-4)}, ${clock}`;
}

/** All that is known of a time, for whoever points at it. */
export function describeTime(atMs: number, nowMs: number): string {
  const local = format(atMs, { dateStyle: "medium", timeStyle: "long" });
  return `${local}\n${new Date(atMs).toISOString()} (UTC)\n${formatRelative(atMs, nowMs)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(atMs: number, options: Intl.DateTimeFormatOptions, timeZone?: string): string {
  const key = `${timeZone ?? ""}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", timeZone === undefined ? options : { ...options, timeZone });
    formats.set(key, found);
  }
  return found.format(atMs);
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
