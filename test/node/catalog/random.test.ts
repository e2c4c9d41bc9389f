// [K31] Whatever comes late, twice and in another order: what is listed at rest is what the instances say, and a walk through the
// pages misses nothing and shows nothing twice while rows come and go.
import { describe, expect, it } from "vitest";
import type { Order } from "../../../src/catalog/protocol.ts";
import { type ListQuery, readParameters } from "../../../src/catalog/query/parameters.ts";
import { readList } from "../../../src/catalog/reading/list.ts";
import { readPage } from "../../../src/catalog/reading/page.ts";
import type { Telling } from "../../../src/catalog/store/apply.ts";
import type { CatalogEntry } from "../../../src/model/catalog-entry.ts";
import { allShards, shardOf } from "../../../src/model/catalog-shards.ts";
import { Random } from "../random.ts";
import { announce, DAY, type Opened, openShard, shardsOf } from "./support.ts";

const SEEDS = 150;
const STATUSES = ["RUNNING", "RUNNING", "SUSPENDED", "COMPLETED", "COMPLETED", "FAILED", "TERMINATED"] as const;
const QUERIES = [
  "",
  "status=RUNNING",
  "status=RUNNING,FAILED",
  "name=n1",
  "status=COMPLETED",
  "idPrefix=i1",
  "version=2",
];
/** The shards before the number was changed, and after. */
const BEFORE = { shards: 2 };
const AFTER = { shards: 3, former: [2] };

/** An instance as it is, with what its next life has to know. */
interface Model {
  entry: CatalogEntry | undefined;
  shard: string;
  seq: number;
}

interface Message {
  readonly to: string;
  readonly telling: Telling;
}

/** Instances that live, end, are purged and begin anew; what they tell lies in a bag, from which it comes in any order. */
class World {
  readonly random: Random;
  readonly hasFaults: boolean;
  readonly shards: Map<string, Opened>;
  readonly #instances = new Map<string, Model>();
  #bag: Message[] = [];
  #sent: Message[] = [];
  #config: typeof BEFORE | typeof AFTER = BEFORE;
  #nowMs = DAY;

  constructor(seed: number, hasFaults = false) {
    this.hasFaults = hasFaults;
    this.random = new Random(seed);
    this.shards = new Map(allShards(AFTER).map((name) => [name, openShard(name)]));
  }

  get bag(): number {
    return this.#bag.length;
  }

  resize(): void {
    this.#config = AFTER;
  }

  /** One thing happens to one instance, and it tells of it. */
  step(): void {
    if (this.random.chance(0.5)) this.#nowMs++;
    const id = `i${this.random.below(12)}`;
    const model = this.#instances.get(id) ?? { entry: undefined, shard: "", seq: 0 };
    this.#instances.set(id, model);
    const what = this.random.of(["change", "change", "change", "purge", "begin"] as const);
    if (model.entry === undefined) this.#begin(id, model, undefined);
    else if (what === "purge") this.#purge(model, model.entry);
    else if (what === "begin") this.#begin(id, model, model.entry);
    else this.#change(model, model.entry);
  }

  #begin(instanceId: string, model: Model, before: CatalogEntry | undefined): void {
    const former = before && { createdAtMs: before.createdAtMs, shard: model.shard };
    const lastSeq = model.seq;
    model.shard = shardOf(instanceId, this.#config);
    model.entry = {
      instanceId,
      createdAtMs: this.#nowMs,
      workflowName: `n${this.random.below(3)}`,
      status: this.random.of(STATUSES),
      updatedAtMs: this.#nowMs,
      ...(this.random.chance(0.3) && { version: "2" }),
    };
    this.#announce(model, model.entry, former);
    if (former !== undefined && former.shard !== model.shard) {
      const departure = { instanceId, createdAtMs: former.createdAtMs, seq: lastSeq + 1 };
      this.#send({ to: former.shard, telling: { type: "forget", departure } });
    }
  }

  #change(model: Model, entry: CatalogEntry): void {
    model.entry = { ...entry, status: this.random.of(STATUSES), updatedAtMs: this.#nowMs };
    this.#announce(model, model.entry);
  }

