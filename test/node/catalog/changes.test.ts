// [K27] What has changed in a list since it was last asked.
import { describe, expect, it } from "vitest";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import { type ListAnswer, readList } from "../../../src/catalog/reading/list.ts";
import { sinceToken } from "../../../src/catalog/reading/token.ts";
import type { Telling } from "../../../src/catalog/store/apply.ts";
import { Changes } from "../../../src/catalog/store/changes.ts";
import type { ShardStore } from "../../../src/catalog/store/shard-store.ts";
import { announce, DAY, departure, entry, NOW, openShard, shardsOf } from "./support.ts";

/** A catalog of two shards, and one who follows its changes. */
function follow(query = "") {
  const stores = new Map<string, ShardStore>();
  const missing = new Set<string>();
  const dbs = ["0-0", "0-1"].map((name) => {
    const { store, db } = openShard(name, undefined, `${name} first`);
    stores.set(name, store);
    return [name, db] as const;
  });
  let since = "";
  const ask = async (pageSize = 100): Promise<ListAnswer> => {
    const asked = readParameters(new URLSearchParams(`${query}&since=${since}&pageSize=${pageSize}`.replace(/^&/, "")));
    const answer = await readList(asked, shardsOf(stores, missing));
    if ("since" in answer) since = answer.since;
    return answer;
  };
  return {
    missing,
    ask,
    tell: (name: string, ...tellings: Telling[]) => stores.get(name)?.tell(tellings, NOW),
    restart: () => {
      for (const [name, db] of dbs) stores.set(name, openShard(name, db, `${name} second`).store);
    },
    /** What is told by IDs: `a` has changed, `-a` is gone. */
    changed: async (pageSize?: number) => {
      const answer = await ask(pageSize);
      const rows = "workflows" in answer ? answer.workflows : [];
      return rows.map((row) => ("deleted" in row ? `-${row.instanceID}` : row.instanceID));
    },
  };
}

