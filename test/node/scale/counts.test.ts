// [Q] What workloads cost in figures that no clock decides. A figure that rises here is a cost for everybody: docs/performance.md.
import { describe, expect, it } from "vitest";
import { count } from "./workloads.ts";

const none = { setAlarms: 0, deleteAlarms: 0, requests: 0 };
const watched = { setAlarms: 1, deleteAlarms: 1, requests: 0 };

describe("[Q1] Counted", () => {
  it.each([
    // Name, input, events raised, and what it costs.
    ["series", 5, 0, { rows: 2, commits: 1, ...none, turns: 6, resumes: 5, begun: 1 }],
    ["parallel", 5, 0, { rows: 2, commits: 1, ...none, turns: 3, resumes: 1, begun: 1 }],
    ["series", 1_000, 0, { rows: 12, commits: 2, ...watched, turns: 1_001, resumes: 1_000, begun: 1 }],
    ["parallel", 100, 0, { rows: 2, commits: 1, ...none, turns: 4, resumes: 1, begun: 1 }],
    ["parallel", 1_000, 0, { rows: 14, commits: 1, ...none, turns: 18, resumes: 1, begun: 1 }],
    // A commit and a row for each wait, and one alarm for all of them.
    ["ioSteps", 100, 0, { rows: 103, commits: 101, ...watched, turns: 101, resumes: 100, begun: 1 }],
    [
      "timers",
      100,
      0,
      { rows: 4, commits: 2, setAlarms: 1, deleteAlarms: 0, requests: 1, turns: 2, resumes: 1, begun: 1 },
    ],
    // Into the inbox, into the history, out of the inbox.
    ["events", 20, 20, { rows: 63, commits: 21, ...none, turns: 21, resumes: 20, begun: 1 }],
    ["again", 100, 0, { rows: 301, commits: 1, ...none, turns: 100, resumes: 0, begun: 100 }],
    [
      "children",
      10,
      0,
      { rows: 115, commits: 32, setAlarms: 11, deleteAlarms: 11, requests: 20, turns: 31, resumes: 11, begun: 11 },
    ],
  ])("[Q1] %s of %i", async (name, n, raises, costs) => {
    expect(await count(name, n, raises)).toEqual({ status: "COMPLETED", ...costs });
  });
});
