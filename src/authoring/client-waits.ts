import { TimeoutError } from "./client-errors.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import type { WorkflowState } from "./workflow-state.ts";

export type WaitedFor = "started" | "completed";

/** The longest that one request waits for a state; longer waits take several. */
const MAX_POLL_SECONDS = 30;
/** How long after its time an answer may come before its connection counts as lost. */
const GRACE_MS = 10_000;
const LAST_GRACE_MS = 5_000;

/** The time that a caller gives a wait. */
export class Deadline {
  readonly #seconds: number;
  readonly #atMs: number;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#atMs = Date.now() + seconds * 1000;
  }

  hasPassed(): boolean {
    return Date.now() >= this.#atMs;
  }

  /** How long the next request is to wait. */
  pollSeconds(): number {
    return Math.ceil(Math.min(Math.max(this.#leftMs(), 0), MAX_POLL_SECONDS * 1000)) / 1000;
  }

  /** How long its answer is waited for. */
  patienceMs(): number {
    return Math.min(this.pollSeconds() * 1000 + GRACE_MS, Math.max(this.#leftMs(), 0) + LAST_GRACE_MS);
  }

  /** A pause, or what is left of the time. */
  cut(ms: number): number {
    return Math.min(ms, Math.max(this.#leftMs(), 0));
  }

  error(instanceId: string, url: string, what: string, cause?: unknown): TimeoutError {
    return new TimeoutError({ instanceId, url, seconds: this.#seconds, what, cause });
  }

  #leftMs(): number {
    return this.#atMs - Date.now();
  }
}

const ENDED = new Set([
  WorkflowRuntimeStatus.COMPLETED,
  WorkflowRuntimeStatus.FAILED,
  WorkflowRuntimeStatus.CANCELED,
  WorkflowRuntimeStatus.TERMINATED,
]);

export function hasReached(until: WaitedFor, { runtimeStatus }: WorkflowState): boolean {
  return until === "started" ? runtimeStatus !== WorkflowRuntimeStatus.PENDING : ENDED.has(runtimeStatus);
}
