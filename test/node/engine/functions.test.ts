// [T32] Functions by identity: which name a call by a function is recorded with.
import { describe, expect, it, vi } from "vitest";
import { Saga } from "../../../src/authoring/saga.ts";
import type { TWorkflowActivity } from "../../../src/engine/activity-context.ts";
import { ActivityNotRegisteredError, OrchestratorNotRegisteredError } from "../../../src/engine/errors.ts";
import { Orchestration } from "../../../src/engine/orchestration.ts";
import { Registry } from "../../../src/engine/registry.ts";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import { startedAs, T0 } from "./support.ts";

const mail = { send: () => "MAIL" };
const sms = { send: () => "SMS" };
const workflows = (say: string) => ({
  order: function* order() {
    return say;
  },
});

/** The name of the first call, as the history has it, or the error that it throws. */
async function recorded(registry: Registry, call: (ctx: WorkflowContext) => unknown): Promise<string> {
  let thrown: unknown;
  registry.addWorkflow("caller", function* (ctx: WorkflowContext) {
    try {
      call(ctx);
    } catch (error) {
      thrown = error;
    }
    yield ctx.createTimer(1);
  });
  const orchestration = await Orchestration.load("i", { registry }, [startedAs("caller")], false);
  const [event] = (await orchestration.turn([], T0)).events;
  return thrown === undefined ? String(event !== undefined && "name" in event && event.name) : String(thrown);
}

function activitiesOf(...registered: [name: string, activity: TWorkflowActivity][]): Registry {
  const registry = new Registry();
  for (const [name, activity] of registered) registry.addActivity(name, activity);
  return registry;
}
function workflowsOf(...registered: [name: string, workflow: TWorkflow][]): Registry {
  const registry = new Registry();
  for (const [name, workflow] of registered) registry.addWorkflow(name, workflow);
  return registry;
}

const taken = (kind: string, name: string) =>
  `TypeError: The ${kind} '${name}' is registered with another function than this one of the same name: register this function, ` +
  "or call it by name or declaration (the way for wrapped functions and spies)";

