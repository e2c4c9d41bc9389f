// [S3] Which tables there are, and of which version.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { InstanceStore } from "../../../src/storage/instance-store.ts";
import { SCHEMA_VERSION } from "../../../src/storage/schema.ts";
import { MemoryDatabase } from "../instance/database.ts";
import { at, change, openInstance, openStore, RECORD, reopen, STARTED, toFormerTables } from "./support.ts";

describe("[S3] Schema", () => {
  it("[S3.1] loading an empty database writes nothing, and finds no instance", () => {
    const db = new MemoryDatabase();
    const store = new InstanceStore(db.port());
    expect(store.load()).toBeUndefined();
    expect(db.tables()).toEqual([]);
    expect(db.hasUncommitted).toBe(false);
    expect([...db.counters.rows]).toEqual([]);
  });

  it("[S3.2] the start makes the tables, in its own transaction", () => {
    const { db, store, fault } = openStore();
    fault.before = (statement) => {
      if (statement.includes("INTO instance")) throw new Error("SQLITE_FULL");
    };
    expect(() => store.create(RECORD, STARTED, undefined)).toThrow("SQLITE_FULL");
    expect(db.tables()).toEqual([]);
    fault.before = undefined;
    store.create(RECORD, STARTED, undefined);
    expect(db.tables()).toEqual(["instance"]);
    expect(store.load()).toEqual({ ...RECORD, customStatus: undefined, parent: undefined, completedSeq: undefined });
    expect(store.history()).toHaveLength(1);
  });

  it("[S3.2] the other tables come with the first row of one of them, together, and go when that fails", () => {
    const { db, store, fault } = openInstance();
    const all = ["chunk", "former_child", "inbox", "instance", "outbox", "recovery"];
    fault.before = (statement) => {
      if (statement.includes("INTO outbox")) throw new Error("SQLITE_FULL");
    };
    const send = change({
      send: [{ to: "b", message: { version: 1, type: "RaiseEvent", name: "e", messageId: "m" } }],
    });
    expect(() => store.commit(send)).toThrow("SQLITE_FULL");
    expect(db.tables()).toEqual(["instance"]);
    expect([store.inbox(), store.outbox(), store.formerChildren(), [...store.recoveries()]]).toEqual([[], [], [], []]);
    fault.before = undefined;
    expect(store.commit(send)).toHaveLength(1);
    expect(db.tables()).toEqual(all);
  });

  it("[S3.3] a newer schema is refused, and nothing is changed", () => {
    const opened = openInstance();
    opened.db.tamper(`UPDATE instance SET schema_version = ${SCHEMA_VERSION + 1}`);
    opened.db.commit();
    const before = opened.db.dump();
    const store = new InstanceStore(opened.db.port());
    expect(() => store.load()).toThrow(expect.objectContaining({ name: "SchemaTooNewError" }));
    expect(opened.db.hasUncommitted).toBe(false);
    expect(opened.db.dump()).toEqual(before);
  });

  it("[S3.4] a database of version 1 is brought up to today's, with what it holds", () => {
    const opened = openInstance();
    opened.store.receive({ fact: { type: "EventRaised", name: "go" } });
    opened.db.tamper("DELETE FROM recovery");
    opened.db.tamper("ALTER TABLE recovery DROP COLUMN progress");
    opened.db.tamper("INSERT INTO recovery (task_id, count) VALUES (1, 4)");
    toFormerTables(opened, 1);
    const store = new InstanceStore(opened.db.port());
    expect(store.load()).toMatchObject({ instanceId: RECORD.instanceId });
    store.saveProgress(1, "5");
    expect([...store.recoveries()]).toEqual([[1, { count: 4, progress: "5" }]]);
    expect(opened.db.read("SELECT schema_version FROM instance")).toEqual([{ schema_version: 2 }]);
    expect(new InstanceStore(opened.db.port()).load()).toMatchObject({ instanceId: RECORD.instanceId });
  });

  it.each([
    ["instance", "type = 'PatchApplied'", "PatchApplied"],
    ["instance", "version = 2", "version 2"],
    ["inbox", "type = 'PatchApplied'", "PatchApplied"],
    ["inbox", "version = 2", "version 2"],
  ])("[S3.4] %s with %s: UnknownEventError, that says so", (table, set, says) => {
    const opened = openInstance();
    opened.store.receive({ fact: { type: "EventRaised", name: "go" } });
    opened.db.tamper(`UPDATE ${table} SET ${set} WHERE seq >= 0`);
    const read = () => (table === "instance" ? reopen(opened).history() : reopen(opened).inbox());
    expect(read).toThrow(
      expect.objectContaining({ name: "UnknownEventError", message: expect.stringContaining(says) }),
    );
  });

  it("[S3.4] a type that has the name of what every object has is unknown, too", () => {
    const opened = openInstance();
    opened.db.tamper("UPDATE instance SET type = 'toString' WHERE seq >= 0");
    expect(() => reopen(opened).history()).toThrow(
      expect.objectContaining({ name: "UnknownEventError", message: expect.stringContaining("'toString'") }),
    );
  });

  it.each([2, 3, 4, 5])("[S3.9] loading a database of version %i writes nothing", (version) => {
    const opened = openInstance();
    if (version < 5) toFormerTables(opened, version);
    opened.db.commit();
    reopen(opened);
    expect(opened.db.hasUncommitted).toBe(false);
  });

  it("[S3.5] a message of a newer version is read as it is, and left to whoever knows it", () => {
    const opened = openInstance();
    const message = { version: 2, type: "Novelty" } as never;
    opened.store.commit(change({ send: [{ to: "b", message }] }));
    expect(reopen(opened).outbox()).toEqual([{ seq: 0, to: "b", message }]);
  });

  it("[S3.6] no statement has more than 100 bindings", () => {
    let most = 0;
    const port = new MemoryDatabase().port();
    const store = new InstanceStore({
      ...port,
      run: (statement, ...bindings) => {
        most = Math.max(most, bindings.length);
        port.run(statement, ...bindings);
      },
    });
    store.load();
    store.create(RECORD, STARTED, undefined);
    store.receive({ fact: { type: "EventRaised", name: "e", input: "x".repeat(400_000) } });
    store.commit(change({ append: Array.from({ length: 100 }, (_, n) => at({ type: "TimerFired", id: n })) }));
    expect(most).toBeLessThanOrEqual(100);
    expect(store.history()).toHaveLength(101);
  });
});

