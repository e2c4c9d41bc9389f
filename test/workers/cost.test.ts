// What a step costs: see meter.ts for what is counted and why.
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { costsOf } from "./meter.ts";
import { newId, operate, outputOf, raise, start, stateOf, stubOf } from "./support.ts";
import { beginningsOf } from "./workflows.ts";

/** Runs a workflow to its end, and tells what that has cost its instance. */
async function costOf(workflow: string, input: unknown): Promise<ReturnType<typeof costsOf> & { id: string }> {
  const id = await start(workflow, input);
  await outputOf(id, 30);
  return { ...costsOf(id), id };
}

describe("[W7] the meter", () => {
  it("[W7.1] counts one commit for writes between which nothing is waited for, and one for each wait", async () => {
    const id = newId("meter");
    await runInDurableObject(stubOf(id), async (_instance, { storage }) => {
      const costs = costsOf(id);
      const commitsOf = async (change: () => Promise<void>) => {
        await storage.sync();
        const before = costs.commits;
        await change();
        await storage.sync();
        return costs.commits - before;
      };
      const write = () => storage.sql.exec("INSERT INTO t VALUES (1)");
      storage.sql.exec("CREATE TABLE t (a)");
      const rows = costs.rowsWritten;
      expect(
        await commitsOf(async () => {
          for (let n = 0; n < 10; n++) {
            write();
            storage.transactionSync(() => write());
            await Promise.resolve();
          }
        }),
      ).toBe(1);
      expect(costs.rowsWritten - rows).toBe(20);
      for (const wait of [() => scheduler.wait(0), () => storage.sync(), () => new Promise((r) => setTimeout(r, 0))]) {
        expect(
          await commitsOf(async () => {
            for (let n = 0; n < 10; n++) {
              write();
              await wait();
            }
          }),
        ).toBe(10);
      }
      expect(await commitsOf(async () => void storage.sql.exec("SELECT * FROM t").toArray())).toBe(0);
      await storage.deleteAll();
    });
  });
});

describe("[W7] a chain of activities that wait for nothing", () => {
  const STEPS = 1000;
  let short: Awaited<ReturnType<typeof costOf>>;
  let long: Awaited<ReturnType<typeof costOf>>;

  beforeAll(async () => {
    short = await costOf("steps", 20);
    long = await costOf("steps", 20 + STEPS);
  });

  it("[W7.10] a row at most for each fifty steps", () => {
    expect((long.rowsWritten - short.rowsWritten) / STEPS).toBeLessThanOrEqual(1 / 50);
    expect(short.rowsWritten).toBe(4);
  });

  it("[W7.11] two alarms at most are set for all", () => {
    expect(long.setAlarms).toBeLessThanOrEqual(2);
  });

  it("[W7.12] three commits at most for all", () => {
    expect(long.commits).toBeLessThanOrEqual(3);
  });

  it("[W7.13] the code is begun once: no replay while the object lives", () => {
    expect([beginningsOf(long.id), long.objects]).toEqual([1, 1]);
  });
});

describe("[W7] activities that wait for I/O", () => {
  it("[W7.20] one commit for each step, one row, no alarm but the watchdog's", async () => {
    const [few, many] = [await costOf("slowSteps", 1), await costOf("slowSteps", 101)];
    // One more is allowed for each alarm that rings meanwhile.
    expect(many.commits - few.commits).toBeLessThanOrEqual(100 + many.setAlarms + many.deleteAlarms);
    expect(many.commits - few.commits).toBeGreaterThanOrEqual(100);
    expect((many.rowsWritten - few.rowsWritten) / 100).toBeLessThanOrEqual(1);
    expect(many.setAlarms).toBeLessThanOrEqual(2);
    expect(beginningsOf(many.id)).toBe(1);
  });
});

