// [SC1] The nominal times of a schedule: cron with its rule for daylight saving, intervals, once. [SC2] What is refused.
import { describe, expect, it } from "vitest";
import { Zone } from "../../../src/schedules/zone.ts";
import { at, DAY, HOUR, MINUTE, problemOf, times, timetable } from "./support.ts";

/** Both changes of a zone: when, and by how much. */
const ZONES = {
  "Europe/Berlin": ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
  "America/New_York": ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
  // By half an hour.
  "Australia/Lord_Howe": ["2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"],
  "Australia/Sydney": ["2026-10-03T16:00:00Z", "2026-04-04T16:00:00Z"],
  // At midnight.
  "America/Sao_Paulo": ["2018-11-04T03:00:00Z", "2018-02-18T02:00:00Z"],
  "Europe/London": ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
} as const;
const zones = Object.entries(ZONES).map(([zone, [gap, fold]]) => ({ zone, gap, fold }));

/** What the clocks of a zone show, minute by minute: the rule as docs/schedules.md has it, tried on each of them. */
function expected(
  zone: string,
  from: number,
  to: number,
  fits: (wall: Date) => boolean,
  namesTimes: boolean,
): string[] {
  const clocks = new Zone(zone);
  const wallOf = (ms: number) => clocks.wallOf(ms);
  const found: number[] = [];
  const shown = new Set<number>();
  for (let ms = from; ms < to; ms += MINUTE) {
    const wall = wallOf(ms);
    const before = wallOf(ms - MINUTE);
    if (namesTimes) {
      const passedOver = [];
      for (let skipped = before + MINUTE; skipped < wall; skipped += MINUTE) passedOver.push(skipped);
      const isNamed = [...passedOver, wall].some((one) => fits(new Date(one)) && !shown.has(one));
      if (isNamed) found.push(ms);
      for (const one of [...passedOver, wall]) shown.add(one);
    } else if (fits(new Date(wall))) found.push(ms);
  }
  return found.map((ms) => new Date(ms).toISOString().replace(".000", ""));
}

const CRONS = [
  {
    cron: "30 2 * * *",
    namesTimes: true,
    fits: (wall: Date) => wall.getUTCHours() === 2 && wall.getUTCMinutes() === 30,
  },
  {
    cron: "30 0 * * *",
    namesTimes: true,
    fits: (wall: Date) => wall.getUTCHours() === 0 && wall.getUTCMinutes() === 30,
  },
  {
    cron: "45 1 * * *",
    namesTimes: true,
    fits: (wall: Date) => wall.getUTCHours() === 1 && wall.getUTCMinutes() === 45,
  },
  {
    cron: "0,15,30 1-3,14,23 * * *",
    namesTimes: true,
    fits: (wall: Date) => [0, 15, 30].includes(wall.getUTCMinutes()) && [1, 2, 3, 14, 23].includes(wall.getUTCHours()),
  },
  { cron: "0 * * * *", namesTimes: false, fits: (wall: Date) => wall.getUTCMinutes() === 0 },
  { cron: "*/20 * * * *", namesTimes: false, fits: (wall: Date) => wall.getUTCMinutes() % 20 === 0 },
  {
    cron: "*/15 2 * * *",
    namesTimes: false,
    fits: (wall: Date) => wall.getUTCHours() === 2 && wall.getUTCMinutes() % 15 === 0,
  },
];

/** Fields of a cron that are lists of numbers, or a star. */
function has(field: string, value: number): boolean {
  return field === "*" || field.split(",").map(Number).includes(value);
}

const daysOf = (walls: readonly Date[]) => [...new Set(walls.map((wall) => wall.getUTCDate()))].join(",");
const monthsOf = (walls: readonly Date[]) => [...new Set(walls.map((wall) => wall.getUTCMonth() + 1))].join(",");
const hoursOf = (walls: readonly Date[]) => [...new Set(walls.map((wall) => wall.getUTCHours()))].join(",");
const FAR = ["0,30 *", "* HOURS"].map((minuteAndHour) => ({
  name: `${minuteAndHour} on the days of a change`,
  cronOf: (walls: readonly Date[]) =>
    `${minuteAndHour.replace("HOURS", hoursOf(walls))} ${daysOf(walls)} ${monthsOf(walls)} *`,
  fits: (cron: string, wall: Date) => {
    const [minute = "", hour = "", day = "", month = ""] = cron.split(" ");
    return (
      has(minute, wall.getUTCMinutes()) &&
      has(hour, wall.getUTCHours()) &&
      has(day, wall.getUTCDate()) &&
      has(month, wall.getUTCMonth() + 1)
    );
  },
}));

