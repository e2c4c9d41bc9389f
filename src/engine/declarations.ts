// Names with types: declared once, in a file that workflows, activities and clients can all import, without the code
// behind the name. What a workflow or a client does with them is checked by the compiler; at run time they are names.

declare const types: unique symbol;

/** A workflow's name with the types of its input and output. */
export interface WorkflowDeclaration<TInput = unknown, TOutput = unknown> {
  readonly name: string;
  readonly [types]?: (input: TInput) => TOutput;
}

/** An activity's name with the types of its input and output. */
export interface ActivityDeclaration<TInput = unknown, TOutput = unknown> {
  readonly name: string;
  readonly [types]?: (input: TInput) => TOutput;
}

/** An event's name with the type of its payload. */
export interface EventDeclaration<TPayload = unknown> {
  readonly name: string;
  readonly [types]?: (payload: TPayload) => TPayload;
}

/** A query's name with the types of its input and result. */
export interface QueryDeclaration<TInput = unknown, TResult = unknown> {
  readonly name: string;
  readonly [types]?: (input: TInput) => TResult;
}

/** An update's name with the types of its input and result. */
export interface UpdateDeclaration<TInput = unknown, TResult = unknown> {
  readonly name: string;
  readonly [types]?: (input: TInput) => TResult;
}

/** `const order = declareWorkflow<Order, Receipt>("order")` */
export function declareWorkflow<TInput, TOutput>(name: string): WorkflowDeclaration<TInput, TOutput> {
  return { name };
}

/** `const charge = declareActivity<Order, Receipt>("charge")` */
export function declareActivity<TInput, TOutput>(name: string): ActivityDeclaration<TInput, TOutput> {
  return { name };
}

/** `const approval = declareEvent<{ by: string }>("approval")` */
export function declareEvent<TPayload>(name: string): EventDeclaration<TPayload> {
  return { name };
}

/** `const progress = declareQuery<void, number>("progress")` */
export function declareQuery<TInput, TResult>(name: string): QueryDeclaration<TInput, TResult> {
  return { name };
}

/** `const addItem = declareUpdate<Item, number>("addItem")` */
export function declareUpdate<TInput, TResult>(name: string): UpdateDeclaration<TInput, TResult> {
  return { name };
}