describe("[S3.7] Tables of schema version 2 to 4, in which the history has one to itself", () => {
  const running = { ...RECORD, status: "RUNNING", customStatus: "on", generation: 3 } as const;
  const ended = { ...running, status: "COMPLETED", completedSeq: 2 } as const;
  const child = at({ type: "ChildWorkflowInstanceCreated", id: 1, name: "c", instanceId: "c" });
  const end = at({ type: "ExecutionCompleted", status: "COMPLETED", output: "1" });

  it.each([2, 3, 4])("version %i: are read and written as they are", (version) => {
    const opened = openInstance();
    toFormerTables(opened, version);
    const store = reopen(opened);
    expect(store.load()).toEqual(RECORD);
    store.commit(change({ append: [child], record: running }));
    store.commit(change({ append: [end], record: ended }), true);
    store.flush();
    expect(opened.db.tables().filter((name) => ["instance", "history"].includes(name))).toEqual([
      "history",
      "instance",
    ]);
    expect(opened.db.read("SELECT schema_version AS version, status FROM instance")).toEqual([
      { version, status: "COMPLETED" },
    ]);
    const again = reopen(opened);
    expect([again.load(), again.history(), again.nextHistorySeq]).toEqual([ended, [STARTED, child, end], 3]);
    expect([again.historyPage(1, 1), again.children(), again.outline(2).completed]).toEqual([[child], ["c"], end]);
    expect(again.hasOpenWork("COMPLETED")).toBe(false);
  });

  it.each([2, 3, 4])("version %i: continue-as-new removes the history, and keeps who was started", (version) => {
    const opened = openInstance();
    toFormerTables(opened, version);
    const store = reopen(opened);
    store.commit(change({ append: [child], record: running }));
    const next = { ...STARTED, executionId: "e2" };
    store.commit(change({ newHistory: [next], record: { ...running, executionId: "e2" } }));
    expect([store.history(), store.formerChildren()]).toEqual([[next], [{ instanceId: "c", executionId: "e1" }]]);
  });

  it("are replaced by today's when the ID is used anew; when that fails, they are there and gone on with", () => {
    const opened = openInstance();
    toFormerTables(opened, 4);
    const store = reopen(opened);
    store.receive({ fact: { type: "EventRaised", name: "go" } });
    store.commit(change({ append: [end], record: { ...ended, completedSeq: 1 }, taken: [0] }));
    opened.db.commit();
    const before = opened.db.dump();
    const broken = new InstanceStore(
      opened.db.port((statement) => {
        if (statement.includes("INSERT INTO instance")) throw new Error("SQLITE_FULL");
      }),
    );
    broken.load();
    const anew = { ...RECORD, executionId: "e9" };
    expect(() => broken.create(anew, STARTED, undefined)).toThrow("SQLITE_FULL");
    expect(opened.db.dump()).toEqual(before);
    expect(broken.history()).toEqual([STARTED, end]);

    const again = reopen(opened);
    again.create(anew, STARTED, undefined, true);
    again.commit(change({ append: [child], record: { ...anew, status: "RUNNING" } }), true);
    again.flush();
    expect(opened.db.tables()).toEqual(["chunk", "former_child", "inbox", "instance", "outbox", "recovery"]);
    const last = reopen(opened);
    expect([last.load(), last.history(), last.inbox()]).toEqual([{ ...anew, status: "RUNNING" }, [STARTED, child], []]);
    expect(opened.db.read("SELECT seq, schema_version AS version FROM instance ORDER BY seq")).toEqual([
      { seq: -1, version: SCHEMA_VERSION },
      { seq: 0, version: null },
    ]);
  });
});

describe("[S3.8] The README of the tables", () => {
  const readme = readFileSync(fileURLToPath(new URL("../../../src/storage/README.md", import.meta.url).href), "utf8");
  /** The first cells of the table below a heading, and the second ones, as they are in backticks. */
  const cells = (heading: string) =>
    (readme.split(`## ${heading}\n`)[1] ?? "")
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|").map((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ""))) ??
    [];

  it("has every table and every column, and no other", () => {
    const { db, store } = openInstance();
    store.saveProgress(1, "1");
    store.tellings.owe({ createdAtMs: 1, shard: "0-0", seq: 1 });
    store.commit(change({ webhooks: [{ id: "msg", url: "https://example.com", body: "{}" }] }), true);
    store.flush();
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
    const tables = cells("Tables").flatMap(([, names = []]) => names.slice(0, 1));
    expect([...new Set(tables)].toSorted()).toEqual(db.tables());
  });

  it("has every version of the schema", () => {
    const versions = [...readme.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(versions).toEqual(Array.from({ length: SCHEMA_VERSION }, (_, n) => n + 1));
  });
});
