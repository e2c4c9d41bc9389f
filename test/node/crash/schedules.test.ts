// [C12] Schedules on a real workerd that is killed: each nominal time has one instance, whatever moment is on disk.
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryDirectory, until } from "../e2e/server.ts";
import { Random } from "../random.ts";
import { readInstances } from "./database.ts";
import { Host } from "./processes.ts";

const SEED = Number(process.env.CRASH_SEED ?? 20_261_129);
const WANTED = 12;
const KILLS = 5;
const SCHEDULES = ["every-second", "one-by-one"];

interface Schedule {
  readonly remainingActions: number;
  readonly fires: readonly { readonly instanceID: string; readonly outcome: string }[];
}

test("[C12.1] killed again and again, while it fires, is triggered and waits: exactly one instance for each time, in their order", async () => {
  console.log(`CRASH_SEED=${SEED}`);
  const random = new Random(SEED);
  const directory = temporaryDirectory();
  const start = () => Host.start(directory, "http://127.0.0.1:9/", { worker: "./schedules-worker.js" });
  let host = await start();
  const ask = async (method: string, path: string, body?: object) => {
    const url = `${host.origin}/v1.0/workflow-schedules/dapr${path}`;
    const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const see = async (id: string): Promise<Schedule> => ask("GET", `/${id}`);
  try {
    const common = { workflowName: "tick", cron: "* * * * * *", catchUpWindow: "1h", remainingActions: WANTED };
    await ask("PUT", "/every-second", { ...common, overlap: "allowAll", input: 1 });
    await ask("PUT", "/one-by-one", { ...common, overlap: "bufferAll", input: 2 });
    const triggered: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300 + random.next() * 1_500));
      // It may be answered, and killed before it is, or after: sent again with the same name it is one instance.
      const requestID = `request-${kill}`;
      const trigger = () => ask("POST", `/every-second/trigger?requestID=${requestID}`, { input: requestID });
      const sent = trigger().catch(() => undefined);
      if (random.next() < 0.5) await sent;
      await host.kill();
      await sent;
      host = await start();
      triggered.push((await trigger()).instanceID);
    }
    await until(
      "all have been started",
      async () => {
        const all = await Promise.all(SCHEDULES.map(see));
        return all.every(
          ({ remainingActions, fires }) =>
            remainingActions === 0 && fires.every(({ outcome }) => outcome === "started"),
        );
      },
      60_000,
    );
    const runs = async () => {
      const ids = (await Promise.all(SCHEDULES.map(see))).flatMap(({ fires }) =>
        fires.map(({ instanceID }) => instanceID),
      );
      const states = await Promise.all(
        ids.map(async (id) => {
          const response = await fetch(`${host.origin}/v1.0/workflows/dapr/${id}?waitFor=completed&timeoutSeconds=20`);
          return ((await response.json()) as { runtimeStatus: string }).runtimeStatus;
        }),
      );
      return states.every((status) => status === "COMPLETED");
    };
    expect(await runs()).toBe(true);
    expect(new Set(triggered).size).toBe(KILLS);
    await host.stop();
    const instances = [...readInstances(directory).values()];
    for (const id of SCHEDULES) {
      const scheduled = instances.filter(({ instanceId }) => new RegExp(`^${id}-\\d{8}T\\d{6}Z$`).test(instanceId));
      const seconds = scheduled.map(({ instanceId }) => secondOf(instanceId)).sort((a, b) => a - b);
      // None is left out, and none is there twice: the ID of an instance is its time.
      expect(seconds).toEqual(Array.from({ length: WANTED }, (_, n) => (seconds[0] ?? 0) + n));
      for (const { history, status } of scheduled)
        expect([status, history.filter(({ type }) => type === "ExecutionStarted").length]).toEqual(["COMPLETED", 1]);
    }
    const others = instances.filter(({ instanceId }) => /Z-\d+$/.test(instanceId)).map(({ instanceId }) => instanceId);
    expect(others.sort()).toEqual([...triggered].sort());
  } finally {
    await host.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}, 180_000);

function secondOf(instanceId: string): number {
  const [, y, mo, d, h, mi, s] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(instanceId) ?? [];
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) / 1_000;
}
