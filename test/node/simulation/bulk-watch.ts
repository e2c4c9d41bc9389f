// What has to hold of bulk jobs: whom they reach, while they run; and what they tell of it, in the end.

import { rerunId } from "../../../src/jobs/call-instance.ts";
import { type JobOperation, MOST_FAILURES, readJob } from "../../../src/jobs/job.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { isJobId } from "../../../src/model/ids.ts";
import { isTerminal, type RuntimeStatus } from "../../../src/model/status.ts";
import type { PeerCall, Point, World } from "../instance/world.ts";
import { targetsOf } from "./bulk.ts";
import type { Asked } from "./oracle.ts";
import type { Operation } from "./plan.ts";
import type { Watch } from "./watch.ts";

type Bulk = Operation & { readonly type: "bulk" };

interface Begun {
  readonly operation: Bulk;
  readonly beganAtMs: number;
  /** Listed when it began, and on disk. */
  readonly listed: ReadonlySet<string>;
  /** What each has answered, durably, whether the job has heard of it or not. */
  readonly answers: Map<string, string[]>;
}

/** A life of an instance. */
interface Life {
  readonly createdAtMs: number;
  readonly isChild: boolean;
}

/** The operations of clients that come to the same. */
const ALIKE: Partial<Record<JobOperation, "terminate" | "cancel" | "suspend" | "resume" | "purge">> = {
  terminate: "terminate",
  cancel: "cancel",
  pause: "suspend",
  resume: "resume",
  purge: "purge",
  restart: "terminate",
};

export class BulkWatch {
  readonly #world: World;
  readonly #watch: Watch;
  readonly #asked: Asked;
  readonly #skewMs: number;
  readonly #jobs = new Map<string, Begun>();
  readonly #lives = new Map<string, Life>();
  /** Executions, and when their lives began. */
  readonly #created = new Map<string, number>();
  #logged = 0;

  /** `skewMs`: by how much clocks may be wrong. */
  constructor(world: World, watch: Watch, asked: Asked, skewMs: number) {
    this.#world = world;
    this.#skewMs = skewMs;
    this.#watch = watch;
    this.#asked = asked;
    world.onServed = (call, answer) => this.#answered(call, answer);
  }

  begins(operation: Operation): void {
    if (operation.type !== "bulk" || this.#jobs.has(operation.to)) return;
    const beganAtMs = this.#world.nowMs;
    const listed = new Set(this.#durable(operation, beganAtMs));
    this.#jobs.set(operation.to, { operation, beganAtMs, listed, answers: new Map() });
  }

  at(point: Point, id: string): void {
    if (this.#jobs.size === 0 && point !== "committed") return;
    if (point === "peer call" && isJobId(id)) this.#aboutToCall(id);
    if (point === "committed" && !isJobId(id)) this.#committed(id);
  }

  /** Whom its filter fits, where nothing is on its way to the disk. */
  *#durable({ targets }: Bulk, beganAtMs: number): Generator<string> {
    const { catalog } = this.#world;
    if (catalog === undefined || !("filter" in targets)) return;
    for (const { shard, entry } of catalog.entries(targets.filter))
      if (!catalog.host(shard).hasWritten && entry.createdAtMs <= beganAtMs && !isJobId(entry.instanceId))
        yield `${entry.createdAtMs} ${entry.instanceId}`;
  }

  #aboutToCall(id: string): void {
    const [row] = this.#world.host(id).db.read<{ status: RuntimeStatus }>(STATUS);
    if (row === undefined || isTerminal(row.status)) this.#tell(`${id}: has ended, and makes a call`);
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    const { operation, force } = job.operation.call;
    if (operation === "purge") this.#watch.purgeBegins();
    if (operation === "purge" && force) this.#watch.purgeByForceBegins();
  }

  #answered({ from, to, method, argument }: PeerCall, answer: unknown): void {
    const job = this.#jobs.get(from);
    if (job === undefined || method === "deliver") return;
    const { ok, code } = answer as { readonly ok: boolean; readonly code?: string };
    const target = method === "rerun" ? (argument as { sourceInstanceId: string }).sourceInstanceId : to;
    job.answers.set(target, [...(job.answers.get(target) ?? []), ok ? "OK" : String(code)]);
    this.#note(job, to, ok ? "OK" : String(code));
    const { operation } = job.operation.call;
    const life = this.#lives.get(to);
    if (!ok || life === undefined || life.createdAtMs > job.beganAtMs) return;
    if (operation === "raise") this.#watch.acknowledged(to, (argument as { messageId: string }).messageId);
    if (operation === "terminate") this.#watch.acknowledged(to, "ExecutionTerminated");
    if (operation === "cancel") this.#watch.acknowledged(to, "ExecutionCancelRequested");
  }

