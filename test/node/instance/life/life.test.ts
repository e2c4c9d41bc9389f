// [I29] A life is made from what it begins with, is handed what no row holds of the one before, and is closed once.
import { describe, expect, it } from "vitest";
import { OnTheWay } from "../../../../src/instance/delivery/index.ts";
import { type Birth, Life } from "../../../../src/instance/life/life.ts";
import type { DeliveryResult, InstancePeer } from "../../../../src/instance/protocol.ts";
import type { OutboxEntry } from "../../../../src/storage/instance-store.ts";
import { UnreadableError } from "../../../../src/storage/unreadable-error.ts";
import { MemoryStore } from "../../../../src/testing/memory-store.ts";
import { drainMicrotasks } from "../timeline.ts";
import { portsAlone, RECORD } from "./alone.ts";

const result = { fact: { type: "TaskCompleted", id: 1, result: "1" }, executionId: "e1" } as const;
const event = { fact: { type: "EventRaised", name: "n", input: undefined, messageId: "m" }, seq: 0 } as const;
const message: OutboxEntry = {
  seq: 7,
  to: "b",
  message: { version: 1, type: "RaiseEvent", name: "n", input: undefined, messageId: "m" },
};

/** Lives of one object, whose timers and messages are seen, and whose one message is answered when `answer` is called. */
function object() {
  const timers = new Set<() => void>();
  const sent: unknown[] = [];
  const acknowledged: number[] = [];
  let answer: () => void = () => undefined;
  let deliveriesEnded = 0;
  const store = new MemoryStore();
  store.acknowledge = (seq) => {
    acknowledged.push(seq);
    return undefined;
  };
  const peer: InstancePeer = {
    purge: async () => ({ ok: true }),
    findActive: async () => undefined,
    hasTaken: async () => false,
    readForRerun: async () => ({ ok: false, code: "CHANGED" }) as const,
    deliver: (given) => {
      sent.push(given);
      return new Promise<DeliveryResult>((resolve) => {
        answer = () => resolve({ accepted: true });
      });
    },
  };
  const clock = {
    now: () => 1_000,
    delay: () => Promise.resolve(),
    schedule: (_: number, callback: () => void) => {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  };
  const ports = portsAlone({ store, clock, peer: () => peer });
  const sender = {
    enqueue: () => undefined,
    atRest: () => undefined,
    deliveryEnded: () => void deliveriesEnded++,
    hasEnded: false,
    announcer: undefined,
  };
  const onTheWay = new OnTheWay();
  const born = (birth: Birth) => new Life({ ports, sender, onTheWay }, birth);
  return { born, timers, sent, acknowledged, onTheWay, answer: () => answer(), ended: () => deliveriesEnded };
}

/** One that has a fact with a row, a result without, a recovery's row and the end of a former execution's update. */
function lived(born: (birth: Birth) => Life): Life {
  const life = born({ type: "begun", record: RECORD, history: [], created: { waiting: [], sent: [] } });
  life.queue.add(result);
  life.queue.add(event);
  life.recoveries.add(1);
  life.execution.formerUpdates.add([{ updateId: "u", outcome: { ok: true, result: "2" } }]);
  return life;
}

const error = new UnreadableError("The key is gone");

/** What the one that begins has of the former one. */
function handed(life: Life, former: Life) {
  return {
    record: life.record,
    queued: life.queue.takeAll(),
    recoveries: life.recoveries === former.recoveries,
    update: life.execution.updateOutcome("u"),
    isWithoutCode: life.execution.isWithoutCode,
    mustReread: life.mustReread,
    syncsBeforeActing: life.syncsBeforeActing,
    unreadable: life.unreadable,
    looksAgain: life.stallWatch.retryAtMs !== Number.POSITIVE_INFINITY,
  };
}

const NOTHING = {
  record: undefined,
  queued: [],
  recoveries: false,
  update: undefined,
  isWithoutCode: false,
  mustReread: false,
  syncsBeforeActing: false,
  unreadable: undefined,
  looksAgain: false,
};
const OF_FORMER = { ...NOTHING, record: RECORD, recoveries: true, update: { ok: true, result: "2" } };

describe("[I29] A life", () => {
  it("[I29.1] of nobody, or of a new instance, has nothing of the one before", () => {
    const { born } = object();
    const former = lived(born);
    expect(handed(born({ type: "vacant" }), former)).toEqual(NOTHING);
    const begun = born({ type: "begun", record: RECORD, history: [], created: { waiting: [], sent: [] } });
    expect(handed(begun, former)).toEqual({ ...NOTHING, record: RECORD });
  });

  it("[I29.2] that is read has the rows, and the results of activities that no row holds behind them; it is on disk before it acts", () => {
    const { born } = object();
    const former = lived(born);
    const queues = { inbox: [event], outbox: [] };
    const life = born({ type: "read", record: RECORD, queues, history: undefined, former });
    expect(handed(life, former)).toEqual({ ...OF_FORMER, queued: [event, result], syncsBeforeActing: true });
  });

  it("[I29.3] that cannot be read takes nothing, and looks again later", () => {
    const { born } = object();
    const former = lived(born);
    const life = born({ type: "unreadable", record: RECORD, error, former });
    expect(handed(life, former)).toEqual({ ...OF_FORMER, unreadable: error, looksAgain: true });
  });

  it("[I29.4] that has given up its code keeps results without a row, also those that the turn had taken, and reads the rest again", () => {
    const { born } = object();
    const former = lived(born);
    former.queue.takeAll();
    former.syncsBeforeActing = true;
    expect(handed(born({ type: "given up", former }), former)).toEqual({
      ...OF_FORMER,
      queued: [result],
      isWithoutCode: true,
      mustReread: true,
      syncsBeforeActing: true,
    });
    former.syncsBeforeActing = false;
    expect(born({ type: "given up", former }).syncsBeforeActing).toBe(false);
  });

  it("[I29.5] that is closed warns of no turn that goes on, and says that it is closed", () => {
    const { born, timers } = object();
    const life = lived(born);
    life.warnings.watchTurn();
    expect([timers.size, life.isClosed]).toEqual([1, false]);
    life.close();
    expect([timers.size, life.isClosed]).toEqual([0, true]);
  });

  it.each([
    ["when it is closed", (life: Life) => life.close()],
    ["when its queues are read again", (life: Life) => life.useQueues({ inbox: [], outbox: [] })],
  ])(
    "[I29.6] %s, a message that is on its way comes back to nobody, and still counts as on its way until then",
    async (_, end) => {
      const { born, sent, acknowledged, onTheWay, answer, ended } = object();
      const life = lived(born);
      life.outbox.add([message]);
      life.outbox.deliverDue();
      end(life);
      expect([sent, onTheWay.count, onTheWay.closed.size, life.outbox.isEmpty]).toEqual([
        [message.message],
        1,
        1,
        true,
      ]);
      answer();
      await drainMicrotasks();
      expect([acknowledged, onTheWay.count, onTheWay.closed.size, ended()]).toEqual([[], 0, 0, 1]);
    },
  );

  it("[I29.7] whose message is not taken away acknowledges it", async () => {
    const { born, acknowledged, answer } = object();
    const life = lived(born);
    life.outbox.add([message]);
    life.outbox.deliverDue();
    answer();
    await drainMicrotasks();
    expect([acknowledged, life.outbox.isEmpty]).toEqual([[7], true]);
  });
});
