// The bars of a timeline go on with the events that are watched, as if the server had drawn them anew.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bar, Bars } from "../../../dashboard/src/instance/model/bars.ts";
import type { WireTimeline } from "../../../dashboard/src/instance/model/wire.ts";
import { toBar } from "../../../src/http/timeline.ts";
import { Timeline } from "../../../src/instance/reading/timeline.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { ROOT } from "../e2e/server.ts";
import { madeHistory } from "./made-history.ts";

/** What the server answers of a history that is so long. */
function drawn(events: readonly HistoryEvent[]): WireTimeline {
  const timeline = new Timeline();
  for (const [seq, event] of events.entries()) timeline.add(seq, event);
  timeline.openTimers();
  return JSON.parse(JSON.stringify({ instanceID: "made", executionId: "made", bars: timeline.bars.map(toBar) }));
}

/** Without what is `undefined`, which the one has and the other has not. */
const plain = (bars: readonly Bar[]) => JSON.parse(JSON.stringify(bars));

function addAll(bars: Bars, events: readonly HistoryEvent[], from: number): void {
  for (const [n, event] of events.slice(from).entries()) expect(bars.add(from + n, event)).toBe("added");
}

const ASKED: ReadonlySet<string> = new Set([
  ...["TaskScheduled", "TimerCreated", "ChildWorkflowInstanceCreated", "DetachedWorkflowScheduled", "EventSent"],
]);

const recorded = readdirSync(join(ROOT, "test/histories")).map((file) => {
  const { events } = JSON.parse(readFileSync(join(ROOT, "test/histories", file), "utf8"));
  return [file, events as HistoryEvent[]] as const;
});
const made = [1, 2, 3, 4].map((seed) => [`made ${seed}`, madeHistory({ seed, events: 150 })] as const);
/** The same, each call in one of two branches or in none, with all its attempts. */
const branched = [5, 6].map((seed) => {
  const events = madeHistory({ seed, events: 150 }).map((event): HistoryEvent => {
    if (!ASKED.has(event.type)) return event;
    const { id = 0, firstId = id } = event as { id?: number; firstId?: number };
    return firstId % 3 === 0 ? event : ({ ...event, branch: `b-${firstId % 3}` } as HistoryEvent);
  });
  return [`in branches ${seed}`, events] as const;
});

