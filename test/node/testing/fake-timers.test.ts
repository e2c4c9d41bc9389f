// The kit beside fake timers: it has its own references to the real ones.
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Task, type WorkflowContext, WorkflowRuntime } from "../../../src/client.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<Task<any>, any, any>;

const runtimeOf = (Runtime: typeof WorkflowRuntime) =>
  new Runtime()
    .registerWorkflowWithName("w", function* (ctx: WorkflowContext, name: string): Code {
      ctx.setUpdateHandler("add", (n: number) => n + 1);
      yield ctx.createTimer(60);
      try {
        return yield ctx.callActivity(name, null, { timeout: 60 });
      } catch (error) {
        return (error as Error).message;
      }
    })
    .registerActivityWithName("quick", () => "quick")
    .registerActivityWithName("slow", () => new Promise(() => undefined));

const everything = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
  "queueMicrotask",
  "Date",
  "performance",
] as const;

async function run(Environment = WorkflowTestEnvironment, Runtime = WorkflowRuntime): Promise<void> {
  const env = new Environment(runtimeOf(Runtime), { activityGraceMs: 5 });
  const output = async (name: string) => {
    const id = await env.client.scheduleNewWorkflow("w", name);
    expect(await env.client.updateWorkflow(id, "add", 1)).toBe(2);
    return (await env.client.waitForWorkflowCompletion(id, true, 500))?.serializedOutput;
  };
  expect(await output("quick")).toBe('"quick"');
  expect(await output("slow")).toMatch(/took longer than 60 s/);
  env.mockActivity("slow", () => new Promise((resolve) => setTimeout(resolve, 5)));
  expect(await output("slow")).toMatch(/took longer than 60 s/);
  await env.advance(3600);
  await env.restart();
  expect(await env.client.getWorkflowHistory("00000000-0000-4000-8000-000000000001")).toHaveLength(8);
}

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

describe("[K13] Fake timers", () => {
  it("[K13.1] those that vitest fakes by default", async () => {
    vi.useFakeTimers();
    await run();
  });

  it("[K13.2] all, queueMicrotask, Date and performance too; they are as fake afterwards as before", async () => {
    vi.useFakeTimers({ toFake: [...everything] });
    const faked = [globalThis.setTimeout, globalThis.queueMicrotask, globalThis.Date];
    await run();
    expect([globalThis.setTimeout, globalThis.queueMicrotask, globalThis.Date]).toEqual(faked);
    expect(globalThis.queueMicrotask).toBe(faked[1]);
  });

  it("[K13.3] a kit that is loaded when they are fake already", async () => {
    vi.useFakeTimers({ toFake: [...everything] });
    vi.resetModules();
    const { WorkflowTestEnvironment } = await import("../../../src/testing.ts");
    const { WorkflowRuntime } = await import("../../../src/client.ts");
    await run(WorkflowTestEnvironment, WorkflowRuntime);
  });
});
