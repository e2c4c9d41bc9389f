import { describeFailure } from "../model/failure.ts";
import { BranchTask } from "./branch-task.ts";
import type { AnyGenerator } from "./callbacks.ts";
import type { CodeWatch } from "./code-watch.ts";
import { Coroutine, type Step } from "./coroutine.ts";
import type { TaskListener } from "./task.ts";

/** As in Coroutine: ends a drive early. */
export type Enough = () => boolean;

/** How a branch is made. */
export interface BranchMaking {
  readonly number: number;
  readonly name: string;
  readonly generator: AnyGenerator;
  readonly watch: CodeWatch;
  /** It can go on. */
  readonly ready: (branch: Branch) => void;
}

/**
 * One branch: a generator of the author's, driven from task to task.
 *
 *   to begin --goOn--> open --returns, throws--> over
 *   to begin | open --its task was called off, end--> ending --its `finally` is done--> over
 */
export class Branch implements TaskListener {
  readonly number: number;
  /** That it has made, and whose tasks have not ended. */
  readonly made = new Set<Branch>();
  readonly task: BranchTask;
  readonly #generator: AnyGenerator;
  readonly #coroutine: Coroutine;
  readonly #ready: (branch: Branch) => void;
  #hasBegun = false;
  #isOver = false;
  #failure: string | undefined;
  #isCalledOff = false;

  constructor({ number, name, generator, watch, ready }: BranchMaking) {
    this.number = number;
    this.#generator = generator;
    this.#coroutine = new Coroutine(watch);
    this.#ready = ready;
    this.task = new BranchTask(name, () => this.#coroutine.waitingFor);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get canGoOn(): boolean {
    return !this.#isOver && (!this.#hasBegun || this.#coroutine.canResume);
  }

  /** With what its code has ended, if it has thrown. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Nobody has waited for it, or it had been called off before. */
  get isUnheard(): boolean {
    return this.#isCalledOff || !this.task.wasHeld;
  }

  childEnded(): void {
    this.#ready(this);
  }

  goOn(enough: Enough): Promise<Step> {
    if (this.#hasBegun) return this.#coroutine.resume(enough);
    this.#hasBegun = true;
    return this.#coroutine.begin(this.#generator, enough);
  }

  interrupt(error: Error, enough: Enough): Promise<Step> {
    return this.#coroutine.interrupt(error, enough);
  }

  end(enough: Enough): Promise<Step> {
    this.#hasBegun = true;
    return this.#coroutine.end(this.#generator, enough);
  }

  /** What its code did when it was last driven. */
  settle(step: Step): void {
    if (step.type === "waiting") return this.#coroutine.waitingFor?.addComposite(this);
    this.#isOver = true;
    this.#isCalledOff = this.task.isComplete;
    if (step.type === "threw") this.#failure = textOf(step.error);
    if (this.#isCalledOff) return;
    if (step.type === "returned") this.task.complete(step.value);
    // Whoever waits for it catches what was thrown, whatever that is.
    else this.task.endWith((step.error ?? new Error(String(step.error))) as Error);
  }
}

function textOf(error: unknown): string {
  const { errorType, message } = describeFailure(error);
  return `${errorType}: ${message}`;
}
