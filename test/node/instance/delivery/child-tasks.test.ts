// [I64] What a parent asks of its child, over the outbox: once, in order, and of the attempt that is meant.
import { describe, expect, it } from "vitest";
import type { ChildTask } from "../../../../src/engine/child-task.ts";
import type { WorkflowContext } from "../../../../src/engine/workflow-context.ts";
import type { Message } from "../../../../src/model/message.ts";
import { Random } from "../../random.ts";
import {
  type Code,
  describeInstance,
  endOf,
  faultsOf,
  historyOf,
  makeWorld,
  messagesOf,
  purgeByForce,
  raise,
  resume,
  start,
  statusOf,
  suspend,
  terminate,
  toyCipher,
  typesOf,
} from "../support.ts";
import type { PeerFault, World } from "../world.ts";

const HOUR_MS = 3_600_000;

/** Takes so many events, and gives what was in them; it tidies up when it is canceled. */
function* takes(ctx: WorkflowContext, count: number): Code {
  const taken: unknown[] = [];
  try {
    while (taken.length < count) taken.push(yield ctx.waitForExternalEvent("e"));
  } catch (error) {
    yield ctx.callActivity("echo", "tidied");
    throw error;
  }
  return taken;
}

function worldOf(parent: (ctx: WorkflowContext, round: number) => Code): World {
  const world = makeWorld().workflow("takes", takes).workflow("main", parent);
  world.workflow("failing", function* (ctx: WorkflowContext): Code {
    yield ctx.callActivity("fail");
  });
  return world;
}

/** Nothing is left to be done, in no instance of the world, and each is well-formed. */
async function expectRest(world: World): Promise<void> {
  await world.rest();
  for (const { id, db, durableAlarm } of world.hosts.values()) {
    const left =
      db.tables().length === 0 ? [] : ["inbox", "outbox"].filter((t) => db.read(`SELECT 1 FROM ${t}`).length);
    expect([id, faultsOf(world, id), left, durableAlarm]).toEqual([id, [], [], null]);
  }
}

function copiesOf(world: World, type: Message["type"], to: string): { repeat(): void }[] {
  return world.peerCalls.filter((call) => call.to === to && (call.argument as Message | undefined)?.type === type);
}

function failureOf(world: World, id: string) {
  const found = historyOf(world, id).find((event) => event.type === "ChildWorkflowInstanceFailed");
  return found?.type === "ChildWorkflowInstanceFailed" ? found.failure : undefined;
}

