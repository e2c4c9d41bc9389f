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

/** What the code of this deployment has under a workflow's name. */
interface Versions {
  /** Registered without a version. */
  unversioned?: TWorkflow;
  readonly named: Map<string, TWorkflow>;
  latest?: string;
}

/** The code that an execution is to run, or why there is none. */
export type FoundWorkflow =
  | { readonly type: "found"; readonly workflow: TWorkflow }
  | { readonly type: "not registered" }
  | { readonly type: "version not available" };

/** The workflows and activities of this code, by the names that histories know them by. */
export class Registry {
  readonly #workflows = new Map<string, Versions>();
  readonly #activities = new Map<string, TWorkflowActivity>();

  /** Throws when the name is empty or taken. */
  addWorkflow(name: string, workflow: TWorkflow): void {
    const versions = this.#versionsOf(name);
    if (versions.unversioned !== undefined) throw new Error(`A '${name}' orchestrator already exists.`);
    versions.unversioned = workflow;
  }

  /** Throws when name or version are empty, when the version exists, or when there is a latest one already. */
  addVersion(name: string, version: string, workflow: TWorkflow, isLatest: boolean): void {
    if (!version) throw new Error("A non-empty version is required.");
    const versions = this.#versionsOf(name);
    if (versions.named.has(version)) throw new Error(`A version '${version}' of '${name}' already exists.`);
    if (isLatest && versions.latest !== undefined) {
      throw new Error(
        `The latest version of '${name}' is '${versions.latest}' already; '${version}' cannot be it too.`,
      );
    }
    versions.named.set(version, workflow);
    if (isLatest) versions.latest = version;
  }

  #versionsOf(name: string): Versions {
    if (!name) throw new Error("A non-empty orchestrator name is required.");
    let versions = this.#workflows.get(name);
    if (versions === undefined) {
      versions = { named: new Map() };
      this.#workflows.set(name, versions);
    }
    return versions;
  }

  /** Throws when the name is empty or taken. */
  addActivity(name: string, activity: TWorkflowActivity): void {
    if (!name) throw new Error("A non-empty activity name is required.");
    if (this.#activities.has(name)) throw new Error(`A '${name}' activity already exists.`);
    this.#activities.set(name, activity);
  }

  /** Takes over what another registry has, in the place of what is here under the same names. */
  addAll(other: Registry): void {
    for (const [name, versions] of other.#workflows) this.#workflows.set(name, versions);
    for (const [name, activity] of other.#activities) this.#activities.set(name, activity);
  }

  /** The version that a new execution runs; `undefined` when it is to run the one without a version. */
  latestVersion(name: string): string | undefined {
    return this.#workflows.get(name)?.latest;
  }

  /**
   * The code for an execution that was started with this version. One that was started without (before there were
   * versions) runs what is registered without one, or, as in Dapr, the latest.
   */
  workflow(name: string, version: string | undefined): FoundWorkflow {
    const versions = this.#workflows.get(name);
    if (versions === undefined) return { type: "not registered" };
    const latest = versions.latest === undefined ? undefined : versions.named.get(versions.latest);
    const workflow = version === undefined ? (versions.unversioned ?? latest) : versions.named.get(version);
    return workflow === undefined ? { type: "version not available" } : { type: "found", workflow };
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

/** The name of a workflow, activity, event, query or update given by itself, by its declaration, or by its name. */
export function givenName(target: string | { readonly name: string } | ((...args: never[]) => unknown)): string {
  if (typeof target === "string") return target;
  return typeof target === "object" && target !== null ? target.name : functionName(target);
}

/** A row holds 2 MB, and a name lies in one whole. */
const MAX_NAME_LENGTH = 16_384;

/** The same where it goes into a history. Throws a TypeError unless it has 1 to 16,384 characters, and no half of a pair of surrogates. */
export function nameOf(target: Parameters<typeof givenName>[0]): string {
  const name = givenName(target);
  if (typeof name === "string" && name !== "" && name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  const found = typeof name === "string" ? `one of ${name.length}` : typeof name;
  throw new TypeError(`A name is a string of 1 to ${MAX_NAME_LENGTH} whole characters, found ${found}`);
}
