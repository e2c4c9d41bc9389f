// Where bars stand: the axis with its gaps, the rows, what a bar is drawn of.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisOf, busyTimes, placeAt, ticksOf, timeAt } from "../../../dashboard/src/instance/model/axis.ts";
import { type Bar, Bars } from "../../../dashboard/src/instance/model/bars.ts";
import {
  arrangementOf,
  awaitedBars,
  awaitedNameOf,
  haveBranches,
  isAwaited,
  labelOf,
  lanesOf,
  type Row,
  rowsOf,
  segmentsOf,
  spanOf,
  waitsBefore,
} from "../../../dashboard/src/instance/model/layout.ts";
import { shapeAt, shapesOf } from "../../../dashboard/src/instance/model/shapes.ts";
import { describe as describeBar } from "../../../dashboard/src/instance/timeline/chart.tsx";
import type { HistoryEvent } from "../../../src/model/history-event.ts";

const DAY = 86_400_000;
const bar = (fields: Partial<Bar>): Bar => ({
  ...{ position: 1, kind: "activity", status: "completed", id: 1, name: "charge", scheduledMs: 0, endedMs: 10 },
  ...fields,
});

const interval = fc
  .tuple(fc.nat(10_000_000), fc.nat(100_000))
  .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));

describe("[X] The axis", () => {
  it("[X1] [X3] goes on with time, and has an inverse; times outside are at the nearer end", () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 30 }), fc.boolean(), fc.nat(11_000_000), (busy, isCompressed, ms) => {
        const axis = axisOf({ fromMs: 0, toMs: 10_100_000 }, busy, isCompressed);
        const place = placeAt(axis, ms);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(1);
        expect(placeAt(axis, ms + 1_000)).toBeGreaterThanOrEqual(place);
        expect(timeAt(axis, place)).toBeCloseTo(Math.min(ms, 10_100_000), 0);
      }),
    );
    const axis = axisOf({ fromMs: 100, toMs: 200 }, [], false);
    expect([placeAt(axis, 0), placeAt(axis, 900), timeAt(axis, -1), timeAt(axis, 2)]).toEqual([0, 1, 100, 200]);
  });

  it("[X2] a week of sleep leaves most of the room to 20 ms of work", () => {
    const busy = [
      { fromMs: 0, toMs: 10 },
      { fromMs: 7 * DAY, toMs: 7 * DAY + 10 },
    ];
    const axis = axisOf({ fromMs: 0, toMs: 7 * DAY + 10 }, busy, true);
    expect(placeAt(axis, 10)).toBeGreaterThan(0.4);
    expect(placeAt(axis, 7 * DAY)).toBeLessThan(0.6);
    expect(axis.pieces.map(({ isCompressed }) => isCompressed)).toEqual([false, true, false]);
    const real = axisOf({ fromMs: 0, toMs: 7 * DAY + 10 }, busy, false);
    expect(placeAt(real, 10)).toBeLessThan(1e-6);
  });

  it("[X2.1] a thousand hourly looks of 20 ms each have half of the room", () => {
    const busy = Array.from({ length: 1_000 }, (_, n) => ({ fromMs: n * 3_600_000, toMs: n * 3_600_000 + 20 }));
    const axis = axisOf({ fromMs: 0, toMs: 1_000 * 3_600_000 }, busy, true);
    const room = axis.pieces
      .filter(({ isCompressed }) => isCompressed)
      .reduce((sum, { from, to }) => sum + to - from, 0);
    expect(room).toBeLessThanOrEqual(0.5 + 1e-9);
  });

  it("[X2.2] where nothing has taken time, moments stand apart", () => {
    const moments = [0, DAY, 3 * DAY].map((ms) => ({ fromMs: ms, toMs: ms }));
    const axis = axisOf({ fromMs: 0, toMs: 3 * DAY }, moments, true);
    expect(placeAt(axis, DAY)).toBeCloseTo(0.5);
    expect(placeAt(axisOf({ fromMs: 5, toMs: 5 }, [], true), 5)).toBe(0);
  });

  it("[X4] a wait is idle, and so is a pause between attempts; an attempt that runs is not", () => {
    const attempts = [
      { id: 1, attempt: 1, status: "failed" as const, scheduledMs: 0, endedMs: 5, nextAttemptMs: 100 },
      { id: 3, attempt: 2, status: "running" as const, scheduledMs: 100 },
    ];
    const retried = bar({ status: "running", endedMs: undefined, attempts });
    const timer = bar({ kind: "timer", status: "waiting", endedMs: undefined, dueMs: 900 });
    const busy = busyTimes([retried, timer], 150);
    expect(busy).toContainEqual({ fromMs: 0, toMs: 5 });
    expect(busy).toContainEqual({ fromMs: 100, toMs: 150 });
    expect(busy.some(({ fromMs, toMs }) => fromMs <= 50 && toMs >= 50)).toBe(false);
  });

  it("[X5] ticks are round times after the beginning, far enough apart, and none is within a gap", () => {
    const busy = [
      { fromMs: 7, toMs: 1_007 },
      { fromMs: DAY, toMs: DAY + 1_000 },
    ];
    const axis = axisOf({ fromMs: 7, toMs: DAY + 1_000 }, busy, true);
    const ticks = ticksOf(axis, 1_000);
    expect(ticks.length).toBeGreaterThan(3);
    for (const [n, { place, ms }] of ticks.entries()) {
      expect((ms - 7) % 100).toBe(0);
      expect(place).toBeCloseTo(placeAt(axis, ms));
      if (n > 0) expect((place - (ticks[n - 1]?.place ?? 0)) * 1_000).toBeGreaterThan(80);
    }
    expect(ticks.every(({ ms }) => ms <= 1_007 || ms >= DAY)).toBe(true);
  });
});

