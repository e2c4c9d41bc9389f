import { attemptsOf, type Bar } from "./bars.ts";

/*
 * Time as a place between 0 and 1. A gap in which nothing runs takes so little room that what runs can be seen, however long it was.
 *
 *   X1  `at` never goes back as time goes on, and `timeAt` is its inverse.
 *   X2  Compressed, all gaps together take at most half of the room, as far as anything runs at all.
 *   X3  Times outside are at the nearer end.
 */

export interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pieces: readonly Piece[];
}

/** A stretch of time that is drawn in one scale. */
export interface Piece {
  readonly fromMs: number;
  readonly toMs: number;
  readonly from: number;
  readonly to: number;
  readonly isCompressed: boolean;
}

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** In order, and those that touch are one. */
export function union(intervals: readonly Interval[]): Interval[] {
  const sorted = [...intervals].sort((one, other) => one.fromMs - other.fromMs);
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else merged.push({ fromMs, toMs });
  }
  return merged;
}

/** When something ran or happened: attempts of calls, updates, and the moments at which anything began or ended. */
export function busyTimes(bars: readonly Bar[], nowMs: number): Interval[] {
  const busy: Interval[] = [];
  for (const bar of bars) {
    if (bar.kind === "turn") continue;
    const { scheduledMs, endedMs = scheduledMs } = bar;
    busy.push({ fromMs: scheduledMs, toMs: scheduledMs }, { fromMs: endedMs, toMs: endedMs });
    if (bar.kind === "update") busy.push({ fromMs: scheduledMs, toMs: bar.endedMs ?? nowMs });
    if (bar.kind !== "activity") continue;
    for (const attempt of attemptsOf(bar)) {
      const isOpen = attempt.endedMs === undefined && bar.status === "running";
      const toMs = attempt.endedMs ?? (isOpen ? nowMs : attempt.scheduledMs);
      busy.push({ fromMs: attempt.scheduledMs, toMs });
    }
  }
  return busy;
}

export function axisOf({ fromMs, toMs }: Interval, busy: readonly Interval[], isCompressed: boolean): Axis {
  // Where nothing has taken any time, there is a millisecond to draw it in.
  const end = Math.max(toMs, fromMs + 1);
  const whole = end - fromMs;
  const gaps = isCompressed ? gapsIn({ fromMs, toMs: end }, busy) : [];
  const room = roomOf(whole - lengthOf(gaps), gaps.length);
  // All have the same room: a mark says how long each was.
  const long = gaps.filter((gap) => gap.toMs - gap.fromMs > room);
  const total = whole - lengthOf(long) + room * long.length;
  const pieces: Piece[] = [];
  let [atMs, at] = [fromMs, 0];
  const add = (untilMs: number, length: number, compressed: boolean) => {
    if (untilMs <= atMs) return;
    const to = at + length / total;
    pieces.push({ fromMs: atMs, toMs: untilMs, from: at, to, isCompressed: compressed });
    [atMs, at] = [untilMs, to];
  };
  for (const gap of long) {
    add(gap.fromMs, gap.fromMs - atMs, false);
    add(gap.toMs, room, true);
  }
  add(end, end - atMs, false);
  const last = pieces.at(-1);
  if (last !== undefined) pieces[pieces.length - 1] = { ...last, to: 1 };
  return { fromMs, toMs: end, pieces };
}

/** Of each gap: an eighth of all that runs, and less where there are many. Where nothing has taken time at all, the gaps share the room. */
function roomOf(busyMs: number, count: number): number {
  return busyMs === 0 ? 0.1 : busyMs / Math.max(8, count);
}

function lengthOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs), 0);
}

function gapsIn({ fromMs, toMs }: Interval, busy: readonly Interval[]): Interval[] {
  const gaps: Interval[] = [];
  let atMs = fromMs;
  for (const interval of union(busy)) {
    if (interval.fromMs > atMs) gaps.push({ fromMs: atMs, toMs: Math.min(interval.fromMs, toMs) });
    atMs = Math.max(atMs, interval.toMs);
    if (atMs >= toMs) break;
  }
  if (atMs < toMs) gaps.push({ fromMs: atMs, toMs });
  return gaps.filter((gap) => gap.toMs > gap.fromMs);
}

export function placeAt({ pieces, fromMs, toMs }: Axis, ms: number): number {
  if (ms <= fromMs) return 0;
  if (ms >= toMs) return 1;
  const piece = pieces[indexOf(pieces, (one) => ms < one.toMs)];
  if (piece === undefined) return 1;
  return piece.from + ((ms - piece.fromMs) / (piece.toMs - piece.fromMs)) * (piece.to - piece.from);
}

export function timeAt({ pieces, fromMs, toMs }: Axis, place: number): number {
  if (place <= 0) return fromMs;
  const piece = pieces[indexOf(pieces, (one) => place < one.to)];
  if (place >= 1 || piece === undefined) return toMs;
  return piece.fromMs + ((place - piece.from) / (piece.to - piece.from)) * (piece.toMs - piece.fromMs);
}

/** The first that fits, where all behind it fit, too. */
function indexOf(pieces: readonly Piece[], fits: (piece: Piece) => boolean): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(pieces[middle] as Piece)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export interface Tick {
  readonly place: number;
  readonly ms: number;
}

/** Round times after the beginning, at least so far apart; none within what is compressed. */
export function ticksOf({ pieces, fromMs }: Axis, widthPx: number, apartPx = 90): Tick[] {
  const scaled = pieces.find(({ isCompressed }) => !isCompressed);
  if (scaled === undefined) return [];
  const pxPerMs = ((scaled.to - scaled.from) * widthPx) / (scaled.toMs - scaled.fromMs);
  const step = roundUp(apartPx / pxPerMs);
  const ticks: Tick[] = [];
  let lastPx = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    if (piece.isCompressed) continue;
    const first = Math.ceil((piece.fromMs - fromMs) / step) * step;
    for (let offset = first; offset <= piece.toMs - fromMs && ticks.length < 500; offset += step) {
      const ms = fromMs + offset;
      const place = piece.from + ((ms - piece.fromMs) / (piece.toMs - piece.fromMs)) * (piece.to - piece.from);
      if (place * widthPx - lastPx < apartPx * 0.9) continue;
      ticks.push({ place, ms });
      lastPx = place * widthPx;
    }
  }
  return ticks;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 180, 365, 730, 1825, 3650].map((n) => n * DAY),
];

function roundUp(ms: number): number {
  return STEPS.find((step) => step >= ms) ?? Math.ceil(ms / (3650 * DAY)) * 3650 * DAY;
}
