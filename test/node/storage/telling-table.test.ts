// [S24] What the catalog is still to be told: a table that lives and reuses leave alone, and a purge may leave behind.
import { describe, expect, it } from "vitest";
import { openInstance, RECORD, reopen, STARTED } from "./support.ts";

const first = { createdAtMs: 1, shard: "0-0", seq: 7 };
const second = { createdAtMs: 2, shard: "1-3", seq: 8 };

describe("[S24] The table of what the catalog is still to be told", () => {
  it("[S24.1] is there as long as it has rows, one for each life and shard", () => {
    const { db, store } = openInstance();
    const tables = db.tables();
    store.tellings.owe(second);
    store.tellings.owe(first);
    store.tellings.owe({ ...second, seq: 9 });
    expect(store.tellings.all()).toEqual([first, { ...second, seq: 9 }]);
    store.tellings.told(first);
    expect(reopen({ db }).tellings.all()).toEqual([{ ...second, seq: 9 }]);
    store.tellings.told(second);
    expect([db.tables(), store.tellings.all()]).toEqual([tables, []]);
  });

  it("[S24.2] stays when the ID is used anew", () => {
    const { db, store } = openInstance();
    store.tellings.owe(first);
    store.create({ ...RECORD, executionId: "y" }, [{ ...STARTED, executionId: "y" }], undefined);
    expect([store.tellings.all(), reopen({ db }).tellings.all()]).toEqual([[first], [first]]);
  });

  it("[S24.3] is all that such a purge leaves: there is no instance, and one may be started", () => {
    const { db, store } = openInstance();
    store.saveProgress(1, "1");
    store.tellings.wipeBut([first]);
    expect([db.tables(), store.load(), store.tellings.all()]).toEqual([["telling"], undefined, [first]]);
    const again = reopen({ db });
    expect([again.load(), again.tellings.all(), again.inbox()]).toEqual([undefined, [first], []]);
    again.create(RECORD, [STARTED], undefined);
    again.saveProgress(1, "1");
    expect([again.load(), again.tellings.all()]).toEqual([RECORD, [first]]);
  });

  it("[S24.4] a purge that fails leaves everything", () => {
    const { db, store } = openInstance();
    store.tellings.owe(first);
    const tables = db.tables();
    expect(() => store.tellings.wipeBut([{ ...second, seq: Number.NaN }])).toThrow();
    expect([db.tables(), store.tellings.all()]).toEqual([tables, [first]]);
  });
});
