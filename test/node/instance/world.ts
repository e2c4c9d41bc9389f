/**
 * A world of instances in one process, with a clock of its own: what the platform does around an instance, as far as
 * correctness depends on it. Facts are from Cloudflare's documents and the runtime's source:
 *
 * - What an object writes without waiting for I/O becomes durable together, at the next turn of the event loop; until
 *   then nothing leaves the object: no answer, no call of another object (output gate).
 * - One alarm per object, stored with its rows. It is cleared when its handler has succeeded, and reads as null while
 *   the handler runs. Handlers of one object never overlap. After a crash in a handler it rings again with a retry
 *   count and a growing pause, six times; then it is dropped. An alarm set meanwhile takes the place of the retry.
 * - A crash loses memory and all that is not durable. Calls that were under way fail.
 *
 * One step: all microtasks, then the commits, then the next event. Same calls, same order: there is no chance in it, but
 * for what a `Chaos` decides.
 *
 * `Timeline` has what is to happen, a `Host` is one object, `portsOf` is what a life of it has of the world, and `peerOf`
 * its calls to other objects.
 */
import type { TWorkflowActivity } from "../../../src/engine/activity-context.ts";
import type { TWorkflow } from "../../../src/engine/workflow-context.ts";
import { Instance } from "../../../src/instance/instance.ts";
import { defaultLimits, type InstanceLimits } from "../../../src/instance/limits.ts";
import type { InstancePeer, WatchResult } from "../../../src/instance/protocol.ts";
import type { CalledInstance } from "../../../src/jobs/call-instance.ts";
import type { HistoryPosition } from "../../../src/model/history-position.ts";
import type { RetentionPolicy } from "../../../src/model/retention.ts";
import { type Cipher, plainTexts, type TextCodec } from "../../../src/storage/vault.ts";
import type { CatalogWorld } from "./catalog-world.ts";
import type { Collector } from "./collector.ts";
import { type Fate, Host, type Life, type Resident } from "./host.ts";
import type { JobCode } from "./job-world.ts";
import type { LimiterWorld } from "./limiter-world.ts";
import { portsOf } from "./ports.ts";
import type { Receivers } from "./receivers.ts";
import { drainMicrotasks, Timeline } from "./timeline.ts";

export const START_MS = Date.UTC(2026, 10, 24);

/** Where a crash can be told to fall. */
export type Point = "write" | "commit" | "committed" | "activity" | "peer call" | "ring" | "rung";

/** What may befall a call between two objects. */
export type PeerFault = "unreachable" | "answer lost" | "twice" | "twice, late" | undefined;

/** What is left to chance, for a simulation: what comes first, how long things take, what the platform does amiss. */
export interface Chaos {
  /** Which of n things that may happen now does. */
  pick(n: number): number;
  /** How long a call between two objects, or the second copy of it, takes to arrive. */
  latencyMs(): number;
  /** How much later than set an alarm rings; negative: earlier. */
  alarmShiftMs(): number;
  /** Whether an alarm rings once more after its handler has succeeded. */
  ringsAgain(): boolean;
}

export interface PeerCall {
  readonly from: string;
  readonly to: string;
  /** Of a bulk job too. `isOwed`: what a receiver asks back, as part of a call that it has got. */
  readonly method: keyof InstancePeer | keyof CalledInstance | "isOwed";
  readonly argument: unknown;
  /** Lets a second copy of it arrive now. */
  repeat(): void;
}

