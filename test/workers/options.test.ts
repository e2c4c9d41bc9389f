// What `createWorker` is given reaches the instances: other Workers over the same object.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createWorker, type WorkerOptions, type WorkflowContext, WorkflowRuntime } from "../../src/index.ts";
import type { InstanceApi } from "../../src/instance/protocol.ts";
import { env, newId, stubOf } from "./support.ts";

const KEYS = `k1:${Buffer.alloc(32, 1).toString("base64")}`;
const PAYLOAD = "a word that is in no other place";

const runtime = (activity: string) =>
  new WorkflowRuntime()
    .registerActivityWithName("throws", (_, input: string) => {
      throw new TypeError(`no: ${input}`);
    })
    .registerActivityWithName("works", () => 1)
    .registerWorkflowWithName("fails", function* (ctx: WorkflowContext, input: string) {
      yield* ctx.callActivity("throws", input);
    })
    .registerWorkflowWithName("changes", function* (ctx: WorkflowContext) {
      yield* ctx.callActivity(activity);
      yield* ctx.waitForExternalEvent("go");
    });

/** Asks an instance of that Worker over the object, as it is after a loss of its memory. */
function ask<T>(
  id: string,
  { keys, activity = "works", ...options }: WorkerOptions & { keys?: string; activity?: string },
  use: (instance: InstanceApi) => Promise<T>,
): Promise<T> {
  return runInDurableObject(stubOf(id), (_, ctx) => {
    const { WorkflowInstance } = createWorker(runtime(activity), options);
    return use(new WorkflowInstance(ctx, { ...env, PAYLOAD_KEYS: keys }));
  });
}
const begin = (id: string, name: string, until: "started" | "ended") => (instance: InstanceApi) =>
  instance.start({
    instanceId: id,
    name,
    input: JSON.stringify(PAYLOAD),
    requestId: id,
    waitFor: { until, timeoutMs: 5_000, payloads: false },
  });

afterEach(() => void vi.restoreAllMocks());

describe("[W14] options reach the instances", () => {
  it.each([
    [{}, true],
    [{ logFailureMessages: false }, false],
    [{ keys: KEYS }, false],
    [{ keys: KEYS, logFailureMessages: true }, true],
  ])("[W14.1] messages of failures in the log, with %j: %s", async (options, told) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const id = newId();
    const result = await ask(id, options, begin(id, "fails", "ended"));
    expect(result).toMatchObject({ ok: true, state: { status: "FAILED" } });
    const own = lines.map((line) => JSON.parse(line)).filter(({ instanceId }) => instanceId === id);
    expect(own.map(({ level, msg, activity }) => [level, msg, activity])).toEqual([
      ["warn", "attempt", "throws"],
      ["error", "instance", "throws"],
    ]);
    expect([...own.map(({ message }) => message !== undefined), lines.join().includes(PAYLOAD)]).toEqual([
      told,
      told,
      told,
    ]);
  });

  it.each([
    [{}, "STALLED"],
    [{ onNonDeterminism: "stall" }, "STALLED"],
    [{ onNonDeterminism: "fail" }, "FAILED"],
  ] as const)("[W14.2] code that does not fit its history, with %j: %s", async (options, status) => {
    const id = newId();
    await ask(id, { ...options, logLevel: "none" }, begin(id, "changes", "started"));
    const changed = { ...options, activity: "another", logLevel: "none" } as const;
    const state = await ask(id, changed, async (instance) => {
      await instance.raiseEvent({ name: "other", messageId: id });
      return instance.describe({ payloads: false });
    });
    expect(state?.status).toBe(status);
  });

  it("[W14.3] options that a class inherits, too", async () => {
    class Ours {
      get onNonDeterminism() {
        return "fail" as const;
      }
    }
    const id = newId();
    const at = <T>(activity: string, use: (instance: InstanceApi) => Promise<T>) =>
      runInDurableObject(stubOf(id), (_, ctx) => {
        const { WorkflowInstance } = createWorker(runtime(activity), new Ours());
        return use(new WorkflowInstance(ctx, env));
      });
    await at("works", begin(id, "changes", "started"));
    const state = await at("another", async (instance) => {
      await instance.raiseEvent({ name: "other", messageId: id });
      return instance.describe({ payloads: false });
    });
    expect(state?.status).toBe("FAILED");
  });

  it.each([{ maxBodyBytes: 5 }, {}, "runtime", class Runtime {}])("[W14.4] a runtime is none of these: %j", (given) => {
    expect(() => createWorker(given as unknown as WorkflowRuntime)).toThrow(
      "createWorker takes a WorkflowRuntime, found ",
    );
  });
});
