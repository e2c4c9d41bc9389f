import { shown } from "../model/options.ts";
import { Branch, type Enough } from "./branch.ts";
import type { BranchTask } from "./branch-task.ts";
import { type AnyGenerator, isGenerator, leave } from "./callbacks.ts";
import type { Calls } from "./calls.ts";
import { listOf } from "./composite-task.ts";
import type { Step } from "./coroutine.ts";
import { WorkflowCanceledError } from "./errors.ts";
import { Task, unyielded } from "./task.ts";

/** Generators that are branches, or were: each runs once. */
const taken = new WeakSet<object>();
/** So many are named in a warning. */
const MOST_NAMED = 5;

/**
 * The branches of one execution: generators of the author's that run side by side with the workflow's own code, each with calls and waits
 * of its own. One is driven after the other, in the order in which they were made, so that every replay runs them alike.
 */
export class Branches {
  readonly #calls: Calls;
  /** Those that are not over. */
  readonly #open = new Set<Branch>();
  #ready: Branch[] = [];
  #toEnd: Branch[] = [];
  #isCallingOff = false;
  #atWork: Branch | undefined;
  #made = 0;
  readonly #failed: Branch[] = [];

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** The name of the one whose code is at work. */
  get atWork(): string | undefined {
    return this.#atWork?.task.branchName;
  }

  /** Those that are not over, in the order in which they were made. */
  get open(): readonly BranchTask[] {
    return [...this.#open].map(({ task }) => task);
  }

  /** What `whenAll` and `whenAny` are given: tasks of this execution, and generators, which become branches when all else is found right. */
  tasksOf(method: string, given: readonly unknown[]): readonly Task[] {
    const { watch } = this.#calls;
    const parts = listOf(method, given);
    const generators = new Set<unknown>();
    for (const part of parts) {
      if (part instanceof Task) watch.checkOwn(part);
      else generators.add(this.checked(method, part, generators));
    }
    if (generators.size === 0) return parts as readonly Task[];
    return parts.map((part) => (part instanceof Task ? part : this.make(part)));
  }

  /** Throws a TypeError for what is no generator, or has been given before, or together with it. */
  checked(method: string, given: unknown, others?: Set<unknown>): AnyGenerator {
    if (!isGenerator(given)) throw notAGenerator(method, given);
    if (taken.has(given) || others?.has(given))
      throw new TypeError(
        `${method} was given a generator that is a branch already: call its function once for each branch`,
      );
    return given;
  }

  /** It begins when the code that makes it waits. */
  make(generator: AnyGenerator, givenName?: string): BranchTask {
    taken.add(generator);
    const number = ++this.#made;
    const name = givenName ?? `branch-${number}`;
    const ready = (branch: Branch) => void this.#ready.push(branch);
    const branch = new Branch({ number, name, generator, watch: this.#calls.watch, ready });
    const maker = this.#atWork;
    maker?.made.add(branch);
    branch.task.onEnd(() => {
      maker?.made.delete(branch);
      this.#taskEnded(branch);
    });
    this.#open.add(branch);
    this.#ready.push(branch);
    branch.task.made(this.#calls.watch, "branch", name);
    return branch.task;
  }

  /** Unless it is over, it was called off, and with it those that it has made: one after the other, since a long chain would not fit on the stack. */
  #taskEnded(branch: Branch): void {
    if (branch.isOver) return;
    const toEnd = this.#toEnd;
    toEnd.push(branch);
    if (this.#isCallingOff) return;
    this.#isCallingOff = true;
    for (let n = toEnd.length - 1; n < toEnd.length; n++) for (const { task } of toEnd[n]?.made ?? []) task.callOff();
    this.#isCallingOff = false;
  }

  get areToEnd(): boolean {
    return this.#toEnd.length > 0;
  }

  get canGoOn(): boolean {
    return this.#ready.length > 0 || this.areToEnd;
  }

  /** Those that were called off end where they wait, before anything else goes on. */
  async end(enough: Enough): Promise<void> {
    while (this.#toEnd.length > 0) {
      const branches = this.#toEnd.sort(byNumber);
      this.#toEnd = [];
      for (const branch of branches) {
        if (enough()) return;
        // By its own code, which has come to its end since.
        if (branch.isOver) continue;
        this.#atWork = branch;
        this.#settle(branch, await branch.end(enough));
      }
    }
  }

  /** Each that can goes on as far as it comes, once. As few microtasks as can be: the turn of a wide join is to stay one burst. */
  async goOn(enough: Enough): Promise<void> {
    const ready = this.#ready.sort(byNumber);
    this.#ready = [];
    for (const branch of ready) {
      if (enough()) return;
      if (!branch.canGoOn) continue;
      this.#atWork = branch;
      this.#settle(branch, await branch.goOn(enough));
      if (this.areToEnd) await this.end(enough);
    }
  }

  /** Each that waits gets an error, once; from then on it ends by itself. */
  async cancel(reason: string | undefined, enough: Enough): Promise<void> {
    const open = [...this.#open];
    for (const { task } of open) task.leaveAlone();
    for (const branch of open) {
      if (enough()) return;
      if (branch.task.isComplete) continue;
      this.#atWork = branch;
      this.#settle(branch, await branch.interrupt(new WorkflowCanceledError(reason), enough));
    }
  }

  #settle(branch: Branch, step: Step): void {
    this.#atWork = undefined;
    branch.settle(step);
    if (branch.isOver) this.#open.delete(branch);
    if (branch.failure !== undefined && branch.isUnheard) this.#failed.push(branch);
  }

  /** What the author should know when the execution has ended by itself: of branches that it has left, and of failures that nobody has heard of. */
  get warnings(): string[] {
    const failed = this.#failed.filter(({ isUnheard }) => isUnheard).slice(0, MOST_NAMED);
    const texts = failed.map(
      ({ task, failure }) => `The branch '${task.branchName}' has failed, and nobody has waited for it: ${failure}`,
    );
    const open = [...this.#open].map(({ task }) => `'${task.branchName}'`);
    if (open.length === 0) return texts;
    const names = open.length > MOST_NAMED ? [...open.slice(0, MOST_NAMED), "…"].join(", ") : open.join(", ");
    return [
      ...texts,
      `This execution has ended before ${open.length} of its branches had: ${names}. Nothing that is left to do in them is done.`,
    ];
  }
}

function byNumber(a: Branch, b: Branch): number {
  return a.number - b.number;
}

function notAGenerator(method: string, found: unknown): TypeError {
  leave(found);
  const text =
    found instanceof Task ? unyielded(found) : typeof found === "function" ? "a function: call it" : shown(found);
  return new TypeError(
    `${method} takes a generator, as a generator function gives it when it is called, ${method}(book(ctx, order)); found ${text}`,
  );
}
