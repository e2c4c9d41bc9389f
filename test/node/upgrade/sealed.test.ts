// [U4] What earlier code has encrypted is read with its key. To record: as in states.test.ts, with encryption/support.ts.
import { describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { describeSealed, everythingIn, K1, K2, pass, SECRET, setKeys } from "../encryption/support.ts";
import type { World } from "../instance/world.ts";
import { record, restore } from "./fixture.ts";
import { ends, finishSealed, found, playSealed, sealedWorld, update } from "./sealed.ts";

const versions = Array.from({ length: SCHEMA_VERSION - 1 }, (_, n) => n + 2);

await record(`sealed-${SCHEMA_VERSION}`, async () => {
  const world = sealedWorld();
  await playSealed(world);
  return world;
});

const restored = (version: number, keys: string | undefined): World =>
  setKeys(restore(sealedWorld(), `sealed-${version}`), keys);

describe("[U4] What is encrypted", () => {
  it.each(versions)("[U4.1] version %i: is read with its key, and gone on with under a new one", async (version) => {
    const world = restored(version, `${K2},${K1}`);
    expect([...world.hosts.keys()].sort()).toEqual(Object.keys(found).sort());
    for (const id of world.hosts.keys())
      expect(world.host(id).db.read("SELECT schema_version AS v FROM instance LIMIT 1")).toEqual([{ v: version }]);
    const before = everythingIn(world);
    expect(before).toContain("enc:k1:");
    expect(before).not.toContain("top secret");
    const [owed] = world.host("teller").db.read<{ payload: string }>("SELECT payload FROM outbox");
    const [left] = world.host("busy").db.read<{ progress: string }>("SELECT progress FROM recovery");
    expect([owed?.payload, left?.progress]).toEqual(Array(2).fill(expect.stringMatching(/^enc:k1:/)));

    world.peerFault = () => "unreachable";
    for (const [id, status] of Object.entries(found))
      expect([id, (await describeSealed(world, id))?.status]).toEqual([id, status]);
    expect(await describeSealed(world, "busy")).toMatchObject({
      input: JSON.stringify(SECRET),
      customStatus: JSON.stringify({ input: SECRET }),
    });

    world.peerFault = undefined;
    await finishSealed(world);
    for (const [id, end] of Object.entries(ends)) {
      const state = await describeSealed(world, id);
      expect([id, state?.status, JSON.parse(state?.output ?? "null")]).toEqual([id, ...end]);
      expect([id, world.host(id).durableAlarm]).toEqual([id, null]);
      for (const table of ["inbox", "outbox", "recovery"])
        expect([id, table, world.host(id).db.read(`SELECT * FROM ${table}`)]).toEqual([id, table, []]);
    }
    const again = [update(world, "done", "add"), update(world, "open", "slowly")];
    await pass(world, 0);
    expect((await Promise.all(again)).map((answer) => answer.ok && answer.result)).toEqual(["1", "2"]);
    expect(everythingIn(world)).toContain("enc:k2:");
    expect(everythingIn(world)).not.toContain("top secret");
  });

  it.each(versions)(
    "[U4.2] version %i: without its key nothing is changed, and it goes on once that is back",
    async (version) => {
      const world = restored(version, K2);
      const before = everythingIn(world);
      await pass(world, 2 * 3_600_000);
      expect((await describeSealed(world, "busy"))?.failure?.message).toContain("PAYLOAD_KEYS has no key of that ID");
      for (const id of ["busy", "basket", "teller"])
        expect([id, (await describeSealed(world, id))?.status]).toEqual([id, "STALLED"]);
      expect(everythingIn(world)).toBe(before);
      setKeys(world, K1);
      await finishSealed(world);
      for (const [id, end] of Object.entries(ends)) {
        const state = await describeSealed(world, id);
        expect([id, state?.status, JSON.parse(state?.output ?? "null")]).toEqual([id, ...end]);
      }
    },
  );
});
