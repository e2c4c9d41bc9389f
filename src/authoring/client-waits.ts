import { TimeoutError } from "./client-errors.ts";
import { isLost, pauseMs, sleep } from "./lost-connection.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import { ifThere, type WorkflowApi } from "./workflow-api.ts";
import { type WireState, WorkflowState } from "./workflow-state.ts";

export type WaitedFor = "started" | "completed";

/** The longest that one request waits for a state; longer waits take several. */
const MAX_POLL_SECONDS = 30;
/** Between two requests to a server that does not wait: Dapr's own ignores `waitFor`. */
const POLL_PAUSE_MS = 200;
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

function hasReached(until: WaitedFor, { runtimeStatus }: WorkflowState): boolean {
  return until === "started" ? runtimeStatus !== WorkflowRuntimeStatus.PENDING : ENDED.has(runtimeStatus);
}

export interface StateWait {
  readonly until: WaitedFor;
  readonly instanceId: string;
  /** Where it is asked. */
  readonly path: string;
  readonly fetchPayloads: boolean;
}

/** A wait takes several requests. Where one is lost it is asked again, as long as there is time. */
export async function waitForState(
  api: WorkflowApi,
  { until, instanceId, path, fetchPayloads }: StateWait,
  deadline: Deadline,
): Promise<WorkflowState | undefined> {
  for (let failures = 0; ; ) {
    const query = { fetchPayloads, waitFor: until, timeoutSeconds: deadline.pollSeconds() };
    let fault: unknown;
    try {
      const state = stateOf(await ifThere(api.readWithin(deadline.patienceMs(), path, query)));
      if (state === undefined || hasReached(until, state)) return state;
      failures = 0;
    } catch (error) {
      if (!isLost(error)) throw error;
      fault = error;
      failures++;
    }
    if (deadline.hasPassed()) {
      const what = until === "started" ? "has not started" : "has not ended";
      throw deadline.error(instanceId, api.urlOf(path), what, fault);
    }
    await sleep(deadline.cut(failures === 0 ? POLL_PAUSE_MS : pauseMs(failures)));
  }
}

export function stateOf(wire: unknown): WorkflowState | undefined {
  return wire === undefined ? undefined : new WorkflowState(wire as WireState);
}