describe("[T32] a function is found by itself, and not by its name", () => {
  const both = () => activitiesOf(["send", mail.send], ["sms-send", sms.send]);

  it("[T32] activities, and those of a saga", async () => {
    expect(await recorded(both(), (ctx) => ctx.callActivity(mail.send))).toBe("send");
    expect(await recorded(both(), (ctx) => ctx.callActivity(sms.send))).toBe("sms-send");
    const undo = function* (ctx: WorkflowContext) {
      const saga = new Saga(ctx);
      saga.add(sms.send);
      yield* saga.compensate();
    };
    const registry = both();
    registry.addWorkflow("undo", undo);
    const orchestration = await Orchestration.load("i", { registry }, [startedAs("undo")], false);
    expect((await orchestration.turn([], T0)).activities).toMatchObject([{ name: "sms-send" }]);
  });

  it("[T32] children and detached workflows", async () => {
    const [one, two] = [workflows("1").order, workflows("2").order];
    const registry = () => workflowsOf(["order", one], ["order-two", two]);
    expect(await recorded(registry(), (ctx) => ctx.callChildWorkflow(one))).toBe("order");
    expect(await recorded(registry(), (ctx) => ctx.callChildWorkflow(two))).toBe("order-two");
    expect(await recorded(registry(), (ctx) => ctx.callSubWorkflow(two))).toBe("order-two");
    expect(await recorded(registry(), (ctx) => ctx.scheduleNewWorkflow(two))).toBe("order-two");
  });

  it("[T32] whatever it is called: a lambda, a bound one, a spy, a method, one that a minifier has renamed", async () => {
    class Mailer {
      send() {
        return "CLASS";
      }
    }
    const bound = sms.send.bind(sms);
    const spy = vi.fn(() => "SPY");
    const renamed = Object.defineProperty(() => "R", "name", { value: "send" });
    const all: TWorkflowActivity[] = [() => 1, bound, spy, new Mailer().send, renamed];
    for (const activity of all) {
      const registry = activitiesOf(["send", mail.send], ["charge", activity]);
      expect(await recorded(registry, (ctx) => ctx.callActivity(activity))).toBe("charge");
    }
  });

  it("[T32] under several names: its own if it is one of them, else an error that lists them", async () => {
    const own = activitiesOf(["a", sms.send], ["send", sms.send]);
    expect(await recorded(own, (ctx) => ctx.callActivity(sms.send))).toBe("send");
    const others = activitiesOf(["a", sms.send], ["b", sms.send]);
    expect(await recorded(others, (ctx) => ctx.callActivity(sms.send))).toBe(
      "TypeError: The function send is registered under several names, 'a' and 'b', and its own is none of them: call it by one of these names",
    );
  });

  it("[T32] one that is not registered, but whose name is taken, is an error; by name or declaration it goes", async () => {
    const only = () => activitiesOf(["send", mail.send]);
    expect(await recorded(only(), (ctx) => ctx.callActivity(sms.send))).toBe(taken("activity", "send"));
    expect(await recorded(only(), (ctx) => ctx.callActivity("send"))).toBe("send");
    expect(await recorded(only(), (ctx) => ctx.callActivity({ name: "send" }))).toBe("send");
    const [one, two] = [workflows("1").order, workflows("2").order];
    const known = () => workflowsOf(["order", one]);
    expect(await recorded(known(), (ctx) => ctx.callChildWorkflow(two))).toBe(taken("workflow", "order"));
    expect(await recorded(known(), (ctx) => ctx.scheduleNewWorkflow(two))).toBe(taken("workflow", "order"));
    // Told where a step is registered, and not when it has to be undone.
    expect(await recorded(only(), (ctx) => new Saga(ctx).add(sms.send))).toBe(taken("activity", "send"));
  });

  it("[T32] one whose name nobody has goes by it, and the call fails", async () => {
    expect(await recorded(activitiesOf(["mail", mail.send]), (ctx) => ctx.callActivity(sms.send))).toBe("send");
    expect(await recorded(new Registry(), (ctx) => ctx.callChildWorkflow(workflows("1").order))).toBe("order");
    expect(await recorded(new Registry(), (ctx) => ctx.callActivity(() => 1))).toMatch(/^Error: Cannot infer a name/);
  });

  it("[T32] of the versions of a workflow, the latest", async () => {
    const [v1, v2, plain] = [workflows("1").order, workflows("2").order, workflows("0").order];
    const versions = (isLatest: boolean) => {
      const registry = new Registry();
      registry.addVersion("sales", "v1", v1, false);
      registry.addVersion("sales", "v2", v2, isLatest);
      return registry;
    };
    expect(await recorded(versions(true), (ctx) => ctx.callChildWorkflow(v2))).toBe("sales");
    expect(await recorded(versions(true), (ctx) => ctx.callChildWorkflow(v1))).toBe(
      "TypeError: The function order is version 'v1' of 'sales', and new instances run 'v2', the latest: call 'sales' by its name or declaration",
    );
    expect(await recorded(versions(false), (ctx) => ctx.scheduleNewWorkflow(v2))).toBe(
      "TypeError: The function order is version 'v2' of 'sales', and no version of it is the latest: call 'sales' by its name or declaration",
    );
    // The name is that of the versions, whichever of them a call by it would run.
    const other = workflows("3").order;
    const named = () => {
      const registry = new Registry();
      registry.addVersion("order", "v1", v1, false);
      return registry;
    };
    expect(await recorded(named(), (ctx) => ctx.callChildWorkflow(other))).toBe(taken("workflow", "order"));
    const twice = versions(true);
    twice.addWorkflow("sales", v2);
    expect(await recorded(twice, (ctx) => ctx.callChildWorkflow(v2))).toBe("sales");
    const both = versions(true);
    both.addWorkflow("sales", plain);
    expect(await recorded(both, (ctx) => ctx.callChildWorkflow(plain))).toBe("sales");
  });

  it("[T32] a registration that comes later counts, and one that was taken over by another does not", async () => {
    const registry = activitiesOf(["send", mail.send]);
    expect(registry.activityName(mail.send)).toBe("send");
    expect(() => registry.activityName(sms.send)).toThrow(/another function/);
    registry.addActivity("sms-send", sms.send);
    expect(registry.activityName(sms.send)).toBe("sms-send");
    // Two runtimes that were started: of two with one name, the later.
    registry.addAll(activitiesOf(["send", sms.send]));
    expect(() => registry.activityName(mail.send)).toThrow(/another function/);
    expect(registry.activityName(sms.send)).toBe("send");
    const [one, two] = [workflows("1").order, workflows("2").order];
    const orders = workflowsOf(["order", one]);
    expect(orders.workflowName(one)).toBe("order");
    orders.addAll(workflowsOf(["order", two]));
    expect([() => orders.workflowName(one), () => orders.workflowName(two)].map(nameOrError)).toEqual([
      "TypeError",
      "order",
    ]);
    orders.addVersion("order", "v1", one, true);
    expect(orders.workflowName(one)).toBe("order");
  });

  it("[T32] a replay goes on with the name that is recorded", async () => {
    const registry = both();
    registry.addWorkflow("w", function* (ctx: WorkflowContext) {
      return yield* ctx.callActivity(sms.send);
    });
    const live = await Orchestration.load("i", { registry }, [startedAs("w")], false);
    const { events } = await live.turn([], T0);
    const replayed = await Orchestration.load("i", { registry }, [startedAs("w"), ...events], true);
    expect([replayed.status, replayed.stall, replayed.hasUncommitted]).toEqual(["RUNNING", undefined, false]);
  });
});

