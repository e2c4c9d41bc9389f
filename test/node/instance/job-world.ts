// Bulk jobs of a world: their objects have the engine's own workflow, which calls instances and reads the catalog of the same world.
import type { TWorkflowActivity } from "../../../src/engine/activity-context.ts";
import type { TWorkflow } from "../../../src/engine/workflow-context.ts";
import { jobRegistry } from "../../../src/jobs/activities.ts";
import { BULK_JOB } from "../../../src/jobs/bulk-job.ts";
import type { Fate, Host } from "./host.ts";
import { calledBy } from "./peers.ts";
import type { World } from "./world.ts";

/** The code of a world's jobs, as a life of one has it. */
export interface JobCode {
  readonly workflows: ReadonlyMap<string, TWorkflow>;
  readonly activities: ReadonlyMap<string, TWorkflowActivity>;
}

export function withJobs(world: World): World {
  world.jobs = (host, fate) => codeOf(world, host, fate);
  return world;
}

function codeOf(world: World, host: Host, fate: Fate): JobCode {
  const registry = jobRegistry({
    instance: (to) => calledBy(world, { host, fate }, to),
    catalog: world.catalog?.shardsFor(host, fate),
  });
  const found = registry.workflow(BULK_JOB, undefined);
  if (found.type !== "found") throw new Error("jobs have no workflow");
  const activities = registry.names().activities.map((name) => [name, registry.activity(name)] as const);
  return {
    workflows: new Map([[BULK_JOB, found.workflow]]),
    activities: new Map(activities.filter((one): one is [string, TWorkflowActivity] => one[1] !== undefined)),
  };
}
