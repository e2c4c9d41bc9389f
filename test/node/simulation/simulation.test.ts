// Random workflows under faults, each seed twice. SIMULATION_SEED and SIMULATION_SEEDS set where to begin and how many.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { JOB_OPERATIONS } from "../../../src/jobs/job.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { World } from "../instance/world.ts";
import { LONGEST_MS } from "./expiring.ts";
import { type Plan, planFrom } from "./plan.ts";
import { simulate } from "./run.ts";
import { add, emptySummary, simulateSeed } from "./summary.ts";

// Half a minute of computing for a part, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 300_000 });

const FIRST = Number(process.env.SIMULATION_SEED ?? 1);
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 1_000);
const PARTS = 4;
const pinned = new URL("./pinned/", import.meta.url);

describe("[V] the invariants, in simulations", () => {
  it.each(Array.from({ length: PARTS }, (_, part) => part))(
    "[V1] every invariant holds, and two runs of a seed are equal byte for byte (part %i)",
    async (part) => {
      const from = FIRST + part * Math.ceil(SEEDS / PARTS);
      const to = Math.min(FIRST + (part + 1) * Math.ceil(SEEDS / PARTS), FIRST + SEEDS);
      console.log(`SIMULATION_SEED=${from} SIMULATION_SEEDS=${to - from}`);
      let total = emptySummary();
      for (let seed = from; seed < to; seed++) total = add(total, await simulateSeed(seed));
      expect([total.violations, total.differing]).toEqual([[], []]);
      expect(total.seeds).toBe(to - from);
    },
  );

  it("[V2] faults of every kind happen, and instances end in every way", async () => {
    let total = emptySummary();
    for (let seed = FIRST; seed < FIRST + 400; seed++) total = add(total, await simulateSeed(seed));
    expect(Object.keys(total.ends).sort()).toEqual(["CANCELED", "COMPLETED", "FAILED", "TERMINATED"]);
    expect(Object.keys(total.faults).sort()).toEqual([
      "alarm is lost",
      "alarm rings again",
      "all objects are lost",
      "answer is lost",
      "answer of a limiter is lost",
      "answer of the catalog is lost",
      "call arrives twice",
      "call arrives twice, late",
      "call does not arrive",
      "call of a limiter arrives twice",
      "call of a limiter arrives twice, late",
      "call of a limiter does not arrive",
      "call of the catalog arrives twice",
      "call of the catalog arrives twice, late",
      "call of the catalog does not arrive",
      "clock jumps",
      "commit fails",
      "commit of a limiter fails",
      "commit of a shard fails",
      "limiter is lost",
      "object is lost",
      "query fails",
      "query of a limiter fails",
      "query of a shard fails",
      "receiver does not answer",
      "receiver is not reached",
      "receiver refuses",
      "shard is lost",
      "shard is not reached for an hour",
      "statement fails",
      "statement of a limiter fails",
      "statement of a shard fails",
    ]);
  });

  it("[V30] who watches is told each event of an execution once, in order, and nothing that was lost, whatever befalls the object", async () => {
    const violations: string[] = [];
    let told = 0;
    let connections = 0;
    for (let seed = FIRST; seed < FIRST + 100; seed++) {
      const simulation = await simulate(planFrom(seed), { watched: true });
      violations.push(...simulation.violations.map((violation) => `seed ${seed}: ${violation}`));
      told += simulation.told;
      connections += simulation.connections;
    }
    expect(violations).toEqual([]);
    expect(told).toBeGreaterThan(1_000);
    expect(connections).toBeGreaterThan(1_000);
  });

  it("[V35] npm run simulate runs as package.json says it, with the Node that runs this", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const [, command] = scripts.simulate.split(" && node ");
    const run = spawnSync(process.execPath, [...command.split(" "), "--seeds", "2"], { encoding: "utf8" });
    expect([run.status, run.stdout]).toEqual([0, expect.stringMatching(/^seeds 1 to 2, each run twice/)]);
  });

  it("[V3] another seed is another plan, and the same seed the same", () => {
    expect(planFrom(7)).toEqual(planFrom(7));
    expect(planFrom(7)).not.toEqual(planFrom(8));
  });

  it("[V31] among two hundred plans some use an ID again, in every way, or rerun a history", () => {
    const plans = Array.from({ length: 200 }, (_, n) => planFrom(n + 1)).filter(
      ({ expected }) => expected !== undefined,
    );
    const ways = plans.flatMap(({ roots }) =>
      roots.flatMap(({ operations }) => operations.map((o) => (o.type === "start" ? `start ${o.reuse}` : o.type))),
    );
    expect([...new Set(ways)].sort()).toEqual([
      "await end",
      "raise",
      "rerun",
      "restart",
      "start ignore",
      "start reject",
      "start replace",
      "start terminate",
    ]);
  });

  it("[V32] among a thousand plans some have bulk jobs: of every operation, by filter and by IDs, of more than a page, called off", () => {
    const operations = Array.from({ length: 1_000 }, (_, n) => planFrom(n + 1)).flatMap(({ roots }) =>
      roots.flatMap((root) => root.operations),
    );
    const jobs = operations.filter((operation) => operation.type === "bulk");
    expect([...new Set(jobs.map(({ call }) => call.operation))].sort()).toEqual([...JOB_OPERATIONS].sort());
    const kinds = jobs.map(({ targets }) => ("filter" in targets ? "filter" : targets.nobodies ? "pages" : "IDs"));
    expect([...new Set(kinds)].sort()).toEqual(["IDs", "filter", "pages"]);
    expect(jobs.filter(({ call }) => call.force)).not.toEqual([]);
    const isCalledOff = (id: string) => operations.some(({ to, type }) => to === id && type === "cancel");
    expect(jobs.filter(({ to }) => isCalledOff(to))).not.toEqual([]);
  });

  it("[V33] among five hundred plans some keep instances for a time: by the policy, by each start, for no time; and use an ID anew meanwhile", () => {
    const plans = Array.from({ length: 500 }, (_, n) => planFrom(n + 1)).filter(({ retention }) => retention);
    const policies = new Set(plans.flatMap(({ retention }) => Object.values(retention ?? {})));
    expect([...policies].sort((a, b) => a - b)).toEqual([0, 1_000, 60_000, LONGEST_MS]);
    const own = new Set(plans.flatMap(({ roots }) => roots.map(({ retentionMs }) => retentionMs)));
    expect(own).toEqual(new Set([undefined, 0, 1_000, 60_000, LONGEST_MS]));
    const again = plans.flatMap(({ roots }) => roots.flatMap(({ operations }) => operations.map(({ type }) => type)));
    expect(again).toContain("start");
    expect(plans.filter(({ catalog }) => catalog === undefined)).not.toEqual([]);
  });

  it("[V34] among five hundred plans some set search attributes in code, over a continue-as-new too, and some are watched", () => {
    const plans = Array.from({ length: 500 }, (_, n) => planFrom(n + 1));
    const programs = plans.flatMap(({ roots }) => roots.map(({ program }) => program));
    const setting = programs.filter(({ steps }) => steps.some((step) => step.do === "attributes"));
    expect(setting.filter(({ rounds }) => rounds > 1)).not.toEqual([]);
    expect(plans.filter(({ watched }) => watched)).not.toEqual([]);
  });

  it("[V38] among five hundred plans some send events to children of their own, and cancel some, under IDs that are used again too", () => {
    const plans = Array.from({ length: 500 }, (_, n) => planFrom(n + 1));
    const programs = plans.flatMap(({ roots }) => roots.map(({ program }) => program));
    const asks = programs.flatMap(({ rounds, steps }) =>
      steps.flatMap((step) => (step.do === "asks" ? { ...step, rounds } : [])),
    );
    expect(asks.filter(({ values, cancels }) => values.length > 1 && !cancels)).not.toEqual([]);
    expect(asks.filter(({ values, cancels, pauseMs }) => values.length > 1 && cancels && pauseMs > 0)).not.toEqual([]);
    expect(asks.filter(({ id, rounds }) => id !== undefined && rounds > 1)).not.toEqual([]);
  });

  it("[V36] among five hundred plans some limit activities, workflows or both, of a key or by a rate, with more room later; some tell receivers", () => {
    const plans = Array.from({ length: 500 }, (_, n) => planFrom(n + 1));
    const limits = plans.flatMap(({ limits }) => limits ?? []);
    const kinds = limits.map(({ work, program }) => [work && "work", program && "program"].filter(Boolean).join());
    expect([...new Set(kinds)].sort()).toEqual(["program", "work", "work,program"]);
    const each = limits.flatMap(({ work, program }) => [work ?? [], program ?? []].flat());
    expect(each.filter(({ concurrencyPerKey }) => concurrencyPerKey)).not.toEqual([]);
    expect(each.filter(({ rate }) => rate)).not.toEqual([]);
    expect(limits.filter(({ grownAtMs }) => grownAtMs)).not.toEqual([]);
    const told = plans.flatMap(({ webhooks }) => webhooks?.receivers ?? []);
    expect([...new Set(told)].sort()).toEqual([1, 2]);
    expect(plans.filter(({ webhooks, retention }) => webhooks && retention)).not.toEqual([]);
  });

  it("[V8.1] among a hundred plans some have a queue of activities behind a continue-as-new, and some a purge beside a first commit", () => {
    const plans = Array.from({ length: 100 }, (_, n) => planFrom(n + 1));
    const queued = plans.filter(({ maxConcurrentActivities }) => maxConcurrentActivities === 1);
    expect(queued.length).toBeGreaterThan(1);
    // The race leaves an activity behind that holds the place, and the round after it begins with another one.
    const steps = queued.flatMap(({ roots }) => roots.map(({ program: { rounds, steps } }) => ({ rounds, steps })));
    for (const {
      rounds,
      steps: [first, last],
    } of steps) {
      expect(rounds).toBeGreaterThan(1);
      expect(["activity", "all"]).toContain(first?.do);
      expect(last).toMatchObject({ do: "any", of: [{ do: "activity" }, { do: "timer" }] });
    }
    const purged = plans.filter(({ roots }) => roots.length === 4);
    expect(purged.length).toBeGreaterThan(1);
    const atOnce = purged.flatMap(({ roots }) =>
      roots.filter(({ operations: [raise, purge] }) => raise?.type === "raise" && purge?.afterMs === raise.afterMs),
    );
    expect(atOnce.length).toBeGreaterThan(purged.length);
  });
});

