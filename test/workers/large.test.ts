// Payloads above what one row of a Durable Object holds.
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import {
  ACCEPTED,
  ask,
  ended,
  NOTHING,
  operate,
  outputOf,
  query,
  remainsOf,
  start,
  stateOf,
  stubOf,
  W,
} from "./support.ts";
import { textOf } from "./workflows.ts";

const FIVE_MB = 5_000_000;

/** Compared as a whole, but never printed. */
async function expectOutput(id: string, expected: unknown): Promise<void> {
  expect(JSON.stringify(await outputOf(id, 20)) === JSON.stringify(expected), `output of ${id}`).toBe(true);
}

async function longestValue(id: string): Promise<number> {
  const rows = await query(
    id,
    `SELECT max(n) AS n FROM (SELECT max(length(CAST(payload AS BLOB))) AS n FROM instance
       UNION ALL SELECT max(length(CAST(text AS BLOB))) FROM chunk)`,
  );
  return Number(rows[0]?.n);
}

describe("[W6] large payloads", () => {
  it("[W6.1] 5 MB from an activity come back intact, also from disk, in rows below 2 MB", async () => {
    const id = await start("largeResult", FIVE_MB);
    await expectOutput(id, textOf(FIVE_MB));
    expect(await longestValue(id)).toBeLessThan(2_000_000);
    await evictDurableObject(stubOf(id));
    await expectOutput(id, textOf(FIVE_MB));
  });

  it("[W6.2] 5 MB from a child come back intact", async () => {
    const id = await start("parent", { workflow: "largeResult", input: FIVE_MB });
    await expectOutput(id, textOf(FIVE_MB));
    await expectOutput(`${id}:0001`, textOf(FIVE_MB));
    await operate(id, "purge");
    expect(await remainsOf(id)).toEqual(NOTHING);
    expect(await remainsOf(`${id}:0001`)).toEqual(NOTHING);
  });

  it("[W6.5] a child's result that no message holds: the parent fails, and the child has it", async () => {
    const length = 33 * 1024 * 1024;
    const id = await start("parent", { workflow: "largeResult", input: length });
    const { runtimeStatus, properties } = await ended(id, 30);
    expect([runtimeStatus, properties?.["dapr.workflow.failure.error_message"]]).toEqual([
      "FAILED",
      expect.stringContaining(`'${id}:0001' is completed, and its result does not fit into a message to its parent`),
    ]);
    const [row] = await query(`${id}:0001`, "SELECT sum(length(text)) AS n FROM chunk WHERE owner = 'history'");
    expect(Number(row?.n)).toBeGreaterThan(length);
  });

  it("[W6.6] a child that fails with a text of 17 million characters: its parent fails with the begin of it, and both can be read", async () => {
    const id = await start("parent", { workflow: "failsAtLength", input: 17_000_000 });
    for (const one of [id, `${id}:0001`]) {
      const { runtimeStatus, properties } = await ended(one, 30);
      const message = properties?.["dapr.workflow.failure.error_message"] ?? "";
      expect(runtimeStatus).toBe("FAILED");
      expect(message).toContain("EEEE");
      expect(message.length).toBeLessThanOrEqual(32 * 1024);
      expect(message).toMatch(/… \[cut here\]$/);
    }
    const { body } = await ask(`GET ${W}/${id}/history`);
    expect(JSON.stringify(body).length).toBeLessThan(512 * 1024);
  });

  it("[W6.3] an event of 4 MiB reaches the workflow, also through an eviction while suspended", async () => {
    const text = "äx".repeat(4 * 1024 * 1024).slice(0, Math.floor((4 * 1024 * 1024) / 3) * 2);
    expect(new TextEncoder().encode(text).byteLength).toBeGreaterThan(4 * 1024 * 1024 - 4);
    for (const evicted of [false, true]) {
      const id = await start("measureEvent");
      if (evicted) await operate(id, "pause");
      expect(await ask(`POST ${W}/${id}/raiseEvent/text`, text)).toEqual(ACCEPTED);
      if (evicted) {
        await stateOf(id);
        await evictDurableObject(stubOf(id));
        await operate(id, "resume");
      }
      await expectOutput(id, { length: text.length, text });
      expect(await query(id, "SELECT count(*) AS n FROM chunk WHERE owner = 'inbox'")).toEqual([{ n: 0 }]);
    }
  });

  it("[W6.4] an input of 4 MiB survives an eviction", async () => {
    const text = JSON.stringify(textOf(3_000_000));
    const id = await start("echo", textOf(3_000_000));
    await ended(id);
    await evictDurableObject(stubOf(id));
    const { properties } = await stateOf(id);
    expect(properties?.["dapr.workflow.input"] === text && properties["dapr.workflow.output"] === text).toBe(true);
  });
});