describe("[L] The rows", () => {
  const child = bar({ position: 5, kind: "child", name: "ship", instanceId: "ship-1" });
  const bars = [
    bar({ position: 0, kind: "turn" }),
    bar({ position: 1 }),
    bar({ position: 3, kind: "timer", id: 2 }),
    child,
  ];

  it("[L1] [L3] one for each bar, and what a child did is one step further in when it is opened", () => {
    expect(rowsOf(bars, "calls").map(({ label }) => label)).toEqual(["charge", "timer #2", "ship"]);
    const opened = rowsOf(bars, "calls", (id) => (id === "ship-1" ? [bar({ position: 1, name: "pack" })] : undefined));
    expect(opened.map(({ key, label, depth, of }) => [key, label, depth, of])).toEqual([
      ["1", "charge", 0, undefined],
      ["3", "timer #2", 0, undefined],
      ["5", "ship", 0, undefined],
      ["5.1", "pack", 1, "ship-1"],
    ]);
  });

  it("[L1.1] one that is within itself ends", () => {
    const endless = rowsOf([child], "calls", () => [child]);
    expect(endless.length).toBeLessThan(20);
  });

  it("[L2] a loop is one row, and what runs at once has a row each", () => {
    const loop = Array.from({ length: 100 }, (_, n) =>
      bar({ position: n + 1, scheduledMs: n * 10, endedMs: n * 10 + 10 }),
    );
    expect(arrangementOf(bars)).toBe("calls");
    expect(arrangementOf(loop)).toBe("names");
    expect(rowsOf(loop, "names")).toMatchObject([{ label: "charge", count: 100 }]);
    const atOnce = [0, 1, 2].map((n) => bar({ position: n, scheduledMs: n, endedMs: 5 }));
    expect(rowsOf(atOnce, "names").map(({ label, count }) => [label, count])).toEqual([
      ["charge", 3],
      ["", undefined],
      ["", undefined],
    ]);
  });

  it("[L2.2] a row has the branch of its bars, and by branch those of one stand together, behind the workflow's own", () => {
    const inBranches = [
      bar({ position: 1, branch: "flight" }),
      bar({ position: 2, branch: "hotel", name: "book" }),
      bar({ position: 3, branch: "flight", name: "seat" }),
      bar({ position: 4, kind: "timer", id: 9 }),
    ];
    const shown = (rows: readonly Row[]) => rows.map(({ label, branch }) => [label, branch]);
    expect(shown(rowsOf(inBranches, "calls"))).toEqual([
      ["charge", "flight"],
      ["book", "hotel"],
      ["seat", "flight"],
      ["timer #9", undefined],
    ]);
    expect(shown(rowsOf(inBranches, "branches"))).toEqual([
      ["timer #9", undefined],
      ["charge", "flight"],
      ["seat", "flight"],
      ["book", "hotel"],
    ]);
    expect([haveBranches(inBranches), haveBranches(bars)]).toEqual([true, false]);
  });

  it("[L2.3] by name, a row has a branch where all calls of that name are of it", () => {
    const calls = [
      bar({ position: 1, branch: "flight" }),
      bar({ position: 2, branch: "flight" }),
      bar({ position: 3, branch: "flight", name: "book" }),
      bar({ position: 4, branch: "hotel", name: "book" }),
    ];
    const first = rowsOf(calls, "names").filter(({ count }) => count !== undefined);
    expect(first.map(({ label, branch }) => [label, branch])).toEqual([
      ["charge", "flight"],
      ["book", undefined],
    ]);
  });

  it("[L2.4] an opened child has the branches of its own code, in its order", () => {
    const own = [bar({ position: 1, name: "b", branch: "two" }), bar({ position: 2, name: "a", branch: "one" })];
    const rows = rowsOf([{ ...child, branch: "ships" }], "branches", (id) => (id === "ship-1" ? own : undefined));
    expect(rows.map(({ branch, of }) => [branch, of])).toEqual([
      ["ships", undefined],
      ["two", "ship-1"],
      ["one", "ship-1"],
    ]);
  });

  it("[L2.5] what is told of a bar under the pointer names its branch", () => {
    expect(describeBar(bar({ position: 1, id: 1, branch: "<b>flight</b>" }), 10)).toMatch(
      /^activity charge #1\nin branch '<b>flight<\/b>'\n/,
    );
    expect(describeBar(bar({ position: 1, id: 1 }), 10)).not.toContain("branch");
  });

  it("[L2.1] in no lane do two overlap, and none is lost", () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 60 }), (intervals) => {
        const sorted = intervals
          .toSorted((one, other) => one.fromMs - other.fromMs)
          .map(({ fromMs, toMs }, position) => bar({ position, scheduledMs: fromMs, endedMs: toMs }));
        const lanes = lanesOf(sorted);
        expect(lanes.flat().length).toBe(sorted.length);
        for (const lane of lanes)
          for (const [n, { scheduledMs }] of lane.entries())
            if (n > 0) expect(scheduledMs).toBeGreaterThanOrEqual(lane[n - 1]?.endedMs ?? 0);
      }),
    );
  });

  it("[L4] a call is drawn of its attempts and the pauses between; one that is retried, up to now", () => {
    const axis = axisOf({ fromMs: 0, toMs: 100 }, [], false);
    const attempts = [
      { id: 1, attempt: 1, status: "failed" as const, scheduledMs: 0, endedMs: 10, nextAttemptMs: 50 },
      { id: 3, attempt: 2, status: "failed" as const, scheduledMs: 50, endedMs: 60, nextAttemptMs: 200 },
    ];
    const retrying = bar({ status: "retrying", endedMs: undefined, dueMs: 200, attempts });
    expect(segmentsOf(retrying, axis, 100)).toEqual([
      { from: 0, to: 0.1, what: "run", status: "failed", attempt: 1 },
      { from: 0.1, to: 0.5, what: "pause", status: "retrying" },
      { from: 0.5, to: 0.6, what: "run", status: "failed", attempt: 2 },
      { from: 0.6, to: 1, what: "pause", status: "retrying" },
    ]);
  });

  it("[L5] a wait is no run, an event is a moment, and what is open goes up to now", () => {
    const axis = axisOf({ fromMs: 0, toMs: 100 }, [], false);
    const waits = bar({ kind: "timer", status: "waiting", endedMs: undefined, dueMs: 5_000 });
    expect(segmentsOf(waits, axis, 80)).toEqual([{ from: 0, to: 0.8, what: "wait", status: "waiting" }]);
    const event = bar({ kind: "event", scheduledMs: 20, endedMs: 20 });
    expect(segmentsOf(event, axis, 80)).toMatchObject([{ from: 0.2, to: 0.2, what: "moment" }]);
    expect(segmentsOf(bar({ status: "running", endedMs: undefined }), axis, 80)).toMatchObject([
      { to: 0.8, what: "run" },
    ]);
  });

  it("[L6] spans what there is, and is not empty where there is nothing", () => {
    expect(
      spanOf([bar({ scheduledMs: 5 }), bar({ scheduledMs: 7, endedMs: undefined, status: "running" })], 90),
    ).toEqual({ fromMs: 5, toMs: 90 });
    expect(spanOf([], 90)).toEqual({ fromMs: 90, toMs: 90 });
    expect(labelOf(bar({ kind: "pause", name: undefined }))).toBe("paused");
  });
});

