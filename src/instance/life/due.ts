import type { Orchestration } from "../../engine/orchestration.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What a life waits for. Times are in milliseconds since 1970, infinity for never. */
interface Waiting {
  readonly isStalled: boolean;
  readonly outbox: { nextAttemptAtMs(): number };
  readonly stallWatch: { readonly retryAtMs: number };
  readonly orchestration: Pick<Orchestration, "pending"> | undefined;
  readonly queue: { startAtMs(nowMs: number): number; readonly isWaitingForLease: boolean };
  /** No turn before this time. */
  readonly retryAtMs: number;
}

/** When something falls due next, of what is due later than `afterMs`. */
export function nextDueOf(life: Waiting, afterMs: number, nowMs: number): number {
  const deliveryAtMs = ifLater(life.outbox.nextAttemptAtMs(), afterMs);
  if (life.isStalled) return Math.min(ifLater(life.stallWatch.retryAtMs, afterMs), deliveryAtMs);
  // No turn takes what is due meanwhile, and the lease has times of its own.
  if (life.queue.isWaitingForLease) return deliveryAtMs;
  const timerAtMs = ifLater(life.orchestration?.pending.nextTimerAtMs() ?? NEVER, afterMs);
  const startAtMs = ifLater(life.queue.startAtMs(nowMs), afterMs);
  const retryAtMs = life.retryAtMs > nowMs ? ifLater(life.retryAtMs, afterMs) : NEVER;
  return Math.min(deliveryAtMs, timerAtMs, startAtMs, retryAtMs);
}

function ifLater(atMs: number, afterMs: number): number {
  return atMs > afterMs ? atMs : NEVER;
}
