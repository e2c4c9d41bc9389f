// The types of what an author calls, starts and registers: one signature each, so that the compiler's message is about the
// argument that is wrong, and not about the last of several overloads.
import type { WorkflowActivityContext } from "./activity-context.ts";
import type { ActivityDeclaration, WorkflowDeclaration } from "./declarations.ts";
import type { Task } from "./task.ts";

// Dapr's signatures promise the author no more than `any`.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Any = any;

/** An activity: the function itself, its declaration, or its registered name. */
export type AnyActivity =
  | string
  | ((context: WorkflowActivityContext, input: Any) => Any)
  | ActivityDeclaration<Any, Any>;

/** The same of either kind. What a workflow is called by, `AnyWorkflow`, stands beside the context that it gets. */
export type AnyCalled =
  | string
  | ((context: Any, input: Any) => Any)
  | ActivityDeclaration<Any, Any>
  | WorkflowDeclaration<Any, Any>;

/** What it takes. Of a name nothing is known. */
export type InputOf<T extends AnyCalled> = T extends string
  ? unknown
  : T extends (context: Any, input: infer I) => Any
    ? I
    : T extends ActivityDeclaration<infer I, Any>
      ? I
      : unknown;

/** What a call of it gives. */
export type OutputOfActivity<T extends AnyActivity> = T extends string
  ? Any
  : T extends (context: Any, input: Any) => infer O
    ? Awaited<O>
    : T extends ActivityDeclaration<Any, infer O>
      ? O
      : Any;
export type OutputOfWorkflow<T extends AnyCalled> = T extends string
  ? Any
  : T extends (context: Any, input: Any) => infer R
    ? WorkflowResult<R>
    : T extends WorkflowDeclaration<Any, infer O>
      ? O
      : Any;

/** What a workflow function gives back in the end, whatever it waits for before. */
export type WorkflowResult<R> =
  R extends Generator<Any, infer T, Any> ? T : R extends AsyncGenerator<Any, infer T, Any> ? Awaited<T> : Awaited<R>;

/** What an update handler gives: its result, or, as a generator function, what it waits for before. */
export type Handled<R> = R | Generator<Task<Any>, R, Any> | AsyncGenerator<Task<Any>, R, Any>;

/** The input may be left out where the function takes none. */
export type InputAndOptions<TInput, TOptions> = undefined extends TInput
  ? [input?: TInput, options?: TOptions | null]
  : [input: TInput, options?: TOptions | null];

type IsAny<T> = 0 extends 1 & T ? true : false;
type HoldsTask<T> = IsAny<T> extends true ? false : [Extract<T, Task<Any>>] extends [never] ? false : true;

/** Refuses a workflow whose result is a task: it would end with the task, and not with what the task gives. */
export type Registrable<W> = W extends (...args: Any[]) => infer R
  ? HoldsTask<WorkflowResult<R>> extends true
    ? { "the result of this workflow is a task: yield it": never }
    : unknown
  : unknown;
