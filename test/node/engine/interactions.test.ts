import { describe, expect, it } from "vitest";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { HistoryFact } from "../../../src/model/history-event.ts";
import { completed, Driver, endOf, raised, resumed, startedAs, suspended, T0, terminated } from "./support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<any, any, any>;

const update = (updateId: string, name: string, input?: unknown): HistoryFact => ({
  type: "UpdateRequested",
  updateId,
  name,
  input: input === undefined ? undefined : JSON.stringify(input),
});

/** A cart: items are added, priced by an activity, and looked at, until somebody checks out. */
function* cart(ctx: WorkflowContext): Code {
  const items: string[] = [];
  ctx.setQueryHandler("items", (from: number | undefined) => items.slice(from ?? 0));
  ctx.setQueryHandler("broken", () => {
    throw new Error("as told");
  });
  ctx.setQueryHandler("late", async () => 1);
  ctx.setQueryHandler("writes", () => ctx.callActivity("a"));
  ctx.setUpdateHandler(
    "add",
    (item: string) => {
      items.push(item);
      return items.length;
    },
    {
      validator: (item) => {
        if (!item) throw new RangeError("an item has a name");
      },
    },
  );
  ctx.setUpdateHandler("price", function* (item: string): Code {
    const price = yield ctx.callActivity("priceOf", item);
    items.push(`${item} for ${price}`);
    return price;
  });
  ctx.setUpdateHandler("fail", () => {
    throw new TypeError("no");
  });
  const how = yield ctx.waitForExternalEvent("checkout");
  if (how === "again") return ctx.continueAsNew(1, true);
  return items;
}

async function running(): Promise<Driver> {
  const driver = new Driver(cart);
  await driver.turn();
  return driver;
}

describe("[T24] queries", () => {
  it("[T24] read what the workflow has set, and change nothing", async () => {
    const driver = await running();
    await driver.turn(update("u", "add", "pen"));
    const orchestration = await driver.load();
    expect(orchestration.query("items", undefined)).toEqual({ ok: true, result: '["pen"]' });
    expect(orchestration.query("items", "1")).toEqual({ ok: true, result: "[]" });
    expect(orchestration.query("broken", undefined)).toEqual({ ok: false, isUnknown: false, message: "as told" });
    expect(orchestration.query("late", undefined)).toMatchObject({ ok: false, isUnknown: false });
    expect(orchestration.query("writes", undefined)).toEqual({
      ok: false,
      isUnknown: false,
      message: "A query only reads, and this one has called callActivity",
    });
    expect(orchestration.query("nope", undefined)).toEqual({
      ok: false,
      isUnknown: true,
      message: "The workflow has no query 'nope'. It has items, broken, late, writes.",
    });
    expect(orchestration.hasUncommitted).toBe(false);
  });

  it("[T24] a workflow that has ended is run again to be asked", async () => {
    const driver = await running();
    await driver.turn(update("u", "add", "pen"));
    await driver.turn(raised("checkout"));
    const code = { registry: driver.registry };
    const ended = await Orchestration.load("i", code, driver.history, true, { runEnded: true });
    expect(ended.query("items", undefined)).toEqual({ ok: true, result: '["pen"]' });
    expect(ended.status).toBe("COMPLETED");
  });
});

