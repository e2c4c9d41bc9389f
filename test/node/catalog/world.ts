import { Shard } from "../../../src/catalog/shard.ts";
import { ShardStore } from "../../../src/catalog/store/shard-store.ts";
import type { Announced, CatalogEntry, Departure, Presence } from "../../../src/model/catalog-entry.ts";
import type { LogLine } from "../../../src/model/log.ts";
import type { RetentionPolicy } from "../../../src/model/retention.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { NOW } from "./support.ts";

/** Time passes when the test says so; whatever falls due in it happens, in order. */
export class Clock {
  nowMs: number;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  schedule(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  async advance(ms: number): Promise<void> {
    await this.to(this.nowMs + ms);
  }

  async to(nowMs: number): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      const [next] = this.#timers.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.callback();
    }
    this.nowMs = Math.max(this.nowMs, nowMs);
  }
}

type Answer = Presence | (() => Presence | Promise<Presence>);

interface Start {
  readonly alarmAtMs?: number | undefined;
  readonly nowMs?: number | undefined;
  readonly db?: MemoryDatabase | undefined;
  readonly instances?: Map<string, Answer> | undefined;
  readonly retention?: RetentionPolicy | undefined;
}

/** So long a commit takes. */
export const COMMIT_MS = 1;

/** A shard, and all that it has of the world. An instance that is not in `instances` cannot be reached. */
export function openWorld(start: Start = {}) {
  const { alarmAtMs, nowMs = NOW, db = new MemoryDatabase(), instances = new Map(), retention = {} } = start;
  const clock = new Clock(nowMs);
  const lines: LogLine[] = [];
  const asked: string[] = [];
  const expired: Departure[] = [];
  const fault: { before: ((statement: string) => void) | undefined } = { before: undefined };
  const alarm = { atMs: alarmAtMs, sets: 0 };
  const transactions = { count: 0 };
  const port = db.port((statement) => fault.before?.(statement));
  const store = new ShardStore(
    {
      ...port,
      transaction: (change) => {
        transactions.count++;
        return port.transaction(change);
      },
    },
    "0-0",
    "e",
  );
  store.open();
  const shard = new Shard({
    store,
    name: "0-0",
    now: () => clock.nowMs,
    schedule: (ms, callback) => clock.schedule(ms, callback),
    durable: () => new Promise((resolve) => void clock.schedule(COMMIT_MS, resolve)),
    alarm: {
      initialMs: alarmAtMs,
      set: (atMs) => {
        alarm.atMs = atMs;
        alarm.sets++;
      },
    },
    retention,
    source: (instanceId) => {
      const answer = async () => {
        const said = instances.get(instanceId);
        if (said === undefined) throw new Error("cannot be reached");
        return typeof said === "function" ? said() : said;
      };
      return {
        presence: () => {
          asked.push(instanceId);
          return answer();
        },
        expire: (life) => {
          expired.push(life);
          return answer();
        },
      };
    },
    log: (line) => void lines.push(line),
  });
  /** With time for its flush. */
  const flushed = async (answer: Promise<Announced>): Promise<Announced> => {
    await clock.advance(5);
    return answer;
  };
  return {
    shard,
    clock,
    db,
    instances: instances as Map<string, Answer>,
    lines,
    asked,
    /** Who was told that its time is over. */
    expired,
    fault,
    alarm,
    transactions,
    announce: (entry: CatalogEntry, seq: number) => flushed(shard.announce({ entry, seq })),
    depart: (type: "leave" | "forget", { instanceId, createdAtMs }: CatalogEntry, seq: number) =>
      flushed(shard[type]({ instanceId, createdAtMs, seq })),
    /** The alarm rings, and does all that it has to do. */
    async ring(): Promise<void> {
      alarm.atMs = undefined;
      let isRinging = true;
      const ringing = shard.alarm().finally(() => {
        isRinging = false;
      });
      for (;;) {
        await new Promise(setImmediate);
        if (!isRinging) return ringing;
        await clock.advance(5);
      }
    },
  };
}
