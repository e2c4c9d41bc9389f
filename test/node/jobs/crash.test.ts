// [J5] A crash at any point of a job leads to the same end: nobody is passed over, and what was done is not told as a failure.
import { describe, expect, it } from "vitest";
import { rerunId } from "../../../src/jobs/call-instance.ts";
import type { JobCall } from "../../../src/jobs/job.ts";
import { announce, entry, tell } from "../catalog/support.ts";
import { type Code, historyOf, start, statusOf } from "../instance/support.ts";
import { type Point, START_MS } from "../instance/world.ts";
import { JOB, jobState, makeJobWorld, startJob } from "./support.ts";

const IDS = ["a", "b", "c"];
const WORKFLOWS: Readonly<Record<string, string>> = { purge: "echo", rewind: "fails", rerun: "echo" };

interface Run {
  readonly points: string[];
  readonly end: unknown;
}

/** `crash`: at which point, and of what. */
async function run(call: JobCall, crash?: { readonly at: number; readonly kind: "reset" | "process" }): Promise<Run> {
  const jobs = makeJobWorld();
  const { world } = jobs;
  let fails = true;
  world.workflow("fails", function* (ctx): Code {
    return yield ctx.callActivity("sometimes");
  });
  world.activity("sometimes", () => {
    if (fails) throw new Error("not yet");
    return "well";
  });
  for (const id of IDS) {
    tell(jobs.shard, announce(entry(id, { createdAtMs: START_MS }), 1));
    await start(world, id, WORKFLOWS[call.operation] ?? "event", "never");
  }
  fails = false;
  const points: string[] = [];
  world.onPoint = (point: Point, id: string) => {
    points.push(`${point} ${id}`);
    if (points.length - 1 !== crash?.at) return;
    if (crash.kind === "process") world.crashAll();
    else world.crash(id);
  };
  // A client repeats what was not answered, with the same name for the request.
  for (let attempt = 0; ; attempt++) {
    try {
      await startJob(jobs, { call, targets: { filter: {} }, rps: 2 });
      break;
    } catch (error) {
      if (attempt === 5) throw error;
      await world.advance(10);
    }
  }
  await world.rest();
  world.onPoint = undefined;
  const [status, progress] = await jobState(jobs);
  const found = [];
  for (const id of IDS) {
    const history = historyOf(world, id);
    const counted = history.filter(({ type }) => type === "EventRaised" || type === "ExecutionRewound").length;
    const [first] = history;
    const run = first?.type === "ExecutionStarted" && first.reason === "once more" ? "another run" : "the same run";
    found.push([
      id,
      await statusOf(world, id),
      counted,
      run,
      await statusOf(world, rerunId({ jobId: JOB, instanceId: id })),
    ]);
  }
  return { points, end: { status, progress, found } };
}

describe("[J5] A crash at every point", () => {
  it.each([
    [{ operation: "raise", eventName: "e", payload: "1" }, ["RUNNING", 1, "the same run"]],
    [{ operation: "purge" }, [undefined, 0, "the same run"]],
    [{ operation: "terminate" }, ["TERMINATED", 0, "the same run"]],
    [{ operation: "rewind" }, ["COMPLETED", 1, "the same run"]],
    [{ operation: "restart", reason: "once more" }, ["RUNNING", 0, "another run"]],
    [{ operation: "rerun" }, ["COMPLETED", 0, "the same run", "COMPLETED"]],
  ] as const)("[J5.1] %j: ends as without, each instance done, each event counted once", async (call, found) => {
    const undisturbed = await run(call);
    expect(undisturbed.end).toEqual({
      status: "COMPLETED",
      progress: { done: 3, failed: 0, skipped: 0, failures: [] },
      found: IDS.map((id) => [id, ...found, ...(found.length === 3 ? [undefined] : [])]),
    });
    const ofJob = undisturbed.points.flatMap((point, at) => (point.endsWith(JOB) ? [at] : []));
    expect(ofJob.length).toBeGreaterThan(20);
    for (const at of ofJob) {
      for (const kind of ["reset", "process"] as const) {
        const { end } = await run(call, { at, kind });
        expect([undisturbed.points[at], kind, end]).toEqual([undisturbed.points[at], kind, undisturbed.end]);
      }
    }
  });
});
