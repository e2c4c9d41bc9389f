// [S8] Rows of turns that follow each other without waiting for anything: written together, and never later than they may.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { EVENTS } from "../../../src/storage/history-table.ts";
import type { InstanceStore } from "../../../src/storage/instance-store.ts";
import { at, change, completed, type Opened, openInstance, RECORD, reopen, STARTED, scheduled } from "./support.ts";

const turn = (id: number) => change({ append: [completed(id), scheduled(id + 1)] });

function statementsOf({ store, fault }: Opened, act: (store: InstanceStore) => void): number {
  let statements = 0;
  fault.before = () => void statements++;
  act(store);
  fault.before = undefined;
  return statements;
}

describe("[S8] rows that are held back", () => {
  it("[S8.1] without a flush to follow, each turn is written at once", () => {
    const opened = openInstance();
    expect(statementsOf(opened, (store) => store.commit(turn(1)))).toBe(1);
    expect(statementsOf(opened, (store) => store.commit(turn(2)))).toBe(1);
    expect(opened.db.read(`SELECT count(*) AS n FROM ${EVENTS.instance}`)).toEqual([{ n: 5 }]);
  });

  it("[S8.2] the first turn is written at once, because only then the platform holds back what the object sends", () => {
    const opened = openInstance();
    expect(statementsOf(opened, (store) => store.commit(turn(1), true))).toBe(1);
    expect(statementsOf(opened, (store) => store.commit(turn(2), true))).toBe(0);
    opened.store.flush();
    expect(statementsOf(opened, (store) => store.commit(turn(3), true))).toBe(1);
  });

  it("[S8.8] a turn that writes nothing is not the first that is written", () => {
    const opened = openInstance();
    expect(statementsOf(opened, (store) => store.commit(change({}), true))).toBe(0);
    expect(statementsOf(opened, (store) => store.commit(turn(1), true))).toBe(1);
    expect(statementsOf(opened, (store) => store.commit(turn(2), true))).toBe(0);
  });

  it("[S8.3] a thousand turns take one statement for as many as fit into 16,384 characters", () => {
    const opened = openInstance();
    const statements = statementsOf(opened, (store) => {
      for (let id = 1; id <= 1_001; id++) store.commit(turn(id), true);
      store.flush();
    });
    expect(statements).toBe(1 + Math.ceil(1_000 / Math.floor(16_384 / (2 * 64 + "n".length + 2 * "999".length))));
    expect(reopen(opened).history()).toHaveLength(1 + 2_002);
  });

  it.each<[string, (store: InstanceStore) => void]>([
    ["a read of the history", (store) => store.history()],
    ["a read of its outline", (store) => store.outline(undefined)],
    ["an event that is received", (store) => store.receive({ fact: { type: "EventRaised", name: "e" } })],
    ["a turn that takes from the inbox", (store) => store.commit(change({ taken: [0] }), true)],
    [
      "a payload that is long",
      (store) =>
        store.commit(change({ append: [at({ type: "TaskCompleted", id: 9, result: "x".repeat(400_000) })] }), true),
    ],
    ["a flush", (store) => store.flush()],
  ])("[S8.4] %s: what is held back is written before", (_, act) => {
    const opened = openInstance();
    opened.store.commit(turn(1), true);
    opened.store.commit(turn(2), true);
    act(opened.store);
    const rows = opened.db.read<{ seq: number; type: string }>(`SELECT seq, type FROM ${EVENTS.instance} ORDER BY seq`);
    expect(rows.slice(0, 5).map(({ type }) => type)).toEqual([
      "ExecutionStarted",
      "TaskCompleted",
      "TaskScheduled",
      "TaskCompleted",
      "TaskScheduled",
    ]);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, n) => n));
  });

  it("[S8.7] the row of the instance is held back with them: the last status counts", () => {
    const opened = openInstance();
    opened.store.commit(turn(1), true);
    const statements = statementsOf(opened, (store) => {
      for (const status of ["RUNNING", "COMPLETED"] as const)
        store.commit(change({ append: [completed(2)], record: { ...RECORD, status } }), true);
      store.flush();
    });
    expect(statements).toBe(2);
    expect(reopen(opened).load()?.status).toBe("COMPLETED");
    expect(reopen(opened).history()).toHaveLength(5);
  });

  it("[S8.5] a change that fails takes nothing with it of what was held back", () => {
    const opened = openInstance();
    opened.store.commit(turn(1), true);
    opened.store.commit(turn(2), true);
    opened.fault.before = (statement) => {
      if (statement.includes("UPDATE instance")) throw new Error("SQLITE_FULL");
    };
    const ends = change({ append: [completed(3)], taken: [0], record: { ...RECORD, status: "COMPLETED" } });
    expect(() => opened.store.commit(ends, true)).toThrow("SQLITE_FULL");
    opened.fault.before = undefined;
    expect(reopen(opened).history()).toHaveLength(5);
    opened.store.commit(ends, true);
    expect(reopen(opened).history()).toHaveLength(6);
  });

  it("[S8.6] a flush that fails loses nothing, and can be tried again", () => {
    const opened = openInstance();
    opened.store.commit(turn(1), true);
    opened.store.commit(turn(2), true);
    opened.fault.before = () => {
      throw new Error("SQLITE_FULL");
    };
    expect(() => opened.store.flush()).toThrow("SQLITE_FULL");
    opened.fault.before = undefined;
    opened.store.flush();
    expect(reopen(opened).history()).toHaveLength(5);
  });
});

const text = fc.option(fc.string({ maxLength: 5 }), { nil: undefined });
const event: fc.Arbitrary<HistoryEvent> = fc.oneof(
  fc.record({ id: fc.nat(9), name: fc.string(), input: text }).map((task) => at({ type: "TaskScheduled", ...task })),
  fc.record({ id: fc.nat(9), result: text }).map((task) => at({ type: "TaskCompleted", ...task })),
  fc.nat(9).map((id) => at({ type: "TimerCreated", id, fireAtMs: 5 })),
  fc.record({ name: fc.string(), input: text }).map((raised) => at({ type: "EventRaised", ...raised })),
  fc.constant(at({ type: "ExecutionSuspended", reason: undefined })),
);
const timed = fc.tuple(event, fc.nat(2)).map(([fact, ms]): HistoryEvent => ({ ...fact, timestampMs: 2_000 + ms }));

describe("[S9] inserts of any rows", () => {
  it("[S9.1] what is read is what was committed, whatever the turns hold and however they share rows", () => {
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(timed, { maxLength: 40 }), fc.boolean()), { maxLength: 8 }), (turns) => {
        const { store } = openInstance();
        for (const [append, flushFollows] of turns) store.commit(change({ append }), flushFollows);
        store.flush();
        expect(plain(store.history())).toEqual(plain([STARTED, ...turns.flatMap(([append]) => append)]));
      }),
      { numRuns: 200 },
    );
  });
});
