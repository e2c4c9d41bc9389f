// What `createWorker` is given reaches the instances: other Workers over the same object.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createWorker, type WorkerOptions, type WorkflowContext, WorkflowRuntime } from "../../src/index.ts";
import type { InstanceApi } from "../../src/instance/protocol.ts";
import { env, newId, stubOf } from "./support.ts";

const KEYS = `k1:${Buffer.alloc(32, 1).toString("base64")}`;
const PAYLOAD = "a word that is in no other place";

let running = 0;
/** Gives back how many run at the time. */
const takesAWhile = async () => {
  const now = ++running;
  await Promise.resolve();
  running--;
  return now;
};

const runtime = (activity: string) =>
  new WorkflowRuntime()
    .registerActivityWithName("throws", (_, input: string) => {
      throw new TypeError(`no: ${input}`);
    })
    .registerActivityWithName("works", () => 1)
    .registerWorkflowWithName("fails", function* (ctx: WorkflowContext, input: string) {
      yield* ctx.callActivity("throws", input);
    })
    .registerActivityWithName("takes a while", takesAWhile)
    .registerWorkflowWithName("at once", function* (ctx: WorkflowContext) {
      const calls = [1, 2, 3].map(() => ctx.callActivity(takesAWhile));
      return Math.max(...(yield* ctx.whenAll(calls)));
    })
    .registerWorkflowWithName("tells", function* (ctx: WorkflowContext) {
      ctx.sendEvent("another", "news", 1);
      yield* ctx.waitForExternalEvent("never");
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

/** A namespace that tells what is looked for in it, and finds an instance that takes everything and knows nothing. */
function lookedFor() {
  const seen: unknown[] = [];
  const namespace = {
    jurisdiction(name: string) {
      seen.push(`in ${name}`);
      return namespace;
    },
    getByName(...args: unknown[]) {
      seen.push(...args);
      return {
        deliver: async () => ({ accepted: true }),
        describe: async () => undefined,
        raiseEvent: async () => ({ ok: true }),
      };
    },
  };
  return { seen, namespace: namespace as unknown as typeof env.WORKFLOW_INSTANCE };
}

const EVENT = "workflows/dapr/another/raiseEvent/news";

/** Requests to a Worker with these options, whose instances take everything. */
function sender({ keys, ...options }: WorkerOptions & { keys?: string }) {
  const worker = createWorker(runtime("works"), options);
  return (path: string, init: RequestInit = {}) =>
    worker.fetch(new Request(`http://localhost/v1.0/${path}`, init), {
      ...env,
      PAYLOAD_KEYS: keys,
      WORKFLOW_INSTANCE: lookedFor().namespace,
    });
}

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

  it.each([
    [{}, 3],
    [{ limits: { maxConcurrentActivities: 1 } }, 1],
  ])("[W14.5] activities that run at a time, with %j: %i of three", async (options, most) => {
    const id = newId();
    const state = await ask(id, { ...options, logLevel: "none" }, async (instance) => {
      await begin(id, "at once", "ended")(instance);
      return instance.describe({ payloads: true });
    });
    expect(state).toMatchObject({ status: "COMPLETED", output: String(most) });
  });

  it.each([
    [{}, ["another"]],
    [{ locationHint: "weur" }, ["another", { locationHint: "weur" }]],
    [{ jurisdiction: "eu" }, ["in eu", "another"]],
    [{ jurisdiction: "eu", locationHint: "weur" }, ["in eu", "another", { locationHint: "weur" }]],
  ] as const)("[W14.6] where the API and an instance look for another one, with %j", async (options, expected) => {
    const looks = lookedFor();
    const id = newId();
    await runInDurableObject(stubOf(id), async (_, ctx) => {
      const { WorkflowInstance, fetch } = createWorker(runtime("works"), { ...options, logLevel: "none" });
      const elsewhere = { ...env, WORKFLOW_INSTANCE: looks.namespace };
      await begin(id, "tells", "started")(new WorkflowInstance(ctx, elsewhere));
      await vi.waitFor(() => expect(looks.seen).toEqual(expected));
      looks.seen.length = 0;
      await fetch(new Request("http://localhost/v1.0/workflows/dapr/another"), elsewhere);
      expect(looks.seen).toEqual(expected);
    });
  });

  it.each([
    [{}, ["warn attempt", "error instance", "info request"]],
    [{ logLevel: "warn" }, ["warn attempt", "error instance"]],
    [{ logLevel: "error" }, ["error instance"]],
    [{ logLevel: "none" }, []],
  ] as const)("[W14.7] lines of an instance and of a request, with %j: %j", async (options, expected) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const id = newId();
    await ask(id, options, begin(id, "fails", "ended"));
    const request = new Request(`http://localhost/v1.0/workflows/dapr/${id}`);
    expect((await createWorker(runtime("works"), options).fetch(request, env)).status).toBe(200);
    const own = lines.map((line) => JSON.parse(line)).filter((line) => JSON.stringify(line).includes(id));
    expect(own.map(({ level, msg }) => `${level} ${msg}`)).toEqual(expected);
  });

  it("[W14.8] the size of a body, and the name of the application", async () => {
    const send = sender({ maxBodyBytes: 5, appId: "orders", logLevel: "none" });
    const raise = async (body: string) => (await send(EVENT, { method: "POST", body })).status;
    expect([await raise("12345"), await raise("123456")]).toEqual([202, 400]);
    expect(await (await send("metadata")).json()).toMatchObject({ id: "orders" });
    const probed = ["orders", "edge-workflows"].map(async (appId) => (await send(`healthz?appid=${appId}`)).status);
    expect(await Promise.all(probed)).toEqual([204, 500]);
    expect((await sender({})("healthz?appid=edge-workflows")).status).toBe(204);
  });

  it.each([
    [{}, true],
    [{ logFailureMessages: false }, false],
    [{ keys: KEYS }, false],
    [{ keys: KEYS, logFailureMessages: true }, true],
  ])("[W14.9] the reason of an event in the log, with %j: %s", async (options, told) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    await sender(options)(`${EVENT}?reason=because`, { method: "POST" });
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual([told ? "because" : undefined]);
  });

  it("[W14.10] a limit or a schedule of what is not registered is an error when the Worker is made", () => {
    const made = () => new WorkflowRuntime().registerWorkflowWithName("import", () => "done");
    expect(() => createWorker(made().limit("imports", { workflow: "imprt", concurrency: 1 }))).toThrow(
      new TypeError("limit 'imports': the workflow 'imprt' is not registered. Registered: import"),
    );
    expect(() => createWorker(made().schedule("nightly", { workflow: "imprt", interval: "1h" }))).toThrow(
      new TypeError("schedule 'nightly': the workflow 'imprt' is not registered. Registered: import"),
    );
  });

  it.each([{ maxBodyBytes: 5 }, {}, "runtime", class Runtime {}])("[W14.4] a runtime is none of these: %j", (given) => {
    expect(() => createWorker(given as unknown as WorkflowRuntime)).toThrow(
      "createWorker takes a WorkflowRuntime, found ",
    );
  });
});
