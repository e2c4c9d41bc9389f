import { AwaitedTasks, type WatchedCalls } from "./awaited-tasks.ts";
import { Task, type TaskOwner } from "./task.ts";

/**
 * Watches the author's code of one execution: whether it is its turn, and whose awaits of tasks are counted.
 *
 *   at rest --begin--> in its turn --end--> at rest
 *   in its turn --over--> over                              the code is not run any more, whatever it has left running
 */
export class CodeWatch implements TaskOwner {
  readonly #instanceId: string;
  readonly #calls: WatchedCalls;
  #state: "at rest" | "in its turn" | "over" = "at rest";
  #isQuery = false;
  /** Of the code that is driven now, or was the last. */
  #awaited: AwaitedTasks;

  constructor(instanceId: string, calls: WatchedCalls) {
    this.#instanceId = instanceId;
    this.#calls = calls;
    this.#awaited = this.awaitedTasks();
  }

  begin(): void {
    if (this.#state === "at rest") this.#state = "in its turn";
  }

  end(): void {
    if (this.#state === "in its turn") this.#state = "at rest";
  }

  over(): void {
    this.#state = "over";
  }

  get isQuery(): boolean {
    return this.#isQuery;
  }

  /** The author's code that answers a query only reads. */
  query<T>(answer: () => T): T {
    this.#isQuery = true;
    try {
      return answer();
    } finally {
      this.#isQuery = false;
    }
  }

  check(method: string): void {
    if (this.#state === "in its turn" && !this.#isQuery) return;
    if (this.#isQuery) throw new Error(`A query only reads, and this one has called ${method}`);
    this.checkTurn(method);
  }

  /** The same for what a query may do too. */
  checkTurn(method: string): void {
    if (this.#state === "in its turn" || this.#isQuery) return;
    const instanceId = this.#instanceId;
    throw new Error(
      this.#state === "over"
        ? `${method} was called after the execution of workflow instance '${instanceId}' has ended, by code that it has left running`
        : `${method} was called outside the turn of workflow instance '${instanceId}'. Only the workflow's own code calls its ` +
            "context, while the workflow runs: not an activity, another workflow, or code behind an await that the workflow has not waited for.",
    );
  }

  /** For a coroutine, or a callback that is awaited. */
  awaitedTasks(): AwaitedTasks {
    return new AwaitedTasks(this.#calls);
  }

  /** From here on that code is at work. */
  drives(awaited: AwaitedTasks): void {
    awaited.resume();
    this.#awaited = awaited;
  }

  awaited(task: Task): void {
    if (this.#state === "in its turn" && !this.#isQuery) this.#awaited.add(task);
  }

  /** For those who take tasks: none of another execution, which would never end here. */
  checkOwn(task: unknown): void {
    if (!(task instanceof Task) || task.owner === this || task.owner === undefined) return;
    throw new TypeError(
      `${task.madeBy ?? "A task"} was called by another execution, and its task cannot be waited for here: keep no task outside of the workflow's function`,
    );
  }
}
