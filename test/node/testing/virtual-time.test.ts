// When virtual time moves, and when it does not: activities that do not end, waits that are met, waits inside activities.
import { describe, expect, it } from "vitest";
import {
  type Task,
  TimeoutError,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
  WorkflowRuntimeStatus,
} from "../../../src/client.ts";
import { NothingWillHappenError, type TestEnvironmentOptions, WorkflowTestEnvironment } from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<Task<any>, any, any>;

const DAY = 86_400;
const START = Date.UTC(2026, 0, 1);
const never = () => new Promise<never>(() => undefined);
const realMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const runtime = new WorkflowRuntime()
  .registerWorkflowWithName("sleeps", function* (ctx: WorkflowContext, seconds: number): Code {
    yield ctx.createTimer(seconds);
    return ctx.getCurrentUtcDateTime().toISOString();
  })
  .registerWorkflowWithName("calls", function* (ctx: WorkflowContext, options: object): Code {
    try {
      return yield ctx.callActivity("slow", null, options);
    } catch (error) {
      return `caught: ${(error as Error).message}`;
    }
  })
  .registerWorkflowWithName("races", function* (ctx: WorkflowContext, seconds: number): Code {
    const timer = ctx.createTimer(seconds);
    const first = yield ctx.whenAny([ctx.callActivity("slow"), timer]);
    return first === timer ? "timer" : "activity";
  })
  .registerWorkflowWithName("waits", function* (ctx: WorkflowContext): Code {
    return yield ctx.waitForExternalEvent("go");
  })
  .registerWorkflowWithName("parent", function* (ctx: WorkflowContext, [name, input]: [string, unknown]): Code {
    return yield ctx.callChildWorkflow(name, input, "kid");
  });

function environment(options?: TestEnvironmentOptions): WorkflowTestEnvironment {
  return new WorkflowTestEnvironment(runtime, options);
}
async function outputOf(env: WorkflowTestEnvironment, name: string, input?: unknown): Promise<unknown> {
  const id = await env.client.scheduleNewWorkflow(name, input);
  return JSON.parse((await env.client.waitForWorkflowCompletion(id))?.serializedOutput ?? "null");
}
const secondsOn = (env: WorkflowTestEnvironment) => (env.now.getTime() - START) / 1000;

