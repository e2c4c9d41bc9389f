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
 */
import type { TWorkflowActivity } from "../../../src/engine/activity-context.ts";
import { Registry } from "../../../src/engine/registry.ts";
import type { TWorkflow } from "../../../src/engine/workflow-context.ts";
import { Instance } from "../../../src/instance/instance.ts";
import { defaultLimits, type InstanceLimits } from "../../../src/instance/limits.ts";
import type { InstancePorts } from "../../../src/instance/ports.ts";
import type { InstancePeer, IsOwed } from "../../../src/instance/protocol.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { readHistory } from "../../../src/storage/history-table.ts";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { type Cipher, plainTexts, type TextCodec, Vault } from "../../../src/storage/vault.ts";
import { MemoryDatabase } from "./database.ts";

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
  /** `isOwed`: what a receiver asks back, as part of a call that it has got. */
  readonly method: keyof InstancePeer | "isOwed";
  readonly argument: unknown;
  /** Lets a second copy of it arrive now. */
  repeat(): void;
}

/** What a caller sees when the object is lost before it has answered. */
export class ObjectLostError extends Error {
  override readonly name = "ObjectLostError";
}

/** One stay of an instance in memory. */
interface Life {
  dead: boolean;
  readonly opened: Promise<Instance>;
  /** Those who wait for an answer of this life. */
  readonly callers: Set<(error: Error) => void>;
}

interface StoredAlarm {
  readonly atMs: number;
  readonly ringsAtMs: number;
}

/** One object: what survives a crash, and the life that it has just now. */
export class Host {
  readonly id: string;
  readonly #codec: () => TextCodec;
  readonly db = new MemoryDatabase();
  readonly counters = { setAlarm: 0, deleteAlarm: 0, commits: 0, rings: 0, lives: 0 };
  /** A fault of the storage: throws in place of the statement. */
  failWrite: ((statement: string) => void) | undefined;
  /** The same when something is read. */
  failRead: ((statement: string) => void) | undefined;
  life: Life | undefined;
  alarm: StoredAlarm | null = null;
  durableAlarm: StoredAlarm | null = null;
  ringing: StoredAlarm | undefined;
  /** The handler that runs clears its alarm when it succeeds, unless another has been set. */
  clearsAlarm = false;
  retries = 0;
  notBeforeMs = 0;
  isDirty = false;
  gated: (() => void)[] = [];
  /** The platform has dropped its alarm: somebody has to ask. */
  hasLostAlarm = false;
  /** How much the clock of the machine that the object is on is fast. */
  skewMs = 0;

  constructor(id: string, codec: () => TextCodec) {
    this.id = id;
    this.#codec = codec;
  }

  get armedAtMs(): number | null {
    return this.clearsAlarm ? null : (this.alarm?.atMs ?? null);
  }

  rows(table: string): number {
    return this.db.counters.rows.get(table) ?? 0;
  }

