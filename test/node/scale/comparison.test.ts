// [Q3] npm run bench -- --before: what is said of two commits.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkCheckout } from "../../../bench/checkout.ts";
import { compare, differences, least, orderOf, spreadOf } from "../../../bench/comparison.ts";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";

/** Nine turns around a median, each so far from it. */
const around = (median: number, by: number) =>
  [0, 1, -1, 0.5, -0.5, 0.2, -0.2, 0.8, -0.8].map((n) => median * (1 + n * by));

describe("[Q3] a commit beside an earlier one", () => {
  it.each([
    ["the same", around(1, 0.01), around(1, 0.01), "alike"],
    ["4 % more", around(1, 0.001), around(1.04, 0.001), "alike"],
    ["6 % more, and each turn says so", around(1, 0.001), around(1.06, 0.001), "slower"],
    ["6 % more, within what one commit shows of itself", around(1, 0.2), around(1.06, 0.2), "alike"],
    ["the later alone is uneven", around(1, 0.001), around(1.06, 0.2), "alike"],
    ["50 % more, though uneven", around(1, 0.2), around(1.5, 0.2), "slower"],
    ["6 % less", around(1, 0.001), around(0.94, 0.001), "faster"],
  ] as const)("[Q3.1] %s", (_title, before, after, verdict) => {
    expect(compare(before, after).verdict).toBe(verdict);
  });

  it("[Q3.2] medians, their ratio, and the same spread each time", () => {
    const [before, after] = [around(2, 0.1), around(3, 0.01)];
    const found = compare(before, after);
    expect([found.before, found.after, found.ratio]).toEqual([2, 3, 1.5]);
    expect(found.spread).toBe(spreadOf(before));
    expect(found.spread).toBe(compare(before, after).spread);
    expect(spreadOf([5, 5, 5])).toBe(0);
    // One turn that was held up does not excuse the others.
    expect(spreadOf([...around(1, 0.001).slice(1), 9])).toBeLessThan(0.01);
  });

  it("[Q3.3] what was not measured is not compared", () => {
    for (const bad of [[], [0], [1, Number.NaN]]) expect(() => compare(bad, [1])).toThrow("measurements above 0");
  });

  it("[Q3.4] counts must be equal, each of each workload", () => {
    const counts = { rowsWritten: 2, commits: 1 };
    const map = (more: object = {}) => new Map([["steps", { ...counts, ...more }]]);
    expect(differences(map(), map())).toEqual([]);
    expect(differences(map(), map({ commits: 2 }))).toEqual(["steps: commits 2, before 1"]);
    expect(differences(map(), map({ setAlarms: 1 }))).toEqual(["steps: setAlarms 1, before not counted"]);
    expect(differences(map(), new Map())).toEqual([
      "steps: rowsWritten not counted, before 2",
      "steps: commits not counted, before 1",
    ]);
  });

  it("[Q3.5] of several runs the least counts", () => {
    expect(
      least([
        { a: 2, b: 7 },
        { a: 3, b: 5 },
      ]),
    ).toEqual({ a: 2, b: 5 });
  });

  it("[Q3.6] who plays first changes from pair to pair", () => {
    expect([0, 1, 2].map((pair) => orderOf(pair, "b", "a").join(""))).toEqual(["ba", "ab", "ba"]);
  });

  it("[Q3.7] a folder that is no checkout with its packages is refused, and told how to make one", () => {
    const folder = temporaryDirectory();
    try {
      expect(() => checkCheckout(folder)).toThrow(
        `found no src/index.ts and no node_modules/itty-router in ${folder}. Make one: git worktree add DIR COMMIT && cd DIR && npm ci`,
      );
      mkdirSync(join(folder, "src"));
      writeFileSync(join(folder, "src/index.ts"), "");
      expect(() => checkCheckout(folder)).toThrow(`found no node_modules/itty-router in ${folder}`);
      checkCheckout(ROOT);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
