// What belongs to an instance, tested on its own, without a world.
import { Registry } from "../../../../src/engine/registry.ts";
import { defaultLimits } from "../../../../src/instance/limits.ts";
import type { InstancePorts } from "../../../../src/instance/ports.ts";
import type { InstanceRecord } from "../../../../src/storage/instance-row.ts";
import { MemorySockets } from "../../../../src/testing/memory-sockets.ts";
import { MemoryStore } from "../../../../src/testing/memory-store.ts";

export const RECORD: InstanceRecord = {
  instanceId: "a",
  name: "main",
  status: "RUNNING",
  executionId: "e1",
  generation: 0,
  createdAtMs: 0,
};

/** An object that is alone, whose clock stands still: all but what is given does nothing. */
export function portsAlone(given: Partial<InstancePorts>): InstancePorts {
  return {
    store: new MemoryStore(),
    registry: new Registry(),
    limits: defaultLimits,
    clock: { now: () => 0, delay: () => Promise.resolve(), schedule: () => () => undefined },
    sockets: new MemorySockets({ message: () => undefined, closed: () => undefined, whenWritten: (send) => send() }),
    alarm: { get: async () => null, set: () => undefined, clear: () => undefined },
    instanceId: () => "a",
    newId: () => "e2",
    peer: () => {
      throw new Error("There is no other instance");
    },
    sync: async () => undefined,
    wipe: async () => undefined,
    abort: () => undefined,
    log: () => undefined,
    ...given,
  };
}
