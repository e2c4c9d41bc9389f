/**
 * npm run scale: what much work costs on Cloudflare, by the model in usage.ts, beside Cloudflare Workflows' published prices
 * and limits. No allowance is taken off. test/node/scale compares the model with what simulations count.
 */
import { billOf, totalOf, workflowsBill } from "./prices.ts";
import { chain, loop, sleeper, times, type Usage } from "./usage.ts";

interface Scenario {
  readonly title: string;
  readonly usage: Usage;
  /** Steps, sleeps and waits, as Cloudflare Workflows counts them. */
  readonly billedSteps: number;
  /** What stands in the way there. */
  readonly limit: string;
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: "1,000,000 instances asleep for 30 days, then a step each",
    usage: times(1e6, sleeper(1)),
    billedSteps: 2e6,
    limit: "starts: 300 per second and account, so an hour to start them",
  },
  {
    title: "10,000 starts per second for an hour, 5 steps each, kept for a day",
    usage: times(36e6, { ...chain(5), bytesMonths: chain(5).bytesMonths / 30 }),
    billedSteps: 180e6,
    limit: "not possible: 300 starts per second and account",
  },
  {
    title: "one instance for a year: 1,000,000 times a timer and an activity of 0.1 s, continued as new every 100",
    usage: loop(100, 10_000, 0.1),
    billedSteps: 2e6,
    limit: "not possible in one instance: 25,000 steps, and no continue-as-new",
  },
];

const number = (value: number) => Math.round(value).toLocaleString("en-US");
const dollars = (value: number) =>
  `$${value.toLocaleString("en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 })}`;

for (const { title, usage, billedSteps, limit } of SCENARIOS) {
  const bill = billOf(usage);
  console.log(title);
  const amounts = [
    usage.workerRequests,
    usage.objectRequests,
    usage.activeSeconds,
    usage.rowsWritten,
    usage.rowsRead,
    usage.bytesMonths / 1e9,
  ];
  for (const [n, [what, price]] of bill.entries())
    console.log(`  ${what.padEnd(24)} ${number(amounts[n] ?? 0).padStart(16)} ${dollars(price).padStart(12)}`);
  console.log(`  ${"together".padEnd(41)} ${dollars(totalOf(bill)).padStart(12)}`);
  console.log(
    `  Cloudflare Workflows, ${number(billedSteps)} billed steps`.padEnd(43),
    dollars(workflowsBill(billedSteps)).padStart(12),
  );
  console.log(`  there: ${limit}`);
}