describe("[I64] What a parent asks of its child", () => {
  function* asksAtOnce(ctx: WorkflowContext): Code {
    const child = ctx.callChildWorkflow("takes", 4);
    for (const n of [1, 2, 3]) child.sendEvent("e", n);
    child.cancel("enough");
    try {
      yield child;
    } catch (error) {
      return (error as { details?: { errorType: string } }).details?.errorType;
    }
  }

  it("[I64.1] in the turn that calls it comes after its start, in order, once, and no message is sent twice", async () => {
    const world = worldOf(asksAtOnce);
    await start(world, "p", "main");
    expect(messagesOf(world.peerCalls)).toEqual([
      "p:0001 StartChild",
      "p:0001 RaiseEvent",
      "p:0001 RaiseEvent",
      "p:0001 RaiseEvent",
      "p:0001 Cancel",
      "p ChildEnded",
    ]);
    expect(await endOf(world, "p")).toEqual(["COMPLETED", "WorkflowCanceledError"]);
    expect(await statusOf(world, "p:0001")).toBe("CANCELED");
    expect((await describeInstance(world, "p:0001"))?.failure?.message).toBe("The workflow was canceled: enough");
    await expectRest(world);
  });

  it("[I64.2] comes so under loss, doubling and disorder of messages, losses of both objects, and latency", async () => {
    const faults: PeerFault[] = ["unreachable", "answer lost", "twice", "twice, late", undefined, undefined];
    let begun = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const world = worldOf(asksAtOnce);
      let budget = 12;
      world.chaos = {
        pick: (n) => random.below(n),
        latencyMs: () => random.below(400),
        alarmShiftMs: () => 0,
        ringsAgain: () => false,
      };
      world.peerFault = () => (budget-- > 0 ? random.of(faults) : undefined);
      let crashes = 3;
      world.onPoint = (point, id) => {
        if (point !== "committed" || crashes === 0 || !random.chance(0.15)) return;
        crashes--;
        world.crash(id);
      };
      world.post("p", (i) => i.start({ instanceId: "p", name: "main", requestId: "r" })).catch(() => undefined);
      await world.rest();
      world.onPoint = world.chaos = world.peerFault = undefined;
      // Its start may have been lost with the object.
      if ((await statusOf(world, "p")) === undefined) continue;
      begun++;
      expect([seed, await endOf(world, "p")]).toEqual([seed, ["COMPLETED", "WorkflowCanceledError"]]);
      const events = historyOf(world, "p:0001").filter(({ type }) => type === "EventRaised");
      expect([seed, events.map((event) => event.type === "EventRaised" && event.input)]).toEqual([
        seed,
        ["1", "2", "3"],
      ]);
      expect(typesOf(world, "p:0001").filter((type) => type === "ExecutionCancelRequested")).toHaveLength(1);
      for (const id of ["p", "p:0001"]) expect([seed, id, faultsOf(world, id)]).toEqual([seed, id, []]);
    }
    expect(begun).toBeGreaterThan(100);
  });

  it("[I64.3] a child that has not begun, as its start cannot be delivered, gets all of it when it can", async () => {
    const world = worldOf(asksAtOnce);
    world.peerFault = ({ to }) => (to === "p:0001" && world.nowMs < untilMs ? "unreachable" : undefined);
    const untilMs = world.nowMs + HOUR_MS;
    await start(world, "p", "main");
    await world.advance(HOUR_MS / 2);
    expect(world.host("p:0001").db.tables()).toEqual([]);
    await world.rest();
    expect(await endOf(world, "p")).toEqual(["COMPLETED", "WorkflowCanceledError"]);
  });

  it("[I64.4] a suspended child takes it when it is resumed, and ends by it then", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("takes", 1);
      yield ctx.waitForExternalEvent("now");
      child.cancel();
      yield child;
    });
    await start(world, "p", "main");
    await suspend(world, "p:0001");
    await raise(world, "p", "now");
    expect([await statusOf(world, "p:0001"), await statusOf(world, "p")]).toEqual(["SUSPENDED", "RUNNING"]);
    await resume(world, "p:0001");
    expect([await statusOf(world, "p:0001"), await statusOf(world, "p")]).toEqual(["CANCELED", "FAILED"]);
    expect(failureOf(world, "p")?.errorType).toBe("WorkflowCanceledError");
    await expectRest(world);
  });

  it("[I64.5] a parent that is terminated asks nothing more, and its child is terminated, canceled or not", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("stubborn");
      child.cancel();
      yield child;
    });
    world.workflow("stubborn", function* (ctx): Code {
      try {
        yield ctx.waitForExternalEvent("never");
      } catch {
        yield ctx.waitForExternalEvent("never, either");
      }
    });
    await start(world, "p", "main");
    expect(await statusOf(world, "p:0001")).toBe("RUNNING");
    await terminate(world, "p");
    expect([await statusOf(world, "p:0001"), await statusOf(world, "p")]).toEqual(["TERMINATED", "TERMINATED"]);
    await expectRest(world);
  });

  it("[I64.6] a child that was purged by force is not brought back by it", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("takes", 1);
      yield ctx.waitForExternalEvent("now");
      child.sendEvent("e", 1);
      child.cancel();
      yield child;
    });
    await start(world, "p", "main");
    world.peerFault = ({ method }) => (method === "deliver" ? "unreachable" : undefined);
    await raise(world, "p", "now");
    world.peerFault = undefined;
    const purged = purgeByForce(world, "p:0001");
    await world.settle();
    expect([await purged, failureOf(world, "p")?.errorType]).toEqual([{ ok: true }, "WorkflowInstancePurged"]);
    await world.rest();
    expect([world.host("p:0001").db.tables(), world.host("p:0001").durableAlarm]).toEqual([[], null]);
    expect([copiesOf(world, "Cancel", "p:0001").length > 0, await statusOf(world, "p")]).toEqual([true, "FAILED"]);
  });

  it("[I64.7] nothing of it reaches a stranger under the ID of the child", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("takes", 1, "taken");
      child.sendEvent("e", "for the child");
      child.cancel();
      yield child;
    });
    await start(world, "taken", "takes", 1);
    await start(world, "p", "main");
    await world.rest();
    expect(failureOf(world, "p")?.errorType).toBe("WorkflowInstanceAlreadyExists");
    expect([messagesOf(world.peerCalls), typesOf(world, "taken")]).toEqual([
      ["taken StartChild", "taken RaiseEvent", "taken Cancel"],
      ["ExecutionStarted"],
    ]);
  });
});

