// [M4] Totals: what one instance adds to the metrics of all, made from its history.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { areTotals, BUCKETS_MS, bucketOf, Tally, type Totals } from "../../../src/model/totals.ts";

const started = (timestampMs = 0, more: object = {}): HistoryEvent => ({
  type: "ExecutionStarted",
  timestampMs,
  name: "order",
  executionId: "x",
  generation: 0,
  ...more,
});
const scheduled = (id: number, timestampMs: number, name = "charge"): HistoryEvent => ({
  type: "TaskScheduled",
  id,
  name,
  timestampMs,
});
const completed = (id: number, timestampMs: number): HistoryEvent => ({ type: "TaskCompleted", id, timestampMs });
const failed = (id: number, timestampMs: number): HistoryEvent => ({
  type: "TaskFailed",
  id,
  timestampMs,
  failure: { errorType: "E", message: "m" },
});
const ended = (timestampMs: number, status: "COMPLETED" | "FAILED" = "COMPLETED"): HistoryEvent => ({
  type: "ExecutionCompleted",
  status,
  timestampMs,
});

function totalsOf(events: readonly HistoryEvent[], carried?: Totals): Totals {
  const tally = new Tally(carried);
  for (const event of events) tally.add(event);
  return { ...tally.totals };
}

describe("[M4] Totals of an instance", () => {
  it("[M4.1] ends, activities, the first turn and events, with their times in buckets", () => {
    const raised: HistoryEvent = { type: "EventRaised", name: "e", timestampMs: 900 };
    const events = [
      started(),
      scheduled(1, 20),
      completed(1, 70),
      scheduled(2, 70),
      failed(2, 2_000),
      raised,
      ended(4_000),
    ];
    expect(totalsOf(events)).toEqual({
      oc: [1],
      sl: [20, bucketOf(20), 1],
      aocharge: [2],
      ascharge: [50, bucketOf(50), 1],
      afcharge: [1_930, bucketOf(1_930), 1],
      oe: [1],
      ws: [4_000, bucketOf(4_000), 1],
    });
  });

  it("[M4.2] a bucket has its upper bound in it, and the last one has none", () => {
    expect([0, 10, 11, 86_400_000, 86_400_001].map(bucketOf)).toEqual([
      0,
      0,
      1,
      BUCKETS_MS.length - 1,
      BUCKETS_MS.length,
    ]);
  });

  it("[M4.3] carried over a continue-as-new they are those of all executions", () => {
    const first = totalsOf([started(), scheduled(1, 0), completed(1, 5)]);
    const second = totalsOf([started(9, { generation: 1 }), scheduled(1, 9), completed(1, 12), ended(13)], first);
    expect(second).toEqual({ oc: [1], sl: [0, 0, 1], aocharge: [2], ascharge: [8, 0, 2], ws: [4, 0, 1] });
  });

  it("[M4.4] a rewind adds the end that comes again, and the call that is made again", () => {
    const rewound: HistoryEvent = { type: "ExecutionRewound", failedAt: 2, askedFrom: 3, timestampMs: 100 };
    const events = [
      started(),
      scheduled(1, 0),
      failed(1, 5),
      ended(5, "FAILED"),
      rewound,
      completed(1, 130),
      ended(131),
    ];
    expect(totalsOf(events)).toEqual({
      oc: [1],
      sl: [0, 0, 1],
      aocharge: [2],
      afcharge: [5, 0, 1],
      wf: [5, 0, 1],
      ascharge: [30, 1, 1],
      ws: [131, 3, 1],
    });
  });

  it("[M4.5] what a rerun has taken from its source is that instance's, and not counted again", () => {
    const rerunOf = { instanceId: "a", executionId: "y", events: 4, delayMs: 1_000 };
    const events = [
      started(0, { rerunOf }),
      scheduled(1, 0),
      completed(1, 5),
      scheduled(2, 50, "open"),
      completed(2, 1_060),
      scheduled(3, 1_100),
      completed(3, 1_101),
      ended(1_102),
    ];
    expect(totalsOf(events)).toEqual({
      oc: [1],
      // It was open, and so is made once more.
      aoopen: [1],
      asopen: [10, 0, 1],
      aocharge: [1],
      ascharge: [1, 0, 1],
      ws: [1_102, 6, 1],
    });
  });

  it("[M4.7] one that begins later is waited for from then on, and of one that a schedule has started is told how late it was", () => {
    const late = started(5_000, { startAtMs: 4_800, actor: "schedule:nightly" });
    expect(totalsOf([late, scheduled(1, 5_020), ended(5_100)])).toMatchObject({
      sd: [200, bucketOf(200), 1],
      sl: [20, 1, 1],
      ws: [100, bucketOf(100), 1],
    });
    const later = started(0, { startAtMs: 60_000, actor: "alice" });
    const totals = totalsOf([later, scheduled(1, 60_030), ended(60_100)]);
    expect(totals).toMatchObject({ sl: [30, 1, 1], ws: [100, bucketOf(100), 1] });
    expect(totals).not.toHaveProperty("sd");
    // What somebody else wants to have begun long ago is not late, and neither is a schedule's trigger.
    expect(totalsOf([started(9_000, { startAtMs: 1, actor: "alice" })])).toEqual({ oc: [1] });
    expect(totalsOf([started(9_000, { actor: "schedule:nightly" })])).toEqual({ oc: [1] });
    expect(totalsOf([started(9_000, { startAtMs: 1, actor: "schedule:nightly", generation: 1 })])).toEqual({});
  });

  const call = fc.record({ name: fc.string({ maxLength: 80 }), ms: fc.nat(100_000_000), fails: fc.boolean() });

  it("[M4.6] whatever is called, they are at most 1 KB, only grow, leave nothing out, and are the same when they are made in two parts", () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 200 }), (calls, cut) => {
        const events = calls.flatMap(({ name, ms, fails }, n) => [
          scheduled(n, 0, name),
          (fails ? failed : completed)(n, ms),
        ]);
        const whole = totalsOf([started(), ...events]);
        expect(Buffer.byteLength(JSON.stringify(whole))).toBeLessThanOrEqual(1_024);
        const before = totalsOf([started(), ...events.slice(0, cut * 2)]);
        for (const [key, [sum = 0]] of Object.entries(before)) expect(whole[key]?.[0]).toBeGreaterThanOrEqual(sum);
        expect(totalsOf(events.slice(cut * 2), before)).toEqual(whole);
        const ofActivities = Object.entries(whole).filter(([key]) => key.startsWith("a"));
        const count = ofActivities.flatMap(([, series]) => series.slice(1).filter((_, n) => n % 2 === 1));
        expect(count.reduce((all, n) => all + n, 0)).toBe(calls.length);
        const asked = ofActivities.filter(([key]) => key.startsWith("ao")).map(([, [n = 0]]) => n);
        expect(asked.reduce((all, n) => all + n, 0)).toBe(calls.length);
        expect(areTotals(whole)).toBe(true);
      }),
    );
  });
});
