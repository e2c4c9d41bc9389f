// The kinds of instances of the campaign: what each one's callers do, and what it has to end with.
import { isDeepStrictEqual } from "node:util";
import { done, expectOutput, type Kind, outputs, startAndWatch } from "./kind.ts";
import { BRANCH_KINDS } from "./kinds-branches.ts";
import { BULK_KINDS } from "./kinds-bulk.ts";
import { OUTSIDE_KINDS } from "./kinds-outside.ts";
import { REPAIR_KINDS } from "./kinds-repair.ts";
import { RETENTION_KINDS } from "./kinds-retention.ts";
import type { Subject } from "./subject.ts";

export type { Kind } from "./kind.ts";

/** Two senders side by side, each of which awaits an answer before it goes on, and then the end. */
async function raiseFrom(subject: Subject, eventsPerSender: number): Promise<void> {
  const send = async (sender: string) => {
    for (let n = 0; n < eventsPerSender && !subject.stage.isFinishing; n++) {
      await subject.raise(sender, n);
      await subject.pause(20, 300);
    }
  };
  await Promise.all([send("a"), send("b")]);
}

async function startAndRaise(subject: Subject): Promise<void> {
  await subject.start();
  await raiseFrom(subject, 12);
  await subject.signal("item", "stop");
  await subject.seen("finished", "last");
}

/** Every acknowledged event once, any other at most once, each sender's in its order. */
const everyEvent: Kind["check"] = (subject, endOf) => {
  const { status, output } = endOf(subject.id);
  if (status !== "COMPLETED" || !Array.isArray(output)) return subject.violation("wrong", `ended as ${status}`);
  const key = ({ sender, n }: { sender: string; n: number }) => `${sender} ${n}`;
  const got = output.map(key);
  for (const event of subject.raised)
    if (event.isAcknowledged && !got.includes(key(event))) subject.violation("lost", `event ${key(event)}`);
  if (new Set(got).size < got.length) subject.violation("twice", `an event in ${got}`);
  const sent = subject.raised.map(key);
  for (const each of got) if (!sent.includes(each)) subject.violation("wrong", `event ${each} was never sent`);
  for (const sender of ["a", "b"]) {
    const order = output.filter((item) => item.sender === sender).map(({ n }) => n);
    if (
      !isDeepStrictEqual(
        order,
        order.toSorted((x, y) => x - y),
      )
    )
      subject.violation("wrong", `order of sender ${sender}: ${order}`);
  }
};

/** Begins with the life 0, which is followed by the life 1. */
function usedAgain(name: string, first: Pick<Kind, "workflow" | "input">, between: Kind["play"]): Kind {
  return {
    name,
    ...first,
    play: async (subject) => {
      await subject.start();
      await between(subject);
      await subject.seen("finished", "last of 1");
    },
    check: outputs(1),
  };
}

const LIFE = { workflow: "life", input: 0 };

/** A tree that waits, until somebody ends it. */
function endedFromOutside(operation: "terminate" | "cancel" | "purge", expected: string): Kind {
  return {
    name: operation,
    workflow: "doomed",
    play: async (subject) => {
      await subject.start();
      await subject.seen("finished", "first");
      await subject.pause(0, 2_000);
      if (operation === "purge") await subject.purge();
      else await subject.operate(operation);
    },
    check: (subject, endOf) => {
      for (const child of ["", ":0002", ":0003", ":0003:0001"]) {
        const { status } = endOf(subject.id + child);
        // A child of which the end came to the parent first was never called.
        const isAllowed = status === expected || (child !== "" && status === "missing");
        if (!isAllowed) subject.violation("lost", `the ${operation}: '${child}' is ${status}`);
      }
    },
  };
}

