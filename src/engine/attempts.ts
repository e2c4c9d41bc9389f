import type { Call } from "../model/action.ts";
import type { FailureDetails } from "../model/failure.ts";
import type { AttemptDetails } from "../model/history-event.ts";
import type { Answered } from "./answers.ts";
import type { CodeWatch } from "./code-watch.ts";
import type { CompletableTask } from "./completable-task.ts";
import { type RetryDecision, type RetryHandler, type RetryPolicy, retryDelayMs } from "./retry.ts";

/** By which method of its context the code calls something that can be retried. */
export type CallMethod = "callActivity" | "callChildWorkflow";

export interface RetriedCall {
  readonly method: CallMethod;
  /** Of the activity or workflow. */
  readonly name: string;
  readonly retry: RetryPolicy | RetryHandler | undefined;
  /** No attempt begins later than this, in milliseconds since 1970. */
  readonly deadlineAtMs?: number | undefined;
  /** The action of one attempt, numbered `id`. */
  readonly action: (id: number, attempt: AttemptDetails) => Call;
}

/** What attempts need of their execution. */
export interface AttemptOwner {
  readonly currentTimeMs: number;
  readonly branch: string | undefined;
  readonly chance: { next(): number };
}

/** The calls that the attempts are among. */
export interface AttemptCalls {
  readonly watch: CodeWatch;
  /** One numbered call. Returns its number. */
  ask(answered: Answered | undefined, action: (id: number) => Call, branch?: string): number;
  /** The timer is not waited for any more. */
  timerEnded(id: number): void;
  /** Whether the call that began with this number is retried: not once its execution is over, or was to be canceled. */
  mayRetry(firstId: number): boolean;
}

const first: AttemptDetails = {};

/** The attempts of one call. */
export class Attempts implements Answered {
  readonly #calls: AttemptCalls;
  readonly #owner: AttemptOwner;
  readonly task: CompletableTask;
  readonly #call: RetriedCall;
  readonly #firstAtMs: number;
  /** That has made the call, and all its attempts. */
  readonly #branch: string | undefined;
  #firstId = 0;
  #latestId = 0;
  #attempt = 1;
  /** The instance of the latest attempt, as the history has it. */
  #recordedId: string | undefined;
  /** The timer before another attempt. */
  #pauseId: number | undefined;
  #isStopped = false;

  constructor(calls: AttemptCalls, owner: AttemptOwner, task: CompletableTask, call: RetriedCall) {
    this.#calls = calls;
    this.#owner = owner;
    this.task = task;
    this.#call = call;
    this.#firstAtMs = owner.currentTimeMs;
    this.#branch = owner.branch;
  }

  get isRetried(): boolean {
    return this.#attempt > 1 && this.#call.method === "callActivity";
  }

  get callName(): string {
    return this.#call.name;
  }

  /** The number of the latest attempt. */
  get latestId(): number {
    return this.#latestId;
  }

  get recordedId(): string | undefined {
    return this.#recordedId;
  }

  recordedAs(instanceId: string): void {
    this.#recordedId = instanceId;
  }

  /** No attempt is open: one has failed, and another one comes. */
  get isPausing(): boolean {
    return this.#pauseId !== undefined;
  }

  begin(): void {
    this.#latestId = this.#firstId = this.#calls.ask(this, (id) => this.#call.action(id, first));
  }

  /** No other attempt is made. True in a pause before one, which is not waited for any more: the task does not end by itself then. */
  stop(): boolean {
    this.#isStopped = true;
    if (this.#pauseId === undefined) return false;
    this.#calls.timerEnded(this.#pauseId);
    return true;
  }

  complete(result: unknown): void {
    this.task.complete(result);
  }

  fail(message: string, failure: FailureDetails, progress: string | undefined): void | Promise<void> {
    if (this.#call.retry === undefined || this.#isStopped) return this.task.fail(message, failure);
    const { watch } = this.#calls;
    const awaited = watch.awaitedTasks();
    watch.drives(awaited);
    const decision = this.#decide(failure);
    if (!(decision instanceof Promise)) return this.#goOn(decision, message, failure, progress);
    return decision.then((later) => {
      const fault = awaited.leftOver();
      const isTold = fault === undefined || typeof later === "object";
      this.#goOn(isTold ? later : { fault: fault.message }, message, failure, progress);
    });
  }

  #decide(failure: FailureDetails): RetryDecision | Promise<RetryDecision> {
    const { retry } = this.#call;
    if (retry === undefined || !this.#calls.mayRetry(this.#firstId)) return undefined;
    return retryDelayMs(retry, {
      attempt: this.#attempt,
      failure,
      elapsedMs: this.#owner.currentTimeMs - this.#firstAtMs,
      random: () => this.#owner.chance.next(),
    });
  }

  #goOn(decision: RetryDecision, message: string, failure: FailureDetails, progress: string | undefined): void {
    if (typeof decision === "object") {
      return this.task.fail(`${message} (and it is not called again: ${decision.fault})`, failure);
    }
    const { deadlineAtMs } = this.#call;
    const { currentTimeMs } = this.#owner;
    const isTooLate = deadlineAtMs !== undefined && currentTimeMs + (decision ?? 0) >= deadlineAtMs;
    if (decision === undefined || isTooLate || this.#isStopped) return this.task.fail(message, failure);
    const again = () => {
      const details = { attempt: ++this.#attempt, firstId: this.#firstId, progress };
      this.#pauseId = this.#recordedId = undefined;
      this.#latestId = this.#calls.ask(this, (id) => this.#call.action(id, details), this.#branch);
    };
    if (decision === 0) return again();
    const isRetried = this.#call.method === "callActivity";
    const afterPause = { complete: again, fail: () => undefined, task: this.task, isRetried };
    const fireAtMs = currentTimeMs + decision;
    const pause = (id: number) => ({ type: "CreateTimer", id, fireAtMs, firstId: this.#firstId }) as const;
    this.#pauseId = this.#calls.ask(afterPause, pause, this.#branch);
  }
}
