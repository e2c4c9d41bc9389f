import { describeFailure, isError } from "../model/failure.ts";
import { answerAtOnce } from "./callbacks.ts";
import { CancelableTask } from "./completable-task.ts";

const A_CONDITION = "The condition of waitForCondition";

/** The waits of one execution for conditions. They are asked after each event, when all code waits. */
export class Conditions {
  #open: { readonly holds: () => boolean; readonly task: CancelableTask<void> }[] = [];

  /** A task that ends when the condition holds; complete already when it does now, and what it throws now is thrown here. */
  wait(holds: () => boolean): CancelableTask<void> {
    const holdsNow = answerAtOnce(A_CONDITION, holds());
    const task = new CancelableTask<void>("The wait for a condition");
    if (holdsNow) task.complete();
    else this.#open.push({ holds, task });
    return task;
  }

  get areAwaited(): boolean {
    return this.#open.length > 0;
  }

  /** True when a condition that somebody waits for has become true. */
  meet(): boolean {
    if (this.#open.length === 0) return false;
    const before = this.#open;
    this.#open = before.filter(({ holds, task }) => {
      try {
        if (answerAtOnce(A_CONDITION, holds())) task.complete();
      } catch (error) {
        task.endWith(isError(error) ? error : new Error(describeFailure(error).message));
      }
      return !task.isComplete;
    });
    return this.#open.length < before.length;
  }
}
