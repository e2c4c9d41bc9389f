// An instance with branches: strands that go on side by side, and a race whose loser has something to do on its way out.
import { done, expectOutput, expectRuns, type Kind } from "./kind.ts";
import type { Subject } from "./subject.ts";

/** As kinds-worker.js makes them: so many calls has each, and then waits for an event of its name; of which branch they are. */
const STRANDS = { a: [1, "branch-1"], b: [2, "branch-2"], c: [3, "branch-3"], d: [2, "winner"] } as const;
const LOSER = ["tidied", "loser"] as const;

const labels = Object.entries(STRANDS).flatMap(([name, [length, branch]]) =>
  Array.from({ length }, (_, n) => [`${name}-${n}`, branch] as const),
);
const results = Object.entries(STRANDS).map(([name, [length]]) => [...done(name, length), `${name} came`]);

/** Each call is told to be of the branch that has made it, by whatever life it was written. */
function expectBranches(subject: Subject, history: ReturnType<Parameters<Kind["check"]>[1]>["history"]): void {
  const due = new Map<string, string>([...labels, LOSER]);
  for (const { type, payload, detail } of history) {
    if (type !== "TaskScheduled") continue;
    const label = JSON.parse(payload ?? "null");
    const { branch } = detail;
    if (branch !== due.get(label))
      subject.violation("wrong", `${label} is of the branch ${branch}, not ${due.get(label)}`);
  }
}

export const BRANCH_KINDS: readonly Kind[] = [
  {
    name: "branches",
    workflow: "branches",
    play: async (subject) => {
      await subject.start();
      for (const name of ["c", "a", "d", "b"]) {
        await subject.pause(0, 400);
        await subject.signal(name, `${name} came`);
      }
      await subject.seen("finished", "last");
    },
    check: (subject, endOf) => {
      const end = endOf(subject.id);
      expectOutput(subject, end, results);
      expectRuns(subject, subject.id, [...labels.map(([label]) => label), LOSER[0], "last"]);
      expectBranches(subject, end.history);
    },
  },
];
