// [I11] A crash at any point leads to the same end.
// Every workflow here runs once undisturbed, to count the points at which a crash could fall: before and after each
// write, each commit, each start of an activity, each call of another object, each ring of an alarm. Then it runs once
// for each of these points, with a crash there, and has to come to the same end.

import { describe, expect, it } from "vitest";
import { executionOfName } from "../../../src/model/ids.ts";
import { EVENTS } from "../../../src/storage/history-table.ts";
import { INSTANCE } from "../../rows.ts";
import { Random } from "../random.ts";
import { Client, type Scenario, scenarios } from "./crash-scenarios.ts";
import type { Host } from "./host.ts";
import { type Code, describeInstance, faultsOf, historyOf, makeWorld } from "./support.ts";
import type { World } from "./world.ts";

interface Run {
  readonly world: World;
  readonly points: string[];
  readonly end: Record<string, readonly unknown[]>;
  readonly acknowledged: readonly string[];
  readonly faults: string[];
}

type Crash = { readonly at: number; readonly kind: "reset" | "process" } | undefined;

async function run({ main, script, isRewound }: Scenario, crash: Crash): Promise<Run> {
  const world = makeWorld();
  world.workflow("main", main);
  world.workflow("child", function* (ctx, n: number): Code {
    return `${n}: ${yield ctx.callActivity("slow", 20)}`;
  });
  world.activity("flaky", async (ctx, attempts: number) => {
    ctx.heartbeat(ctx.getAttemptNumber());
    await world.sleep(10);
    if (ctx.getAttemptNumber() < attempts) throw new Error("not yet");
    return ctx.getAttemptNumber();
  });
  const points: string[] = [];
  const faults: string[] = [];
  const recorded = new Set<string>();
  world.onPoint = (point, id) => {
    if (point === "activity" && recorded.has(world.activityRuns.at(-1) ?? "")) {
      faults.push(`${world.activityRuns.at(-1)} runs again, though its result was recorded`);
    }
    points.push(`${point} ${id}`);
    if (points.length - 1 !== crash?.at) return;
    if (crash.kind === "process") world.crashAll();
    else world.crash(id);
    for (const host of world.hosts.values()) for (const taskId of recordedIn(host, isRewound)) recorded.add(taskId);
  };
  const client = new Client(world);
  await script(client);
  await world.rest();
  // Reading is no part of it.
  world.onPoint = undefined;
  const end: Record<string, readonly unknown[]> = {};
  for (const id of [...world.hosts.keys()].sort()) {
    const found = await describeInstance(world, id);
    end[id] = [found?.status, found?.output, found?.failure?.message, found?.searchAttributes];
    for (const fault of faultsOf(world, id)) faults.push(`${id}: ${fault}`);
    const host = world.host(id);
    if (found === undefined) {
      if (host.db.tables().length > 0) faults.push(`${id}: tables are left`);
      continue;
    }
    for (const table of ["inbox", "outbox", "recovery"]) {
      const rows = host.db.read(`SELECT * FROM ${table}`);
      if (rows.length > 0) faults.push(`${id}: ${rows.length} rows are left in ${table}`);
    }
    if (host.durableAlarm !== null) faults.push(`${id}: an alarm is left`);
  }
  return { world, points, end, acknowledged: client.acknowledged, faults };
}

/** The results of activities that an object has. `isRewound`: a failure may be taken back, and the call be made once more. */
function recordedIn({ db }: Host, isRewound = false): string[] {
  if (db.tables().length === 0) return [];
  const [row] = db.read<{ name: string }>(`SELECT execution_id AS name FROM ${INSTANCE}`);
  const { executionId } = executionOfName(row?.name ?? "");
  const types = !isRewound ? "'TaskCompleted', 'TaskFailed'" : "'TaskCompleted'";
  return db
    .read<{ id: number }>(`SELECT task_id AS id FROM ${EVENTS.instance} WHERE type IN (${types})`)
    .map(({ id }) => `${executionId}:${id}`);
}

describe("[I11] A crash at any point leads to the same end", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    for (const kind of scenario.kinds ?? (["reset", "process"] as const)) {
      it(`[I11.1] ${name}: ${kind === "reset" ? "one object is lost" : "all objects are lost"}`, async () => {
        const undisturbed = await run(scenario, undefined);
        expect(undisturbed.faults).toEqual([]);
        for (const [status] of Object.values(undisturbed.end))
          expect([undefined, "COMPLETED", "FAILED", "CANCELED", "TERMINATED"]).toContain(status);
        for (const [at, point] of undisturbed.points.entries()) {
          const disturbed = await run(scenario, { at, kind });
          const what = `k=${at} of ${undisturbed.points.length} (${point})`;
          expect([what, disturbed.points[at]]).toEqual([what, point]);
          expect([what, disturbed.end]).toEqual([what, undisturbed.end]);
          expect([what, disturbed.faults]).toEqual([what, []]);
          if (scenario.keepsEvents) {
            const raised = historyOf(disturbed.world, "a").flatMap((e) =>
              e.type === "EventRaised" ? e.messageId : [],
            );
            expect([what, raised.toSorted()]).toEqual([what, disturbed.acknowledged.toSorted()]);
          }
        }
        console.log(`${name}: ${undisturbed.points.length} points`);
      });
    }
  }

  it("[I11.2] up to eight crashes of a longer run, anywhere: it still comes to its end", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = makeWorld();
      world.workflow("main", function* (ctx): Code {
        let sum = 0;
        for (let i = 0; i < 10; i++) sum += (yield ctx.callActivity("slow", i)).length;
        const children: number[] = yield ctx.whenAll([1, 2, 3].map((n) => ctx.callChildWorkflow("echo", n)));
        yield ctx.createTimer(1);
        return [sum, ...children];
      });
      const random = new Random(seed);
      const nextIn = () => random.between(1, 40);
      let left = nextIn();
      let crashes = 8;
      world.onPoint = (_, id) => {
        if (crashes === 0 || --left > 0) return;
        crashes--;
        left = nextIn();
        if (random.chance(0.5)) world.crashAll();
        else world.crash(id);
      };
      const client = new Client(world);
      await client.start();
      await world.rest();
      world.onPoint = undefined;
      expect(crashes).toBeLessThan(8);
      expect([seed, (await describeInstance(world, "a"))?.output]).toEqual([seed, "[70,1,2,3]"]);
      expect([seed, faultsOf(world, "a")]).toEqual([seed, []]);
    }
  });
});
