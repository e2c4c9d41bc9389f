/**
 * npm run bench: the same work done by edge-workflows, by Cloudflare Workflows and by a bare Durable Object (the floor), on
 * the same workerd through Miniflare, on disk. `--quick`, `--json FILE`, `--only edge|cloudflare|cloudflare-test-wait|floor`,
 * `--workload NAME`, `--rounds N`. `--before DIR [--quick]`: this commit beside an earlier one, see before.ts.
 *
 * A round goes through the workloads, and in each gives every contestant one turn; the next round begins with another
 * one. A turn has a workerd and a directory to itself: what a contestant leaves behind (live objects, timers, evictions
 * ten seconds later) cannot slow down another. Since a new workerd is cold, each turn begins with a warm-up that is not
 * counted. Ratios count more than speeds: client and server share this machine, which is slow or fast for all alike.
 * Costs (rows, alarms, requests) are counted last, in turns that are not timed.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { compareWith } from "./before.ts";
import { CONTESTANTS, type ContestantName, USUAL, type Variant } from "./contestants.ts";
import { countSamples, countSteps } from "./counts.ts";
import { BenchDirectory } from "./disk.ts";
import { type EchoServer, startEchoServer } from "./echo-server.ts";
import {
  formatCatalog,
  formatLogs,
  formatNumber,
  formatTable,
  formatTelemetry,
  formatWebhooks,
  isTelemetryDear,
  toJson,
} from "./report.ts";
import { Results } from "./results.ts";
import { bundle } from "./server.ts";
import { type Summary, summarize } from "./statistics.ts";
import { Turn } from "./turn.ts";
import { MEMORY, type Workload } from "./workloads/workload.ts";
import { WORKLOADS } from "./workloads.ts";

interface Flags {
  readonly names: readonly ContestantName[];
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly jsonFile: string | undefined;
  readonly before: string | undefined;
}

const ROUNDS = 5;
/** A quick run begins no round that is likely to end later than this, once it has two. */
const QUICK_BUDGET_MS = 430_000;
const LEAST_ROUNDS = 2;

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.before !== undefined) {
    if (!(await compareWith(flags.before, flags.isQuick))) process.exitCode = 1;
    return;
  }
  const echo = await startEchoServer();
  try {
    const bench = new Bench(flags, echo);
    const fsyncMs = await bench.runRounds();
    await bench.count();
    print(bench.results, flags, fsyncMs, bench.directory.isInMemory());
    if (isTelemetryDear(bench.results)) process.exitCode = 1;
    if (flags.jsonFile !== undefined)
      writeFileSync(flags.jsonFile, `${JSON.stringify(toJson(bench.results, fsyncMs), null, 2)}\n`);
  } finally {
    echo.close();
  }
}

class Bench {
  readonly results: Results;
  readonly directory = new BenchDirectory();
  readonly #flags: Flags;
  readonly #echo: EchoServer;
  readonly #bundles = new Map<string, string>();
  readonly #startedAtMs = performance.now();

  constructor(flags: Flags, echo: EchoServer) {
    this.#flags = flags;
    this.#echo = echo;
    this.results = new Results(flags.names, flags.workloads);
  }

  /** @returns how long an fsync took meanwhile */
  async runRounds(): Promise<Summary> {
    const { rounds, workloads, names } = this.#flags;
    const fsyncsMs: number[] = [];
    for (let round = 0; round < rounds && this.#hasTimeFor(round); round++) {
      fsyncsMs.push(this.directory.measureFsyncMs());
      for (const workload of workloads) {
        if (round >= (workload.maxRounds ?? rounds)) continue;
        const playing = names.filter((name) => workload.contestants.includes(name));
        const turns = workload.turnsPerRound ?? 1;
        process.stderr.write(`round ${round + 1} of ${rounds}, ${this.#seconds()} s: ${workload.name}\n`);
        for (let turn = round * turns; turn < (round + 1) * turns; turn++)
          for (const name of rotate(playing, turn)) await this.#measure(name, workload, turn);
      }
    }
    return summarize(fsyncsMs);
  }

