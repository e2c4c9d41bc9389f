/**
 * npm run fuzz: hostile requests to the real HTTP handler and real instances. `--requests N` (default 100,000), `--seed S`.
 * Exit code 1 and the smallest example when an answer is not documented, a refused request has changed something, another
 * instance was reached, or a payload was logged.
 */
import { parseArgs } from "node:util";
import { fuzz } from "./campaign.ts";

const { values } = parseArgs({ options: { requests: { type: "string" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const wanted = Number(values.requests ?? 100_000);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(wanted))
  throw new Error("--requests and --seed are whole numbers");

console.log(`seed ${seed}`);
const startedAtMs = performance.now();
const { requests, statuses, unexpected, example } = await fuzz(seed, wanted);
console.log(
  `requests sent       ${requests.toLocaleString("en-US")} in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`,
);
for (const [status, count] of [...statuses].sort(([a], [b]) => a - b))
  console.log(`answered ${status}        ${count.toLocaleString("en-US")}`);
console.log(`unexpected answers  ${unexpected.length}`);
for (const fault of unexpected) console.log(fault);
if (example !== undefined) {
  console.log(`smallest example: ${JSON.stringify(example).slice(0, 2_000)}`);
  process.exitCode = 1;
}