describe("[K9] Time moves while an activity that will not end by itself is at work", () => {
  it("[K9.1] its timeout ends it, in virtual time", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    expect(await outputOf(env, "calls", { timeout: 3600 })).toMatch(/took longer than 3600 s/);
    expect(secondsOn(env)).toBe(3600);
  });

  it("[K9.2] attempt by attempt, with the pauses between them, until the total timeout", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    const retry = { maxNumberOfAttempts: 3, firstRetryInterval: 60 };
    expect(await outputOf(env, "calls", { timeout: 10, retry })).toMatch(/took longer than 10 s/);
    expect(env.calls("slow").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(secondsOn(env)).toBe(3 * 10 + 2 * 60);
    const other = environment();
    other.mockActivity("slow", never);
    expect(await outputOf(other, "calls", { totalTimeout: 45, timeout: 20, retry })).toMatch(/longer than/);
    expect(secondsOn(other)).toBeLessThanOrEqual(45);
  });

  it("[K9.3] a heartbeat that stays out ends it, those that come do not", async () => {
    const env = environment();
    let beats = 0;
    env.mockActivity("slow", async (ctx: WorkflowActivityContext) => {
      for (; beats < 3; beats++) ctx.heartbeat(beats);
      return never();
    });
    expect(await outputOf(env, "calls", { heartbeatTimeout: 30 })).toMatch(/no heartbeat for 30 s/);
    expect(secondsOn(env)).toBe(30);
  });

  it("[K9.4] whenAny with a timer is won by the timer", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    expect(await outputOf(env, "races", 30 * DAY)).toBe("timer");
    expect(secondsOn(env)).toBe(30 * DAY);
  });

  it("[K9.5] advance goes past several, and everything falls due on its way", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    const ids = [];
    for (const timeout of [10, 20, 4000]) ids.push(await env.client.scheduleNewWorkflow("calls", { timeout }));
    await env.advance(3600);
    const states = await Promise.all(ids.map((id) => env.client.getWorkflowState(id, true)));
    expect(states.map((state) => state?.runtimeStatus)).toEqual([
      WorkflowRuntimeStatus.COMPLETED,
      WorkflowRuntimeStatus.COMPLETED,
      WorkflowRuntimeStatus.RUNNING,
    ]);
    expect(secondsOn(env)).toBe(3600);
  });

  it("[K9.6] a mock that another workflow settles, after time has passed, is waited for", async () => {
    const env = environment();
    let settle: (value: string) => void = () => undefined;
    env.mockActivity("slow", () => new Promise<string>((resolve) => (settle = resolve)));
    env.mockActivity("settles", () => settle("settled"));
    const other = new WorkflowRuntime().registerWorkflowWithName("later", function* (ctx: WorkflowContext): Code {
      yield ctx.createTimer(100);
      yield ctx.callActivity("settles");
    });
    await env.useRuntime(runtimeWith(other));
    const id = await env.client.scheduleNewWorkflow("calls", { timeout: 1000 });
    await env.client.scheduleNewWorkflow("later");
    expect((await env.client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"settled"');
    expect(secondsOn(env)).toBe(100);
  });

  it("[K9.7] a mock that takes real time, at a timer or a file, takes no virtual time", async () => {
    const { readFile } = await import("node:fs/promises");
    const mocks = [
      () => realMs(5),
      () => realMs(40),
      async () => {
        await null;
        await realMs(20);
      },
      () => readFile(new URL(import.meta.url), "utf8").then(() => undefined),
      () => new Promise<void>((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve)))),
    ];
    for (const [index, mock] of mocks.entries()) {
      const env = environment();
      env.mockActivity("slow", () => mock().then(() => "done"));
      expect([index, await outputOf(env, "calls", { timeout: 1 }), secondsOn(env)]).toEqual([index, "done", 0]);
    }
  });

  it("[K9.8] a real activity gets activityGraceMs of real time before time passes it", async () => {
    const slow = (work: () => Promise<unknown>) =>
      runtimeWith(new WorkflowRuntime().registerActivityWithName("slow", work));
    const ends = new WorkflowTestEnvironment(slow(() => realMs(60).then(() => "done")));
    expect([await outputOf(ends, "calls", { timeout: 1 }), secondsOn(ends)]).toEqual(["done", 0]);
    const hangs = new WorkflowTestEnvironment(slow(never), { activityGraceMs: 20 });
    expect(await outputOf(hangs, "calls", { timeout: 5 })).toMatch(/took longer than 5 s/);
    expect(secondsOn(hangs)).toBe(5);
    const advances = new WorkflowTestEnvironment(slow(never), { activityGraceMs: 20 });
    await advances.client.scheduleNewWorkflow("calls", {});
    await advances.advance(DAY);
    expect(secondsOn(advances)).toBe(DAY);
  });

  it("[K9.8] also one whose I/O cannot be seen, and a heartbeat begins its time anew", async () => {
    const slow = (work: (ctx: WorkflowActivityContext) => Promise<unknown>) =>
      runtimeWith(new WorkflowRuntime().registerActivityWithName("slow", work));
    // Begun before the activity, the timer is not its own.
    const unseen = realMs(60).then(() => "done");
    const env = new WorkflowTestEnvironment(slow(() => unseen));
    expect([await outputOf(env, "calls", { timeout: 1 }), secondsOn(env)]).toEqual(["done", 0]);
    const beats = slow(async (ctx) => {
      for (let n = 0; n < 5; n++) {
        await realMs(20);
        ctx.heartbeat();
      }
      return "done";
    });
    const beating = new WorkflowTestEnvironment(beats, { activityGraceMs: 60 });
    expect([await outputOf(beating, "calls", { timeout: 1 }), secondsOn(beating)]).toEqual(["done", 0]);
  });

  it("[K9.9] a real activity is waited for as long as it takes where nothing is due", async () => {
    const slow = runtimeWith(
      new WorkflowRuntime().registerActivityWithName("slow", () => realMs(100).then(() => "done")),
    );
    const env = new WorkflowTestEnvironment(slow, { activityGraceMs: 10 });
    expect([await outputOf(env, "calls", {}), secondsOn(env)]).toEqual(["done", 0]);
    const idle = new WorkflowTestEnvironment(slow, { activityGraceMs: 10 });
    const id = await idle.client.scheduleNewWorkflow("calls", {});
    await idle.idle();
    expect((await idle.client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
  });

  it("[K9.10] who waits for one that never ends is told so at once, mocked or real", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    await expect(outputOf(env, "calls", {})).rejects.toThrow(
      "is RUNNING and waits for activity 'slow', whose mock has not settled. Nothing else is running, and no time is due.",
    );
    const real = new WorkflowTestEnvironment(
      runtimeWith(new WorkflowRuntime().registerActivityWithName("slow", never)),
      {
        activityGraceMs: 10,
      },
    );
    await expect(outputOf(real, "calls", {})).rejects.toThrow(/activity 'slow', which has not ended/);
    expect([secondsOn(env), secondsOn(real)]).toEqual([0, 0]);
    await env.idle();
  });

  it("[K9.11] a mock that throws at once fails its call, and is not at work", async () => {
    const env = environment();
    env.mockActivity("slow", () => {
      throw new Error("at once");
    });
    expect(await outputOf(env, "calls", {})).toMatch(/at once/);
    await env.advance(1);
  });

  it("[K9.12] after a restart, what hung in the life before is not at work any more", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    const id = await env.client.scheduleNewWorkflow("calls", { timeout: 60 });
    await env.idle();
    env.mockActivity("slow", () => "again");
    await env.restart();
    expect((await env.client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"again"');
    let runs = 0;
    const real = new WorkflowRuntime().registerActivityWithName("slow", () => (runs++ === 0 ? never() : "again"));
    const patient = new WorkflowTestEnvironment(runtimeWith(real), { activityGraceMs: Number.POSITIVE_INFINITY });
    const other = await patient.client.scheduleNewWorkflow("races", DAY);
    await patient.restart();
    expect((await patient.client.waitForWorkflowCompletion(other))?.serializedOutput).toBe('"activity"');
  });
});

