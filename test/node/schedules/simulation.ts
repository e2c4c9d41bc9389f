// Schedules by chance: random ones, in a world where messages are lost, late or doubled, objects are lost, clocks differ, and code is deployed.

import { isTerminal, type RuntimeStatus } from "../../../src/model/status.ts";
import type { Declaration } from "../../../src/schedules/deployments.ts";
import type { Overlap, ScheduleFields } from "../../../src/schedules/fields.ts";
import type { ScheduleView } from "../../../src/schedules/protocol.ts";
import { nominalTime, timesAfter } from "../../../src/schedules/timetable.ts";
import { makeWorld } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { Random } from "../random.ts";
import { at, HOUR, MINUTE, SECOND, timetable } from "./support.ts";
import { ScheduleWorld } from "./world.ts";

const BEGIN = at("2026-03-29T00:50:00Z");
const STEPS = 120;
/** Longer than any pause between two tries, and than the clocks differ. */
const CALM_MS = 30 * MINUTE;
const CRONS = ["*/2 * * * *", "* * * * *", "30 */5 * * * *", "1,4,7,31,50 * * * *"];
const OVERLAPS: readonly Overlap[] = ["skip", "bufferOne", "bufferAll", "cancelOther", "terminateOther", "allowAll"];

export interface Outcome {
  readonly violations: readonly string[];
  /** How many instances there were, so that a run in which nothing happens is seen. */
  readonly begun: number;
  /** How many of them were ended for a later one. */
  readonly ended: number;
  /** What has happened, to be compared with another run of the same seed. */
  readonly trace: string;
}

interface Made {
  readonly id: string;
  readonly fields: ScheduleFields;
  /** Each of its times has to have run: it misses, skips and passes over none. */
  readonly isWhole: boolean;
  /** No two of its scheduled times are to run at once. */
  readonly isExclusive: boolean;
}

/** What of each schedule runs, as its instances have committed it, triggers left out: they run beside whatever runs. */
class Runs {
  readonly violations: string[] = [];
  /** How many were ended for a later one. */
  ended = 0;
  readonly #world: World;
  readonly #made: readonly Made[];
  readonly #running = new Map<string, Set<string>>();

  constructor(world: World, made: readonly Made[]) {
    this.#world = world;
    this.#made = made;
  }

  committed(id: string): void {
    const [, schedule = ""] = /^(s\d)-\d{8}T\d{6}Z$/.exec(id) ?? [];
    const made = this.#made.find((one) => one.id === schedule);
    if (made === undefined) return;
    const { db } = this.#world.host(id);
    const statement = "SELECT type AS status FROM instance WHERE seq = -1";
    const [row] = db.hasTable("instance") ? db.read<{ status: RuntimeStatus }>(statement) : [];
    const running = this.#running.get(schedule) ?? new Set();
    this.#running.set(schedule, running);
    if (row === undefined || isTerminal(row.status)) running.delete(id);
    else running.add(id);
    if (made.isExclusive && running.size > 1)
      this.violations.push(`${[...running].join(" and ")} run at once, and ${schedule} has ${made.fields.overlap}`);
    const endedBy = row?.status === "CANCELED" ? "cancelOther" : row?.status === "TERMINATED" ? "terminateOther" : "";
    if (endedBy === "") return;
    this.ended++;
    if (made.fields.overlap !== endedBy)
      this.violations.push(`${id} is ${row?.status}, and ${schedule} has ${made.fields.overlap}`);
  }
}

/** How many of its times wait at most, beside those that somebody has asked for. */
const MOST_IN_LINE: Readonly<Record<Overlap, number>> = {
  skip: 0,
  allowAll: 0,
  bufferOne: 1,
  cancelOther: 1,
  terminateOther: 1,
  bufferAll: 1_000,
};

