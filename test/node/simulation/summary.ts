// What simulations came to, added up.
import { planFrom } from "./plan.ts";
import { simulate } from "./run.ts";

export interface Summary {
  readonly seeds: number;
  readonly instances: number;
  readonly activityRuns: number;
  readonly messages: number;
  readonly answered: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  /** Seeds with a violation, or whose two runs differed. */
  readonly failed: readonly number[];
  readonly differing: readonly number[];
}

export function emptySummary(): Summary {
  const none = { seeds: 0, instances: 0, activityRuns: 0, messages: 0, answered: 0 };
  return { ...none, ends: {}, faults: {}, violations: [], failed: [], differing: [] };
}

/** Runs the seed twice: what happens and what is left must be equal byte for byte. */
export async function simulateSeed(seed: number): Promise<Summary> {
  const plan = planFrom(seed);
  const { violations, digest, ...first } = await simulate(plan);
  const differs = (await simulate(plan)).digest !== digest;
  return {
    ...first,
    seeds: 1,
    violations: violations.map((violation) => `seed ${seed}: ${violation}`),
    failed: violations.length > 0 || differs ? [seed] : [],
    differing: differs ? [seed] : [],
  };
}

export function add(a: Summary, b: Summary): Summary {
  const sum = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>) => {
    const result = { ...x };
    for (const [name, n] of Object.entries(y)) result[name] = (result[name] ?? 0) + n;
    return result;
  };
  return {
    seeds: a.seeds + b.seeds,
    instances: a.instances + b.instances,
    activityRuns: a.activityRuns + b.activityRuns,
    messages: a.messages + b.messages,
    answered: a.answered + b.answered,
    ends: sum(a.ends, b.ends),
    faults: sum(a.faults, b.faults),
    violations: [...a.violations, ...b.violations],
    failed: [...a.failed, ...b.failed],
    differing: [...a.differing, ...b.differing],
  };
}
