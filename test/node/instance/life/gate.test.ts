// [I28] The gate: while a purge is under way, no request is served, and each is when it has ended.
import { describe, expect, it } from "vitest";
import { Registry } from "../../../../src/engine/registry.ts";
import { Instance } from "../../../../src/instance/instance.ts";
import { Gate } from "../../../../src/instance/life/gate.ts";
import type { InstanceApi, InstancePeer } from "../../../../src/instance/protocol.ts";
import { MemoryStore } from "../../../../src/testing/memory-store.ts";
import { drainMicrotasks } from "../timeline.ts";
import { portsAlone } from "./alone.ts";

/** An instance that waits for an event, and whose purge is over when `finish` is called; with `error`, in vain. */
async function purgedInstance() {
  const registry = new Registry();
  registry.addWorkflow("main", async function* (ctx): AsyncGenerator {
    yield ctx.waitForExternalEvent("never");
  });
  const store = new MemoryStore();
  let finish: (error?: Error) => void = () => undefined;
  const wipe = () =>
    new Promise<void>((resolve, reject) => {
      finish = (error) => {
        if (error !== undefined) return reject(error);
        store.wipe();
        resolve();
      };
    });
  const instance = new Instance(portsAlone({ store, registry, wipe, newId: () => "e1" }));
  await instance.open();
  await instance.start({ instanceId: "a", name: "main", requestId: "r1" });
  const purged = instance.purge({ recursive: false, force: true }).catch((error: Error) => error.message);
  await drainMicrotasks();
  return { instance, purged, finish: (error?: Error) => finish(error) };
}

type Requests = { readonly [method in keyof (InstanceApi & InstancePeer)]: (instance: Instance) => Promise<unknown> };

/** Every method that can be called from outside, and what it answers where no instance is. */
const REQUESTS: Requests = {
  start: (a) => a.start({ instanceId: "a", name: "main", requestId: "r2" }),
  // The one that is asked for its history is not there.
  rerun: (a) => a.rerun({ requestId: "r4", sourceInstanceId: "s", eventId: 0 }).catch((error: Error) => error.message),
  readForRerun: (a) => a.readForRerun({ eventId: 0, hasInput: false, from: 0 }),
  restart: (a) => a.restart({ requestId: "r3" }),
  describe: (a) => a.describe({ payloads: true }),
  waitFor: (a) => a.waitFor("ended", { timeoutMs: 0, payloads: true }),
  raiseEvent: (a) => a.raiseEvent({ name: "n", messageId: "m" }),
  suspend: (a) => a.suspend({}),
  resume: (a) => a.resume({}),
  cancel: (a) => a.cancel({}),
  rewind: (a) => a.rewind({ requestId: "w" }),
  changeVersion: (a) => a.changeVersion({ requestId: "v", version: "2" }),
  hasTaken: (a) => a.hasTaken({ executionId: "x", taskId: 1 }),
  query: (a) => a.query({ name: "q" }),
  update: (a) => a.update({ updateId: "u", name: "u", timeoutMs: 0 }),
  history: (a) => a.history({ from: 0, limit: 10 }),
  timeline: (a) => a.timeline({ limit: 10 }),
  terminate: (a) => a.terminate({ recursive: true }),
  purge: (a) => a.purge({ recursive: true }),
  deliver: (a) => a.deliver({ version: 1, type: "RaiseEvent", name: "n", messageId: "m", input: undefined }),
  findActive: (a) => a.findActive({ asChildOf: "p" }),
};

const NOT_FOUND = { ok: false, code: "NOT_FOUND" };
const OF_NONE: Readonly<Record<string, unknown>> = {
  start: { ok: true },
  describe: undefined,
  waitFor: undefined,
  history: undefined,
  timeline: undefined,
  deliver: { accepted: true },
  findActive: undefined,
  hasTaken: false,
  rerun: "There is no other instance",
  readForRerun: { ok: false, code: "NOT_FOUND", message: "workflow instance does not exist with ID 'a'" },
};

describe("[I28] Requests while a purge is under way", () => {
  for (const [method, ask] of Object.entries(REQUESTS)) {
    it(`[I28.1] ${method} waits, and is answered as where no instance is`, async () => {
      const { instance, purged, finish } = await purgedInstance();
      let answer: unknown = "none yet";
      const asked = ask(instance).then((given) => {
        answer = given;
      });
      await drainMicrotasks();
      expect(answer).toBe("none yet");
      finish();
      await asked;
      expect([answer, await purged]).toEqual([method in OF_NONE ? OF_NONE[method] : NOT_FOUND, { ok: true }]);
    });
  }

  it("[I28.2] a purge that fails lets them through to the instance that goes on", async () => {
    const { instance, purged, finish } = await purgedInstance();
    const described = instance.describe({ payloads: false });
    await drainMicrotasks();
    finish(new Error("the disk is full"));
    expect([(await described)?.status, await purged]).toEqual(["RUNNING", "the disk is full"]);
  });

  it("[I28.3] an alarm waits, too, and then there is nothing to do", async () => {
    const { instance, purged, finish } = await purgedInstance();
    let isOver = false;
    const rung = instance.alarm({ retryCount: 0, scheduledTime: 0 }).then(() => {
      isOver = true;
    });
    await drainMicrotasks();
    expect(isOver).toBe(false);
    finish();
    await rung;
    expect([isOver, await purged, await instance.describe({ payloads: false })]).toEqual([
      true,
      { ok: true },
      undefined,
    ]);
  });

  it("[I28.4] one whose purge this one is part of is told at once that nothing is active: it would wait for itself", async () => {
    const { instance, finish } = await purgedInstance();
    expect(await instance.findActive({ asChildOf: "p", above: ["a"] })).toBe(undefined);
    finish();
  });

  it("[I28.5] another purge that begins while one is waited for is waited for as well", async () => {
    const gate = new Gate();
    let passed = false;
    gate.shut(Promise.resolve());
    const pass = gate.pass(async () => {
      passed = true;
    });
    let finish: () => void = () => undefined;
    gate.shut(new Promise<void>((resolve) => (finish = resolve)));
    await drainMicrotasks();
    expect(passed).toBe(false);
    gate.open();
    finish();
    await pass;
    expect(passed).toBe(true);
  });
});
