import { describe, expect, it } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import type { CancelableTask } from "../../../src/engine/completable-task.ts";
import { JoiningContext } from "../../../src/engine/joining-context.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { ReadableContext } from "../../../src/engine/readable-context.ts";
import type { Task } from "../../../src/engine/task.ts";
import { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { completed, Driver, endOf, raised, T0 } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Any = any;
type Code = AsyncGenerator<Any, Any, Any>;
type Ctx = WorkflowContext;

function* strand(): Generator<Task, void, Any> {}

/** What any code may ask a context, wherever it has it from. */
const READS: Record<string, (ctx: Ctx) => unknown> = {
  getWorkflowInstanceId: (ctx) => ctx.getWorkflowInstanceId(),
  getCurrentUtcDateTime: (ctx) => ctx.getCurrentUtcDateTime(),
  isReplaying: (ctx) => ctx.isReplaying(),
  getParent: (ctx) => ctx.getParent(),
  getVersion: (ctx) => ctx.getVersion(),
  getSearchAttributes: (ctx) => ctx.getSearchAttributes(),
};
/** All else. */
const CALLS: Record<string, (ctx: Ctx) => unknown> = {
  callActivity: (ctx) => ctx.callActivity("inner"),
  callChildWorkflow: (ctx) => ctx.callChildWorkflow("inner"),
  callSubWorkflow: (ctx) => ctx.callSubWorkflow("inner"),
  createTimer: (ctx) => ctx.createTimer(1),
  waitForExternalEvent: (ctx) => ctx.waitForExternalEvent("inner"),
  waitForCondition: (ctx) => ctx.waitForCondition(() => true),
  scheduleNewWorkflow: (ctx) => ctx.scheduleNewWorkflow("inner"),
  sendEvent: (ctx) => ctx.sendEvent("inner", "e"),
  continueAsNew: (ctx) => ctx.continueAsNew(1),
  setCustomStatus: (ctx) => ctx.setCustomStatus("inner"),
  setSearchAttributes: (ctx) => ctx.setSearchAttributes({ inner: 1 }),
  isPatched: (ctx) => ctx.isPatched("inner"),
  newGuid: (ctx) => ctx.newGuid(),
  random: (ctx) => ctx.random(),
  setQueryHandler: (ctx) => ctx.setQueryHandler("inner", () => 1),
  setUpdateHandler: (ctx) => ctx.setUpdateHandler("inner", () => 1),
  branch: (ctx) => ctx.branch(strand()),
  whenAll: (ctx) => ctx.whenAll([]),
  whenAny: (ctx) => ctx.whenAny([] as Task[]),
};
const LOGGER = (ctx: Ctx) => ctx.createReplaySafeLogger(console);
const thrownBy = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
};

const outside = (method: string) => new RegExp(`^${method} was called outside the turn of workflow instance 'i'\\.`);
const over = (method: string) =>
  new RegExp(`^${method} was called after the execution of workflow instance 'i' has ended`);

/** A workflow that gives away its context, a timer and a saga, and waits. */
function leaky(): { driver: Driver; leaked: { ctx: Ctx; timer: CancelableTask<Any>; saga: Saga }[] } {
  const leaked: { ctx: Ctx; timer: CancelableTask<Any>; saga: Saga }[] = [];
  const driver = new Driver(async function* w(ctx: Ctx): Code {
    const timer = ctx.createTimer(60);
    const saga = new Saga(ctx);
    leaked.push({ ctx, timer, saga });
    for (const [name, call] of Object.entries(CALLS)) ctx.setQueryHandler(name, () => call(ctx));
    ctx.setQueryHandler("cancel", () => timer.cancel());
    ctx.setQueryHandler("saga", () => saga.add("undo"));
    ctx.setQueryHandler("reads", () => Object.values(READS).map((read) => read(ctx)));
    ctx.setQueryHandler("logger", () => Object.keys(LOGGER(ctx)).length);
    ctx.setUpdateHandler("call", function* (): Generator<Task, unknown, unknown> {
      return yield ctx.callActivity("from an update");
    });
    return yield ctx.waitForExternalEvent("end");
  });
  return { driver, leaked };
}

