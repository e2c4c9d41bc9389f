// [U2] What newer code has written stops an instance, says so, and is left as it is until that code runs again.
import { describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import {
  type Code,
  describeInstance,
  endOf,
  makeWorld,
  raise,
  start,
  statusOf,
  suspend,
  terminate,
} from "../instance/support.ts";
import type { World } from "../instance/world.ts";

const HOUR_MS = 3_600_000;

/** An instance that waits for an event beside a timer, and has been written to by newer code since. */
async function writtenByNewerCode(statement: string): Promise<World> {
  const world = makeWorld();
  world.workflow("both", function* (ctx): Code {
    const event = ctx.waitForExternalEvent("go");
    yield ctx.createTimer(60);
    return yield event;
  });
  await start(world, "a", "both");
  // An inbox there is only when something has been in it.
  await raise(world, "a", "other");
  world.crashAll();
  world.host("a").db.tamper(statement);
  return world;
}

const newer: [what: string, statement: string, errorType: string, undo: string][] = [
  [
    "a schema of tomorrow",
    "UPDATE instance SET schema_version = 99",
    "SchemaTooNewError",
    `UPDATE instance SET schema_version = ${SCHEMA_VERSION}`,
  ],
  [
    "an unknown event in the history",
    "UPDATE instance SET type = 'Teleported' WHERE seq = 2",
    "UnknownEventError",
    "UPDATE instance SET type = 'EventRaised' WHERE seq = 2",
  ],
  [
    "an unknown event that shares a row",
    "UPDATE instance SET payload = replace(payload, 'TimerCreated', 'Teleported') WHERE seq = 0",
    "UnknownEventError",
    "UPDATE instance SET payload = replace(payload, 'Teleported', 'TimerCreated') WHERE seq = 0",
  ],
  [
    "an event of another form",
    "UPDATE instance SET version = 7 WHERE seq = 2",
    "UnknownEventError",
    "UPDATE instance SET version = 1 WHERE seq = 2",
  ],
  [
    "events that share a row in another way",
    "UPDATE instance SET version = 7, payload = 'x' || payload WHERE seq = 0",
    "UnknownEventError",
    "UPDATE instance SET version = 1, payload = substr(payload, 2) WHERE seq = 0",
  ],
  [
    "an unknown fact in the inbox",
    "INSERT INTO inbox (seq, type) VALUES (0, 'Teleported')",
    "UnknownEventError",
    "DELETE FROM inbox WHERE type = 'Teleported'",
  ],
  [
    "a fact of another form in the inbox",
    "INSERT INTO inbox (seq, version, type, name) VALUES (0, 7, 'EventRaised', 'other')",
    "UnknownEventError",
    "DELETE FROM inbox WHERE version = 7",
  ],
  [
    "a message of another form in the outbox",
    `INSERT INTO outbox (seq, version, target, payload) VALUES (0, 7, 'b', 'x')`,
    "UnknownEventError",
    "DELETE FROM outbox WHERE version = 7",
  ],
  [
    "a message of another form in the outbox, in JSON",
    `INSERT INTO outbox (seq, version, target, payload) VALUES (0, 7, 'b', '{"version":1,"type":"RaiseEvent","name":"x","messageId":"m"}')`,
    "UnknownEventError",
    "DELETE FROM outbox WHERE version = 7",
  ],
];

describe("[U2] What this code cannot read", () => {
  it.each(newer)(
    "[U2.1] %s: STALLED, with the reason; nothing is taken, written or lost",
    async (_, statement, errorType, undo) => {
      const world = await writtenByNewerCode(statement);
      const before = world.host("a").db.dump();
      // The timer falls due, and the instance finds out.
      await world.advance(HOUR_MS);
      const found = await describeInstance(world, "a");
      expect([found?.status, found?.failure?.errorType]).toEqual(["STALLED", errorType]);
      expect(found?.failure?.message).toMatch(/newer/i);
      expect(await raise(world, "a", "go", 1)).toEqual({ ok: false, code: "STALLED" });
      expect(await suspend(world, "a")).toEqual({ ok: false, code: "STALLED" });
      expect(await terminate(world, "a")).toEqual({ ok: false, code: "STALLED" });
      expect(await start(world, "a", "echo")).toEqual({ ok: false, code: "ALREADY_ACTIVE" });
      expect(await world.call("a", (instance) => instance.purge({ recursive: true }))).toEqual({
        ok: false,
        code: "STALLED",
      });
      const history = await world.call("a", (instance) => instance.history({ from: 0, limit: 9 }));
      expect(history?.unreadable).toMatch(/newer/i);
      expect(world.host("a").db.dump()).toEqual(before);
      expect(world.host("a").durableAlarm).not.toBeNull();
      expect(world.log.filter(({ msg }) => msg === "unreadable")).toHaveLength(1);

      // The newer code runs again: it goes on by itself.
      world.crashAll();
      world.host("a").db.tamper(undo);
      await world.advance(HOUR_MS);
      expect(await statusOf(world, "a")).toBe("RUNNING");
      await raise(world, "a", "go", 1);
      expect(await endOf(world, "a")).toEqual(["COMPLETED", 1]);
    },
  );

  it("[U2.2] a message to it is refused, and comes again until it can be read", async () => {
    const world = makeWorld();
    await start(world, "a", "parent", { name: "event", input: "go", id: "c" });
    world.crashAll();
    world.host("a").db.tamper("UPDATE instance SET schema_version = 99");
    await raise(world, "c", "go", "from the child");
    await world.advance(HOUR_MS);
    expect(world.host("c").db.read("SELECT * FROM outbox")).toHaveLength(1);
    world.crashAll();
    world.host("a").db.tamper(`UPDATE instance SET schema_version = ${SCHEMA_VERSION}`);
    await world.rest();
    expect(await endOf(world, "a")).toEqual(["COMPLETED", "from the child"]);
    expect(world.host("c").db.read("SELECT * FROM outbox")).toEqual([]);
  });

  it("[U2.3] a forced purge removes it all the same", async () => {
    const world = await writtenByNewerCode("UPDATE instance SET type = 'Teleported' WHERE seq = 2");
    await world.advance(HOUR_MS);
    expect(await world.call("a", (instance) => instance.purge({ recursive: true, force: true }))).toEqual({ ok: true });
    expect(world.host("a").db.tables()).toEqual([]);
    expect(world.host("a").durableAlarm).toBeNull();
  });
});
