// [S10] Events that are written together share a row, because rows are billed: nobody who reads them can tell.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toColumns } from "../../../src/storage/fact-columns.ts";
import { MAX_SHARED_LENGTH } from "../../../src/storage/history-row.ts";
import { EVENTS } from "../../../src/storage/history-table.ts";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { plainTexts } from "../../../src/storage/vault.ts";
import {
  change,
  completed,
  type Opened,
  openInstance,
  openStore,
  RECORD,
  reopen,
  STARTED,
  scheduled,
  toFormerTables,
} from "./support.ts";

const rows = ({ db }: Opened) =>
  db
    .read<{ seq: number; type: string }>(
      `SELECT seq, type FROM ${db.hasTable("history") ? "history" : "instance"} WHERE seq >= 0 ORDER BY seq`,
    )
    .map(({ seq, type }) => [seq, type]);
const LONG = 400_000;
const DETAIL_OF_STARTED = toColumns(STARTED).detail?.length ?? 0;

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

  it.each([
    [0, [[2, "Events"]]],
    [
      1,
      [
        [2, "TaskCompleted"],
        [3, "TaskCompleted"],
      ],
    ],
  ])(
    "[S10.11] events of two turns share a row of exactly 16,384 characters, and not with %i more",
    (more, expected) => {
      const opened = openInstance();
      // The first turn is written at once.
      opened.store.commit(change({ append: [completed(9)] }), true);
      // Each takes 64 characters beside its texts.
      const half = (id: number, length: number) => completed(id, "x".repeat(length - 64));
      opened.store.commit(change({ append: [half(1, 8_192)] }), true);
      opened.store.commit(change({ append: [half(2, 8_192 + more)] }), true);
      opened.store.flush();
      expect(rows(opened)).toEqual([[0, "ExecutionStarted"], [1, "TaskCompleted"], ...expected]);
    },
  );

  it.each([
    [0, 1],
    [1, 3],
  ])(
    "[S10.12] a new instance and events of exactly 16,384 characters go in with one statement, with %i more in %i",
    (more, statements) => {
      const opened = openStore();
      opened.store.create(RECORD, STARTED, undefined, true);
      const length = MAX_SHARED_LENGTH - 2 * 64 - "w".length - DETAIL_OF_STARTED;
      const inserts: string[] = [];
      opened.fault.before = (statement) => void (statement.includes("INSERT") && inserts.push(statement));
      opened.store.commit(change({ append: [completed(1, "x".repeat(length + more))] }), true);
      opened.store.flush();
      expect(inserts).toHaveLength(statements);
      expect(reopen(opened).history()).toHaveLength(2);
    },
  );

  it("[S10.3] a turn that fills several rows is written whole or not at all", () => {
    const opened = openInstance();
    const append = Array.from({ length: 1_000 }, (_, id) => completed(id));
    let inserts = 0;
    opened.fault.before = (statement) => {
      if (statement.includes("INTO instance") && ++inserts === 3) throw new Error("SQLITE_FULL");
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
    toFormerTables(opened, 3);
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
    expect(opened.db.read("SELECT schema_version AS version FROM instance WHERE seq = -1")).toEqual([
      { version: SCHEMA_VERSION },
    ]);
  });

  it.each([
    [3, 2],
    [4, 1],
    [5, 1],
  ])("[S10.13] version %i: two events of a turn take %i rows", (version, count) => {
    const opened = openInstance();
    if (version < 5) toFormerTables(opened, version);
    reopen(opened).commit(change({ append: [completed(1), completed(2)] }));
    expect(rows(opened)).toHaveLength(1 + count);
  });

  it.each([
    [0, 0],
    [1, 2],
  ])(
    "[S10.14] a turn of exactly 16,384 characters is held back, with %i more it is written in %i rows",
    (more, count) => {
      const opened = openInstance();
      opened.store.commit(change({ append: [completed(9)] }), true);
      const append = [completed(1, "x".repeat(8_192 - 64)), completed(2, "x".repeat(8_192 - 64 + more))];
      opened.store.commit(change({ append }), true);
      expect(rows(opened)).toHaveLength(2 + count);
    },
  );

  it("[S10.6] pages over more rows than are read at a time, and not an event is decoded that was not asked for", () => {
    const opened = openInstance();
    for (let id = 1; id <= 100; id++) {
      const append = id % 10 === 0 ? [completed(id), scheduled(id), completed(id)] : [completed(id)];
      opened.store.commit(change({ append }));
    }
    const all = reopen(opened).history();
    let decoded = 0;
    const store = new InstanceStore(opened.db.port(), {
      ...plainTexts,
      decode: (text) => {
        decoded++;
        return text;
      },
    });
    store.load();
    for (let from = 0; from <= all.length; from++) {
      for (const limit of [0, 1, 2, 30, 31, 32, 33, 34, 64, 65, 66, 200]) {
        decoded = 0;
        const page = store.historyPage(from, limit);
        expect(page).toEqual(all.slice(from, from + limit));
        // The first event of this history has no payload.
        expect(decoded).toBe(page.length - (from === 0 && limit > 0 ? 1 : 0));
      }
    }
    decoded = 0;
    store.outline(all.length - 1);
    store.lastStall();
    expect(decoded).toBe(2);
  });

  it("[S10.9] a page of long events ends early, and has one event at least", () => {
    const opened = openInstance();
    const append = [3_000_000, 3_000_000, 3_000_000, 9_000_000, 10, 10].map((n, id) => completed(id, "x".repeat(n)));
    opened.store.commit(change({ append }));
    const store = reopen(opened);
    const lengths = [];
    for (let from = 0; from < 7; from += lengths.at(-1) ?? 7) lengths.push(store.historyPage(from, 1_000).length);
    expect(lengths).toEqual([3, 1, 1, 2]);
  });

  it("[S10.10] what a page counts are also names, and what has no column of its own", () => {
    const opened = openInstance();
    const long = "x".repeat(3_000_000);
    const append = [
      { type: "EventRaised" as const, timestampMs: 1, name: long, input: "1" },
      { type: "TaskFailed" as const, timestampMs: 1, id: 1, failure: { errorType: "E", message: "" }, progress: long },
    ];
    opened.store.commit(change({ append: [...append, ...append] }));
    expect([reopen(opened).historyPage(0, 1_000).length, reopen(opened).historyPage(3, 1_000).length]).toEqual([3, 2]);
  });

  it("[S10.7] a row that many events share stays far below the 2 MB that a row may have", () => {
    const opened = openInstance();
    const append = Array.from({ length: 2_000 }, (_, id) => completed(id, "\u0001".repeat(200)));
    opened.store.commit(change({ append }));
    const [longest] = opened.db.read<{ n: number }>(
      "SELECT max(length(CAST(payload AS BLOB))) AS n FROM instance WHERE seq >= 0",
    );
    expect(longest?.n).toBeLessThan(200_000);
    expect(reopen(opened).history()).toEqual([STARTED, ...append]);
  });

  const length = fc.oneof({ weight: 8, arbitrary: fc.nat(40) }, fc.constantFrom(6_000, 16_300, 16_400, LONG));
  const turns = fc.array(fc.tuple(fc.array(length, { maxLength: 12 }), fc.boolean()), { maxLength: 8 });

  it("[S10.5] every page is a part of the history, and queries see each event, however they lie", () => {
    fc.assert(
      fc.property(turns, fc.nat(60), fc.nat(60), (lengths, from, limit) => {
        const opened = openInstance();
        let id = 0;
        const events = lengths.map(([ofTurn]) =>
          ofTurn.map((n) => (n % 3 === 0 ? scheduled(++id) : completed(++id, "é".repeat(n)))),
        );
        for (const [n, append] of events.entries()) opened.store.commit(change({ append }), lengths[n]?.[1]);
        opened.store.flush();
        const all = [STARTED, ...events.flat()];
        const store = reopen(opened);
        expect(store.nextHistorySeq).toBe(all.length);
        expect(store.historyPage(from, limit)).toEqual(all.slice(from, from + limit));
        expect(store.outline(from).completed).toEqual(all[from]);
        expect(opened.db.read(`SELECT * FROM ${EVENTS.instance} ORDER BY seq`)).toEqual(
          all.map((event, seq) => {
            const { type, task_id, name, payload, detail } = toColumns(event);
            const isLong = payload !== null && payload.length > 349_525;
            return { seq, at_ms: event.timestampMs, type, task_id, name, payload: isLong ? null : payload, detail };
          }),
        );
      }),
      { numRuns: 100 },
    );
  });
});
