/**
 * npm run simulate: one simulation for each seed, each run twice. `--seeds N` (default 10,000), `--from N` (default 1),
 * `--seed N` for one alone, with its trace. A seed that fails is made smaller, and printed as a plan that can be pinned.
 * Exit code 1 when an invariant did not hold or two runs of a seed differed.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { planFrom } from "./plan.ts";
import { simulate } from "./run.ts";
import { shrink } from "./shrink.ts";
import { add, emptySummary, type Summary, simulateSeed } from "./summary.ts";

const BATCH = 100;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, from: { type: "string" }, seed: { type: "string" } },
  });
  if (values.seed !== undefined) return showOne(numberOf("seed", values.seed));
  const from = numberOf("from", values.from ?? "1");
  const seeds = numberOf("seeds", values.seeds ?? "10000");
  const startedAtMs = performance.now();
  const total = await simulateAll(from, seeds);
  const seconds = (performance.now() - startedAtMs) / 1000;
  report(total, from, seeds, seconds);
  for (const seed of total.failed.slice(0, 3)) {
    const { plan, violations } = await shrink(planFrom(seed));
    if (violations.length === 0) {
      console.log(`\nseed ${seed}: its two runs differ, which cannot be made smaller; see --seed ${seed}`);
      continue;
    }
    console.log(`\nseed ${seed}, made smaller: ${violations.join("; ")}\n${JSON.stringify(plan)}`);
  }
  if (total.failed.length > 0) process.exitCode = 1;
}

/** Seeds go to the cores in batches: the order does not matter, each seed stands for itself. */
async function simulateAll(from: number, seeds: number): Promise<Summary> {
  let total = emptySummary();
  let next = from;
  const work = async () => {
    const worker = new Worker(new URL(import.meta.url));
    for (; next < from + seeds; ) {
      const first = next;
      next += BATCH;
      const last = Math.min(next, from + seeds) - 1;
      const summary = await ask(worker, { first, last });
      total = add(total, summary);
      const failed = total.failed.length === 0 ? "none" : total.failed.slice(0, 10).join(" ");
      process.stderr.write(`\r${total.seeds} of ${seeds} seeds, failed: ${failed} `);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  process.stderr.write("\n");
  return total;
}

function ask(worker: Worker, range: { first: number; last: number }): Promise<Summary> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (summary: Summary) => {
      worker.off("error", reject);
      resolve(summary);
    });
    worker.postMessage(range);
  });
}

async function serve(): Promise<void> {
  parentPort?.on("message", async ({ first, last }: { first: number; last: number }) => {
    let summary = emptySummary();
    for (let seed = first; seed <= last; seed++) summary = add(summary, await simulateSeed(seed));
    parentPort?.postMessage(summary);
  });
}

async function showOne(seed: number): Promise<void> {
  const plan = planFrom(seed);
  const { trace, violations, digest } = await simulate(plan);
  console.log(JSON.stringify(plan));
  for (const line of trace) console.log(line);
  console.log(`${violations.length} violations, digest ${digest}`);
  for (const violation of violations) console.log(violation);
  if (violations.length > 0) process.exitCode = 1;
}

function report(total: Summary, from: number, seeds: number, seconds: number): void {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} ${count.toLocaleString("en-US")}`)
      .join(", ");
  const rows: [string, string | number][] = [
    [`seeds ${from} to ${from + seeds - 1}, each run twice`, `${seconds.toFixed(0)} s`],
    ["instances", total.instances],
    ["how they ended", list(total.ends)],
    ["activities run", total.activityRuns],
    ["calls between objects", total.messages],
    ["calls from clients that were answered", total.answered],
    ["faults injected", Object.values(total.faults).reduce((sum, n) => sum + n, 0)],
    ["", list(total.faults)],
    ["messages lost, completions applied twice, other violations", total.violations.length],
    ["seeds whose two runs differed", total.differing.length],
  ];
  for (const [name, value] of rows)
    console.log(`${name.padEnd(60)} ${typeof value === "number" ? value.toLocaleString("en-US") : value}`);
  for (const violation of total.violations.slice(0, 20)) console.log(violation.slice(0, 300));
  if (total.failed.length > 0) console.log(`failed seeds: ${total.failed.join(" ")}`);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} is a whole number, found ${JSON.stringify(text)}`);
}

if (isMainThread) {
  await main();
} else {
  await serve();
}