  /** The history that the database holds, of whatever schema version. */
  history(): HistoryEvent[] {
    return readHistory(this.db.port(), this.db.hasTable("history") ? "history" : "instance", this.#codec());
  }

  nextRingMs(): number {
    // One that has been changed, or has done its duty, rings only if that is lost in a crash.
    const isChanged = this.alarm !== this.durableAlarm;
    if (this.durableAlarm === null || isChanged || this.ringing !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.durableAlarm.ringsAtMs, this.notBeforeMs);
  }
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

/** A promise of its own each time: what waits for one that all share would be held, with its world, for ever. */
const never = () => new Promise<never>(() => undefined);

/** Lets all microtasks run that there are, and those they make. */
export const drainMicrotasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class World {
  nowMs = START_MS;
  readonly limits: InstanceLimits;
  readonly workflows = new Map<string, TWorkflow>();
  /** Named versions; each life of an object has those that are here when it begins. */
  versions: { name: string; version: string; code: TWorkflow; latest: boolean }[] = [];
  onNonDeterminism: "fail" | "stall" = "stall";
  logFailureMessages = true;
  readonly activities = new Map<string, TWorkflowActivity>();
  readonly hosts = new Map<string, Host>();
  readonly peerCalls: PeerCall[] = [];
  readonly log: Record<string, unknown>[] = [];
  /** Execution ID and number of the call, in the order in which runs began. */
  readonly activityRuns: string[] = [];
  onPoint: ((point: Point, id: string) => void) | undefined;
  peerFault: ((call: PeerCall) => PeerFault) | undefined;
  chaos: Chaos | undefined;
  /** A fault of the storage: why the tables of an object cannot be removed. */
  failWipe: (() => Error | undefined) | undefined;
  /** Encrypts what the objects that begin a life from now on write; `codec` is how the test reads it. */
  cipher: ((id: string) => Cipher) | undefined;
  codec: TextCodec = plainTexts;
  #events: Event[] = [];
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
      host = new Host(id, () => this.codec);
      this.hosts.set(id, host);
    }
    return host;
  }

  /** For activities: so long takes what is done outside. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#add(ms, resolve));
  }

  // Time.

  /** Lets everything happen that happens without time going on. */
  async settle(): Promise<void> {
    while (await this.#step(this.nowMs));
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while (await this.#step(untilMs));
    this.nowMs = untilMs;
  }

  /** Lets time go on until nothing is left that would ever happen by itself. */
  async rest(withinMs = 30 * 86_400_000): Promise<void> {
    const untilMs = this.nowMs + withinMs;
    for (let steps = 0; await this.#step(untilMs); steps++) {
      if (steps > 200_000) throw new Error("The world does not come to rest");
    }
    if (this.#nextAtMs() < Number.POSITIVE_INFINITY) {
      const alarms = [...this.hosts.values()].flatMap(({ id, armedAtMs }) =>
        armedAtMs === null ? [] : `${id} at ${armedAtMs}`,
      );
      throw new Error(
        `The world is not at rest after ${withinMs} ms: ${this.#events.length} events, alarms of ${alarms}`,
      );
    }
  }

  // Calls.

  /** Calls an instance as the HTTP face does; answered once what it wrote is durable. Time is up to the test. */
  post<T>(id: string, call: (instance: Instance) => Promise<T>): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.#add(0, () => void this.#serve(id, call).then(resolve, reject));
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

  // Crashes.

  /** The object is lost. `reset`: it alone, and a handler that ran is retried with a pause; `process`: all of it starts anew. */
  crash(id: string, kind: "reset" | "process" = "reset"): void {
    const host = this.host(id);
    host.db.rollback();
    host.isDirty = false;
    host.gated = [];
    host.alarm = host.durableAlarm;
    host.clearsAlarm = false;
    if (host.ringing !== undefined && host.durableAlarm === host.ringing) {
      host.retries = kind === "process" ? 0 : host.retries + 1;
      host.notBeforeMs = kind === "process" ? this.nowMs : this.nowMs + 1_000 * 2 ** host.retries;
      if (host.retries > 6) {
        host.alarm = host.durableAlarm = null;
        host.hasLostAlarm = true;
      }
    }
    host.ringing = undefined;
    const life = host.life;
    host.life = undefined;
    if (life === undefined) return;
    life.dead = true;
    for (const lost of life.callers) lost(new ObjectLostError(`'${id}' was lost before it answered`));
  }

  crashAll(): void {
    for (const id of this.hosts.keys()) this.crash(id, "process");
  }

  // The machinery.

  #add(inMs: number, run: () => void): Event {
    const event = { atMs: this.nowMs + inMs, run };
    const after = this.#events.findIndex((other) => other.atMs > event.atMs);
    this.#events.splice(after === -1 ? this.#events.length : after, 0, event);
    return event;
  }

  #nextAtMs(): number {
    let next = this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY;
    for (const host of this.hosts.values()) next = Math.min(next, host.nextRingMs());
    return next;
  }