  async count(): Promise<void> {
    const { results } = this;
    process.stderr.write(`counts, ${this.#seconds()} s\n`);
    for (const name of this.#flags.names) {
      const isMetered = CONTESTANTS[name].entries.metered !== undefined;
      await this.#withTurn(name, isMetered ? "metered" : "plain", "counts", async (turn) => {
        if (name === "edge") results.stepCosts = await countSteps(turn);
        results.counts.set(name, await countSamples(turn, this.#flags.workloads));
      });
    }
  }

  #seconds(): number {
    return Math.round((performance.now() - this.#startedAtMs) / 1000);
  }

  #hasTimeFor(round: number): boolean {
    const elapsedMs = performance.now() - this.#startedAtMs;
    const isLikelyInTime = round === 0 || elapsedMs * (1 + 1 / round) < QUICK_BUDGET_MS;
    return !this.#flags.isQuick || round < LEAST_ROUNDS || isLikelyInTime;
  }

  #measure(name: ContestantName, workload: Workload, index: number): Promise<void> {
    const what = `${workload.name} (${index + 1})`;
    return this.#withTurn(name, workload.variant ?? "plain", what, async (turn) => {
      const measurement = await workload.measure(turn);
      this.results.add(name, workload, index, { ...measurement, [MEMORY]: turn.workerd.peakMemoryMiB() });
    });
  }

  /** Who fails is left out and named below the table; when it is edge-workflows, the run goes on and fails at its end. */
  async #withTurn(name: ContestantName, variant: Variant, what: string, use: (turn: Turn) => Promise<void>) {
    const contestant = CONTESTANTS[name];
    const code = await this.#code(contestant.entries[variant] ?? contestant.entries.plain ?? "");
    const { isQuick } = this.#flags;
    const turn = await Turn.begin(
      { name, contestant, variant, code, isQuick, echoUrl: this.#echo.url },
      this.directory,
    );
    try {
      await use(turn);
    } catch (error) {
      if (name === "edge") process.exitCode = 1;
      process.stderr.write(`failed: ${messageOf(error)}\n`);
      this.results.failures.push(`${contestant.title}, ${what}: ${messageOf(error)}`);
    } finally {
      await turn.end();
    }
  }

  async #code(entry: string): Promise<string> {
    const code = this.#bundles.get(entry) ?? (await bundle(entry));
    this.#bundles.set(entry, code);
    return code;
  }
}

function print(results: Results, { names }: Flags, fsyncMs: Summary, isInMemory: boolean): void {
  if (isInMemory)
    console.log("The temporary directory is in memory, where commits cost less: set TMPDIR to one on a disk.");
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores, ${fsyncMs.rounds.length} rounds, ` +
      `fsync ${formatNumber(fsyncMs.median)} ms (${formatNumber(fsyncMs.min)}-${formatNumber(fsyncMs.max)})`,
  );
  console.log(formatTable(results));
  if (names.length > 1 && names.includes("edge"))
    console.log("speed vs: how many times as fast edge-workflows is, round by round; above 1 it is ahead.");
  for (const format of [formatCatalog, formatTelemetry, formatWebhooks, formatLogs]) {
    const line = format(results);
    if (line !== undefined) console.log(line);
  }
  for (const failure of results.failures) console.log(`failed: ${failure}`);
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string", multiple: true },
      workload: { type: "string", multiple: true },
      rounds: { type: "string" },
      before: { type: "string" },
    },
  });
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a number, found ${values.rounds}`);
  const names = choose("--only", Object.keys(CONTESTANTS) as ContestantName[], values.only ?? USUAL);
  const all = WORKLOADS.map(({ name }) => name);
  const fitting = WORKLOADS.filter(({ isQuick }) => isQuick || !values.quick).map(({ name }) => name);
  const chosen = values.workload === undefined ? fitting : choose("--workload", all, values.workload);
  const workloads = WORKLOADS.filter(({ name }) => chosen.includes(name));
  return { names, workloads, rounds, isQuick: values.quick, jsonFile: values.json, before: values.before };
}

/** Some of `all`, or all of them when nothing is asked for. */
function choose<T extends string>(flag: string, all: readonly T[], asked: readonly string[] | undefined): T[] {
  const unknown = asked?.find((name) => !all.some((each) => each === name));
  if (unknown !== undefined) throw new Error(`${flag} takes ${all.join(", ")}, found ${JSON.stringify(unknown)}`);
  return all.filter((name) => asked === undefined || asked.includes(name));
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${messageOf(error)}`);
  process.exitCode = 1;
}
