// Search attributes and retention, on real instances.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { costsOf } from "./meter.ts";
import { ask, newId, outputOf, raise, send, stubOf, W } from "./support.ts";

/** What the row of the instance has in its detail, and when its alarm rings. */
function rowOf(id: string): Promise<{ detail: Record<string, unknown> | undefined; alarmAtMs: number | null }> {
  return runInDurableObject(stubOf(id), async (_instance, { storage }) => {
    const isThere = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'instance'").toArray().length > 0;
    const row = isThere
      ? storage.sql.exec<{ detail: string }>("SELECT detail FROM instance WHERE seq = -1").one()
      : undefined;
    return { detail: row && JSON.parse(row.detail), alarmAtMs: await storage.getAlarm() };
  });
}

describe("[W15] search attributes and retention", () => {
  it("[W15.1] attributes of a start, and those that code sets, lie in the row, in clear; the Dapr form of GET has none", async () => {
    const id = newId("attributes");
    const given = "attr.customer=c995&attr.tags=%5B%22a%22%5D&attr.amount=12.5";
    expect((await send(`POST ${W}/tagged/start?instanceID=${id}&${given}`)).status).toBe(202);
    await raise(id, "set", { amount: 7, tags: null });
    await raise(id, "set", null);
    const after = { customer: "c995", amount: 7 };
    expect(await outputOf(id)).toEqual(after);
    expect((await rowOf(id)).detail).toMatchObject({ searchAttributes: after });
    const { body: history } = await ask(`GET ${W}/${id}/history?limit=1`);
    expect(history).toMatchObject({
      events: [{ type: "ExecutionStarted", searchAttributes: { customer: "c995", tags: ["a"], amount: 12.5 } }],
    });
    const { body } = await ask(`GET ${W}/${id}`);
    expect(Object.keys(body as object)).not.toContain("searchAttributes");
  });

  it("[W15.2] retention=0s: whoever waits has the answer, and then nothing is there, no alarm either", async () => {
    const id = newId("gone");
    const answer = await ask(`POST ${W}/echo/start?instanceID=${id}&retention=0s&waitFor=completed`, "7");
    expect(answer).toMatchObject({ status: 200, body: { runtimeStatus: "COMPLETED" } });
    await expect.poll(async () => (await send(`GET ${W}/${id}`)).status).toBe(404);
    expect(await rowOf(id)).toEqual({ detail: undefined, alarmAtMs: null });
  });

  it("[W15.3] retention=1h, with the catalog: no alarm and no row more, for a shard sees to it", async () => {
    const id = newId("kept");
    await ask(`POST ${W}/echo/start?instanceID=${id}&retention=1h&waitFor=completed`, "7");
    expect(await rowOf(id)).toMatchObject({ detail: { retentionMs: 3_600_000 }, alarmAtMs: null });
    const { rowsWritten, setAlarms } = costsOf(id);
    expect({ rowsWritten, setAlarms }).toEqual({ rowsWritten: 4, setAlarms: 0 });
  });
});
