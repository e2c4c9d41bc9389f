// [I30] A life that is closed while something of it is awaited: nothing more comes of it, well or not.
import { describe, expect, it } from "vitest";
import type { TWorkflow, WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { Gate, Reception } from "../../../../src/instance/life/index.ts";
import type { InstanceLimits } from "../../../../src/instance/limits.ts";
import { UnreadableError } from "../../../../src/storage/unreadable-error.ts";
import type { AsyncCode, Code } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { type Held, type HeldObject, reopened, type Stay, settled } from "./held-object.ts";

watchUnhandledRejections();

const terminated = { type: "ExecutionTerminated", output: undefined, recursive: false } as const;

/** The same, with an event for its next turn. */
async function raised(code: TWorkflow, isEncrypted: boolean, limits?: Partial<InstanceLimits>): Promise<Stay> {
  const stay = await reopened(code, isEncrypted, limits);
  stay.lives.current.queue.add({ fact: { ...event, input: undefined }, seq: 0 });
  return stay;
}

const event = { type: "EventRaised", name: "go", messageId: "m" } as const;

function* waits(ctx: WorkflowContext): Code {
  yield ctx.waitForExternalEvent("go");
  yield ctx.callActivity("act", "secret");
}

function* calls(ctx: WorkflowContext): Code {
  yield ctx.callActivity("act");
}

/** What is awaited, how it is held, how to come there, and what the reading that is under way does until it ends well. */
const awaited: [string, Held, () => Promise<Stay>, string[]?][] = [
  [
    "its queues are read again",
    "open",
    async () => {
      const { object, lives } = await reopened(waits, true);
      const { store, vault } = lives.household.ports;
      await vault?.writing(['"x"'], () => store.receive({ fact: { ...event, input: '"x"' } }));
      await vault?.writing([], () => store.receive({ fact: terminated }));
      lives.current.mustReread = true;
      return { object, lives };
    },
    ["SELECT * FROM inbox ORDER BY seq", "SELECT seq, version, target, payload, chunks FROM outbox ORDER BY seq"],
  ],
  ["its history is read", "open", () => reopened(waits, true), ["SELECT * FROM instance WHERE seq >= 0 ORDER BY seq"]],
  [
    "its code runs over its history",
    "code",
    async () => {
      let stay: Stay | undefined;
      stay = await reopened(async function* (ctx): AsyncCode {
        await stay?.object.passes("code");
        yield ctx.callActivity("act");
      }, false);
      return stay;
    },
  ],
  ["the activities that it has open are counted", "sync", () => reopened(calls, false)],
  [
    "its code takes a turn",
    "code",
    async () => {
      let stay: Stay | undefined;
      stay = await raised(async function* (ctx): AsyncCode {
        yield ctx.waitForExternalEvent("go");
        await stay?.object.passes("code");
        yield ctx.callActivity("act");
      }, false);
      return stay;
    },
  ],
  ["a turn is encrypted", "seal", () => raised(waits, true)],
  ["its first commit goes to disk", "sync", () => raised(waits, false)],
  [
    "others get their turn",
    "delay",
    () =>
      raised(
        function* (ctx): Code {
          yield ctx.waitForExternalEvent("go");
          yield ctx.createTimer(0);
          yield ctx.callActivity("act");
        },
        false,
        { turnsPerPause: 1 },
      ),
  ],
];

describe.each(awaited)("[I30.1] A life that is closed while %s", (_, held, comeThere, ends = []) => {
  it.each([
    ["well", undefined],
    ["because the storage fails", new Error("disk")],
    ["because something cannot be read", new UnreadableError("The key is gone")],
  ])("[I30.1] does nothing more when that ends %s", async (_, error) => {
    const { object, lives } = await comeThere();
    object.hold(held);
    lives.loop.run();
    await settled();
    expect(object.isReached).toBe(true);
    const { life } = lives.loop;
    life.queue.add({ fact: { ...event, input: undefined }, seq: 9 });
    lives.leave();
    const queued = life.queue.length;
    object.effects = [];
    await object.release(error);
    expect(object.effects).toEqual(error === undefined ? ends : []);
    expect([life.isClosed, life.outbox.isEmpty, life.queue.length]).toEqual([true, true, queued]);
  });

  it("[I30.2] does nothing more in whichever moment that comes after it has ended", async () => {
    for (let microtasks = 0; microtasks < 60; microtasks++) {
      const { object, lives } = await comeThere();
      object.hold(held);
      lives.loop.run();
      await settled();
      void object.release();
      for (let n = 0; n < microtasks; n++) await undefined;
      lives.leave();
      object.effects = [];
      await settled();
      // A reading that is under way, and another wait, end.
      expect(object.effects.filter((effect) => !/^(SELECT|sync|delay)/.test(effect))).toEqual([]);
    }
  });

  it("[I30.1] would do more", async () => {
    const { object, lives } = await comeThere();
    object.hold(held);
    lives.loop.run();
    await settled();
    object.effects = [];
    await object.release();
    expect(object.effects).not.toEqual(ends);
  });
});

/** The current life of an object that has taken its first turn, in memory. */
async function idle(code: TWorkflow, isEncrypted = false): Promise<Stay> {
  const stay = await reopened(code, isEncrypted);
  stay.lives.loop.run();
  await settled();
  stay.object.effects = [];
  return stay;
}

describe("[I30.3] A turn", () => {
  it("[I30.3] for which there is nothing to do reads the history, and that is all", async () => {
    const { object, lives } = await reopened(waits, false);
    object.effects = [];
    lives.loop.run();
    await settled();
    expect(object.effects.filter((effect) => effect !== "code")).toEqual([
      "SELECT * FROM instance WHERE seq >= 0 ORDER BY seq",
    ]);
  });

  it("[I30.3] throws away what is meant for an execution that is gone", async () => {
    const { lives } = await idle(calls);
    const { store } = lives.household.ports;
    const fact = { type: "TaskCompleted", id: 1, result: "1" } as const;
    lives.loop.enqueue(store.receive({ fact, executionId: "e0" }));
    await settled();
    expect([lives.record?.status, store.inbox(), lives.current.queue.results]).toEqual(["RUNNING", [], []]);
  });

  it("[I30.3] whose texts were encrypted for longer than the burst goes on is written all the same", async () => {
    const { object, lives } = await idle(function* (ctx): Code {
      yield ctx.waitForExternalEvent("go");
      ctx.setCustomStatus("secret");
      yield ctx.waitForExternalEvent("again");
    }, true);
    const { store, vault } = lives.household.ports;
    object.hold("seal");
    lives.loop.enqueue(store.receive({ fact: { ...event, input: undefined } }));
    await settled();
    object.effects = [];
    await object.release();
    const [entry] =
      (await vault?.reading(
        () => store.history(),
        (events) => events.filter((e) => e.type === "EventRaised"),
      )) ?? [];
    expect([entry?.type, object.effects.some((effect) => effect.startsWith("INSERT"))]).toEqual(["EventRaised", true]);
  });
});

it("[I30.3] Only the first turn of a life that was read waits for the disk", async () => {
  const { object, lives } = await idle(function* (ctx): Code {
    yield ctx.waitForExternalEvent("go");
    yield ctx.waitForExternalEvent("go");
    yield ctx.waitForExternalEvent("go");
  });
  const { store } = lives.household.ports;
  const syncs: number[] = [];
  for (const messageId of ["m1", "m2"]) {
    lives.loop.enqueue(store.receive({ fact: { ...event, messageId, input: undefined } }));
    await settled();
    syncs.push(object.effects.filter((effect) => effect === "sync").length);
  }
  expect(syncs).toEqual([1, 1]);
});

it("[I30.3] A terminate is insisted on once, where the execution is in memory", async () => {
  const { object, lives } = await idle(waits);
  lives.loop.enqueue(lives.household.ports.store.receive({ fact: terminated }));
  await settled();
  expect([lives.record?.status, object.effects.filter((effect) => effect.startsWith("schedule"))]).toEqual([
    "TERMINATED",
    ["schedule 1000"],
  ]);
});

describe("[I30.4] What is received while it is encrypted", () => {
  const secret = { ...event, input: '"secret"' };
  async function receiving(receive: (reception: Reception) => void | Promise<void>) {
    const stay = await idle(waits, true);
    stay.object.hold("seal");
    const received = Promise.resolve(receive(new Reception(stay.lives.household.ports, stay.lives, new Gate())));
    received.catch(() => undefined);
    await settled();
    expect(stay.object.isReached).toBe(true);
    return { ...stay, received };
  }
  const inserted = ({ effects }: HeldObject) => effects.filter((effect) => effect.startsWith("INSERT"));

  it("[I30.4] is refused when the instance is purged meanwhile", async () => {
    const { object, lives, received } = await receiving((reception) => reception.receive(secret));
    lives.leave();
    await object.release();
    await expect(received).rejects.toThrow("is being purged");
    expect(inserted(object)).toEqual([]);
  });

  it("[I30.4] is refused when it turns out that the database cannot be read", async () => {
    const { object, lives, received } = await receiving((reception) => reception.receive(secret));
    lives.cannotRead(new UnreadableError("The key is gone"));
    await object.release();
    await expect(received).rejects.toThrow("The key is gone");
    expect(inserted(object)).toEqual([]);
  });

  it("[I30.4] is dropped when it is for an execution that is gone", async () => {
    const { object, lives, received } = await receiving((reception) => reception.receive(secret, "e0"));
    await object.release();
    expect([await received, inserted(object), lives.record?.status]).toEqual([undefined, [], "RUNNING"]);
  });
});

it("[I30.5] A terminate that has been taken insists no longer, however long the disk takes", async () => {
  const { object, lives } = await reopened(waits, false);
  object.hold("sync");
  const { store } = lives.household.ports;
  lives.loop.enqueue(store.receive({ fact: terminated }));
  await settled();
  expect([object.isReached, lives.record?.status]).toEqual([true, "TERMINATED"]);
  const { life } = lives.loop;
  for (const callback of [...object.timers]) callback();
  expect([life.isClosed, lives.loop.isRunning]).toEqual([false, true]);
  object.effects = [];
  await object.release();
  expect([life.isClosed, lives.loop.isRunning, object.effects]).toEqual([false, false, ["log instance", "no alarm"]]);
});
