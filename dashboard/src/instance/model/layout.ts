import { type Axis, placeAt } from "./axis.ts";
import { attemptsOf, type Bar } from "./bars.ts";
import { waitersFor } from "./branches.ts";
import type { BarKind, BarStatus, WireBranch } from "./wire.ts";

/*
 * Where each bar of a timeline stands: in which row, and from where to where on the axis.
 *
 *   L1  One row for each bar, in the order in which they begin; the bars of a child that is opened follow it, one step further in.
 *   L2  By name, the calls of one name are together, and those that overlap stand in rows of their own: a loop is one row, however long it is.
 *   L2.2  By branch, the bars of the workflow's own code come first, and then those of each branch, in the order in which these begin.
 *   L3  Turns are no bars: they say when the code ran.
 */

export type Arrangement = "calls" | "names" | "branches";

export interface Row {
  readonly key: string;
  readonly label: string;
  readonly kind: BarKind;
  /** That all of its bars are of. */
  readonly branch?: string | undefined;
  /** How far in: of an opened child, one more than itself. */
  readonly depth: number;
  readonly bars: readonly Bar[];
  /** By name: how many bars its name has, in the first of its rows. */
  readonly count?: number;
  /** Of a child: the instance, whose bars can be shown. */
  readonly childId?: string;
  /** The instance whose bars these are, where that is another. */
  readonly of?: string;
}

/** What is shown of a child that is opened; `undefined`: it is not. */
export type OpenedChild = (instanceId: string) => readonly Bar[] | undefined;

/** As many bars as a person can take in one by one. */
export const MOST_SINGLE_ROWS = 60;

/** What a person reads first: a row a bar as long as they are few. */
export function arrangementOf(bars: readonly Bar[]): Arrangement {
  let count = 0;
  for (const { kind } of bars) if (kind !== "turn" && ++count > MOST_SINGLE_ROWS) return "names";
  return "calls";
}

const MOST_DEPTH = 8;

export function rowsOf(bars: readonly Bar[], arrangement: Arrangement, opened: OpenedChild = () => undefined): Row[] {
  if (arrangement === "names") return byName(bars);
  return byCall(arrangement === "branches" ? byBranch(bars) : bars, opened, 0, "", undefined);
}

export function haveBranches(bars: readonly Bar[]): boolean {
  return bars.some(({ branch }) => branch !== undefined);
}

function byBranch(bars: readonly Bar[]): Bar[] {
  const groups = new Map<string | undefined, Bar[]>([[undefined, []]]);
  for (const bar of bars) {
    const group = groups.get(bar.branch);
    if (group === undefined) groups.set(bar.branch, [bar]);
    else group.push(bar);
  }
  return [...groups.values()].flat();
}

function byCall(bars: readonly Bar[], opened: OpenedChild, depth: number, path: string, of: string | undefined): Row[] {
  return bars.flatMap((bar): Row[] => {
    if (bar.kind === "turn") return [];
    const { position, kind, instanceId } = bar;
    const key = `${path}${position}`;
    const childId = kind === "child" || kind === "detached" ? instanceId : undefined;
    const row: Row = {
      ...{ key, kind, depth, label: labelOf(bar), branch: bar.branch, bars: [bar] },
      ...(childId !== undefined && { childId }),
      ...(of !== undefined && { of }),
    };
    const within = childId === undefined || depth >= MOST_DEPTH ? undefined : opened(childId);
    return within === undefined ? [row] : [row, ...byCall(within, opened, depth + 1, `${key}.`, childId)];
  });
}

