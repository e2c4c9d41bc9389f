// The catalog of a world: its shards are objects as instances are, with a database, an alarm and lives of their own.
import type { CatalogApi } from "../../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import { readFilter } from "../../../src/catalog/query/parameters.ts";
import type { Shards } from "../../../src/catalog/reading/shards.ts";
import { Shard } from "../../../src/catalog/shard.ts";
import { ShardStore } from "../../../src/catalog/store/shard-store.ts";
import type { CatalogPort } from "../../../src/instance/ports.ts";
import type { CatalogEntry, CatalogShard, CatalogSource, Departure } from "../../../src/model/catalog-entry.ts";
import { allShards, type CatalogShards } from "../../../src/model/catalog-shards.ts";
import type { RetentionPolicy } from "../../../src/model/retention.ts";
import { type Fate, Host } from "./host.ts";
import { never } from "./timeline.ts";
import type { PeerFault, World } from "./world.ts";

/** A call of an instance to a shard, or of a shard to an instance. */
export interface CatalogCall {
  readonly from: string;
  readonly to: string;
  readonly method: keyof CatalogApi | keyof CatalogSource;
}

export class CatalogWorld {
  /** Where what begins a life from now on announces itself; what has begun before stays with what it was given. */
  config: CatalogShards;
  confirm: CatalogPort["confirm"] = "before-answer";
  /** Whether instances tell what they add to the metrics, in the lives that begin from now on. */
  countsTotals = false;
  readonly hosts = new Map<string, Host<Shard>>();
  readonly calls: CatalogCall[] = [];
  fault: ((call: CatalogCall) => PeerFault) | undefined;
  /** A shard comes to a statement, in whose place this may throw. Its commits are points of the world. */
  onStatement: ((kind: "write" | "read", shard: string) => void) | undefined;
  readonly #world: World;
  readonly #retention: RetentionPolicy;
  #lives = 0;

  constructor(world: World, config: CatalogShards, retention: RetentionPolicy = {}) {
    this.#world = world;
    this.config = config;
    this.#retention = retention;
  }

  host(name: string): Host<Shard> {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host<Shard>(
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

  /** What all shards have counted, in sum; of times how often alone. */
  counted(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const name of this.hosts.keys()) {
      const store = new ShardStore(this.host(name).db.port(), name, "reader");
      store.open();
      for (const [series, [sum = 0, ...buckets]] of store.tallies())
        sums[series] = (sums[series] ?? 0) + (buckets.length === 0 ? sum : buckets.reduce((all, n) => all + n, 0));
    }
    return sums;
  }

  /** All that its shards list, by ID. `filter`: as the parameters of a list. */
  entries(filter?: Readonly<Record<string, string>>): { readonly shard: string; readonly entry: CatalogEntry }[] {
    const found: { shard: string; entry: CatalogEntry }[] = [];
    for (const shard of new Set([...allShards(this.config), ...this.hosts.keys()])) {
      const store = new ShardStore(this.host(shard).db.port(), shard, "reader");
      store.open();
      const page = store.page({ filter: filter ? readFilter(filter) : EVERYTHING, order: "desc", limit: 10_000 });
      found.push(...page.entries.map((entry) => ({ shard, entry })));
    }
    return found;
  }

  /** The shard, as a life of an instance sees it. */
  shardFor(instance: Host, fate: Fate, name: string): CatalogShard {
    const send = <T>(method: keyof CatalogShard, call: (shard: Shard) => Promise<T>) =>
      this.#send(instance, fate, { from: instance.id, to: name, method }, () =>
        this.#world.serveAt(this.host(name), call),
      );
    return {
      announce: (announcement) => send("announce", (shard) => shard.announce(structuredClone(announcement))),
      leave: (departure) => send("leave", (shard) => shard.leave(structuredClone(departure))),
      forget: (departure) => send("forget", (shard) => shard.forget(structuredClone(departure))),
    };
  }

  /** All shards that lists are read from, as a life of a bulk job sees them. */
  shardsFor(reader: Host, fate: Fate): Shards {
    const ask = <T>(name: string, method: keyof CatalogApi, call: (shard: Shard) => Promise<T>) =>
      this.#send(reader, fate, { from: reader.id, to: name, method }, () => this.#world.serveAt(this.host(name), call));
    return {
      names: allShards(this.config),
      schedule: (ms, callback) => {
        const occurrence = this.#world.timeline.add(ms, () => void (fate.dead || callback()));
        return () => this.#world.timeline.remove(occurrence);
      },
      shard: (name) => ({
        list: (request) => ask(name, "list", (shard) => shard.list(request)),
        count: (request) => ask(name, "count", (shard) => shard.count(request)),
        changes: (request) => ask(name, "changes", (shard) => shard.changes(request)),
        health: () => ask(name, "health", (shard) => shard.health()),
      }),
    };
  }

  /** The instance, as a life of a shard sees it. */
  #sourceFor(shard: Host<Shard>, fate: Fate, instanceId: string): CatalogSource {
    const send = <T>(method: keyof CatalogSource, call: (source: CatalogSource) => Promise<T>) =>
      this.#send(shard, fate, { from: shard.id, to: instanceId, method }, () =>
        this.#world.serve(instanceId, (instance) => call(instance.catalog)),
      );
    return {
      presence: () => send("presence", (source) => source.presence()),
      expire: (life: Departure) => send("expire", (source) => source.expire(life)),
    };
  }

  /** Leaves when what was written is durable, travels, and so does its answer. */
  #send<T>(sender: { gated: (() => void)[] }, fate: Fate, call: CatalogCall, serve: () => Promise<T>): Promise<T> {
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

  async #open(host: Host<Shard>, fate: Fate): Promise<Shard> {
    const world = this.#world;
    const later = (ms: number, callback: () => void) =>
      world.timeline.add(Math.max(0, ms), () => {
        if (!fate.dead) callback();
      });
    const store = new ShardStore(
      host.db.port(
        () => this.onStatement?.("write", host.id),
        () => fate.dead,
        () => this.onStatement?.("read", host.id),
      ),
      host.id,
      `life ${++this.#lives}`,
    );
    store.open();
    return new Shard({
      store,
      name: host.id,
      now: () => world.nowMs + host.skewMs,
      schedule: (ms, callback) => {
        const occurrence = later(ms, callback);
        return () => world.timeline.remove(occurrence);
      },
      durable: () => new Promise((resolve) => void host.gated.push(resolve)),
      alarm: {
        initialMs: host.armedAtMs ?? undefined,
        set: (atMs) => {
          if (!fate.dead) world.setAlarm(host, atMs);
        },
      },
      retention: this.#retention,
      source: (instanceId) => this.#sourceFor(host, fate, instanceId),
      log: (line) => void (fate.dead || world.log.push(line)),
    });
  }
}
