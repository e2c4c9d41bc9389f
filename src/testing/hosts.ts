import type { Registry } from "../engine/registry.ts";
import { Instance } from "../instance/instance.ts";
import { type InstanceLimits, limitsFrom } from "../instance/limits.ts";
import type { InstancePorts } from "../instance/ports.ts";
import { jobRegistry } from "../jobs/activities.ts";
import { isJobId } from "../model/ids.ts";
import type { LogLine } from "../model/log.ts";
import type { Given } from "../model/options.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { HeldTurn } from "./activity-runs.ts";
import { Life, ofLife } from "./life.ts";
import { MemoryLimiters } from "./memory-limiters.ts";
import { MemorySockets } from "./memory-sockets.ts";
import { MemoryStore } from "./memory-store.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What is kept of one instance when its object loses its memory, and the life that it has just now. */
interface Host {
  readonly instanceId: string;
  readonly store: MemoryStore;
  readonly sockets: MemorySockets;
  alarmAtMs: number | undefined;
  isRinging: boolean;
  opened: Promise<Instance> | undefined;
  /** Once it is open. */
  instance: Instance | undefined;
  heldTurn: HeldTurn | undefined;
  life: Life;
}

/** What the objects get from their environment. */
export interface HostsOptions {
  readonly clock: VirtualClock;
  code(): { readonly registry: Registry; readonly onNonDeterminism: "fail" | "stall" | undefined };
  readonly limits: Given<InstanceLimits> | undefined;
  newId(): string;
  newTraceparent(): string;
  log(line: LogLine): void;
  /** Something has happened. */
  moved(): void;
}

/** The objects of an environment: one for each instance, with its storage, its alarm and, while it is awake, its memory. */
export class Hosts {
  readonly #options: HostsOptions;
  readonly #limits: InstanceLimits;
  readonly #hosts = new Map<string, Host>();
  /** Bulk jobs run it. There is no catalog. */
  readonly #jobs = jobRegistry({ instance: (instanceId) => this.stub(instanceId), catalog: undefined });
  readonly limiters: MemoryLimiters;
  /** Those whose alarms are due next: looking for them among thousands costs more than all the rest of a step. */
  #next: Host[] = [];
  #isDisposed = false;

  constructor(options: HostsOptions) {
    this.#options = options;
    this.limiters = new MemoryLimiters({
      clock: options.clock,
      limits: () => options.code().registry.limits,
      holder: (instanceId) => this.stub(instanceId),
    });
    // A handler that stays with the work would make time pass for nothing: there is no platform that drops the object.
    this.#limits = limitsFrom({ alarmHostMs: 0, ...options.limits });
  }

  store(instanceId: string): MemoryStore | undefined {
    return this.#hosts.get(instanceId)?.store;
  }

  /** Where an instance stands; `undefined` when there is none. */
  statusOf(instanceId: string): RuntimeStatus | undefined {
    return this.store(instanceId)?.load()?.status;
  }

  lifeOf(instanceId: string): Life {
    return this.#host(instanceId).life;
  }

  /** All memory is lost. What was to be done by a handler of an alarm is done by the next. */
  loseMemory(): void {
    this.limiters.loseMemory();
    for (const host of this.#hosts.values()) {
      host.life.end();
      host.life = new Life();
      host.sockets.lose();
      host.opened = host.instance = host.heldTurn = undefined;
      if (host.isRinging) host.alarmAtMs ??= this.#options.clock.nowMs;
      host.isRinging = false;
    }
  }

  /** Memory is lost, and nothing is opened any more. */
  dispose(): void {
    this.#isDisposed = true;
    this.loseMemory();
  }

  /** Turns that are not over although all promises have gone on. */
  heldTurns(): HeldTurn[] {
    const held: HeldTurn[] = [];
    for (const host of this.#hosts.values()) {
      host.heldTurn = host.instance?.isInTurn === true ? (host.heldTurn ?? new HeldTurn()) : undefined;
      if (host.heldTurn !== undefined) held.push(host.heldTurn);
    }
    return held;
  }

  /** When an alarm is due next, now at the earliest; infinity: none ever is. */
  nextAtMs(): number {
    const { nowMs } = this.#options.clock;
    let nextAtMs = NEVER;
    this.#next = [];
    for (const host of this.#hosts.values()) {
      // An alarm may ring later than it is set for, and never earlier.
      if (host.alarmAtMs === undefined || host.alarmAtMs > nextAtMs) continue;
      const dueAtMs = Math.max(nowMs, this.#dueAtMs(host));
      if (dueAtMs === NEVER || dueAtMs > nextAtMs) continue;
      if (dueAtMs < nextAtMs) this.#next = [];
      nextAtMs = dueAtMs;
      this.#next.push(host);
    }
    return nextAtMs;
  }

  /** Rings the alarms that `nextAtMs` has found, if their time has come. */
  ringDue(): void {
    for (const host of this.#next) if (this.#dueAtMs(host) <= this.#options.clock.nowMs) this.#ring(host);
  }

  /**
   * When the host's alarm is to ring. One that stands for work under way, should the object be lost, need not: nothing comes of it. Nor
   * one that looks for other code: that comes with a restart.
   */
  #dueAtMs({ alarmAtMs, isRinging, instance, store }: Host): number {
    // Handlers of one object never overlap.
    if (isRinging || alarmAtMs === undefined) return NEVER;
    if (instance === undefined) return alarmAtMs;
    if (store.load()?.status === "STALLED") return NEVER;
    const dueAtMs = instance.nextDueAtMs;
    return dueAtMs === undefined || dueAtMs <= this.#options.clock.nowMs ? alarmAtMs : dueAtMs;
  }

  #ring(host: Host): void {
    const { life } = host;
    host.alarmAtMs = undefined;
    host.isRinging = true;
    const rung = () => {
      if (!life.isOver) host.isRinging = false;
      this.#options.moved();
    };
    void this.#open(host, true)
      .then((instance) => instance.alarm({ retryCount: 0, scheduledTime: 0 }))
      .then(rung, rung);
  }