function byName(bars: readonly Bar[]): Row[] {
  const groups = new Map<string, Bar[]>();
  for (const bar of bars) {
    if (bar.kind === "turn") continue;
    const key = `${bar.kind} ${groupOf(bar)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [bar]);
    else group.push(bar);
  }
  return [...groups].flatMap(([key, group]) =>
    lanesOf(group).map(
      (lane, n): Row => ({
        key: `${key} ${n}`,
        label: n === 0 ? groupOf(group[0] as Bar) : "",
        kind: (group[0] as Bar).kind,
        branch: n === 0 && group.every(({ branch }) => branch === group[0]?.branch) ? group[0]?.branch : undefined,
        depth: 0,
        bars: lane,
        ...(n === 0 && { count: group.length }),
      }),
    ),
  );
}

/** So that none overlaps another: each goes into the lane that has been free for longest when it begins, or into a new one. */
export function lanesOf(bars: readonly Bar[]): Bar[][] {
  const lanes: Bar[][] = [];
  const free = new Heap();
  for (const bar of bars) {
    const { scheduledMs, endedMs, status } = bar;
    const freeMs = endedMs ?? (status === "canceled" || status === "left" ? scheduledMs : Number.POSITIVE_INFINITY);
    if ((free.firstMs ?? Number.POSITIVE_INFINITY) <= scheduledMs) {
      lanes[free.lane]?.push(bar);
      free.replace(freeMs);
    } else {
      free.push(freeMs, lanes.length);
      lanes.push([bar]);
    }
  }
  return lanes;
}

/** Of lanes, the one that is free first on top: thousands may run at once. */
class Heap {
  readonly #items: (readonly [freeMs: number, lane: number])[] = [];

  get firstMs(): number | undefined {
    return this.#items[0]?.[0];
  }

  get lane(): number {
    return this.#items[0]?.[1] ?? 0;
  }

  push(freeMs: number, lane: number): void {
    const items = this.#items;
    let at = items.length;
    items.push([freeMs, lane]);
    for (let above = (at - 1) >> 1; at > 0 && this.#isAfter(above, at); above = (at - 1) >> 1) {
      this.#swap(above, at);
      at = above;
    }
  }

  /** The lane on top is free at another time. */
  replace(freeMs: number): void {
    this.#items[0] = [freeMs, this.lane];
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = right < this.#items.length && this.#isAfter(left, right) ? right : left;
      if (least >= this.#items.length || !this.#isAfter(at, least)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  /** At the same time, the upper lane comes first. */
  #isAfter(one: number, other: number): boolean {
    const [a, b] = [this.#items[one], this.#items[other]];
    if (a === undefined || b === undefined) return false;
    return a[0] === b[0] ? a[1] > b[1] : a[0] > b[0];
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#items[one], this.#items[other]];
    if (a === undefined || b === undefined) return;
    this.#items[one] = b;
    this.#items[other] = a;
  }
}

const NAMES: Readonly<Record<BarKind, string>> = {
  turn: "turn",
  activity: "activity",
  child: "child workflow",
  timer: "timer",
  event: "event",
  update: "update",
  pause: "paused",
  stall: "stalled",
  cancel: "cancel",
  terminate: "terminate",
  rewind: "rewind",
  version: "version",
  sent: "event sent",
  detached: "workflow started",
};

/** What a bar is, in words. */
export function kindOf(kind: BarKind): string {
  return NAMES[kind];
}

/** What stands at its row: its name, or what it is where it has none. */
export function labelOf({ kind, name, id }: Bar): string {
  if (kind === "timer") return `timer #${id}`;
  return name ?? NAMES[kind];
}

function groupOf(bar: Bar): string {
  return bar.kind === "timer" ? "timers" : labelOf(bar);
}

/** A part of a bar, in places on the axis. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** `pause`: between two attempts. `wait`: nothing runs, as in a timer. */
  readonly what: "run" | "wait" | "pause" | "moment";
  readonly status: BarStatus;
  readonly attempt?: number;
}

const WAITS: ReadonlySet<BarKind> = new Set(["timer", "pause", "stall", "event"]);

/**
 * Since when an event may have been waited for: nothing happened between the turn before it and itself. No event tells more.
 */
