// [I32] Lives, and what outlasts them: what each does with the world outside, and nothing else.
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import { Gate, Reception } from "../../../../src/instance/life/index.ts";
import { UnreadableError } from "../../../../src/storage/unreadable-error.ts";
import type { Code } from "../support.ts";
import { watchUnhandledRejections } from "../unhandled.ts";
import { HeldObject, PENDING, reopened, STARTED, settled } from "./held-object.ts";

watchUnhandledRejections();

const error = new UnreadableError("The key is gone");

function* waits(ctx: WorkflowContext): Code {
  ctx.setCustomStatus(yield ctx.waitForExternalEvent("go"));
  yield ctx.waitForExternalEvent("again");
}

/** Two activities are open, and one runs at a time. */
async function busy() {
  const object = new HeldObject(
    function* (ctx): Code {
      yield ctx.whenAll([ctx.callActivity("act"), ctx.callActivity("act")]);
    },
    false,
    { maxConcurrentActivities: 1 },
  );
  const lives = await object.lives();
  lives.begin(PENDING, [STARTED], undefined);
  await settled();
  expect([object.effects.filter((effect) => effect === "activity").length, lives.household.activities.size]).toEqual([
    1, 2,
  ]);
  return lives;
}

describe("[I32.1] When a life ends, activities that wait for their turn are dropped, and that which runs goes on", () => {
  it("[I32.1] because the instance is removed", async () => {
    const lives = await busy();
    lives.leave();
    expect(lives.household.activities.size).toBe(1);
  });

  it("[I32.1] because another one begins in its place", async () => {
    const lives = await busy();
    lives.begin({ ...PENDING, executionId: "e9" }, [{ ...STARTED, executionId: "e9" }], 60_000);
    expect(lives.household.activities.size).toBe(1);
  });
});

/** Started, and its first turn taken: all of that is held back until the burst ends. */
async function inBurst() {
  const object = new HeldObject(waits, false);
  const lives = await object.lives();
  object.effects = [];
  lives.begin(PENDING, [STARTED], undefined);
  for (let n = 0; n < 20; n++) await undefined;
  expect([lives.record?.status, object.effects.filter(isWrite)]).toEqual(["RUNNING", []]);
  object.effects = [];
  return { object, lives };
}

const isWrite = (effect: string) => effect.startsWith("INSERT INTO instance");

it("[I32.2] What a burst holds back is written before the instance leaves, and an alarm guards a purge that takes a while", async () => {
  const { object, lives } = await inBurst();
  lives.abandon();
  expect([object.effects[0], object.effects.some(isWrite)]).toEqual(["alarm at 2000", true]);
});

describe("[I32.3] A life that cannot be read", () => {
  it("[I32.3] is told of once, has an alarm for the next look, and those who wait are told", async () => {
    const { object, lives } = await reopened(waits, false);
    let isTold = false;
    void lives.watchers.until(() => lives.current.isUnreadable, 60_000).then(() => (isTold = true));
    object.effects = [];
    lives.cannotRead(error);
    lives.cannotRead(error);
    await settled();
    expect([isTold, object.effects.filter((effect) => /^(log|alarm)/.test(effect))]).toEqual([
      true,
      ["log unreadable", "alarm at 3601007"],
    ]);
  });

  it("[I32.3] has not delivered what may be there, and nobody waits for that", async () => {
    const { object, lives } = await reopened(waits, false);
    lives.cannotRead(error);
    object.effects = [];
    expect([await lives.hasDelivered(), object.effects]).toEqual([false, []]);
  });

  it("[I32.3] goes on in the moment in which it can be read", async () => {
    const { object, lives } = await reopened(waits, false);
    const { store } = lives.household.ports;
    lives.cannotRead(error);
    store.receive({ fact: { type: "EventRaised", name: "go", input: '"x"', messageId: "m" } });
    lives.readAgain();
    await settled();
    expect([lives.record?.customStatus, store.inbox()]).toEqual(["x", []]);
    expect(object.effects.at(-1)).not.toMatch("log");
  });

  it("[I32.3] tells of a storage that fails when it is looked at", async () => {
    const { object, lives } = await reopened(waits, true);
    lives.cannotRead(error);
    object.effects = [];
    object.hold("open");
    lives.readAgain();
    await settled();
    await object.release(new Error("disk"));
    expect([lives.current.isUnreadable, object.effects.filter((effect) => effect.startsWith("log"))]).toEqual([
      true,
      ["log reread"],
    ]);
  });
});

it("[I32.4] What a burst could not write is told of, and the object given up", async () => {
  const { object } = await inBurst();
  object.fails = /INSERT INTO instance/;
  await settled();
  expect(object.effects.filter((effect) => /^(INSERT|alarm|log|abort)/.test(effect))).toEqual([
    expect.stringMatching("^INSERT INTO instance"),
    "log flush",
    "abort",
  ]);
});

it("[I32.5] An object that is opened because its alarm rings does not look for it", async () => {
  const { object } = await reopened(waits, false);
  object.armedAtMs = -100_000;
  const opened = async (isRinging: boolean) => {
    object.effects = [];
    await (await object.lives(isRinging)).watchers.until(() => true, 0);
    return object.effects.filter((effect) => effect.startsWith("alarm"));
  };
  expect([await opened(true), await opened(false)]).toEqual([[], ["alarm at 1001"]]);
});

it("[I32.6] A start that waits for its time is there after its burst, with its alarm", async () => {
  const object = new HeldObject(waits, false);
  const lives = await object.lives();
  object.effects = [];
  lives.begin(PENDING, [STARTED], 60_000);
  await settled();
  expect(object.effects.filter((effect) => /^(alarm|code)/.test(effect))).toEqual(["alarm at 60000"]);
  const again = await object.lives();
  expect([again.record?.status, again.current.queue.waitsForStart]).toEqual(["PENDING", true]);
});

describe("[I32.7] Whoever catches up, or comes to rest", () => {
  it("[I32.7] where nobody is, finds nobody", async () => {
    const object = new HeldObject(waits, false);
    const lives = await object.lives();
    object.effects = [];
    await new Reception(lives.household.ports, lives, new Gate()).catchUp();
    expect([lives.record, object.effects]).toEqual([undefined, []]);
  });

  it("[I32.7] where the history was not read, does not read it for that", async () => {
    const { object, lives } = await reopened(waits, false);
    object.effects = [];
    lives.loop.atRest();
    await settled();
    expect(object.effects).toEqual(["alarm at 2000"]);
  });
});

it("[I32.8] What memory knows of the history is asked of no disk, as soon as a turn is recorded", async () => {
  const { lives } = await reopened(waits, false);
  const { store } = lives.household.ports;
  lives.loop.enqueue(store.receive({ fact: { type: "EventRaised", name: "go", input: '"x"', messageId: "m" } }));
  await settled();
  expect(lives.current.outline).toEqual(store.outline(undefined));
});

it("[I32.9] An activity whose count did not come to disk is tried again after a pause, for which an alarm is set", async () => {
  const calls = function* (ctx: WorkflowContext): Code {
    yield ctx.callActivity("act");
  };
  const { object, lives } = await reopened(calls, false, { isolateAfterRecoveries: 0 });
  object.hold("sync");
  lives.loop.run();
  await settled();
  expect([object.isReached, lives.loop.isRunning]).toEqual([true, false]);
  object.effects = [];
  await object.release(new Error("disk"));
  expect(object.effects).toEqual(["log turn", "alarm at 1500"]);
});