describe("[T25] updates", () => {
  it("[T25] change the workflow and give a result; both are in the history", async () => {
    const driver = await running();
    const turn = await driver.turn(update("u1", "add", "pen"));
    expect(turn.events).toEqual([
      { type: "UpdateRequested", timestampMs: T0 + 1000, updateId: "u1", name: "add", input: '"pen"' },
      { type: "UpdateCompleted", timestampMs: T0 + 1000, updateId: "u1", result: "1" },
    ]);
    expect(turn.updates).toMatchObject([{ updateId: "u1", outcome: { ok: true, result: "1" } }]);
    expect(endOf(await driver.turn(raised("checkout")))).toEqual(["pen"]);
  });

  it("[T25] count once for each ID", async () => {
    const driver = await running();
    await driver.turn(update("u1", "add", "pen"));
    expect((await driver.turn(update("u1", "add", "pen"))).events).toEqual([]);
    const orchestration = await driver.load();
    expect(orchestration.updateOutcome("u1")).toEqual({ ok: true, result: "1" });
    expect([orchestration.updateState("u1"), orchestration.updateState("u2")]).toEqual(["ended", "unknown"]);
  });

  it("[T25] wait for tasks beside the workflow, in the order in which they came", async () => {
    const driver = await running();
    const turn = await driver.turn(update("u1", "price", "pen"), update("u2", "price", "ink"));
    expect([turn.updates, turn.activities.map((task) => task.input)]).toEqual([[], ['"pen"', '"ink"']]);
    expect((await driver.load()).updateState("u1")).toBe("open");
    await driver.turn(completed(2, 20));
    expect((await driver.turn(completed(1, 10))).updates).toMatchObject([{ updateId: "u1" }]);
    expect(endOf(await driver.turn(raised("checkout")))).toEqual(["ink for 20", "pen for 10"]);
  });

  it("[T25] are refused by their validator, or when nobody has registered them; failures are theirs alone", async () => {
    const driver = await running();
    const outcomes = async (...facts: HistoryFact[]) => (await driver.turn(...facts)).updates.map((u) => u.outcome);
    expect(await outcomes(update("a", "add", ""), update("b", "nope"), update("c", "fail"))).toMatchObject([
      { ok: false, rejected: true, failure: { errorType: "RangeError", message: "an item has a name" } },
      {
        ok: false,
        rejected: true,
        failure: { message: "The workflow has no update 'nope'. It has add, price, fail." },
      },
      { ok: false, rejected: false, failure: { errorType: "TypeError", message: "no" } },
    ]);
    expect(endOf(await driver.turn(raised("checkout")))).toEqual([]);
  });

  it.each([
    ["its end", raised("checkout"), "The workflow ended before the update did."],
    ["continue-as-new", raised("checkout", "again"), "The workflow continued as new before the update did."],
    ["a terminate", terminated, "The workflow ended before the update did."],
  ])("[T25] that are open at %s are told so", async (_how, fact, message) => {
    const driver = await running();
    await driver.turn(update("u1", "price", "pen"));
    expect((await driver.turn(fact)).updates).toMatchObject([
      { updateId: "u1", outcome: { ok: false, rejected: false, failure: { errorType: "WorkflowEnded", message } } },
    ]);
  });

  it("[T25] are held back while suspended, and told of the end if there is one first", async () => {
    const driver = await running();
    await driver.turn(suspended);
    expect((await driver.turn(update("u1", "add", "pen"))).updates).toEqual([]);
    expect((await driver.turn(resumed)).updates).toMatchObject([{ updateId: "u1", outcome: { ok: true } }]);
    await driver.turn(suspended);
    await driver.turn(update("u2", "add", "ink"));
    expect((await driver.turn(terminated)).updates).toMatchObject([{ updateId: "u2", outcome: { ok: false } }]);
  });

  it("[T25] taken before a continue-as-new, they are known afterwards, without their result", async () => {
    const driver = await running();
    await driver.turn(update("u1", "add", "pen"));
    await driver.turn(raised("checkout", "again"));
    await driver.turn();
    expect((await driver.load()).updateState("u1")).toBe("forgotten");
    expect((await driver.turn(update("u1", "add", "pen"))).events).toEqual([]);
  });

  it("[T25] code that does not end an update where its history says so is not deterministic", async () => {
    const driver = await running();
    await driver.turn(update("u1", "add", "pen"));
    const { registry } = new Driver(function* cart(ctx: WorkflowContext): Code {
      ctx.setUpdateHandler("add", function* (): Code {
        yield ctx.waitForExternalEvent("never");
      });
      yield ctx.waitForExternalEvent("checkout");
    });
    const orchestration = await Orchestration.load("i", { registry, onNonDeterminism: "fail" }, driver.history, true);
    expect(endOf(await orchestration.turn([], T0))).toMatch(/A previous execution ended update 'u1' here/);
  });
});

