// Schedules as the HTTP API has them: objects whose tables are real, in this process, and instances that say what a test has them say.
import type { StartRequest, StartResult } from "../../../src/instance/protocol.ts";
import type { Schedules } from "../../../src/schedules/binding.ts";
import { hashOf } from "../../../src/schedules/deployments.ts";
import { Schedule } from "../../../src/schedules/schedule.ts";
import { ScheduleIndex } from "../../../src/schedules/schedule-index.ts";
import { IndexStore } from "../../../src/schedules/store/index-store.ts";
import { ScheduleStore } from "../../../src/schedules/store/schedule-store.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { NOW_MS } from "./support.ts";

export interface FakeSchedules extends Schedules {
  /** What the instances were asked to start. */
  readonly started: StartRequest[];
  readonly clock: { nowMs: number };
  /** Its alarm rings, if it is set and due. */
  ring(id: string): Promise<void>;
}

/** `fault`: what every schedule throws. */
export function schedulesOf(given: { readonly start?: StartResult; readonly fault?: Error } = {}): FakeSchedules {
  const { start = { ok: true }, fault } = given;
  const clock = { nowMs: NOW_MS };
  const started: StartRequest[] = [];
  const schedules = new Map<string, Schedule>();
  const alarms = new Map<string, number>();
  const index = new ScheduleIndex({
    store: new IndexStore(new MemoryDatabase().port()),
    now: () => clock.nowMs,
    schedule: (id) => made(id),
    log: () => undefined,
  });
  const made = (id: string): Schedule => {
    if (fault !== undefined) throw fault;
    const found = schedules.get(id);
    if (found !== undefined) return found;
    const db = new MemoryDatabase();
    const schedule = new Schedule({
      id,
      store: new ScheduleStore(db.port()),
      now: () => clock.nowMs,
      alarm: {
        initialMs: undefined,
        set: (atMs) => void alarms.set(id, atMs),
        clear: () => void alarms.delete(id),
      },
      instance: () => ({
        start: async (request) => {
          started.push(request);
          return start;
        },
        describe: async () => undefined,
        cancel: async () => ({ ok: true }),
        terminate: async () => ({ ok: true }),
      }),
      index: () => index,
      deployment: () => ({ hash: hashOf([]), declarations: [] }),
      cipher: { seal: async (text) => text, open: async (stored) => stored },
      wipe: async () => db.dropAll(),
      log: () => undefined,
    });
    schedules.set(id, schedule);
    return schedule;
  };
  return {
    started,
    clock,
    ring: async (id) => {
      if ((alarms.get(id) ?? Number.POSITIVE_INFINITY) <= clock.nowMs) await made(id).alarm();
    },
    schedule: made,
    index: () => {
      if (fault !== undefined) throw fault;
      return index;
    },
  };
}
