// Instances that something outside of them has to do with: receivers that are told of their ends, and limits that they share.
import { done, expectStatus, type Kind, outputs, startAndWatch } from "./kind.ts";
import type { Subject } from "./subject.ts";

/** As kinds-worker.js declares it. */
const MOST_SLOTS = 3;

/** Told at least once, under one ID, how it has ended; and nobody is told of what has not ended. */
const isTold: Kind["check"] = (subject, endOf) => {
  outputs(done("chain", 1))(subject, endOf, new Map());
  const heard = subject.stage.recorder.webhooksOf(subject.id);
  if (heard.length === 0) subject.violation("lost", "its webhook has not arrived");
  const ids = new Set(heard.map(({ id }) => id));
  if (ids.size > 1) subject.violation("twice", `its end was told under ${ids.size} IDs`);
  for (const { status } of heard) expectStatus(subject, subject.id, endOf(subject.id), status);
};

/** Those that hold a slot when another one begins, all of the same life of the server: what was killed runs no more. */
function runAtOnce({ stage }: Subject): number {
  const running = new Set<string>();
  let [most, epoch] = [0, 0];
  for (const report of stage.recorder.reports) {
    if (!report.label.startsWith("slot-")) continue;
    if (report.epoch !== epoch) running.clear();
    epoch = report.epoch;
    if (report.phase === "started") running.add(report.taskExecutionId);
    else running.delete(report.taskExecutionId);
    most = Math.max(most, running.size);
  }
  return most;
}

export const OUTSIDE_KINDS: readonly Kind[] = [
  {
    name: "webhook",
    workflow: "told",
    input: 1,
    play: async (subject) => {
      await startAndWatch(subject);
      await subject.waits.on(`the webhook of ${subject.id}`, subject.stage.recorder.heard(subject.id));
    },
    check: isTold,
  },
  {
    // Each kill leaves leases behind: that all of these end tells that they come back.
    name: "limited activities",
    workflow: "limited",
    input: 4,
    play: startAndWatch,
    check: (subject, endOf, stored) => {
      outputs(done("slot", 4))(subject, endOf, stored);
      const most = runAtOnce(subject);
      if (most > MOST_SLOTS) subject.violation("wrong", `${most} ran at once, and ${MOST_SLOTS} may`);
    },
  },
];
