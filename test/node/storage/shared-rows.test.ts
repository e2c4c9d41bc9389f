// [S10] Events that are written together share a row, because rows are billed: nobody who reads them can tell.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { EVENTS, MAX_SHARED_LENGTH } from "../../../src/storage/history-table.ts";
import { at, change, type Opened, openInstance, RECORD, reopen, STARTED } from "./support.ts";

const completed = (id: number, result = `${id}`): HistoryEvent => at({ type: "TaskCompleted", id, result });
const rows = ({ db }: Opened) =>
  db
    .read<{ seq: number; type: string }>("SELECT seq, type FROM history ORDER BY seq")
    .map(({ seq, type }) => [seq, type]);
const LONG = 400_000;

describe("[S10] rows that events share", () => {
  it("[S10.1] the events of a turn lie in one row, one alone in a row of its own", () => {
    const opened = openInstance();
    opened.store.commit(change({ append: [completed(1), completed(2), completed(3)] }));
    opened.store.commit(change({ append: [completed(4)] }));
    opened.store.commit(change({ append: [completed(5), completed(6)] }));
    expect(rows(opened)).toEqual([
      [0, "ExecutionStarted"],
      [1, "Events"],
      [4, "TaskCompleted"],
      [5, "Events"],
    ]);
    expect(reopen(opened).nextHistorySeq).toBe(7);
  });

  it("[S10.2] a payload that fills a row, or does not fit into one, has it to itself; those beside it share", () => {
    const opened = openInstance();
    const large = "x".repeat(MAX_SHARED_LENGTH);
    const append = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => {
      if (id === 3) return completed(id, large);
      return id === 6 ? completed(id, "y".repeat(LONG)) : completed(id);
    });
    opened.store.commit(change({ append }));
    expect(rows(opened)).toEqual([
      [0, "ExecutionStarted"],
      [1, "Events"],
      [3, "TaskCompleted"],
      [4, "Events"],
      [6, "TaskCompleted"],
      [7, "Events"],
    ]);
    expect(reopen(opened).history()).toEqual([STARTED, ...append]);
  });

  it("[S10.3] a turn that fills several rows is written whole or not at all", () => {
    const opened = openInstance();
    const append = Array.from({ length: 1_000 }, (_, id) => completed(id));
    let inserts = 0;
    opened.fault.before = (statement) => {
      if (statement.includes("INTO history") && ++inserts === 3) throw new Error("SQLITE_FULL");
    };
    expect(() => opened.store.commit(change({ append }))).toThrow("SQLITE_FULL");
    expect([rows(opened), opened.store.nextHistorySeq]).toEqual([[[0, "ExecutionStarted"]], 1]);
    opened.fault.before = undefined;
    opened.store.commit(change({ append }));
    expect(reopen(opened).history()).toEqual([STARTED, ...append]);
    expect(rows(opened).length).toBeLessThan(10);
  });

  it("[S10.4] in a database of an earlier schema each event has a row, so that the code before can read it", () => {
    const opened = openInstance();
    opened.db.tamper("UPDATE instance SET schema_version = 3");
    const store = reopen(opened);
    store.commit(change({ append: [completed(1), completed(2)] }), true);
    store.commit(change({ append: [completed(3), completed(4)], record: { ...RECORD, status: "RUNNING" } }), true);
    store.commit(change({ append: [completed(5)] }), true);
    store.commit(change({ append: [completed(6)] }), true);
    const six = [1, 2, 3, 4, 5, 6].map((seq) => [seq, "TaskCompleted"]);
    expect(rows(opened)).toEqual([[0, "ExecutionStarted"], ...six]);
    // The next instance of this ID is of today's schema.
    store.create(RECORD, STARTED, undefined);
    store.commit(change({ append: [completed(1), completed(2)] }));
    expect(rows(opened)).toEqual([
      [0, "ExecutionStarted"],
      [1, "Events"],
    ]);
    expect(opened.db.read("SELECT schema_version AS version FROM instance")).toEqual([{ version: 4 }]);
  });

  const length = fc.oneof({ weight: 8, arbitrary: fc.nat(40) }, fc.constantFrom(6_000, 16_300, 16_400, LONG));
  const turns = fc.array(fc.tuple(fc.array(length, { maxLength: 12 }), fc.boolean()), { maxLength: 8 });

  it("[S10.5] every page is a part of the history, and queries see each event, however they lie", () => {
    fc.assert(
      fc.property(turns, fc.nat(60), fc.nat(60), (lengths, from, limit) => {
        const opened = openInstance();
        let id = 0;
        const events = lengths.map(([ofTurn]) => ofTurn.map((n) => completed(++id, "é".repeat(n))));
        for (const [n, append] of events.entries()) opened.store.commit(change({ append }), lengths[n]?.[1]);
        opened.store.flush();
        const all = [STARTED, ...events.flat()];
        const store = reopen(opened);
        expect(store.nextHistorySeq).toBe(all.length);
        expect(store.historyPage(from, limit)).toEqual(all.slice(from, from + limit));
        expect(store.outline(from).completed).toEqual(all[from]);
        expect(opened.db.read(`SELECT seq, at_ms, type, task_id FROM ${EVENTS} ORDER BY seq`)).toEqual(
          all.map((event, seq) => ({
            seq,
            at_ms: event.timestampMs,
            type: event.type,
            task_id: "id" in event ? event.id : null,
          })),
        );
      }),
      { numRuns: 100 },
    );
  });
});