  /** As if a client had asked. */
  #note({ beganAtMs, operation: { to: sender, call } }: Begun, to: string, outcome: string): void {
    const type = call.force ? "purge by force" : ALIKE[call.operation];
    if (type === undefined) return;
    const createdByMs = beganAtMs - this.#skewMs;
    this.#asked.outcomes.push({ operation: { sender, to, afterMs: 0, type }, to, outcome, messageId: "", createdByMs });
  }

  /** Nobody is touched who has come since the job began; children of those who are may be. */
  #committed(id: string): void {
    const host = this.#world.host(id);
    const before = this.#lives.get(id);
    const [row] = host.db.read<{ at: number; parent: string | null; execution: string }>(LIFE);
    const lines = this.#world.log.slice(this.#logged);
    this.#logged = this.#world.log.length;
    for (const { msg, instanceId, reason } of lines) {
      const job = msg === "purged" ? this.#jobs.get(String(reason)) : undefined;
      const life = this.#lives.get(String(instanceId));
      if (job !== undefined && life !== undefined && !life.isChild && life.createdAtMs > job.beganAtMs)
        this.#tell(`${instanceId}: came after ${reason} began, and is purged by it`);
    }
    if (row === undefined) return void this.#lives.delete(id);
    this.#created.set(row.execution, row.at);
    this.#lives.set(id, { createdAtMs: row.at, isChild: row.parent !== null });
    if (this.#jobs.size === 0 || row.parent !== null || !this.#mayTell(id)) return;
    const isNew = before?.createdAtMs !== row.at;
    for (const event of host.history()) this.#look(id, row.at, event, isNew);
  }

  /** To read a history takes longer than all else here. */
  #mayTell(id: string): boolean {
    return this.#world.cipher !== undefined || this.#world.host(id).db.read(NAMES_A_JOB).length > 0;
  }

  #look(id: string, createdAtMs: number, event: HistoryEvent, isNew: boolean): void {
    const job = "reason" in event && typeof event.reason === "string" ? this.#jobs.get(event.reason) : undefined;
    if (job === undefined) return;
    const { to } = job.operation;
    if (event.type !== "ExecutionStarted") {
      if (createdAtMs > job.beganAtMs) this.#tell(`${id}: came after ${to} began, and is touched by it: ${event.type}`);
    } else if (isNew && event.rerunOf !== undefined) {
      const sourceAtMs = this.#created.get(event.rerunOf.executionId) ?? 0;
      if (sourceAtMs > job.beganAtMs) this.#tell(`${event.rerunOf.instanceId}: came after ${to} began, and is rerun`);
    }
  }

  #tell(violation: string): void {
    if (!this.#watch.violations.includes(violation)) this.#watch.violations.push(violation);
  }

  /** What jobs tell in the end; from then on the oracle knows whom they may have reached. */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    // Whoever was lost before it answered may have done it all the same.
    for (const { from, to } of this.#world.peerCalls) {
      const job = this.#jobs.get(from);
      if (job !== undefined) this.#note(job, to, "SENT");
    }
    for (const [id, job] of this.#jobs) {
      const isBegun = this.#asked.outcomes.some(({ operation, to, outcome }) => {
        return to === id && operation !== "start" && operation.type === "bulk" && outcome === "OK";
      });
      if (!isBegun) faults.push(`${id}: has not begun`);
      else faults.push(...(await this.#faultsOf(id, job)).map((fault) => `${id}: ${fault}`));
    }
    return faults;
  }

  async #faultsOf(id: string, job: Begun): Promise<string[]> {
    const asked = this.#world.post(id, (instance) => instance.describe({ payloads: true }));
    await this.#world.advance(1_000);
    const found = await asked;
    const told = readJob(found?.input, found?.customStatus);
    if (found === undefined || told === undefined) return ["is not there"];
    const { targets, call } = job.operation;
    const isCalledOff = this.#asked.outcomes.some(
      ({ operation, to }) => to === id && operation !== "start" && operation.type === "cancel",
    );
    const history = this.#world.host(id).history();
    const named = "filter" in targets ? pageIn(history) : targetsOf(targets);
    // A shard that is away for longer than it is waited for.
    const mayFail = "filter" in targets && named === undefined;
    const allowed = ["COMPLETED", ...(isCalledOff ? ["CANCELED"] : []), ...(mayFail ? ["FAILED"] : [])];
    if (!allowed.includes(found.status)) return [`is ${found.status}: ${found.failure?.message}`];
    const { done, failed, skipped, failures } = told.progress;
    const figures = `${done} done, ${failed} failed, ${skipped} skipped`;
    if (named === undefined) return done + failed + skipped === 0 ? [] : [`${figures} of nobody`];
    const faults: string[] = [];
    const all = done + failed + skipped;
    if (found.status === "COMPLETED" ? all !== named.length : all > named.length)
      faults.push(`${figures} of ${named.length}`);
    if (skipped > 0 && !("filter" in targets)) faults.push(`${figures}, though all were named`);
    const missed = failures.map(({ instanceID }) => instanceID);
    if (missed.length !== Math.min(failed, MOST_FAILURES) || new Set(missed).size !== missed.length)
      faults.push(`${figures}, and these failures: ${missed}`);
    for (const one of [...missed, ...job.answers.keys()]) if (!named.includes(one)) faults.push(`is not about ${one}`);
    const reached = named.filter((one) => this.#isReached(one, job));
    if (done > reached.length) faults.push(`${figures}, and reached are ${reached}`);
    if (found.status === "COMPLETED" && failed < MOST_FAILURES)
      for (const one of named)
        if (!missed.includes(one) && !reached.includes(one) && !(skipped > 0 && this.#isGone(one, job)))
          faults.push(`has passed over ${one}`);
    if (call.operation === "rerun")
      for (const one of named)
        if (job.answers.get(one)?.includes("OK") && !this.#isRerun(rerunId({ jobId: id, instanceId: one }), one))
          faults.push(`the rerun of ${one} is not there`);
    if ("filter" in targets) faults.push(...this.#passedOver(job, named));
    return faults;
  }

  #isReached(id: string, { answers, operation }: Begun): boolean {
    const given = answers.get(id) ?? [];
    return given.includes("OK") || (operation.call.operation === "purge" && given.includes("NOT_FOUND"));
  }

  /** A rerun that has no source has no other code for it. */
  #isGone(id: string, { answers }: Begun): boolean {
    return (answers.get(id) ?? []).some((code) => code === "NOT_FOUND");
  }

  #isRerun(id: string, source: string): boolean {
    const { db } = this.#world.host(id);
    if (!db.hasTable("instance")) return false;
    const [first] = this.#world.host(id).history();
    if (first?.type !== "ExecutionStarted") return false;
    // What comes after a continue-as-new tells no more of it.
    return first.generation > 0 || first.rerunOf?.instanceId === source;
  }

  /** Whom the filter has fitted all the time. */
  *#passedOver({ operation, beganAtMs, listed }: Begun, named: readonly string[]): Generator<string> {
    for (const id of named) if (isJobId(id)) yield `${id}, a job, is among those that it is about`;
    for (const life of this.#durable(operation, beganAtMs)) {
      const [, id = ""] = life.split(" ");
      if (listed.has(life) && !named.includes(id)) yield `has passed over ${id}, which was there all the time`;
    }
  }
}

