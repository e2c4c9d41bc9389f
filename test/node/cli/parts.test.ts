// What the command line is made of that needs no process: times, texts, tables, rows of a history.
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf } from "../../../cli/commands/get.ts";
import { HistoryRows } from "../../../cli/history-rows.ts";
import { yamlOf } from "../../../cli/terminal/output.ts";
import { Table } from "../../../cli/terminal/table.ts";
import { cut, oneLine, safeJson, widthOf } from "../../../cli/terminal/text.ts";
import { ageOf, durationMs, elapsedOf, momentOf, patienceMs } from "../../../cli/times.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";

const T0 = Date.UTC(2026, 10, 28, 10);
const [S, M, H, D] = [1_000, 60_000, 3_600_000, 86_400_000];

describe("[L40] Rows of a history, with times that are known", () => {
  const events: HistoryEvent[] = [
    {
      type: "ExecutionStarted",
      timestampMs: T0,
      name: "order",
      executionId: "e1",
      generation: 0,
      input: '"pens"',
      version: "v2",
      searchAttributes: { b: 1, a: "x" },
      reason: "test",
      actor: "ada",
    },
    { type: "TaskScheduled", timestampMs: T0 + 13.4, id: 1, name: "charge", input: "x".repeat(200), attempt: 2 },
    { type: "TimerCreated", timestampMs: T0 + 13.4, id: 2, fireAtMs: T0 + D },
    { type: "TaskFailed", timestampMs: T0 + 2 * S, id: 1, failure: { errorType: "E", message: "no\nmoney" } },
    { type: "TimerFired", timestampMs: T0 + 90 * S, id: 2 },
    { type: "ChildWorkflowInstanceCreated", timestampMs: T0 + 90 * S, id: 3, name: "ship", instanceId: "c" },
    { type: "ChildWorkflowInstanceFailed", timestampMs: T0 + 2 * H, id: 3, failure: { errorType: "F", message: "" } },
    { type: "EventSent", timestampMs: T0 + 2 * H, id: 4, name: "done", instanceId: "other", input: "1" },
    { type: "EventRaised", timestampMs: T0 + 2 * H, name: "go" },
    { type: "ExecutionSuspended", timestampMs: T0 + 2 * H, reason: "lunch" },
    { type: "ExecutionResumed", timestampMs: T0 + 2 * H },
    { type: "ExecutionTerminated", timestampMs: T0 + 2 * H, recursive: true },
    { type: "ExecutionCompleted", timestampMs: T0 + 5 * H, status: "TERMINATED", output: '"late"' },
  ];
  const rows = new HistoryRows({ namespace: "dapr", appID: "app" }, T0 + 3 * D);
  const made = events.map((event) => rows.add(event));

  it("[L40.1] each event has Dapr's type, ID, status and details, and the time since the row before", () => {
    expect(
      made.map((row) => [row.play, row.type, row.name, row.eventId, row.elapsed, row.status, row.details]),
    ).toEqual([
      [1, "ExecutionStarted", "order", undefined, "Age:72.0h", "RUNNING", "orchestration start"],
      [2, "TaskScheduled", "charge", 1, "13.4ms", "RUNNING", "activity=charge attempt=2"],
      [2, "TimerCreated", null, 2, "", "RUNNING", "fireAt=2026-11-29T10:00:00Z"],
      [3, "TaskFailed", null, undefined, "1.99s", "FAILED", "eventId=1"],
      [4, "TimerFired", null, undefined, "1.5m", "RUNNING", "eventId=2"],
      [4, "SubOrchCreated", "ship", 3, "", "RUNNING", "instance=c"],
      [5, "SubOrchFailed", null, undefined, "2.0h", "FAILED", "eventId=3"],
      [5, "EventSent", "done", 4, "", "RUNNING", "event=done -> other"],
      [5, "EventRaised", "go", undefined, "", "RUNNING", "event=go"],
      [5, "ExecutionSuspended", null, undefined, "", "SUSPENDED", null],
      [5, "ExecutionResumed", null, undefined, "", "RESUMED", null],
      [5, "ExecutionTerminated", null, undefined, "", "TERMINATED", null],
      [6, "ExecutionCompleted", null, undefined, "3.0h", "TERMINATED", "execDuration=5.0h"],
    ]);
  });

  it("[L40.2] attributes: texts without their quotes, payloads cut at 120 characters, messages at 160", () => {
    expect(made.map(({ attrs }) => attrs)).toEqual([
      "input=pens;version=v2;tags=a=x,b=1;reason=test;actor=ada",
      `input=${"x".repeat(120)}…`,
      "fireAt=2026-11-29T10:00:00Z",
      "scheduledId=1;errorType=E;errorMsg=no\nmoney",
      "timerId=2",
      undefined,
      "scheduledId=3;errorType=F",
      "eventName=done;payload=1;targetInstance=other",
      "eventName=go",
      "reason=lunch",
      undefined,
      undefined,
      "output=late",
    ]);
  });
});