export class World {
  readonly timeline = new Timeline(START_MS);
  readonly limits: InstanceLimits;
  readonly workflows = new Map<string, TWorkflow>();
  /** Named versions; each life of an object has those that are here when it begins. */
  versions: { name: string; version: string; code: TWorkflow; latest: boolean }[] = [];
  onNonDeterminism: "fail" | "stall" = "stall";
  logFailureMessages = true;
  /** How long ended instances are kept, in the lives that begin from now on. */
  retention: RetentionPolicy | undefined;
  readonly activities = new Map<string, TWorkflowActivity>();
  readonly hosts = new Map<string, Host>();
  readonly peerCalls: PeerCall[] = [];
  readonly log: Record<string, unknown>[] = [];
  /** Execution ID and number of the call, in the order in which runs began. */
  readonly activityRuns: string[] = [];
  onPoint: ((point: Point, id: string) => void) | undefined;
  peerFault: ((call: PeerCall) => PeerFault) | undefined;
  /** A call has been answered, which the caller may never hear of: what was written for it is durable. */
  onServed: ((call: PeerCall, answer: unknown) => void) | undefined;
  chaos: Chaos | undefined;
  /** A fault of the storage: why the tables of an object cannot be removed. */
  failWipe: (() => Error | undefined) | undefined;
  /** The catalog, where there is one. */
  catalog: CatalogWorld | undefined;
  /** Who is told of ends, in the lives that begin from now on. */
  webhooks: Receivers | undefined;
  /** Where spans go, in the lives that begin from now on. */
  collector: Collector | undefined;
  /** The code of bulk jobs, where there are any. */
  jobs: ((host: Host, fate: Fate) => JobCode) | undefined;
  /** Objects of other classes. */
  others: ReadonlyMap<string, Host<Resident>> = new Map();
  /** The limits, where some are declared. */
  limiters: LimiterWorld | undefined;
  hasLimiterBinding = true;
  /** Encrypts what the objects that begin a life from now on write; `codec` is how the test reads it. */
  cipher: ((id: string) => Cipher) | undefined;
  codec: TextCodec = plainTexts;
  #ids = 0;

  constructor(limits: Partial<InstanceLimits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
  }

  workflow(name: string, code: TWorkflow): this {
    this.workflows.set(name, code);
    return this;
  }

  activity(name: string, code: TWorkflowActivity): this {
    this.activities.set(name, code);
    return this;
  }

  host(id: string): Host {
    let host = this.hosts.get(id);
    if (host === undefined) {
      host = new Host(id, () => this.codec, openInstance(this));
      this.hosts.set(id, host);
      // A message of a watcher wakes the object.
      host.onWatcher = (tell) => void this.serve(id, async (instance) => tell(instance)).catch(() => undefined);
    }
    return host;
  }

