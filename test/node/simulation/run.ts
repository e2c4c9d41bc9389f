/**
 * One simulation: a plan, carried out by the real engine, store, instance and turn loop in one process, under faults; then
 * the durable state is compared with the model. The trace tells all that happened, so that two runs can be compared.
 */
import { createHash } from "node:crypto";
import type { Host, Resident } from "../instance/host.ts";
import { withJobs } from "../instance/job-world.ts";
import { World } from "../instance/world.ts";
import { watchingReplays } from "./branch-field.ts";
import { BulkWatch, jobListFaults } from "./bulk-watch.ts";
import { CatalogChance, entryFaults, listFaults } from "./catalog.ts";
import { Chance, type FaultCounts } from "./chance.ts";
import { Client } from "./client.ts";
import { encrypt } from "./encryption.ts";
import { LONGEST_MS } from "./expiring.ts";
import { KeptWatch } from "./kept-watch.ts";
import { LimitsChance } from "./limits.ts";
import { faultsOfObserver, Observer } from "./observer.ts";
import { type Asked, faultsAtEnd } from "./oracle.ts";
import type { CatalogPlan, Plan } from "./plan.ts";
import { deploy, registerActivities } from "./program.ts";
import { Watch } from "./watch.ts";
import { WebhookWatch } from "./webhooks.ts";

export interface Simulation {
  /** What is wrong; empty when every invariant held. */
  readonly violations: readonly string[];
  /** Of the trace and of all that the databases hold in the end. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly faults: FaultCounts;
  readonly instances: number;
  readonly ends: Record<string, number>;
  readonly activityRuns: number;
  readonly messages: number;
  readonly answered: number;
  /** To those who watch, and how often they have connected. */
  readonly told: number;
  readonly connections: number;
}

/** Time is virtual: a simulation of hours takes milliseconds. */
const LONG_MS = 48 * 3_600_000;

/** `watched`: two watch each instance that a client starts, which is another simulation of the same plan. */
export async function simulate(plan: Plan, { watched = plan.watched ?? false } = {}): Promise<Simulation> {
  const replays: string[] = [];
  const simulation = await watchingReplays(
    (fault) => replays.push(fault),
    () => carryOut(plan, watched),
  );
  return { ...simulation, violations: [...simulation.violations, ...replays] };
}

