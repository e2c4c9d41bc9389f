// Databases as text, and back.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { WatchState } from "../../../src/instance/ports.ts";
import type { Host, Resident } from "../instance/host.ts";
import type { World } from "../instance/world.ts";
import type { Fixture, StoredObject } from "./scenes.ts";

const fileOf = (name: string) => new URL(`./${name}.json.gz`, import.meta.url);

/** Makes a fixture that is not there yet: one that is there, older code has written, and no other can. */
export async function record(name: string, play: () => Promise<World>): Promise<void> {
  if (process.env.RECORD !== "1" || existsSync(fileOf(name))) return;
  writeFileSync(fileOf(name), gzipSync(JSON.stringify(take(await play())), { level: 9 }));
}

/** Puts the databases of a fixture into a world. */
export function restore(world: World, name: string): World {
  put(world, JSON.parse(gunzipSync(readFileSync(fileOf(name))).toString()) as Fixture);
  return world;
}

function take(world: World): Fixture {
  const objects: Record<string, StoredObject> = {};
  const shards: Record<string, StoredObject> = {};
  const watchers: Record<string, WatchState[]> = {};
  for (const [id, host] of world.hosts) {
    objects[id] = stored(host);
    const states = host.sockets.open().map(({ state }) => state);
    if (states.length > 0) watchers[id] = states;
  }
  for (const [name, host] of world.catalog?.hosts ?? []) shards[name] = stored(host);
  return { nowMs: world.nowMs, objects, ...(world.catalog && { shards, watchers }) };
}

function stored({ db, durableAlarm }: Host<Resident>): StoredObject {
  const made = db.read<{ sql: string }>("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name");
  const rows = db.tables().flatMap((table) =>
    db.read(`SELECT * FROM ${table}`).map((row) => {
      const columns = Object.keys(row);
      return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((name) => literal(row[name])).join(", ")})`;
    }),
  );
  return { alarmAtMs: durableAlarm?.atMs ?? null, sql: [...made.map(({ sql }) => sql), ...rows] };
}

function put(world: World, { nowMs, objects, shards = {}, watchers = {} }: Fixture): void {
  world.nowMs = nowMs;
  for (const [id, object] of Object.entries(objects)) fill(world.host(id), object);
  for (const [name, object] of Object.entries(shards)) if (world.catalog) fill(world.catalog.host(name), object);
  for (const [id, states] of Object.entries(watchers)) for (const state of states) world.host(id).sockets.accept(state);
}

function fill<R extends Resident>(host: Host<R>, { alarmAtMs, sql }: StoredObject): void {
  for (const statement of sql) host.db.tamper(statement);
  host.alarm = host.durableAlarm = alarmAtMs === null ? null : { atMs: alarmAtMs, ringsAtMs: alarmAtMs };
}

function literal(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