describe("[I64] What is asked of a child, where payloads are encrypted", () => {
  it("[I64.15] stands in no row, and neither does the reason", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("takes", 2);
      child.sendEvent("e", "the secret payload");
      child.cancel("the secret reason");
      yield child;
    });
    world.cipher = toyCipher("k");
    await start(world, "p", "main");
    await world.rest();
    expect([await statusOf(world, "p"), await statusOf(world, "p:0001")]).toEqual(["FAILED", "CANCELED"]);
    expect((await describeInstance(world, "p:0001"))?.failure?.message).toContain("the secret reason");
    for (const id of ["p", "p:0001"]) {
      const rows = JSON.stringify(world.host(id).db.dump());
      expect([id, rows.includes("ChildCancelRequested"), rows.includes("secret")]).toEqual([id, id === "p", false]);
    }
  });
});

describe("[I64] The attempt that is meant", () => {
  it("[I64.8] a copy of a cancel that comes late does not end another child of the same parent under the same ID", async () => {
    const world = worldOf(function* (ctx): Code {
      const first = ctx.callChildWorkflow("takes", 1, "x");
      first.cancel();
      try {
        yield first;
      } catch {
        return yield ctx.callChildWorkflow("takes", 1, "x");
      }
    });
    await start(world, "p", "main");
    expect(typesOf(world, "x")).toEqual(["ExecutionStarted"]);
    const copies = copiesOf(world, "Cancel", "x");
    expect(copies).toHaveLength(1);
    copies[0]?.repeat();
    await world.settle();
    expect(typesOf(world, "x")).toEqual(["ExecutionStarted"]);
    await raise(world, "x", "e", "got");
    expect(await endOf(world, "p")).toEqual(["COMPLETED", ["got"]]);
    await expectRest(world);
  });

  it("[I64.9] so it is with the cancel and the terminate that a parent hands on to its children", async () => {
    const world = worldOf(function* (ctx): Code {
      try {
        yield ctx.callChildWorkflow("takes", 1, "x");
      } catch {
        return yield ctx.callChildWorkflow("takes", 1, "x");
      }
    });
    await start(world, "p", "main");
    await world.call("p", (i) => i.cancel({}));
    copiesOf(world, "Cancel", "x")[0]?.repeat();
    await world.settle();
    expect(typesOf(world, "x")).toEqual(["ExecutionStarted"]);
    await terminate(world, "p");
    expect(await statusOf(world, "x")).toBe("TERMINATED");
  });

  it("[I64.10] an event that an attempt has not taken is not taken by the next one under the same ID, however late a copy comes", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("second time", 1, {
        instanceId: "x",
        retry: { maxNumberOfAttempts: 2, firstRetryInterval: 10 },
      });
      child.sendEvent("e", "first");
      yield ctx.waitForExternalEvent("now");
      child.sendEvent("e", "second");
      return yield child;
    });
    let attempts = 0;
    world.activity("attempt", () => ++attempts);
    world.workflow("second time", function* (ctx): Code {
      if ((yield ctx.callActivity("attempt")) === 1) throw new Error("not yet");
      return yield ctx.waitForExternalEvent("e");
    });
    let isFirst = true;
    world.peerFault = ({ argument }) => {
      if ((argument as Message).type !== "RaiseEvent" || !isFirst) return undefined;
      isFirst = false;
      // So late that the attempt has ended.
      return "unreachable";
    };
    await start(world, "p", "main");
    await world.advance(5_000);
    expect([await statusOf(world, "x"), copiesOf(world, "RaiseEvent", "x").length]).toEqual(["FAILED", 2]);
    await world.advance(10_000);
    expect([attempts, typesOf(world, "x").at(-1)]).toEqual([2, "TaskCompleted"]);
    copiesOf(world, "RaiseEvent", "x")[1]?.repeat();
    await world.settle();
    expect(typesOf(world, "x").at(-1)).toBe("TaskCompleted");
    await raise(world, "p", "now");
    expect(await endOf(world, "p")).toEqual(["COMPLETED", "second"]);
    await expectRest(world);
  });

  it("[I64.11] a parent whose code did not tell which call it is means any of its calls, as before", async () => {
    for (const type of ["Cancel", "RaiseEvent"] as const) {
      const world = worldOf(function* (ctx): Code {
        return yield ctx.callChildWorkflow("takes", 1, "x");
      });
      await start(world, "p", "main");
      const [started] = historyOf(world, "p");
      const executionId = started?.type === "ExecutionStarted" ? started.executionId : "";
      const deliver = (parent: { instanceId: string; executionId: string; taskId?: number } | undefined) =>
        world.call("x", (i) =>
          i.deliver(
            type === "Cancel"
              ? { version: 1, type, parent: parent ?? { instanceId: "", executionId: "" } }
              : { version: 1, type, name: "e", input: "1", messageId: "m", parent },
          ),
        );
      const parent = { instanceId: "p", executionId };
      for (const other of [
        { ...parent, taskId: 2 },
        { ...parent, executionId: "e" },
        { ...parent, instanceId: "q" },
      ])
        await deliver(other);
      expect([type, typesOf(world, "x")]).toEqual([type, ["ExecutionStarted"]]);
      await deliver(parent);
      expect([type, await statusOf(world, "x")]).toEqual([type, type === "Cancel" ? "CANCELED" : "COMPLETED"]);
    }
  });

  it("[I64.12] a parent that continues as new has asked its child all the same", async () => {
    const world = worldOf(function* (ctx, round: number): Code {
      if (round === 2) return yield ctx.waitForExternalEvent("end");
      const child: ChildTask = ctx.callChildWorkflow("takes", 2, "x");
      yield ctx.waitForExternalEvent("now");
      child.sendEvent("e", "first");
      child.cancel();
      return ctx.continueAsNew(2);
    });
    await start(world, "p", "main", 1);
    await raise(world, "p", "now");
    expect([await statusOf(world, "x"), await statusOf(world, "p")]).toEqual(["CANCELED", "RUNNING"]);
    expect(historyOf(world, "x")).toContainEqual(expect.objectContaining({ type: "EventRaised", input: '"first"' }));
  });
});

