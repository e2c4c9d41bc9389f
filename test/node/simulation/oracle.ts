// What has to hold of the durable state once nothing happens any more.
import { isDeepStrictEqual } from "node:util";
import { WorkflowRuntime } from "../../../src/authoring/workflow-runtime.ts";
import { BULK_JOB, bulkJob } from "../../../src/jobs/bulk-job.ts";
import type {
  ChildWorkflowInstanceCompleted,
  ChildWorkflowInstanceFailed,
  ExecutionCompleted,
  HistoryEvent,
} from "../../../src/model/history-event.ts";
import { executionOfName, isJobId } from "../../../src/model/ids.ts";
import type { SearchAttributes } from "../../../src/model/search-attributes.ts";
import { replayHistory } from "../../../src/testing/replay.ts";
import { INSTANCE } from "../../rows.ts";
import type { Host } from "../instance/host.ts";
import { faultsOf, replayed } from "../instance/support.ts";
import { START_MS, type World } from "../instance/world.ts";
import { branchFaults } from "./branch-field.ts";
import { attributesOf, faultsOfOutput } from "./model.ts";
import type { Operation, Plan } from "./plan.ts";
import { asked as askedChild, type Output, programOf, type State, versioned } from "./program.ts";
import { unheardOfCancel } from "./told.ts";
import type { Lineage } from "./watch.ts";

/** What clients asked for, and the last answer to each. */
export interface Asked {
  readonly outcomes: {
    operation: Operation | "start";
    to: string;
    outcome: string;
    messageId: string;
    /** Of a bulk job, which is about nobody who was created later. */
    createdByMs?: number;
  }[];
  readonly violations: string[];
}

interface Stored {
  readonly host: Host;
  readonly status: string;
  readonly createdAtMs: number;
  readonly searchAttributes: SearchAttributes;
  readonly executionId: string;
  readonly parent: { instanceId: string; executionId: string; taskId: number } | undefined;
  readonly history: readonly HistoryEvent[];
}

/** `gone`: instances whose time was over. */
export async function faultsAtEnd(
  world: World,
  plan: Plan,
  asked: Asked,
  lineage: Lineage,
  gone: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const byJobs = purgedByJobs(world);
  const mayBeGone = (id: string) => gone.has(id) || byJobs.has(id) || wasPurged(asked, id);
  const faults: string[] = [];
  const stored = new Map<string, Stored>();
  for (const host of world.hosts.values()) {
    const found = read(host);
    if (found !== undefined) stored.set(host.id, found);
    else if (host.durableAlarm !== null) faults.push(`${host.id}: an alarm without an instance`);
    else if (host.db.tables().length > 0) faults.push(`${host.id}: tables without an instance`);
  }
  const interrupted = interruptedTrees(plan, asked, stored, lineage);
  const byForce = asked.outcomes.filter(
    ({ operation }) => operation !== "start" && operation.type === "purge by force",
  );
  const purgedByForce = new Set(byForce.map(({ to }) => to));
  for (const [id, instance] of stored) {
    const tell = (fault: string) => void faults.push(`${id}: ${fault}`);
    faultsOf(world, id).forEach(tell);
    restFaults(instance).forEach(tell);
    endFaults(instance, interrupted.has(id), purgedByForce).forEach(tell);
    familyFaults(instance, stored, mayBeGone).forEach(tell);
    branchFaults(replayed(instance.history)).forEach(tell);
    cancelFaults(instance).forEach(tell);
    await replay(instance).catch((error: Error) => tell(error.message));
    (await toldFaults(world, instance)).forEach(tell);
    if (!interrupted.has(id)) attributeFaults(plan, id, instance).forEach(tell);
    if (!interrupted.has(id)) startFaults(plan, id, instance).forEach(tell);
  }
  for (const { id } of plan.roots)
    if (!stored.has(id) && !mayBeGone(id)) faults.push(`${id} was started and is not there`);
  faults.push(...againFaults(world, plan, asked, stored, lineage));
  faults.push(...purgeFaults(asked, stored, lineage), ...updateFaults(asked, stored));
  return faults;
}

function read(host: Host): Stored | undefined {
  if (!host.db.hasTable("instance")) return undefined;
  const [row] = host.db.read(`SELECT status, created_at_ms, execution_id, parent, attributes FROM ${INSTANCE}`);
  if (row === undefined) return undefined;
  return {
    host,
    status: row.status as string,
    searchAttributes: row.attributes === null ? {} : JSON.parse(row.attributes as string),
    createdAtMs: row.created_at_ms as number,
    executionId: row.execution_id as string,
    parent: row.parent === null ? undefined : JSON.parse(row.parent as string),
    history: host.history(),
  };
}