  #announce(model: Model, entry: CatalogEntry, former?: { createdAtMs: number; shard: string }): void {
    // As the instance counts: never by less than one.
    model.seq += this.random.between(2, 5);
    this.#send({ to: model.shard, telling: announce(entry, model.seq, former) });
  }

  #purge(model: Model, { instanceId, createdAtMs }: CatalogEntry): void {
    model.seq++;
    const type = this.random.of(["leave", "forget"] as const);
    this.#send({ to: model.shard, telling: { type, departure: { instanceId, createdAtMs, seq: model.seq } } });
    model.entry = undefined;
  }

  #send(message: Message): void {
    this.#bag.push(message);
    this.#sent.push(message);
  }

  /** A flush of one shard, with what has come for it by now: of all that is under way, and of what has come before. */
  deliver(): void {
    if (this.random.chance(0.2) && this.#sent.length > 0) this.#bag.push(this.random.of(this.#sent));
    const name = this.random.of([...this.shards.keys()]);
    const arrived = this.#bag.filter(({ to }) => to === name && this.random.chance(0.5));
    if (arrived.length === 0) return;
    this.#bag = this.#bag.filter((message) => !arrived.includes(message));
    arrived.sort(() => this.random.next() - 0.5);
    if (!this.#flush(name, arrived)) this.#bag.push(...arrived);
  }

  /** Whether it is on disk, and so acknowledged. Where faults are wanted, it may fail, or the shard may be lost before. */
  #flush(name: string, arrived: readonly Message[]): boolean {
    const shard = this.shards.get(name);
    if (shard === undefined) throw new Error(`there is no shard ${name}`);
    const tellings = arrived.map(({ telling }) => telling);
    if (!this.hasFaults || this.random.chance(0.7)) {
      shard.store.tell(tellings, this.#nowMs);
      if (this.random.chance(0.3)) shard.store.saveCounts();
      shard.db.commit();
      return true;
    }
    let left = this.random.below(3 * arrived.length + 3);
    shard.fault.before = () => {
      if (left-- === 0) throw new Error("SQLITE_FULL");
    };
    try {
      shard.store.tell(tellings, this.#nowMs);
    } catch (error) {
      expect(error).toEqual(new Error("SQLITE_FULL"));
    }
    shard.fault.before = undefined;
    if (this.random.chance(0.5)) {
      // Nobody was answered: what was written is lost with the object, or is told again.
      if (this.random.chance(0.5)) shard.db.rollback();
      this.shards.set(name, openShard(name, shard.db, `${this.random.next()}`));
    }
    shard.db.commit();
    return false;
  }

  deliverAll(): void {
    for (let n = 0; this.bag > 0; n++) {
      if (n > 10_000) throw new Error(`${this.bag} messages are for no shard`);
      this.deliver();
    }
    this.#sent = [];
  }

  /** What a list with this filter has to show at rest. */
  expected(query: string, order: Order): string[] {
    const fits = (entry: CatalogEntry) =>
      [...new URLSearchParams(query)].every(([name, value]) => {
        if (name === "status") return value.split(",").includes(entry.status);
        if (name === "name") return entry.workflowName === value;
        return name === "version" ? entry.version === value : entry.instanceId.startsWith(value);
      });
    const entries = [...this.#instances.values()].flatMap(({ entry }) => (entry && fits(entry) ? [entry] : []));
    entries.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.instanceId < b.instanceId ? -1 : 1));
    return (order === "asc" ? entries : entries.reverse()).map(textOf);
  }

  /** The lives that are listed now. */
  listed(): Set<string> {
    const rows = [...this.shards.values()].flatMap(({ db }) =>
      db.read<{ created: number; id: string }>("SELECT created, id FROM entry WHERE status >= 0"),
    );
    return new Set(rows.map(({ created, id }) => `${created} ${id}`));
  }

  get reader() {
    return shardsOf(new Map([...this.shards].map(([name, { store }]) => [name, store])));
  }
}

const textOf = (entry: CatalogEntry) => JSON.stringify(Object.entries(entry).sort());

async function walk(world: World, query: string, order: Order, between: () => void): Promise<CatalogEntry[]> {
  const found: CatalogEntry[] = [];
  const { filter } = readParameters(new URLSearchParams(query));
  let continuationToken: string | undefined;
  do {
    const pageSize = world.random.between(1, 6);
    const asked: ListQuery & { type: "page" } = { type: "page", filter, order, pageSize, continuationToken };
    const page = await readPage(asked, world.reader);
    expect(page.missingShards).toBe(0);
    found.push(...page.entries);
    continuationToken = page.continuationToken;
    between();
  } while (continuationToken !== undefined);
  return found;
}

describe("[K31] Chance", () => {
  it.each([
    ["[K31.1] at rest", false],
    ["[K31.3] after flushes that fail, and shards that are lost with what nobody was told of", true],
  ])(`%s, the pages of all shards are the instances in order: seeds 1 to ${SEEDS}`, async (_what, hasFaults) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(seed, hasFaults);
      for (let n = 0; n < 60; n++) {
        if (n === 30) world.resize();
        world.step();
        if (world.random.chance(0.6)) world.deliver();
      }
      world.deliverAll();
      for (const query of QUERIES) {
        const order = world.random.of(["desc", "asc"] as const);
        const found = await walk(world, query, order, () => undefined);
        expect(found.map(textOf), `seed ${seed}, ${query} ${order}`).toEqual(world.expected(query, order));
      }
      const counts = await readList(
        { type: "count", filter: { type: "and", parts: [] }, by: ["status"] },
        world.reader,
      );
      const byStatus = Map.groupBy(
        world.expected("", "asc"),
        (text) => JSON.parse(text).find(([k]: string[]) => k === "status")[1],
      );
      const told = "counts" in counts ? counts.counts.map(({ status, count }) => `${status} ${count}`) : [];
      expect(told.sort(), `seed ${seed}`).toEqual(
        [...byStatus].map(([status, all]) => `${status} ${all.length}`).sort(),
      );
    }
  });

  it(`[K31.2] while rows come and go, a walk shows no life twice, and each that was there all the time: seeds 1 to ${SEEDS}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(seed);
      for (let n = 0; n < 40; n++) world.step();
      for (let n = 0; n < 20; n++) world.deliver();
      const order = world.random.of(["desc", "asc"] as const);
      let lasting = world.listed();
      const found = await walk(world, "", order, () => {
        world.step();
        world.deliver();
        lasting = new Set([...lasting].filter((life) => world.listed().has(life)));
      });
      const lives = found.map(({ createdAtMs, instanceId }) => `${createdAtMs} ${instanceId}`);
      expect(lives.length, `seed ${seed}`).toBe(new Set(lives).size);
      expect(
        [...lasting].filter((life) => !lives.includes(life)),
        `seed ${seed}`,
      ).toEqual([]);
      const inOrder = [...found].sort(
        (a, b) => a.createdAtMs - b.createdAtMs || (a.instanceId < b.instanceId ? -1 : 1),
      );
      expect(found, `seed ${seed}`).toEqual(order === "asc" ? inOrder : inOrder.reverse());
    }
  });
});
