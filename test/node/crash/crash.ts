/**
 * npm run crash: workflows of every kind under load on a real workerd on disk, which is killed at random moments and
 * started again on the same directory. `--instances 200`, `--kills 20`, `--seed S`. Exits 1 when anything is lost, there
 * twice, early or otherwise wrong, 2 when only the harness itself has failed or an option is wrong, and then keeps the directory. The seed gives the moments and the pauses; what runs at such
 * a moment depends on the machine too.
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { temporaryDirectory } from "../e2e/server.ts";
import { runCampaign } from "./campaign.ts";
import type { Violation } from "./faults.ts";
import { exitCodeOf, HarnessError } from "./harness.ts";

function usage(text: string): never {
  console.error(`npm run crash: ${text}`);
  process.exit(2);
}

function readOptions() {
  try {
    const options = { instances: { type: "string" }, kills: { type: "string" }, seed: { type: "string" } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}
const values = readOptions();

function readNumber(name: keyof typeof values, otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  if (Number.isSafeInteger(value) && value > 0) return value;
  return usage(`--${name} takes a whole number above 0, found ${JSON.stringify(values[name])}`);
}

const seed = readNumber("seed", 1 + Math.floor(Math.random() * 2 ** 31));
const kills = readNumber("kills", 20);
const instances = readNumber("instances", 200);
const directory = temporaryDirectory();
console.log(`seed ${seed}`);
const startedAtMs = Date.now();
const tell = (line: string) => console.log(line);
// Some of them have just ended, or are about to start.
const callers = Math.ceil(1.5 * instances);
const options = { directory, seed, kills, instances: callers, longestMs: 2_000, tell };
const outcome = await runCampaign(options).catch((error: unknown) => {
  if (!(error instanceof HarnessError)) throw error;
  console.error(`The harness has failed, which says nothing about the engine. ${error.message}`);
  process.exit(2);
});
const { violations, acknowledged, ...result } = outcome;
const tooFew = `at least ${instances} should have been in flight, and once there were ${result.leastInFlight}`;
const harness = [...result.harness, ...(result.leastInFlight < instances ? [tooFew] : [])];

const count = (what: Violation["what"]) => violations.filter((violation) => violation.what === what).length;
for (const { what, text } of violations.slice(0, 50)) console.error(`${what}: ${text}`);
for (const text of harness.slice(0, 50)) console.error(`harness: ${text}`);
const rows: readonly (readonly [string, number])[] = [
  ["seed", seed],
  ["kills", kills],
  ["instances in flight at a kill, at least", result.leastInFlight],
  ["instances in all, with children and detached ones", result.instances],
  ["activities run", result.activities],
  ["activities begun again after a kill", result.repeated],
  ["starts acknowledged", acknowledged.starts],
  ["events acknowledged", acknowledged.events],
  ["updates acknowledged", acknowledged.updates],
  ["pauses, resumes, terminates, cancels and purges acknowledged", acknowledged.operations],
  ["lost: starts, events, updates, results", count("lost")],
  ["applied twice: events, updates, completions, side effects", count("twice")],
  ["timers early", count("early")],
  ["otherwise wrong", count("wrong")],
  ["faults of the harness itself", harness.length],
  ["its reports and requests that were lost and sent again", result.transportRepeats],
  ["seconds", Math.round((Date.now() - startedAtMs) / 1000)],
];
const width = Math.max(...rows.map(([title]) => title.length));
for (const [title, value] of rows) console.log(`${title.padEnd(width)}  ${value}`);
process.exitCode = exitCodeOf({ violations, harness });
if (process.exitCode === 2) console.error("Only the harness has failed: repeat the run.");
if (process.exitCode !== 0) console.error(`The databases are kept in ${directory}`);
else rmSync(directory, { recursive: true, force: true });
