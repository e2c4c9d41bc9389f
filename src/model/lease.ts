/*
 * What instances and limiters say to each other. Old and new code talk to each other during a deploy: fields are only ever added, and
 * added as optional ones. Each call may come twice, late and out of order.
 */

/** A lease is over so long after it was given or last renewed. */
export const LEASE_MS = 60_000;
/** So long after that it is renewed. */
export const RENEW_MS = 20_000;

/** An instance wants a lease, or still has it: the same call asks and renews. */
export interface LeaseAsk {
  /** Of the instance, the same each time that it is asked for. */
  readonly lease: string;
  /** The queue that it waits in. */
  readonly key: string;
  /** Grows from one life of the object to the next: what comes late from the one before is known by it. */
  readonly seq: number;
  /** It has begun under a lease that it has lost: it comes before those that have not begun. */
  readonly isBegun?: boolean | undefined;
}

/** It does not want it any more. */
export type LeaseRelease = Pick<LeaseAsk, "lease" | "seq">;

export interface LeaseRequest {
  readonly instanceId: string;
  readonly asks: readonly LeaseAsk[];
  readonly releases: readonly LeaseRelease[];
}

export type LeaseState =
  | { readonly type: "held"; readonly untilMs: number }
  | { readonly type: "waiting" }
  /** A later number of this lease is known. */
  | { readonly type: "stale"; readonly seq: number };

/** Leases that have been given to one who waits. */
export interface LeaseGrant {
  readonly leases: readonly (LeaseRelease & { readonly untilMs: number })[];
}

/** Where one is that waits. */
export interface LeasePlace {
  readonly key: string;
  /** In the queue of its key, the first is 1. */
  readonly position: number;
  /** So many come before it, of all keys, as they wait now. */
  readonly ahead: number;
  readonly sinceMs: number;
}

/** One object of a limit, as instances know it. */
export interface LimiterPeer {
  /** The state of each that is asked for, in their order, when that is on disk. */
  lease(request: LeaseRequest): Promise<readonly LeaseState[]>;
  /** Of each, in their order; `undefined`: it does not wait. */
  places(instanceId: string, leases: readonly string[]): Promise<readonly (LeasePlace | undefined)[]>;
}

/** An instance, as limiters know it. */
export interface LeaseHolder {
  /** Of each, in their order: whether it is wanted. One that is not comes back. */
  leaseGranted(grant: LeaseGrant): Promise<readonly boolean[]>;
}
