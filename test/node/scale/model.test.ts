// [Q2] The model of what the platform bills (bench/scale) against counts of simulations, each at several sizes.
import { describe, expect, it } from "vitest";
import { chain, loop, sleeper, TABLE_ROWS, type Usage } from "../../../bench/scale/usage.ts";
import { type Counted, count, IO_MS } from "./workloads.ts";

/** What a simulation counts of it: it does not see the rows of SQLite's own table. The start is a request too. */
function billed({ rows, setAlarms, deleteAlarms, requests }: Counted): Pick<Usage, "rowsWritten" | "objectRequests"> {
  return { rowsWritten: TABLE_ROWS + rows + setAlarms + deleteAlarms, objectRequests: 1 + requests };
}

const ofModel = ({ rowsWritten, objectRequests }: Usage) => ({ rowsWritten, objectRequests });

describe("[Q2] The model uses what a simulation counts", () => {
  it.each([0, 1, 5, 10, 100, 110, 130, 220, 250, 500])(
    "[Q2.1] a chain of %i steps that wait for nothing",
    async (n) => {
      expect(ofModel(chain(n))).toEqual(billed(await count("series", n)));
    },
  );

  it.each([60, 30 * 86_400])("[Q2.2] an instance that sleeps for %i s", async (seconds) => {
    expect(ofModel(sleeper(1))).toEqual(billed(await count("sleeper", seconds)));
  });

  it.each([
    [1, 1],
    [2, 1],
    [10, 1],
    [20, 1],
    [10, 2],
    [10, 5],
    [20, 3],
  ])("[Q2.3] a loop of %i steps a round, %i rounds", async (steps, rounds) => {
    expect(ofModel(loop(steps, rounds, IO_MS / 1_000))).toEqual(billed(await count("loop", { steps, rounds })));
  });
});