/** Of instances that somebody has terminated or canceled, and of all below them, only that they have ended is expected. */
function interruptedTrees(
  plan: Plan,
  asked: Asked,
  stored: ReadonlyMap<string, Stored>,
  { replaced, parents }: Lineage,
): Set<string> {
  const types = ["terminate", "cancel", "purge by force"];
  const roots = asked.outcomes.filter(({ operation }) => operation !== "start" && types.includes(operation.type));
  const found = new Set([...roots.map(({ to }) => to), ...contended(plan)]);
  // What is left of a run in whose place there is another one.
  for (const [id, { parent }] of stored)
    if (parent !== undefined && replaced.has(executionOfName(parent.executionId).executionId)) found.add(id);
  // Many may be children, whose parents get a failure.
  for (const { to, createdByMs } of roots)
    if (createdByMs !== undefined) for (const above of ancestorsOf(to, parents)) found.add(above);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [id, { parent }] of stored) if (parent !== undefined && found.has(parent.instanceId)) found.add(id);
  }
  return found;
}

function* ancestorsOf(id: string, parents: Lineage["parents"]): Generator<string> {
  for (const { instanceId } of parents.get(id) ?? []) {
    yield instanceId;
    if (instanceId !== id) yield* ancestorsOf(instanceId, parents);
  }
}

function restFaults({ host, status }: Stored): string[] {
  const faults: string[] = [];
  for (const table of ["inbox", "outbox", "recovery"]) {
    const rows = host.db.read(`SELECT * FROM ${table}`).length;
    if (rows > 0) faults.push(`${rows} rows are left in ${table}`);
  }
  if (!["COMPLETED", "FAILED", "CANCELED", "TERMINATED"].includes(status)) faults.push(`is ${status} for ever`);
  if (host.durableAlarm !== null) faults.push("an alarm is left");
  return faults;
}

/** Nothing but a terminate or a cancel begins an instance before the time it was scheduled for, by a clock that may have been set back. */
function startFaults({ roots, faults }: Plan, id: string, { history }: Stored): string[] {
  const startAtMs = START_MS + (roots.find((root) => root.id === id)?.delayMs ?? 0) - faults.skewMs;
  const begunAtMs = history[0]?.timestampMs ?? 0;
  return begunAtMs < startAtMs ? [`began ${startAtMs - begunAtMs} ms before its time`] : [];
}

function endFaults({ status, history }: Stored, isInterrupted: boolean, purged: ReadonlySet<string>): string[] {
  const [started] = history;
  if (started?.type !== "ExecutionStarted") return ["has no beginning"];
  // See bulk-watch.ts.
  if (started.name === BULK_JOB) return [];
  if (started.name === "versioned") {
    const changed = history.findLast(({ type }) => type === "ExecutionVersionChanged");
    const version = changed?.type === "ExecutionVersionChanged" ? changed.version : started.version;
    const [before] = status === "COMPLETED" ? outputOf(history) : [version];
    return before === version ? [] : [`should run as version ${version} and ran as ${before}`];
  }
  // What it has taken, its parent tells.
  if (started.name === "asked")
    return isInterrupted || status === "COMPLETED" ? [] : [`should be COMPLETED and is ${status}`];
  const { program } = JSON.parse(started.input ?? "null") as State;
  if (isInterrupted && (status === "TERMINATED" || status === "CANCELED")) return [];
  const expected = program.fails ? "FAILED" : "COMPLETED";
  if (status !== expected) return [`should be ${expected} and is ${status} ${JSON.stringify(history.at(-1))}`];
  if (isInterrupted || status !== "COMPLETED") return [];
  return faultsOfOutput(program, outputOf(history), purged);
}

/** When the workflow's own code hears of a cancel, all strands that were open have. */
function cancelFaults({ history }: Stored): string[] {
  return history.flatMap((event) => {
    if (event.type !== "TaskScheduled" || event.name !== "echo") return [];
    return unheardOfCancel(JSON.parse(event.input ?? "null")?.tidied ?? []);
  });
}

/** What it is found by is what it began with, and what its code has made of that. */
function attributeFaults({ roots, expected }: Plan, id: string, { history, searchAttributes }: Stored): string[] {
  const [started] = history;
  const isRerun = /^[\da-f]{8}-/.test(id);
  if (isRerun || expected !== undefined || started?.type !== "ExecutionStarted" || started.name !== "program")
    return [];
  const root = roots.find((one) => one.id === id);
  // Another one than that of its root may have the ID; what is rerun begins with what that had in the end.
  if (root?.operations.some(({ type }) => type === "start" || type === "restart")) return [];
  const { program } = JSON.parse(started.input ?? "null") as State;
  const due = attributesOf(program, root?.attributes);
  return isDeepStrictEqual(searchAttributes, due)
    ? []
    : [`should be found by ${JSON.stringify(due)} and is by ${JSON.stringify(searchAttributes)}`];
}

