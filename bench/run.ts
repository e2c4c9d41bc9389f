/**
 * npm run bench: the same work done by edge-workflows, by Cloudflare Workflows and by a bare Durable Object (the floor), on
 * the same workerd through Miniflare, on disk. `--quick`, `--only edge|cloudflare|floor`, `--json FILE`.
 *
 * A round gives each contestant one turn, and the next round begins with another one. A turn has a workerd and a directory
 * to itself: what a contestant leaves behind (live objects, timers, evictions ten seconds later) cannot slow down another.
 * Since a new workerd is cold, each turn begins with a warm-up that is not counted. Ratios count more than speeds: client
 * and server share this machine, which is slow or fast for all alike.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { CONTESTANTS, type Contestant, type ContestantName } from "./contestants.ts";
import { BenchDirectory } from "./disk.ts";
import { HttpClient } from "./http-client.ts";
import { formatNumber, formatTable, toJson } from "./report.ts";
import { bundle, serve } from "./server.ts";
import { summarize } from "./statistics.ts";
import { FULL, type Measurement, measure, QUICK, type Size, WARM_UP } from "./workloads.ts";

async function main(): Promise<void> {
  const { names, rounds, size, jsonFile } = readFlags();
  const bundles = new Map<ContestantName, string>();
  for (const name of names) bundles.set(name, await bundle(CONTESTANTS[name].worker.entry));

  const results = new Map<ContestantName, Measurement[]>(names.map((name) => [name, []]));
  const directory = new BenchDirectory();
  const fsyncsMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    fsyncsMs.push(directory.measureFsyncMs());
    for (const name of rotate(names, round)) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${CONTESTANTS[name].title}\n`);
      results.get(name)?.push(await takeTurn(CONTESTANTS[name], bundles.get(name) ?? "", directory.newTurn(), size));
    }
  }

  if (directory.isInMemory())
    console.log("The temporary directory is in memory, where commits cost less: set TMPDIR to one on a disk.");
  const fsyncMs = summarize(fsyncsMs);
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores, ${rounds} rounds, ` +
      `fsync ${formatNumber(fsyncMs.median)} ms (${formatNumber(fsyncMs.min)}-${formatNumber(fsyncMs.max)})`,
  );
  console.log(formatTable(results));
  if (names.length > 1 && names.includes("edge"))
    console.log("speed vs: how many times as fast edge-workflows is, round by round; above 1 it is ahead.");
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(toJson(results, fsyncMs), null, 2)}\n`);
}

function readFlags(): { names: ContestantName[]; rounds: number; size: Size; jsonFile: string | undefined } {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, json: { type: "string" }, only: { type: "string", multiple: true } },
  });
  const all = Object.keys(CONTESTANTS) as ContestantName[];
  const names = values.only === undefined ? all : all.filter((name) => values.only?.includes(name));
  const unknown = values.only?.find((name) => !(name in CONTESTANTS));
  if (unknown !== undefined) throw new Error(`--only takes ${all.join(", ")}, found ${JSON.stringify(unknown)}`);
  return { names, rounds: values.quick ? 2 : 5, size: values.quick ? QUICK : FULL, jsonFile: values.json };
}

async function takeTurn(contestant: Contestant, code: string, directory: string, size: Size): Promise<Measurement> {
  const server = await serve(code, contestant.worker, directory);
  const client = new HttpClient(server.origin);
  try {
    await measure(contestant, client, WARM_UP);
    return await measure(contestant, client, size);
  } finally {
    client.close();
    await server.close();
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