describe("[L43] A branch", () => {
  const branch = "flight";

  it("[L43.1] is an attribute of each call in a history, whatever the call", () => {
    const rows = new HistoryRows({ namespace: "dapr", appID: "app" }, T0);
    const at = { timestampMs: T0, branch };
    const calls: readonly HistoryEvent[] = [
      { ...at, type: "TaskScheduled", id: 1, name: "a", input: "1" },
      { ...at, type: "TimerCreated", id: 2, fireAtMs: T0 },
      { ...at, type: "ChildWorkflowInstanceCreated", id: 3, name: "c", instanceId: "k" },
      { ...at, type: "DetachedWorkflowScheduled", id: 4, name: "d", instanceId: "k" },
      { ...at, type: "EventSent", id: 5, name: "e", instanceId: "k" },
      { timestampMs: T0, type: "TaskScheduled", id: 6, name: "a" },
    ];
    expect(calls.map((event) => rows.add(event).attrs)).toEqual([
      "input=1;branch=flight",
      "fireAt=2026-11-28T10:00:00Z;branch=flight",
      "branch=flight",
      "branch=flight",
      "eventName=e;targetInstance=k;branch=flight",
      undefined,
    ]);
  });

  it("[L43.2] `get` tells what each waits for, and of which branch an activity, a child and a timer are", () => {
    const time = "2026-11-28T10:00:00Z";
    const attempt = { status: "running", attempt: 1 } as const;
    const state = { instanceID: "i", runtimeStatus: "RUNNING", createdAt: time, lastUpdatedAt: time } as const;
    const lines = linesOf(
      {
        ...{ ...state, executionId: "e", generation: 0 },
        branches: [{ name: branch, waitingFor: "event:paid", ending: true }, { name: "hotel" }],
        pendingActivities: [
          { ...attempt, id: 1, name: "a", branch },
          { ...attempt, id: 2, name: "b" },
        ],
        openChildren: [{ ...attempt, id: 3, workflowName: "c", instanceID: "k", branch }],
        openTimers: [{ id: 4, branch, fireAt: time }],
      },
      T0,
    );
    const kinds = ["Branch", "Activity", "Child", "Timer"];
    expect(lines.filter(([name]) => kinds.includes(name))).toEqual([
      ["Branch", "'flight', ending, waits for event:paid"],
      ["Branch", "'hotel', waits for nothing that can be told"],
      ["Activity", "#1 a in branch 'flight', running, attempt 1"],
      ["Activity", "#2 b, running, attempt 1"],
      ["Child", "#3 c 'k' in branch 'flight', running, attempt 1"],
      ["Timer", `#4 at ${time} in branch 'flight'`],
    ]);
  });
});

