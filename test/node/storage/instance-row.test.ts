// [S15] The instance's own row, as code of today and code before has it.
import { describe, expect, it } from "vitest";
import { change, openInstance, openStore, RECORD, reopen, STARTED, toFormerTables } from "./support.ts";

const parent = { instanceId: "p", executionId: "pe", name: "pw", taskId: 3 };

describe("[S15] The row of the instance", () => {
  it.each([4, 5])("[S15.1] version %i: a custom status that is taken back is gone", (version) => {
    const opened = openInstance();
    if (version === 4) toFormerTables(opened, version);
    const store = reopen(opened);
    store.commit(change({ record: { ...RECORD, status: "RUNNING", customStatus: "on" } }));
    expect(reopen(opened).load()?.customStatus).toBe("on");
    store.commit(change({ record: { ...RECORD, status: "RUNNING" } }));
    expect(reopen(opened).load()).toMatchObject({ status: "RUNNING", customStatus: undefined });
  });

  it.each([4, 5])("[S15.2] version %i: whose child the instance is, with what else it was started with", (version) => {
    const opened = openStore();
    opened.store.create({ ...RECORD, parent }, STARTED, undefined);
    if (version === 4) toFormerTables(opened, version);
    const store = reopen(opened);
    expect([store.load(), store.kin().parent]).toEqual([{ ...RECORD, parent }, parent]);
    store.commit(change({ record: { ...RECORD, parent, status: "RUNNING" } }));
    expect(reopen(opened).load()).toEqual({ ...RECORD, parent, status: "RUNNING" });
  });

  it("[S15.3] search attributes and retention of the start are kept, and change with the row", () => {
    const opened = openStore();
    const record = { ...RECORD, searchAttributes: { customer: "c", tags: ["a"] }, retentionMs: 5 };
    opened.store.create(record, { ...STARTED, searchAttributes: record.searchAttributes }, undefined);
    const store = reopen(opened);
    expect([store.load(), store.history()]).toMatchObject([record, [{ searchAttributes: record.searchAttributes }]]);
    store.commit(change({ record: { ...record, status: "RUNNING", searchAttributes: { paid: true } } }));
    expect(reopen(opened).load()).toEqual({ ...record, status: "RUNNING", searchAttributes: { paid: true } });
  });

  it("[S15.3] nothing is written of them where there are none", () => {
    const { db } = openInstance();
    expect(
      db
        .port()
        .query("SELECT detail FROM instance")
        .map(({ detail }) => detail),
    ).toEqual([
      '{"instanceId":"a","executionId":"e1","generation":0,"startRequestId":"r"}',
      '{"executionId":"e1","generation":0}',
    ]);
  });

  it("[S15.4] version 4: attributes get a column when there are the first, and code before them goes on with the row", () => {
    const opened = openInstance();
    toFormerTables(opened, 4);
    const columns = () => Object.keys(opened.db.port().query("SELECT * FROM instance")[0] ?? {});
    const store = reopen(opened);
    store.commit(change({ record: { ...RECORD, status: "RUNNING" } }));
    const before = columns();
    for (const searchAttributes of [{ customer: "c" }, { customer: "d" }, {}]) {
      store.commit(change({ record: { ...RECORD, status: "RUNNING", searchAttributes } }));
      expect(reopen(opened).load()).toEqual({ ...RECORD, status: "RUNNING", searchAttributes });
    }
    expect(columns()).toEqual([...before, "search_attributes"]);
  });

  it("[S15.5] what newer code has put into the row stays there when this code writes it", () => {
    const opened = openInstance();
    opened.db.port().run("UPDATE instance SET detail = json_set(detail, '$.later', 1) WHERE seq = -1");
    const store = reopen(opened);
    const record = store.load() ?? RECORD;
    store.commit(change({ record: { ...record, status: "RUNNING" } }));
    expect(reopen(opened).load()).toEqual({ ...RECORD, status: "RUNNING", later: 1 });
  });
});
