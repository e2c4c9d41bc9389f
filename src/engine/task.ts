import type { FailureDetails } from "../model/failure.ts";
import { TaskFailedError } from "./errors.ts";

/**
 * Something a workflow can wait for: `const result = yield task`.
 *
 *   incomplete --complete(result)--> completed
 *   incomplete --fail(exception)---> failed
 *
 * Always true: a task leaves `incomplete` at most once; a composite ignores children that finish after it did;
 * a task may be part of several composites and tells each of them. A task has no `then`: an async generator
 * would await a thenable it yields, and the engine would never see the task.
 */
export abstract class Task<T = unknown> {
  #state: "incomplete" | "completed" | "failed" = "incomplete";
  #result: T | undefined;
  #exception: Error | undefined;
  #composites: CompositeTask<unknown>[] | undefined;

  /** True once there is a result or a failure. */
  get isComplete(): boolean {
    return this.#state !== "incomplete";
  }

  get isFailed(): boolean {
    return this.#state === "failed";
  }

  /** The result. Throws the task's failure when it failed, and `Error("Task is not complete")` before its end. */
  getResult(): T {
    if (this.#state === "incomplete") throw new Error("Task is not complete");
    if (this.#exception !== undefined) throw this.#exception;
    return this.#result as T;
  }

  /** The failure. Throws `Error("Task did not fail")` when there is none. */
  getException(): Error {
    if (this.#exception === undefined) throw new Error("Task did not fail");
    return this.#exception;
  }

  /** Lets `yield* task` be used in place of `yield task`; the result then has the task's type. */
  *[Symbol.iterator](): Generator<Task<T>, T, T> {
    return yield this;
  }

  protected settle(result: T): void {
    this.#leaveIncomplete("completed");
    this.#result = result;
    this.#tellComposites();
  }

  protected settleFailed(exception: Error): void {
    this.#leaveIncomplete("failed");
    this.#exception = exception;
    this.#tellComposites();
  }

  /** @internal A composite wants to hear of this task's end. */
  addComposite(composite: CompositeTask<unknown>): void {
    if (this.#composites === undefined) this.#composites = [composite];
    else this.#composites.push(composite);
  }

  #leaveIncomplete(state: "completed" | "failed"): void {
    if (this.#state !== "incomplete") throw new Error("Task is already completed");
    this.#state = state;
  }

  #tellComposites(): void {
    if (this.#composites === undefined) return;
    for (const composite of this.#composites) composite.childEnded(this);
  }
}

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

/** A task that ends when tasks it is made of end. */
export abstract class CompositeTask<T> extends Task<T> {
  protected readonly children: readonly Task<unknown>[];

  constructor(children: readonly Task<unknown>[], combinator: string) {
    super();
    for (const child of children) {
      if (!(child instanceof Task)) {
        throw new TypeError(
          `${combinator} takes an array of tasks, as callActivity, createTimer and the like return them; one element is ${typeof child}`,
        );
      }
    }
    this.children = [...children];
  }

  /** @internal Called once for each child, at its end. */
  abstract childEnded(child: Task<unknown>): void;
}

/**
 * Completes with all results, in the order of the tasks, or fails with the first failure (as Dapr does, without
 * waiting for the others). No tasks: completes at once with `[]`.
 */
export class WhenAllTask<T> extends CompositeTask<T[]> {
  #open = 0;

  constructor(tasks: readonly Task<T>[]) {
    super(tasks, "whenAll");
    for (const task of this.children) {
      if (task.isComplete) continue;
      this.#open++;
      task.addComposite(this);
    }
    const failed = this.children.find((task) => task.isFailed);
    if (failed !== undefined) this.settleFailed(failed.getException());
    else if (this.#open === 0) this.#settleAll();
  }

  /** How many tasks have ended. */
  get completedTasks(): number {
    return this.children.length - this.#open;
  }

  /** How many tasks have not ended. */
  pendingTasks(): number {
    return this.#open;
  }

  override childEnded(child: Task<unknown>): void {
    this.#open--;
    if (this.isComplete) return;
    if (child.isFailed) this.settleFailed(child.getException());
    else if (this.#open === 0) this.#settleAll();
  }

  #settleAll(): void {
    this.settle(this.children.map((task) => task.getResult() as T));
  }
}

/** Completes with the first task that ends, well or badly. The result is that task itself: compare it with `===`. */
export class WhenAnyTask extends CompositeTask<Task<unknown>> {
  constructor(tasks: readonly Task<unknown>[]) {
    super(tasks, "whenAny");
    if (tasks.length === 0) throw new Error("whenAny requires at least one task");
    const ended = this.children.find((task) => task.isComplete);
    if (ended !== undefined) this.settle(ended);
    else for (const task of this.children) task.addComposite(this);
  }

  override childEnded(child: Task<unknown>): void {
    if (!this.isComplete) this.settle(child);
  }
}
