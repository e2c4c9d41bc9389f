import type { AwaitedTasks } from "./awaited-tasks.ts";
import { type AnyGenerator, isGenerator, isPromise } from "./callbacks.ts";
import type { CodeWatch } from "./code-watch.ts";
import { withoutStack } from "./errors.ts";
import { Task } from "./task.ts";

/** What the author's code did when it was last driven. */
export type Step =
  /** It waits for the task in `waitingFor`. */
  | { readonly type: "waiting" }
  | { readonly type: "returned"; readonly value: unknown }
  | { readonly type: "threw"; readonly error: unknown };

/** With what code goes on: with what a task has given; with an error; to its end; or, with nothing, from its beginning. */
type Impulse = Task<unknown> | Error | "return" | undefined;

const waiting: Step = { type: "waiting" };

/** Dapr's limit and text for a workflow that goes on and on without waiting for anything. */
export const MAX_RESUMES_WITHOUT_WAIT = 100_000;
export function tooManyResumes(): Error {
  return withoutStack(
    new Error(
      `Orchestrator exceeded maximum iteration limit (${MAX_RESUMES_WITHOUT_WAIT}). ` +
        "This likely indicates an infinite loop in the orchestrator function.",
    ),
  );
}

/**
 * The author's function while it runs: a generator, async or not, or a plain function that returns its result.
 * Drives it from task to task, without a pause where a task it yields is complete already, until it waits, returns
 * or throws. Never throws itself. `enough()` is asked after each step and ends the drive early.
 */
export class Coroutine {
  readonly #watch: CodeWatch;
  readonly #awaited: AwaitedTasks;
  #generator: AnyGenerator | undefined;
  #waitingFor: Task<unknown> | undefined;

  constructor(watch: CodeWatch) {
    this.#watch = watch;
    this.#awaited = watch.awaitedTasks();
  }

  /** The task that the code has yielded, as long as that has not ended. */
  get waitingFor(): Task<unknown> | undefined {
    return this.#waitingFor?.isComplete === false ? this.#waitingFor : undefined;
  }

  /** Whether `resume` would get any further. */
  get canResume(): boolean {
    return this.#waitingFor?.isComplete === true;
  }

  async start(run: () => unknown, enough: () => boolean): Promise<Step> {
    this.#watch.drives(this.#awaited);
    try {
      const returned = run();
      // An async function may hand on to a generator: `async (ctx, input) => other(ctx, input)`.
      const result = isGenerator(returned) ? returned : await returned;
      if (!isGenerator(result)) return this.#returned(result);
      return await this.begin(result, enough);
    } catch (error) {
      return { type: "threw", error: this.#awaited.thrown(error) };
    }
  }

  /** The code is a generator already. */
  begin(generator: AnyGenerator, enough: () => boolean): Promise<Step> {
    this.#generator = generator;
    return this.#drive(generator, undefined, enough);
  }

  resume(enough: () => boolean): Promise<Step> {
    const generator = this.#generator;
    const task = this.#waitingFor;
    if (generator === undefined || task === undefined) {
      const message = "The orchestrator generator is not initialized! Was the orchestration history corrupted?";
      return Promise.reject(new Error(message));
    }
    return this.#drive(generator, task, enough);
  }

  /** Throws the error into the code where it waits. It is not waiting for that any more. */
  async interrupt(error: Error, enough: () => boolean): Promise<Step> {
    const generator = this.#generator;
    if (generator === undefined) return { type: "threw", error };
    this.#leave();
    return this.#drive(generator, error, enough);
  }

  /** Ends the code where it waits, or before it has begun: what it has in `finally` is run, and may wait in its turn. */
  end(generator: AnyGenerator, enough: () => boolean): Promise<Step> {
    this.#generator = generator;
    this.#leave();
    return this.#drive(generator, "return", enough);
  }

  #leave(): void {
    const task = this.#waitingFor;
    this.#waitingFor = undefined;
    task?.release();
  }

  async #drive(generator: AnyGenerator, impulse: Impulse, enough: () => boolean): Promise<Step> {
    this.#watch.drives(this.#awaited);
    try {
      let pending = resumeWith(generator, impulse);
      for (let resumes = 0; resumes < MAX_RESUMES_WITHOUT_WAIT; resumes++) {
        const step = isPromise(pending) ? await pending : pending;
        if (step.done) return this.#returned(isPromise(step.value) ? await step.value : step.value);
        const next = step.value;
        const fault = this.#awaited.yielded(next);
        if (fault !== undefined) throw fault;
        if (enough()) return waiting;
        if (!(next instanceof Task)) throw withoutStack(new TypeError(describeNonTask(next)));
        this.#watch.checkOwn(next);
        this.#waitingFor = next;
        next.hold();
        if (!next.isComplete) return waiting;
        pending = resumeWith(generator, next);
      }
    } catch (error) {
      return { type: "threw", error: this.#awaited.thrown(error) };
    }
    return { type: "threw", error: tooManyResumes() };
  }

  #returned(value: unknown): Step {
    const fault = this.#awaited.returned(value);
    return fault === undefined ? { type: "returned", value } : { type: "threw", error: fault };
  }
}

function resumeWith(generator: AnyGenerator, impulse: Impulse): ReturnType<AnyGenerator["next"]> {
  if (impulse === undefined) return generator.next();
  if (impulse === "return") return generator.return(undefined);
  if (!(impulse instanceof Task)) return generator.throw(impulse);
  return impulse.isFailed ? generator.throw(impulse.getException()) : generator.next(impulse.getResult());
}

function describeNonTask(value: unknown): string {
  const found = isGenerator(value)
    ? "a generator: wait for it with yield*, or make a branch of it with branch"
    : `${value === null ? "null" : typeof value}.`;
  return (
    "The orchestrator generator yielded a non-Task object. " +
    `It must yield what callActivity, createTimer and the like return, but yielded ${found}`
  );
}