describe("[L7] Waits for events", () => {
  const turn = (position: number, scheduledMs: number) =>
    bar({ position, kind: "turn", scheduledMs, endedMs: scheduledMs });
  const approval = bar({ position: 5, kind: "event", name: "approval", scheduledMs: 900, endedMs: 900 });
  const bars = [turn(0, 0), bar({ position: 1 }), turn(2, 10), turn(5, 900), approval];

  it("[L7] an event is waited for since the turn before it, which is all that is known", () => {
    const waits = waitsBefore(bars);
    expect([...waits]).toEqual([[approval, 10]]);
    const axis = axisOf({ fromMs: 0, toMs: 1_000 }, [], false);
    expect(segmentsOf(approval, axis, 1_000, waits.get(approval))).toMatchObject([
      { from: 0.01, to: 0.9, what: "wait" },
      { from: 0.9, to: 0.9, what: "moment" },
    ]);
    expect(waitsBefore([turn(0, 0), bar({ position: 1, kind: "event", scheduledMs: 0, endedMs: 0 })]).size).toBe(0);
  });

  it("[L7.2] what a branch waits for first is its own, however the name is written", () => {
    const turns = [bar({ position: 0, kind: "turn", scheduledMs: 5 })];
    const branches = [
      { name: "hotel", waitingFor: "event:Paid" },
      { name: "flight", waitingFor: "activity:own" },
    ];
    expect(awaitedBars(["paid", "own"], turns, branches).map(({ name, branch }) => [name, branch])).toEqual([
      ["paid", "hotel"],
      ["own", undefined],
    ]);
  });

  it("[L7.1] what it waits for now has a bar up to now, behind all others", () => {
    const [awaited, ...none] = awaitedBars(["paid"], bars);
    expect(none).toEqual([]);
    expect(awaited).toMatchObject({ kind: "event", name: "paid", status: "waiting", scheduledMs: 900 });
    if (awaited === undefined) return;
    expect(isAwaited(awaited)).toBe(true);
    expect(isAwaited(approval)).toBe(false);
    expect(awaitedNameOf(awaited, ["paid"])).toBe("paid");
    const axis = axisOf({ fromMs: 0, toMs: 1_000 }, [], false);
    expect(segmentsOf(awaited, axis, 1_000)).toMatchObject([{ from: 0.9, to: 1, what: "wait" }]);
    expect(awaitedBars(["paid"], [])).toEqual([]);
  });
});

