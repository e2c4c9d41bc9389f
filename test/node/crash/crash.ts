/**
 * npm run crash: workflows of every kind under load on a real workerd on disk, which is killed at random moments and
 * started again on the same directory; a quarter of it then without the catalog. `--instances 200`, `--kills 20`, `--seed S`. Exits 1 when anything is lost, there
 * twice, early or otherwise wrong, 2 when only the harness itself has failed or an option is wrong, and then keeps the directory. The seed gives the moments and the pauses; what runs at such
 * a moment depends on the machine too.
 */
import { join } from "node:path";
import { temporaryDirectory } from "../e2e/server.ts";
import { runCampaign } from "./campaign.ts";
import type { Violation } from "./faults.ts";
import { exitCodeOf } from "./harness.ts";
import { endWith, giveUp, optionsOf, report } from "./report.ts";

const readNumber = optionsOf("npm run crash", ["instances", "kills", "seed"]);
const seed = readNumber("seed", 1 + Math.floor(Math.random() * 2 ** 31));
const kills = readNumber("kills", 20);
const instances = readNumber("instances", 200);
const directory = temporaryDirectory();
console.log(`seed ${seed}`);
const startedAtMs = Date.now();
const tell = (line: string) => console.log(line);
// Some of them have just ended, or are about to start; but one that has a group begins five.
const callers = instances;
const options = {
  directory: join(directory, "listed"),
  seed,
  kills,
  instances: callers,
  longestMs: 2_000,
  stride: 400,
  tell,
};
const outcome = await runCampaign({ ...options, awaitsShards: true }).catch(giveUp);
const { acknowledged, catalog, ...result } = outcome;
// Once more and smaller, where nobody keeps a list: there every instance looks after its own retention.
tell("without the catalog");
const alone = await runCampaign({
  ...{ ...options, directory: join(directory, "alone"), seed: seed + 1, hasCatalog: false },
  ...{ kills: Math.ceil(kills / 4), instances: Math.ceil(callers / 4) },
}).catch(giveUp);
const violations = [...outcome.violations, ...alone.violations];
const tooFew = `at least ${instances} should have been in flight, and once there were ${result.leastInFlight}`;
const harness = [...result.harness, ...alone.harness, ...(result.leastInFlight < instances ? [tooFew] : [])];

const count = (what: Violation["what"]) => violations.filter((violation) => violation.what === what).length;
const rows: readonly (readonly [string, string | number])[] = [
  ["seed", seed],
  ["kills", kills],
  ["kills while a purge was under way", result.killsInPurges],
  ["kills while a repair was under way, or a start with reuse= or raiseEvent=", result.killsInRepairs],
  ["kills while a bulk job was under way", result.killsInJobs],
  ["instances in flight at a kill, at least", result.leastInFlight],
  ["instances in all, with children and detached ones", result.instances],
  ["activities run", result.activities],
  ["activities begun again after a kill", result.repeated],
  ["starts acknowledged", acknowledged.starts],
  ["events acknowledged", acknowledged.events],
  ["updates acknowledged", acknowledged.updates],
  [
    "pauses, resumes, terminates, cancels, purges, restarts, rewinds, reruns, versions acknowledged",
    acknowledged.operations,
  ],
  ["bulk jobs acknowledged", acknowledged.jobs],
  ["instances seen to be gone for good, by a purge, a job or their retention", result.gone],
  ["webhooks that told of an end, and of one again", `${result.webhooks.ends}, ${result.webhooks.again}`],
  ["lives begun under an ID that was in use, acknowledged", acknowledged.lives],
  [
    "without the catalog: kills, of these in purges, repairs, jobs",
    `${Math.ceil(kills / 4)}, ${alone.killsInPurges}, ${alone.killsInRepairs}, ${alone.killsInJobs}`,
  ],
  [
    "without the catalog: instances in all, jobs, seen to be gone",
    `${alone.instances}, ${alone.acknowledged.jobs}, ${alone.gone}`,
  ],
  ["lost: starts, events, updates, results, operations", count("lost")],
  ["applied twice: events, updates, completions, side effects", count("twice")],
  ["timers early", count("early")],
  ["otherwise wrong", count("wrong")],
  ["catalog: rows compared", catalog.compared],
  ["catalog: missing", catalog.missing],
  ["catalog: too many", catalog.tooMany],
  ["catalog: wrong when all had been asked", catalog.wrong],
  ["catalog: not listed until asked, acknowledged to nobody", catalog.unheard],
  ["catalog: behind until asked, their end was told in vain", catalog.behind],
  ["catalog: ms from the last start until all was right", catalog.rightAfterMs],
  ["faults of the harness itself", harness.length],
  ["its reports and requests that were lost and sent again", result.transportRepeats + alone.transportRepeats],
  ["seconds", Math.round((Date.now() - startedAtMs) / 1000)],
];
report(rows, { violations, harness });
const exitCode = exitCodeOf({ violations, harness });
if (exitCode === 2) console.error("Only the harness has failed: repeat the run.");
endWith(exitCode, directory);
