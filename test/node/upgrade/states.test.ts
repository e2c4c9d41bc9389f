// [U3] More of what databases hold that earlier code has written. For a new schema version: RECORD=1. For an older one, in a
// clone of its last commit, with this file, states.ts and fixture.ts copied into it: the tests themselves may fail there.
import { describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { describeInstance, endOf, faultsOf, historyOf, purge, raise, start, statusOf } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { record, restore } from "./fixture.ts";
import {
  begun,
  type Deploy,
  deploy,
  finish,
  HOUR_MS,
  play,
  stalledFor,
  states,
  statesWorld,
  update,
} from "./states.ts";

const versions = Array.from({ length: SCHEMA_VERSION }, (_, n) => n + 1);
const later = versions.filter((version) => version >= 2);

await record(`states-${SCHEMA_VERSION}`, async () => {
  const world = statesWorld();
  await play(world, SCHEMA_VERSION);
  return world;
});

function restored(version: number, code: Deploy, marks: string[] = []): World {
  const world = restore(statesWorld(marks), `states-${version}`);
  deploy(world, code);
  return world;
}

const known = <S extends { since: number }>(of: Readonly<Record<string, S>>, version: number): [string, S][] =>
  Object.entries(of).filter(([, { since }]) => since <= version);

const rows = (world: World, table: string) =>
  [...world.hosts.values()].flatMap(({ db }) => db.read<Record<string, string | number>>(`SELECT * FROM ${table}`));

/** The first answer to each message is lost: it is sent again. */
function loseAnswers(world: World): void {
  const lost = new Set<string>();
  world.peerFault = ({ to, method, argument }) => {
    const call = JSON.stringify([to, method, argument]);
    if (method !== "deliver" || lost.has(call)) return undefined;
    lost.add(call);
    return "answer lost";
  };
}

describe("[U3] Whatever state an instance is in, it opens and is gone on with", () => {
  it.each(versions)("[U3.1] version %i: what the fixture is there for is in it", (version) => {
    const world = restored(version, "broken");
    expect([...world.hosts.keys()].sort()).toEqual(
      known(states, version)
        .map(([id]) => id)
        .sort(),
    );
    // From version 5 on, the events are in there too, and have none.
    const all = rows(world, "instance").filter(({ seq }) => seq === undefined || seq === -1);
    expect(all.length).toBe(world.hosts.size);
    expect(new Set(all.map((row) => row.schema_version))).toEqual(new Set([version]));
    const messages = rows(world, "outbox").map(({ payload }) => JSON.parse(String(payload)).type as string);
    const kinds = ["StartChild", ...(version === 1 ? [] : ["RaiseEvent", "StartDetached"])];
    // Some of them have arrived.
    const twice = [...kinds, ...kinds];
    expect(messages.sort()).toEqual(
      // The end of the other child is owed too.
      [...twice, "ChildEnded", "ChildEnded", "Terminate", ...(version === 1 ? [] : ["Cancel"])].sort(),
    );
    if (version === 1) return;
    expect(rows(world, "recovery").map(({ progress }) => progress)).toContain('{"page":7}');
    const text = JSON.stringify([...world.hosts.keys()].map((id) => historyOf(world, id)));
    for (const part of ["UpdateRequested", "UpdateCompleted", "ExecutionCancelRequested", "ExecutionTerminated"])
      expect(text).toContain(part);
    for (const part of ["DetachedWorkflowScheduled", "EventSent", "PatchRecorded", "ExecutionStalled"])
      expect(text).toContain(part);
    for (const part of ['"version":"v1"', '"progress":']) expect(text).toContain(part);
  });

  it.each(versions)("[U3.2] version %i: each has the status that it had", async (version) => {
    const world = restored(version, "broken");
    world.peerFault = () => "unreachable";
    for (const [id, { status }] of known(states, version))
      expect([id, await statusOf(world, id)]).toEqual([id, status]);
    for (const [id] of known(states, version)) expect([id, faultsOf(world, id)]).toEqual([id, []]);
  });

  it.each(versions)(
    "[U3.3] version %i: each comes to its end; what is owed arrives, and counts once, though each answer is lost once",
    async (version) => {
      const marks: string[] = [];
      const world = restored(version, "today", marks);
      loseAnswers(world);
      await finish(world, version);
      for (const [id, { end }] of [...known(states, version), ...known(begun, version)]) {
        expect([id, await endOf(world, id)]).toEqual([id, [end[0], end[1]]]);
        expect([id, faultsOf(world, id)]).toEqual([id, []]);
        expect([id, world.host(id).durableAlarm]).toEqual([id, null]);
      }
      for (const table of ["inbox", "outbox", "recovery"]) expect([table, rows(world, table)]).toEqual([table, []]);
      expect(marks.sort()).toEqual(version === 1 ? ["kid"] : ["detached", "kid", "tomorrow"]);
      if (version === 1) return;
      const words = historyOf(world, "listener").filter((event) => event.type === "EventRaised");
      expect(words.map(({ input }) => input)).toEqual(['"before"', '"told"', undefined]);
      for (const id of ["called-off", "called-off:0001", "tidying", "canceled"])
        expect((await describeInstance(world, id))?.failure?.message).toContain("as told");
    },
  );

  it.each(later)(
    "[U3.4] version %i: an update that was open, held or done has its result, and once",
    async (version) => {
      const world = restored(version, "today");
      const asked = [update(world, "basket", "done", "add", "pen"), update(world, "basket", "open", "slowly", "ink")];
      await world.advance(1_000);
      expect(await Promise.all(asked)).toEqual([
        { ok: true, result: "1" },
        { ok: false, code: "PENDING" },
      ]);
      await finish(world, version);
      const again = [
        update(world, "basket", "done", "add", "pen"),
        update(world, "basket", "open", "slowly", "ink"),
        update(world, "held-basket", "held", "add", "cap"),
      ];
      await world.settle();
      expect((await Promise.all(again)).map((answer) => answer.ok && answer.result)).toEqual(["1", "2", "1"]);
    },
  );

  it.each(later)("[U3.5] version %i: STALLED for its reason, until there is code that fits", async (version) => {
    const world = restored(version, "broken");
    await world.advance(2 * HOUR_MS);
    for (const [id, reason] of Object.entries(stalledFor)) {
      const found = await describeInstance(world, id);
      expect([id, found?.status, found?.failure?.errorType]).toEqual([id, "STALLED", reason]);
      // Dapr's reasons refuse; for ours an event is kept.
      const refused = reason !== "NON_DETERMINISM" && ({ ok: false, code: "STALLED" } as const);
      expect(await raise(world, id, "go")).toEqual(refused || { ok: true });
    }
    deploy(world, "today");
    await world.advance(2 * HOUR_MS);
    for (const id of Object.keys(stalledFor)) {
      expect([id, await endOf(world, id)]).toEqual([id, states[id]?.end]);
      const types = historyOf(world, id).map(({ type }) => type);
      for (const type of ["ExecutionStalled", "ExecutionUnstalled"] as const)
        expect([id, types.filter((other) => other === type)]).toEqual([id, [type]]);
    }
  });

  it.each(versions)(
    "[U3.6] version %i: TERMINATED stays so; its ID is used anew; a purge leaves no table",
    async (version) => {
      const world = restored(version, "today");
      await raise(world, "dead", "go", 1, "to the dead");
      await world.advance(2 * HOUR_MS);
      for (const id of ["dead", "dead-child"]) expect(await endOf(world, id)).toEqual(["TERMINATED", "over"]);
      // The other one owed its child the word when the fixture was taken.
      expect(await endOf(world, "orphan")).toEqual(["TERMINATED", "why"]);
      for (const id of ["dead", "killed"]) expect(await purge(world, id)).toEqual({ ok: true });
      for (const id of ["dead", "dead-child", "killed", "orphan"])
        expect([id, world.host(id).db.tables(), world.host(id).durableAlarm]).toEqual([id, [], null]);

      const other = restored(version, "today");
      expect(await start(other, "dead", "echo", "anew", { requestId: "anew" })).toEqual({ ok: true });
      await other.advance(1_000);
      expect(await endOf(other, "dead")).toEqual(["COMPLETED", "anew"]);
      expect(other.host("dead").db.read("SELECT schema_version AS v FROM instance WHERE seq = -1")).toEqual([
        { v: SCHEMA_VERSION },
      ]);
    },
  );
});