describe("[K9.13] A mock that the test settles", () => {
  const settles = (env: WorkflowTestEnvironment) => {
    let settle: (value: string) => void = () => undefined;
    env.mockActivity("slow", () => new Promise<string>((resolve) => (settle = resolve)));
    return () => settle("settled");
  };

  it("[K9.13] after idle", async () => {
    const env = environment();
    const settle = settles(env);
    const id = await env.client.scheduleNewWorkflow("calls", { timeout: 60 });
    const done = env.client.waitForWorkflowCompletion(id);
    await env.idle();
    settle();
    expect((await done)?.serializedOutput).toBe('"settled"');
    expect(secondsOn(env)).toBe(0);
  });

  it("[K9.13] after a real time of its own, begun before the mock was", async () => {
    const env = environment();
    const settle = settles(env);
    setTimeout(settle, 60);
    expect(await outputOf(env, "calls", {})).toBe("settled");
  });

  it("[K9.13] also where a timer of the runner, begun before the environment was made, ends meanwhile", async () => {
    let hasEnded = false;
    setTimeout(() => (hasEnded = true), 15);
    const env = environment();
    const settle = settles(env);
    setTimeout(settle, 60);
    expect([await outputOf(env, "calls", {}), hasEnded]).toEqual(["settled", true]);
  });

  it("[K9.14] a guard of the test keeps nobody from being told that a mock never settles", async () => {
    const env = environment({ activityGraceMs: 30 });
    env.mockActivity("slow", never);
    const id = await env.client.scheduleNewWorkflow("calls", {});
    let guard: ReturnType<typeof setTimeout> | undefined;
    const guarded = Promise.race([
      env.client.waitForWorkflowCompletion(id),
      new Promise((resolve) => {
        guard = setTimeout(resolve, 30_000, "the guard");
      }),
    ]);
    await expect(guarded).rejects.toThrow(NothingWillHappenError);
    clearTimeout(guard);
  });
});

