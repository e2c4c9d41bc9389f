// [I27] The log of what fails.
import { describe, expect, it } from "vitest";
import { errorFields } from "../../../src/instance/log-text.ts";
import { oneLine } from "../../../src/model/log.ts";
import { type Code, makeWorld, start, terminate } from "./support.ts";
import type { World } from "./world.ts";

function failing(logFailureMessages = true): World {
  const world = makeWorld();
  world.logFailureMessages = logFailureMessages;
  world.activity("charge", () => {
    throw new TypeError("no card:\n  PAYLOAD");
  });
  world.workflow("order", function* (ctx): Code {
    yield ctx.callActivity("echo", 1);
    const retry = { maxNumberOfAttempts: 2, firstRetryInterval: 5 };
    return yield ctx.callActivity("charge", "PAYLOAD", { retry });
  });
  return world;
}
const linesOf = (world: World, msg: string) => world.log.filter((line) => line.msg === msg);
const ended = { level: "error", msg: "instance", status: "FAILED", generation: 0 };

describe("[I27] the log of what fails", () => {
  it("[I27.1] a failed instance is one line of level error: type, activity, task, message; each failed attempt a warning", async () => {
    const world = failing();
    await start(world, "a", "order");
    await world.advance(10_000);
    const attempt = {
      level: "warn",
      msg: "attempt",
      instanceId: "a",
      activity: "charge",
      errorType: "TypeError",
      message: "no card: PAYLOAD",
    };
    expect(world.log).toEqual([
      { ...attempt, taskId: 2, attempt: 1 },
      { ...attempt, taskId: 4, attempt: 2 },
      {
        ...ended,
        instanceId: "a",
        name: "order",
        durationMs: 5_000,
        errorType: "TaskFailedError",
        activity: "charge",
        taskId: 4,
        causedBy: "TypeError",
        message: "a: activity 'charge': Activity task #4 failed: no card: PAYLOAD",
      },
    ]);
  });

  it("[I27.2] without messages, where that is said: no text of an error is in any line", async () => {
    const world = failing(false);
    await start(world, "a", "order");
    await start(world, "p", "parent", { name: "order", id: "kid" });
    await world.advance(10_000);
    expect(linesOf(world, "instance")).toMatchObject([
      { instanceId: "a", errorType: "TaskFailedError", activity: "charge", taskId: 4 },
      { instanceId: "kid", errorType: "TaskFailedError", activity: "charge", taskId: 4 },
      { instanceId: "p", errorType: "TaskFailedError", child: "order", taskId: 1 },
    ]);
    expect(linesOf(world, "attempt")).toHaveLength(4);
    expect(JSON.stringify(world.log)).not.toMatch(/PAYLOAD|no card|"message"/);
  });

  it("[I27.3] of a child, and of an error that the workflow wraps or throws by itself", async () => {
    const world = failing();
    world.workflow("wraps", function* (ctx): Code {
      try {
        yield ctx.callActivity("fail");
      } catch (cause) {
        yield ctx.createTimer(1);
        throw new RangeError("could not", { cause });
      }
    });
    world.workflow("throws", () => {
      throw new Error("by itself; x: activity 'no': Activity task #7 failed: no");
    });
    await start(world, "p", "parent", { name: "order", id: "kid" });
    await start(world, "w", "wraps");
    await start(world, "t", "throws");
    await world.advance(10_000);
    const lines = new Map(linesOf(world, "instance").map((line) => [line.instanceId, line]));
    expect(lines.get("p")).toMatchObject({ ...ended, errorType: "TaskFailedError", child: "order", taskId: 1 });
    expect(lines.get("w")).toMatchObject({ ...ended, errorType: "RangeError", activity: "fail", taskId: 1 });
    expect(lines.get("w")).toMatchObject({ causedBy: "TypeError", message: "could not" });
    const { activity, taskId } = lines.get("t") ?? {};
    expect([lines.get("t")?.errorType, activity, taskId]).toEqual(["Error", undefined, undefined]);
  });

  it("[I27.4] what ends otherwise is a line of level info, without a reason, and where nothing fails there is no other", async () => {
    const world = makeWorld();
    await start(world, "a", "echo", 1);
    await start(world, "b", "event", "go");
    await start(world, "c", "event", "go");
    await terminate(world, "b", '"PAYLOAD"');
    await world.call("c", (i) => i.cancel({ reason: "PAYLOAD" }));
    await world.settle();
    const line = { level: "info", msg: "instance", generation: 0, durationMs: 0 };
    expect(world.log).toEqual([
      { ...line, instanceId: "a", name: "echo", status: "COMPLETED" },
      { ...line, instanceId: "b", name: "event", status: "TERMINATED" },
      { ...line, instanceId: "c", name: "event", status: "CANCELED" },
    ]);
  });

  it("[I27.5] a failure that no retry follows says so; an activity that takes its object down is told of, too", async () => {
    const world = makeWorld({ maxActivityRecoveries: 1 });
    world.activity("final", () => {
      throw Object.assign(new Error("final"), { isNonRetriable: true });
    });
    await start(world, "a", "call", { activity: "final" });
    await start(world, "b", "call", { activity: "slow", input: 60_000 });
    for (let n = 0; n < 3; n++) {
      await world.advance(5_000);
      world.crash("b");
    }
    await world.rest();
    expect(linesOf(world, "attempt")).toMatchObject([
      { instanceId: "a", activity: "final", attempt: 1, retried: false },
      { instanceId: "b", activity: "slow", errorType: "ActivityRecoveryLimitExceeded" },
    ]);
  });

  it("[I27.6] a fault of the storage has its message; a text is one line of at most 1,024 characters", async () => {
    const world = makeWorld();
    await start(world, "a", "event", "go");
    let failures = 1;
    world.host("a").failWrite = (statement) => {
      if (statement.includes("INTO instance") && failures-- > 0) throw new Error("SQLITE_FULL: the disk is full");
    };
    await terminate(world, "a");
    await world.advance(5_000);
    expect(world.log.filter(({ level }) => level === "error")).toMatchObject([
      { message: "SQLITE_FULL: the disk is full" },
    ]);
    expect(oneLine(`a\r\n\tb${"x".repeat(2_000)}`)).toBe(`a b${"x".repeat(1_019)}…`);
    expect(oneLine("a\u2028b\u0000\u001b[31mc\u0085d")).toBe("a b [31mc d");
    expect(oneLine(`${"x".repeat(1_023)}😀`)).toBe(`${"x".repeat(1_023)}\ufffd…`);
    const hostile = Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("again");
      },
    });
    expect(errorFields({}, hostile)).toEqual({ errorType: "Error", message: "" });
    expect(errorFields({ logFailureMessages: false }, new Error("x"))).toEqual({ errorType: "Error" });
  });
});
