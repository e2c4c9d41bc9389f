import { describeFailure } from "../model/failure.ts";
import { withoutStack } from "./errors.ts";
import { Task, type TaskOwner, unyielded } from "./task.ts";

/** More tasks than this are not awaited by mistake: the code awaits in a loop that would never end. */
const MAX_AWAITED = 100_000;

/** The calls of the same execution. */
export interface WatchedCalls {
  /** The number of the next call. */
  readonly nextId: number;
  /** What has been called from this number on is not asked for. */
  dropFrom(id: number): void;
}

/**
 * Watches the author's code of one execution: whether it is its turn, and whether it takes a task for its result.
 *
 *   at rest --begin--> in its turn --end--> at rest
 *   in its turn --over--> over                              the code is not run any more, whatever it has left running
 *
 * The code that awaits a task gets the task. It may mean that: an async helper that makes a call and returns its task is
 * awaited, and the task is yielded afterwards, or given to a composite. So calls go on while a task is marked, and at the
 * next yield and at the end of the code no task may be marked any more. If one is, the code fails past its own try and catch,
 * and what it has called since it awaited is not asked for: it may come from a result that was none.
 */
export class CodeWatch implements TaskOwner {
  readonly #instanceId: string;
  readonly #calls: WatchedCalls;
  #state: "at rest" | "in its turn" | "over" = "at rest";
  #isQuery = false;
  /** The task that the code has awaited first, and those after it; most often it is the one that is yielded next. */
  #awaited: Task | undefined;
  #awaitedToo: Task[] | undefined;
  /** The number of the first call behind the await. */
  #suspectFrom = 0;

  constructor(instanceId: string, calls: WatchedCalls) {
    this.#instanceId = instanceId;
    this.#calls = calls;
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
    if (this.#state === "in its turn" && !this.#isQuery && this.#awaitedToo === undefined) return;
    if (this.#isQuery) throw new Error(`A query only reads, and this one has called ${method}`);
    this.checkTurn(method);
    if (this.#awaitedToo !== undefined && this.#awaitedToo.length >= MAX_AWAITED) throw this.leftOver();
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

  awaited(task: Task): void {
    if (this.#state !== "in its turn" || this.#isQuery) return;
    task.mark();
    if (this.#awaited !== undefined) {
      this.#awaitedToo ??= [];
      this.#awaitedToo.push(task);
      return;
    }
    this.#awaited = task;
    this.#suspectFrom = this.#calls.nextId;
  }

  /** The code has yielded this. Why it cannot go on, if it cannot. */
  yielded(value: unknown): TypeError | undefined {
    if (value instanceof Task) {
      value.unmark();
      if (value.owner !== undefined && value.owner !== this) return withoutStack(new TypeError(strange(value)));
    }
    if (this.#awaitedToo !== undefined) return this.leftOver();
    if (this.#awaited === value) {
      this.#awaited = undefined;
      return undefined;
    }
    return this.leftOver();
  }

  /** The code has returned this. Why it cannot end so, if it cannot. */
  returned(value: unknown): TypeError | undefined {
    if (!(value instanceof Task)) return this.leftOver();
    this.#forget();
    return withoutStack(new TypeError(`The code has returned ${unyielded(value)}`));
  }

  /** What the code has thrown, or why it has come to that: a task read as its result makes for errors that do not speak of it. */
  thrown(error: unknown): unknown {
    if (isTask(error)) return this.returned(error);
    const task = this.#leftOverTask;
    if (task === undefined) return error;
    const { errorType, message } = describeFailure(error);
    const fault = this.leftOver();
    if (fault === undefined || message.includes(unyielded(task)) || errorType === "WorkflowCanceledError") return error;
    return withoutStack(new TypeError(`${fault.message} Then it threw ${errorType}: ${message}`, { cause: error }));
  }

  /** Why the code cannot go on, if it has awaited a task that nobody waits for. */
  leftOver(): TypeError | undefined {
    const task = this.#leftOverTask;
    this.#forget();
    if (task === undefined) return undefined;
    this.#calls.dropFrom(this.#suspectFrom);
    return withoutStack(
      new TypeError(
        `The code has awaited, or returned from an async function, ${unyielded(task)}. ` +
          "To hand a task on to be yielded later, return it in an array or an object.",
      ),
    );
  }

  get #leftOverTask(): Task | undefined {
    return this.#awaited?.isMarked ? this.#awaited : this.#awaitedToo?.find((task) => task.isMarked);
  }

  #forget(): void {
    if (this.#awaited === undefined) return;
    this.#awaited.unmark();
    for (const task of this.#awaitedToo ?? []) task.unmark();
    this.#awaited = undefined;
    this.#awaitedToo = undefined;
  }

  /** For those who take tasks: none of another execution, which would never end here. */
  checkOwn<T>(tasks: readonly T[]): readonly T[] {
    for (const task of tasks) {
      if (task instanceof Task && task.owner !== undefined && task.owner !== this) throw new TypeError(strange(task));
    }
    return tasks;
  }
}

/** Never throws, whatever was thrown. */
function isTask(thrown: unknown): boolean {
  try {
    return thrown instanceof Task;
  } catch {
    return false;
  }
}

function strange(task: Task): string {
  return `${task.madeBy ?? "A task"} was called by another execution, and its task cannot be waited for here: keep no task outside of the workflow's function`;
}
