// Limits as a user has them: a Worker with three, on a real port, restarted and deployed anew in between.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, bundle, ROOT, type Server, serve } from "./server.ts";

const WORKER = join(ROOT, "test/node/e2e/limits-worker.js");

let server: Server;
let api: Api;

beforeAll(async () => {
  server = await serve(await bundle(WORKER));
  api = new Api(server.origin);
});
afterAll(async () => {
  await server?.close();
});

async function get(path: string) {
  const response = await fetch(`${server.origin}/v1.0/${path}`);
  return (await response.json()) as Record<string, unknown>;
}

interface Row {
  readonly instanceID: string;
  readonly runtimeStatus: string;
  readonly position?: number;
}

/** Of those that wait for the limit: their positions, as the list has them. */
async function positions(limit: string): Promise<Record<string, number | undefined>> {
  const { workflows } = (await get(`workflows/dapr?waitingFor=limit:${limit}`)) as { workflows: readonly Row[] };
  return Object.fromEntries(workflows.map(({ instanceID, position }) => [instanceID, position]));
}

async function running(prefix: string): Promise<string[]> {
  const { workflows } = (await get(`workflows/dapr?idPrefix=${prefix}&status=RUNNING`)) as {
    workflows: readonly Row[];
  };
  return workflows.map(({ instanceID }) => instanceID).sort();
}

async function limit(name: string) {
  const { limits } = (await get("workflow-limits/dapr")) as { limits: readonly { name: string }[] };
  return limits.find((one) => one.name === name);
}

const SOON = { timeout: 20_000 };

describe("[E60] Limits on a real server", () => {
  it("[E60.1] list and description say who waits, and where; after a restart they say the same; when one ends, all move up", async () => {
    for (const id of ["a1", "a2", "a3", "a4"]) await api.start("importFile", id, { tenant: "acme" });
    await api.start("importFile", "b1", { tenant: "bolt" });
    await expect.poll(() => positions("imports"), SOON).toEqual({ a2: 1, a3: 2, a4: 3 });
    const described = async (id: string) => (await get(`workflows/dapr/${id}?detail=full`)) as { limits?: unknown };
    expect(await described("a3")).toMatchObject({
      runtimeStatus: "PENDING",
      waitingFor: "limit:imports",
      limits: [{ limit: "imports", key: "acme", position: 2, ahead: 1 }],
    });
    expect((await described("b1")).limits).toBeUndefined();
    await server.reload(await bundle(WORKER));
    await expect.poll(() => positions("imports"), SOON).toEqual({ a2: 1, a3: 2, a4: 3 });
    await api.raise("a1", "go", 1);
    await api.ended("a1");
    await expect.poll(() => positions("imports"), SOON).toEqual({ a3: 1, a4: 2 });
    expect((await described("a4")).limits).toMatchObject([{ position: 2 }]);
    for (const id of ["a2", "a3", "a4", "b1"]) {
      await api.raise(id, "go", 1);
      expect((await api.ended(id)).runtimeStatus).toBe("COMPLETED");
    }
    await expect.poll(() => limit("imports"), SOON).toMatchObject({ running: 0, waiting: 0 });
  });

  it("[E60.2] of a rate as many begin as it says, the others wait in their order; one that is terminated gives its place", async () => {
    for (const id of ["p1", "p2", "p3", "p4", "p5"]) {
      await api.start("pay", id, id);
      if (id < "p3") await api.ended(id);
    }
    await expect.poll(async () => Object.values(await positions("cards")).sort(), SOON).toEqual([1, 2, 3]);
    const [first = ""] = Object.entries(await positions("cards")).find(([, position]) => position === 1) ?? [];
    await fetch(`${server.origin}/v1.0/workflows/dapr/${first}/terminate`, { method: "POST" });
    await expect.poll(async () => Object.values(await positions("cards")).sort(), SOON).toEqual([1, 2]);
    expect(await limit("cards")).toMatchObject({ rate: "2/h", waiting: 2, waitingByKey: [{ key: "", waiting: 2 }] });
  });

  it("[E60.3] a deploy that spreads a limit over other objects lets nobody begin for that, and all come to their end", async () => {
    const ids = ["j1", "j2", "j3", "j4", "j5", "j6"];
    for (const id of ids) await api.start("job", id);
    await expect.poll(async () => Object.keys(await positions("jobs")).length, SOON).toBe(4);
    const before = await running("j");
    const { code, classes } = await bundle(WORKER);
    const other = code.replace("PARTS ?? 1", "PARTS ?? 2");
    expect(other).not.toBe(code);
    await server.reload({ code: other, classes });
    // Who is asked looks after its place.
    for (const id of ids) await get(`workflows/dapr/${id}?detail=full`);
    await expect.poll(() => limit("jobs"), SOON).toMatchObject({ parts: 2, running: 2, waiting: 4 });
    expect((await running("j")).length).toBeLessThanOrEqual(4);
    expect(before).toHaveLength(2);
    for (const id of ids) await api.raise(id, "go", id);
    for (const id of ids) expect((await api.ended(id)).runtimeStatus).toBe("COMPLETED");
    await expect.poll(() => limit("jobs"), SOON).toMatchObject({ running: 0, waiting: 0 });
  });
});
