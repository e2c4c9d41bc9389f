import type { BranchTask } from "./branch-task.ts";
import { type BranchOptions, readBranchName } from "./call-options.ts";
import { notAList, type WhenAllTask, type WhenAnyTask } from "./composite-task.ts";
import type { OrchestrationContext } from "./orchestration-context.ts";
import { ReadableContext } from "./readable-context.ts";
import type { Any } from "./signatures.ts";
import type { Branchable, ResultOf, Task, TaskOf } from "./task.ts";

/** What goes on side by side in one workflow, and how its code waits for several things. */
export class JoiningContext extends ReadableContext {
  readonly #inner: OrchestrationContext;

  constructor(innerContext: OrchestrationContext) {
    super(innerContext);
    this.#inner = innerContext;
  }

  /**
   * Runs a generator side by side with the code that goes on here: a strand of the workflow with calls, timers and waits of its own. It begins
   * when this code waits, and ends when it returns or throws, when its task is called off with `cancel()`, loses a `whenAny` or is the rest of
   * a failed `whenAll`, or with the workflow. The task gives what it returns, and fails with what it throws. The name, 100 characters at most, is what others are told of it; default
   * `branch-<number>`. Throws a TypeError for what is no generator, or is a branch already.
   *
   *     const booking = ctx.branch(book(ctx, flight), "flight");
   */
  branch<T = Any>(generator: Branchable<T>, nameOrOptions?: string | BranchOptions | null): BranchTask<T> {
    return this.#inner.branch(generator, readBranchName(nameOrOptions)) as BranchTask<Any>;
  }

  /**
   * All results in order, or the first failure as soon as it happens. The results of a tuple keep their types. A generator becomes a
   * branch. Branches that have not ended when something fails are ended where they wait.
   *
   *     const [price, stock] = yield* ctx.whenAll([ctx.callActivity(priceOf, item), ctx.callActivity(stockOf, item)]);
   */
  whenAll<const T extends readonly (Task<Any> | Branchable)[]>(
    parts: T,
    ...others: readonly []
  ): WhenAllTask<{ -readonly [Index in keyof T]: ResultOf<T[Index]> }> {
    checkAlone("whenAll", parts, others);
    return this.#inner.whenAll(parts) as WhenAllTask<Any>;
  }

  /**
   * The task that ends first, well or badly: `const winner = yield ctx.whenAny([a, b]); if (winner === a) …` A generator becomes a branch.
   * Branches that do not win are ended where they wait.
   */
  whenAny<T extends Task<Any> | Branchable>(parts: readonly T[], ...others: readonly []): WhenAnyTask<TaskOf<T>> {
    checkAlone("whenAny", parts, others);
    return this.#inner.whenAny(parts) as WhenAnyTask<Any> as WhenAnyTask<TaskOf<T>>;
  }
}

/** `whenAll(book(ctx, flight), book(ctx, hotel))` would read the steps of the first generator as a list, and nothing of the second. */
function checkAlone(method: string, parts: unknown, others: readonly unknown[]): void {
  if (others.length > 0 && !Array.isArray(parts)) throw notAList(method, parts);
}
