import type { Task, WorkflowActivityContext, WorkflowContext, WorkflowRuntime } from "../index.ts";

// The README's first workflow, so that its curl command works with `npm start`, too.

/** Input: names. Output: a greeting of them all. */
export async function* greetAll(ctx: WorkflowContext, names: string[]): AsyncGenerator<Task, string, string[]> {
  const greetings = yield ctx.whenAll(names.map((name) => ctx.callActivity(sayHello, name)));
  return greetings.join(" ");
}

export function sayHello(_ctx: WorkflowActivityContext, name: string): string {
  return `Hello, ${name}!`;
}

export function registerGreeting(runtime: WorkflowRuntime): void {
  runtime.registerWorkflow(greetAll).registerActivity(sayHello);
}
