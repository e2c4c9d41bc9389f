// What repairs an instance: restart, rewind, rerun, another version. Each is sent twice under one ID, at once, and counts once.
import { isDeepStrictEqual } from "node:util";
import { done, expectOnce, expectOutput, expectRuns, expectStatus, type Kind, outputs, startAndWatch } from "./kind.ts";
import type { End, Subject } from "./subject.ts";

const ONCE = "requestID=once";

function twice(subject: Subject, operation: string, body?: object): Promise<unknown> {
  const request = () => subject.operate(`${operation}?${ONCE}`, body);
  return Promise.all([request(), request()]);
}

/** From one of its calls, which are numbered from 1, on. */
async function rerun(subject: Subject, calls: number): Promise<void> {
  await startAndWatch(subject);
  await subject.ended();
  subject.chosen = 1 + subject.random.below(calls);
  await twice(subject, "rerun", { eventID: subject.chosen, newInstanceID: rerunOf(subject) });
  subject.started.set(rerunOf(subject), true);
  await subject.seen("finished", "last", rerunOf(subject));
}

const rerunOf = ({ id }: Subject) => `${id}-r`;

function expectSource(subject: Subject, { history }: End): void {
  const of = history[0]?.detail.rerunOf as { instanceId?: string; eventId?: number } | undefined;
  if (!isDeepStrictEqual([of?.instanceId, of?.eventId], [subject.id, subject.chosen]))
    subject.violation("wrong", `its rerun says that it is of ${JSON.stringify(of)}`);
}

const FAMILY = [done("chain", 2), done("chain", 1), done("chain", 1)];

export const REPAIR_KINDS: readonly Kind[] = [
  {
    name: "restart",
    workflow: "life",
    input: 0,
    play: async (subject) => {
      await subject.start();
      await subject.seen("started", "first of 0");
      await subject.pause(0, 300);
      await twice(subject, "restart");
      subject.stage.acknowledged.lives++;
      await subject.ended();
    },
    check: (subject, endOf) => {
      expectOutput(subject, endOf(subject.id), 0);
      const executions = new Set(
        subject.stage.recorder.of(subject.id).map(({ taskExecutionId }) => taskExecutionId.replace(/:\d+$/, "")),
      );
      if (executions.size !== 2) subject.violation("wrong", `one restart, and ${executions.size} runs`);
    },
  },
  {
    name: "rewind",
    workflow: "household",
    play: async (subject) => {
      const fatal = [`${subject.id}:0001`, "chain-0"] as const;
      subject.stage.recorder.fail(...fatal);
      await subject.start();
      await subject.ended();
      await subject.pause(0, 1_000);
      subject.stage.recorder.mend(...fatal);
      await twice(subject, "rewind");
      await subject.seen("finished", "last", `${subject.id}:0001`);
    },
    check: (subject, endOf) => {
      expectOutput(subject, endOf(subject.id), done("chain", 1));
      for (const id of [subject.id, `${subject.id}:0001`]) expectOnce(subject, endOf(id), "ExecutionRewound");
    },
  },
  {
    name: "rerun",
    workflow: "chain",
    input: 4,
    play: (subject) => rerun(subject, 5),
    check: (subject, endOf) => {
      const end = endOf(rerunOf(subject));
      for (const each of [endOf(subject.id), end]) expectOutput(subject, each, done("chain", 4));
      expectSource(subject, end);
      // What came before was done by the source.
      const again = [0, 1, 2, 3].filter((n) => n + 1 >= subject.chosen).map((n) => `chain-${n}`);
      expectRuns(subject, rerunOf(subject), [...again, "last"]);
    },
  },
  {
    name: "rerun with children",
    workflow: "family",
    play: (subject) => rerun(subject, 4),
    check: (subject, endOf) => {
      const end = endOf(rerunOf(subject));
      for (const each of [endOf(subject.id), end]) expectOutput(subject, each, FAMILY);
      expectSource(subject, end);
      // The fourth call is made when the children have answered: they are those of the source.
      const expected = subject.chosen === 4 ? "missing" : "COMPLETED";
      for (const child of [":0001", ":0002", ":0003", ":0003:0001"]) {
        expectStatus(subject, subject.id + child, endOf(subject.id + child), "COMPLETED");
        const id = rerunOf(subject) + child;
        expectStatus(subject, id, endOf(id), expected);
      }
    },
  },
  {
    name: "version",
    workflow: "versioned",
    play: async (subject) => {
      await subject.start();
      await subject.seen("started", "first");
      await subject.pause(0, 1_000);
      await twice(subject, "version", { version: "v2" });
      await subject.signal("go");
      await subject.seen("finished", "last");
    },
    check: (subject, endOf, stored) => {
      outputs("v2 done")(subject, endOf, stored);
      expectOnce(subject, endOf(subject.id), "ExecutionVersionChanged");
    },
  },
];