describe("[SC1] Nominal times", () => {
  describe.each(zones)("$zone", ({ zone, gap, fold }) => {
    it.each(CRONS)("[SC1.1] $cron over the day on which clocks go forward", ({ cron, namesTimes, fits }) => {
      const [from, to] = [at(gap) - DAY, at(gap) + DAY];
      const all = expected(zone, from, to, fits, namesTimes);
      expect(times({ cron, timeZone: zone }, new Date(from - 1).toISOString(), all.length)).toEqual(all);
    });

    it.each(CRONS)("[SC1.2] $cron over the day on which clocks go back", ({ cron, namesTimes, fits }) => {
      const [from, to] = [at(fold) - DAY, at(fold) + DAY];
      const all = expected(zone, from, to, fits, namesTimes);
      expect(times({ cron, timeZone: zone }, new Date(from - 1).toISOString(), all.length)).toEqual(all);
    });

    it.each(FAR)(
      "[SC1.14] $name, asked 100 and 250 days before both changes, and over each of them",
      ({ fits, cronOf }) => {
        for (const change of [gap, fold]) {
          // Between two times of such a day, as before the first, the clocks are changed twice.
          const cron = cronOf([at(change) - MINUTE, at(change)].map((ms) => new Date(new Zone(zone).wallOf(ms))));
          const [from, to] = [at(change) - 3 * DAY, at(change) + 3 * DAY];
          const all = expected(zone, from, to, (wall) => fits(cron, wall), false);
          for (const days of [100, 250])
            expect(
              times({ cron, timeZone: zone }, new Date(at(change) - days * DAY).toISOString(), all.length),
            ).toEqual(all);
        }
      },
    );

    it("[SC1.3] an interval follows real time over both", () => {
      for (const change of [gap, fold]) {
        const found = times({ interval: "6h", timeZone: zone }, new Date(at(change) - DAY).toISOString(), 12).map(at);
        expect(new Set(found.slice(1).map((time, n) => time - (found[n] as number)))).toEqual(new Set([6 * HOUR]));
      }
    });
  });

  it("[SC1.4] the rule in Berlin: at the end of the gap, and the first of two", () => {
    const berlin = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };
    expect(times(berlin, "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    expect(times(berlin, "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
  });

  it("[SC1.5] asked in the hour that comes twice, a time that was there the first time is not there again", () => {
    const berlin = { cron: "0,30 2 * * *", timeZone: "Europe/Berlin" };
    expect(times(berlin, "2026-10-25T01:10:00Z", 1)).toEqual(["2026-10-26T01:00:00Z"]);
  });

  it("[SC1.6] two times in one gap are one", () => {
    const berlin = { cron: "15,45 2 * * *", timeZone: "Europe/Berlin" };
    expect(times(berlin, "2026-03-29T00:00:00Z", 2)).toEqual(["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]);
  });

  it("[SC1.7] a day that a zone has left out comes at its end", () => {
    const apia = { cron: "0 12 30 12 *", timeZone: "Pacific/Apia" };
    expect(times(apia, "2011-12-28T00:00:00Z", 1)).toEqual(["2011-12-30T10:00:00Z"]);
  });

  it("[SC1.8] several expressions are one schedule, and a time that is in two of them is one", () => {
    expect(times({ cron: ["0 9 * * *", "0 */3 * * *"] }, "2026-01-01T05:00:00Z", 4)).toEqual([
      "2026-01-01T06:00:00Z",
      "2026-01-01T09:00:00Z",
      "2026-01-01T12:00:00Z",
      "2026-01-01T15:00:00Z",
    ]);
  });

  it("[SC1.9] the last day of a month, days of the week, 29 February, seconds, nicknames", () => {
    expect(times({ cron: "0 0 L * *" }, "2026-01-31T00:00:00Z", 2)).toEqual([
      "2026-02-28T00:00:00Z",
      "2026-03-31T00:00:00Z",
    ]);
    expect(times({ cron: "0 8 * * MON-FRI" }, "2026-11-27T08:00:00Z", 1)).toEqual(["2026-11-30T08:00:00Z"]);
    expect(times({ cron: "0 0 29 2 *" }, "2026-11-27T08:00:00Z", 2)).toEqual([
      "2028-02-29T00:00:00Z",
      "2032-02-29T00:00:00Z",
    ]);
    expect(times({ cron: "*/30 * * * * *" }, "2026-11-27T08:00:00Z", 2)).toEqual([
      "2026-11-27T08:00:30Z",
      "2026-11-27T08:01:00Z",
    ]);
    expect(times({ cron: "@daily" }, "2026-11-27T08:00:00Z", 1)).toEqual(["2026-11-28T00:00:00Z"]);
  });

  it("[SC1.10] an interval counts from 1970, from its anchor, and with its offset", () => {
    expect(times({ interval: "6h" }, "2026-11-27T08:00:00Z", 2)).toEqual([
      "2026-11-27T12:00:00Z",
      "2026-11-27T18:00:00Z",
    ]);
    expect(times({ interval: "6h", offset: "5h" }, "2026-11-27T08:00:00Z", 1)).toEqual(["2026-11-27T11:00:00Z"]);
    expect(times({ interval: "90m", anchor: "2026-11-27T07:55:00Z" }, "2026-11-27T08:00:00Z", 2)).toEqual([
      "2026-11-27T09:25:00Z",
      "2026-11-27T10:55:00Z",
    ]);
  });

  it("[SC1.11] once, and not again", () => {
    expect(times({ at: "2026-11-27T08:30:00.750+01:00" }, "2026-11-27T07:00:00Z", 3)).toEqual(["2026-11-27T07:30:00Z"]);
    expect(times({ at: "2026-11-27T08:30:00Z" }, "2026-11-27T08:30:00Z", 3)).toEqual([]);
  });

  it("[SC1.12] startAt and endAt belong to what they bound", () => {
    const bounded = { cron: "0 * * * *", startAt: "2026-01-01T10:00:00Z", endAt: "2026-01-01T12:00:00Z" };
    expect(times(bounded, "2026-01-01T00:00:00Z", 9)).toEqual([
      "2026-01-01T10:00:00Z",
      "2026-01-01T11:00:00Z",
      "2026-01-01T12:00:00Z",
    ]);
  });

  it("[SC1.13] jitter is the same each time, is below what was given, and never reaches the next time", () => {
    const { dueAt, next } = timetable({ interval: "10s", jitter: "1m" });
    let nominal = at("2026-01-01T00:00:00Z");
    const found = new Set<number>();
    for (let n = 0; n < 100; n++) {
      const due = dueAt("a", nominal);
      expect(due).toBe(dueAt("a", nominal));
      expect(due).toBeGreaterThanOrEqual(nominal);
      expect(due).toBeLessThan(nominal + 10_000);
      found.add(due - nominal);
      nominal = next(nominal) as number;
    }
    expect(found.size).toBeGreaterThan(90);
    expect(dueOf("a")).not.toBe(dueOf("b"));
  });
});

const dueOf = (id: string) => timetable({ interval: "1h", jitter: "1h" }).dueAt(id, at("2026-01-01T00:00:00Z"));

describe("[SC2] What no schedule can be", () => {
  it.each([
    [{ cron: "0 0 30 2 *" }, 'cron "0 0 30 2 *" never comes: no day has that date'],
    [{ cron: "0 0 31 4,6 *", timeZone: "Europe/Berlin" }, 'cron "0 0 31 4,6 *" never comes: no day has that date'],
    [{ cron: "* * * *" }, 'cron "* * * *" cannot be read: expected five fields, or six with seconds, found 4'],
    [{ cron: "61 * * * *" }, 'cron "61 * * * *" cannot be read: Invalid value for minute: 61'],
    [
      { cron: "2026-01-01T00:00:00" },
      'cron "2026-01-01T00:00:00" cannot be read: expected five fields, or six with seconds, found 1',
    ],
    [{ cron: "0 0 32 * *" }, 'cron "0 0 32 * *" cannot be read: Invalid value for day: 32'],
    [{ cron: "0 0 0 * *" }, 'cron "0 0 0 * *" cannot be read: Invalid value for day: 0'],
    [{ cron: "0 0 1 13 *" }, 'cron "0 0 1 13 *" cannot be read: Invalid value for month: 13'],
    [{ cron: "0 24 * * *" }, 'cron "0 24 * * *" cannot be read: Invalid value for hour: 24'],
    [
      { cron: "@every 1h" },
      'cron "@every 1h" cannot be read: @every 6h is an interval: give "interval" in the place of "cron"',
    ],
    [
      { cron: "0 0 1 1 ? 2030 *" },
      'cron "0 0 1 1 ? 2030 *" cannot be read: expected five fields, or six with seconds, found 7',
    ],
    [{ cron: [] }, "cron has 1 to 20 expressions, found 0"],
    [{}, "expected one of cron, interval and at, found none"],
    [{ cron: "0 * * * *", at: "2026-01-01T00:00:00Z" }, "expected one of cron, interval and at, found 2"],
    [
      { cron: "0 * * * *", timeZone: "Mars/Olympus" },
      'timeZone is the name of a time zone such as "Europe/Berlin", found "Mars/Olympus", which is not known',
    ],
    [
      { cron: "0 * * * *", timeZone: "+01:00" },
      'timeZone is the name of a time zone such as "Europe/Berlin", found "+01:00", which is not known',
    ],
    [{ interval: "0s" }, 'interval is a Go duration in whole seconds from 1s, for instance "1h30m", found "0s"'],
    [
      { interval: "1500ms" },
      'interval is a Go duration in whole seconds from 1s, for instance "1h30m", found "1500ms"',
    ],
    [
      { interval: "6" },
      'interval is a Go duration in whole seconds from 1s, for instance "1h30m": missing unit in duration "6"',
    ],
    [{ cron: "0 * * * *", offset: "1h" }, "offset goes with interval"],
    [
      { cron: "0 * * * *", catchUpWindow: "9s" },
      'catchUpWindow is a Go duration in whole seconds from 10s, for instance "1h30m", found "9s"',
    ],
    [
      { cron: "0 * * * *", startAt: "2026-01-02T00:00:00Z", endAt: "2026-01-01T00:00:00Z" },
      "startAt is not after endAt",
    ],
    [
      { cron: "0 * * * *", searchAttributes: { schedule: "mine" } },
      "searchAttributes: schedule is added to each start by the schedule",
    ],
    [{ at: "tomorrow" }, 'at is an RFC 3339 time such as 2026-01-02T03:04:05Z, found "tomorrow"'],
    [
      { cron: "0 * * * *", jitter: "-1s" },
      'jitter is a Go duration in whole seconds from 0s, for instance "1h30m", found "-1s"',
    ],
    [
      { cron: "0 * * * *", retention: "x" },
      'retention is a Go duration from 0s, for instance "24h": invalid duration "x"',
    ],
    [{ cron: "0 * * * *", workflowName: "" }, "workflowName is the name of a workflow, found an empty text"],
    [
      { cron: "0 * * * *", searchAttributes: Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`k${n}`, 1])) },
      "searchAttributes: search attributes: expected at most 20 keys, found 21; two of them, schedule and scheduledTime, are added to each start",
    ],
  ])("[SC2.1] %j", (fields, problem) => {
    expect(problemOf(fields)).toBe(problem);
  });

  it("[SC2.2] the search for a time has an end, and is short", () => {
    const before = performance.now();
    for (const cron of ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "59 59 23 30 2 *"])
      expect(problemOf({ cron })).toContain("never comes");
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