function nameOrError(read: () => string): string {
  try {
    return read();
  } catch (error) {
    return (error as Error).name;
  }
}

describe("[T32] what is registered", () => {
  it.each([undefined, null, "f", { name: "f" }])("[T32] is a function: %j is none", (value) => {
    const registry = new Registry();
    const wrong = value as unknown as () => void;
    const message = `'w' is registered with a function, found ${JSON.stringify(value)}`;
    expect(() => registry.addWorkflow("w", wrong)).toThrow(message);
    expect(() => registry.addVersion("w", "v1", wrong, true)).toThrow(message);
    expect(() => registry.addActivity("w", wrong)).toThrow(message);
    expect(registry.names()).toEqual({ workflows: [], activities: [] });
  });

  it("[T32] is no class, which cannot be called", () => {
    class Order {
      run() {
        return 1;
      }
    }
    const registry = new Registry();
    const wrong = Order as unknown as () => void;
    const message = "'w' is registered with a function, found the class Order: register its method";
    expect(() => registry.addWorkflow("w", wrong)).toThrow(message);
    expect(() => registry.addVersion("w", "v1", wrong, true)).toThrow(message);
    expect(() => registry.addActivity("w", wrong)).toThrow(message);
    expect(registry.names()).toEqual({ workflows: [], activities: [] });
    const old = function Old() {};
    const all = [
      new Order().run,
      old,
      old.bind(null),
      async () => 1,
      async function* () {},
      vi.fn(),
      new Proxy(old, {}),
    ];
    for (const [index, fn] of all.entries()) registry.addActivity(`a${index}`, fn);
    expect(registry.names().activities).toHaveLength(all.length);
  });

  it("[T32] has a name that a history holds, and versions are texts", () => {
    const registry = new Registry();
    expect(() => registry.addActivity("a\ud800", mail.send)).toThrow(/^A name is a string/);
    expect(() => registry.addVersion("w", 2 as unknown as string, mail.send, true)).toThrow(
      "A version is a string, found 2",
    );
    for (const version of ["\ud800", "v".repeat(20_000)])
      expect(() => registry.addVersion("w", version, mail.send, true)).toThrow(/^A version is a string of 1 to 16384/);
    expect(registry.names()).toEqual({ workflows: [], activities: [] });
  });

  it("[T32] is listed for who asks for something else, the near name first", () => {
    expect(new OrchestratorNotRegisteredError("ordr", ["payment", "order"]).message).toBe(
      "Orchestrator 'ordr' does not exist. Did you mean 'order'? Registered are: order, payment.",
    );
    expect(new OrchestratorNotRegisteredError("zebra", ["payment", "order"]).message).toBe(
      "Orchestrator 'zebra' does not exist. Registered are: payment, order.",
    );
    expect(new ActivityNotRegisteredError("Charge", ["refund", "charge"]).message).toBe(
      "Activity function 'Charge' is not registered. Did you mean 'charge'? Registered are: charge, refund.",
    );
    expect(new ActivityNotRegisteredError("charge", []).message).toBe(
      "Activity function 'charge' is not registered. Nothing is registered.",
    );
    const many = Array.from({ length: 300 }, (_, n) => `activity${n}`);
    expect(new ActivityNotRegisteredError("x", many).message).toMatch(/activity0, .*, activity19 and 280 more\.$/);
  });
});
