// [O] More than an instance is made for, on a real workerd on disk.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Api, bundle, outputOf, type Server, serve, until } from "../e2e/server.ts";

// A machine that is busy with something else takes several times as long as one that is not.
vi.setConfig({ testTimeout: 300_000 });

let server: Server;
let api: Api;
const path = (rest: string) => `${server.origin}/v1.0/workflows/dapr/${rest}`;
const post = async (rest: string, body?: unknown) => {
  const response = await fetch(path(rest), {
    method: "POST",
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
};
const sumTo = (n: number) => (n * (n - 1)) / 2;

beforeAll(async () => {
  server = await serve(await bundle(fileURLToPath(new URL("./worker.js", import.meta.url).href)));
  api = new Api(server.origin);
});
afterAll(() => server?.close());

/** Long runs: asks again until it has ended. */
async function end(id: string): Promise<[status: string, output: unknown]> {
  for (;;) {
    const state = await api.ended(id);
    if (!["PENDING", "RUNNING"].includes(state.runtimeStatus)) return [state.runtimeStatus, outputOf(state)];
  }
}

describe("[O1] Contention for one instance", () => {
  it("[O1.1] 200 starts of one ID at once: one wins, and all others are told that it is taken", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => post(`sleeper/start?instanceID=contended`, n)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    const others = answers.filter(({ status }) => status !== 202);
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([500]));
    for (const { text } of others)
      expect(JSON.parse(text)).toEqual({
        errorCode: "ERR_START_WORKFLOW",
        message: expect.stringContaining("an active workflow with ID 'contended' already exists"),
      });
  });

  it("[O1.2] 5,000 events from 100 clients while it continues as new: each counts once, in the order of its sender", async () => {
    await api.start("counter", "counter", { left: 5_000, seen: {} });
    await Promise.all(
      Array.from({ length: 100 }, async (_, sender) => {
        for (let n = 0; n < 50; n++) await api.raise("counter", "count", [sender, n]);
      }),
    );
    const [status, seen] = await end("counter");
    expect(status).toBe("COMPLETED");
    const expected = Array.from({ length: 100 }, (_, sender) => [
      String(sender),
      Array.from({ length: 50 }, (_, n) => n),
    ]);
    expect(seen).toEqual(Object.fromEntries(expected));
  });
});

describe("[O2] Much in one instance", () => {
  it.each([
    ["a fan-out of 10,000 activities", "fanout", 10_000],
    ["1,000 children", "family", 1_000],
    ["a history of 50,000 events", "chain", 25_000],
  ])("[O2.1] %s", async (_, name, n) => {
    await api.start(name, `${name}-${n}`, n);
    expect(await end(`${name}-${n}`)).toEqual(["COMPLETED", sumTo(n)]);
    // And it can be read again, a page at a time.
    let events = 0;
    for (let token: string | undefined = "0"; token !== undefined; ) {
      const page = await fetch(path(`${name}-${n}/history?limit=10000&continuationToken=${token}`));
      const body = (await page.json()) as { events: unknown[]; continuationToken?: string };
      events += body.events.length;
      token = body.continuationToken;
    }
    expect(events).toBe(2 * n + 2);
  });
});

describe("[O3] Workflows that do not behave are bounded, seen, and can be stopped, and others are served meanwhile", () => {
  const othersAreServed = async () => {
    const id = crypto.randomUUID();
    await api.start("one", id, 7);
    expect(await end(id)).toEqual(["COMPLETED", 7]);
  };

  it("[O3.1] one that loops without waiting fails", async () => {
    await api.start("spinning", "spinning");
    const state = await api.ended("spinning");
    expect(state.runtimeStatus).toBe("FAILED");
    expect(JSON.stringify(state.properties)).toContain("exceeded maximum iteration limit");
    await othersAreServed();
  });

  it.each(["terminate", "purge?force=true"])(
    "[O3.2] one whose turn awaits what never comes: seen in the log, and stopped: %s",
    async (operation) => {
      const id = `hanging-${operation.slice(0, 5)}`;
      await api.start("hanging", id);
      await othersAreServed();
      expect((await api.state(id)).runtimeStatus).toMatch(/PENDING|RUNNING/);
      const isTold = () => server.log.some((line) => line.includes(`"${id}"`) && line.includes("A turn has gone on"));
      await until("the line in the log", isTold, 60_000);
      expect((await post(`${id}/${operation}`)).status).toBe(202);
      if (operation === "terminate") expect((await end(id))[0]).toBe("TERMINATED");
      else expect(await api.exists(id)).toBe(false);
    },
  );

  it("[O3.3] one that continues as new for ever: slowed down, logged, terminated and purged", async () => {
    await api.start("forever", "forever", 0);
    await othersAreServed();
    await until("the line in the log", () => server.log.some((line) => line.includes("has continued as new")), 60_000);
    expect((await api.state("forever")).runtimeStatus).toBe("RUNNING");
    const executions = async () => Number((await api.state("forever")).properties?.["dapr.workflow.input"]);
    const before = await executions();
    expect(before).toBeGreaterThanOrEqual(10_000);
    await until("a few more", async () => (await executions()) > before + 1, 60_000);
    // One a second: at full speed there are thousands.
    expect((await executions()) - before).toBeLessThan(100);
    await othersAreServed();
    expect((await post("forever/terminate")).status).toBe(202);
    expect((await end("forever"))[0]).toBe("TERMINATED");
    expect((await post("forever/purge")).status).toBe(202);
    expect(await api.exists("forever")).toBe(false);
  });
});