export function waitsBefore(bars: readonly Bar[]): ReadonlyMap<Bar, number> {
  const waits = new Map<Bar, number>();
  let [beforeMs, turnMs]: (number | undefined)[] = [];
  for (const bar of bars) {
    if (bar.kind === "turn") [beforeMs, turnMs] = [turnMs, bar.scheduledMs];
    else if (bar.kind === "event" && !isAwaited(bar) && beforeMs !== undefined && beforeMs < bar.scheduledMs)
      waits.set(bar, beforeMs);
  }
  return waits;
}

/** Bars of no event yet: what the code waits for, since its last turn at the latest. Their places are behind all others. */
export function awaitedBars(names: readonly string[], bars: readonly Bar[], branches?: readonly WireBranch[]): Bar[] {
  const turn = bars.findLast(({ kind }) => kind === "turn");
  if (turn === undefined) return [];
  return names.map((name, n) => ({
    ...{ position: AWAITED + n, kind: "event", status: "waiting", name, scheduledMs: turn.scheduledMs },
    branch: waitersFor(branches, `event:${name}`)[0],
  }));
}

const AWAITED = 2 ** 40;

export function awaitedNameOf({ position }: Pick<Bar, "position">, names: readonly string[] = []): string | undefined {
  return names[position - AWAITED];
}

export function isAwaited({ position }: Pick<Bar, "position">): boolean {
  return position >= AWAITED;
}

/**
 * What a bar is drawn of: of a call a segment for each attempt, and the pauses between. `waitsSinceMs`: of an event, since when it may have
 * been waited for.
 */
export function segmentsOf(bar: Bar, axis: Axis, nowMs: number, waitsSinceMs?: number): Segment[] {
  const { kind, status, scheduledMs } = bar;
  const endMs = endOf(bar, nowMs);
  const at = (ms: number) => placeAt(axis, ms);
  if (kind !== "activity" && kind !== "child") {
    const isMoment = bar.endedMs === scheduledMs && kind !== "timer" && kind !== "update";
    const what = isMoment ? "moment" : WAITS.has(kind) ? "wait" : "run";
    const own: Segment = { from: at(scheduledMs), to: at(endMs), what, status };
    if (waitsSinceMs === undefined) return [own];
    return [{ from: at(waitsSinceMs), to: own.from, what: "wait", status: "waiting" }, own];
  }
  const attempts = attemptsOf(bar);
  return attempts.flatMap((attempt, n): Segment[] => {
    const isLast = n === attempts.length - 1;
    const untilMs = attempt.endedMs ?? (isLast ? endMs : attempt.scheduledMs);
    const run: Segment = {
      ...{
        from: at(attempt.scheduledMs),
        to: at(untilMs),
        what: "run",
        status: isLast && status === "left" ? status : attempt.status,
      },
      ...(bar.attempts !== undefined && { attempt: attempt.attempt }),
    };
    const nextMs = attempts[n + 1]?.scheduledMs ?? (status === "retrying" ? nowMs : undefined);
    if (nextMs === undefined || nextMs <= untilMs) return [run];
    return [run, { from: at(untilMs), to: at(nextMs), what: "pause", status: "retrying" }];
  });
}

/** Of one that is open: now. When a timer was called off, no event tells. */
export function endOf({ endedMs, status, scheduledMs }: Bar, nowMs: number): number {
  if (endedMs !== undefined) return endedMs;
  return status === "canceled" ? scheduledMs : Math.max(nowMs, scheduledMs);
}

/** From the first to the last that there is to see; `nowMs` where something is open. */
export function spanOf(bars: readonly Bar[], nowMs: number): { fromMs: number; toMs: number } {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const bar of bars) {
    fromMs = Math.min(fromMs, bar.scheduledMs);
    toMs = Math.max(toMs, bar.kind === "turn" ? bar.scheduledMs : endOf(bar, nowMs));
  }
  return Number.isFinite(fromMs) ? { fromMs, toMs } : { fromMs: nowMs, toMs: nowMs };
}