describe("[B] The bars of an instance that is watched", () => {
  it.each([...recorded, ...made, ...branched])(
    "[B1] %s: from wherever the server has drawn them, they end as its own",
    (_, events) => {
      const whole = plain(Bars.of(drawn(events)).all);
      for (let known = 1; known <= events.length; known++) {
        const bars = Bars.of(drawn(events.slice(0, known)));
        expect(bars.next).toBe(known);
        addAll(bars, events, known);
        expect(plain(bars.all)).toEqual(whole);
      }
    },
  );

  it("[B1.2] each has the branch that has called it, also where its first attempt was not read", () => {
    const call = { type: "TaskScheduled", name: "a", branch: "flight" } as const;
    const events: HistoryEvent[] = [
      { type: "ExecutionStarted", timestampMs: 1, name: "w", executionId: "made", generation: 0 },
      { ...call, timestampMs: 1, id: 1 },
      { type: "TimerCreated", timestampMs: 1, id: 2, fireAtMs: 9, branch: "hotel" },
      { type: "EventSent", timestampMs: 1, id: 3, name: "s", instanceId: "x", branch: "flight" },
      { ...call, timestampMs: 1, id: 9, firstId: 7, attempt: 2 },
      { type: "EventRaised", timestampMs: 2, name: "e" },
    ];
    const branches = (bars: Bars) => bars.all.filter(({ kind }) => kind !== "turn").map(({ branch }) => branch);
    const expected = ["flight", "hotel", "flight", "flight", undefined];
    expect(branches(Bars.of(drawn(events)))).toEqual(expected);
    expect(branches(Bars.ofHistory("made", events))).toEqual(expected);
  });

  it("[B1.1] a terminate leaves what runs, and calls off what waits", () => {
    const atMs = 1_000;
    const events: HistoryEvent[] = [
      { type: "ExecutionStarted", timestampMs: atMs, name: "w", executionId: "made", generation: 0 },
      { type: "TaskScheduled", timestampMs: atMs, id: 1, name: "a" },
      { type: "TimerCreated", timestampMs: atMs, id: 2, fireAtMs: 9_000 },
      { type: "TaskScheduled", timestampMs: atMs, id: 3, name: "b" },
      { type: "TaskFailed", timestampMs: 2_000, id: 3, failure: { errorType: "E", message: "m" } },
      { type: "TimerCreated", timestampMs: 2_000, id: 4, fireAtMs: 9_000, firstId: 3 },
      { type: "ExecutionSuspended", timestampMs: 2_500 },
      { type: "ExecutionTerminated", timestampMs: 3_000, recursive: true },
      { type: "ExecutionCompleted", timestampMs: 3_000, status: "TERMINATED" },
    ];
    const bars = Bars.of(drawn(events.slice(0, 7)));
    addAll(bars, events, 7);
    expect(plain(bars.all)).toEqual(plain(Bars.of(drawn(events)).all));
    expect(bars.all.map(({ kind, status }) => `${kind} ${status}`)).toContain("activity left");
    expect(bars.endedMs).toBe(3_000);
  });

  it("[B2] an event that is known already changes nothing", () => {
    const events = madeHistory({ events: 60 });
    const bars = Bars.of(drawn(events));
    const before = plain(bars.all);
    for (const [position, event] of events.entries()) expect(bars.add(position, event)).toBe("known");
    expect(plain(bars.all)).toEqual(before);
  });

  it("[B3] where an event is missing, or one takes back what was, everything is to be read again", () => {
    const events = madeHistory({ events: 20 });
    const bars = Bars.of(drawn(events.slice(0, 10)));
    expect(bars.add(11, events[11] as HistoryEvent)).toBe("read again");
    const rewound: HistoryEvent = { type: "ExecutionRewound", timestampMs: 1, failedAt: 3, askedFrom: 4 };
    expect(bars.add(10, rewound)).toBe("read again");
    expect(bars.next).toBe(10);
  });

  it("[B4] earlier pages come in front, and what the page before has already is not drawn twice", () => {
    const page = drawn(madeHistory({ events: 80 }));
    const [early, late] = [page.bars.slice(0, 40), page.bars.slice(30)];
    const bars = Bars.of({ ...page, bars: late.toReversed(), continuationToken: "made.1" });
    expect(bars.earlier).toBe("made.1");
    bars.addPage({ ...page, bars: early.toReversed() });
    expect(plain(bars.all)).toEqual(plain(Bars.of(page).all));
    expect(bars.earlier).toBeUndefined();
  });

  it("[B5] timers of which the code wants no more are called off, as its description tells", () => {
    const timer = (id: number): HistoryEvent => ({ type: "TimerCreated", timestampMs: 1, id, fireAtMs: 9 });
    const started: HistoryEvent = {
      type: "ExecutionStarted",
      timestampMs: 1,
      name: "w",
      executionId: "made",
      generation: 0,
    };
    const bars = Bars.of(drawn([started]));
    for (const id of [1, 2, 3]) bars.add(id, timer(id));
    // It was asked before the third was created.
    bars.callOff(new Set([2]), 3);
    const statuses = bars.all.filter(({ kind }) => kind === "timer").map(({ status }) => status);
    expect(statuses).toEqual(["canceled", "waiting", "waiting"]);
  });
});

describe("[B6] Bars of a whole history", () => {
  const failure = { errorType: "E", message: "m" };
  const rewound: HistoryEvent[] = [
    { type: "ExecutionStarted", timestampMs: 1, name: "w", executionId: "made", generation: 0 },
    { type: "TaskScheduled", timestampMs: 1, id: 1, name: "charge" },
    { type: "TimerCreated", timestampMs: 1, id: 2, fireAtMs: 900 },
    { type: "ChildWorkflowInstanceCreated", timestampMs: 1, id: 3, name: "ship", instanceId: "ship-1" },
    { type: "TaskFailed", timestampMs: 5, id: 1, failure },
    { type: "TaskScheduled", timestampMs: 5, id: 4, name: "refund" },
    { type: "TimerCreated", timestampMs: 5, id: 5, fireAtMs: 999 },
    { type: "ExecutionCompleted", timestampMs: 5, status: "FAILED", failure },
    { type: "ExecutionRewound", timestampMs: 20, failedAt: 4, askedFrom: 5 },
    { type: "TaskCompleted", timestampMs: 30, id: 1 },
    { type: "TimerFired", timestampMs: 900, id: 2 },
    { type: "ChildWorkflowInstanceCompleted", timestampMs: 901, id: 3 },
  ];

  it.each([...recorded, ...made, ["rewound", rewound] as const])(
    "[B6] %s: as the server draws them, up to each event",
    (_, events) => {
      for (let count = 1; count <= events.length; count++) {
        const some = events.slice(0, count);
        expect(plain(Bars.ofHistory("made", some).all)).toEqual(plain(Bars.of(drawn(some)).all));
      }
    },
  );
});
