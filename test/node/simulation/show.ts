import { planFrom } from "./plan.ts";
import { simulate } from "./run.ts";

const plan = planFrom(Number(process.argv[2]));
const s = await simulate(plan);
const re = new RegExp(process.argv[3] ?? ".");
console.log(
  JSON.stringify(plan.faults),
  JSON.stringify(plan.deploys),
  s.violations.map((v) => v.slice(0, 300)),
  s.faults,
);
console.log(
  s.trace
    .filter((l) => re.test(l) && !/ write /.test(l))
    .map((l) => l.slice(7, 200))
    .join("\n"),
);
