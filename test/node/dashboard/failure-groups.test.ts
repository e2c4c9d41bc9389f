// Failures of one kind are one group, whatever differs between their messages.
import { describe, expect, it } from "vitest";
import { countOverTime, type FailedRow, groupFailures } from "../../../dashboard/src/pages/failure-groups.ts";

const HOUR = 3_600_000;
const T0 = Date.parse("2026-11-28T00:00:00Z");
const span = { fromMs: T0, toMs: T0 + 4 * HOUR };

let ids = 0;
function failed(
  message: string | undefined,
  more: Partial<FailedRow> & { atHour?: number; errorType?: string } = {},
): FailedRow {
  const { atHour = 0, errorType = "Error", ...row } = more;
  const at = new Date(T0 + atHour * HOUR).toISOString();
  return {
    instanceID: `order-${++ids}`,
    workflowName: "order",
    createdAt: at,
    lastUpdatedAt: at,
    endedAt: at,
    failure: { errorType, message },
    ...row,
  };
}

const groupsOf = (rows: readonly FailedRow[]) => groupFailures(rows, span, 4);

describe("[D34] failures in groups", () => {
  it("[D34.1] by type and by what their messages have in common: IDs, numbers, times and UUIDs differ", () => {
    const groups = groupsOf([
      failed("order-7: activity 'charge': Activity task #3 failed: card 4711 refused", { instanceID: "order-7" }),
      failed("order-8: activity 'charge': Activity task #12 failed: card 0815 refused", { instanceID: "order-8" }),
      failed("no user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 at 2026-11-28T10:00:00.5Z, key 00ff00ff00ff"),
      failed("no user a97af1f2-0c5e-4ab1-9b5c-4b9d5ad36a0e at 2026-11-27T11:30:00Z, key 9c1185a5c5e9"),
      failed("card 1 refused", { errorType: "RangeError" }),
    ]);
    expect(groups.map(({ errorType, message, count }) => [errorType, message, count])).toEqual([
      ["Error", "activity 'charge': Activity task #… failed: card … refused", 2],
      ["Error", "no user … at …, key …", 2],
      ["RangeError", "card … refused", 1],
    ]);
  });

  it("[D34.2] an ID in the middle of a message, too, and words of hexadecimal letters stay", () => {
    const [group, ...others] = groupsOf([
      failed("deadbeef faded: a-1 is gone", { instanceID: "a-1" }),
      failed("deadbeef faded: a-2 is gone", { instanceID: "a-2" }),
    ]);
    expect([group?.message, others]).toEqual(["deadbeef faded: … is gone", []]);
  });

  it("[D34.3] each with its newest first, the workflows it has hit, and when it came", () => {
    const rows = [
      failed("x", { atHour: 1 }),
      failed("x", { atHour: 3.5, workflowName: "billing" }),
      failed("x", { atHour: 1.5 }),
    ];
    expect(groupsOf(rows)).toEqual([
      {
        errorType: "Error",
        message: "x",
        count: 3,
        rows: [rows[1], rows[2], rows[0]],
        workflows: ["billing", "order"],
        firstMs: T0 + HOUR,
        lastMs: T0 + 3.5 * HOUR,
        overTime: [0, 2, 0, 1],
      },
    ]);
  });

  it("[D34.4] the largest group first; of those of one size, the one that came last", () => {
    const groups = groupsOf([failed("a"), failed("b", { atHour: 2 }), failed("c"), failed("c")]);
    expect(groups.map(({ message }) => message)).toEqual(["c", "b", "a"]);
  });

  it("[D34.5] where the catalog has no message, and where it has no end, as of what goes on", () => {
    const { endedAt: _, ...open } = failed(undefined, { atHour: 1 });
    expect(groupsOf([open])).toMatchObject([{ errorType: "Error", message: "", overTime: [0, 1, 0, 0] }]);
    expect(groupsOf([])).toEqual([]);
  });

  it("[D34.6] what lies outside of the time counts at its ends, so that the parts add up", () => {
    expect(countOverTime([T0 - HOUR, T0 + 9 * HOUR, T0 + 4 * HOUR], span, 4)).toEqual([1, 0, 0, 2]);
    expect(countOverTime([T0], { fromMs: T0, toMs: T0 }, 2)).toEqual([1, 0]);
  });
});
