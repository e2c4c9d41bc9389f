// Limits as the HTTP API has them: real limiters in this process, with leases that are held and waited for.
import { Limiter } from "../../../src/limits/limiter.ts";
import { MemoryLedger } from "../../../src/limits/memory-ledger.ts";
import type { LimitsReach } from "../../../src/limits/overview.ts";
import { type Limit, Limits, limiterNames } from "../../../src/model/limit.ts";
import { DAY } from "../catalog/support.ts";

export const CARDS: Limit = {
  name: "cards",
  kind: "activity",
  target: "charge",
  concurrency: 2,
  rate: { count: 100, perMs: 60_000 },
  parts: 1,
};
export const IMPORTS: Limit = { name: "imports", kind: "workflow", target: "import", concurrencyPerKey: 1, parts: 2 };

interface Given {
  /** One part of those that have several does not answer. */
  readonly missing?: boolean;
  /** Keys that ask for a lease of `cards`, in order. */
  readonly asks?: readonly string[];
}

export function limitsOf({ missing = false, asks = ["a", "a", "a", "b", "a"] }: Given = {}): LimitsReach {
  const limits = new Limits();
  for (const limit of [IMPORTS, CARDS]) limits.add(limit);
  const limiters = new Map(limits.all.flatMap(limiterNames).map((name) => [name, limiterOf(name, limits)]));
  asks.forEach((key, n) => {
    const asked = { lease: "l", key, seq: 1 };
    void limiters.get("cards")?.lease({ instanceId: `i${n}`, asks: [asked], releases: [] });
  });
  const unreachable = () => Promise.reject(new Error("cannot be reached"));
  const silent = { health: unreachable, positions: unreachable };
  return {
    declared: () => limits.all,
    partsOf: (limit) =>
      limiterNames(limit).map((name, n) => (missing && n === 1 ? silent : (limiters.get(name) ?? silent))),
    schedule: () => () => undefined,
  };
}

function limiterOf(name: string, limits: Limits): Limiter {
  return new Limiter({
    ledger: new MemoryLedger(),
    name,
    quota: limits.quotaOf(name) ?? {},
    now: () => DAY,
    schedule: () => () => undefined,
    durable: async () => undefined,
    alarm: { initialMs: undefined, set: () => undefined },
    holder: () => ({ leaseGranted: async () => [true] }),
    log: () => undefined,
  });
}
