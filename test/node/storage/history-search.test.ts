// [S21] Parts of a history, from either end, by type and text; all of it without its payloads; how much it is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { type HistorySearch, InstanceStore } from "../../../src/storage/instance-store.ts";
import { MemoryStore } from "../../../src/testing/memory-store.ts";
import type { MemoryDatabase } from "../instance/database.ts";
import {
  at,
  change,
  completed,
  LONG,
  type Opened,
  openInstance,
  RECORD,
  reopen,
  STARTED,
  scheduled,
  toFormerTables,
} from "./support.ts";

function stored(...turns: HistoryEvent[][]): Opened {
  const opened = openInstance();
  for (const append of turns) opened.store.commit(change({ append }));
  return opened;
}

/** All pages, one after the other. */
function pages(store: Pick<InstanceStore, "searchHistory">, search: HistorySearch): HistoryEvent[][] {
  const found: HistoryEvent[][] = [];
  let from = search.from;
  do {
    const page = store.searchHistory({ ...search, from });
    found.push(page.events);
    from = page.next;
  } while (from !== undefined);
  return found;
}

/** How many rows of the table its statements have given. */
function countRows(db: MemoryDatabase): { port: ReturnType<MemoryDatabase["port"]>; rows: () => number } {
  const port = db.port();
  let rows = 0;
  const query: typeof port.query = (statement, ...bindings) => {
    const found = port.query<never>(statement, ...bindings);
    rows += found.length;
    return found;
  };
  return { port: { ...port, query }, rows: () => rows };
}

describe("[S21] Search", () => {
  const failure = { errorType: "E", message: "it is broken" };
  const turn = [scheduled(1), at({ type: "TimerCreated", id: 2, fireAtMs: 9 })];
  const all = [STARTED, ...turn, at({ type: "TaskFailed", id: 1, failure }), completed(3, '"a needle"')];
  const opened = () => stored(turn, all.slice(3));

  it("[S21.1] from either end, in pages; the number to go on with is where the next event lies", () => {
    const { store } = opened();
    expect(store.searchHistory({ limit: 2 })).toEqual({ events: all.slice(0, 2), next: 2, isCut: false });
    expect(store.searchHistory({ limit: 2, from: 3 })).toEqual({ events: all.slice(3), isCut: false });
    expect(store.searchHistory({ order: "desc", limit: 2 })).toEqual({
      events: [all[4], all[3]],
      next: 2,
      isCut: false,
    });
    expect(pages(store, { order: "desc", limit: 2 })).toEqual([[all[4], all[3]], [all[2], all[1]], [all[0]]]);
    expect(store.searchHistory({ order: "desc", limit: 9, from: 1 }).events).toEqual([all[1], all[0]]);
    expect(store.searchHistory({ limit: 9, from: 5 })).toEqual({ events: [], isCut: false });
  });

  it("[S21.2] of some types, of those with a text: in names, payloads and failures, in the case as it is, and not in the type", () => {
    const { store } = opened();
    const find = (search: Partial<HistorySearch>) => store.searchHistory({ limit: 9, ...search }).events;
    expect(find({ types: ["TaskFailed", "TimerCreated"] })).toEqual([all[2], all[3]]);
    expect(find({ contains: "needle" })).toEqual([all[4]]);
    expect(find({ contains: "is broken" })).toEqual([all[3]]);
    expect(find({ contains: "e1" })).toEqual([STARTED]);
    expect([...find({ contains: "Needle" }), ...find({ contains: "TaskFailed" })]).toEqual([]);
    expect(find({ contains: "needle", types: ["TaskFailed"] })).toEqual([]);
  });

  it("[S21.3] as an array would give it, however the events lie, in tables of every version, and in memory", () => {
    const events = fc.array(fc.array(fc.constantFrom("s", "é", "needle", LONG), { maxLength: 9 }), { maxLength: 6 });
    const search = fc.record(
      {
        order: fc.constantFrom("asc" as const, "desc" as const),
        limit: fc.integer({ min: 1, max: 9 }),
        from: fc.nat(20),
        types: fc.constantFrom<string[]>(["TaskCompleted"], ["TaskScheduled", "TimerFired"]),
        contains: fc.constantFrom("needle", "é"),
      },
      { requiredKeys: ["order", "limit"] },
    );
    fc.assert(
      fc.property(events, search, fc.boolean(), (turns, wanted, isFormer) => {
        let id = 0;
        const appended = turns.map((texts) =>
          texts.map((text) => (text === "s" ? scheduled(++id) : completed(++id, text))),
        );
        const instance = stored(...appended);
        if (isFormer) toFormerTables(instance, 4);
        const memory = new MemoryStore();
        memory.create(RECORD, STARTED, undefined);
        memory.commit(change({ append: appended.flat() }));
        const { order, from, types, contains } = wanted;
        const whole = [STARTED, ...appended.flat()].map((event, seq) => ({ event, seq }));
        const fits = whole.filter(({ event, seq }) => {
          if (order === "asc" ? seq < (from ?? 0) : seq > (from ?? whole.length)) return false;
          if (types?.includes(event.type) === false) return false;
          return contains === undefined || (event.type === "TaskCompleted" && event.result?.includes(contains));
        });
        const expected = (order === "asc" ? fits : fits.toReversed()).map(({ event }) => event);
        expect(pages(reopen(instance), wanted).flat()).toEqual(expected);
        expect(pages(memory, wanted)).toEqual(pages(reopen(instance), wanted));
      }),
      { numRuns: 200 },
    );
  });

  it("[S21.4] ends after 10,000 events of other types, and says so; the next one goes on there", () => {
    const many = Array.from({ length: 10_500 }, (_, id) => completed(id));
    const { store } = stored([scheduled(1)], many, [scheduled(2)]);
    const types = ["TaskScheduled"];
    const first = store.searchHistory({ types, limit: 2 });
    expect(first).toMatchObject({ events: [{ id: 1 }], next: 10_000, isCut: true });
    expect(store.searchHistory({ types, limit: 2, from: first.next })).toEqual({
      events: [scheduled(2)],
      positions: [10_502],
      isCut: false,
    });
    const back = store.searchHistory({ types, limit: 2, order: "desc" });
    expect(back).toMatchObject({ events: [{ id: 2 }], next: 502, isCut: true });
  });

  it("[S21.5] ends where what it has looked at is long, whatever comes behind", () => {
    const { store } = stored(Array.from({ length: 9 }, (_, id) => completed(id, "x".repeat(6_000_000))));
    const first = store.searchHistory({ contains: "needle", limit: 5 });
    expect(first).toEqual({ events: [], positions: [], next: 6, isCut: true });
    expect(store.searchHistory({ contains: "needle", limit: 5, from: 6 })).toEqual({
      events: [],
      positions: [],
      isCut: false,
    });
  });

  it("[S21.7] a search tells the number of each event, from either end; without one there is no need", () => {
    const { store } = stored([scheduled(1), completed(1), scheduled(2), completed(2, "x")]);
    const types = ["TaskScheduled"];
    expect(store.searchHistory({ types, limit: 9 })).toMatchObject({ positions: [1, 3] });
    expect(store.searchHistory({ types, limit: 9, order: "desc" })).toMatchObject({ positions: [3, 1] });
    expect(store.searchHistory({ contains: "x", limit: 9 })).toMatchObject({ positions: [4] });
    expect(store.searchHistory({ limit: 9 })).not.toHaveProperty("positions");
  });

  it("[S21.6] a page from the end of 50,000 events reads a few rows, and so does one from the middle", () => {
    const instance = stored(Array.from({ length: 50_000 }, (_, id) => completed(id)));
    const { port, rows } = countRows(instance.db);
    const { store } = openOn(port);
    const before = rows();
    expect(store.searchHistory({ order: "desc", limit: 100 }).events.map((event) => "id" in event && event.id)).toEqual(
      Array.from({ length: 100 }, (_, n) => 49_999 - n),
    );
    const fromTheEnd = rows() - before;
    expect(store.searchHistory({ from: 25_000, limit: 100 }).events).toHaveLength(100);
    const all = instance.db.read("SELECT 1 FROM instance").length;
    expect([fromTheEnd <= 33, rows() - before - fromTheEnd <= 33, all > 150]).toEqual([true, true, true]);
  });
});

