import type { FailureDetails } from "../model/failure.ts";
import { TaskCanceledError, TaskFailedError } from "./errors.ts";
import { Task } from "./task.ts";

/** A task that the engine completes: an activity, a timer, an external event or a child workflow. */
export class CompletableTask<T = unknown> extends Task<T> {
  /** Throws `Error("Task is already completed")` the second time. */
  complete(result: T): void {
    this.settle(result);
  }

  /** Throws `Error("Task is already completed")` the second time. */
  fail(message: string, details: FailureDetails): void {
    this.settleFailed(new TaskFailedError(message, details));
  }
}

/** A task that the workflow may call off: a timer, or a wait for an event. */
export class CancelableTask<T = unknown> extends CompletableTask<T> {
  readonly #what: string;
  #onEnd: (() => void)[] = [];

  /** `what` is for the error of those who wait for it although it was canceled. */
  constructor(what: string) {
    super();
    this.#what = what;
  }

  /** Ends the task: whoever waits for it gets a TaskCanceledError. False when it had ended before. A call as those of the context. */
  cancel(): boolean {
    this.owner?.check("cancel");
    return this.callOff();
  }

  /** @internal */
  callOff(): boolean {
    return this.endWith(new TaskCanceledError(this.#what));
  }

  /** @internal */
  endWith(error: Error): boolean {
    if (this.isComplete) return false;
    this.settleFailed(error);
    this.#tellEnd();
    return true;
  }

  /** Whether `cancel` ended it. */
  get isCanceled(): boolean {
    return this.isFailed && this.getException() instanceof TaskCanceledError;
  }

  /** @internal To be called once, when the task has ended in whatever way. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback);
  }

  override complete(result: T): void {
    super.complete(result);
    this.#tellEnd();
  }

  #tellEnd(): void {
    const callbacks = this.#onEnd;
    this.#onEnd = [];
    for (const callback of callbacks) callback();
  }
}
