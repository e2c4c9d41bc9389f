// What the kit tells an author: warnings, names that are not there, options that are not known.
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Task, type WorkflowContext, WorkflowRuntime } from "../../../src/client.ts";
import { type TestEnvironmentOptions, WorkflowTestEnvironment } from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<Task<any>, any, any>;

const runtimeOf = () =>
  new WorkflowRuntime()
    .registerWorkflowWithName("forgets", function* (ctx: WorkflowContext): Code {
      ctx.callActivity("charge");
    })
    .registerWorkflowWithName("late", function* (ctx: WorkflowContext, at: number): Code {
      yield ctx.createTimer(at);
      return ctx.getCurrentUtcDateTime().getUTCFullYear();
    })
    .registerActivityWithName("charge", () => "charged")
    .registerActivityWithName("refund", () => "refunded");

async function end(env: WorkflowTestEnvironment, name: string, input?: unknown): Promise<string | undefined> {
  const id = await env.client.scheduleNewWorkflow(name, input);
  return (await env.client.waitForWorkflowCompletion(id))?.serializedOutput;
}

afterEach(() => void vi.restoreAllMocks());

describe("[K14] Warnings", () => {
  it("[K14.1] are printed, each once", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const env = new WorkflowTestEnvironment(runtimeOf());
    for (let n = 0; n < 3; n++) await end(env, "forgets");
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^Instance '.+': 1 task\(s\) of workflow 'forgets' were made and never waited for/)],
    ]);
  });

  it("[K14.2] go to onWarning, which may keep them silent", async () => {
    const warn = vi.spyOn(console, "warn");
    const told: string[] = [];
    const env = new WorkflowTestEnvironment(runtimeOf(), { onWarning: (text) => told.push(text) });
    await end(env, "forgets");
    expect(told).toHaveLength(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it("[K14.3] milliseconds for seconds are told of, and time goes there at once", async () => {
    const told: string[] = [];
    const env = new WorkflowTestEnvironment(runtimeOf(), { onWarning: (text) => told.push(text) });
    const year = await end(env, "late", Date.UTC(2026, 0, 1));
    expect(told).toEqual([
      expect.stringContaining(`has called createTimer for a time in the year ${year}, more than 100 years ahead`),
    ]);
    expect(env.now.getUTCFullYear()).toBe(Number(year));
    // After the platform's last alarm, in the year 2188, everything goes on as before.
    expect(await end(env, "late", 60)).toBe(year);
    await env.restart();
    expect(await end(env, "late", 60)).toBe(year);
  });

  it("[K14.3] each once, also where an instance continues as new and the numbers in the text are others", async () => {
    const told: string[] = [];
    const runtime = new WorkflowRuntime().registerWorkflowWithName(
      "w",
      function* (ctx: WorkflowContext, n: number): Code {
        for (let made = 0; made <= n; made++) ctx.callActivity("charge");
        yield ctx.createTimer(Date.UTC(2026, 0, 1));
        if (n > 0) ctx.continueAsNew(n - 1);
      },
    );
    const env = new WorkflowTestEnvironment(runtime, { onWarning: (text) => told.push(text) });
    env.mockActivity("charge", () => "charged");
    await end(env, "w", 2);
    expect(told).toEqual([
      expect.stringMatching(/more than 100 years ahead/),
      expect.stringMatching(/were made and never/),
    ]);
  });

  it("[K14.4] failures, which a test may bring about on purpose, print nothing", async () => {
    const warn = vi.spyOn(console, "warn");
    const env = new WorkflowTestEnvironment(runtimeOf());
    env.failActivity("charge", { times: 1 });
    await end(env, "unknown");
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("[K15] Names", () => {
  it("[K15.1] calls throws for an activity that is not there, and lists those that are", async () => {
    const env = new WorkflowTestEnvironment(runtimeOf());
    expect(env.calls("charge")).toEqual([]);
    expect(() => env.calls("chrage")).toThrow(
      "env.calls: there is no activity 'chrage', neither registered nor mocked. Known: charge, refund",
    );
    env.mockActivity("elsewhere", () => 1);
    expect(env.calls("elsewhere")).toEqual([]);
    env.failActivity("refuse");
    expect(env.calls("refuse")).toEqual([]);
    expect(() => new WorkflowTestEnvironment(new WorkflowRuntime()).calls("a")).toThrow("Known: none");
  });

  it("[K15.2] what is registered later is found", async () => {
    const runtime = runtimeOf();
    const env = new WorkflowTestEnvironment(runtime);
    runtime.registerActivityWithName("later", () => "later");
    expect(env.calls("later")).toEqual([]);
    runtime.registerWorkflowWithName("new", function* (ctx: WorkflowContext): Code {
      return yield ctx.callActivity("later");
    });
    expect(await end(env, "new")).toBe('"later"');
  });
});

describe("[K16] Options and arguments", () => {
  const make = (options: object) => () => new WorkflowTestEnvironment(runtimeOf(), options as TestEnvironmentOptions);

  it("[K16.1] an unknown one, or a wrong value, is refused with what is known", () => {
    expect(make({ startsAt: new Date() })).toThrow(/unknown option startsAt of WorkflowTestEnvironment.*startAt/);
    expect(make({ activityGraceMs: "1 s" })).toThrow(RangeError);
    expect(make({ activityGraceMs: -1 })).toThrow(/a number of milliseconds from 0, found -1/);
    for (const startAt of [new Date(Number.NaN), new Date(-1), "2026-01-01"])
      expect(make({ startAt })).toThrow(/startAt is a Date that is valid, from 1970 on, found/);
    expect(make({ startAt: new Date(0) })().now).toEqual(new Date(0));
    expect(make({ onWarning: true })).toThrow(/onWarning is a function, found true/);
    expect(make({ onNonDeterminism: "ignore" })).toThrow(/"fail" or "stall"/);
    expect(make({ limits: { maxConcurrentActivities: 0 } })).toThrow(/a number from 1/);
  });

  it("[K16.2] advance takes seconds, and mockActivity a function", async () => {
    const env = new WorkflowTestEnvironment(runtimeOf());
    for (const seconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, "60" as never])
      await expect(env.advance(seconds)).rejects.toThrow(/takes a number of seconds from 0, found/);
    expect(() => env.mockActivity("charge", "paid" as never)).toThrow(/takes a function.*found "paid"/);
  });
});