export async function simulate(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  const chance = (share: number) => random.next() < share;
  const world = makeWorld();
  world.workflow("report", (_ctx, input) => input);
  world.workflow("takes", function* (ctx, seconds: number) {
    yield ctx.createTimer(seconds);
  });
  world.nowMs = BEGIN;
  if (chance(0.3)) world.retention = { anyTerminal: pick([0, 60_000]) };
  let isCalm = false;
  world.chaos = {
    pick: (n) => random.below(n),
    latencyMs: () => (isCalm || chance(0.7) ? 0 : random.below(3_000)),
    alarmShiftMs: () => (isCalm || chance(0.6) ? 0 : random.below(4_000) - 1_000),
    ringsAgain: () => !isCalm && chance(0.1),
  };
  const schedules = new ScheduleWorld(world);
  const share = pick([0, 0.1, 0.3]);
  schedules.fault = () =>
    isCalm || !chance(share) ? undefined : pick(["unreachable", "answer lost", "twice", "twice, late"] as const);
  const executions = new Map<string, Set<string>>();
  const made: Made[] = [];
  const runs = new Runs(world, made);
  world.onPoint = (point, id) => {
    if (point === "committed") runs.committed(id);
    if (point !== "committed" || world.hosts.get(id)?.db.hasTable("instance") !== true) return;
    const [first] = world.host(id).history();
    if (first?.type !== "ExecutionStarted") return;
    const seen = executions.get(id) ?? new Set();
    executions.set(id, seen.add(first.executionId));
  };

  for (let n = 0; n < 3; n++) {
    const isWhole = n < 2;
    const overlap = isWhole ? pick<Overlap>(["allowAll", "bufferAll"]) : pick(OVERLAPS);
    const takes = chance(0.5);
    const when = chance(0.7) ? { cron: pick(CRONS) } : { interval: pick(["1m", "90s", "5m"]) };
    const fields: ScheduleFields = {
      ...when,
      workflowName: takes ? "takes" : "report",
      timeZone: pick(["Europe/Berlin", "UTC", "America/New_York"]),
      overlap,
      catchUpWindow: isWhole ? "240h" : pick(["1m", "1h"]),
      jitter: pick(["0s", "0s", "20s"]),
      pauseOnFailure: !isWhole && chance(0.2),
    };
    made.push({ id: `s${n}`, fields, isWhole, isExclusive: overlap !== "allowAll" });
    const input = takes ? String(pick([1, 30, 150])) : undefined;
    const create = () => schedules.post(`s${n}`, (one) => one.create({ fields, input, requestId: `r${n}` }));
    await answered(world, create);
  }
  const declared = (version: number): Declaration[] => [
    { id: "c0", fields: { workflowName: "report", interval: `${1 + (version % 3)}m`, overlap: "allowAll" } },
    ...(version % 2 === 0 ? [{ id: "c1", fields: { workflowName: "report", interval: "2m" } }] : []),
  ];
  let version = 0;
  const deployments = [schedules.deploy(declared(0), BEGIN)];

  const asked: Promise<unknown>[] = [];
  const tell = (one: Promise<unknown>) => void asked.push(one.catch(() => undefined));
  for (let step = 0; step < STEPS; step++) {
    const { id, isWhole, isExclusive } = pick(made);
    const what = random.below(14);
    if (what === 0) schedules.lose(id, pick(["reset", "process"]));
    if (what === 1) schedules.lose("index");
    if (what === 2 && world.hosts.size > 0) world.crash(pick([...world.hosts.keys()]), pick(["reset", "process"]));
    if (what === 3) world.crashAll();
    if (what === 4) schedules.host(id).skewMs = random.below(6_000) - 3_000;
    if (what === 5) tell(schedules.post(id, (one) => one.trigger({ requestId: `t${random.below(20)}` })));
    if (what === 6) {
      const [fromMs, toMs] = [world.nowMs - random.below(2 * HOUR), world.nowMs - random.below(10 * MINUTE)];
      const overlap = isExclusive ? "bufferAll" : pick<Overlap>(["allowAll", "bufferAll"]);
      tell(schedules.post(id, (one) => one.backfill({ fromMs, toMs, overlap, isDry: chance(0.2) })));
    }
    if (what === 7 && !isWhole) tell(schedules.post(id, (one) => one.pause({ reason: "chance" })));
    if (what === 8) tell(schedules.post(id, (one) => one.resume()));
    if (what === 9) tell(schedules.post(id, (one) => one.change({ fields: { retention: pick(["24h", null]) } })));
    if (what === 10) {
      version++;
      deployments.push(schedules.deploy(declared(version), BEGIN + version));
    }
    if (what >= 10 && what <= 12) {
      const deployment = pick(deployments.slice(-2));
      tell(schedules.askLater((index) => index.reconcile(deployment)));
    }
    await world.advance(random.below(2 * MINUTE));
  }
  isCalm = true;
  for (const { id } of made) schedules.host(id).skewMs = 0;
  const last = deployments.at(-1);
  if (last !== undefined) tell(schedules.askLater((index) => index.reconcile(last)));
  for (const { id, isWhole } of made) if (isWhole) tell(schedules.post(id, (one) => one.resume()));
  const endMs = world.nowMs;
  await world.advance(CALM_MS);
  world.onPoint = undefined;

  const violations = [...runs.violations];
  for (const [instanceId, all] of executions)
    if (all.size > 1) violations.push(`${instanceId} has begun ${all.size} times`);
  for (const { id, fields, isWhole } of made) {
    const view = await answered(world, () => schedules.post(id, (one) => one.view(1)));
    if (view === undefined) {
      violations.push(`${id} is gone`);
      continue;
    }
    if (isWhole) violations.push(...missing(id, fields, view, endMs, executions));
    const inLine = view.waiting.filter(({ kind }) => kind === "scheduled").length;
    if (inLine > MOST_IN_LINE[fields.overlap ?? "skip"])
      violations.push(`${id} has ${inLine} that wait, and ${fields.overlap}`);
    if (view.starting.length > 0) violations.push(`${id} is still starting ${view.starting.length}`);
  }
  for (const { id, fields } of last?.declarations ?? []) {
    const view = await answered(world, () => schedules.post(id, (one) => one.view(1)));
    if (view?.fields.interval !== fields.interval) violations.push(`${id} is not as it is declared last`);
    if (view?.paused !== undefined) violations.push(`${id} is declared and paused`);
  }
  const gone = ["c0", "c1"].filter((id) => !last?.declarations.some((one) => one.id === id));
  for (const id of gone) {
    const view = await answered(world, () => schedules.post(id, (one) => one.view(1)));
    if (view !== undefined && view.paused === undefined) violations.push(`${id} was taken out and goes on`);
  }
  const trace = JSON.stringify([...executions.keys()]);
  return { violations, begun: executions.size, ended: runs.ended, trace };
}

/** Times that have no instance although they should. */
function missing(
  id: string,
  fields: ScheduleFields,
  view: ScheduleView,
  endMs: number,
  executions: ReadonlyMap<string, unknown>,
): string[] {
  const open = new Set([...view.waiting, ...view.starting].map(({ nominalMs }) => nominalMs));
  return timesAfter(timetable(fields), view.createdMs, 10_000, endMs)
    .filter((ms) => !open.has(ms) && !executions.has(`${id}-${nominalTime(ms).replace(/[-:]/g, "")}`))
    .map((ms) => `${id} has no instance for ${nominalTime(ms)}`);
}

/** Asked until there is an answer. */
async function answered<T>(world: ReturnType<typeof makeWorld>, ask: () => Promise<T>): Promise<T> {
  for (let n = 0; n < 100; n++) {
    let found: { readonly value: T } | undefined;
    void ask().then(
      (value) => {
        found = { value };
      },
      () => undefined,
    );
    for (let wait = 0; found === undefined && wait < 10; wait++) await world.advance(SECOND);
    if (found !== undefined) return found.value;
  }
  throw new Error("A call is not answered");
}