  /** False when nothing is left to happen until then. */
  async #step(untilMs: number): Promise<boolean> {
    await drainMicrotasks();
    if (this.chaos === undefined) {
      let moved = false;
      for (const host of this.hosts.values()) moved = this.#commit(host) || moved;
      if (moved) return true;
    }
    const nextAtMs = this.#nextAtMs();
    if (this.chaos !== undefined) return this.#stepByChance(this.chaos, nextAtMs, untilMs);
    if (nextAtMs > untilMs) return false;
    if (nextAtMs > this.nowMs) this.nowMs = nextAtMs;
    const event = this.#events[0];
    if (event !== undefined && event.atMs <= this.nowMs) {
      this.#events.shift();
      event.run();
      return true;
    }
    for (const host of this.hosts.values()) if (host.nextRingMs() <= this.nowMs) this.#ring(host);
    return true;
  }

  /** One commit, event or ring of those that may come now, whichever chance has first. */
  #stepByChance(chaos: Chaos, nextAtMs: number, untilMs: number): boolean {
    const hosts = [...this.hosts.values()];
    const commits = hosts.filter((host) => this.#hasToCommit(host));
    if (commits.length === 0) {
      if (nextAtMs > untilMs) return false;
      if (nextAtMs > this.nowMs) this.nowMs = nextAtMs;
    }
    const events = this.#events.filter(({ atMs }) => atMs <= this.nowMs);
    const rings = hosts.filter((host) => host.nextRingMs() <= this.nowMs);
    let chosen = chaos.pick(commits.length + events.length + rings.length);
    const commit = commits[chosen];
    if (commit !== undefined) return this.#commit(commit);
    chosen -= commits.length;
    const event = events[chosen];
    if (event !== undefined) {
      this.#events.splice(this.#events.indexOf(event), 1);
      event.run();
      return true;
    }
    this.#ring(rings[chosen - events.length] as Host);
    return true;
  }

  #hasToCommit(host: Host): boolean {
    return host.isDirty || host.db.hasUncommitted || host.gated.length > 0;
  }

  #commit(host: Host): boolean {
    if (!this.#hasToCommit(host)) return false;
    const isDirty = host.isDirty || host.db.hasUncommitted;
    const life = host.life;
    if (isDirty) {
      this.onPoint?.("commit", host.id);
      if (host.life !== life) return true;
      host.db.commit();
      host.counters.commits++;
      if (host.durableAlarm !== host.alarm) {
        host.durableAlarm = host.alarm;
        host.retries = 0;
        host.notBeforeMs = 0;
      }
      host.isDirty = false;
      this.onPoint?.("committed", host.id);
    }
    const gated = host.gated;
    host.gated = [];
    for (const release of gated) release();
    return true;
  }

  #ring(host: Host): void {
    host.ringing = host.durableAlarm ?? undefined;
    host.clearsAlarm = true;
    host.counters.rings++;
    const life = this.#life(host, true);
    this.onPoint?.("ring", host.id);
    const rung = () => {
      if (life.dead) return;
      this.onPoint?.("rung", host.id);
      if (life.dead) return;
      host.ringing = undefined;
      if (!host.clearsAlarm) return;
      host.clearsAlarm = false;
      // It stays as it is, and rings once more.
      if (this.chaos?.ringsAgain()) return;
      host.alarm = null;
      host.isDirty = true;
    };
    // As WorkflowInstance.alarm does: no error escapes.
    const failed = () => {
      if (!life.dead) this.#setAlarm(host, this.nowMs + 60_000);
    };
    const ring = { retryCount: host.retries, scheduledTime: host.ringing?.atMs ?? 0 };
    void life.opened
      .then((instance) => instance.alarm(ring))
      .catch(failed)
      .then(rung);
  }

  #setAlarm(host: Host, atMs: number): void {
    host.counters.setAlarm++;
    host.clearsAlarm = false;
    host.hasLostAlarm = false;
    const dueAtMs = Math.max(atMs, this.nowMs);
    host.alarm = { atMs, ringsAtMs: Math.max(this.nowMs, dueAtMs + (this.chaos?.alarmShiftMs() ?? 0)) };
    host.isDirty = true;
  }

  #serve<T>(id: string, call: (instance: Instance, life: Life) => Promise<T>): Promise<T> {
    const host = this.host(id);
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
        .then((instance) => call(instance, life))
        .then(
          (value) => answer(() => resolve(structuredClone(value)))(),
          (error) => answer(() => reject(error))(),
        );
    });
  }

  #life(host: Host, isRinging = false): Life {
    if (host.life !== undefined) return host.life;
    host.counters.lives++;
    const fate = { dead: false };
    const open = async () => {
      const instance = new Instance(this.#ports(host, fate));
      await instance.open(isRinging);
      return instance;
    };
    const life: Life = Object.assign(fate, { opened: open(), callers: new Set<(error: Error) => void>() });
    host.life = life;
    // As WorkflowInstance does: what cannot be opened is tried again with the next call.
    life.opened.catch((error) => {
      if (host.life === life) host.life = undefined;
      // Nothing was written that their answers would have to wait for.
      for (const reject of life.callers) this.#add(0, () => reject(error));
    });
    return life;
  }

  /** The ports of one life. Once that is over they do nothing, and what waits for them waits for ever. */
  #ports(host: Host, fate: { readonly dead: boolean }): InstancePorts {
    const beforeWrite = (statement: string) => {
      this.onPoint?.("write", host.id);
      if (!fate.dead) host.failWrite?.(statement);
    };
    const beforeRead = (statement: string) => {
      if (!fate.dead) host.failRead?.(statement);
    };
    const later = (ms: number, callback: () => void) =>
      this.#add(Math.max(0, ms), () => {
        if (!fate.dead) callback();
      });
    const durable = () =>
      fate.dead ? never() : new Promise<void>((resolve) => void host.gated.push(() => later(0, resolve)));
    const vault = this.cipher && new Vault(this.cipher(host.id));
    return {
      store: new InstanceStore(
        host.db.port(beforeWrite, () => fate.dead, beforeRead),
        vault,
      ),
      vault,
      registry: this.#registry(host.id, fate),
      limits: this.limits,
      onNonDeterminism: this.onNonDeterminism,
      logFailureMessages: this.logFailureMessages,
      log: (line) => void (fate.dead || this.log.push(line)),
      clock: {
        now: () => this.nowMs + host.skewMs,
        delay: (ms) => (fate.dead ? never() : new Promise((resolve) => void later(ms, resolve))),
        schedule: (ms, callback) => {
          if (fate.dead) return () => undefined;
          const event = later(ms, callback);
          return () => {
            this.#events = this.#events.filter((other) => other !== event);
          };
        },
      },
      alarm: {
        get: () => Promise.resolve(host.armedAtMs),
        set: (atMs) => {
          if (!fate.dead) this.#setAlarm(host, atMs);
        },
        clear: () => {
          if (fate.dead) return;
          host.counters.deleteAlarm++;
          if (host.clearsAlarm) return;
          host.alarm = null;
          host.isDirty = true;
        },
      },
      instanceId: () => host.id,
      newId: () => (fate.dead ? "of a lost life" : `execution-${++this.#ids}`),
      peer: (to) => this.#peer(host, fate, to),
      sync: durable,
      abort: () => {
        if (!fate.dead) this.crash(host.id);
      },
      wipe: () => {
        if (fate.dead) return never();
        const failure = this.failWipe?.();
        if (failure !== undefined) return Promise.reject(failure);
        host.db.dropAll();
        host.clearsAlarm = false;
        host.alarm = null;
        return durable();
      },
    };
  }

  #registry(id: string, fate: { readonly dead: boolean }): Registry {
    const registry = new Registry();
    for (const [name, code] of this.workflows) registry.addWorkflow(name, code);
    for (const { name, version, code, latest } of this.versions) registry.addVersion(name, version, code, latest);
    for (const [name, code] of this.activities) {
      registry.addActivity(name, (context, input) => {
        if (fate.dead) return never();
        const call = context.getTaskExecutionId();
        this.activityRuns.push(`${call.slice(0, call.lastIndexOf(":"))}:${context.getWorkflowActivityId()}`);
        this.onPoint?.("activity", id);
        return fate.dead ? never() : code(context, input);
      });
    }
    return registry;
  }

  /** What is asked of the sender of a call by the life of its receiver: it travels, and waits at the gates, as calls do. */
  #asked(
    ask: IsOwed,
    argument: unknown,
    sender: Host,
    fate: { readonly dead: boolean },
    receiver: Host,
    life: Life,
  ): IsOwed {
    return () => {
      if (life.dead) return never();
      return new Promise((resolve, reject) => {
        const arrive = (settle: () => void) =>
          this.#add(this.chaos?.latencyMs() ?? 0, () => {
            if (!life.dead) settle();
          });
        const deliver = () => {
          const repeat = () => void ask();
          const call: PeerCall = { from: receiver.id, to: sender.id, method: "isOwed", argument, repeat };
          const fault = this.peerFault?.(call);
          const asked = fate.dead ? undefined : sender.life;
          const fail = () => void arrive(() => reject(new ObjectLostError(`'${sender.id}' does not answer any more`)));
          if (asked === undefined || fault === "unreachable") return fail();
          asked.callers.add(fail);
          void ask().then((isOwed) =>
            sender.gated.push(() => {
              asked.callers.delete(fail);
              if (fault === "answer lost") fail();
              else arrive(() => resolve(isOwed));
            }),
          );
        };
        receiver.gated.push(() => void this.#add(this.chaos?.latencyMs() ?? 0, deliver));
      });
    };
  }

  #peer(host: Host, fate: { readonly dead: boolean }, to: string): InstancePeer {
    const send = <T>(
      method: keyof InstancePeer,
      argument: unknown,
      call: (peer: Instance, life: Life) => Promise<T>,
    ): Promise<T> => {
      if (fate.dead) return never();
      this.onPoint?.("peer call", host.id);
      if (fate.dead) return never();
      const repeat = () => void this.#serve(to, call).catch(() => undefined);
      const sent: PeerCall = { ...structuredClone({ from: host.id, to, method, argument }), repeat };
      this.peerCalls.push(sent);
      return new Promise((resolve, reject) => {
        const arrive = (settle: () => void) =>
          void this.#add(0, () => {
            if (!fate.dead) settle();
          });
        const deliver = () => {
          const fault = this.peerFault?.(sent);
          if (fault === "unreachable") return arrive(() => reject(new Error(`'${to}' is unreachable`)));
          if (fault === "twice") repeat();
          if (fault === "twice, late") this.#add(this.chaos?.latencyMs() ?? 0, repeat);
          this.#serve(to, call).then(
            (value) =>
              arrive(() => (fault === "answer lost" ? reject(new Error("The answer was lost")) : resolve(value))),
            (error) => arrive(() => reject(error)),
          );
        };
        host.gated.push(() => void this.#add(this.chaos?.latencyMs() ?? 0, deliver));
      });
    };
    return {
      deliver: (message, isOwed) =>
        send("deliver", message, (peer, life) =>
          peer.deliver(
            structuredClone(message),
            isOwed && this.#asked(isOwed, message, host, fate, this.host(to), life),
          ),
        ),
      purge: (request, isOwed) =>
        send("purge", request, (peer, life) =>
          peer.purge(request, isOwed && this.#asked(isOwed, request, host, fate, this.host(to), life)),
        ),
      findActive: (request) => send("findActive", request, (peer) => peer.findActive(request)),
    };
  }
}
