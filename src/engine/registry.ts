import type { WorkflowActivityContext } from "./activity-context.ts";
import type { WorkflowContext } from "./workflow-context.ts";

// The author's own input and output types are unknown here, and `any` is what lets every author's signature fit
// (Dapr's JavaScript SDK declares both as `any` for the same reason).
// biome-ignore lint/suspicious/noExplicitAny: see above
type Any = any;

/** A workflow: a generator function (`function*` or `async function*`), or a function that needs to wait for nothing. */
export type TWorkflow = (context: WorkflowContext, input: Any) => Any;

/** An activity: any function, async or not. Its result must be JSON. */
export type TWorkflowActivity<TInput = Any, TOutput = Any> = (
  context: WorkflowActivityContext,
  input: TInput,
) => TOutput | Promise<TOutput>;

/** The workflows and activities of this code, by the names that histories know them by. */
export class Registry {
  readonly #workflows = new Map<string, TWorkflow>();
  readonly #activities = new Map<string, TWorkflowActivity>();

  /** Throws when the name is empty or taken. */
  addWorkflow(name: string, workflow: TWorkflow): void {
    if (!name) throw new Error("A non-empty orchestrator name is required.");
    if (this.#workflows.has(name)) throw new Error(`A '${name}' orchestrator already exists.`);
    this.#workflows.set(name, workflow);
  }

  /** Throws when the name is empty or taken. */
  addActivity(name: string, activity: TWorkflowActivity): void {
    if (!name) throw new Error("A non-empty activity name is required.");
    if (this.#activities.has(name)) throw new Error(`A '${name}' activity already exists.`);
    this.#activities.set(name, activity);
  }

  workflow(name: string): TWorkflow | undefined {
    return this.#workflows.get(name);
  }

  activity(name: string): TWorkflowActivity | undefined {
    return this.#activities.get(name);
  }

  names(): { workflows: string[]; activities: string[] } {
    return { workflows: [...this.#workflows.keys()], activities: [...this.#activities.keys()] };
  }
}

/** The name that a function is registered and called by. Throws for lambdas without one. */
export function functionName(fn: unknown): string {
  if (typeof fn !== "function") {
    throw new Error("Cannot infer a name from a null or undefined function. Please provide a name explicitly.");
  }
  if (!fn.name) throw new Error("Cannot infer a name from a lambda function. Please provide a name explicitly.");
  return fn.name;
}

/** The name of a workflow or activity given by itself or by its name. */
export function nameOf(target: string | ((...args: never[]) => unknown)): string {
  return typeof target === "string" ? target : functionName(target);
}
