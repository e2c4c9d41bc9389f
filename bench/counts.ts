import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Turn } from "./turn.ts";
import type { Costs } from "./workers/meter.ts";
import type { Workload } from "./workloads/workload.ts";

/** What one instance of a workload costs. Of Cloudflare's engine only the rows can be seen that it leaves behind. */
export type Counts = Costs | { readonly rowsLeft: number };

export interface StepCosts {
  readonly rowsPerStep: number;
  readonly setAlarmsPerInstance: number;
}

/** The last alarm of an instance may be taken back just after the client has its answer. */
const SETTLES_IN_MS = 100;

/** Runs the sample of each workload once. */
export async function countSamples(turn: Turn, workloads: readonly Workload[]): Promise<Map<string, Counts>> {
  const counts = new Map<string, Counts>();
  const rowCounter = turn.isCloudflare ? await countRowsIn(turn.directory) : undefined;
  for (const workload of workloads) {
    if (workload.sample === undefined || !workload.contestants.includes(turn.name)) continue;
    await workload.sample(turn);
    const rowsLeft = rowCounter?.();
    if (rowsLeft !== undefined) counts.set(workload.name, { rowsLeft });
    else if (rowCounter === undefined && !turn.isCloudflare) counts.set(workload.name, await takeCosts(turn));
  }
  return counts;
}

/** What is asserted of this engine: rows for one more step, and the most alarms of any instance without timers. */
export async function countSteps(turn: Turn): Promise<StepCosts> {
  const costsOf = async (work: "series" | "parallel" | "steps" | "fanout", n: number) => {
    await turn.run({ work, n });
    return takeCosts(turn);
  };
  await takeCosts(turn);
  // More than fit into one statement, which changes the row of the instance once less.
  const [few, many] = [await costsOf("steps", 20), await costsOf("steps", 1_020)];
  const others = [await costsOf("series", 5), await costsOf("parallel", 5), await costsOf("fanout", 100)];
  return {
    rowsPerStep: (many.rowsWritten - few.rowsWritten) / 1_000,
    setAlarmsPerInstance: Math.max(...[few, many, ...others].map((costs) => costs.setAlarms)),
  };
}

export async function takeCosts(turn: Turn): Promise<Costs> {
  await new Promise((resolve) => setTimeout(resolve, SETTLES_IN_MS));
  return JSON.parse((await turn.client.send("GET", "/costs")).text);
}

/**
 * Its engine runs in a Worker of Miniflare's, where nothing can be metered. But its databases can be read: rows that are
 * there have been written once at least. Undefined where Node has no SQLite yet.
 */
async function countRowsIn(directory: string): Promise<(() => number) | undefined> {
  const sqlite = await import("node:sqlite").catch(() => undefined);
  if (sqlite === undefined) return undefined;
  const rowsIn = (file: string) => {
    const database = new sqlite.DatabaseSync(file, { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      const count = (name: unknown) => Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n ?? 0);
      return tables.reduce((rows, { name }) => rows + count(name), 0);
    } finally {
      database.close();
    }
  };
  const seen = new Set<string>();
  return () => {
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
    const fresh = files.filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file) && !seen.has(file));
    for (const file of fresh) seen.add(file);
    return fresh.reduce((rows, file) => rows + rowsIn(join(directory, file)), 0);
  };
}
