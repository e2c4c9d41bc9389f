// Schedules by chance: random ones, in a world where messages are lost, late or doubled, objects are lost, clocks differ, and code is deployed.

import type { Declaration } from "../../../src/schedules/deployments.ts";
import type { Overlap, ScheduleFields } from "../../../src/schedules/fields.ts";
import type { ScheduleView } from "../../../src/schedules/protocol.ts";
import { nominalTime, timesAfter } from "../../../src/schedules/timetable.ts";
import { makeWorld } from "../instance/support.ts";
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
  /** What has happened, to be compared with another run of the same seed. */
  readonly trace: string;
}

interface Made {
  readonly id: string;
  readonly fields: ScheduleFields;
  /** Each of its times has to have run: it misses, skips and passes over none. */
  readonly isWhole: boolean;
}

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
  world.onPoint = (point, id) => {
    if (point !== "committed" || world.hosts.get(id)?.db.hasTable("instance") !== true) return;
    const [first] = world.host(id).history();
    if (first?.type !== "ExecutionStarted") return;
    const seen = executions.get(id) ?? new Set();
    executions.set(id, seen.add(first.executionId));
  };

  const made: Made[] = [];
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
    made.push({ id: `s${n}`, fields, isWhole });
    const input = takes ? String(pick([1, 30])) : undefined;
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
    const { id, isWhole } = pick(made);
    const what = random.below(14);
    if (what === 0) schedules.lose(id, pick(["reset", "process"]));
    if (what === 1) schedules.lose("index");
    if (what === 2 && world.hosts.size > 0) world.crash(pick([...world.hosts.keys()]), pick(["reset", "process"]));
    if (what === 3) world.crashAll();
    if (what === 4) schedules.host(id).skewMs = random.below(6_000) - 3_000;
    if (what === 5) tell(schedules.post(id, (one) => one.trigger({ requestId: `t${random.below(20)}` })));
    if (what === 6) {
      const [fromMs, toMs] = [world.nowMs - random.below(2 * HOUR), world.nowMs - random.below(10 * MINUTE)];
      const overlap = pick<Overlap>(["allowAll", "bufferAll"]);
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

  const violations: string[] = [];
  for (const [instanceId, all] of executions)
    if (all.size > 1) violations.push(`${instanceId} has begun ${all.size} times`);
  for (const { id, fields, isWhole } of made) {
    const view = await answered(world, () => schedules.post(id, (one) => one.view(1)));
    if (view === undefined) {
      violations.push(`${id} is gone`);
      continue;
    }
    if (isWhole) violations.push(...missing(id, fields, view, endMs, executions));
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
  return { violations, begun: executions.size, trace };
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
