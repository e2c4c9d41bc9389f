import type { Shards } from "../../../src/catalog/reading/shards.ts";
import { jobRegistry } from "../../../src/jobs/activities.ts";
import { BULK_JOB } from "../../../src/jobs/bulk-job.ts";
import type { CalledInstance } from "../../../src/jobs/call-instance.ts";
import { type JobInput, type JobProgress, NOTHING_DONE } from "../../../src/jobs/job.ts";
import { type Opened, openShard } from "../catalog/support.ts";
import { describeInstance, makeWorld } from "../instance/support.ts";
import { START_MS, type World } from "../instance/world.ts";

export const JOB = "bulk:00000000-0000-4000-8000-000000000001";

/** A call that a job has made, and when. */
export interface Called {
  readonly atMs: number;
  readonly instanceId: string;
  readonly method: string;
  readonly request: object;
}

export interface JobWorld {
  readonly world: World;
  /** The catalog, of one shard; `shards` is what jobs have of it. */
  readonly shard: Opened;
  readonly calls: Called[];
  /** Set it to have a call answered by the test, and not by the instance. */
  answer: ((called: Called) => unknown) | undefined;
  /** Set it to have a look at a page fail. */
  failPage: (() => boolean) | undefined;
}

const METHODS = [
  "terminate",
  "cancel",
  "suspend",
  "resume",
  "purge",
  "raiseEvent",
  "rewind",
  "rerun",
  "restart",
] as const;

/** A world in which the job's object has our own workflow, and calls the instances of the same world. */
export function makeJobWorld(): JobWorld {
  const world = makeWorld();
  const jobs: JobWorld = { world, shard: openShard(), calls: [], answer: undefined, failPage: undefined };
  const call = (instanceId: string, method: (typeof METHODS)[number], request: object): Promise<unknown> => {
    const called = { atMs: world.nowMs, instanceId, method, request };
    jobs.calls.push(called);
    if (jobs.answer !== undefined) return Promise.resolve(jobs.answer(called));
    const ask = () =>
      world.post(instanceId, (instance) => (instance[method] as (request: object) => Promise<unknown>)(request));
    // It leaves once what the job's object has written is on disk, and not where the object has been lost.
    const { life, gated } = world.host(JOB);
    return new Promise((resolve) => life?.dead === false && gated.push(() => resolve(ask())));
  };
  const instance = (id: string) =>
    Object.fromEntries(METHODS.map((method) => [method, (request: object) => call(id, method, request)]));
  const catalog: Shards = {
    names: ["0-0"],
    schedule: () => () => undefined,
    shard: () => ({
      list: async (request) => {
        if (jobs.failPage?.()) throw new Error("cannot be reached");
        return jobs.shard.store.page(request);
      },
      count: () => Promise.reject(new Error("no job counts")),
      changes: () => Promise.reject(new Error("no job asks for changes")),
      health: () => Promise.reject(new Error("no job asks for this")),
    }),
  };
  const registry = jobRegistry({ instance: (id) => instance(id) as CalledInstance, catalog });
  const found = registry.workflow(BULK_JOB, undefined);
  if (found.type !== "found") throw new Error("no workflow");
  world.workflow(BULK_JOB, found.workflow);
  for (const name of registry.names().activities) {
    const activity = registry.activity(name);
    if (activity !== undefined) world.activity(name, activity);
  }
  return jobs;
}

export function inputOf(more: Partial<JobInput> = {}): JobInput {
  return {
    call: { operation: "terminate" },
    targets: { instanceIds: ["a"] },
    matched: 1,
    rps: 1_000,
    beganAtMs: START_MS,
    progress: NOTHING_DONE,
    ...more,
  };
}

export async function startJob({ world }: JobWorld, more: Partial<JobInput> = {}): Promise<void> {
  const input = JSON.stringify(inputOf(more));
  await world.call(JOB, (i) => i.start({ instanceId: JOB, name: BULK_JOB, input, requestId: "job" }));
}

/** Its status, and how far it has come. */
export async function jobState({ world }: JobWorld): Promise<[string | undefined, JobProgress | undefined]> {
  const found = await describeInstance(world, JOB);
  return [found?.status, found?.customStatus === undefined ? undefined : JSON.parse(found.customStatus)];
}

/** To its end; how it has ended. */
export async function runJob(
  jobs: JobWorld,
  more: Partial<JobInput> = {},
): Promise<Awaited<ReturnType<typeof jobState>>> {
  await startJob(jobs, more);
  await jobs.world.rest();
  return jobState(jobs);
}

export const idsFrom = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => `i-${String(n + from).padStart(4, "0")}`);
