// [K34] What a shard has lost comes back from the instances; the way to the shards, and the option that says how many there are.
import { describe, expect, it } from "vitest";
import { boundCatalog, CATALOG_MISSING, SHARDS } from "../../../src/catalog/binding.ts";
import { catalogOption, DEFAULT_CATALOG } from "../../../src/catalog/options.ts";
import type { CatalogApi } from "../../../src/catalog/protocol.ts";
import { MOST_REBUILT, type RebuildPorts, rebuild } from "../../../src/catalog/rebuild.ts";
import { namespaceIn } from "../../../src/instance/bound-class.ts";
import type { Announced, Presence } from "../../../src/model/catalog-entry.ts";
import { optionsOf, readOptions } from "../../../src/model/options.ts";
import { announce, departure, entry, idsOf, NOW, openShard, page } from "./support.ts";

/** Instances that say this, and one shard, which is empty. */
function lost(instances: Record<string, Presence | Error>) {
  const opened = openShard("1-0");
  const announced: string[] = [];
  const ports: RebuildPorts = {
    source: (id) => ({
      presence: async () => {
        const said = instances[id] ?? { type: "absent" };
        if (said instanceof Error) throw said;
        return said;
      },
      expire: () => Promise.reject(new Error("not asked here")),
    }),
    shard: (name) => ({
      announce: async (announcement) => {
        announced.push(`${announcement.entry.instanceId} to ${name}`);
        if (name !== "1-0") throw new Error("cannot be reached");
        return opened.store.tell([{ type: "announce", announcement }], NOW)[0] as Announced;
      },
    }),
    schedule: () => () => undefined,
  };
  return { ...opened, ports, announced };
}

const present = (id: string, shard = "1-0"): Presence => ({ type: "present", entry: entry(id), seq: 7, shard });

describe("[K34] Rebuild", () => {
  it("[K34.1] announces each instance that is there to the shard that it names, and tells of the others", async () => {
    const { store, ports, announced } = lost({
      a: present("a"),
      b: present("b", "0-1"),
      c: new Error("overloaded"),
      d: { type: "leaving" },
    });
    expect(await rebuild(["a", "b", "c", "d", "e"], ports)).toEqual({ present: 1, absent: 1, failed: ["b", "c", "d"] });
    expect(announced).toEqual(["a to 1-0", "b to 0-1"]);
    expect(idsOf(store.page(page()))).toEqual(["a"]);
  });

  it("[K34.2] repeated, it changes nothing; what the shard has newer stays", async () => {
    const { store, ports } = lost({ a: present("a"), b: present("b"), c: present("c") });
    const running = entry("b", { status: "RUNNING" });
    store.tell([announce(running, 9), departure("leave", "c", 9)], NOW);
    for (let n = 0; n < 2; n++)
      expect(await rebuild(["a", "b", "c"], ports)).toEqual({ present: 2, absent: 0, failed: ["c"] });
    expect(store.page(page()).entries).toEqual([running, entry("a")]);
  });

  it("[K34.3] takes no more IDs than one invocation may ask", async () => {
    const ids = Array.from({ length: MOST_REBUILT + 1 }, (_, n) => `i${n}`);
    await expect(rebuild(ids, lost({}).ports)).rejects.toThrow("rebuild: expected at most 20 instance IDs, found 21");
  });
});

describe("[K34] The binding", () => {
  it("[K34.4] is a namespace or none; what is missing is said with what to write", () => {
    const namespace = { getByName: () => ({}), jurisdiction: () => namespace };
    class Fetcher {
      getByName(): void {}
    }
    expect(namespaceIn({ WORKFLOW_CATALOG: namespace }, SHARDS)).toBe(namespace);
    for (const WORKFLOW_CATALOG of [undefined, null, "x", {}, new Fetcher()])
      expect(namespaceIn({ WORKFLOW_CATALOG }, SHARDS)).toBeUndefined();
    expect(CATALOG_MISSING).toContain('name = "WORKFLOW_CATALOG"\nclass_name = "WorkflowCatalog"');
  });

  it("[K34.5] shards are reached by their names, in the jurisdiction and near the place of the instances", () => {
    const reached: unknown[] = [];
    const namespace = {
      getByName: (...called: unknown[]) => {
        reached.push(called);
        return {} as CatalogApi;
      },
      jurisdiction: (name: string) => {
        reached.push(name);
        return namespace;
      },
    };
    const catalog = boundCatalog(
      { WORKFLOW_CATALOG: namespace, WORKFLOW_INSTANCE: namespace },
      { shards: 2, former: [1] },
      { jurisdiction: "eu", locationHint: "weur" },
    );
    expect(catalog?.names).toEqual(["1-0", "1-1", "0-0"]);
    catalog?.shard("1-1");
    catalog?.source("order-1");
    expect(reached).toEqual(["eu", ["1-1", { locationHint: "weur" }], "eu", ["order-1", { locationHint: "weur" }]]);
    expect(boundCatalog({ WORKFLOW_INSTANCE: namespace }, { shards: 2 }, {})).toBeUndefined();
  });
});

describe("[K34] The option", () => {
  const rules = optionsOf<{ catalog: object | false }>({ catalog: catalogOption });
  const read = (catalog: unknown) => readOptions(rules, { catalog } as { catalog: false }, "createWorker").catalog;

  it("[K34.6] is an object or false; what is left out keeps its default", () => {
    expect(read(false)).toBe(false);
    expect(read({ shards: 8, former: [4], confirm: "background" })).toEqual({
      shards: 8,
      former: [4],
      confirm: "background",
    });
    expect({ ...DEFAULT_CATALOG, ...(read({ shards: 2 }) as object) }).toEqual({
      shards: 2,
      former: [],
      confirm: "before-answer",
    });
  });

  it.each<[unknown, string]>([
    [true, "catalog is an object of options or false, found true"],
    [{ shards: 0 }, "catalog.shards is a whole number from 1 to 256, found 0"],
    [{ shards: 1.5 }, "catalog.shards is a whole number from 1 to 256, found 1.5"],
    [{ shards: 257 }, "found 257"],
    [{ former: [4, 0] }, "catalog.former is a list of former numbers of shards, each a whole number from 1 to 256"],
    [{ confirm: "later" }, 'catalog.confirm is "before-answer" or "background", found "later"'],
    [{ shard: 4 }, "unknown option catalog.shard of createWorker, did you mean shards?"],
  ])("[K34.7] %j is refused", (catalog, says) => {
    expect(() => read(catalog)).toThrow(says);
  });
});