describe("[K27] since=", () => {
  it("[K27.1] the first answer has a token, and says that the list is to be read", async () => {
    const { ask, tell } = follow();
    tell("0-0", announce(entry("a"), 1));
    expect(await ask()).toEqual({ workflows: [], since: expect.stringMatching(/^[\w-]+$/), resync: true });
    expect(await ask()).toEqual({ workflows: [], since: expect.any(String) });
  });

  it("[K27.2] then: what has changed in any shard, once, as it is now, and what is gone", async () => {
    const { ask, tell } = follow();
    await ask();
    tell("0-0", announce(entry("a", { status: "RUNNING" }), 1), announce(entry("a"), 2), announce(entry("b"), 1));
    tell("0-1", announce(entry("c"), 1), departure("leave", "c", 2));
    expect(await ask()).toEqual({
      workflows: [
        expect.objectContaining({ instanceID: "a", runtimeStatus: "COMPLETED" }),
        expect.objectContaining({ instanceID: "b" }),
        { instanceID: "c", deleted: true },
      ],
      since: expect.any(String),
    });
    expect(await ask()).toMatchObject({ workflows: [] });
  });

  it("[K27.3] what is refused is no change, nor is what nobody has seen", async () => {
    const { ask, changed, tell } = follow();
    tell("0-0", announce(entry("a"), 5));
    await ask();
    tell("0-0", announce(entry("a"), 4), announce(entry("a"), 5), departure("forget", "never", 1));
    expect(await changed()).toEqual([]);
  });

  it("[K27.4] with a filter: one that does not fit any more is gone from this list", async () => {
    const { ask, changed, tell } = follow("status=RUNNING");
    await ask();
    tell("0-0", announce(entry("a", { status: "RUNNING" }), 1), announce(entry("b"), 1));
    expect(await changed()).toEqual(["a", "-b"]);
    tell("0-0", announce(entry("a"), 2));
    expect(await changed()).toEqual(["-a"]);
  });

  it("[K27.5] a new life under an ID: the former is gone, and then it is there", async () => {
    const { ask, changed, tell } = follow();
    tell("0-0", announce(entry("a"), 5));
    await ask();
    tell("0-0", announce(entry("a", { createdAtMs: DAY + 1 }), 9, { createdAtMs: DAY, shard: "0-0" }));
    expect(await changed()).toEqual(["-a", "a"]);
  });

  it("[K27.6] at most pageSize at a time; the next answer goes on", async () => {
    const { ask, changed, tell } = follow();
    await ask();
    for (const id of ["a", "b", "c", "d", "e"]) tell("0-0", announce(entry(id), 1));
    expect([await changed(2), await changed(2), await changed(2), await changed(2)]).toEqual([
      ["a", "b"],
      ["c", "d"],
      ["e"],
      [],
    ]);
  });

  it("[K27.11] a former life that another shard has gone of later does not take the next one out", async () => {
    const { ask, changed, tell } = follow();
    tell("0-1", announce(entry("a"), 5));
    await ask();
    tell("0-0", announce(entry("a", { createdAtMs: DAY + 1 }), 9, { createdAtMs: DAY, shard: "0-1" }));
    tell("0-1", departure("forget", "a", 10));
    expect(await changed()).toEqual(["a"]);
  });

  it("[K27.12] pageSize is of all shards together: whoever has no room comes first in the next answer", async () => {
    const { ask, changed, tell } = follow();
    await ask();
    for (const id of ["a", "b", "c", "d"]) tell("0-0", announce(entry(id), 1));
    for (const id of ["e", "f", "g"]) tell("0-1", announce(entry(id), 1));
    const answers = [await changed(2), await changed(2), await changed(2), await changed(2), await changed(2)];
    expect(answers).toEqual([["a", "b"], ["e", "f"], ["c", "d"], ["g"], []]);
    expect(await changed()).toEqual([]);
  });

  it("[K27.13] of a token, a shard that the catalog has no more is left out, and what is no shard is refused", async () => {
    const { filter } = readParameters([]);
    const followed = new Map([["0-0", openShard().store]]);
    const ask = (since: string) => readList(readParameters([["since", since]]), shardsOf(followed));
    const place = { epoch: "e", position: 0 };
    const answer = await ask(sinceToken(new Map([...["9-9", "0-0"].map((name) => [name, place] as const)]), filter));
    expect(answer).toEqual({ workflows: [], since: sinceToken(new Map([["0-0", place]]), filter) });
    const other = (name: unknown, epoch: unknown, position: unknown) => {
      const [hash] = JSON.parse(atob(sinceToken(new Map(), filter))) as [string];
      return btoa(JSON.stringify([hash, [name, epoch, position]])).replace(/=+$/, "");
    };
    await expect(ask(other("0-0", "e", 0))).resolves.toEqual(answer);
    for (const wrong of [other(0, "e", 0), other("0-0", 0, 0), other("0-0", "e", 0.5), other("0-0", "e", "0")])
      await expect(ask(wrong)).rejects.toThrow("since: expected one that an answer has given, found another text");
  });

  it("[K27.7] a shard that has begun anew cannot know: resync, and from there it goes on", async () => {
    const { ask, changed, tell, restart } = follow();
    await ask();
    restart();
    tell("0-0", announce(entry("a"), 1));
    expect(await ask()).toMatchObject({ workflows: [], resync: true });
    tell("0-0", announce(entry("b"), 1));
    expect(await changed()).toEqual(["b"]);
  });

  it("[K27.8] one that does not answer is missing, and its changes come when it does", async () => {
    const { ask, changed, tell, missing } = follow();
    await ask();
    tell("0-0", announce(entry("a"), 1));
    tell("0-1", announce(entry("b"), 1));
    missing.add("0-1");
    expect(await ask()).toMatchObject({ workflows: [{ instanceID: "a" }], missingShards: 1 });
    missing.clear();
    expect(await changed()).toEqual(["b"]);
  });

  it.each(["x", btoa("[]"), btoa('["x"]'), btoa("[1,2]")])(
    "[K27.9] a token of another list, or none: %s",
    async (token) => {
      const query = readParameters([["since", token]]);
      await expect(readList(query, shardsOf(new Map()))).rejects.toThrow(
        expect.objectContaining({ name: "FilterError" }),
      );
    },
  );

  it("[K27.10] the last 10,000 are remembered: further back is not known", () => {
    const changes = new Changes("e", 10);
    for (let n = 0; n < 35; n++) {
      changes.add({ instanceId: `i${n}`, createdAtMs: n });
      const known = Array.from({ length: 40 }, (_, from) => changes.since("e", from, 100)?.keys.length);
      expect(known.slice(0, Math.max(0, n - 9)), `${n}`).toEqual(Array(Math.max(0, n - 9)).fill(undefined));
      expect(known.slice(n + 2)).toEqual(Array(38 - n).fill(undefined));
      expect(known[Math.max(0, n - 9)]).toBe(Math.min(10, n + 1));
      expect(known[n + 1]).toBe(0);
    }
    expect(changes.since("e", 30, 2)).toEqual({
      keys: [
        { instanceId: "i30", createdAtMs: 30 },
        { instanceId: "i31", createdAtMs: 31 },
      ],
      next: 32,
    });
  });
});
