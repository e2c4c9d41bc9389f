/** What new instances of a workflow can run, and what old ones go on with. */
export interface RegisteredWorkflow {
  readonly name: string;
  /** Named ones, as they were registered. */
  readonly versions: readonly string[];
  /** What a new instance runs; without it, what is registered without a version. */
  readonly latest?: string | undefined;
  /** Whether there is one without a version. */
  readonly unversioned: boolean;
}

/** What the code of a deployment has. */
export interface Registered {
  readonly workflows: readonly RegisteredWorkflow[];
  readonly activities: readonly string[];
}
