import { planFrom } from "./plan.ts";
import { simulate } from "./run.ts";

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 20);
const t0 = Date.now();
let bad = 0;
const counts: Record<string, number> = {};
const ends: Record<string, number> = {};
for (let seed = from; seed < from + n; seed++) {
  const a = await simulate(planFrom(seed));
  const b = n <= 50 ? await simulate(planFrom(seed)) : a;
  for (const [k, v] of Object.entries(a.faults)) counts[k] = (counts[k] ?? 0) + v;
  for (const [k, v] of Object.entries(a.ends)) ends[k] = (ends[k] ?? 0) + v;
  if (a.digest !== b.digest)
    console.log(
      seed,
      "TRACES DIFFER",
      a.trace.findIndex((l, i) => l !== b.trace[i]),
    );
  if (a.violations.length > 0) {
    bad++;
    if (bad < 12) console.log(seed, JSON.stringify(planFrom(seed).faults.budget), a.violations.slice(0, 4));
  }
}
console.log({ bad, ms: Date.now() - t0, counts, ends });
