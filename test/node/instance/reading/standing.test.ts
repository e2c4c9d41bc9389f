// [I43] What a list and a description show of a wait. Of instances: life/views.test.ts.
import { expect, it } from "vitest";
import { shownBranches } from "../../../../src/instance/reading/standing.ts";

it("[I43.22] A branch that waits for an activity that waits for a limit waits for the limit, as the list has it", () => {
  const waits = { events: [], condition: false };
  const branches = [
    { name: "flight", wait: { type: "activity", name: "charge" }, ...waits },
    { name: "hotel", wait: { type: "activity", name: "book" }, ...waits },
  ] as const;
  const told = shownBranches(branches, (activity) => (activity === "charge" ? "cards" : undefined));
  expect(told?.map(({ waitingFor }) => waitingFor)).toEqual(["limit:cards", "activity:book"]);
});