  /** Asks the object, and once more the next one should its memory be lost meanwhile. For what changes nothing. */
  async ask<T>(instanceId: string, question: (instance: Instance) => Promise<T>): Promise<T> {
    const host = this.#host(instanceId);
    for (;;) {
      const { life } = host;
      const answer = this.#open(host, false)
        .then(question)
        .then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        );
      const first = await Promise.race([answer, life.ended]);
      if (first === undefined || life.isOver) continue;
      if ("error" in first) throw first.error;
      return first.value;
    }
  }

  /** Calls the object as it is at the moment of the call. `around` gets what the call does. */
  stub(instanceId: string, around?: <T>(call: () => Promise<T>) => Promise<T>): Instance {
    const call = async (method: string, args: unknown[]) => {
      if (method === "start") Object.assign(args[0] as object, { traceparent: this.#options.newTraceparent() });
      this.#options.moved();
      try {
        const instance = await this.#open(this.#host(instanceId), false);
        const ask = Reflect.get(instance, method) as (...args: unknown[]) => Promise<unknown>;
        // A function is called where it is: that is how a receiver asks its sender something.
        const sent = args.map((arg) => (typeof arg === "function" ? arg : structuredClone(arg)));
        return structuredClone(await ask.apply(instance, sent));
      } finally {
        this.#options.moved();
      }
    };
    const get =
      (_: object, method: string | symbol) =>
      (...args: unknown[]) => {
        const run = () => call(String(method), args);
        return around === undefined ? run() : around(run);
      };
    return new Proxy({}, { get }) as Instance;
  }

  #host(instanceId: string): Host {
    let host = this.#hosts.get(instanceId);
    if (host === undefined) {
      host = {
        instanceId,
        store: new MemoryStore(),
        sockets: this.#sockets(instanceId),
        alarmAtMs: undefined,
        isRinging: false,
        opened: undefined,
        instance: undefined,
        heldTurn: undefined,
        life: new Life(),
      };
      this.#hosts.set(instanceId, host);
    }
    return host;
  }

  #sockets(instanceId: string): MemorySockets {
    const tell = (say: (instance: Instance) => void) =>
      void this.ask(instanceId, async (instance) => say(instance)).catch(() => undefined);
    return new MemorySockets({
      message: (socket, text) => tell((instance) => instance.passedOn(socket, Number(text))),
      closed: () => tell((instance) => instance.watcherLeft()),
      // What is in memory is on disk.
      whenWritten: (send) => send(),
    });
  }

  #open(host: Host, isRinging: boolean): Promise<Instance> {
    host.opened ??= (async () => {
      const { life } = host;
      if (this.#isDisposed) throw new Error("The test environment was disposed of");
      const instance = new Instance(this.#ports(host));
      await instance.open(isRinging);
      if (!life.isOver) host.instance = instance;
      return instance;
    })();
    return host.opened;
  }

  #ports(host: Host): InstancePorts {
    const { life, instanceId } = host;
    const { clock, code, newId, log } = this.#options;
    const schedule = (ms: number, callback: () => void) => clock.schedule(ms, callback, life);
    return {
      ...code(),
      ...(isJobId(instanceId) && { registry: this.#jobs }),
      store: ofLife(host.store, life),
      limits: this.#limits,
      limiters: this.limiters,
      clock: {
        now: () => clock.nowMs,
        delay: (ms) => new Promise((resolve) => void schedule(ms, resolve)),
        schedule,
      },
      alarm: {
        get: async () => host.alarmAtMs ?? null,
        set: (atMs) => {
          if (!life.isOver) host.alarmAtMs = atMs;
        },
        clear: () => {
          if (!life.isOver) host.alarmAtMs = undefined;
        },
      },
      sockets: host.sockets,
      instanceId: () => instanceId,
      newId,
      peer: (to) => this.stub(to),
      sync: async () => undefined,
      wipe: async () => {
        host.alarmAtMs = undefined;
        host.store.wipe();
      },
      abort: () => undefined,
      log: (line) => {
        if (!life.isOver) log(line);
      },
    };
  }
}