describe("[L41] Times", () => {
  it("[L41.1] ages in the short form of Kubernetes", () => {
    const ages: [number, string][] = [
      [-5 * S, "<invalid>"],
      [-1, "0s"],
      [999, "0s"],
      [119 * S, "119s"],
      [2 * M, "2m"],
      [5 * M + 30 * S, "5m30s"],
      [10 * M, "10m"],
      [179 * M, "179m"],
      [3 * H, "3h"],
      [7 * H + 59 * M, "7h59m"],
      [8 * H + 1 * M, "8h"],
      [47 * H, "47h"],
      [2 * D, "2d"],
      [7 * D + 23 * H, "7d23h"],
      [8 * D + 5 * H, "8d"],
      [729 * D, "729d"],
      [730 * D, "2y"],
      [800 * D, "2y70d"],
      [9 * 365 * D, "9y"],
    ];
    expect(ages.map(([ms]) => ageOf(ms))).toEqual(ages.map(([, age]) => age));
  });

  it("[L41.2] what lies between two events, as Dapr writes it", () => {
    expect([0, 1, 999, 1_234, 90_000, 5_400_000, -50].map(elapsedOf)).toEqual([
      "",
      "1.0ms",
      "999.0ms",
      "1.23s",
      "1.5m",
      "1.5h",
      "50.0ms",
    ]);
  });

  it("[L41.3] Go durations and times, in UTC where there is no zone; all else is exit code 2", () => {
    expect(["300ms", "1.5h", "2h45m", "-1m", "0", "1us", ".5s", "3d", "5", "m", ""].map(durationMs)).toEqual([
      300,
      1.5 * H,
      2.75 * H,
      -M,
      0,
      0.001,
      500,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const at = (text: string) => momentOf("-m", text, "past", T0).toISOString();
    expect(at("90m")).toBe("2026-11-28T08:30:00.000Z");
    expect(momentOf("-s", "90m", "future", T0).toISOString()).toBe("2026-11-28T11:30:00.000Z");
    expect(at("2023-01-02")).toBe("2023-01-02T00:00:00.000Z");
    expect(at("2023-01-02T15:04:05")).toBe("2023-01-02T15:04:05.000Z");
    expect(at("2023-01-02T15:04:05+02:00")).toBe("2023-01-02T13:04:05.000Z");
    for (const wrong of ["2023-02-30", "2023-13-01", "yesterday", "", "1e9h"])
      expect(() => momentOf("-m", wrong, "past", T0)).toThrow("invalid value for -m");
    expect(["30s", "5m", "10", "0"].map((text) => patienceMs("--timeout", text))).toEqual([30 * S, 5 * M, 10 * S, 0]);
    expect(() => patienceMs("--timeout", "-1s")).toThrow("invalid value for --timeout");
  });
});

describe("[L42] Texts and tables", () => {
  it("[L42.1] what a terminal would obey is written out: control characters, both kinds, and what turns the order around", () => {
    const esc = String.fromCharCode(27);
    const hostile = `a${esc}]0;title${String.fromCharCode(7)}b\r\n\tc${String.fromCharCode(0x9b)}31m${String.fromCharCode(0x202e)}d${String.fromCharCode(0x2028)}`;
    expect(oneLine(hostile)).toBe("a\\u001b]0;title\\u0007b\\r\\n\\tc\\u009b31m\\u202ed\\u2028");
    const json = safeJson(JSON.stringify({ hostile }, undefined, 2));
    expect(json).toMatch(/^[\n\u0020-\u007e]*$/);
    expect(JSON.parse(json)).toEqual({ hostile });
  });

  it("[L42.5] YAML means the same, and has nothing in it that a terminal would obey", () => {
    const texts = [0x1b, 0x7f, 0x85, 0x9b, 0x200e, 0x202e, 0x2028, 0x2069].map(
      (code) => `a${String.fromCharCode(code)}: b`,
    );
    const value = { texts, plain: "as it is", lines: "one\ntwo\n", [`k${String.fromCharCode(0x202e)}`]: "\u202e\n\nx" };
    const yaml = yamlOf(value);
    expect(yaml).toMatch(/^[\n\u0020-\u007e]*$/);
    expect(parse(yaml)).toEqual(value);
    expect(yaml).toContain("plain: as it is\nlines: |\n  one\n  two\n");
  });

  it("[L42.2] widths and cuts go by what a terminal shows", () => {
    expect(["abc", "äöü", "日本語", "e\u0301", "🎉", ""].map(widthOf)).toEqual([3, 3, 6, 1, 2, 0]);
    expect([cut("abcdef", 6), cut("abcdef", 5), cut("日本語", 5), cut("日本語", 4)]).toEqual([
      "abcdef",
      "abcd…",
      "日本…",
      "日…",
    ]);
  });

  it("[L42.3] a table is as wide as its texts where there is no terminal, also when rows come in parts", () => {
    const table = new Table<string>([
      { title: "A", value: (row) => row },
      { title: "LENGTH", value: (row) => String(row.length) },
    ]);
    expect(table.add(["x", "yyyy"])).toEqual(["A     LENGTH", "x     1", "yyyy  4"]);
    expect(table.add(["zzzzzz", "x"])).toEqual(["zzzzzz  6", "x       1"]);
    expect(table.add([])).toEqual([]);
  });

  it("[L42.4] on a terminal the long columns are cut first, then the widest, and no line is wider", () => {
    const columns = [
      { title: "ID", value: () => "an-id-of-some-length" },
      { title: "TEXT", value: () => "t".repeat(200), isLong: true as const },
      { title: "AGE", value: () => "5m" },
    ];
    const [, row = ""] = new Table(columns, 60).add([1]);
    expect(row).toBe(`an-id-of-some-length  ${"t".repeat(32)}…  5m`);
    expect(widthOf(row.padEnd(60))).toBe(60);
    const [, narrow = ""] = new Table(columns, 25).add([1]);
    expect(narrow).toBe("an-id-of-…  ttttttt…  5m");
  });
});
