import type { LimitersPort } from "../instance/ports.ts";
import { Limiter } from "../limits/limiter.ts";
import { MemoryLedger } from "../limits/memory-ledger.ts";
import type { LimitsReach } from "../limits/overview.ts";
import type { LeaseHolder } from "../model/lease.ts";
import { type Limit, type Limits, limiterNames, limiterOf } from "../model/limit.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What limiters get from their environment. */
export interface LimitersOptions {
  readonly clock: VirtualClock;
  limits(): Limits;
  holder(instanceId: string): LeaseHolder;
}

const FOR_EVER = { isOver: false };

/**
 * The limiters of an environment, as a deployment has them, in memory and in virtual time. A lease is held until it is given back: no
 * object is lost by chance here, and time would pass in steps of 20 s for nothing.
 */
export class MemoryLimiters implements LimitersPort {
  readonly #options: LimitersOptions;
  readonly #ledgers = new Map<string, MemoryLedger>();
  readonly #limiters = new Map<string, Limiter>();

  constructor(options: LimitersOptions) {
    this.#options = options;
  }

  /** Other code may come: with its limits they begin again, where they were. */
  loseMemory(): void {
    this.#limiters.clear();
  }

  limiter(limit: Limit, key: string, instanceId: string): Limiter {
    return this.#object(limiterOf(limit, key, instanceId));
  }

  /** What the HTTP API has of them. */
  get reach(): LimitsReach {
    return {
      declared: () => this.#options.limits().all,
      partsOf: (limit) => limiterNames(limit).map((name) => this.#object(name)),
      schedule: () => () => undefined,
    };
  }

  #ledger(name: string): MemoryLedger {
    const ledger = this.#ledgers.get(name) ?? new MemoryLedger();
    this.#ledgers.set(name, ledger);
    return ledger;
  }

  #object(name: string): Limiter {
    let limiter = this.#limiters.get(name);
    if (limiter === undefined) {
      const { clock, limits, holder } = this.#options;
      const schedule = (ms: number, callback: () => void) => clock.schedule(ms, callback, FOR_EVER);
      limiter = new Limiter({
        ledger: this.#ledger(name),
        name,
        quota: limits().quotaOf(name) ?? {},
        leaseMs: Number.POSITIVE_INFINITY,
        now: () => clock.nowMs,
        schedule,
        durable: async () => undefined,
        alarm: {
          initialMs: undefined,
          set: (atMs) => void schedule(atMs - clock.nowMs, () => void this.#limiters.get(name)?.alarm()),
        },
        holder,
        log: () => undefined,
      });
      this.#limiters.set(name, limiter);
      limiter.open();
    }
    return limiter;
  }
}
