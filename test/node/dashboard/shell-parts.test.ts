// [D10] What every page of the dashboard is made with: addresses, where the API is, times, the place of what is wrong in a text of JSON.
import { describe, expect, it } from "vitest";
import { addressOf, at, baseOf } from "../../../dashboard/src/app/api.ts";
import { href, parse } from "../../../dashboard/src/app/router.ts";
import { formatDuration, formatRelative, formatTime } from "../../../dashboard/src/app/times.ts";
import { checkJson } from "../../../dashboard/src/parts/json-text.ts";
import { standingOf } from "../../../dashboard/src/parts/status-chip.tsx";

describe("[D10.1] addresses", () => {
  it.each([
    ["#/", "", []],
    ["", "", []],
    ["#/list", "list", []],
    ["#/i/a%2Fb%20%25", "i", ["a/b %"]],
    ["#/i/family%3A0001", "i", ["family:0001"]],
    ["#/i/%E0%A4%A", "i", ["%E0%A4%A"]],
  ] as const)("[D10.1] %s is the page %j of %j", (hash, page, path) => {
    expect(parse(hash)).toMatchObject({ page, path });
  });

  it("[D10.2] what is written is read the same; what says nothing is left out", () => {
    const ids = ["a", "a/b", "a?b#c&d=e", "%41", "ü +", "…", "'\"<>"];
    for (const id of ids) {
      const { page, path, query } = parse(
        href("i", id, { tab: id, none: undefined, empty: "", off: false, on: true, n: 0 }),
      );
      expect([page, path, [...query]]).toEqual([
        "i",
        [id],
        [
          ["tab", id],
          ["on", "true"],
          ["n", "0"],
        ],
      ]);
    }
    expect(href("list")).toBe("#/list");
    expect(href("")).toBe("#/");
  });
});

describe("[D10.3] the API of a page", () => {
  it.each([
    ["https://a.example/ui/", "https://a.example/"],
    ["https://a.example/ui/index.html#/i/x", "https://a.example/"],
    ["https://a.example/b/c/ui/?x=1", "https://a.example/b/c/"],
    ["https://a.example/ui/ui/", "https://a.example/ui/"],
    ["https://a.example/elsewhere/", "https://a.example/elsewhere/"],
    ["https://a.example/ui/?api=/flows", "https://a.example/flows/"],
    ["https://a.example/ui/?api=https://a.example/flows/", "https://a.example/flows/"],
    ["https://a.example/ui/?api=https://evil.example/", "https://a.example/"],
    ["https://a.example/ui/?api=//evil.example/", "https://a.example/"],
    ["https://a.example/ui/?api=javascript:alert(1)", "https://a.example/"],
    ["http://a.example/ui/?api=https://a.example/", "http://a.example/"],
  ])("[D10.3] %s: %s", (page, base) => {
    expect(baseOf(page)).toBe(base);
  });

  it("[D10.4] paths have IDs in escapes, and queries all that is given, empty ones too", () => {
    expect(at.workflows("a/b?", "history")).toBe("workflows/dapr/a%2Fb%3F/history");
    expect(addressOf(at.workflows(), { since: "", none: undefined, q: "a = 'b&c'" })).toBe(
      "http://localhost/v1.0/workflows/dapr?since=&q=a+%3D+%27b%26c%27",
    );
    expect(addressOf("/docs/")).toBe("http://localhost/docs/");
  });
});

describe("[D10.5] times", () => {
  it.each([
    [0, "0 ms"],
    [820, "820 ms"],
    [999.6, "1.0 s"],
    [4_240, "4.2 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_600_000, "1 h 00 min"],
    [3_780_000, "1 h 03 min"],
    [86_399_999, "1 d 00 h"],
    [187_200_000, "2 d 04 h"],
    [-5, "0 ms"],
  ])("[D10.5] %d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("[D10.6] the day stands there where it is another, and the year, too; in the reader's zone", () => {
    const now = Date.UTC(2026, 0, 2, 12);
    const zone = "Asia/Kathmandu";
    expect(formatTime(now, now, zone)).toBe("17:45:00");
    expect(formatTime(Date.UTC(2026, 0, 1, 18, 20), now, zone)).toBe("00:05:00");
    expect(formatTime(Date.UTC(2026, 0, 1, 12), now, zone)).toBe("1 Jan, 17:45:00");
    expect(formatTime(Date.UTC(2025, 11, 31, 12), now, zone)).toBe("31 Dec 2025, 17:45:00");
  });

  it("[D10.7] how long ago, or until when", () => {
    const texts = [0, 4_000, -30_000, -300_000, 7_200_000, -172_800_000].map((ms) => formatRelative(1e12 + ms, 1e12));
    expect(texts).toEqual(["just now", "just now", "30 s ago", "5 min ago", "in 2 h", "2 d ago"]);
  });
});

describe("[D10.8] a text of JSON", () => {
  it.each([
    ['{\n  "a": 1,\n  "b": x\n}', 3, 8],
    ["[1, 2", 1, 6],
    ['{"a" 1}', 1, 6],
    ["'a'", 1, 1],
    ["[true, fals]", 1, 12],
    ["{\n\n  a: 1}", 3, 3],
    ['{"a": "b\n"}', 1, 9],
  ])("[D10.8] %j is wrong in line %d, column %d", (text, line, column) => {
    expect(checkJson(text)).toMatchObject({ line, column });
  });

  it("[D10.9] a good one has no fault, nor an empty one, which is no payload", () => {
    expect([checkJson("{}"), checkJson(""), checkJson(" \n")]).toEqual([undefined, undefined, undefined]);
  });
});

it.each([
  [{ runtimeStatus: "RUNNING" }, "running"],
  [{ runtimeStatus: "RUNNING", waitingFor: "activity:charge" }, "running"],
  [{ runtimeStatus: "RUNNING", waitingFor: "event:approval" }, "waiting"],
  [{ runtimeStatus: "RUNNING", waitingFor: "limit:mail" }, "waiting"],
  [{ runtimeStatus: "RUNNING", waitingFor: "activity:charge", retrying: true }, "retrying"],
  [{ runtimeStatus: "STALLED", retrying: true }, "stalled"],
  [{ runtimeStatus: "COMPLETED", retrying: false }, "completed"],
  [{ runtimeStatus: "PENDING", waitingFor: "start:2026-01-01T00:00:00Z" }, "pending"],
] as const)("[D10.10] %j stands there as: %s", (row, standing) => {
  expect(standingOf(row)).toBe(standing);
});
