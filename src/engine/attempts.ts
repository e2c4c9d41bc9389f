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
  ask(answered: Answered, action: (id: number) => Call, branch?: string): number;
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
  #attempt = 1;

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

  begin(): void {
    this.#firstId = this.#calls.ask(this, (id) => this.#call.action(id, first));
  }

  complete(result: unknown): void {
    this.task.complete(result);
  }

  fail(message: string, failure: FailureDetails, progress: string | undefined): void | Promise<void> {
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
    if (decision === undefined || isTooLate) return this.task.fail(message, failure);
    const again = () => {
      const details = { attempt: ++this.#attempt, firstId: this.#firstId, progress };
      this.#calls.ask(this, (id) => this.#call.action(id, details), this.#branch);
    };
    if (decision === 0) return again();
    const isRetried = this.#call.method === "callActivity";
    const afterPause = { complete: again, fail: () => undefined, task: this.task, isRetried };
    const fireAtMs = currentTimeMs + decision;
    const pause = (id: number) => ({ type: "CreateTimer", id, fireAtMs, firstId: this.#firstId }) as const;
    this.#calls.ask(afterPause, pause, this.#branch);
  }
}
