// Databases as text, and back.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
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
  for (const [id, { db, durableAlarm }] of world.hosts) {
    const made = db.read<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' ORDER BY name");
    const rows = db.tables().flatMap((table) =>
      db.read(`SELECT * FROM ${table}`).map((row) => {
        const columns = Object.keys(row);
        return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((name) => literal(row[name])).join(", ")})`;
      }),
    );
    objects[id] = { alarmAtMs: durableAlarm?.atMs ?? null, sql: [...made.map(({ sql }) => sql), ...rows] };
  }
  return { nowMs: world.nowMs, objects };
}

function put(world: World, { nowMs, objects }: Fixture): void {
  world.nowMs = nowMs;
  for (const [id, { alarmAtMs, sql }] of Object.entries(objects)) {
    const host = world.host(id);
    for (const statement of sql) host.db.tamper(statement);
    host.alarm = host.durableAlarm = alarmAtMs === null ? null : { atMs: alarmAtMs, ringsAtMs: alarmAtMs };
  }
}

function literal(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
