// The figures of the overview and of the page of workflows, from what the API counts.
import { afterEach, describe, expect, it } from "vitest";
import { ACTIONS, actionsFor } from "../../../dashboard/src/act/kinds.ts";
import { metadata } from "../../../dashboard/src/app/session.ts";
import { dayAfter, daysOf, marksTo, namesOf, quantile } from "../../../dashboard/src/overview/figures.ts";
import { codeRows } from "../../../dashboard/src/pages/versions.ts";
import type { ListedWorkflow } from "../../../dashboard/src/pages/wire.ts";

describe("[D36] the overview", () => {
  it("[D36.1] has each of the last days, those without an instance, too, and no other", () => {
    const days = daysOf(
      [
        { day: "2026-11-28", status: "COMPLETED", count: 5 },
        { day: "2026-11-28", status: "FAILED", count: 2 },
        { day: "2026-11-28", status: "STALLED", count: 1 },
        { day: "2026-11-29", status: "TERMINATED", count: 1 },
        { day: "2026-11-29", status: "CANCELED", count: 1 },
        { day: "2026-11-01", status: "RUNNING", count: 9 },
      ],
      3,
      Date.parse("2026-11-29T23:59:59Z"),
    );
    expect(days).toEqual([
      { day: "2026-11-27", counts: { completed: 0, open: 0, failed: 0, ended: 0 }, total: 0 },
      { day: "2026-11-28", counts: { completed: 5, open: 1, failed: 2, ended: 0 }, total: 8 },
      { day: "2026-11-29", counts: { completed: 0, open: 0, failed: 0, ended: 2 }, total: 2 },
    ]);
    expect(dayAfter("2026-12-31")).toBe("2027-01-01");
  });

  it("[D36.2] by workflow: those that fail most first, how large a part that is, and how long they take", () => {
    const ended = [100, 200, 300, 4_000].map((ms) => ({
      workflowName: "order",
      createdAt: new Date(0).toISOString(),
      endedAt: new Date(ms).toISOString(),
    }));
    const names = namesOf(
      [
        { name: "hello", status: "COMPLETED", count: 100 },
        { name: "order", status: "COMPLETED", count: 3 },
        { name: "order", status: "FAILED", count: 1 },
        { name: "order", status: "RUNNING", count: 4 },
        { name: "alone", status: "RUNNING", count: 1 },
      ],
      ended as unknown as ListedWorkflow[],
    );
    expect(names).toMatchObject([
      { name: "order", total: 8, failedShare: 0.25, typicalMs: 200, slowMs: 4_000 },
      { name: "hello", total: 100, failedShare: 0, typicalMs: undefined },
      { name: "alone", total: 1, failedShare: 0 },
    ]);
    expect(quantile([], 0.5)).toBeUndefined();
  });

  it.each([
    [0, [0]],
    [1, [0, 1]],
    [34, [0, 20, 40]],
    [7, [0, 5, 10]],
    [1_000_000, [0, 500_000, 1_000_000]],
  ])("[D36.3] an axis to %d has few marks, and round ones: %j", (most, marks) => {
    expect(marksTo(most)).toEqual(marks);
  });
});

describe("[D37] what the deployed code has, beside what the instances run", () => {
  const definitions = {
    workflows: [
      { name: "order", versions: ["v1", "v2"], latest: "v2", unversioned: true },
      { name: "bill", versions: ["v1"], latest: "v1", unversioned: false },
      { name: "hello", versions: [], unversioned: true },
    ],
    activities: [],
  };

  it("[D37.1] each version with its instances, those that nobody runs, too, and which one new instances get", () => {
    const rows = codeRows(definitions, [
      { name: "order", version: "v1", status: "RUNNING", count: 3 },
      { name: "order", version: "v1", status: "FAILED", count: 2 },
      { name: "order", status: "COMPLETED", count: 1 },
    ]);
    expect(rows[0]).toEqual({
      name: "order",
      isRegistered: true,
      rows: [
        { version: undefined, isLatest: false, isMissing: false, open: 0, failed: 0, all: 1 },
        { version: "v1", isLatest: false, isMissing: false, open: 3, failed: 2, all: 5 },
        { version: "v2", isLatest: true, isMissing: false, open: 0, failed: 0, all: 0 },
      ],
    });
    expect(rows[2]?.rows).toMatchObject([{ version: undefined, isLatest: true, isMissing: false }]);
  });

  it("[D37.2] a version that only instances have is missing; one without a version runs the latest, where there is one", () => {
    const rows = codeRows(definitions, [
      { name: "bill", version: "v0", status: "STALLED", count: 4 },
      { name: "bill", status: "RUNNING", count: 1 },
      { name: "hello", version: "v9", status: "RUNNING", count: 1 },
    ]);
    expect(rows[1]?.rows).toMatchObject([
      { version: "v1", isMissing: false },
      { version: "v0", isMissing: true, open: 4 },
      { version: undefined, isMissing: false, open: 1 },
    ]);
    expect(rows[2]?.rows).toMatchObject([{ isMissing: false }, { version: "v9", isMissing: true }]);
  });

  it("[D37.3] workflows that only instances know stand behind the others, by their names", () => {
    const rows = codeRows(definitions, [
      { name: "zebra", status: "FAILED", count: 1 },
      { name: "gone", version: "v1", status: "RUNNING", count: 2 },
    ]);
    expect(rows.slice(3)).toMatchObject([
      { name: "gone", isRegistered: false, rows: [{ version: "v1", isMissing: true, open: 2 }] },
      { name: "zebra", isRegistered: false, rows: [{ isMissing: true, failed: 1 }] },
    ]);
  });
});

describe("[D38] actions that are offered", () => {
  const as = (callerRole: string) => {
    metadata.value = {
      id: "app",
      runtimeVersion: "0",
      extended: { callerRole },
      workflows: { workflows: [], activities: [] },
    };
  };
  afterEach(() => {
    metadata.value = undefined;
  });

  it.each([
    ["viewer", ["query"]],
    ["starter", ["raise", "query", "update"]],
    ["operator", ["raise", "pause", "query", "update", "restart", "version", "cancel", "terminate"]],
    ["admin", ["raise", "pause", "query", "update", "restart", "version", "cancel", "terminate", "purge"]],
  ])("[D38.1] to a %s of one that runs: %j, and nothing else", (role, offered) => {
    as(role);
    expect(actionsFor({ runtimeStatus: "RUNNING" })).toEqual(offered);
  });

  it("[D38.2] of what can be now: an ended one is rerun, a failed one rewound, a paused one resumed, a child neither restarted nor rerun", () => {
    as("operator");
    expect(actionsFor({ runtimeStatus: "COMPLETED" })).toEqual(["query", "rerun", "restart"]);
    expect(actionsFor({ runtimeStatus: "FAILED" })).toEqual(["query", "rewind", "rerun", "restart"]);
    expect(actionsFor({ runtimeStatus: "FAILED", parentInstanceID: "p" })).toEqual(["query", "rewind"]);
    expect(actionsFor({ runtimeStatus: "SUSPENDED" })).toContain("resume");
    expect(actionsFor({ runtimeStatus: "SUSPENDED" })).not.toContain("pause");
    expect(actionsFor({ runtimeStatus: "PENDING" })).toEqual(["raise", "pause", "restart", "cancel", "terminate"]);
  });

  it("[D38.3] those that lose something are marked", () => {
    const marked = Object.entries(ACTIONS).filter(([, { danger }]) => danger === true);
    expect(marked.map(([kind]) => kind)).toEqual(["terminate", "purge"]);
  });
});
