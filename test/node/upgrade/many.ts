// What came with the catalog, as the code of its first days has left it: bulk jobs in the middle of their work, instances that are kept
// for a time, search attributes, somebody who watches. To record: see many.test.ts.
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Instance } from "../../../src/instance/instance.ts";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import { BULK_JOB } from "../../../src/jobs/bulk-job.ts";
import { type JobCall, type JobInput, type JobTargets, NOTHING_DONE } from "../../../src/jobs/job.ts";
import { jobId } from "../../../src/model/ids.ts";
import { CatalogWorld } from "../instance/catalog-world.ts";
import { withJobs } from "../instance/job-world.ts";
import { type Code, makeWorld } from "../instance/support.ts";
import type { World } from "../instance/world.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const jobs = {
  named: jobId("00000000-0000-4000-8000-000000000001"),
  found: jobId("00000000-0000-4000-8000-000000000002"),
  done: jobId("00000000-0000-4000-8000-000000000003"),
  long: jobId("00000000-0000-4000-8000-000000000004"),
  "called off": jobId("00000000-0000-4000-8000-000000000005"),
  "at work": jobId("00000000-0000-4000-8000-000000000006"),
} as const;

export const targets = (of: keyof typeof jobs, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${of.replace(" ", "-")}-${n}`);

/** `hasCatalog`: from the beginning. */
export function manyWorld(hasCatalog = true): World {
  const world = withJobs(makeWorld());
  world.retention = { completed: DAY_MS };
  if (hasCatalog) useCatalog(world);
  world.workflow("found by", function* (ctx: WorkflowContext, round: number): Code {
    ctx.setSearchAttributes({ round, draft: round === 1 ? true : null });
    yield ctx.waitForExternalEvent("go");
    if (round === 1) return ctx.continueAsNew(2, true);
  });
  return world;
}

export function useCatalog(world: World): CatalogWorld {
  world.catalog = new CatalogWorld(world, { shards: 2, former: [] }, { completed: DAY_MS });
  return world.catalog;
}

/** Answered once the catalog has heard of it. */
export async function passing<T>(world: World, id: string, call: (instance: Instance) => Promise<T>): Promise<T> {
  const answer = world.post(id, call);
  await world.advance(20);
  return answer;
}

function start(world: World, id: string, name: string, input: unknown, more: Partial<StartRequest> = {}) {
  const request = { instanceId: id, name, input: JSON.stringify(input), requestId: `start of ${id}`, ...more };
  return passing(world, id, (instance) => instance.start(request));
}

export function raise(world: World, id: string, name: string, input?: unknown, messageId = `${name} of ${id}`) {
  const request = { name, input: JSON.stringify(input), messageId };
  return passing(world, id, (instance) => instance.raiseEvent(request));
}

function begin(world: World, of: keyof typeof jobs, call: JobCall, whom: JobTargets, rps: number) {
  const matched = "filter" in whom ? 2 : whom.instanceIds.length;
  const job: JobInput = { call, targets: whom, matched, rps, beganAtMs: world.nowMs, progress: NOTHING_DONE };
  return start(world, jobs[of], BULK_JOB, job, { retentionMs: 30 * DAY_MS });
}

/** Brings each instance to where its fixture is taken. */
export async function play(world: World): Promise<void> {
  await start(world, "kept alone", "echo", 1, { retentionMs: 20 * HOUR_MS });
  await world.advance(1_000);
  const catalog = useCatalog(world);
  world.crashAll();
  for (const kind of ["named", "found", "called off", "at work"] as const)
    for (const id of targets(kind, 4)) await start(world, id, "event", "go");
  await start(world, "kept by its start", "echo", 1, { retentionMs: 2 * HOUR_MS });
  await start(world, "kept by the policy", "echo", 1);
  await start(world, "kept from its end", "event", "go", { retentionMs: HOUR_MS });
  const searchAttributes = { customer: "c1", draft: false, tags: ["a", "b"] };
  await start(world, "attributes", "found by", 1, { searchAttributes });
  await raise(world, "attributes", "go");
  await start(world, "watched", "event", "go");
  const watched = world.watch("watched");
  await world.advance(20);
  await watched;
  await world.advance(2_000);

  const reason = "as told";
  await begin(world, "done", { operation: "terminate", reason }, { instanceIds: targets("done", 2) }, 50);
  const many = [...targets("long", 2), ...Array.from({ length: 440 }, (_, n) => jobId(uuid(1_000 + n)))];
  await begin(world, "long", { operation: "terminate", reason }, { instanceIds: many }, 40);
  await world.advance(5_300);
  await begin(world, "named", { operation: "terminate", reason }, { instanceIds: targets("named", 4) }, 1);
  const named = { instanceIds: targets("called off", 4) };
  await begin(world, "called off", { operation: "terminate", reason }, named, 1);
  await world.advance(1_500);
  await passing(world, jobs["called off"], (job) => job.cancel({ reason: "enough" }));
  catalog.fault = ({ method }) => (method === "list" ? "unreachable" : undefined);
  const filter = { idPrefix: "found-", name: "event" };
  await begin(world, "found", { operation: "purge", force: true, reason }, { filter }, 2);
  world.peerFault = ({ from }) => (from === jobs["at work"] ? "unreachable" : undefined);
  const raised = { operation: "raise", eventName: "go", payload: "7", reason } as const;
  let isCalling = false;
  world.onPoint = (point, id) => {
    if (id !== jobs["at work"]) return;
    isCalling ||= point === "peer call";
    // Its heartbeat is written, and no call has left.
    if (isCalling && point === "committed") world.crash(id);
  };
  await begin(world, "at work", raised, { instanceIds: targets("at work", 4) }, 50);
  await world.advance(60);
}

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
