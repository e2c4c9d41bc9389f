// [SC3] What a schedule does with the times that come: taken once, started, kept waiting, passed over.
import { describe, expect, it } from "vitest";
import {
  answered,
  backfill,
  letIn,
  looked,
  mustLook,
  nextFire,
  notRun,
  pause,
  resume,
  takeDue,
  toEnd,
  toldToEnd,
  trigger,
} from "../../../src/schedules/decisions.ts";
import { changeFields, type Overlap, type ScheduleFields } from "../../../src/schedules/fields.ts";
import type { ScheduleState } from "../../../src/schedules/state.ts";
import { nominalTime, timesAfter } from "../../../src/schedules/timetable.ts";
import { at, DAY, HOURLY, MINUTE, schedule, timetable } from "./support.ts";

const CREATED = "2026-01-01T00:30:00Z";

/** A schedule, and what happens to it. */
class Case {
  state: ScheduleState;
  constructor(fields: Partial<ScheduleFields> = {}, more: Partial<ScheduleState> = {}) {
    this.state = schedule({ ...HOURLY, ...fields }, CREATED, more);
  }
  get timetable() {
    return timetable(this.state.fields);
  }
  due(time: string): this {
    this.state = letIn(takeDue(this.state, this.timetable, "s", at(time)));
    return this;
  }
  /** All that are starting are answered. */
  started(time: string, outcome: "started" | "ID in use" = "started"): this {
    for (const { nominalMs, trigger: n } of this.state.starting)
      this.state = answered(this.state, this.timetable, keyFor(nominalMs, n), outcome, at(time));
    return this;
  }
  ended(key: string, status: "COMPLETED" | "FAILED" | "RUNNING" | undefined = "COMPLETED"): this {
    this.state = letIn(looked(this.state, this.timetable, "s", { key, status }, at("2026-01-01T12:00:00Z")));
    return this;
  }
  trigger(time: string, requestId: string, overlap?: Overlap): this {
    this.state = trigger(this.state, { requestId, overlap }, at(time));
    return this;
  }
  pause(time: string, reason?: string): this {
    this.state = pause(this.state, { reason, by: "anna" }, at(time));
    return this;
  }
  resume(time: string): this {
    this.state = resume(this.state, at(time));
    return this;
  }
  get starting() {
    return this.state.starting.map((fire) => keyFor(fire.nominalMs, fire.trigger));
  }
  get waiting() {
    return this.state.waiting.map((fire) => keyFor(fire.nominalMs, fire.trigger));
  }
  get running() {
    return this.state.running.map(({ key }) => key);
  }
  /** The oldest first. */
  get fires() {
    return this.state.fires
      .map(({ key, outcome, message }) => `${key} ${outcome}${message ? `: ${message}` : ""}`)
      .reverse();
  }
}

const keyFor = (ms: number, n?: number) => `${nominalTime(ms).replace(/[-:]/g, "")}${n === undefined ? "" : `-${n}`}`;
const ONE = "20260101T010000Z";
const TWO = "20260101T020000Z";
const THREE = "20260101T030000Z";