describe("[K9.15] A workflow whose code awaits something that is no task", () => {
  const held = (work: () => Promise<unknown>) =>
    new WorkflowRuntime().registerWorkflowWithName("held", async (ctx: WorkflowContext) => {
      await work();
      return ctx.getCurrentUtcDateTime().toISOString();
    });

  it("[K9.15] is given real time, and no virtual time passes", async () => {
    const env = new WorkflowTestEnvironment(held(() => realMs(30)));
    expect(await outputOf(env, "held")).toBe("2026-01-01T00:00:00.000Z");
    expect(secondsOn(env)).toBe(0);
  });

  it("[K9.15] for ever: that is told of, and a wait says so", async () => {
    const told: string[] = [];
    const options = { activityGraceMs: 20, onWarning: (text: string) => void told.push(text) };
    const env = new WorkflowTestEnvironment(held(never), options);
    await expect(outputOf(env, "held")).rejects.toThrow(
      /waits for something that is no task of its context, which its code awaits/,
    );
    expect(told).toEqual([expect.stringMatching(/A turn has gone on for 10000 ms/)]);
  });
});

/** The workflows of these tests, and more. */
function runtimeWith(more: WorkflowRuntime): WorkflowRuntime {
  const all = new WorkflowRuntime();
  all.registry.addAll(runtime.registry);
  all.registry.addAll(more.registry);
  return all;
}

