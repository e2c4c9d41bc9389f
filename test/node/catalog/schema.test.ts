// [K30] Which tables a shard has, of which version, and that README.md tells them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../../src/catalog/store/schema.ts";
import { announce, entry, listed, openShard, reopen, tell } from "./support.ts";

describe("[K30] Schema", () => {
  it("[K30.1] opening writes nothing; what is told first makes the tables", () => {
    const opened = openShard();
    expect([opened.db.tables(), opened.db.hasUncommitted, listed(opened)]).toEqual([[], false, []]);
    tell(opened, announce(entry("a"), 1));
    expect(opened.db.tables()).toEqual(["entry", "meta", "names"]);
    opened.db.commit();
    reopen(opened);
    expect(opened.db.hasUncommitted).toBe(false);
  });

  it.each(["2", "none"])("[K30.2] a version that this code does not know is left alone: %s", (version) => {
    const opened = openShard();
    tell(opened, announce(entry("a"), 1));
    opened.db.tamper("UPDATE meta SET value = ? WHERE key = 'schema_version'", version);
    opened.db.commit();
    expect(() => reopen(opened)).toThrow(
      expect.objectContaining({ name: "CatalogTooNewError", message: expect.stringContaining(`schema ${version}`) }),
    );
    expect(opened.db.hasUncommitted).toBe(false);
  });
});

describe("[K30] The README of the tables", () => {
  const readme = readFileSync(fileURLToPath(new URL("../../../src/catalog/README.md", import.meta.url).href), "utf8");
  /** The rows of the table below a heading, and what is in backticks in each of their cells. */
  const cells = (heading: string) =>
    (readme.split(`## ${heading}\n`)[1] ?? "")
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|").map((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ""))) ??
    [];
  const { db } = (() => {
    const opened = openShard();
    tell(opened, announce(entry("a", { totals: { oc: [1] } }), 1));
    return opened;
  })();

  it("[K30.3] has every table and every column, and no other", () => {
    const columns = db
      .tables()
      .flatMap((table) =>
        db
          .read<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
          .map(({ name }) => `${table}.${name}`),
      );
    const told = cells("Columns").flatMap(([, names = [], tables = []]) =>
      tables.flatMap((table) => names.map((name) => `${table}.${name}`)),
    );
    expect(told.toSorted()).toEqual(columns.toSorted());
    expect(cells("Tables").flatMap(([, names = []]) => names)).toEqual(db.tables());
  });

  it("[K30.4] has every index, with its condition", () => {
    const indexes = db.read<{ name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid",
    );
    const told = [...readme.matchAll(/^\| `(\w+)` \| `(\([^`]+)` \|/gm)].map((match) => `${match[1]} ${match[2]}`);
    expect(told).toEqual(indexes.map(({ name, sql }) => `${name} ${sql.split("ON entry ")[1]}`));
  });

  it("[K30.5] has every version of the schema", () => {
    const versions = [...readme.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(versions).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, n) => n + 1));
  });

  it("[K30.6] every rule names a test that there is", () => {
    const named = [...readme.matchAll(/K\d+\.\d+/g)].map(([name]) => name);
    const folder = new URL("./", import.meta.url);
    const tests = [
      "changes",
      "counts",
      "entry",
      "filters",
      "group-commit",
      "merge",
      "pages",
      "random",
      "rebuild",
      "retention",
      "schema",
      "shard",
      "sql",
      "tallies",
      "tell",
    ]
      .map((name) => readFileSync(fileURLToPath(new URL(`${name}.test.ts`, folder).href), "utf8"))
      .join("");
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !tests.includes(`[${name}]`))).toEqual([]);
  });
});
