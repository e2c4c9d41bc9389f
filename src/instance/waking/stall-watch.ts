import type { Stall } from "../../engine/stall.ts";
import { type HistoryEvent, type HistoryFact, isDaprStall } from "../../model/history-event.ts";
import type { InstancePorts } from "../ports.ts";

/** By how many milliseconds after a full second an alarm tells that it was put off. */
const PUT_OFF_MARK = 7;

/**
 * Whether an alarm for this time was set by code that could not read the instance, in the place of one that had rung. One in
 * 1,000 others is taken for such a one, and somebody looks in vain.
 */
export function isPutOffTo(atMs: number): boolean {
  return atMs % 1_000 === PUT_OFF_MARK;
}

/** Without its code, which does not fit. In stalls that Dapr has, Dapr refuses it. */
export function isEndedByTerminate(stall: Stall | undefined): boolean {
  return stall !== undefined && !isDaprStall(stall.reason);
}

/** What needs no answer of the code is kept for the code that fits. */
const KEPT: ReadonlySet<HistoryFact["type"]> = new Set([
  "EventRaised",
  "ExecutionSuspended",
  "ExecutionResumed",
  "ExecutionCancelRequested",
  "ExecutionTerminated",
]);

export function isTakenWhileStalled({ type }: HistoryFact, stall: Stall | undefined): boolean {
  return isEndedByTerminate(stall) && KEPT.has(type);
}

/**
 * When a stalled instance looks for other code again. A deploy wakes nobody, so it looks by itself: the longer it has been
 * stalled, the longer the pause.
 */
export class StallWatch {
  readonly #ports: InstancePorts;
  #retryAtMs = Number.POSITIVE_INFINITY;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  get retryAtMs(): number {
    return this.#retryAtMs;
  }

  get isDue(): boolean {
    return this.#retryAtMs <= this.#ports.clock.now();
  }

  /** The instance cannot even be read: since when is not known, so the pause is the longest. */
  beginLong(): void {
    const atMs = this.#ports.clock.now() + this.#ports.limits.stallRetryMaxMs;
    this.#retryAtMs = Math.floor(atMs / 1_000) * 1_000 + PUT_OFF_MARK;
  }

  /** The instance is stalled, just now or, as its history says, since a while. */
  begin(history: readonly HistoryEvent[] = []): void {
    const { stallRetryMinMs, stallRetryMaxMs } = this.#ports.limits;
    const nowMs = this.#ports.clock.now();
    const last = history.at(-1);
    const sinceMs = last?.type === "ExecutionStalled" ? nowMs - last.timestampMs : 0;
    this.#retryAtMs = nowMs + Math.min(Math.max(sinceMs, stallRetryMinMs), stallRetryMaxMs);
  }
}