describe("[S21] All of it", () => {
  it("[S21.7] a skim has every event with its number, and payloads only where something has failed", () => {
    const failure = { errorType: "E", message: "m" };
    const events = [
      at({ type: "TaskScheduled", id: 1, name: "a", input: LONG, attempt: 2, firstId: 7 }),
      at({ type: "TaskFailed", id: 1, failure }),
      at({ type: "EventRaised", name: "e", input: "1", messageId: "m" }),
      at({ type: "ExecutionCompleted", status: "FAILED", failure }),
    ];
    const { store } = stored(events);
    const skimmed = [...store.skimHistory(1)];
    expect(skimmed.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(skimmed.map(({ event }) => event)).toEqual([
      { ...events[0], input: undefined },
      events[1],
      { ...events[2], input: undefined },
      events[3],
    ]);
  });

  it("[S21.8] its size is that of its texts in UTF-8, those in pieces too, and not of the instance's row", () => {
    const opened = openInstance();
    const before = opened.store.sizes();
    expect(before).toEqual({ historyEvents: 1, historyBytes: expect.any(Number), databaseBytes: undefined });
    opened.store.commit(change({ append: [completed(1, "é".repeat(400_000))] }));
    opened.store.commit(change({ append: [completed(2, "é€")] }));
    expect(opened.store.sizes()).toEqual({
      historyEvents: 3,
      historyBytes: before.historyBytes + 800_000 + 5,
      databaseBytes: undefined,
    });
  });
});

function openOn(port: ReturnType<MemoryDatabase["port"]>): { store: InstanceStore } {
  const store = new InstanceStore(port);
  store.load();
  return { store };
}
