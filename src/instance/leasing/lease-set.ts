import type { LeaseGrant, LeaseState } from "../../model/lease.ts";
import { type Limit, limiterOf } from "../../model/limit.ts";
import { retryDelayMs } from "../limits.ts";
import { within } from "../patience.ts";
import type { InstancePorts } from "../ports.ts";
import type { Lease } from "./lease.ts";

/** How long a limiter is waited for. */
export const PATIENCE_MS = 10_000;

/** Whose leases they are. */
export interface SetOwner {
  /** While a burst is open, nothing is sent: what it writes is on disk first. */
  readonly burst: { readonly isOpen: boolean };
  /** Somebody has a lease, or has to wait for one. `isOfWorkflow`: its turns may go on, or may not. */
  leaseChanged(isOfWorkflow: boolean): void;
}

/** What goes to one limiter together. */
interface Letter {
  readonly limit: Limit;
  readonly key: string;
  readonly asks: Lease[];
  readonly releases: Lease[];
}

/** The leases that an instance wants, and what it says to the limiters of them. */
export class LeaseSet {
  readonly #ports: InstancePorts;
  readonly #of: SetOwner;
  readonly #leases = new Map<string, Lease>();
  #toRelease: Lease[] = [];
  #lastSeq = 0;

  constructor(ports: InstancePorts, of: SetOwner) {
    this.#ports = ports;
    this.#of = of;
  }

  get all(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  isHeld(id: string): boolean {
    const lease = this.#leases.get(id);
    return lease?.isHeld === true && !lease.isOverAt(this.#ports.clock.now());
  }

  add(lease: Lease): void {
    this.#leases.set(lease.id, lease);
  }

  drop(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    this.#toRelease.push(lease);
  }

  /** Later than those of the lives of the object before this one. */
  nextSeq(): number {
    this.#lastSeq = Math.max(this.#ports.clock.now() * 1_000, this.#lastSeq + 1);
    return this.#lastSeq;
  }

  /** Something is being asked, or is about to be. */
  get isAsking(): boolean {
    const nowMs = this.#ports.clock.now();
    for (const lease of this.#leases.values()) if (lease.isAsking || lease.dueAtMs <= nowMs) return true;
    return false;
  }

  /** When there is something to do about a lease, of what is due later than `afterMs`; infinity for never. */
  nextDueAtMs(afterMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#leases.values()) if (dueAtMs > afterMs && dueAtMs < next) next = dueAtMs;
    return next;
  }

  /** Sends what is due, unless a burst is open: to be called at its end. */
  flush(): void {
    if (this.#of.burst.isOpen) return;
    const nowMs = this.#ports.clock.now();
    const instanceId = this.#ports.instanceId();
    const letters = new Map<string, Letter>();
    const letterTo = ({ limit, key }: Lease): Letter => {
      const to = limiterOf(limit, key, instanceId);
      const letter = letters.get(to) ?? { limit, key, asks: [], releases: [] };
      letters.set(to, letter);
      return letter;
    };
    for (const lease of this.#leases.values()) {
      if (lease.isOverAt(nowMs)) this.#lost(lease);
      if (lease.deadlineMs <= nowMs) this.#begin(lease);
      else if (!lease.isAsking && lease.nextAtMs <= nowMs) {
        // What begins here may come back to this.
        lease.isAsking = true;
        letterTo(lease).asks.push(lease);
      }
    }
    for (const lease of this.#toRelease) letterTo(lease).releases.push(lease);
    this.#toRelease = [];
    for (const letter of letters.values()) void this.#send(letter);
  }

  /** Never rejects. */
  async #send({ limit, key, asks, releases }: Letter): Promise<void> {
    const { limiters, clock } = this.#ports;
    const instanceId = this.#ports.instanceId();
    const request = {
      instanceId,
      asks: asks.map(({ ask }) => ask),
      releases: releases.map(({ id, seq }) => ({ lease: id, seq })),
    };
    const call = limiters && (async () => limiters.limiter(limit, key, instanceId).lease(request));
    const states = call && (await within((ms, callback) => clock.schedule(ms, callback), PATIENCE_MS, call));
    for (const lease of asks) lease.isAsking = false;
    if (states === undefined && asks.length > 0) this.#failed(limit, asks);
    else asks.forEach((lease, n) => void this.#answered(lease, states?.[n]));
    const isOfWorkflow = asks.some(({ of }) => of.type === "workflow");
    this.flush();
    this.#of.leaseChanged(isOfWorkflow);
  }

  #answered(lease: Lease, state: LeaseState | undefined): void {
    if (this.#leases.get(lease.id) !== lease || state === undefined) return;
    const nowMs = this.#ports.clock.now();
    switch (state.type) {
      case "held":
        if (state.untilMs > nowMs) this.#hold(lease, state.untilMs, nowMs);
        return;
      case "waiting":
        if (lease.isHeld) this.#lost(lease);
        return lease.waits(nowMs);
      case "stale":
        this.#lastSeq = Math.max(this.#lastSeq, state.seq);
        lease.seq = this.nextSeq();
        return;
    }
  }

  /** It is told to one who waits. False: nobody here wants it. */
  granted({ leases }: LeaseGrant): boolean[] {
    const nowMs = this.#ports.clock.now();
    let isOfWorkflow = false;
    const wanted = leases.map(({ lease: id, seq, untilMs }) => {
      const lease = this.#leases.get(id);
      if (lease === undefined) return false;
      isOfWorkflow ||= lease.of.type === "workflow";
      // What was given to an earlier life of the object may have been given back since: its limiter is asked whether that still holds.
      if (untilMs > nowMs && seq >= lease.seq) this.#hold(lease, untilMs, nowMs);
      else lease.nextAtMs = nowMs;
      return true;
    });
    this.flush();
    this.#of.leaseChanged(isOfWorkflow);
    return wanted;
  }

  #hold(lease: Lease, untilMs: number, nowMs: number): void {
    lease.held(untilMs, nowMs);
    this.#begin(lease);
  }

  #begin(lease: Lease): void {
    if (lease.hasBegun) return;
    lease.hasBegun = true;
    if (lease.of.type === "activity") lease.of.begin();
  }

  /** What it is for has begun: a run goes on, and the workflow takes no turn until it has it again. */
  #lost(lease: Lease): void {
    lease.lost();
    this.#warn(lease.limit, "a lease was lost: it was not renewed in time");
  }

  #failed(limit: Limit, leases: readonly Lease[]): void {
    const { clock, limits, limiters } = this.#ports;
    for (const lease of leases) {
      lease.failures++;
      lease.nextAtMs = clock.now() + retryDelayMs(limits, lease.failures);
    }
    this.#warn(
      limit,
      limiters === undefined
        ? "the binding WORKFLOW_LIMITER is missing: what is limited waits"
        : "its limiter did not answer: what is limited waits",
    );
  }

  #warn({ name }: Limit, text: string): void {
    this.#ports.log({ level: "warn", msg: "limit", instanceId: this.#ports.instanceId(), limit: name, text });
  }
}
