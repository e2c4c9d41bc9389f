// What is open, as the history tells: what an answer is taken for, and which timers are due.
import { describe, expect, it } from "vitest";
import { PendingWork } from "../../../src/engine/pending-work.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";

const timer = (id: number, fireAtMs: number): HistoryFact => ({ type: "TimerCreated", id, fireAtMs });
const ended = (status: "COMPLETED" | "TERMINATED"): HistoryFact => ({ type: "ExecutionCompleted", status });

function workOf(...facts: HistoryFact[]): PendingWork {
  const work = new PendingWork();
  for (const fact of facts) work.apply(fact);
  return work;
}

describe("[T8] After the end", () => {
  const asked: HistoryFact[] = [timer(1, 500), { type: "TaskScheduled", id: 2, name: "a" }];
  const fired: HistoryFact = { type: "TimerFired", id: 1 };
  const completed: HistoryFact = { type: "TaskCompleted", id: 2 };

  it.each([
    ["COMPLETED", [false, true]],
    ["TERMINATED", [false, false]],
  ] as const)(
    "[T8] %s: no timer fires or is due, and the result of an activity is taken unless it was a terminate",
    (status, taken) => {
      const open = workOf(...asked);
      expect([open.accepts(fired), open.accepts(completed), open.dueTimers(500)]).toEqual([true, true, [1]]);
      const work = workOf(...asked, ended(status));
      expect([work.accepts(fired), work.accepts(completed)]).toEqual(taken);
      work.dropTimer(7);
      expect([work.dueTimers(500), work.nextTimerAtMs()]).toEqual([[], Number.POSITIVE_INFINITY]);
    },
  );
});

describe("[T17] Timers that are due", () => {
  it("[T17] come the earliest first, those of one time in the order of their calls; later ones do not", () => {
    const work = workOf(timer(1, 500), timer(3, 300), timer(4, 501), timer(9, 300), timer(10, 300), timer(12, 200));
    expect([work.nextTimerAtMs(), work.dueTimers(199), work.dueTimers(500)]).toEqual([200, [], [12, 3, 9, 10, 1]]);
  });

  it("[T17] one that has fired or was canceled makes way for the next", () => {
    const work = workOf(timer(1, 300), timer(2, 200), timer(3, 400), { type: "TimerFired", id: 2 });
    expect([work.nextTimerAtMs(), work.dueTimers(300)]).toEqual([300, [1]]);
    work.dropTimer(1);
    expect([work.nextTimerAtMs(), work.dueTimers(400)]).toEqual([400, [3]]);
  });
});