async function carryOut(plan: Plan, watched: boolean): Promise<Simulation> {
  const { maxConcurrentActivities } = plan;
  const limits = { stallRetryMinMs: 5_000, maxActivityRecoveries: 50, watchdogMs: 1_000 };
  const world = new World(maxConcurrentActivities === undefined ? limits : { ...limits, maxConcurrentActivities });
  world.onNonDeterminism = "stall";
  registerActivities(world, plan.repairedAtMs === undefined ? 0 : world.nowMs + plan.repairedAtMs);
  deploy(world, "old");
  const trace: string[] = [];
  const tell = (line: string) => void trace.push(`${world.nowMs} ${line}`);
  const chance = new Chance(world, plan, tell);
  const watch = new Watch(world);
  const asked: Asked = { outcomes: [], violations: watch.violations };
  const kept = plan.retention && new KeptWatch(world, watch, plan);
  const hasJobs = plan.roots.some(({ operations }) => operations.some(({ type }) => type === "bulk"));
  const jobs = hasJobs ? new BulkWatch(withJobs(world), watch, asked, plan.faults.skewMs) : undefined;
  const catalog = plan.catalog && new CatalogChance(world, plan.catalog, plan, chance.counts, tell);
  const leases = plan.limits && new LimitsChance(world, plan.limits, plan.seed, chance.counts, tell);
  const webhooks = plan.webhooks && new WebhookWatch(world, plan.webhooks, plan, chance.counts, tell);
  world.onPoint = (point, id) => {
    tell(`${point} ${id}`);
    if (catalog?.at(point, id) === true || leases?.at(point, id) === true) return;
    webhooks?.at(point, id);
    watch.at(point, id);
    jobs?.at(point, id);
    kept?.at(point, id);
    chance.at(point, id);
  };
  if (plan.catalog?.sinceMs === 0) catalog?.begin();
  let keys: readonly string[] = ["k"];
  if (plan.encrypted) encrypt(world, plan.seed, () => keys);
  const changes = [
    ...plan.deploys.map(({ atMs, code }) => ({ atMs, make: () => deploy(world, code) })),
    ...catalogChanges(plan.catalog, catalog),
    ...(plan.limits?.grownAtMs === undefined ? [] : [{ atMs: plan.limits.grownAtMs, make: () => leases?.grow() }]),
    ...(plan.keys ?? []).map(({ atMs, ids }) => ({
      atMs,
      make: () => {
        keys = ids;
      },
    })),
  ];
  void changeInOrder(
    world,
    chance,
    changes.sort((a, b) => a.atMs - b.atMs),
  );

  const client = new Client(world, chance, (operation, to, outcome, messageId) => {
    tell(`${JSON.stringify(operation)} ${to}: ${outcome}`);
    asked.outcomes.push({ operation, to, outcome, messageId });
    if (outcome !== "OK" || operation === "start") return;
    const { type } = operation;
    if (type === "raise" || (type === "start" && operation.event !== undefined)) watch.acknowledged(to, messageId);
    if (type === "terminate") watch.acknowledged(to, "ExecutionTerminated");
    if (type === "cancel") watch.acknowledged(to, "ExecutionCancelRequested");
  });
  client.onSend = (operation) => {
    const { type } = operation;
    jobs?.begins(operation);
    if (type.startsWith("purge")) watch.purgeBegins();
    if (type === "purge by force") watch.purgeByForceBegins();
  };
  const observers = watched ? plan.roots.flatMap(({ id }) => [new Observer(world, id), new Observer(world, id)]) : [];
  for (const observer of observers) void observer.run();
  let areAnswered = false;
  const clients = Promise.all(plan.roots.map((root) => client.run(root))).then(() => {
    areAnswered = true;
  });
  await settle(world, watch);
  if (!areAnswered) watch.violations.push("a client is not answered");
  const isAcknowledged = acknowledgedIn(plan, asked, watch);
  // Before any of them began with a catalog, nobody could tell.
  if (plan.catalog?.sinceMs === 0) watch.violations.push(...listFaults(world, isAcknowledged));
  // From here on the platform behaves, the newest code runs, and somebody asks after every instance.
  chance.cease();
  catalog?.cease();
  leases?.cease();
  webhooks?.cease();
  catalog?.begin();
  deploy(world, "new");
  world.crashAll();
  for (const id of world.hosts.keys())
    void world.post(id, (instance) => instance.describe({ payloads: false })).catch(() => undefined);
  await settle(world, watch);
  if (areAnswered) await clients;
  if (kept !== undefined) {
    await world.advance(LONGEST_MS + 900_000);
    watch.violations.push(...kept.faults());
    await settle(world, watch);
  }
  // Whoever watches still, or has given up, has all that there is after once more.
  for (const observer of observers) void observer.connect();
  if (watched) await settle(world, watch);
  watch.violations.push(...listFaults(world, () => true), ...(await entryFaults(world)));
  if (leases !== undefined) watch.violations.push(...leases.violations, ...(await leases.faults()));
  if (webhooks !== undefined) watch.violations.push(...webhooks.violations, ...webhooks.faults());
  if (jobs !== undefined) watch.violations.push(...jobListFaults(world), ...(await jobs.faults()));

  world.onPoint = undefined;
  const violations = [
    ...watch.violations,
    ...(await faultsAtEnd(world, plan, asked, watch.lineage, kept?.gone)),
    ...observers.flatMap((observer) => faultsOfObserver(observer, world)),
  ];
  const hosts: Host<Resident>[] = [...world.hosts.values()];
  hosts.push(...(world.catalog?.hosts.values() ?? []), ...(world.limiters?.hosts.values() ?? []));
  const digest = createHash("sha256")
    .update(JSON.stringify([trace, hosts.map(dumpOf), world.log]))
    .digest("hex");
  const records = [...world.hosts.values()].flatMap((host) => watch.statusOf(host) ?? []);
  const ends: Record<string, number> = {};
  for (const status of records) ends[status] = (ends[status] ?? 0) + 1;
  // Not left to the garbage collector, which does not see how much memory they hold.
  for (const { db } of hosts) db.close();
  return {
    violations,
    digest,
    trace,
    faults: chance.counts,
    instances: records.length,
    ends,
    activityRuns: world.activityRuns.length,
    messages: world.peerCalls.length,
    answered: asked.outcomes.length,
    told: observers.reduce((sum, { frames }) => sum + frames.length, 0),
    connections: observers.reduce((sum, { connections }) => sum + connections, 0),
  };
}

function catalogChanges(plan: CatalogPlan | undefined, catalog: CatalogChance | undefined) {
  if (plan === undefined || catalog === undefined) return [];
  const { sinceMs, reshard } = plan;
  const begins = sinceMs === 0 ? [] : [{ atMs: sinceMs, make: () => catalog.begin() }];
  if (reshard === undefined) return begins;
  return [...begins, { atMs: reshard.atMs, make: () => catalog.reshard(reshard.shards) }];
}

/** A client has heard of its start, or a parent or a sender of its: it has been told to, and owes nothing any more. */
function acknowledgedIn(plan: Plan, { outcomes }: Asked, watch: Watch): (id: string) => boolean {
  if (plan.catalog?.confirm !== "before-answer") return () => false;
  const started = new Set(
    outcomes.filter(({ operation, outcome }) => operation === "start" && outcome === "OK").map(({ to }) => to),
  );
  return (id) => started.has(id) || watch.lineage.parents.has(id);
}

/** Objects that are in memory stay as they are, until the platform restarts them one by one. */
async function changeInOrder(
  world: World,
  chance: Chance,
  changes: readonly { readonly atMs: number; readonly make: () => void }[],
): Promise<void> {
  const startedAtMs = world.nowMs;
  for (const { atMs, make } of changes) {
    await world.sleep(startedAtMs + atMs - world.nowMs);
    make();
    for (const id of world.hosts.keys()) void world.sleep(chance.pauseMs()).then(() => world.crash(id, "process"));
  }
}

async function settle(world: World, watch: Watch): Promise<void> {
  try {
    await world.rest(LONG_MS);
  } catch (error) {
    watch.violations.push((error as Error).message);
  }
}

/** All rows of an object's database. */
function dumpOf(host: Host<Resident>): unknown {
  return [host.id, host.durableAlarm, host.db.dump()];
}