const STATUS = "SELECT type AS status FROM instance WHERE seq = -1";
const NAMES_A_JOB = `SELECT 1 FROM instance
  WHERE seq >= 0 AND instr(coalesce(payload, '') || coalesce(detail, ''), 'bulk:') > 0 LIMIT 1`;
const LIFE = `SELECT at_ms AS at, detail -> '$.parent' AS parent, detail ->> '$.executionId' AS execution
  FROM instance WHERE seq = -1`;

/** The instances of the page that it has read; `undefined`: it has read none. */
function pageIn(history: readonly HistoryEvent[]): readonly string[] | undefined {
  const asked = history.flatMap((event) => (event.type === "TaskScheduled" && event.name === "page" ? event.id : []));
  const answer = history.find((event) => event.type === "TaskCompleted" && asked.includes(event.id));
  if (answer?.type !== "TaskCompleted") return undefined;
  return (JSON.parse(answer.result ?? "{}") as { instanceIds: string[] }).instanceIds;
}

/** Nothing of a job is listed among instances, nor counted, and no instance among jobs. */
export function jobListFaults({ catalog }: World): string[] {
  return (catalog?.entries() ?? []).flatMap(({ shard, entry: { instanceId } }) =>
    isJobId(instanceId) === (shard === "jobs") ? [] : [`${instanceId} is listed in ${shard}`],
  );
}
