import { type ActivityArguments, type ActivityOptions, readActivityOptions } from "../engine/call-options.ts";
import { leave } from "../engine/callbacks.ts";
import type { AnyActivity } from "../engine/signatures.ts";
import type { Task } from "../engine/task.ts";
import { WorkflowContext } from "../engine/workflow-context.ts";
import { describeFailure } from "../model/failure.ts";

// What a compensation gives back is not looked at.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any;

/** Some compensations have failed; `errors` holds why, in the order in which they ran. */
export class CompensationError extends Error {
  override readonly name = "CompensationError";
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    const reasons = errors.map((error) => describeFailure(error).message);
    super(`${errors.length} compensation(s) failed: ${reasons.join("; ")}`);
    this.errors = errors;
  }
}

const NO_STEP =
  "Saga.addStep takes a generator function, function*, that waits for tasks by yield, and none that is async";

/** What a compensation waits for. Throws a TypeError for a promise or an async generator, which nobody here could wait for. */
function stepsOf(compensation: unknown): Iterable<Task<Any>> {
  if (isIterable(compensation)) return compensation;
  leave(compensation);
  throw new TypeError(NO_STEP);
}

function isIterable(value: unknown): value is Iterable<Task<Any>> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/**
 * Steps that are undone when a later one fails: register how to undo a step, then do it; on failure `compensate` runs what
 * was registered, the last first. Each compensation is an activity call of its own, so a restart goes on where it was.
 *
 *     const saga = new Saga(ctx);
 *     try {
 *       saga.add(cancelFlight, trip);
 *       yield* ctx.callActivity(bookFlight, trip);
 *     } catch (error) {
 *       yield* saga.compensate();
 *       throw error;
 *     }
 */
export class Saga {
  readonly #ctx: WorkflowContext;
  #compensations: (() => Generator<Task<Any>, unknown, Any>)[] = [];

  constructor(ctx: WorkflowContext) {
    WorkflowContext.innerOf(ctx).check("new Saga");
    this.#ctx = ctx;
  }

  /** An activity that undoes a step. It may be called although the step was never done, and must not mind. */
  add<A extends AnyActivity>(activity: A, ...inputAndOptions: ActivityArguments<A>): void;
  add(activity: AnyActivity, input?: unknown, options?: ActivityOptions | null): void {
    const ctx = this.#ctx;
    const inner = WorkflowContext.innerOf(ctx);
    inner.check("saga.add");
    // What is wrong with the call is told here: when a step has to be undone, it is too late.
    const name = inner.activityName(activity);
    readActivityOptions(options, "Saga.add", name);
    inner.checkInput(name, input);
    this.#compensations.push(function* () {
      yield ctx.callActivity(name, input, options);
    });
  }

  /** Anything else that undoes a step: a generator function, `function*`, that waits for tasks. */
  addStep(compensation: () => Generator<Task<Any>, unknown, Any>): void {
    WorkflowContext.innerOf(this.#ctx).check("saga.addStep");
    // When a step has to be undone, it is too late.
    if (/Async/.test(Object.prototype.toString.call(compensation))) throw new TypeError(NO_STEP);
    this.#compensations.push(compensation);
  }

  /**
   * Runs the compensations one after the other, the last registered first, each once. One that fails does not keep the
   * others from running; a CompensationError is thrown in the end.
   */
  *compensate(): Generator<Task<Any>, void, Any> {
    WorkflowContext.innerOf(this.#ctx).check("saga.compensate");
    const errors: unknown[] = [];
    for (let undo = this.#compensations.pop(); undo !== undefined; undo = this.#compensations.pop()) {
      try {
        yield* stepsOf(undo());
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new CompensationError(errors);
  }
}