describe("[I64] Repairs of a parent that has asked its child for something", () => {
  it("[I64.13] a rewind begins a canceled child again, which is not canceled by what was asked before", async () => {
    const world = worldOf(function* (ctx): Code {
      const child = ctx.callChildWorkflow("takes", 1);
      child.cancel("by mistake");
      return yield child;
    });
    await start(world, "p", "main");
    await world.rest();
    expect([await statusOf(world, "p"), await statusOf(world, "p:0001")]).toEqual(["FAILED", "CANCELED"]);
    expect(await world.call("p", (i) => i.rewind({ requestId: "r", createdByMs: world.nowMs }))).toEqual({ ok: true });
    await world.settle();
    expect([await statusOf(world, "p"), await statusOf(world, "p:0001")]).toEqual(["RUNNING", "RUNNING"]);
    copiesOf(world, "Cancel", "p:0001")[0]?.repeat();
    await world.settle();
    expect(await statusOf(world, "p:0001")).toBe("RUNNING");
    await raise(world, "p:0001", "e", 1);
    expect(await endOf(world, "p")).toEqual(["COMPLETED", [1]]);
    await expectRest(world);
  });

  it("[I64.14] the child of a rerun gets the events that the child of its source was sent, and its cancel", async () => {
    for (const isCanceled of [false, true]) {
      const world = worldOf(function* (ctx): Code {
        const child = ctx.callChildWorkflow("takes", 3, "x");
        for (const n of [1, 2]) child.sendEvent("e", n);
        if (isCanceled) child.cancel();
        yield ctx.callActivity("slow", 1_000);
        child.sendEvent("e", 3);
        return yield child;
      });
      await start(world, "p", "main");
      await world.rest();
      const eventId = historyOf(world, "p").find(({ type }) => type === "TaskScheduled");
      const rerun = world.post("n", (i) =>
        i.rerun({
          requestId: "rerun",
          sourceInstanceId: "p",
          eventId: eventId?.type === "TaskScheduled" ? eventId.id : 0,
        }),
      );
      await world.rest();
      expect(await rerun).toEqual({ ok: true });
      const [child] = historyOf(world, "n").filter(({ type }) => type === "ChildWorkflowInstanceCreated");
      const id = child?.type === "ChildWorkflowInstanceCreated" ? child.instanceId : "";
      // The same was asked of it before that activity was called.
      if (!isCanceled) expect([id, await endOf(world, "n")]).toEqual(["n:0001", ["COMPLETED", [1, 2, 3]]]);
      else expect([await statusOf(world, "n"), await statusOf(world, "n:0001")]).toEqual(["FAILED", "CANCELED"]);
    }
  });
});
