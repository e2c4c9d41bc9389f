// [K25] A page out of several shards: merged, without a gap or a double, with a token that needs nothing of any shard.
import { describe, expect, it } from "vitest";
import type { PagePart, PageRequest, Rest } from "../../../src/catalog/protocol.ts";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import { type ListQuery, readParameters } from "../../../src/catalog/query/parameters.ts";
import { comparePlaces, placeOf } from "../../../src/catalog/query/places.ts";
import { readHealth, readList } from "../../../src/catalog/reading/list.ts";
import { readPage } from "../../../src/catalog/reading/page.ts";
import type { Shards } from "../../../src/catalog/reading/shards.ts";
import type { ShardStore } from "../../../src/catalog/store/shard-store.ts";
import { formatTime } from "../../../src/model/time.ts";
import { announce, DAY, entry, idsOf, NOW, openShard, shardsOf } from "./support.ts";

type PageQuery = ListQuery & { type: "page" };
const query = (more: Partial<PageQuery> = {}): PageQuery => ({
  type: "page",
  filter: EVERYTHING,
  order: "desc",
  pageSize: 100,
  ...more,
});
const nothing: Rest = { type: "nothing" };

/** Shards that answer what the test says, and tell what they are asked. */
function scripted(script: Record<string, (request: PageRequest) => PagePart | Promise<PagePart>>) {
  const asked: string[] = [];
  const timers = new Set<{ readonly ms: number; readonly end: () => void }>();
  const shards: Shards = {
    names: Object.keys(script),
    shard: (name) => ({
      list: async (request) => {
        asked.push(`${name} ${request.limit}${request.after ? ` after ${request.after.instanceId}` : ""}`);
        return (script[name] as (request: PageRequest) => PagePart)(request);
      },
      count: () => Promise.reject(new Error("not asked here")),
      changes: () => Promise.reject(new Error("not asked here")),
      health: () => Promise.reject(new Error("not asked here")),
    }),
    schedule: (ms, end) => {
      const timer = { ms, end };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  return { shards, asked, timers };
}

const rows = (...ids: string[]) => ids.map((id) => entry(id));
const place = (instanceId: string) => ({ createdAtMs: DAY, instanceId });

/** Stores with these numbers of instances, which were created in turn. */
function stores(...sizes: number[]): Map<string, ShardStore> {
  const opened = sizes.map((size, shard) => {
    const { store } = openShard(`0-${shard}`);
    const tellings = Array.from({ length: size }, (_, n) =>
      announce(entry(`s${shard}-${n}`, { createdAtMs: DAY + n * sizes.length + shard }), 1),
    );
    if (size > 0) store.tell(tellings, NOW);
    return [`0-${shard}`, store] as const;
  });
  return new Map(opened);
}

async function walk(shards: Shards, more: Partial<PageQuery>): Promise<string[]> {
  const found: string[] = [];
  let continuationToken: string | undefined;
  do {
    const page = await readPage(query({ ...more, continuationToken }), shards);
    found.push(...idsOf(page));
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return found;
}

describe("[K25] Fan-in", () => {
  it("[K25.1] asks each shard for its share and 8, and those that have run out for more", async () => {
    const { shards, asked } = scripted({
      a: ({ after }) =>
        after
          ? { entries: rows("m", "l", "k"), rest: nothing }
          : { entries: rows("z", "y", "x"), rest: { type: "more", after: place("x") } },
      b: () => ({ entries: rows("c", "b"), rest: nothing }),
    });
    const page = await readPage(query({ pageSize: 30 }), shards);
    expect(idsOf(page)).toEqual(["z", "y", "x", "m", "l", "k", "c", "b"]);
    expect(asked).toEqual(["a 23", "b 23", "a 27 after x"]);
    expect(page).toMatchObject({ complete: true, missingShards: 0 });
    expect(page.continuationToken).toBeUndefined();
  });

  it("[K25.2] never asks for more than the page has, and not again when it is full", async () => {
    const { shards, asked } = scripted({
      a: () => ({ entries: rows("z", "y"), rest: { type: "more", after: place("y") } }),
    });
    const page = await readPage(query({ pageSize: 2 }), shards);
    expect([idsOf(page), asked]).toEqual([["z", "y"], ["a 2"]]);
    expect(page.continuationToken).toBeDefined();
  });

  it("[K25.3] a shard that has not looked further ends the page there, for all: incomplete, with a token behind which it goes on", async () => {
    const { shards } = scripted({
      a: ({ after }) =>
        after
          ? { entries: rows("d"), rest: nothing }
          : { entries: rows("z"), rest: { type: "unseen", after: place("m") } },
      b: ({ after }) => ({
        entries: rows("x", "n", "c").filter(({ instanceId }) => !after || instanceId < after.instanceId),
        rest: nothing,
      }),
    });
    const first = await readPage(query(), shards);
    expect([idsOf(first), first.complete]).toEqual([["z", "x", "n"], false]);
    expect(first.searchedToMs).toBe(place("m").createdAtMs);
    expect(await readList(query(), shards)).toMatchObject({
      complete: false,
      searchedTo: formatTime(place("m").createdAtMs),
    });
    const second = await readPage(query({ continuationToken: first.continuationToken }), shards);
    expect([idsOf(second), second.complete, second.continuationToken]).toEqual([["d", "c"], true, undefined]);
    expect(second).not.toHaveProperty("searchedToMs");
  });

  it("[K25.4] a shard that fails, or takes 2 s, is missing: the others' rows are the page", async () => {
    const { shards, timers } = scripted({
      a: () => Promise.reject(new Error("overloaded")),
      b: () => new Promise<PagePart>(() => undefined),
      c: () => ({ entries: rows("c"), rest: nothing }),
    });
    const page = readPage(query(), shards);
    await new Promise(setImmediate);
    expect([...timers].map(({ ms }) => ms)).toEqual([2_000]);
    for (const { end } of timers) end();
    expect(await page).toEqual({ entries: rows("c"), complete: true, missingShards: 2 });
  });

  it("[K25.5] one that fails when it is asked for more ends the page where it is known: nothing is left out", async () => {
    let isBroken = true;
    const { shards } = scripted({
      a: ({ after }) => {
        if (!after) return { entries: rows("z", "y"), rest: { type: "more", after: place("y") } };
        if (isBroken) throw new Error("overloaded");
        return { entries: rows("x"), rest: nothing };
      },
      b: ({ after }) => ({
        entries: rows("w", "v").filter(({ instanceId }) => !after || instanceId < after.instanceId),
        rest: nothing,
      }),
    });
    const first = await readPage(query(), shards);
    expect(first).toMatchObject({ complete: false, missingShards: 1 });
    expect(idsOf(first)).toEqual(["z", "y"]);
    isBroken = false;
    const second = await readPage(query({ continuationToken: first.continuationToken }), shards);
    expect(idsOf(second)).toEqual(["x", "w", "v"]);
  });

  it("[K25.6] when none answers, the page is empty and incomplete, and its token is the one that was given", async () => {
    const all = stores(3, 3);
    const first = await readPage(query({ pageSize: 2 }), shardsOf(all));
    const missing = shardsOf(all, new Set(all.keys()));
    const { continuationToken } = first;
    expect(await readPage(query({ pageSize: 2, continuationToken }), missing)).toEqual({
      entries: [],
      continuationToken,
      complete: false,
      missingShards: 2,
    });
    expect(await readPage(query(), missing)).toEqual({ entries: [], complete: false, missingShards: 2 });
  });

  it.each(["desc", "asc"] as const)(
    "[K25.7] walked in pages of any size, %s, all rows of all shards come once, in order",
    async (order) => {
      const shards = shardsOf(stores(100, 3, 0, 57));
      const whole = idsOf(await readPage(query({ order, pageSize: 1_024 }), shards));
      expect(whole).toHaveLength(160);
      expect(whole.at(order === "desc" ? -1 : 0)).toBe("s0-0");
      for (const pageSize of [1, 7, 159, 160, 161]) expect(await walk(shards, { order, pageSize })).toEqual(whole);
    },
  );

  it("[K25.8] a last page that is just full has no token", async () => {
    const page = await readPage(query({ pageSize: 6 }), shardsOf(stores(3, 3)));
    expect([page.entries.length, page.continuationToken]).toEqual([6, undefined]);
  });
});

describe("[K25] A list within a prefix", () => {
  const all = [DAY, DAY + 1].flatMap((createdAtMs) =>
    ["a-1", "b", "b-1", "b-2", "b-3", "b.", "c-1", "\u{1f600}"].map((id) => entry(`${id}`, { createdAtMs })),
  );

  it.each(["desc", "asc"] as const)(
    "[K25.16] %s: all that is in it comes once, wherever a shard has given up, and no token tells of others",
    async (order) => {
      const sorted = all.toSorted((one, other) => comparePlaces(one, other, order));
      const { shards } = scripted({
        // Looks at two rows, whatever they are.
        one: ({ after, limit }) => {
          const from = after === undefined ? 0 : sorted.findIndex((row) => comparePlaces(row, after, order) > 0);
          const seen = from === -1 ? [] : sorted.slice(from, from + 2);
          const entries = seen.filter(({ instanceId }) => instanceId.startsWith("b-")).slice(0, limit);
          const last = seen.at(-1);
          return { entries, rest: last === undefined ? nothing : { type: "unseen", after: placeOf(last) } };
        },
      });
      const found: string[] = [];
      let continuationToken: string | undefined;
      for (let pages = 0; pages < 20; pages++) {
        const page = await readPage(query({ order, continuationToken, within: "b-" }), shards);
        found.push(...page.entries.map(({ instanceId, createdAtMs }) => `${instanceId} ${createdAtMs - DAY}`));
        continuationToken = page.continuationToken;
        if (continuationToken === undefined) break;
        const [, id] = JSON.parse(Buffer.from(continuationToken, "base64url").toString());
        expect(id.startsWith("b-") || ["", "b.", "b,\u{10ffff}", "\u{10ffff}"].includes(id)).toBe(true);
      }
      expect(continuationToken).toBe(undefined);
      const expected = sorted.filter(({ instanceId }) => instanceId.startsWith("b-"));
      expect(found).toEqual(expected.map(({ instanceId, createdAtMs }) => `${instanceId} ${createdAtMs - DAY}`));
    },
  );
});

describe("[K25] Tokens", () => {
  it("[K25.9] are base64url, whatever the ID, and another page size may follow", async () => {
    const { store } = openShard();
    store.tell(
      ["😀/?", "ÿ>>>", "a"].map((id) => announce(entry(id), 1)),
      NOW,
    );
    const shards = shardsOf(new Map([["0-0", store]]));
    const { continuationToken } = await readPage(query({ pageSize: 1 }), shards);
    expect(continuationToken).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(idsOf(await readPage(query({ continuationToken, pageSize: 5 }), shards))).toEqual(["ÿ>>>", "a"]);
  });

  it("[K25.10] of another filter or order are refused", async () => {
    const shards = shardsOf(stores(3, 3));
    const { continuationToken } = await readPage(query({ pageSize: 1 }), shards);
    const { filter } = readParameters([["status", "FAILED"]]);
    const says = "continuationToken: expected one of this filter and order, found one of another list";
    await expect(readPage(query({ continuationToken, filter }), shards)).rejects.toThrow(says);
    await expect(readPage(query({ continuationToken, order: "asc" }), shards)).rejects.toThrow(says);
  });

  it.each(["", "x", "!!", "bnVsbA", btoa("[1]"), btoa('["a","b","c"]'), btoa("\u00ff")])(
    "[K25.11] %j is none, and is refused",
    async (continuationToken) => {
      await expect(readPage(query({ continuationToken }), shardsOf(stores(1)))).rejects.toThrow(
        "continuationToken: expected one that an answer has given",
      );
    },
  );
});

describe("[K25] Answers", () => {
  it("[K25.12] a row has what the instance has, by the names of the HTTP API, and nothing else", async () => {
    const { store } = openShard();
    const whole = entry("a", {
      status: "FAILED",
      endedAtMs: DAY + 9,
      version: "2",
      parentInstanceId: "p",
      customStatus: "packing",
      failure: { errorType: "TypeError", message: "no pens" },
      searchAttributes: { customer: "c995" },
      waitingFor: "activity:charge",
      retrying: true,
    });
    store.tell([announce(whole, 1), announce(entry("b"), 1)], NOW);
    expect(await readList(query(), shardsOf(new Map([["0-0", store]])))).toEqual({
      workflows: [
        {
          instanceID: "b",
          workflowName: "order",
          runtimeStatus: "COMPLETED",
          createdAt: "2026-11-28T00:00:00Z",
          lastUpdatedAt: "2026-11-28T00:00:00.005Z",
          retrying: false,
        },
        {
          instanceID: "a",
          workflowName: "order",
          version: "2",
          runtimeStatus: "FAILED",
          createdAt: "2026-11-28T00:00:00Z",
          lastUpdatedAt: "2026-11-28T00:00:00.005Z",
          endedAt: "2026-11-28T00:00:00.009Z",
          customStatus: "packing",
          failure: { errorType: "TypeError", message: "no pens" },
          parentInstanceID: "p",
          searchAttributes: { customer: "c995" },
          waitingFor: "activity:charge",
          retrying: true,
        },
      ],
    });
  });

  it("[K25.15] health is that of each shard, and how many have not answered", async () => {
    const all = stores(2, 3);
    expect(await readHealth(shardsOf(all))).toEqual({
      shards: [2, 3].map((entries) => ({ shard: "of a test", entries, live: 0, schemaVersion: 1 })),
    });
    expect(await readHealth(shardsOf(all, new Set(["0-0"])))).toMatchObject({
      shards: [{ entries: 3 }],
      missingShards: 1,
    });
  });

  it("[K25.13] token, complete and missingShards stand there only where they say something", async () => {
    const all = stores(2, 2);
    expect(Object.keys(await readList(query(), shardsOf(all)))).toEqual(["workflows"]);
    const answer = await readList(query({ pageSize: 1 }), shardsOf(all, new Set(["0-1"])));
    expect(answer).toEqual({ workflows: [expect.anything()], continuationToken: expect.any(String), missingShards: 1 });
  });
});
