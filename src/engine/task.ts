import { SHOWN } from "../model/options.ts";

/** The execution whose code has made a task. */
export interface TaskOwner {
  /** The code has read the task as `await` reads a promise. */
  awaited(task: Task): void;
  /** Throws unless it is the turn of the code, and no query. */
  check(method: string): void;
}

/** Who wants to hear of the end of a task: a composite that it is part of. */
export interface TaskListener {
  /** Called once, when the task has its result or its failure. */
  childEnded(child: Task): void;
}

/**
 * Something a workflow can wait for: `const result = yield task`, or `yield* task` for a result that has its type.
 *
 *   incomplete --complete(result)--> completed
 *   incomplete --fail(exception)---> failed
 *
 * Always true: a task leaves `incomplete` at most once; a composite ignores children that finish after it did;
 * a task may be part of several composites and tells each of them. A task is not thenable: an async generator
 * would await a thenable it yields, and the engine would never see the task.
 *
 * A task is no value: it throws when it is made text or JSON. `await` gives the task itself in place of its result, without a
 * word. So whoever reads `then` marks the task, and what waits for it properly takes the mark away: a yield (an async
 * generator reads `then` too), a composite, `getResult`. `AwaitedTasks` fails the code that goes on without. The winner of a
 * `whenAny` is a value indeed, and is not marked any more once the code has got it.
 *
 * Who waits for a task holds it: the workflow's code where it yields it, and composites that have not ended. A task that
 * had a holder and has none any more is released (`onReleased`), and is taken up again when it is waited for again.
 */
export abstract class Task<T = unknown> {
  /** @internal What `{ ...task }` copies, so that the task is found in the payload that is made of it. */
  protected readonly unyielded: unknown = this;
  #state: "incomplete" | "completed" | "failed" = "incomplete";
  #result: T | undefined;
  #exception: Error | undefined;
  #composites: TaskListener[] | undefined;
  #holders = 0;
  #wasHeld = false;
  #owner: TaskOwner | undefined;
  #method: string | undefined;
  #name: string | undefined;
  #isMarked = false;
  #isValue = false;

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
    this.#isMarked = false;
    if (this.#exception !== undefined) throw this.#exception;
    return this.#result as T;
  }

  /** The failure. Throws `Error("Task did not fail")` when there is none. */
  getException(): Error {
    if (this.#exception === undefined) throw new Error("Task did not fail");
    this.#isMarked = false;
    return this.#exception;
  }

  /** Lets `yield* task` be used in place of `yield task`; the result then has the task's type. */
  // biome-ignore lint/suspicious/noExplicitAny: a workflow's other yields give what they give; this one gives T
  *[Symbol.iterator](): Generator<Task<T>, T, any> {
    return yield this;
  }

  /** @internal There is none. To read it is what `await`, `Promise.resolve` and `return` in async code do. */
  // biome-ignore lint/suspicious/noThenProperty: it is undefined, and so the task is not thenable
  get then(): undefined {
    if (this.#isValue || this.#owner === undefined) return undefined;
    // One that has ended without a result: who awaits it loses nothing.
    if (!(this.#state === "completed" && this.#result === undefined)) this.#owner.awaited(this);
    return undefined;
  }

  /** @internal */
  mark(): void {
    this.#isMarked = true;
  }

  /** @internal */
  unmark(): void {
    this.#isMarked = false;
  }

  /** @internal */
  get isMarked(): boolean {
    return this.#isMarked;
  }

  /** @internal The code has been given it as the result of another task: it hands it on as any value, through awaits too. */
  becomeValue(): void {
    this.#isValue = true;
  }

  /** @internal The execution that has made it, and by which call. */
  made(owner: TaskOwner, method: string, name: string | undefined): void {
    this.#owner = owner;
    this.#method = method;
    this.#name = name;
  }

  /** @internal `undefined`: nobody's. */
  get owner(): TaskOwner | undefined {
    return this.#owner;
  }

  /** @internal The method of the context that has made it. */
  get callMethod(): string | undefined {
    return this.#method;
  }

  /** @internal The name of the activity, workflow or event. */
  get callName(): string | undefined {
    return this.#name;
  }

  /** @internal For instance `callActivity 'charge'`. */
  get madeBy(): string | undefined {
    return this.#name === undefined ? this.#method : `${this.#method} '${this.#name}'`;
  }

  /** @internal */
  get [SHOWN](): string {
    return unyielded(this);
  }

  [Symbol.toPrimitive](): never {
    throw new TypeError(`Text or a number is made of ${unyielded(this)}`);
  }

  toString(): string {
    return this[Symbol.toPrimitive]();
  }

  toJSON(): never {
    throw new TypeError(`JSON is made of ${unyielded(this)}`);
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
  addComposite(composite: TaskListener): void {
    if (this.#composites === undefined) this.#composites = [composite];
    else this.#composites.push(composite);
  }

  /** @internal Somebody waits for the task from here on. It may be complete afterwards: an event may have been kept for it. */
  hold(): void {
    this.#wasHeld = true;
    this.#isMarked = false;
    if (this.#holders++ === 0 && !this.isComplete) this.onHeld();
  }

  /** @internal Somebody does not wait for it any more. */
  release(): void {
    if (--this.#holders === 0 && !this.isComplete) this.onReleased();
  }

  /** @internal False for a task that was made and never waited for: a `yield` may have been forgotten. */
  get wasHeld(): boolean {
    return this.#wasHeld;
  }

  protected onHeld(): void {}
  protected onReleased(): void {}

  #leaveIncomplete(state: "completed" | "failed"): void {
    if (this.#state !== "incomplete") throw new Error("Task is already completed");
    this.#state = state;
  }

  #tellComposites(): void {
    if (this.#composites === undefined) return;
    for (const composite of this.#composites) composite.childEnded(this);
  }
}

/** What a task is called where a value is expected: every refusal has these words. */
export function unyielded(task: Task): string {
  const by = task.madeBy;
  const or = task.isComplete ? ", or read it with getResult()" : "";
  return `${by === undefined ? "a task" : `the task of ${by}`}, and a task is not its result: yield it${or}`;
}

/** What can be made a branch: what a generator function gives when it is called. */
// biome-ignore lint/suspicious/noExplicitAny: what comes into a generator at its yields is of no type
export type Branchable<T = any> = Generator<Task<any>, T, any> | AsyncGenerator<Task<any>, T, any>;

/** The type of a task's result, or of what a generator returns; `any` where nothing is known. */
export type ResultOf<T> = 0 extends 1 & T
  ? T
  : T extends Task<infer R>
    ? R
    : // biome-ignore lint/suspicious/noExplicitAny: of no interest here
      T extends Generator<any, infer R, any> | AsyncGenerator<any, infer R, any>
      ? R
      : never;

/** The task itself, or that of the branch that is made of a generator. */
export type TaskOf<T> = T extends Task ? T : Task<ResultOf<T>>;