describe("[V4] what simulations have found stays fixed", () => {
  it.each(readdirSync(pinned))("[V4] %s", async (name) => {
    expect((await simulate(pinnedPlan(name))).violations).toEqual([]);
  });
});

/** What can be seen of an object when something of it has become durable. */
interface Moment {
  readonly lives: number;
  readonly history: readonly HistoryEvent[];
  readonly activityRuns: readonly string[];
}

// Code that does less may pass by the moment that a plan was pinned for: then the plan checks nothing, and another is to be pinned.
describe("[V8] what was pinned for a mutant comes to the moment in which it shows", () => {
  it("[V8.2] activity-queued-behind-continue-as-new.json: on disk is a call that waits for one of the execution before", async () => {
    const { moments } = await watched("activity-queued-behind-continue-as-new.json");
    const queued = moments.filter(({ history: [started, ...others], activityRuns }) => {
      if (started?.type !== "ExecutionStarted" || started.generation === 0) return false;
      const hasOpenCall = others.map(({ type }) => type).join() === "TaskScheduled";
      return hasOpenCall && !activityRuns.some((call) => call.startsWith(`${started.executionId}:`));
    });
    expect(queued).not.toEqual([]);
  });

  it("[V8.3] forced-purge-at-the-first-commit-of-a-reopened-life.json: a call is on disk, and has not run before the purge, nor does it after", async () => {
    const { moments, trace } = await watched("forced-purge-at-the-first-commit-of-a-reopened-life.json");
    const decided = moments.filter(({ history }) => history.some(({ type }) => type === "TaskScheduled"));
    expect(decided).toMatchObject([{ lives: 2, activityRuns: [] }]);
    expect(trace.filter((line) => / activity /.test(line))).toEqual([]);
    expect(trace.at(-1)).toMatch(/"type":"purge by force",.* OK$/);
  });

  async function watched(name: string): Promise<{ moments: Moment[]; trace: readonly string[] }> {
    const moments: Moment[] = [];
    const rest = World.prototype.rest;
    const spy = vi.spyOn(World.prototype, "rest").mockImplementation(function (this: World, withinMs) {
      const { onPoint } = this;
      this.onPoint = (point, id) => {
        const { counters, db } = this.host(id);
        if (point === "committed" && db.hasTable("instance"))
          moments.push({
            lives: counters.lives,
            history: this.host(id).history(),
            activityRuns: [...this.activityRuns],
          });
        onPoint?.(point, id);
      };
      return rest.call(this, withinMs);
    });
    try {
      const { trace } = await simulate(pinnedPlan(name));
      return { moments, trace };
    } finally {
      spy.mockRestore();
    }
  }
});

function pinnedPlan(name: string): Plan {
  return JSON.parse(readFileSync(new URL(name, pinned), "utf8"));
}
