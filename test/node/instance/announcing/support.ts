// What the tests of announcements share: a world with a catalog.
import type { CatalogEntry } from "../../../../src/model/catalog-entry.ts";
import type { CatalogShards } from "../../../../src/model/catalog-shards.ts";
import type { RetentionPolicy } from "../../../../src/model/retention.ts";
import { type CatalogCall, CatalogWorld } from "../catalog-world.ts";
import { makeWorld } from "../support.ts";
import type { PeerFault, World } from "../world.ts";

export type Listed = World & { catalog: CatalogWorld };

export function listedWorld(config: CatalogShards = { shards: 1 }, retention: RetentionPolicy = {}): Listed {
  const world = makeWorld();
  return Object.assign(world, { catalog: new CatalogWorld(world, config, retention) });
}

/** What the catalog says of the instance, once a group commit has had its time. */
export async function entryFor(world: Listed, id = "a"): Promise<CatalogEntry | undefined> {
  await world.advance(5);
  const found = world.catalog.entries().filter(({ entry }) => entry.instanceId === id);
  if (found.length > 1) throw new Error(`${found.length} rows of '${id}': ${JSON.stringify(found)}`);
  return found[0]?.entry;
}

export async function listedStatus(world: Listed, id = "a"): Promise<string | undefined> {
  return (await entryFor(world, id))?.status;
}

/** What shards were told, and by whom, since the last time. */
export function told(world: Listed): string[] {
  return world.catalog.calls
    .splice(0)
    .filter(({ method }) => method !== "presence" && method !== "expire")
    .map(({ from, method }) => `${from} ${method}`);
}

/** From now on, calls of instances to shards meet with this. */
export function faultOfTellings(world: Listed, fault: (method: CatalogCall["method"]) => PeerFault): void {
  world.catalog.fault = ({ method }) => (method === "presence" || method === "expire" ? undefined : fault(method));
}

export function unreachable(world: Listed): void {
  faultOfTellings(world, () => "unreachable");
}

export function reachable(world: Listed): void {
  world.catalog.fault = undefined;
}

/** What the object has beside its instance, and when it is to be woken. */
export function owing(world: Listed, id = "a"): { readonly rows: number; readonly inMs: number | undefined } {
  const { db, durableAlarm } = world.host(id);
  const rows = db.hasTable("telling") ? db.read("SELECT * FROM telling").length : 0;
  return { rows, inMs: durableAlarm === null ? undefined : durableAlarm.atMs - world.nowMs };
}

export const nothing = { rows: 0, inMs: undefined } as const;
