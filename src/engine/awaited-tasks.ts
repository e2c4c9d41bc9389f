import { describeFailure } from "../model/failure.ts";
import { withoutStack } from "./errors.ts";
import { Task, unyielded } from "./task.ts";

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
 * The tasks that one coroutine has awaited, and has not waited for yet.
 *
 * The code that awaits a task gets the task. It may mean that: an async helper that makes a call and returns its task is
 * awaited, and the task is yielded afterwards, or given to a composite. So calls go on while a task is marked, and at the
 * next yield and at the end of the code no task may be marked any more. If one is, the code fails past its own try and catch,
 * and what it has called since it awaited is not asked for: it may come from a result that was none.
 *
 * Several that were awaited may be yielded one after the other, in the order of the awaits: at each yield it is the first that
 * may not be marked any more, and nothing may have been called since the last await.
 */
export class AwaitedTasks {
  readonly #calls: WatchedCalls;
  /** The task that was awaited first, and those after it; most often it is the one that is yielded next. */
  #first: Task | undefined;
  #others: Task[] | undefined;
  /** The first of `#others` that comes behind `#first`. */
  #next = 0;
  /** The number of the first call behind the first await; behind the last; and behind the one before. */
  #suspectFrom = 0;
  #callsEnd = 0;
  #callsBefore = 0;

  constructor(calls: WatchedCalls) {
    this.#calls = calls;
  }

  add(task: Task): void {
    task.mark();
    this.#callsBefore = this.#callsEnd;
    this.#callsEnd = this.#calls.nextId;
    if (this.#first === undefined) {
      this.#first = task;
      this.#suspectFrom = this.#callsEnd;
      return;
    }
    this.#others ??= [];
    if (this.#others.push(task) < MAX_AWAITED) return;
    const fault = this.leftOver();
    if (fault !== undefined) throw fault;
  }

  /** The code goes on. What others have called meanwhile is no concern of its. */
  resume(): void {
    if (this.#first !== undefined) this.#suspectFrom = this.#callsEnd = this.#calls.nextId;
  }

  /** The code has yielded this. Why it cannot go on, if it cannot. */
  yielded(value: unknown): TypeError | undefined {
    if (value instanceof Task) value.unmark();
    if (this.#others !== undefined) return this.#yieldedOne(value, this.#others);
    if (this.#first !== value) return this.leftOver();
    this.#first = undefined;
    return undefined;
  }

  #yieldedOne(value: unknown, others: readonly Task[]): TypeError | undefined {
    if (this.#first?.isMarked) return this.leftOver();
    while (this.#next < others.length && !others[this.#next]?.isMarked) this.#next++;
    if (this.#next === others.length) {
      this.#forget();
      return undefined;
    }
    // The last await may be that of this yield itself.
    const callsEnd = others.at(-1) === value ? this.#callsBefore : this.#callsEnd;
    if (this.#calls.nextId !== callsEnd) return this.leftOver();
    this.#first = others[this.#next++];
    return undefined;
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
    if (this.#first === undefined) return undefined;
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
    return this.#first?.isMarked ? this.#first : this.#others?.find((task) => task.isMarked);
  }

  #forget(): void {
    this.#first?.unmark();
    for (const task of this.#others ?? []) task.unmark();
    this.#first = undefined;
    this.#others = undefined;
    this.#next = 0;
  }
}

/** Never throws, whatever was thrown. */
function isTask(thrown: unknown): thrown is Task {
  try {
    return thrown instanceof Task;
  } catch {
    return false;
  }
}
