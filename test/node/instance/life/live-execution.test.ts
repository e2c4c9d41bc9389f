// [I18] An execution is made again from its history, or given up, never both.
import { describe, expect, it } from "vitest";
import { Registry } from "../../../../src/engine/registry.ts";
import { LiveExecution } from "../../../../src/instance/life/live-execution.ts";
import type { HistoryEvent } from "../../../../src/model/history-event.ts";
import type { InstanceRecord } from "../../../../src/storage/instance-row.ts";
import { UnreadableError } from "../../../../src/storage/unreadable-error.ts";
import { Vault } from "../../../../src/storage/vault.ts";
import { MemoryStore } from "../../../../src/testing/memory-store.ts";
import { gate, toyCipher } from "../support.ts";
import { portsAlone, RECORD } from "./alone.ts";

const record: InstanceRecord = { ...RECORD, status: "PENDING" };
const started: HistoryEvent = {
  timestampMs: 0,
  type: "ExecutionStarted",
  name: "main",
  executionId: "e1",
  generation: 0,
};

/** It reads one stored history, and counts how often. */
function liveExecution(): { readonly live: LiveExecution; reads(): number } {
  const registry = new Registry();
  registry.addWorkflow("main", () => "done");
  let reads = 0;
  const store = new MemoryStore();
  store.history = () => {
    reads++;
    return [started];
  };
  return { live: new LiveExecution(portsAlone({ store, registry }), { isClosed: false }), reads: () => reads };
}

it("[I18.28] An execution that was dropped while it was loaded is not used: the next one is made from the database", async () => {
  const { live, reads } = liveExecution();
  const loaded = await live.load(record);
  if (loaded === undefined) throw new Error("nothing was loaded");
  live.drop();
  expect([live.keep(loaded), live.orchestration, live.isRead, reads()]).toEqual([undefined, undefined, false, 1]);

  const again = await live.load(record);
  if (again === undefined) throw new Error("nothing was loaded");
  expect(live.keep(again)).toBe(again.orchestration);
  expect([live.orchestration === again.orchestration, reads()]).toEqual([true, 2]);
  expect(again.orchestration).not.toBe(loaded.orchestration);
});

it("[I18.29] A history that was read while the execution was made from the same is let go when that is kept", async () => {
  const { live, reads } = liveExecution();
  const loaded = await live.load(record);
  if (loaded === undefined) throw new Error("nothing was loaded");
  await live.read();
  expect([live.isRead, live.keep(loaded)]).toEqual([true, loaded.orchestration]);
  await live.load(record);
  expect(reads()).toBe(3);
});

describe("[I30.6] A history that cannot be read", () => {
  async function reading(meanwhile: (live: LiveExecution, life: { isClosed: boolean }) => void) {
    const opened = gate();
    const open = async () => {
      await opened.promise;
      throw new UnreadableError("The key is gone");
    };
    const vault = new Vault({ ...toyCipher("k")(), open });
    const store = new MemoryStore();
    store.history = () => {
      vault.decode("enc:k:text");
      return [started];
    };
    const life = { isClosed: false };
    const live = new LiveExecution(portsAlone({ store, vault }), life);
    const read = live.read();
    meanwhile(live, life);
    opened.open();
    return read;
  }

  it("[I30.6] is told of by whoever reads it", async () => {
    await expect(reading(() => undefined)).rejects.toThrow("The key is gone");
  });

  it("[I30.6] is nobody's any more when the life was closed meanwhile, or the execution dropped", async () => {
    expect(await reading((_, life) => (life.isClosed = true))).toBeUndefined();
    expect(await reading((live) => live.drop())).toBeUndefined();
  });
});
