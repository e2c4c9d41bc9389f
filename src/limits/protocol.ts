import type { LimiterPeer } from "../model/lease.ts";
import type { Queue } from "./ledger.ts";

/*
 * What the HTTP API asks of a limiter. Old and new code talk to each other during a deploy: fields are only ever added, and added as
 * optional ones.
 */

export interface LimiterHealth {
  readonly running: number;
  readonly waiting: number;
  /** The keys with which most wait. */
  readonly queues: readonly (Queue & { readonly running: number })[];
  /** How many keys something waits with. */
  readonly keys: number;
  readonly oldestSinceMs?: number | undefined;
}

/** What a limiter can be asked. */
export interface LimiterApi extends LimiterPeer {
  health(mostQueues: number): Promise<LimiterHealth>;
  /** Of those instances of which something waits: the place of the first, in the queue of its key, from 1. */
  positions(instanceIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
