// [K20] What an instance tells of itself, and how large it may be.
import { describe, expect, it } from "vitest";
import { announcementProblem, type CatalogEntry, fitEntry } from "../../../src/model/catalog-entry.ts";
import { allShards, fnv1a, shardOf } from "../../../src/model/catalog-shards.ts";
import { attributeFrom, attributesProblem } from "../../../src/model/search-attributes.ts";
import { entry } from "./support.ts";

const problem = (more: Partial<CatalogEntry>) => announcementProblem({ entry: entry("a", more), seq: 1 });

describe("[K20] Entries", () => {
  it("[K20.1] whatever its texts, what has been made to fit is taken; a short one stays what it is", () => {
    const short = entry("a", { customStatus: "packing", failure: { errorType: "E", message: "m" }, version: "2" });
    expect(fitEntry(short)).toEqual(short);
    const fitted = fitEntry(entry("a", { customStatus: "x".repeat(1_000), waitingFor: `event:${"y".repeat(400)}` }));
    expect([fitted.customStatus, fitted.waitingFor?.length]).toEqual([`${"x".repeat(255)}…`, 256]);
    expect(announcementProblem({ entry: fitted, seq: 1 })).toBeUndefined();
  });

  it.each(["x", "é", "日", "😀", "a😀"])(
    "[K20.2] texts of 1,024 bytes together: of %j, those go first that say least",
    (letter) => {
      const text = letter.repeat(600);
      const { failure, ...fitted } = fitEntry(
        entry("a", {
          customStatus: text,
          waitingFor: text,
          version: text,
          failure: { errorType: text, message: text },
        }),
      );
      expect(announcementProblem({ entry: { ...fitted, failure }, seq: 1 })).toBeUndefined();
      expect(failure?.errorType).toMatch(/…$/);
      expect(failure?.errorType.isWellFormed()).toBe(true);
      expect(failure?.message).toBeUndefined();
    },
  );

  it.each<[Partial<CatalogEntry>, string]>([
    [{ instanceId: "" }, 'instanceId: expected a text, found ""'],
    [{ instanceId: "é".repeat(513) }, "instanceId: expected at most 1024 bytes, found 1026"],
    [{ status: "NAPPING" as "RUNNING" }, 'status: expected the name of a status, found "NAPPING"'],
    [{ workflowName: undefined as unknown as string }, "workflowName: expected a text, found undefined"],
    [{ parentInstanceId: {} as string }, "parentInstanceId: expected a text, found {}"],
    [{ customStatus: 1 as unknown as string }, "customStatus: expected a text, found 1"],
    [{ retentionMs: -1 }, "retentionMs: expected milliseconds, found -1"],
    [{ createdAtMs: 1.5 }, "createdAtMs: expected milliseconds since 1970, found 1.5"],
    [{ createdAtMs: 8.64e15 + 1 }, "createdAtMs: expected milliseconds since 1970, found 8640000000000001"],
    [{ updatedAtMs: -1 }, "updatedAtMs: expected milliseconds since 1970, found -1"],
    [{ endedAtMs: Number.NaN }, "endedAtMs: expected milliseconds since 1970, found null"],
    [{ workflowName: "n".repeat(1_025) }, "workflowName: expected at most 1024 bytes, found 1025"],
    [{ parentInstanceId: "n".repeat(1_025) }, "parentInstanceId: expected at most 1024 bytes, found 1025"],
    [{ customStatus: "n".repeat(257) }, "customStatus: expected at most 256 characters, found 257"],
    [{ failure: { errorType: "n".repeat(257) } }, "errorType: expected at most 256 characters, found 257"],
    [
      { customStatus: "日".repeat(256), waitingFor: "日".repeat(256) },
      "failureMessage, customStatus, version, waitingFor, errorType: expected at most 1024 bytes together, found 1536",
    ],
  ])("[K20.3] what does not fit is told with what was expected: %j", (more, says) => {
    expect(problem(more)).toBe(says);
  });

  it.each([0, -1, 1.5, 2 ** 53, "1"])("[K20.4] a number that orders is whole and positive: not %j", (seq) => {
    const found = announcementProblem({ entry: entry("a"), seq: seq as number });
    expect(found).toBe(`seq: expected a whole number from 1, found ${JSON.stringify(seq)}`);
  });

  it("[K20.5] attributes: texts, numbers, booleans and arrays of texts under 20 keys, 2 KB together", () => {
    expect(
      attributesProblem({ customer: "c995", total: 12.5, vip: true, tags: ["a", "b"], "my key-é": "x" }),
    ).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, n]));
    expect(attributesProblem(many)).toBe("search attributes: expected at most 20 keys, found 21");
    expect(attributesProblem({ text: "é".repeat(1_024) })).toBe(
      "search attributes: expected at most 2048 bytes as JSON, found 2059",
    );
  });

  it.each<[unknown, string]>([
    [null, "null"],
    [{ a: 1 }, "an object"],
    [[1], "an array of other values"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [undefined, "undefined"],
  ])("[K20.6] an attribute is not %j", (value, found) => {
    expect(attributesProblem({ key: value as string })).toBe(
      `search attribute "key": expected a text, a number, true, false or an array of texts, found ${found}`,
    );
  });

  it.each(["", 'a"b', "a\\b", "a\u0000", "a\ud800", "k".repeat(65)])("[K20.7] a key is not %j", (key) => {
    expect(attributesProblem({ [key]: 1 })).toContain("expected a key of 1 to 64 characters without quotes");
  });

  it.each([
    ["c995", "c995"],
    ["12", 12],
    ["-1.5e3", -1500],
    ["007", "007"],
    ["true", true],
    ["truely", "truely"],
    ['"12"', "12"],
    ['"open', '"open'],
    ["null", "null"],
    ["[1]", "[1]"],
    ["1e999", "1e999"],
  ])("[K20.8] in a URL %s is JSON of a text, a number, true or false, or else the text", (text, value) => {
    expect(attributeFrom(text)).toBe(value);
  });
});

describe("[K20] Shards", () => {
  it("[K20.9] FNV-1a, 32 bits, as its authors have published it", () => {
    expect(["", "a", "foobar"].map(fnv1a)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  it("[K20.10] new instances go to the last generation; all generations are read, the last one first", () => {
    expect(allShards({ shards: 2, former: [1, 3] })).toEqual(["2-0", "2-1", "1-0", "1-1", "1-2", "0-0"]);
    expect(allShards({ shards: 1 })).toEqual(["0-0"]);
    const names = Array.from({ length: 10_000 }, (_, n) => shardOf(`order-${n}`, { shards: 8, former: [4] }));
    const sizes = Map.groupBy(names, (name) => name);
    expect([...sizes.keys()].sort()).toEqual(Array.from({ length: 8 }, (_, n) => `1-${n}`));
    for (const { length } of sizes.values()) expect(length).toBeGreaterThan(1_000);
  });
});
