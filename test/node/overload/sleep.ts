/**
 * npm run sleepers: thousands of instances that wait for a timer, on a real workerd on disk. Prints what workerd holds while
 * they are created, while they sleep and when they wake. `--instances 5000`, `--waves 5`, `--per-second 40`. Exits 1
 * when any does not wake, wakes early or twice, or when files or the heap stay taken while they sleep, 2 when only the harness itself has failed (a machine that is too slow for the pace)
 * or an option is wrong, and then keeps the directory.
 */
import { exitCodeOf } from "../crash/harness.ts";
import { endWith, giveUp, optionsOf, report } from "../crash/report.ts";
import { temporaryDirectory } from "../e2e/server.ts";
import { runSleepers, show } from "./sleepers.ts";

const readNumber = optionsOf("npm run sleepers", ["instances", "waves", "per-second"]);
const instances = readNumber("instances", 5_000);
const directory = temporaryDirectory();
const startedAtMs = Date.now();
const tell = (line: string) => console.log(line);
const waves = readNumber("waves", 5);
const perSecond = readNumber("per-second", 40);
const result = await runSleepers({ directory, instances, waves, perSecond, tell }).catch(giveUp);
const { atStart, peak, asleep, peakAtWaking, heapMiB, heapAwakeMiB, violations, harness } = result;

const last = asleep.at(-1) ?? atStart;
// What the first wave takes is the heap's size from then on, and not the instances'.
const first = waves > 1 ? (asleep[0] ?? atStart) : atStart;
const grownFor = waves > 1 ? instances - Math.ceil(instances / waves) : instances;
const rows: readonly (readonly [string, string | number])[] = [
  ["instances", instances],
  ["workerd at start", show(atStart)],
  ["workerd at most while they are created", show(peak)],
  ["workerd when all sleep", show(last)],
  ["workerd at most while they wake", show(peakAtWaking)],
  ["heap in use without garbage, at start and when all sleep", `${heapMiB[0]} and ${heapMiB.at(-1)} MiB`],
  ["the same while those of the last 10 s are in memory, at most", `${Math.max(...heapAwakeMiB)} MiB`],
  ["memory for each instance that sleeps", `${(((last.rssMiB - first.rssMiB) * 1024) / grownFor).toFixed(1)} KiB`],
  ["disk for each instance that sleeps", `${(result.bytesOnDisk / 1024 / instances).toFixed(1)} KiB`],
  ["alarms set while all sleep", result.alarms],
  ["timers late by, median and most", `${result.latenessMs.median} ms, ${result.latenessMs.longest} ms`],
  ["completed", result.completed],
  ["lost, twice, early or otherwise wrong", violations.length],
  ["faults of the harness itself", harness.length],
  ["seconds", Math.round((Date.now() - startedAtMs) / 1000)],
];
report(rows, { violations, harness });
// What objects take is given back; the process's own memory is not: its allocator keeps pages that it has once had.
const keptKiB = (((heapMiB.at(-1) ?? Number.NaN) - (heapMiB[0] ?? Number.NaN)) * 1024) / instances;
const isGivenBack = last.files <= atStart.files + 50 && keptKiB <= 1;
if (!isGivenBack)
  console.error(`While all sleep, ${last.files} files are open, and ${keptKiB} KiB of heap kept for each`);
const missing = result.completed < instances && harness.length === 0;
endWith(missing || !isGivenBack ? 1 : exitCodeOf({ violations, harness }), directory);