/** The end that counts: a rewind may have taken back others. */
function endOf(history: readonly HistoryEvent[]): ExecutionCompleted | undefined {
  const end = replayed(history).find((event) => event.type === "ExecutionCompleted");
  return end?.type === "ExecutionCompleted" ? end : undefined;
}

function outputOf(history: readonly HistoryEvent[]) {
  return JSON.parse(endOf(history)?.output ?? "null");
}

/** Parent and child agree: what the parent has recorded is how the child ended, and nobody waits who should not. */
function familyFaults(
  { history }: Stored,
  stored: ReadonlyMap<string, Stored>,
  isPurged: (id: string) => boolean,
): string[] {
  const faults: string[] = [];
  const [started] = history;
  const executionId = started?.type === "ExecutionStarted" ? started.executionId : "";
  for (const event of history) {
    const isStarted = event.type !== "DetachedWorkflowScheduled" || stored.has(event.instanceId);
    if (!isStarted && !isPurged(event.instanceId)) faults.push(`${event.instanceId} was never started`);
    if (event.type !== "ChildWorkflowInstanceCreated") continue;
    const child = stored.get(event.instanceId);
    const isOurs =
      executionOfName(child?.parent?.executionId ?? "").executionId === executionId &&
      child?.parent?.taskId === event.id;
    const answer = replayed(history).find((other) => isEndOfChild(other) && other.id === event.id);
    if (child === undefined && answer !== undefined && !isPurged(event.instanceId))
      faults.push(`${event.instanceId} has answered and is not there`);
    // Under a name that a program gives, another call of it may have started another child since.
    if (child === undefined || !isOurs) continue;
    if (answer?.type === "ChildWorkflowInstanceCompleted") {
      const end = endOf(child.history);
      if (child.status !== "COMPLETED" || end?.output !== answer.result)
        faults.push(`${event.instanceId} is ${child.status}, and its parent has heard of a completion`);
    }
    if (answer?.type === "ChildWorkflowInstanceFailed" && answer.failure.errorType === "WorkflowInstancePurged")
      faults.push(`${event.instanceId} is there, and its parent has heard of its purge`);
    else if (answer?.type === "ChildWorkflowInstanceFailed" && child.status === "COMPLETED")
      faults.push(`${event.instanceId} is COMPLETED, and its parent has heard of a failure`);
  }
  return faults;
}

function isEndOfChild(
  event: HistoryEvent,
): event is HistoryEvent & (ChildWorkflowInstanceCompleted | ChildWorkflowInstanceFailed) {
  return event.type === "ChildWorkflowInstanceCompleted" || event.type === "ChildWorkflowInstanceFailed";
}

/** What an instance tells of itself, from memory or not, is what its history says. */
async function toldFaults(world: World, { host, status, history }: Stored): Promise<string[]> {
  const asked = world.post(host.id, async (instance) => {
    // It has ended, so this changes nothing; but its history is loaded for it.
    await instance.update({ updateId: "too late", name: "note", timeoutMs: 0 });
    return instance.describe({ payloads: true });
  });
  // Encryption takes its time.
  await world.advance(1_000);
  const told = await asked;
  const [started] = history;
  const end = endOf(history);
  const expected = [status, started?.type === "ExecutionStarted" ? started.input : undefined, end?.output];
  const found = [told?.status, told?.input, told?.output];
  return JSON.stringify(found) === JSON.stringify(expected) ? [] : [`tells ${found} and is ${expected}`];
}

/** Replay equals live: today's code, run over the whole history, comes to the same end. */
async function replay({ host, history, status }: Stored): Promise<void> {
  if (status === "TERMINATED") return;
  const runtime = new WorkflowRuntime()
    .registerWorkflowWithName("program", programOf("new"))
    .registerWorkflowWithName("asked", askedChild)
    .registerWorkflowWithName(BULK_JOB, bulkJob);
  for (const version of ["1", "2"])
    runtime.registerVersionedWorkflow("versioned", version, versioned, { latest: version === "2" });
  await replayHistory(runtime, { instanceId: host.id, events: [...history] });
}

function wasPurged(asked: Asked, id: string): boolean {
  return asked.outcomes.some(({ operation, to }) => to === id && operation !== "start" && isPurge(operation));
}

/**
 * A job gives up a purge whose answers are lost, and tells of it: the instance may be left then, without the children that it has purged
 * already. A client goes on until it is answered.
 */
function purgedByJobs({ peerCalls }: World): Set<string> {
  const reached = new Set<string>();
  for (const { from, to, method } of peerCalls)
    if (method === "purge" && (isJobId(from) || reached.has(from))) reached.add(to);
  return reached;
}