describe("[W7] other costs", () => {
  it("[W7.30] the smallest instance: one commit, and no alarm", async () => {
    const { rowsWritten, commits, setAlarms, deleteAlarms } = await costOf("echo", 1);
    expect({ rowsWritten, commits, setAlarms, deleteAlarms }).toEqual({
      rowsWritten: 4,
      commits: 1,
      setAlarms: 0,
      deleteAlarms: 0,
    });
  });

  it("[W7.31] events: three rows at most for each, and no replay", async () => {
    const id = await start("awaitEvents", { name: "n", count: 50 });
    await stateOf(id);
    // With the first one comes the table for it.
    await raise(id, "n", 0);
    await stateOf(id);
    const before = costsOf(id).rowsWritten;
    for (let n = 0; n < 48; n++) await raise(id, "n", n);
    await stateOf(id);
    // Into the inbox, into the history, out of the inbox.
    expect((costsOf(id).rowsWritten - before) / 48).toBeLessThanOrEqual(3);
    await operate(id, "terminate");
    expect(beginningsOf(id)).toBe(1);
  });

  it("[W7.33] the catalog: one request and one row in the shard for an instance that ends in its first burst", async () => {
    await costOf("echo", 1);
    const shard = { ...costsOf("0-0") };
    const { rowsWritten, commits, setAlarms, deleteAlarms } = await costOf("echo", 1);
    expect({ rowsWritten, commits, setAlarms, deleteAlarms }).toEqual({
      rowsWritten: 4,
      commits: 1,
      setAlarms: 0,
      deleteAlarms: 0,
    });
    expect(costsOf("0-0")).toEqual({
      ...shard,
      rowsWritten: shard.rowsWritten + 1,
      commits: shard.commits + 1,
      tellings: shard.tellings + 1,
    });
  });

  it("[W7.34] the catalog: one that goes on is told of twice, which is three rows, and its object writes nothing for that", async () => {
    const id = await start("awaitEvent", "E");
    await stateOf(id);
    const shard = { ...costsOf("0-0") };
    const { setAlarms } = costsOf(id);
    await raise(id, "E", 1);
    await outputOf(id, 30);
    await expect.poll(() => costsOf("0-0").tellings).toBe(shard.tellings + 1);
    await expect.poll(() => costsOf("0-0").rowsWritten).toBe(shard.rowsWritten + 1);
    expect(costsOf(id).setAlarms).toBe(setAlarms);
  });

  it("[W7.35] limits: what no limit is declared for asks nobody, and costs what it did", async () => {
    const asks = () => costsOf("narrow").asks + costsOf("one-at-a-time").asks;
    const before = asks();
    const { rowsWritten, commits, setAlarms, deleteAlarms } = await costOf("echo", 1);
    await costOf("slowSteps", 3);
    expect({ asks: asks() - before, rowsWritten, commits, setAlarms, deleteAlarms }).toEqual({
      asks: 0,
      rowsWritten: 4,
      commits: 1,
      setAlarms: 0,
      deleteAlarms: 0,
    });
  });

  describe("[W7.36] branches", () => {
    const costOfWide = async (count: number, inBranches: boolean, io: boolean) => {
      const id = await start("wide", { count, inBranches, io });
      await stateOf(id);
      await raise(id, "end");
      expect(await outputOf(id, 30)).toBe(count);
      return { ...costsOf(id), beginnings: beginningsOf(id) };
    };

    it.each([false, true])("[W7.36] twenty cost what twenty calls side by side do, with I/O: %s", async (io) => {
      const { rowsWritten, commits, setAlarms, tellings, asks, beginnings } = await costOfWide(20, false, io);
      const same = { rowsWritten, commits, setAlarms, tellings, asks, beginnings };
      expect(await costOfWide(20, true, io)).toMatchObject(same);
    });

    it("[W7.36] a hundred cost an alarm and four rows more at most, once: their first turn outlasts the burst", async () => {
      const [plain, branches] = [await costOfWide(100, false, false), await costOfWide(100, true, false)];
      expect(branches.rowsWritten - plain.rowsWritten).toBeLessThanOrEqual(4);
      expect(branches.setAlarms - plain.setAlarms).toBeLessThanOrEqual(1);
      expect([branches.commits, branches.beginnings]).toEqual([plain.commits, plain.beginnings]);
    });
  });

  it("[W7.32] reading costs nothing", async () => {
    const id = await start("awaitEvent", "E");
    await stateOf(id);
    await expect.poll(() => costsOf(id).deleteAlarms + costsOf(id).commits).toBeGreaterThan(0);
    const before = { ...costsOf(id) };
    for (let n = 0; n < 10; n++) await stateOf(id, "?waitFor=completed&timeoutSeconds=0");
    expect(costsOf(id)).toEqual(before);
  });
});