describe("[SC3] A time that comes", () => {
  it("[SC3.1] is taken when it is due, once, and nothing before", () => {
    const hourly = new Case().due("2026-01-01T00:59:59Z");
    expect(hourly.starting).toEqual([]);
    expect(hourly.due("2026-01-01T01:00:00Z").starting).toEqual([ONE]);
    expect(hourly.due("2026-01-01T01:00:00Z").due("2026-01-01T01:30:00Z").starting).toEqual([ONE]);
    expect(hourly.started("2026-01-01T01:00:01Z").due("2026-01-01T01:30:00Z").starting).toEqual([]);
    expect([hourly.running, hourly.fires]).toEqual([[ONE], [`${ONE} started`]]);
  });

  it("[SC3.2] is not taken again when the clock goes back", () => {
    const hourly = new Case().due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z").ended(ONE);
    expect(hourly.due("2026-01-01T00:50:00Z").due("2026-01-01T01:00:00Z").starting).toEqual([]);
  });

  it("[SC3.3] is started late within the catch-up window, and missed beyond it", () => {
    const late = new Case({ overlap: "allowAll" }).due("2026-01-01T03:59:00Z");
    expect([late.starting, late.fires]).toEqual([[THREE], [`${ONE} missed: 2 times from here on`]]);
    const wide = new Case({ overlap: "allowAll", catchUpWindow: "24h" }).due("2026-01-01T03:59:00Z");
    expect(wide.starting).toEqual([ONE, TWO, THREE]);
    const one = new Case({ overlap: "allowAll" }).due("2026-01-01T02:30:00Z");
    expect([one.starting, one.fires]).toEqual([[TWO], [`${ONE} missed`]]);
  });

  it("[SC3.4] a day of missed seconds is one record, and quick", () => {
    const away = new Case({ cron: "* * * * * *", overlap: "allowAll", catchUpWindow: "10s" });
    expect(away.due("2026-01-03T00:30:00Z").starting).toHaveLength(11);
    expect(away.fires).toEqual(["20260101T003001Z missed: 1000 times or more from here on"]);
  });

  it("[SC3.5] waits for its jitter, and keeps its nominal time", () => {
    const hourly = new Case({ jitter: "10m" });
    const { nominalMs, dueMs } = nextFire(hourly.state, hourly.timetable, "s") ?? { nominalMs: 0, dueMs: 0 };
    expect(dueMs).toBeGreaterThan(nominalMs);
    expect(hourly.due(new Date(dueMs - 1).toISOString()).starting).toEqual([]);
    expect(hourly.due(new Date(dueMs).toISOString()).starting).toEqual([ONE]);
  });

  it("[SC3.6] under whose ID there is another instance is recorded as that, and nothing runs", () => {
    const taken = new Case().due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z", "ID in use");
    expect([taken.fires, taken.running, taken.state.ran]).toEqual([[`${ONE} ID in use`], [], []]);
  });

  it("[SC3.7] remaining actions count what is started, not what is skipped", () => {
    const limited = new Case({}, { remainingActions: 2 }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    limited
      .due("2026-01-01T02:00:00Z")
      .ended(ONE)
      .due("2026-01-01T03:00:00Z")
      .started("2026-01-01T03:00:01Z")
      .ended(THREE);
    expect(limited.fires).toEqual([`${ONE} started`, `${TWO} skipped: another one runs`, `${THREE} started`]);
    expect(nextFire(limited.state, limited.timetable, "s")).toBeUndefined();
    expect(limited.due("2026-01-01T09:00:00Z").starting).toEqual([]);
  });
});

describe("[SC4] While another one runs", () => {
  const running = (overlap: Overlap, more: Partial<ScheduleFields> = {}) =>
    new Case({ overlap, ...more }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");

  it("[SC4.1] skip: the time is passed over; also while the other one's start has no answer", () => {
    const skip = running("skip").due("2026-01-01T02:00:00Z");
    expect([skip.starting, skip.fires]).toEqual([[], [`${ONE} started`, `${TWO} skipped: another one runs`]]);
    const unanswered = new Case().due("2026-01-01T01:00:00Z").due("2026-01-01T02:00:00Z");
    expect([unanswered.starting, unanswered.fires]).toEqual([[ONE], [`${TWO} skipped: another one runs`]]);
    expect(skip.ended(ONE).due("2026-01-01T03:00:00Z").starting).toEqual([THREE]);
  });

  it("[SC4.2] bufferOne: one waits, and starts when the other one has ended", () => {
    const buffer = running("bufferOne").due("2026-01-01T02:00:00Z").due("2026-01-01T03:00:00Z");
    expect([buffer.waiting, buffer.starting]).toEqual([[TWO], []]);
    expect(buffer.fires).toEqual([`${ONE} started`, `${THREE} skipped: another one waits`]);
    expect(buffer.ended(ONE, "RUNNING").starting).toEqual([]);
    expect(buffer.ended(ONE).starting).toEqual([TWO]);
  });

  it("[SC4.3] bufferAll: all wait, and start one after the other", () => {
    const buffer = running("bufferAll").due("2026-01-01T02:00:00Z").due("2026-01-01T03:00:00Z");
    expect(buffer.waiting).toEqual([TWO, THREE]);
    expect([buffer.ended(ONE).starting, buffer.waiting]).toEqual([[TWO], [THREE]]);
    buffer.started("2026-01-01T03:30:00Z");
    expect([buffer.due("2026-01-01T03:31:00Z").starting, buffer.ended(TWO).starting]).toEqual([[], [THREE]]);
  });

  it("[SC4.4] bufferAll: no more than 1,000 wait", () => {
    const buffer = running("bufferAll", { cron: "* * * * *", catchUpWindow: "48h" });
    buffer.due("2026-01-02T00:30:00Z");
    expect(buffer.waiting).toHaveLength(1_000);
    expect(buffer.fires.at(-1)).toBe("20260102T003000Z skipped: 1000 wait, which is the most");
  });

  it.each([
    ["cancelOther", "cancel"],
    ["terminateOther", "terminate"],
  ] as const)(
    "[SC4.5] %s: the other one is told to, once, and the last that has come takes its place",
    (overlap, how) => {
      const other = running(overlap).due("2026-01-01T02:00:00Z");
      const told = toEnd(other.state);
      expect([told.how, told.whom.map(({ key }) => key), other.starting]).toEqual([how, [ONE], []]);
      other.state = toldToEnd(other.state, ONE);
      expect(toEnd(other.state).whom).toEqual([]);
      other.due("2026-01-01T03:00:00Z");
      expect(other.fires).toEqual([`${ONE} started`, `${TWO} skipped: a later one takes its place`]);
      expect([other.ended(ONE).starting, other.waiting]).toEqual([[THREE], []]);
      expect(toEnd(other.state).whom).toEqual([]);
    },
  );

  it("[SC4.6] allowAll: all start, and nobody is asked whether the others run", () => {
    const all = running("allowAll");
    expect(mustLook(all.state, all.timetable, "s", at("2026-01-01T02:00:00Z"))).toBe(false);
    expect(all.due("2026-01-01T02:00:00Z").starting).toEqual([TWO]);
    expect(toEnd(all.state).whom).toEqual([]);
  });

  it("[SC4.7] it is asked whether it still runs when that matters, and not before", () => {
    const look = (one: Case, time: string) => mustLook(one.state, one.timetable, "s", at(time));
    const skip = running("skip");
    expect([look(skip, "2026-01-01T01:59:00Z"), look(skip, "2026-01-01T02:00:00Z")]).toEqual([false, true]);
    expect(look(running("bufferOne").due("2026-01-01T02:00:00Z"), "2026-01-01T02:01:00Z")).toBe(true);
    expect(look(running("allowAll", { pauseOnFailure: true }), "2026-01-01T01:01:00Z")).toBe(true);
    expect(look(running("skip").ended(ONE, undefined), "2026-01-01T02:00:00Z")).toBe(false);
  });
});

describe("[SC5] Paused, triggered, filled in", () => {
  it("[SC5.1] times that come while it is paused are passed over, and not caught up", () => {
    const paused = new Case().pause("2026-01-01T00:31:00Z", "holiday").due("2026-01-01T02:10:00Z");
    expect([paused.starting, paused.state.paused]).toEqual([
      [],
      { reason: "holiday", by: "anna", atMs: at("2026-01-01T00:31:00Z") },
    ]);
    expect(paused.resume("2026-01-01T02:10:00Z").due("2026-01-01T02:59:00Z").starting).toEqual([]);
    expect(paused.due("2026-01-01T03:00:00Z").starting).toEqual([THREE]);
  });

  it("[SC5.9] resumed by a clock that was set back, no time comes again", () => {
    const hourly = new Case({ overlap: "allowAll" }).due("2026-01-01T03:00:00Z").started("2026-01-01T03:00:01Z");
    const { throughMs } = hourly.state;
    expect(hourly.pause("2026-01-01T03:10:00Z").resume("2026-01-01T01:10:00Z").state.throughMs).toBe(throughMs);
    expect(hourly.due("2026-01-01T03:30:00Z").starting).toEqual([]);
    expect(hourly.due("2026-01-01T04:00:00Z").starting).toEqual(["20260101T040000Z"]);
  });

  it("[SC5.2] a second pause changes nothing of the first", () => {
    const paused = new Case().pause("2026-01-01T00:31:00Z", "holiday").pause("2026-01-01T00:32:00Z", "other");
    expect(paused.state.paused?.reason).toBe("holiday");
  });

  it("[SC5.3] what waits stays while it is paused; what somebody has asked for does not", () => {
    const paused = new Case({ overlap: "bufferAll" }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    paused.due("2026-01-01T02:00:00Z").pause("2026-01-01T02:01:00Z").trigger("2026-01-01T02:02:00Z", "r", "bufferAll");
    expect(paused.ended(ONE).starting).toEqual(["20260101T020200Z-1"]);
    paused.started("2026-01-01T02:03:00Z").ended("20260101T020200Z-1");
    expect([paused.starting, paused.waiting]).toEqual([[], [TWO]]);
    paused.resume("2026-01-01T02:10:00Z").due("2026-01-01T02:10:00Z");
    expect(paused.starting).toEqual([TWO]);
  });

  it("[SC5.4] pauseOnFailure: one that has failed pauses it, and says which; others do not", () => {
    const failing = new Case({ pauseOnFailure: true }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    expect(failing.ended(ONE, "FAILED").state.paused).toEqual({
      reason: `instance 's-${ONE}' has failed`,
      by: "pauseOnFailure",
      atMs: at("2026-01-01T12:00:00Z"),
    });
    const fine = new Case({ pauseOnFailure: true }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    expect(fine.ended(ONE).state.paused).toBeUndefined();
    const careless = new Case().due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    expect(careless.ended(ONE, "FAILED").state.paused).toBeUndefined();
  });

  it("[SC5.5] triggers have numbers, start whatever runs, and leave times and remaining actions alone", () => {
    const one = new Case({}, { remainingActions: 1 }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    one.trigger("2026-01-01T01:10:05.900Z", "a").trigger("2026-01-01T01:10:05.950Z", "b");
    expect(one.starting).toEqual(["20260101T011005Z-1", "20260101T011005Z-2"]);
    expect([one.state.remainingActions, one.state.ran]).toEqual([0, [at("2026-01-01T01:00:00Z") / 1_000]]);
    expect(one.state.requests).toEqual([
      { requestId: "b", key: "20260101T011005Z-2" },
      { requestId: "a", key: "20260101T011005Z-1" },
    ]);
  });

  it("[SC5.6] a backfill leaves out times that have run, that wait, and that are starting", () => {
    const one = new Case({ overlap: "bufferAll" }).due("2026-01-01T01:00:00Z").started("2026-01-01T01:00:01Z");
    one.due("2026-01-01T02:00:00Z");
    const all = timesAfter(one.timetable, at("2025-12-31T22:30:00Z"), 6);
    const left = notRun(one.state, all, new Set([at("2025-12-31T23:00:00Z") / 1_000]));
    expect(left.map((ms) => keyFor(ms))).toEqual(["20260101T000000Z", THREE, "20260101T040000Z"]);
    one.state = backfill(one.state, left, "allowAll", at("2026-01-01T04:10:00Z"));
    expect(one.starting).toEqual(["20260101T000000Z", THREE, "20260101T040000Z"]);
    // It is late by what it took to start it, and not by how long ago its time was.
    expect(one.state.starting.map(({ dueMs }) => dueMs)).toEqual(Array(3).fill(at("2026-01-01T04:10:00Z")));
  });

  it("[SC5.7] a time that a backfill has taken is not taken again when it comes", () => {
    const late = new Case({ overlap: "allowAll" });
    late.state = backfill(late.state, [at("2026-01-01T01:00:00Z")], "allowAll", at("2026-01-01T01:05:00Z"));
    expect(late.due("2026-01-01T01:06:00Z").starting).toEqual([ONE]);
    expect(late.started("2026-01-01T01:07:00Z").due("2026-01-01T01:08:00Z").starting).toEqual([]);
  });

  it("[SC5.8] of those that run as many are kept in mind as matter", () => {
    const all = new Case({ cron: "* * * * *", overlap: "allowAll" }).due("2026-01-01T01:29:00Z");
    expect(all.started("2026-01-01T01:30:00Z").running).toHaveLength(20);
    const watched = new Case({ cron: "* * * * *", overlap: "allowAll", pauseOnFailure: true }).due(
      "2026-01-01T01:29:00Z",
    );
    expect(watched.started("2026-01-01T01:30:00Z").running).toHaveLength(59);
  });
});

describe("[SC6] A change", () => {
  const cron: ScheduleFields = { ...HOURLY, timeZone: "Europe/Berlin", jitter: "1m" };

  it("[SC6.1] is of what it names, and null takes away", () => {
    expect(changeFields(cron, { jitter: "2m" })).toEqual({ ...cron, jitter: "2m" });
    expect(changeFields(cron, { jitter: null })).toEqual({ ...HOURLY, timeZone: "Europe/Berlin" });
    expect(changeFields(cron, {})).toEqual(cron);
  });

  it("[SC6.2] another way to say when takes the place of the one before", () => {
    const interval = { workflowName: "report", timeZone: "Europe/Berlin", jitter: "1m", interval: "1h", offset: "5m" };
    expect(changeFields(cron, { interval: "1h", offset: "5m" })).toEqual(interval);
    expect(changeFields(interval, { interval: "2h" })).toEqual({ ...interval, interval: "2h" });
    expect(changeFields(interval, { cron: "0 * * * *" })).toEqual(cron);
    expect(changeFields(interval, { at: "2026-01-01T00:00:00Z" })).toEqual({
      workflowName: "report",
      timeZone: "Europe/Berlin",
      jitter: "1m",
      at: "2026-01-01T00:00:00Z",
    });
  });
});

it("[SC3.8] a month of minutes is taken in no time, and each once", () => {
  const minutely = new Case({ cron: "* * * * *", overlap: "allowAll" });
  const seen = new Set<string>();
  for (let ms = at(CREATED); ms <= at(CREATED) + DAY; ms += MINUTE) {
    minutely.due(new Date(ms).toISOString());
    for (const key of minutely.starting) expect(seen.has(key)).toBe(false);
    for (const key of minutely.starting) seen.add(key);
    minutely.started(new Date(ms).toISOString());
    minutely.state = { ...minutely.state, ran: [] };
  }
  expect(seen.size).toBe(24 * 60);
});
