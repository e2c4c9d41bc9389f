// The test kit's store against the real one: the same calls, the same answers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InstanceStorage, InstanceStore } from "../../../src/storage/instance-store.ts";
import { MemoryStore } from "../../../src/testing/memory-store.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { RECORD, STARTED } from "./support.ts";

const started = { ...STARTED, input: "1" };
const event = fc.oneof(
  fc.record({ type: fc.constant("TaskScheduled" as const), id: fc.nat(9), name: fc.string(), timestampMs: fc.nat() }),
  fc.record({ type: fc.constant("TaskCompleted" as const), id: fc.nat(9), timestampMs: fc.nat() }),
  fc.record({ type: fc.constant("TimerCreated" as const), id: fc.nat(9), fireAtMs: fc.nat(), timestampMs: fc.nat() }),
  fc.record({
    type: fc.constant("ChildWorkflowInstanceCreated" as const),
    id: fc.nat(9),
    name: fc.string(),
    instanceId: fc.constantFrom("c1", "c2", "c3"),
    timestampMs: fc.nat(),
  }),
);
const message = {
  to: "p",
  message: { version: 1, type: "RaiseEvent", name: "e", messageId: "m" },
} as const;

type Step = (store: InstanceStorage) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step[]>(
    (store) => store.create(RECORD, started, undefined),
    (store) => store.create({ ...RECORD, executionId: "y" }, { ...started, executionId: "y" }, 99),
    (store) => store.receive({ fact: { type: "ExecutionResumed", reason: "r" }, executionId: RECORD.executionId }),
    (store) => store.countRecovery([1, 2]),
    (store) => store.saveProgress(2, "7"),
    (store) => store.tellings.owe({ createdAtMs: 1, shard: "0-0", seq: store.nextHistorySeq }),
    (store) => store.webhooks.all().map((owed) => store.webhooks.putOff({ ...owed, attempts: 3, dueAtMs: 7 })),
    (store) =>
      store.webhooks
        .all()
        .slice(0, 1)
        .map((owed) => store.webhooks.settled(owed)),
    (store) => store.tellings.owe({ createdAtMs: 2, shard: "0-1", seq: 3 }),
    (store) => store.tellings.told({ createdAtMs: 1, shard: "0-0", seq: 0 }),
  ),
  fc.record({ append: fc.array(event, { maxLength: 15 }), more: fc.nat(5), continues: fc.boolean() }).map(
    ({ append, more, continues }): Step =>
      (store) => {
        const [first] = store.inbox();
        return store.commit({
          append,
          taken: first === undefined ? [] : [first.seq],
          send: more === 1 ? [message, message] : [],
          record: more === 2 ? { ...RECORD, status: "RUNNING", customStatus: "s" } : undefined,
          recovered: more === 3 ? [2] : undefined,
          webhooks: more === 5 ? [{ id: `w${store.nextHistorySeq}`, url: "u", body: "b" }] : undefined,
          newHistory: continues && more === 4 ? [started] : undefined,
        });
      },
  ),
  fc.constant<Step>((store) => {
    const [first] = store.outbox();
    return first && store.acknowledge(first.seq, { fact: { type: "ExecutionResumed" } });
  }),
);

function read(store: InstanceStorage): unknown {
  return [
    store.history(),
    store.historyPage(1, 3),
    store.outline(0),
    store.inbox(),
    store.outbox(),
    store.children(),
    store.formerChildren().toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1)),
    [...store.recoveries()].toSorted(),
    store.nextHistorySeq,
    store.lastStall(),
    store.kin(),
    store.tellings.all(),
    store.webhooks.all().map((owed) => [owed, store.webhooks.body(owed)]),
  ];
}

/** Rows give `undefined` for what is not there; JSON leaves it out. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

describe("[S7] MemoryStore", () => {
  it("[S7.1] answers as the store over SQL does, whatever is called", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [sql, memory] = [new InstanceStore(new MemoryDatabase().port()), new MemoryStore()];
        for (const act of [(store: InstanceStorage) => store.create(RECORD, started, undefined), ...steps]) {
          expect(plain(act(memory))).toEqual(plain(act(sql)));
          expect(plain(read(memory))).toEqual(plain(read(sql)));
        }
        // Last: it makes the store over SQL number its rows anew.
        expect(plain(memory.load())).toEqual(plain(sql.load()));
      }),
      { numRuns: 200 },
    );
  });
});
