import { planFrom } from "./plan.ts";
import { simulate } from "./run.ts";

const [from, n] = process.argv.slice(2).map(Number) as [number, number];
let ran = 0;
let failed = 0;
for (let seed = from; ran < n; seed++) {
  const plan = planFrom(seed);
  if (!plan.keys?.length) continue;
  ran++;
  const { violations } = await simulate(plan);
  if (violations.length) {
    failed++;
    console.log(seed, violations.slice(0, 3).join("; ").slice(0, 400));
  }
}
console.log({ ran, failed });