export const KINDS: readonly Kind[] = [
  { name: "chain", workflow: "chain", input: 8, play: startAndWatch, check: outputs(done("chain", 8)) },
  { name: "fan-out", workflow: "fanOut", input: 10, play: startAndWatch, check: outputs(done("fan", 10)) },
  { name: "timers", workflow: "timers", input: [0.05, 0.4, 1.5], play: startAndWatch, check: outputs([]) },
  { name: "events", workflow: "collect", input: {}, play: startAndRaise, check: everyEvent },
  {
    name: "buffered events",
    workflow: "collect",
    input: { first: "open" },
    play: async (subject) => {
      await subject.start();
      await raiseFrom(subject, 10);
      await subject.signal("item", "stop");
      await subject.signal("open");
      await subject.seen("finished", "last");
    },
    check: everyEvent,
  },
  { name: "continue-as-new", workflow: "collect", input: { perGeneration: 3 }, play: startAndRaise, check: everyEvent },
  {
    name: "children",
    workflow: "family",
    play: startAndWatch,
    check: outputs([done("chain", 2), done("chain", 1), done("chain", 1)]),
  },
  { name: "retries", workflow: "retries", play: startAndWatch, check: outputs(3) },
  { name: "heartbeats", workflow: "heartbeats", play: startAndWatch, check: outputs(20) },
  {
    name: "updates",
    workflow: "ledger",
    play: async (subject) => {
      await subject.start();
      for (let n = 0; n < 8 && !subject.stage.isFinishing; n++) {
        const entry = `entry-${n}`;
        await subject.update("enter", entry, entry);
        subject.updates.push(entry);
        await subject.pause(20, 300);
      }
      await subject.update("close", "close");
      await subject.seen("finished", "last");
    },
    check: (subject, endOf) => expectOutput(subject, endOf(subject.id), subject.updates),
  },
  {
    name: "suspended",
    workflow: "chain",
    input: 4,
    play: async (subject) => {
      await subject.start();
      await subject.seen("started", "chain-0");
      await subject.operate("pause");
      await subject.pause(100, 4_000);
      const status = await subject.status();
      if (status !== "SUSPENDED" && status !== "COMPLETED") subject.violation("lost", `the pause: it is ${status}`);
      await subject.operate("resume");
      await subject.seen("finished", "last");
    },
    check: outputs(done("chain", 4)),
  },
  endedFromOutside("terminate", "TERMINATED"),
  endedFromOutside("cancel", "CANCELED"),
  {
    ...endedFromOutside("purge", "missing"),
    isPurged: true,
  },
  usedAgain("ID used anew", LIFE, async (subject) => {
    await subject.seen("finished", "last of 0");
    await subject.ended();
    await subject.startAgain(1);
  }),
  usedAgain("purge and ID used anew", LIFE, async (subject) => {
    await subject.seen("started", "first of 0");
    await subject.pause(0, 300);
    await subject.purge();
    await subject.startAgain(1);
  }),
  usedAgain("reuse=terminate", { workflow: "doomed" }, async (subject) => {
    await subject.seen("finished", "first");
    await subject.pause(0, 2_000);
    await subject.startAgain(1, "&reuse=terminate");
  }),
  {
    name: "detached",
    workflow: "announce",
    input: 6,
    play: async (subject) => {
      await startAndWatch(subject);
      await subject.seen("finished", "last", `${subject.id}-d`);
    },
    check: (subject, endOf) => expectOutput(subject, endOf(`${subject.id}-d`), [0, 1, 2, 3, 4, 5]),
  },
  {
    name: "scheduled start",
    workflow: "chain",
    input: 1,
    play: async (subject) => {
      const startAtMs = Date.now() + 200 + subject.random.below(2_000);
      await subject.start(`&startTime=${new Date(startAtMs).toISOString()}`);
      await subject.seen("finished", "last");
      const first = subject.stage.recorder.of(subject.id)[0];
      if (first === undefined || first.atMs < startAtMs) subject.violation("early", "started before its time");
    },
    check: outputs(done("chain", 1)),
  },
  {
    name: "start and raise",
    workflow: "collect",
    input: {},
    play: async (subject) => {
      // One whose answer a kill has cut off may not have been heard: then it has not begun, and nobody else begins it.
      for (let n = 0; !subject.started.has(subject.id) || (n < 8 && !subject.stage.isFinishing); n++) {
        await subject.startAndRaise("a", n);
        await subject.pause(20, 300);
      }
      await subject.signal("item", "stop");
      await subject.seen("finished", "last");
    },
    check: everyEvent,
  },
  {
    name: "search attributes",
    workflow: "labelled",
    input: 7,
    play: async (subject) => {
      await subject.start(`&attr.owner=${subject.id}&attr.gone=1`);
      await subject.seen("finished", "last");
      await subject.ended();
      await subject.listed(`attr.owner=${subject.id}&attr.phase=done`, [subject.id]);
    },
    check: (subject, _endOf, stored) => {
      const expected = { owner: subject.id, n: 7, phase: "done" };
      const found = stored.get(subject.id)?.searchAttributes;
      if (!isDeepStrictEqual(found, expected))
        subject.violation("wrong", `its search attributes are ${JSON.stringify(found)}`);
    },
  },
  ...BRANCH_KINDS,
  ...REPAIR_KINDS,
  ...BULK_KINDS,
  ...RETENTION_KINDS,
  ...OUTSIDE_KINDS,
];