function isPurge({ type }: Operation): boolean {
  return type === "purge" || type === "purge by force";
}

/** Purge leaves no row in the whole tree, nor an alarm. */
function purgeFaults(asked: Asked, stored: ReadonlyMap<string, Stored>, lineage: Lineage): string[] {
  const purged = asked.outcomes.filter(
    ({ operation, outcome }) => operation !== "start" && isPurge(operation) && outcome === "OK",
  );
  return purged.flatMap(({ to, createdByMs = Number.POSITIVE_INFINITY }) => {
    // Another one has the ID, and children of its own.
    if ((stored.get(to)?.createdAtMs ?? 0) > createdByMs) return [];
    const left = [...stored.keys()].filter((id) => id === to || isBelow(id, to, stored, lineage));
    return left.map((id) => `${id} is left after the purge of ${to}`);
  });
}

/** What has been purged in between is known by the parents that it has had. */
function isBelow(id: string, root: string, stored: ReadonlyMap<string, Stored>, lineage: Lineage): boolean {
  const instance = stored.get(id);
  const above = instance === undefined ? (lineage.parents.get(id) ?? []) : [instance.parent];
  return above.some((parent) => {
    if (parent === undefined || lineage.replaced.has(parent.executionId)) return false;
    return parent.instanceId === root || isBelow(parent.instanceId, root, stored, lineage);
  });
}

/** An update that was answered counts once; one that was not, at most once. */
function updateFaults(asked: Asked, stored: ReadonlyMap<string, Stored>): string[] {
  return asked.outcomes.flatMap(({ operation, to, outcome }) => {
    if (operation === "start" || operation.type !== "update" || outcome !== "OK") return [];
    const instance = stored.get(to);
    if (instance?.status !== "COMPLETED") return [];
    const { updates } = outputOf(instance.history) as Output;
    return updates.includes(operation.updateId) ? [] : [`${to}: ${operation.updateId} was answered and has no effect`];
  });
}

/** A late copy of a request that terminates comes to nothing more when its object is lost: nobody asks again. */
function contended({ roots, expected = [] }: Plan): string[] {
  const replacing = roots.filter(({ operations }) =>
    operations.some(({ type, ...o }) => type === "restart" || ("reuse" in o && o.reuse === "terminate")),
  );
  return replacing.flatMap(({ id }) => (expected.some((one) => one.id === id) ? [] : id));
}

/** As many have had an ID as were to, the last one is the one that was to be, and no rerun has done again what was done. */
function againFaults(
  world: World,
  { expected = [] }: Plan,
  asked: Asked,
  stored: ReadonlyMap<string, Stored>,
  { runs }: Lineage,
): string[] {
  const faults = expected.flatMap(({ id, program, runs: count }) => {
    const [started] = stored.get(id)?.history ?? [];
    const input = started?.type === "ExecutionStarted" ? (JSON.parse(started.input ?? "null") as State) : undefined;
    const had = runs.get(id)?.size ?? 0;
    return [
      ...(had === count ? [] : [`${id}: ${had} have had the ID, and ${count} were to`]),
      ...(JSON.stringify(input?.program) === JSON.stringify(program) ? [] : [`${id}: is not the one that was to be`]),
    ];
  });
  for (const { operation, to, outcome } of asked.outcomes) {
    if (operation === "start") continue;
    const { type } = operation;
    const due = type === "start" ? operation.expect : type === "restart" || type === "await end" ? "OK" : undefined;
    if (due !== undefined && outcome !== due) faults.push(`${to}: ${type} was answered ${outcome}, and not ${due}`);
  }
  const called = new Set(world.activityRuns);
  for (const [id, { history }] of stored) {
    const [started] = history;
    if (started?.type !== "ExecutionStarted" || started.rerunOf === undefined) continue;
    const { instanceId, executionId, eventId = 0 } = started.rerunOf;
    const source = stored.get(instanceId);
    if (source?.executionId !== executionId) faults.push(`${id}: is a rerun of ${executionId}, which is not there`);
    const before = source?.history.findIndex((event) => "id" in event && event.id === eventId) ?? 0;
    for (const event of source?.history.slice(0, Math.max(0, before)) ?? [])
      if (event.type === "TaskCompleted" && called.has(`${started.executionId}:${event.id}`))
        faults.push(`${id}: call ${event.id} was made again in the rerun`);
  }
  const reruns = asked.outcomes.filter(({ operation }) => operation !== "start" && operation.type === "rerun");
  for (const to of new Set(reruns.map((rerun) => rerun.to)))
    if (!reruns.some((rerun) => rerun.to === to && rerun.outcome === "OK"))
      faults.push(`${to}: nobody is told that it is a rerun`);
  return faults;
}
