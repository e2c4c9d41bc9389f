import { Limits } from "../model/limit.ts";
import { shown } from "../model/options.ts";
import type { Registered } from "../model/registered.ts";
import type { TWorkflowActivity } from "./activity-context.ts";
import { FunctionNames, type Target } from "./function-names.ts";
import { nameOf } from "./names.ts";
import { jsonPayloads } from "./payload.ts";
import type { TWorkflow } from "./workflow-context.ts";

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

function checkFunction(fn: unknown, name: string): void {
  if (typeof fn !== "function") throw new TypeError(`'${name}' is registered with a function, found ${shown(fn)}`);
  // The prototype of a function may be replaced, that of a class not. Called without `new`, it would throw.
  if (Object.getOwnPropertyDescriptor(fn, "prototype")?.writable === false)
    throw new TypeError(`'${name}' is registered with a function, found the class ${fn.name}: register its method`);
  nameOf(name);
}

/** The workflows and activities of this code, by the names that histories know them by. */
export class Registry {
  readonly #workflows = new Map<string, Versions>();
  readonly #activities = new Map<string, TWorkflowActivity>();
  /** Made when they are first asked for after a change. */
  #workflowNames: FunctionNames | undefined;
  #activityNames: FunctionNames | undefined;
  /** How many of them run at once, across instances. */
  readonly limits = new Limits();
  /** How this code writes and reads payloads. */
  payloads = jsonPayloads;

  /** Throws when the name is empty or taken. */
  addWorkflow(name: string, workflow: TWorkflow): void {
    const versions = this.#versionsOf(name, workflow);
    if (versions.unversioned !== undefined) throw new Error(`A '${name}' orchestrator already exists.`);
    versions.unversioned = workflow;
  }

  /** Throws when name or version are empty, when the version exists, or when there is a latest one already. */
  addVersion(name: string, version: string, workflow: TWorkflow, isLatest: boolean): void {
    if (!version) throw new Error("A non-empty version is required.");
    if (typeof version !== "string") throw new TypeError(`A version is a string, found ${shown(version)}`);
    nameOf(version, "A version");
    const versions = this.#versionsOf(name, workflow);
    if (versions.named.has(version)) throw new Error(`A version '${version}' of '${name}' already exists.`);
    if (isLatest && versions.latest !== undefined) {
      throw new Error(
        `The latest version of '${name}' is '${versions.latest}' already; '${version}' cannot be it too.`,
      );
    }
    versions.named.set(version, workflow);
    if (isLatest) versions.latest = version;
  }

  #versionsOf(name: string, workflow: TWorkflow): Versions {
    if (!name) throw new Error("A non-empty orchestrator name is required.");
    checkFunction(workflow, name);
    this.#workflowNames = undefined;
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
    checkFunction(activity, name);
    if (this.#activities.has(name)) throw new Error(`A '${name}' activity already exists.`);
    this.#activityNames = undefined;
    this.#activities.set(name, activity);
  }

  /** Takes over what another registry has, in the place of what is here under the same names. */
  addAll(other: Registry): void {
    for (const [name, versions] of other.#workflows) this.#workflows.set(name, versions);
    for (const [name, activity] of other.#activities) this.#activities.set(name, activity);
    this.limits.addAll(other.limits);
    this.#workflowNames = undefined;
    this.#activityNames = undefined;
    if (other.payloads !== jsonPayloads) this.payloads = other.payloads;
  }

  /** The named versions of a workflow. */
  versions(name: string): string[] {
    return [...(this.#workflows.get(name)?.named.keys() ?? [])];
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

  /** The name that a call is recorded with: a function is found by itself, and not by the name that it has. */
  activityName(target: Target): string {
    if (typeof target === "string") return nameOf(target);
    this.#activityNames ??= this.#indexActivities();
    return this.#activityNames.nameOf(target);
  }

  /** The same for a workflow. A function without a version stands for its name, of which new instances run the latest version. */
  workflowName(target: Target): string {
    if (typeof target === "string") return nameOf(target);
    this.#workflowNames ??= this.#indexWorkflows();
    return this.#workflowNames.nameOf(target);
  }

  #indexActivities(): FunctionNames {
    const index = new FunctionNames("activity");
    for (const [name, activity] of this.#activities) index.add(name, activity);
    return index;
  }

  #indexWorkflows(): FunctionNames {
    const index = new FunctionNames("workflow");
    for (const [name, { unversioned, named, latest }] of this.#workflows) {
      if (unversioned !== undefined) index.add(name, unversioned);
      const begun =
        latest === undefined ? "no version of it is the latest" : `new instances run '${latest}', the latest`;
      for (const [version, workflow] of named) {
        if (version === latest) index.add(name, workflow);
        else
          index.addVersion(
            name,
            workflow,
            `version '${version}' of '${name}', and ${begun}: call '${name}' by its name or declaration`,
          );
      }
    }
    return index;
  }

  /** All of it, in the order in which it was registered. */
  registered(): Registered {
    const workflows = Array.from(this.#workflows, ([name, { unversioned, named, latest }]) => ({
      name,
      versions: [...named.keys()],
      latest,
      unversioned: unversioned !== undefined,
    }));
    return { workflows, activities: this.names().activities };
  }

  names(): { workflows: string[]; activities: string[] } {
    return { workflows: [...this.#workflows.keys()], activities: [...this.#activities.keys()] };
  }
}
