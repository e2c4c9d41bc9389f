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
    expect([store.load(), store.parent()]).toEqual([{ ...RECORD, parent }, parent]);
    store.commit(change({ record: { ...RECORD, parent, status: "RUNNING" } }));
    expect(reopen(opened).load()).toEqual({ ...RECORD, parent, status: "RUNNING" });
  });
});
