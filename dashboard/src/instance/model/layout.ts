import { type Axis, placeAt } from "./axis.ts";
import { attemptsOf, type Bar } from "./bars.ts";
import type { BarKind, BarStatus } from "./wire.ts";

/*
 * Where each bar of a timeline stands: in which row, and from where to where on the axis.
 *
 *   L1  One row for each bar, in the order in which they begin; the bars of a child that is opened follow it, one step further in.
 *   L2  By name, the calls of one name are together, and those that overlap stand in rows of their own: a loop is one row, however long it is.
 *   L3  Turns are no bars: they say when the code ran.
 */

export type Arrangement = "calls" | "names";

export interface Row {
  readonly key: string;
  readonly label: string;
  readonly kind: BarKind;
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
  return arrangement === "names" ? byName(bars) : byCall(bars, opened, 0, "", undefined);
}

function byCall(bars: readonly Bar[], opened: OpenedChild, depth: number, path: string, of: string | undefined): Row[] {
  return bars.flatMap((bar): Row[] => {
    if (bar.kind === "turn") return [];
    const { position, kind, instanceId } = bar;
    const key = `${path}${position}`;
    const childId = kind === "child" || kind === "detached" ? instanceId : undefined;
    const row: Row = {
      ...{ key, kind, depth, label: labelOf(bar), bars: [bar] },
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
        depth: 0,
        bars: lane,
        ...(n === 0 && { count: group.length }),
      }),
    ),
  );
}

/** So that none overlaps another: each goes into the first lane that is free when it begins. */
export function lanesOf(bars: readonly Bar[]): Bar[][] {
  const lanes: Bar[][] = [];
  const freeAt: number[] = [];
  for (const bar of bars) {
    const lane = freeAt.findIndex((untilMs) => untilMs <= bar.scheduledMs);
    const at = lane === -1 ? lanes.length : lane;
    if (lane === -1) lanes.push([]);
    lanes[at]?.push(bar);
    freeAt[at] =
      bar.endedMs ?? (bar.status === "canceled" || bar.status === "left" ? bar.scheduledMs : Number.POSITIVE_INFINITY);
  }
  return lanes;
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

const WAITS: ReadonlySet<BarKind> = new Set(["timer", "pause", "stall"]);

/** What a bar is drawn of: of a call a segment for each attempt, and the pauses between. */
export function segmentsOf(bar: Bar, axis: Axis, nowMs: number): Segment[] {
  const { kind, status, scheduledMs } = bar;
  const endMs = endOf(bar, nowMs);
  const at = (ms: number) => placeAt(axis, ms);
  if (kind !== "activity" && kind !== "child") {
    const isMoment = bar.endedMs === scheduledMs && kind !== "timer" && kind !== "update";
    const what = isMoment ? "moment" : WAITS.has(kind) ? "wait" : "run";
    return [{ from: at(scheduledMs), to: at(endMs), what, status }];
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
