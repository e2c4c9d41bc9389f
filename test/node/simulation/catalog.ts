// The catalog in a simulation: what befalls its shards, and what has to hold of them.
import { fitEntry, type Presence } from "../../../src/model/catalog-entry.ts";
import { CatalogWorld } from "../instance/catalog-world.ts";
import type { PeerFault, Point, World } from "../instance/world.ts";
import { Random } from "../random.ts";
import type { FaultCounts } from "./chance.ts";
import type { CatalogPlan, Plan } from "./plan.ts";

const HOUR_MS = 3_600_000;

/** Installs the catalog of a plan in a world, and its faults. After `cease` the platform behaves. */
export class CatalogChance {
  readonly #world: World;
  readonly #catalog: CatalogWorld;
  readonly #plan: CatalogPlan;
  readonly #random: Random;
  readonly #counts: FaultCounts;
  readonly #tell: (line: string) => void;
  readonly #darkUntilMs = new Map<string, number>();
  #left: number;
  #hasCeased = false;

  constructor(
    world: World,
    plan: CatalogPlan,
    { seed, retention }: Pick<Plan, "seed" | "retention">,
    counts: FaultCounts,
    tell: (line: string) => void,
  ) {
    this.#world = world;
    this.#plan = plan;
    this.#random = new Random(seed ^ 0x0ca7a109);
    this.#counts = counts;
    this.#tell = tell;
    this.#left = plan.budget;
    const catalog = new CatalogWorld(world, { shards: plan.shards, former: [] }, retention);
    catalog.confirm = plan.confirm;
    this.#catalog = catalog;
    catalog.fault = ({ from, to, method }) => {
      tell(`${method} of ${from} arrives at ${to}`);
      const shard = catalog.hosts.has(to) ? to : from;
      return this.#callFault(shard);
    };
    catalog.onStatement = (kind) => this.#statement(kind);
  }

  /** From here on objects that begin a life have it. */
  begin(): void {
    this.#world.catalog = this.#catalog;
  }

  /** From here on new instances go to so many shards. */
  reshard(shards: number): void {
    this.#catalog.config = { shards, former: [this.#catalog.config.shards] };
  }

  cease(): void {
    this.#hasCeased = true;
    this.#darkUntilMs.clear();
  }

  /** Whether this is a shard of it; what befalls one at its commits. */
  at(point: Point, id: string): boolean {
    if (!this.#catalog.hosts.has(id)) return false;
    if (point !== "commit") return true;
    if (
      this.#happens("commit of a shard fails", this.#plan.failCommit) ||
      this.#happens("shard is lost", this.#plan.crash)
    )
      this.#catalog.lose(id);
    return true;
  }

  #statement(kind: "write" | "read"): void {
    if (kind === "write" && this.#happens("statement of a shard fails", this.#plan.failWrite))
      throw new Error("SQLITE_FULL: told to fail");
    if (kind === "read" && this.#happens("query of a shard fails", this.#plan.failRead))
      throw new Error("SQLITE_IOERR: told to fail");
  }

  #callFault(shard: string): PeerFault {
    const { dark, unreachable, answerLost, twice, twiceLate } = this.#plan;
    if ((this.#darkUntilMs.get(shard) ?? 0) > this.#world.nowMs) return "unreachable";
    if (this.#happens("shard is not reached for an hour", dark)) {
      this.#darkUntilMs.set(shard, this.#world.nowMs + HOUR_MS);
      return "unreachable";
    }
    if (this.#happens("call of the catalog does not arrive", unreachable)) return "unreachable";
    if (this.#happens("answer of the catalog is lost", answerLost)) return "answer lost";
    if (this.#happens("call of the catalog arrives twice", twice)) return "twice";
    if (this.#happens("call of the catalog arrives twice, late", twiceLate)) return "twice, late";
    return undefined;
  }

  #happens(name: string, probability: number): boolean {
    if (this.#hasCeased || this.#left <= 0 || probability === 0 || !this.#random.chance(probability)) return false;
    this.#left--;
    this.#tell(`FAULT ${name}`);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    return true;
  }
}

/**
 * Contracts.md 3, at rest: nothing is listed that is not there, or twice; and nothing is missing of which somebody has an answer. What it says of
 * an instance may lag behind until that is asked or loaded again.
 */
export function listFaults({ catalog, hosts }: World, isAcknowledged: (id: string) => boolean): string[] {
  if (catalog === undefined) return [];
  const faults: string[] = [];
  const listed = catalog.entries();
  const seen = new Set<string>();
  for (const { shard, entry } of listed) {
    const { instanceId, createdAtMs } = entry;
    const [row] = hosts.get(instanceId)?.db.read<{ at_ms: number }>("SELECT at_ms FROM instance WHERE seq = -1") ?? [];
    if (row === undefined) faults.push(`${instanceId} is listed in ${shard} and is not there`);
    else if (row.at_ms !== createdAtMs) faults.push(`${instanceId} is listed in ${shard} as one before it`);
    if (seen.has(instanceId)) faults.push(`${instanceId} is listed twice`);
    seen.add(instanceId);
  }
  for (const [id, { db }] of hosts)
    if (db.read("SELECT 1 FROM instance").length > 0 && !seen.has(id) && isAcknowledged(id))
      faults.push(`${id} was acknowledged and is not listed`);
  return faults;
}

/** Once somebody has asked after every instance, the catalog says of each what the instance says. */
export async function entryFaults(world: World): Promise<string[]> {
  const { catalog } = world;
  if (catalog === undefined) return [];
  const faults: string[] = [];
  const listed = new Map(catalog.entries().map(({ shard, entry }) => [entry.instanceId, { shard, entry }]));
  for (const [id, { db }] of world.hosts) {
    if (db.read("SELECT 1 FROM instance").length === 0) continue;
    const asked = world.post(id, (instance) => instance.catalog.presence());
    await world.advance(1_000);
    const presence: Presence = await asked;
    if (presence.type !== "present") {
      faults.push(`${id} says that it is ${presence.type}`);
      continue;
    }
    const found = listed.get(id);
    const [is, says] = [
      { shard: found?.shard, entry: plain(found?.entry) },
      { shard: presence.shard, entry: plain(fitEntry(presence.entry)) },
    ];
    if (JSON.stringify(is) !== JSON.stringify(says))
      faults.push(`${id}: the catalog has ${JSON.stringify(is)}, and the instance is ${JSON.stringify(says)}`);
  }
  return faults;
}

/** Members in one order, without those that are not there. */
function plain(entry: object | undefined): unknown {
  return (
    entry &&
    Object.fromEntries(
      Object.entries(entry)
        .filter(([, value]) => value !== undefined)
        .sort(),
    )
  );
}

export function hasCatalog(plan: Plan): plan is Plan & { readonly catalog: CatalogPlan } {
  return plan.catalog !== undefined;
}
