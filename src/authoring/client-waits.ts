import { TimeoutError } from "./client-errors.ts";
import { CutOffError, isLost, pauseMs, sleep } from "./lost-connection.ts";
import { WorkflowRuntimeStatus } from "./runtime-status.ts";
import { type Answer, bodyOf, ifThere, segment, type WorkflowApi } from "./workflow-api.ts";
import { type WireState, WorkflowState } from "./workflow-state.ts";

export type WaitedFor = "started" | "completed";

/** The longest that one request waits for a state; longer waits take several. */
const MAX_POLL_SECONDS = 30;
/** Between two requests to a server that does not wait: Dapr's own ignores `waitFor`. */
const POLL_PAUSE_MS = 200;
/** How long after its time an answer may come before its connection counts as lost. */
const GRACE_MS = 10_000;
const LAST_GRACE_MS = 5_000;

/** The time that a caller gives a wait, by a clock that nobody sets. */
export class Deadline {
  readonly #seconds: number;
  readonly #atMs: number;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.#atMs = performance.now() + seconds * 1000;
  }

  hasPassed(): boolean {
    return performance.now() >= this.#atMs;
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
    return this.#atMs - performance.now();
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

/** A wait takes several requests. Where one is lost it is asked again, as long as there is time. `first` is the state of an answer before. */
export async function waitForState(
  api: WorkflowApi,
  { until, instanceId, path, fetchPayloads }: StateWait,
  deadline: Deadline,
  first?: WorkflowState,
): Promise<WorkflowState | undefined> {
  if (first !== undefined && hasReached(until, first)) return first;
  for (let failures = 0; ; ) {
    const query = { fetchPayloads, waitFor: until, timeoutSeconds: deadline.pollSeconds() };
    let fault: unknown;
    try {
      const state = stateOf(await ifThere(api.askWithin(deadline.patienceMs(), path, query)));
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

export interface UpdateWait {
  readonly instanceId: string;
  readonly path: string;
  readonly updateID: string;
  readonly reason: string | undefined;
  readonly payload: string | undefined;
}

/** Hands an update in until its result is there. It has an ID, so that it counts once; after a fault it is not sent again all the same. */
export async function waitForUpdate(
  api: WorkflowApi,
  { instanceId, path, updateID, reason, payload }: UpdateWait,
  deadline: Deadline,
): Promise<Answer> {
  const late = (cause?: unknown) =>
    deadline.error(instanceId, api.urlOf(segment(instanceId)), `has not ended update '${updateID}'`, cause);
  for (;;) {
    const query = { updateID, timeoutSeconds: deadline.pollSeconds(), reason };
    const asked = api.changeWithin(deadline.patienceMs(), path, query, payload);
    const answer = await asked.catch((error: unknown) => {
      throw error instanceof CutOffError && deadline.hasPassed() ? late(error) : error;
    });
    if (answer.status !== 202) return answer;
    if (deadline.hasPassed()) throw late();
    await sleep(deadline.cut(POLL_PAUSE_MS));
  }
}

export function stateOf(answer: Answer | undefined): WorkflowState | undefined {
  if (answer === undefined) return undefined;
  const wire = bodyOf(
    answer,
    "state",
    ({ instanceID, runtimeStatus }) =>
      typeof instanceID === "string" && typeof WorkflowRuntimeStatus[runtimeStatus as "RUNNING"] === "number",
  );
  return new WorkflowState(wire as WireState);
}
