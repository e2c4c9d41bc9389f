/**
 * npm run bench -- --before DIR: this commit beside an earlier one, a checkout in DIR with its node_modules. Both libraries do
 * the work of the same Worker (bench/workers/edge.ts); what is measured is the CPU time of workerd, which a busy machine
 * changes less than it changes speeds. Each turn has a workerd and a directory of its own, on a file system in memory
 * where there is one; nine pairs of turns, or three with `--quick`.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkCheckout } from "./checkout.ts";
import { type Comparison, type Counted, compare, differences, least, orderOf } from "./comparison.ts";
import { CONTESTANTS } from "./contestants.ts";
import { takeCosts } from "./counts.ts";
import { BenchDirectory } from "./disk.ts";
import type { Job } from "./job.ts";
import { formatColumns, formatNumber } from "./report.ts";
import { bundle } from "./server.ts";
import { Turn } from "./turn.ts";

const PAIRS = 9;
const QUICK_PAIRS = 3;
const MEMORY_DIRECTORY = "/dev/shm";

const SERIES: Job = { work: "series", n: 5 };
const STEPS: Job = { work: "steps", n: 1_000 };
const INSTANCES = 1_000;
const LONG_ONES = 100;
/** What does the same each time, whatever the machine. */
const COUNTED: Readonly<Record<string, Job>> = {
  "5 steps in a row": SERIES,
  "5 steps at once": { work: "parallel", n: 5 },
  "1,000 steps in a row": STEPS,
  "fan-out of 100": { work: "fanout", n: 100 },
  "50 payloads of 10 KB": { work: "payload", n: 50, bytes: 10_000 },
  "10 children": { work: "children", n: 10 },
  "100 executions": { work: "again", n: 100 },
};
const COUNTED_TIMES = 3;

interface Side {
  readonly title: "before" | "after";
  /** The folder of the checkout. */
  readonly root: string;
  readonly instanceMs: number[];
  readonly stepsMs: number[];
}

/** @returns whether this commit takes no more than the earlier one */
export async function compareWith(given: string, isQuick: boolean): Promise<boolean> {
  const root = resolve(process.env.INIT_CWD ?? ".", given);
  checkCheckout(root);
  const directory = new BenchDirectory(existsSync(MEMORY_DIRECTORY) ? MEMORY_DIRECTORY : undefined);
  if (!directory.isInMemory()) console.log("There is no file system in memory here: the disk adds to the spread.");
  const sideOf = (title: Side["title"], of: string): Side => ({ title, root: of, instanceMs: [], stepsMs: [] });
  const [before, after] = [sideOf("before", root), sideOf("after", join(import.meta.dirname, ".."))];
  const contestant = CONTESTANTS.edge;
  // Made once: whoever works on a file meanwhile changes nothing.
  const bundles = new Map<string, Promise<string>>();
  const codeOf = (side: Side, variant: "plain" | "metered") => {
    const key = `${side.title} ${variant}`;
    const code = bundles.get(key) ?? bundle(contestant.entries[variant] ?? "", side.root);
    bundles.set(key, code);
    return code;
  };
  for (const side of [before, after]) for (const variant of ["plain", "metered"] as const) await codeOf(side, variant);
  const use = async <T>(side: Side, variant: "plain" | "metered", work: (turn: Turn) => Promise<T>): Promise<T> => {
    const code = await codeOf(side, variant);
    const turn = await Turn.begin({ name: "edge", contestant, variant, code, isQuick, echoUrl: "" }, directory);
    try {
      return await work(turn);
    } catch (error) {
      throw new Error(`${side.title} (${side.root}): ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    } finally {
      await turn.end();
    }
  };

  process.stderr.write("counts\n");
  const unequal = differences(await use(before, "metered", countAll), await use(after, "metered", countAll));
  const pairs = isQuick ? QUICK_PAIRS : PAIRS;
  for (let pair = 0; pair < pairs; pair++) {
    process.stderr.write(`pair ${pair + 1} of ${pairs}\n`);
    for (const side of orderOf(pair, before, after)) await use(side, "plain", (turn) => measure(turn, side));
  }

  const instances = compare(before.instanceMs, after.instanceMs);
  const steps = compare(before.stepsMs, after.stepsMs);
  const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
  const row = (title: string, { before, after, ratio, spread, verdict }: Comparison) => [
    title,
    formatNumber(before),
    formatNumber(after),
    ratio.toFixed(3),
    percent(spread),
    verdict,
  ];
  const head = ["CPU of workerd, ms, medians", "before", "after", "ratio", "spread", ""];
  const table = [head, row("an instance of 5 steps", instances), row("1,000 steps", steps)];
  console.log(`${pairs} pairs, before: ${root}`);
  console.log(formatColumns(table));
  console.log(
    "spread: how far medians of two such runs of one commit are apart, in 95 of 100 cases. Slower: beyond 5 % and it.",
  );
  for (const line of unequal) console.log(`counts are not equal: ${line}`);
  if (unequal.length === 0) console.log("rows, commits, alarms and requests are equal");
  return unequal.length === 0 && instances.verdict !== "slower" && steps.verdict !== "slower";
}

async function measure(turn: Turn, side: Side): Promise<void> {
  await turn.warmUp(async () => {
    await turn.crowd(50, 10, SERIES);
    await turn.run(STEPS);
  });
  side.instanceMs.push((await cpuOf(turn, () => turn.repeat(INSTANCES, SERIES))) / INSTANCES);
  side.stepsMs.push((await cpuOf(turn, () => turn.repeat(LONG_ONES, STEPS))) / LONG_ONES);
}

async function cpuOf(turn: Turn, work: () => Promise<unknown>): Promise<number> {
  const tookMs = await turn.cpuMsOf(work);
  if (!(tookMs > 0)) throw new Error("the CPU time of workerd is read from /proc, which only Linux has");
  return tookMs;
}

async function countAll(turn: Turn): Promise<Map<string, Counted>> {
  const counts = new Map<string, Counted>();
  await takeCosts(turn);
  for (const [title, job] of Object.entries(COUNTED)) {
    const runs: Counted[] = [];
    for (let n = 0; n < COUNTED_TIMES; n++) {
      await turn.run(job);
      runs.push({ ...(await takeCosts(turn)) });
    }
    counts.set(title, least(runs));
  }
  return counts;
}
