import { CancelableTask } from "./completable-task.ts";
import { TaskCanceledError } from "./errors.ts";
import type { Task } from "./task.ts";

/**
 * The task of a branch, a strand of the workflow's code beside the others: it ends as the branch does, with what that returns or throws.
 *
 *   open --returns, throws--> ended
 *   open --cancel(), or whoever waited for it does not any more--> ended, and so is the branch, where it waits
 */
export class BranchTask<T = unknown> extends CancelableTask<T> {
  /** The name that it was given, or one made of its number. */
  readonly branchName: string;
  #isLeftAlone = false;
  readonly #waitingFor: () => Task | undefined;

  /** @internal `waitingFor`: what the code of the branch waits for. */
  constructor(branchName: string, waitingFor: () => Task | undefined) {
    super(`The branch '${branchName}'`);
    this.branchName = branchName;
    this.#waitingFor = waitingFor;
  }

  /** @internal */
  get waitingFor(): Task | undefined {
    return this.#waitingFor();
  }

  /** @internal From here on it goes on, whoever waits for it. */
  leaveAlone(): void {
    this.#isLeftAlone = true;
  }

  /** It has lost a `whenAny`, or is the rest of a `whenAll` that has failed. */
  protected override onReleased(): void {
    if (!this.#isLeftAlone)
      this.endWith(new TaskCanceledError(`The branch '${this.branchName}', for which nobody waited any more,`));
  }
}
