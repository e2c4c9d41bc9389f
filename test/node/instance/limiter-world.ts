// The limiters of a world: objects as instances are, with a database, an alarm and lives of their own.
import type { LimitersPort } from "../../../src/instance/ports.ts";
import { Limiter } from "../../../src/limits/limiter.ts";
import { LeaseStore } from "../../../src/limits/store/lease-store.ts";
import type { LeaseHolder, LimiterPeer } from "../../../src/model/lease.ts";
import { type Limit, Limits, limiterOf } from "../../../src/model/limit.ts";
import { type Fate, Host } from "./host.ts";
import { never } from "./timeline.ts";
import type { PeerFault, World } from "./world.ts";

/** A call of an instance to a limiter, or of a limiter to an instance. */
export interface LimiterCall {
  readonly from: string;
  readonly to: string;
  readonly method: keyof LimiterPeer | keyof LeaseHolder;
}

export class LimiterWorld {
  readonly hosts = new Map<string, Host<Limiter>>();
  readonly calls: LimiterCall[] = [];
  fault: ((call: LimiterCall) => PeerFault) | undefined;
  /** As they are declared in the code of the lives that begin from now on. */
  limits: Limit[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  declare(limit: Partial<Limit> & Pick<Limit, "name" | "kind" | "target">): this {
    this.limits = [...this.limits.filter(({ name }) => name !== limit.name), { parts: 1, ...limit }];
    return this;
  }

  host(name: string): Host<Limiter> {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host<Limiter>(
        name,
        () => this.#world.codec,
        (host) => (fate) => this.#open(host, fate),
      );
      this.hosts.set(name, host);
    }
    return host;
  }

  lose(name: string): void {
    this.host(name).lose("reset", this.#world.nowMs);
  }

  /** The instances that hold a lease of it, as its database has it, and those that wait. */
  state(name: string): { readonly held: string[]; readonly waiting: string[] } {
    const { db } = this.host(name);
    if (!db.hasTable("lease")) return { held: [], waiting: [] };
    const rows = db.read<{ instance: string; until: number | null }>(
      "SELECT instance, until FROM lease ORDER BY until IS NULL, place",
    );
    const of = (isHeld: boolean) => rows.filter(({ until }) => (until !== null) === isHeld).map((row) => row.instance);
    return { held: of(true).sort(), waiting: of(false) };
  }

  /** The limiters, as a life of an instance sees them. */
  portFor(instance: Host, fate: Fate): LimitersPort {
    return {
      limiter: (limit, key, instanceId) => this.#peerFor(instance, fate, limiterOf(limit, key, instanceId)),
    };
  }

  #peerFor(instance: Host, fate: Fate, name: string): LimiterPeer {
    const send = <T>(method: keyof LimiterPeer, call: (limiter: Limiter) => Promise<T>) =>
      this.#send(instance, fate, { from: instance.id, to: name, method }, () =>
        this.#world.serveAt(this.host(name), call),
      );
    return {
      lease: (request) => send("lease", (limiter) => limiter.lease(structuredClone(request))),
      places: (instanceId, leases) => send("places", (limiter) => limiter.places(instanceId, leases)),
    };
  }

  #holderFor(limiter: Host<Limiter>, fate: Fate, instanceId: string): LeaseHolder {
    return {
      leaseGranted: (grant) =>
        this.#send(limiter, fate, { from: limiter.id, to: instanceId, method: "leaseGranted" }, () =>
          this.#world.serve(instanceId, (instance) => instance.leaseGranted(structuredClone(grant))),
        ),
    };
  }

  /** Leaves when what was written is durable, travels, and so does its answer. */
  #send<T>(sender: { gated: (() => void)[] }, fate: Fate, call: LimiterCall, serve: () => Promise<T>): Promise<T> {
    if (fate.dead) return never();
    this.calls.push(call);
    return new Promise((resolve, reject) => {
      const arrive = (settle: () => void) =>
        this.#world.travel(() => {
          if (!fate.dead) settle();
        });
      const repeat = () => void serve().catch(() => undefined);
      const deliver = () => {
        const fault = this.fault?.(call);
        if (fault === "unreachable") return arrive(() => reject(new Error(`'${call.to}' is unreachable`)));
        if (fault === "twice") repeat();
        if (fault === "twice, late") this.#world.travel(repeat);
        serve().then(
          (value) =>
            arrive(() => (fault === "answer lost" ? reject(new Error("The answer was lost")) : resolve(value))),
          (error) => arrive(() => reject(error)),
        );
      };
      sender.gated.push(() => this.#world.travel(deliver));
    });
  }

  async #open(host: Host<Limiter>, fate: Fate): Promise<Limiter> {
    const world = this.#world;
    const beforeWrite = (statement: string) => void (fate.dead || host.failWrite?.(statement));
    const beforeRead = (statement: string) => void (fate.dead || host.failRead?.(statement));
    const ledger = new LeaseStore(host.db.port(beforeWrite, () => fate.dead, beforeRead));
    ledger.open();
    const limits = new Limits();
    for (const limit of this.limits) limits.add(limit);
    const limiter = new Limiter({
      ledger,
      name: host.id,
      quota: limits.quotaOf(host.id) ?? {},
      now: () => world.nowMs + host.skewMs,
      schedule: (ms, callback) => {
        const occurrence = world.timeline.add(Math.max(0, ms), () => {
          if (!fate.dead) callback();
        });
        return () => world.timeline.remove(occurrence);
      },
      durable: () => new Promise((resolve) => void host.gated.push(resolve)),
      alarm: {
        initialMs: host.armedAtMs ?? undefined,
        set: (atMs) => {
          if (!fate.dead) world.setAlarm(host, atMs);
        },
      },
      holder: (instanceId) => this.#holderFor(host, fate, instanceId),
      log: (line) => void (fate.dead || world.log.push(line)),
    });
    limiter.open();
    return limiter;
  }
}