describe("[K10] A wait that is met stops the clock there", () => {
  it("[K10.1] the second of two sleepers: the first still sleeps, and has not moved the clock", async () => {
    const env = environment();
    const first = await env.client.scheduleNewWorkflow("sleeps", DAY);
    const second = await env.client.scheduleNewWorkflow("sleeps", 1);
    await env.client.waitForWorkflowCompletion(second);
    expect(secondsOn(env)).toBe(1);
    expect((await env.client.getWorkflowState(first, false))?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
    expect(secondsOn(env)).toBe(1);
  });

  it("[K10.2] several at once are met in order, each at its time", async () => {
    const env = environment();
    const met: [number, number][] = [];
    const wait = async (seconds: number) => {
      const id = await env.client.scheduleNewWorkflow("sleeps", seconds);
      await env.client.waitForWorkflowCompletion(id);
      met.push([seconds, secondsOn(env)]);
    };
    await Promise.all([300, 20, DAY, 1].map(wait));
    expect(met).toEqual([1, 20, 300, DAY].map((seconds) => [seconds, seconds]));
  });

  it("[K10.3] one that is not awaited yet does not move time past one that is met", async () => {
    const env = environment();
    const late = await env.client.scheduleNewWorkflow("sleeps", DAY);
    const soon = await env.client.scheduleNewWorkflow("sleeps", 1);
    const first = env.client.waitForWorkflowCompletion(late);
    await env.client.waitForWorkflowCompletion(soon);
    expect(secondsOn(env)).toBe(1);
    await first;
    expect(secondsOn(env)).toBe(DAY);
  });

  it("[K10.12] a run that is started and waited for at once lets time pass like any other wait", async () => {
    const env = environment();
    const state = await env.client.runWorkflow("sleeps", DAY, { instanceId: "i", waitFor: null, reason: "r" });
    expect([state.instanceId, state.runtimeStatus, secondsOn(env)]).toEqual([
      "i",
      WorkflowRuntimeStatus.COMPLETED,
      DAY,
    ]);
    const begun = await env.client.runWorkflow("sleeps", DAY, { waitFor: "started", fetchPayloads: false });
    expect([begun.runtimeStatus, begun.serializedInput, secondsOn(env)]).toEqual([
      WorkflowRuntimeStatus.RUNNING,
      undefined,
      DAY,
    ]);
    const late = env.client.runWorkflow("sleeps", DAY, { timeoutInSeconds: 5 });
    await expect(late).rejects.toMatchObject({ name: "TimeoutError", seconds: 5 });
    await expect(env.client.runWorkflow("sleeps", 1, { waitfor: "started" } as never)).rejects.toThrow(
      "unknown option waitfor of runWorkflow 'sleeps', did you mean waitFor?",
    );
    await expect(env.client.runWorkflow("sleeps", 1, { waitFor: "ended" as never })).rejects.toThrow(
      `runWorkflow 'sleeps': waitFor is "started" or "completed", found "ended"`,
    );
  });

  it("[K10.4] a wait sees the first moment at which it holds, however the instance goes on", async () => {
    const env = environment();
    const start = () => env.client.scheduleNewWorkflow("sleeps", DAY, "i");
    await start();
    const first = env.client.waitForWorkflowCompletion("i", true, 5);
    await env.client.getWorkflowState("i", false);
    await env.client.terminateWorkflow("i", "enough");
    const second = await env.client.waitForWorkflowCompletion("i");
    await start();
    const state = await first;
    expect([state?.runtimeStatus, state?.serializedOutput]).toEqual([WorkflowRuntimeStatus.TERMINATED, '"enough"']);
    expect(second?.runtimeStatus).toBe(WorkflowRuntimeStatus.TERMINATED);
    expect((await env.client.waitForWorkflowStart("i"))?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
    expect(secondsOn(env)).toBe(0);
  });

  it("[K10.5] the same without another wait between: ended and begun again in one go", async () => {
    const env = environment();
    await env.client.scheduleNewWorkflow("sleeps", DAY, "i");
    const first = env.client.waitForWorkflowCompletion("i", false, 5);
    const again = env.client.terminateWorkflow("i", null).then(() => env.client.scheduleNewWorkflow("sleeps", 1, "i"));
    expect((await first)?.runtimeStatus).toBe(WorkflowRuntimeStatus.TERMINATED);
    await again;
    expect((await env.client.waitForWorkflowCompletion("i"))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(secondsOn(env)).toBe(1);
  });

  it("[K10.6] two that can never be met: the one that has waited last is told first, and may help the other", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow("waits");
    const first = env.client.waitForWorkflowCompletion(id);
    const stuck = await env.client.scheduleNewWorkflow("waits");
    await expect(env.client.waitForWorkflowCompletion(stuck)).rejects.toThrow(NothingWillHappenError);
    await env.client.raiseEvent(id, "go", "on");
    expect((await first)?.serializedOutput).toBe('"on"');
  });

  it("[K10.7] a wait with an end and an advance end in the order of their times", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow("waits");
    const order: string[] = [];
    await Promise.all([
      env.client.waitForWorkflowCompletion(id, true, 50).catch((error) => {
        expect(error).toBeInstanceOf(TimeoutError);
        order.push(`timeout at ${secondsOn(env)}`);
      }),
      env.advance(20).then(() => order.push(`advanced to ${secondsOn(env)}`)),
    ]);
    expect(order).toEqual(["advanced to 20", "timeout at 50"]);
  });

  it("[K10.8] what a parent waits for is told with what its child waits for", async () => {
    const env = environment();
    const parent = await env.client.scheduleNewWorkflow("parent", ["waits", null], "p");
    await expect(env.client.waitForWorkflowCompletion(parent)).rejects.toThrow(
      "Instance 'p' is RUNNING and waits for child 'kid', which is RUNNING and waits for event 'go'. Nothing is running, and no time is due.",
    );
  });

  it("[K10.9] who waits for the parent of a stalled child hears why the child is stalled", async () => {
    const env = environment();
    const parent = await env.client.scheduleNewWorkflow("parent", ["sleeps", 5], "p");
    await env.idle();
    const changed = new WorkflowRuntime()
      .registerWorkflowWithName("sleeps", function* (ctx: WorkflowContext): Code {
        yield ctx.callActivity("sleep");
      })
      .registerWorkflowWithName("parent", function* (ctx: WorkflowContext, [name, input]: [string, unknown]): Code {
        return yield ctx.callChildWorkflow(name, input, "kid");
      });
    await env.useRuntime(changed);
    await env.advance(10);
    for (const timeout of [Number.POSITIVE_INFINITY, 60])
      await expect(env.client.waitForWorkflowCompletion("kid", true, timeout)).rejects.toThrow(
        /'kid' is STALLED and waits for/,
      );
    await expect(env.client.waitForWorkflowCompletion(parent)).rejects.toThrow(
      /waits for child 'kid', which is STALLED and waits for other code: /,
    );
    expect(secondsOn(env)).toBe(10);
  });

  it("[K10.10] an update waits likewise", async () => {
    const updates = new WorkflowRuntime().registerWorkflowWithName("w", function* (ctx: WorkflowContext): Code {
      ctx.setUpdateHandler("sleeps", function* (seconds: number): Code {
        yield ctx.createTimer(seconds);
        return seconds;
      });
      yield ctx.waitForExternalEvent("end");
    });
    const env = new WorkflowTestEnvironment(updates);
    const id = await env.client.scheduleNewWorkflow("w");
    const slow = env.client.updateWorkflow(id, "sleeps", DAY);
    expect(await env.client.updateWorkflow(id, "sleeps", 3)).toBe(3);
    expect(secondsOn(env)).toBe(3);
    await env.restart();
    expect(await slow).toBe(DAY);
  });
});

describe("[K10.11] A scheduled start", () => {
  const startAt = new Date("2026-01-05T00:00:00Z");

  it.each([false, true])("[K10.11] is waited for, and what comes after it; with restarts: %s", async (restarts) => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow("sleeps", 5, { startAt });
    const started = env.client.waitForWorkflowStart(id);
    if (restarts) await env.restart();
    expect((await started)?.runtimeStatus).toBe(WorkflowRuntimeStatus.RUNNING);
    expect(env.now).toEqual(startAt);
    if (restarts) await env.restart();
    expect((await env.client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"2026-01-05T00:00:05.000Z"');
  });
});

describe("[K10.13] A scheduled start that is paused", () => {
  it("[K10.13] waits for a resume, as the client has it, and then for its time", async () => {
    const env = environment();
    const id = await env.client.scheduleNewWorkflow("sleeps", 5, "i", new Date(START + DAY * 1000));
    await env.client.suspendWorkflow(id);
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      /^Instance 'i' is SUSPENDED and waits for a resume. Nothing is running, and no time is due.$/,
    );
    await env.client.resumeWorkflow(id);
    expect((await env.client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('"2026-01-02T00:00:05.000Z"');
  });
});

describe("[K10.14] What can never happen is named", () => {
  it("[K10.14] a condition, beside an event, and in a child", async () => {
    const env = new WorkflowTestEnvironment(
      new WorkflowRuntime()
        .registerWorkflowWithName("never", function* (ctx: WorkflowContext): Code {
          yield ctx.whenAny([ctx.waitForCondition(() => false), ctx.waitForExternalEvent("go")]);
        })
        .registerWorkflowWithName("parent", function* (ctx: WorkflowContext): Code {
          yield ctx.callChildWorkflow("never", 1, "child");
        }),
    );
    const id = await env.client.scheduleNewWorkflow("parent", 1, "i");
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      /^Instance 'i' is RUNNING and waits for child 'child', which is RUNNING and waits for event 'go', a condition\. Nothing/,
    );
    await env.useRuntime(new WorkflowRuntime());
    await env.client.raiseEvent("child", "go");
    await expect(env.client.waitForWorkflowCompletion("child")).rejects.toThrow(
      /^Instance 'child' is STALLED and waits for other code: .*registered\. Nothing is running, and no time is due\.$/,
    );
  });
});

describe("[K10.15] What can never happen in a branch is named with it", () => {
  it("[K10.15] events and conditions, in each branch that waits for them, activities, and children", async () => {
    const env = new WorkflowTestEnvironment(
      new WorkflowRuntime()
        .registerWorkflowWithName("kid", function* (ctx: WorkflowContext): Code {
          yield* ctx.branch(asks(ctx, "deep"), "strand");
        })
        .registerWorkflowWithName("travel", function* (ctx: WorkflowContext): Code {
          const pays = function* (): Code {
            yield ctx.callActivity("charge");
          };
          const sends = function* (): Code {
            yield ctx.callChildWorkflow("kid", 1, "kid-1");
          };
          ctx.branch(asks(ctx, "Approval"), "flight");
          ctx.branch(
            asks(
              ctx,
              "approval",
              ctx.waitForCondition(() => false),
            ),
            "hotel",
          );
          yield ctx.whenAll([pays(), sends(), ctx.waitForExternalEvent("own")]);
        }),
    );
    function* asks(ctx: WorkflowContext, name: string, ...others: readonly Task[]): Code {
      yield ctx.whenAny([ctx.whenAll([ctx.waitForExternalEvent(name)]), ...others]);
    }
    env.mockActivity("charge", () => new Promise(() => {}));
    const id = await env.client.scheduleNewWorkflow("travel", 1, "i");
    const text = await env.client.waitForWorkflowCompletion(id).catch(({ message }) => message);
    expect(text).toBe(
      [
        "Instance 'i' is RUNNING and waits for event 'own'",
        "event 'Approval' in branch 'flight'",
        "event 'Approval' in branch 'hotel'",
        "a condition in branch 'hotel'",
        "activity 'charge' in branch 'branch-3', whose mock has not settled",
        "child 'kid-1' in branch 'branch-4', which is RUNNING and waits for event 'deep' in branch 'strand'. " +
          "Nothing else is running, and no time is due.",
      ].join(", "),
    );
  });

  it("[K10.15] an activity that is tried again has its attempt, and its branch", async () => {
    const env = new WorkflowTestEnvironment(
      new WorkflowRuntime().registerWorkflowWithName("travel", function* (ctx: WorkflowContext): Code {
        const pays = function* (): Code {
          yield ctx.callActivity("charge", 1, { retry: { maxNumberOfAttempts: 2, firstRetryInterval: 1 } });
        };
        yield* ctx.branch(pays(), "flight");
      }),
    );
    env.mockActivity("charge", () => new Promise(() => {}));
    env.failActivity("charge");
    const id = await env.client.scheduleNewWorkflow("travel", 1, "i");
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      "waits for activity 'charge' (attempt 2) in branch 'flight', whose mock has not settled.",
    );
  });

  it("[K10.16] branches that wait for each other are named, and can be canceled", async () => {
    const env = new WorkflowTestEnvironment(
      new WorkflowRuntime().registerWorkflowWithName("circle", function* (ctx: WorkflowContext): Code {
        const made: Task[] = [];
        const waitsFor = function* (n: number): Code {
          return yield ctx.whenAny([made[n] as Task]);
        };
        made.push(ctx.branch(waitsFor(1), "flight"), ctx.branch(waitsFor(0), "hotel"));
        yield ctx.whenAll(made);
      }),
    );
    const id = await env.client.scheduleNewWorkflow("circle", 1, "i");
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(
      "waits for the end of branches that wait for each other: 'flight', 'hotel'. Nothing is running, and no time is due.",
    );
    await env.client.cancelWorkflow(id);
    expect((await env.client.waitForWorkflowCompletion(id))?.runtimeStatus).toBe(WorkflowRuntimeStatus.CANCELED);
  });

  it("[K10.17] a branch that waits for something else is none of those that wait for each other", async () => {
    const env = new WorkflowTestEnvironment(
      new WorkflowRuntime()
        .registerWorkflowWithName("circle", function* (ctx: WorkflowContext): Code {
          const made: Task[] = [];
          const waitsForItself = function* (): Code {
            yield made[0] as Task;
          };
          const pays = function* (): Code {
            yield ctx.callActivity("charge");
          };
          made.push(ctx.branch(waitsForItself(), "flight"), ctx.branch(pays(), "hotel"));
          yield ctx.whenAll(made);
        })
        .registerWorkflowWithName("pays", function* (ctx: WorkflowContext): Code {
          yield ctx.callActivity("charge");
        })
        .registerActivityWithName("charge", () => 1)
        .limit("cards", { activity: "charge", concurrency: 1 }),
    );
    env.mockActivity("charge", () => new Promise(() => {}));
    await env.client.scheduleNewWorkflow("pays");
    await env.idle();
    const id = await env.client.scheduleNewWorkflow("circle");
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow(/wait for each other: 'flight'\. /);
  });
});

describe("[K11] Activities that use the client", () => {
  const starts = (env: WorkflowTestEnvironment, seconds: number) => async () => {
    const id = await env.client.scheduleNewWorkflow("sleeps", seconds);
    return (await env.client.waitForWorkflowCompletion(id))?.serializedOutput;
  };

  it("[K11.1] may start another workflow and wait for it", async () => {
    const env = environment();
    env.mockActivity("slow", starts(env, DAY));
    expect(await outputOf(env, "calls", {})).toBe('"2026-01-02T00:00:00.000Z"');
    expect(secondsOn(env)).toBe(DAY);
  });

  it("[K11.2] their own timeout comes first where it is shorter", async () => {
    const env = environment();
    env.mockActivity("slow", starts(env, DAY));
    expect(await outputOf(env, "calls", { timeout: 60 })).toMatch(/took longer than 60 s/);
    expect(secondsOn(env)).toBe(60);
  });

  it("[K11.3] a wait in an activity that can never be met fails the activity, and not whoever waits for the workflow", async () => {
    const env = environment();
    env.mockActivity("slow", async () => {
      await env.client.waitForWorkflowCompletion(await env.client.scheduleNewWorkflow("waits"));
    });
    expect(await outputOf(env, "calls", {})).toMatch(/waits for event 'go'/);
  });

  it("[K11.4] a real one too, after its grace", async () => {
    const real = new WorkflowRuntime();
    real.registry.addAll(runtime.registry);
    const env = new WorkflowTestEnvironment(real, { activityGraceMs: 5 });
    real.registerActivityWithName("slow", starts(env, DAY));
    expect(await outputOf(env, "calls", {})).toBe('"2026-01-02T00:00:00.000Z"');
  });

  it("[K11.5] in one environment may wait for another", async () => {
    const [here, there] = [environment(), environment()];
    here.mockActivity("slow", starts(there, DAY));
    expect(await outputOf(here, "calls", { timeout: 60 })).toBe('"2026-01-02T00:00:00.000Z"');
    expect([secondsOn(here), secondsOn(there)]).toEqual([0, DAY]);
  });
});

describe("[K11.6] An environment in which time never ends", () => {
  it("[K11.6] keeps no other one from going on", async () => {
    const endless = new WorkflowTestEnvironment(
      new WorkflowRuntime().registerWorkflowWithName("ticks", function* (ctx: WorkflowContext, n: number): Code {
        yield ctx.createTimer(1);
        ctx.continueAsNew(n + 1);
      }),
    );
    const lasting = endless.client.waitForWorkflowCompletion(await endless.client.scheduleNewWorkflow("ticks", 0));
    const env = environment({ activityGraceMs: 50 });
    env.mockActivity("slow", never);
    expect(await outputOf(env, "calls", { timeout: 3600 })).toMatch(/took longer than 3600 s/);
    endless.dispose();
    await expect(lasting).rejects.toThrow("disposed of");
  });
});

describe("[K12] An environment that is disposed of", () => {
  it("[K12.1] tells whoever waits, and runs nothing any more", async () => {
    const env = environment();
    env.mockActivity("slow", never);
    const id = await env.client.scheduleNewWorkflow("calls", { timeout: 60 });
    const waits = [env.client.waitForWorkflowCompletion(id), env.advance(3600)];
    env.dispose();
    for (const wait of waits) await expect(wait).rejects.toThrow("The test environment was disposed of");
    await expect(env.client.waitForWorkflowCompletion(id)).rejects.toThrow("disposed of");
    await expect(env.client.getWorkflowState(id)).rejects.toThrow("disposed of");
    expect(secondsOn(env)).toBe(0);
  });
});
