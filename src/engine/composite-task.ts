import { shown } from "../model/options.ts";
import { type AnyGenerator, isGenerator, leave } from "./callbacks.ts";
import { Task, type TaskListener } from "./task.ts";

/** A task that ends when tasks it is made of end. */
export abstract class CompositeTask<T> extends Task<T> implements TaskListener {
  protected readonly children: readonly Task<unknown>[];
  #holdsChildren = true;

  constructor(children: readonly Task<unknown>[]) {
    super();
    this.children = [...children];
    for (const child of this.children) child.hold();
  }

  /** @internal Those of its tasks that have not ended. */
  get open(): Task[] {
    return this.children.filter((child) => !child.isComplete);
  }

  /** @internal The first of its tasks that has not ended. */
  get firstOpen(): Task | undefined {
    return this.children.find((child) => !child.isComplete);
  }

  /** @internal Called once for each child, at its end. */
  abstract childEnded(child: Task<unknown>): void;

  protected override settle(result: T): void {
    super.settle(result);
    this.onReleased();
  }

  protected override settleFailed(exception: Error): void {
    super.settleFailed(exception);
    this.onReleased();
  }

  protected override onHeld(): void {
    if (this.#holdsChildren) return;
    this.#holdsChildren = true;
    for (const child of this.children) if (!child.isComplete) child.hold();
  }

  protected override onReleased(): void {
    if (!this.#holdsChildren) return;
    this.#holdsChildren = false;
    for (const child of this.children) if (!child.isComplete) child.release();
  }
}

/**
 * Completes with all results, in the order of the tasks, or fails with the first failure (as Dapr does, without
 * waiting for the others). No tasks: completes at once with `[]`.
 */
export class WhenAllTask<R extends readonly unknown[] = unknown[]> extends CompositeTask<R> {
  #open = 0;

  constructor(tasks: readonly Task<unknown>[]) {
    super(tasks);
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
    this.settle(this.children.map((task) => task.getResult()) as readonly unknown[] as R);
  }
}

/** Completes with the first task that ends, well or badly. The result is that task itself: compare it with `===`. */
export class WhenAnyTask<T extends Task<unknown> = Task<unknown>> extends CompositeTask<T> {
  constructor(tasks: readonly Task<unknown>[]) {
    super(tasks);
    if (tasks.length === 0) throw new Error("whenAny requires at least one task");
    const ended = this.children.find((task) => task.isComplete);
    if (ended !== undefined) this.settle(ended as T);
    else for (const task of this.children) task.addComposite(this);
  }

  override childEnded(child: Task<unknown>): void {
    if (!this.isComplete) this.settle(child as T);
  }

  override getResult(): T {
    const winner = super.getResult();
    winner.becomeValue();
    return winner;
  }
}

/** What `whenAll` and `whenAny` are given. Iterators are read once. A task is one too, so that `whenAll(a, b)` would wait for `a` alone. */
export function listOf(method: string, given: readonly unknown[]): readonly (Task | AnyGenerator)[] {
  const found: unknown = given;
  const isList = typeof found === "object" && found !== null && Symbol.iterator in found && !(found instanceof Task);
  if (!isList) throw notAList(method, found);
  const parts: readonly unknown[] = Array.isArray(given) ? given : [...given];
  const wrong = parts.findIndex((part) => !(part instanceof Task) && !isGenerator(part));
  if (wrong < 0) return parts as readonly (Task | AnyGenerator)[];
  const kind = typeof parts[wrong];
  leave(parts[wrong]);
  throw new TypeError(
    `${method} takes an array of tasks, as callActivity, createTimer and the like return them, or of generators, ` +
      `as generator functions do when they are called; one element is ${kind}${kind === "function" ? ": call it" : ""}`,
  );
}

export function notAList(method: string, found: unknown): TypeError {
  const what =
    found instanceof Task ? `the task of ${found.madeBy}` : isGenerator(found) ? "a generator" : shown(found);
  return new TypeError(`${method} takes an array of tasks, ${method}([a, b]), found ${what}`);
}
