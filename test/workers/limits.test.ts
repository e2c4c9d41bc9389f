// Limits inside workerd: real objects, real storage, real alarms.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as workerEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { costsOf } from "./meter.ts";
import { ask, newId, outputOf, raise, run, start, stateOf, stubOf } from "./support.ts";
import { narrowRuns, openNarrows } from "./workflows.ts";

interface Limit {
  readonly name: string;
  readonly running: number;
  readonly waiting: number;
  readonly waitingByKey: readonly { readonly key: string; readonly waiting: number }[];
}

async function limit(name: string): Promise<Limit | undefined> {
  const { body } = await ask("GET /v1.0/workflow-limits/dapr");
  return (body as { limits: readonly Limit[] }).limits.find((one) => one.name === name);
}

const limiter = () =>
  (workerEnv as unknown as { WORKFLOW_LIMITER: DurableObjectNamespace }).WORKFLOW_LIMITER.getByName("narrow");

describe("[W14] limits", () => {
  it("[W14.1] never more run than may; keys come in turn; all come to their end, and nothing is left", async () => {
    const ids = [];
    for (const key of ["a1", "a2", "a3", "a4", "b1"]) ids.push(await start("narrows", key));
    await expect.poll(async () => await limit("narrow")).toMatchObject({ running: 2, waiting: 3 });
    expect((await limit("narrow"))?.waitingByKey.map(({ key, waiting }) => [key, waiting])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    const last = ids[4] as string;
    expect(await stateOf(last, "?detail=full")).toMatchObject({
      waitingFor: "limit:narrow",
      limits: [{ limit: "narrow", key: "b", activity: { id: 1, name: "narrow" }, position: 1 }],
    });
    await expect
      .poll(async () => (await ask("GET /v1.0/workflows/dapr?waitingFor=limit:narrow")).body)
      .toMatchObject({ workflows: { length: 3 } });
    const listed = await ask("GET /v1.0/workflows/dapr?waitingFor=limit:narrow");
    const { workflows } = listed.body as { workflows: readonly { instanceID: string; position?: number }[] };
    expect(Object.fromEntries(workflows.map(({ instanceID, position }) => [instanceID, position]))).toEqual({
      [ids[2] as string]: 1,
      [ids[3] as string]: 2,
      [last]: 1,
    });
    while (narrowRuns.begun.length < 5) {
      const before = narrowRuns.begun.length;
      openNarrows();
      await expect.poll(() => narrowRuns.begun.length).toBeGreaterThan(before);
    }
    openNarrows();
    for (const id of ids) await outputOf(id);
    expect([narrowRuns.most, narrowRuns.begun.slice(2, 4).sort()]).toEqual([2, ["a3", "b1"]]);
    await expect.poll(async () => await limit("narrow")).toMatchObject({ running: 0, waiting: 0 });
  });

  it("[W14.2] objects are put out of memory, instances and limiter: who waits is woken, and begins", async () => {
    const begun = narrowRuns.begun.length;
    const ids = [];
    for (const key of ["c1", "c2", "c3"]) ids.push(await start("narrows", key));
    await expect.poll(async () => (await limit("narrow"))?.waiting).toBe(1);
    const waiting = ids[2] as string;
    await evictDurableObject(stubOf(waiting));
    await evictDurableObject(limiter());
    const { objects } = costsOf(waiting);
    openNarrows();
    await expect.poll(() => narrowRuns.begun.length).toBe(begun + 3);
    expect(costsOf(waiting).objects).toBe(objects + 1);
    openNarrows();
    for (const id of ids) await outputOf(id);
  });

  it("[W14.3] a limited workflow is PENDING until the one before it has ended", async () => {
    const [first, second] = [await start("oneAtATime"), await start("oneAtATime")];
    await expect.poll(async () => (await limit("one-at-a-time"))?.waiting).toBe(1);
    expect((await stateOf(second)).runtimeStatus).toBe("PENDING");
    await raise(first, "go", 1);
    await raise(second, "go", 2);
    expect([await outputOf(first), await outputOf(second)]).toEqual([1, 2]);
  });

  it("[W14.4] the alarm of a limiter finds nothing to do, and does no harm; it writes a row for each lease and none for a question", async () => {
    const end = async (id: string) => {
      await expect.poll(() => narrowRuns.now).toBe(1);
      openNarrows();
      return outputOf(id);
    };
    await end(await start("narrows", "d1"));
    await expect.poll(async () => (await limit("narrow"))?.running).toBe(0);
    await runDurableObjectAlarm(limiter());
    const before = { ...costsOf("narrow") };
    await end(await start("narrows", "d2"));
    await expect.poll(async () => (await limit("narrow"))?.running).toBe(0);
    await limit("narrow");
    expect(costsOf("narrow").asks - before.asks).toBe(2);
    expect(costsOf("narrow").rowsWritten - before.rowsWritten).toBe(2);
    expect(costsOf("narrow").objects).toBe(before.objects);
  });

  it("[W14.5] ten thousand wait in rows: opening the limiter and its alarm take their time, and no memory for each", async () => {
    const id = newId("crowd");
    const stub = (workerEnv as unknown as { WORKFLOW_LIMITER: DurableObjectNamespace }).WORKFLOW_LIMITER.getByName(
      "one-at-a-time",
    );
    await run("echo", id);
    await runInDurableObject(stub, (_limiter, { storage }) => {
      const insert =
        "INSERT INTO lease (instance, lease, key, seq, place, since, until) VALUES (?, 'l', 'k', 1, ?, ?, ?)";
      storage.transactionSync(() => {
        storage.sql.exec(insert, "holder", 1, Date.now(), Date.now() + 60_000);
        for (let n = 0; n < 10_000; n++) storage.sql.exec(insert, `${id}-${n}`, n + 2, Date.now(), null);
      });
    });
    await evictDurableObject(stub);
    const begun = performance.now();
    expect((await limit("one-at-a-time"))?.waiting).toBe(10_000);
    await runDurableObjectAlarm(stub);
    expect(performance.now() - begun).toBeLessThan(5_000);
    // Some have been told, and there is no such instance.
    expect((await limit("one-at-a-time"))?.waiting).toBeGreaterThan(9_000);
    await runInDurableObject(stub, (_limiter, { storage }) => void storage.sql.exec("DELETE FROM lease"));
    await evictDurableObject(stub);
  });
});
