import { CancelableTask } from "./completable-task.ts";
import type { Task } from "./task.ts";

/**
 * The task of a branch, a strand of the workflow's code beside the others: it ends as the branch does, with what that returns or throws.
 *
 *   open --returns, throws--> ended
 *   open --cancel(), or nobody waits for a branch that whenAll or whenAny has made--> ended, and so is the branch, where it waits
 */
export class BranchTask<T = unknown> extends CancelableTask<T> {
  /** The name that it was given, or one made of its number. */
  readonly branchName: string;
  /** It is of a composite, which alone waits for it. */
  #isOwned: boolean;
  readonly #waitingFor: () => Task | undefined;

  /** @internal `waitingFor`: what the code of the branch waits for. */
  constructor(branchName: string, isOwned: boolean, waitingFor: () => Task | undefined) {
    super(`The branch '${branchName}'`);
    this.branchName = branchName;
    this.#isOwned = isOwned;
    this.#waitingFor = waitingFor;
  }

  /** @internal */
  get waitingFor(): Task | undefined {
    return this.#waitingFor();
  }

  /** @internal It goes on, whoever waits for it. */
  leaveAlone(): void {
    this.#isOwned = false;
  }

  protected override onReleased(): void {
    if (this.#isOwned) this.callOff();
  }
}