describe("[T34] a context outside of its own turn", () => {
  it("[T34] has all of its methods in the two lists of this test", () => {
    const methodsOf = (...classes: { prototype: object }[]) =>
      classes
        .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
        .filter((name) => name !== "constructor")
        .sort();
    expect(methodsOf(WorkflowContext, JoiningContext)).toEqual(Object.keys(CALLS).sort());
    expect(methodsOf(ReadableContext)).toEqual([...Object.keys(READS), "createReplaySafeLogger"].sort());
    expect(Object.getPrototypeOf(ReadableContext.prototype)).toBe(Object.prototype);
  });

  it.each([...Object.entries(CALLS), ["createReplaySafeLogger", LOGGER] as const])(
    "[T34] %s is refused between two turns, and after the end; nothing comes of it",
    async (method, call) => {
      const name = method === "callSubWorkflow" ? "callChildWorkflow" : method;
      const { driver, leaked } = leaky();
      await driver.turn();
      // Of the last the history has been loaded, and no turn been taken.
      await driver.load();
      for (const { ctx } of leaked) expect(thrownBy(() => call(ctx))).toMatch(outside(name));
      const turn = await driver.turn(raised("end", 5));
      expect([endOf(turn), turn.activities, turn.messages]).toEqual([5, [], []]);
      for (const { ctx } of [leaked[1], leaked[3]] as { ctx: Ctx }[])
        expect(thrownBy(() => call(ctx))).toMatch(over(name));
    },
  );

  it("[T34] reads as ever", async () => {
    const { driver, leaked } = leaky();
    await driver.turn();
    // The first is that of the rebuilt execution with which the driver compares.
    const reads = () => Object.values(READS).map((read) => read(leaked[1]?.ctx as Ctx));
    expect(reads()).toEqual(["i", new Date(T0), false, undefined, undefined, {}]);
    await driver.turn(raised("end"));
    expect(reads()).toEqual(["i", new Date(T0 + 1000), false, undefined, undefined, {}]);
  });

  it("[T34] a timer and a wait are not canceled, and a saga is not added to, from outside", async () => {
    const { driver, leaked } = leaky();
    await driver.turn();
    for (const { ctx, timer, saga } of leaked) {
      expect(thrownBy(() => timer.cancel())).toMatch(outside("cancel"));
      expect(thrownBy(() => saga.add("undo"))).toMatch(outside("saga.add"));
      expect(thrownBy(() => saga.addStep(function* () {}))).toMatch(outside("saga.addStep"));
      expect(thrownBy(() => saga.compensate().next())).toMatch(outside("saga.compensate"));
      expect(thrownBy(() => new Saga(ctx))).toMatch(outside("new Saga"));
    }
  });

  it("[T34] from another workflow's turn, and from code behind an await that the workflow has not waited for", async () => {
    const { driver, leaked } = leaky();
    await driver.turn();
    const other = new Driver(function* other(): Generator<Task, string> {
      return thrownBy(() => leaked[0]?.ctx.callActivity("inner"));
    });
    expect(endOf(await other.turn())).toMatch(outside("callActivity"));

    const gate = Promise.withResolvers<void>();
    const late: Promise<string>[] = [];
    const leaving = new Driver(async function* w(ctx: Ctx): Code {
      late.push(gate.promise.then(() => thrownBy(() => ctx.callActivity("late"))));
      yield ctx.createTimer(1);
    });
    await leaving.turn();
    gate.resolve();
    for (const message of await Promise.all(late)) expect(message).toMatch(outside("callActivity"));
  });

  it("[T34] code that the workflow has waited for calls as it likes: the turn goes on meanwhile", async () => {
    const gate = Promise.withResolvers<void>();
    const driver = new Driver(async function* w(ctx: Ctx): Code {
      await gate.promise;
      ctx.callActivity("after an await");
      return yield ctx.callActivity("end");
    });
    const turn = driver.turn();
    gate.resolve();
    expect((await turn).activities.map(({ name }) => name)).toEqual(["after an await", "end"]);
    expect(endOf(await driver.turn(completed(2, 1)))).toBe(1);
  });
});

describe("[T34] [T24] queries and updates", () => {
  it("[T34] a query is refused every call, and may read", async () => {
    const { driver } = leaky();
    await driver.turn();
    const orchestration = await driver.load();
    for (const method of Object.keys(CALLS)) {
      const name = method === "callSubWorkflow" ? "callChildWorkflow" : method;
      const message = `A query only reads, and this one has called ${name}`;
      expect(orchestration.query(method, undefined)).toEqual({ ok: false, isUnknown: false, message });
    }
    for (const name of ["cancel", "saga"]) {
      expect(orchestration.query(name, undefined)).toMatchObject({
        message: expect.stringMatching(/^A query only reads/),
      });
    }
    expect(orchestration.query("reads", undefined)).toEqual({
      ok: true,
      result: JSON.stringify(["i", new Date(T0), true, null, null, {}]),
    });
    expect(orchestration.query("logger", undefined)).toEqual({ ok: true, result: "5" });
    expect(endOf(await orchestration.turn([raised("end", 1)], T0))).toBe(1);
  });

  it("[T34] so it is when the ended workflow runs once more to be asked", async () => {
    const { driver } = leaky();
    await driver.turn();
    await driver.turn(raised("end"));
    const code = { registry: driver.registry };
    const ended = await Orchestration.load("i", code, driver.history, true, { runEnded: true });
    expect(ended.query("callActivity", undefined)).toMatchObject({ ok: false });
    expect(ended.query("reads", undefined)).toMatchObject({ ok: true });
  });

  it("[T34] an update calls as the workflow does", async () => {
    const { driver } = leaky();
    await driver.turn();
    const turn = await driver.turn({ type: "UpdateRequested", updateId: "u", name: "call" });
    expect(turn.activities.map(({ name }) => name)).toEqual(["from an update"]);
  });
});
