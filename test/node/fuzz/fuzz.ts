/**
 * npm run fuzz: hostile requests to the real HTTP handler and real instances. `--requests N` (default 100,000), `--seed S`,
 * `--minutes M` (default 60). Exit code 1 and the smallest example when an answer is not documented, a refused request has
 * changed something, another instance was reached, a token was not asked for, or a payload was logged; exit code 1 too when
 * the time was up before all requests were sent; 2 when the harness itself has failed.
 */
import { parseArgs } from "node:util";
import { HarnessError } from "../crash/harness.ts";
import { fuzz } from "./campaign.ts";

const { values } = parseArgs({
  options: { requests: { type: "string" }, seed: { type: "string" }, minutes: { type: "string" } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const wanted = Number(values.requests ?? 100_000);
const minutes = Number(values.minutes ?? 60);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(wanted))
  throw new Error("--requests and --seed are whole numbers");
if (!(minutes > 0)) throw new Error("--minutes is a number");

console.log(`seed ${seed}`);
const startedAtMs = performance.now();
const { requests, statuses, unexpected, example } = await fuzz(seed, wanted, minutes * 60_000).catch(
  (error: unknown) => {
    if (!(error instanceof HarnessError)) throw error;
    console.error(`The harness has failed, which says nothing about the engine. ${error.message}`);
    process.exit(2);
  },
);
console.log(
  `requests sent       ${requests.toLocaleString("en-US")} in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`,
);
for (const [status, count] of [...statuses].sort(([a], [b]) => a - b))
  console.log(`answered ${status}        ${count.toLocaleString("en-US")}`);
console.log(`unexpected answers  ${unexpected.length}`);
for (const fault of unexpected) console.log(fault);
if (unexpected.length > 0) {
  console.log("smallest example, the last request goes wrong:");
  for (const line of example) console.log(line);
  process.exitCode = 1;
} else if (requests < wanted) {
  console.log(`cut off after ${minutes} minutes: ${requests} of ${wanted} requests were sent`);
  process.exitCode = 1;
}