  /** For activities: so long takes what is done outside. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timeline.add(ms, resolve));
  }

  // Time.

  get nowMs(): number {
    return this.timeline.nowMs;
  }

  set nowMs(nowMs: number) {
    this.timeline.nowMs = nowMs;
  }

  /** Lets everything happen that happens without time going on. */
  async settle(): Promise<void> {
    while (await this.#step(this.nowMs));
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while (await this.#step(untilMs));
    this.nowMs = untilMs;
  }

  /** Lets time go on until nothing is left that would ever happen by itself, but for the alarms of the catalog, which look after its rows for ever. */
  async rest(withinMs = 30 * 86_400_000): Promise<void> {
    const untilMs = this.nowMs + withinMs;
    for (let steps = 0; await this.#step(untilMs, true); steps++) {
      if (steps > 200_000) throw new Error("The world does not come to rest");
    }
    if (!this.#isAtRest) {
      const alarms = [...this.hosts.values()].flatMap(({ id, armedAtMs }) =>
        armedAtMs === null ? [] : `${id} at ${armedAtMs}`,
      );
      throw new Error(
        `The world is not at rest after ${withinMs} ms: ${this.timeline.length} events, alarms of ${alarms}`,
      );
    }
  }

  // Calls.

  /** Calls an instance as the HTTP face does; answered once what it wrote is durable. Time is up to the test. */
  post<T>(id: string, call: (instance: Instance) => Promise<T>): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.timeline.add(0, () => void this.serve(id, call).then(resolve, reject));
    });
    answer.catch(() => undefined);
    return answer;
  }

  /** The same for calls that are answered without time going on. */
  async call<T>(id: string, call: (instance: Instance) => Promise<T>): Promise<T> {
    let isAnswered = false;
    const answer = this.post(id, call).finally(() => {
      isAnswered = true;
    });
    answer.catch(() => undefined);
    await this.settle();
    if (!isAnswered) throw new Error(`A call of '${id}' is not answered yet: use post, and let time go on`);
    return answer;
  }

  /** As the HTTP face watches an instance. Its socket is handed on as it is. */
  async watch(id: string, after?: HistoryPosition): Promise<WatchResult> {
    const watched: WatchResult[] = [];
    await this.post(id, async (instance) => void watched.push(await instance.watch({ after })));
    return watched[0] as WatchResult;
  }

  /** The object is put out of memory, as one that sleeps is: its sockets stay open. */
  async evict(id: string): Promise<void> {
    await this.settle();
    const host = this.host(id);
    if (host.life !== undefined) host.life.dead = true;
    host.life = undefined;
  }

  // Crashes.

  /** The object is lost. `reset`: it alone, and a handler that ran is retried with a pause; `process`: all of it starts anew. */
  crash(id: string, kind: "reset" | "process" = "reset"): void {
    this.host(id).lose(kind, this.nowMs);
  }

  crashAll(): void {
    for (const id of this.hosts.keys()) this.crash(id, "process");
    for (const host of this.catalog?.hosts.values() ?? []) host.lose("process", this.nowMs);
    for (const host of this.others.values()) host.lose("process", this.nowMs);
    for (const host of this.limiters?.hosts.values() ?? []) host.lose("process", this.nowMs);
  }

  // What the ports of its objects need.

  newId(): string {
    return `execution-${++this.#ids}`;
  }

  /** A call between two objects, or its answer, takes its time. */
  travel(arrive: () => void): void {
    this.timeline.add(this.chaos?.latencyMs() ?? 0, arrive);
  }

  setAlarm<R extends Resident>(host: Host<R>, atMs: number): void {
    const dueAtMs = Math.max(atMs, this.nowMs);
    host.setAlarm({ atMs, ringsAtMs: Math.max(this.nowMs, dueAtMs + (this.chaos?.alarmShiftMs() ?? 0)) });
  }

  /** Serves a call that has arrived; what it gives is answered once what was written is durable. */
  serve<T>(id: string, call: (instance: Instance, life: Life) => Promise<T>): Promise<T> {
    return this.serveAt(this.host(id), call);
  }

  /** The same of an object of whatever class. */
  serveAt<R extends Resident, T>(host: Host<R>, call: (resident: R, life: Life<R>) => Promise<T>): Promise<T> {
    const life = this.#life(host);
    return new Promise((resolve, reject) => {
      life.callers.add(reject);
      const answer = (give: () => void) => () => {
        if (life.dead) return;
        host.gated.push(() => {
          life.callers.delete(reject);
          give();
        });
      };
      life.opened
        .then((resident) => call(resident, life))
        .then(
          (value) => answer(() => resolve(structuredClone(value)))(),
          (error) => answer(() => reject(error))(),
        );
    });
  }

  // The machinery.

  /** Of all classes. */
  get #objects(): Host<Resident>[] {
    const ofCatalog = this.catalog?.hosts.values() ?? [];
    const ofLimits = this.limiters?.hosts.values() ?? [];
    return [...this.hosts.values(), ...ofCatalog, ...ofLimits, ...this.others.values()];
  }

  get #isAtRest(): boolean {
    if (this.timeline.length > 0 || this.#objects.some((host) => host.hasToCommit)) return false;
    return [...this.hosts.values()].every((host) => host.nextRingMs() === Number.POSITIVE_INFINITY);
  }

  #nextAtMs(): number {
    let next = this.timeline.next?.atMs ?? Number.POSITIVE_INFINITY;
    for (const host of this.#objects) next = Math.min(next, host.nextRingMs());
    return next;
  }

  /** False when nothing is left to happen until then, or, unless the catalog's alarms are waited for, at all. */
  async #step(untilMs: number, untilRest = false): Promise<boolean> {
    await drainMicrotasks();
    if (untilRest && this.#isAtRest) return false;
    if (this.chaos === undefined) {
      let moved = false;
      for (const host of this.#objects) moved = this.#commit(host) || moved;
      if (moved) return true;
    }
    const nextAtMs = this.#nextAtMs();
    if (this.chaos !== undefined) return this.#stepByChance(this.chaos, nextAtMs, untilMs);
    if (nextAtMs > untilMs) return false;
    if (nextAtMs > this.nowMs) this.nowMs = nextAtMs;
    const { next } = this.timeline;
    if (next !== undefined && next.atMs <= this.nowMs) {
      this.timeline.happen(next);
      return true;
    }
    for (const host of this.#objects) if (host.nextRingMs() <= this.nowMs) this.#ring(host);
    return true;
  }

  /** One commit, event or ring of those that may come now, whichever chance has first. */
  #stepByChance(chaos: Chaos, nextAtMs: number, untilMs: number): boolean {
    const hosts = this.#objects;
    const commits = hosts.filter((host) => host.hasToCommit);
    if (commits.length === 0) {
      if (nextAtMs > untilMs) return false;
      if (nextAtMs > this.nowMs) this.nowMs = nextAtMs;
    }
    const due = this.timeline.due();
    const rings = hosts.filter((host) => host.nextRingMs() <= this.nowMs);
    let chosen = chaos.pick(commits.length + due.length + rings.length);
    const commit = commits[chosen];
    if (commit !== undefined) return this.#commit(commit);
    chosen -= commits.length;
    const occurrence = due[chosen];
    if (occurrence !== undefined) this.timeline.happen(occurrence);
    else this.#ring(rings[chosen - due.length] as Host<Resident>);
    return true;
  }

  #commit(host: Host<Resident>): boolean {
    if (!host.hasToCommit) return false;
    const { life } = host;
    if (host.hasWritten) {
      this.onPoint?.("commit", host.id);
      if (host.life !== life) return true;
      host.commit();
      this.onPoint?.("committed", host.id);
    }
    host.openGates();
    return true;
  }

  #ring(host: Host<Resident>): void {
    host.beginRing();
    const life = this.#life(host, true);
    this.onPoint?.("ring", host.id);
    const rung = () => {
      if (life.dead) return;
      this.onPoint?.("rung", host.id);
      if (!life.dead) host.endRing(() => this.chaos?.ringsAgain() ?? false);
    };
    // As WorkflowInstance.alarm does: no error escapes.
    const failed = () => {
      if (!life.dead) this.setAlarm(host, this.nowMs + 60_000);
    };
    const ring = { retryCount: host.retries, scheduledTime: host.ringing?.atMs ?? 0 };
    void life.opened
      .then((resident) => resident.alarm(ring))
      .catch(failed)
      .then(rung);
  }

  #life<R extends Resident>(host: Host<R>, isRinging = false): Life<R> {
    if (host.life !== undefined) return host.life;
    host.counters.lives++;
    const fate = { dead: false };
    const opened = host.open(fate, isRinging);
    const life: Life<R> = Object.assign(fate, { opened, callers: new Set<(error: Error) => void>() });
    host.life = life;
    // As WorkflowInstance does: what cannot be opened is tried again with the next call.
    life.opened.catch((error) => {
      if (host.life === life) host.life = undefined;
      // Nothing was written that their answers would have to wait for.
      for (const reject of life.callers) this.timeline.add(0, () => reject(error));
    });
    return life;
  }
}

const openInstance = (world: World) => (host: Host) => async (fate: Fate, isRinging: boolean) => {
  const instance = new Instance(portsOf(world, host, fate));
  await instance.open(isRinging);
  return instance;
};