describe("[V] What is in view", () => {
  const view = { left: 0, top: 0, viewWidth: 900, viewHeight: 100, width: 800, rowHeight: 20 };
  const many = Array.from({ length: 5_000 }, (_, n) => bar({ position: n, scheduledMs: n, endedMs: n + 1 }));

  it("[V1] of any number of rows, only those in view are drawn", () => {
    const rows = rowsOf(many, "calls");
    const axis = axisOf({ fromMs: 0, toMs: 5_000 }, [], false);
    const drawn = new Set(shapesOf(rows, axis, { ...view, top: 50_000 }, 5_000).map(({ row }) => row));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2_497);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(2_508);
  });

  it("[V2] bars that stand on one another are drawn once, and a failure among them is not hidden", () => {
    const failed = bar({ position: 6_000, scheduledMs: 2_500, endedMs: 2_501, status: "failed" });
    const rows = [{ key: "k", label: "l", kind: "activity" as const, depth: 0, bars: [...many, failed] }];
    const axis = axisOf({ fromMs: 0, toMs: 5_000 }, [], false);
    const shapes = shapesOf(rows, axis, view, 5_000);
    expect(shapes.length).toBeLessThan(900);
    expect(shapes.filter(({ status }) => status === "failed")).toHaveLength(1);
  });

  it("[V3] a click takes the nearest bar of its row", () => {
    const rows = rowsOf(
      [bar({ position: 1, endedMs: 100 }), bar({ position: 2, scheduledMs: 500, endedMs: 600 })],
      "calls",
    );
    const axis = axisOf({ fromMs: 0, toMs: 1_000 }, [], false);
    const shapes = shapesOf(rows, axis, view, 1_000);
    expect(shapeAt(shapes, 1, 420)?.bar.position).toBe(2);
    expect(shapeAt(shapes, 0, 10)?.bar.position).toBe(1);
    expect(shapeAt(shapes, 7, 10)).toBeUndefined();
  });
});

describe("[L8] 50,000 events", () => {
  it.each(["calls", "names"] as const)("[L8] are drawn in a fraction of a second: %s", (arrangement) => {
    // All calls at once, which is the hardest for lanes.
    const started: HistoryEvent = {
      type: "ExecutionStarted",
      timestampMs: 0,
      name: "w",
      executionId: "x",
      generation: 0,
    };
    const calls = Array.from(
      { length: 25_000 },
      (_, n): HistoryEvent => ({ type: "TaskScheduled", timestampMs: 1, id: n + 1, name: "a" }),
    );
    const answers = calls.map(
      (_, n): HistoryEvent => ({ type: "TaskCompleted", timestampMs: 2 + (n % 900), id: n + 1 }),
    );
    const begun = performance.now();
    const { all } = Bars.ofHistory("x", [started, ...calls, ...answers]);
    const rows = rowsOf(all, arrangement);
    axisOf(spanOf(all, 1_000), busyTimes(all, 1_000), true);
    expect(rows).toHaveLength(25_000);
    // Some 150 ms; what grows with the square of it takes seconds.
    expect(performance.now() - begun).toBeLessThan(1_500);
  });
});