describe("[T26] one-way calls", () => {
  function* sends(ctx: WorkflowContext, n: number): Code {
    if (n === 2) return;
    const id = ctx.scheduleNewWorkflow("other", 1, { startAt: new Date(T0 + 60_000) });
    ctx.scheduleNewWorkflow("other", 2, { instanceId: "named" });
    ctx.sendEvent(id, "hello");
    if (n === 1) {
      ctx.callActivity("dropped");
      ctx.continueAsNew(2);
    }
    return id;
  }
  const messages = (first: string) => [
    {
      to: first,
      message: {
        version: 1,
        type: "StartDetached",
        name: "other",
        input: "1",
        startAtMs: T0 + 60_000,
        requestId: "x:1",
      },
    },
    { to: "named", message: { version: 1, type: "StartDetached", name: "other", input: "2", requestId: "x:2" } },
    { to: first, message: { version: 1, type: "RaiseEvent", name: "hello", input: "null", messageId: "x:3" } },
  ];

  it("[T26] are numbered, recorded and sent, and nobody waits for them", async () => {
    const turn = await new Driver(sends, 0).turn();
    expect(turn.messages).toEqual(messages("i-1"));
    expect(turn.events).toMatchObject([
      { type: "DetachedWorkflowScheduled", id: 1, instanceId: "i-1", name: "other", startAtMs: T0 + 60_000 },
      { type: "DetachedWorkflowScheduled", id: 2, instanceId: "named" },
      { type: "EventSent", id: 3, instanceId: "i-1", name: "hello" },
      { type: "ExecutionCompleted" },
    ]);
    expect([endOf(turn), turn.warnings]).toEqual(["i-1", []]);
  });

  it("[T26] are made although their turn continues as new, which drops what somebody would wait for", async () => {
    const turn = await new Driver(sends, 1).turn();
    expect(turn.messages).toEqual(messages("i-1"));
    expect([turn.activities, turn.completion?.type]).toEqual([[], "ContinuedAsNew"]);
  });

  it("[T26] later generations have other IDs", async () => {
    const { registry } = new Driver(sends, 0);
    const start = { ...startedAs("sends", "0"), generation: 3 } as never;
    const turn = await (await Orchestration.load("i", { registry }, [start], false)).turn([], T0);
    expect(endOf(turn)).toBe("i-3-1");
  });
});

describe("[T27] chance, time and place", () => {
  it("[T27] the same in every replay, different in every instance", async () => {
    const seen: unknown[][] = [];
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const mine = [ctx.newGuid(), ctx.random(), ctx.newGuid()];
      yield ctx.callActivity("a");
      mine.push(ctx.random());
      seen.push(mine);
      return "";
    });
    await driver.turn();
    await driver.turn(completed(1));
    const [first, second] = seen;
    expect(first).toEqual(second);
    expect(new Set(first).size).toBe(4);
    expect(first?.[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const other = await Orchestration.load("j", { registry: driver.registry }, driver.history, true);
    await other.turn([completed(1)], T0);
    expect(seen[2]?.[0]).not.toBe(first?.[0]);
  });

  it("[T27] it begins with the IDs of the instance and its execution, which never changes: running instances replay it", async () => {
    const seen: unknown[] = [];
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      seen.push(ctx.random(), ctx.newGuid(), ctx.random());
    });
    await driver.turn();
    const ofIAndX = [0.5499172826407736, "6e28ba8f-643d-4cfa-a78f-5420dc38a93e", 0.2413177864810565];
    expect(seen).toEqual([...ofIAndX, ...ofIAndX]);
  });

  it("[T27] a logger writes each line once", async () => {
    const lines: unknown[] = [];
    const logger = { info: (...args: unknown[]) => lines.push(args), level: 3 };
    const driver = new Driver(function* w(ctx: WorkflowContext): Code {
      const log = ctx.createReplaySafeLogger(logger);
      expect(Object.keys(log)).toEqual(["info"]);
      log.info("one", 1);
      yield ctx.callActivity("a");
      log.info("two");
      yield ctx.callActivity("b");
    });
    const { registry } = driver;
    const first = await Orchestration.load("i", { registry }, driver.history, false);
    const turn = await first.turn([], T0);
    const history = [...driver.history, ...turn.events];
    await (await Orchestration.load("i", { registry }, history, true)).turn([completed(1)], T0);
    expect(lines).toEqual([["one", 1], ["two"]]);
  });

  it("[T27] the parent is known to its child", async () => {
    const { registry } = new Driver(function* w(ctx: WorkflowContext): Code {
      return [ctx.getParent(), ctx.getVersion()];
    });
    const parent = { instanceId: "p", executionId: "px", name: "parent", taskId: 4 };
    const load = (more: object) =>
      Orchestration.load("i", { registry }, [{ ...startedAs("w"), ...more } as never], false);
    expect(endOf(await (await load({ parent })).turn([], T0))).toEqual([
      { name: "parent", instanceId: "p", taskId: 4 },
      null,
    ]);
    expect(endOf(await (await load({})).turn([], T0))).toEqual([null, null]);
  });
});
