// Makes a failing plan smaller, as long as it fails: the rest is what matters.
import type { CatalogPlan, Faults, Leaf, Operation, Plan, Program, Root, Step, Strand } from "./plan.ts";
import { simulate } from "./run.ts";

const CATALOG_FAULTS = [
  "crash",
  "dark",
  "failWrite",
  "failRead",
  "failCommit",
  "unreachable",
  "answerLost",
  "twice",
  "twiceLate",
] as const;

const WEBHOOK_FAULTS = ["refuses", "unreachable", "silent"] as const;

/** A smaller plan that fails in the same way. Takes at most so many simulations. */
export async function shrink(plan: Plan, attempts = 2_000): Promise<{ plan: Plan; violations: readonly string[] }> {
  let smallest = plan;
  let { violations } = await simulate(plan);
  const kind = kindOf(violations);
  // The two runs differ: nothing to look for in one of them.
  let left = violations.length === 0 ? 0 : attempts;
  for (let isSmaller = true; isSmaller && left > 0; ) {
    isSmaller = false;
    for (const candidate of smallerPlans(smallest)) {
      if (left-- <= 0) break;
      const result = await simulate(candidate);
      // Another failure may be the plan's own: a suspend whose resume has been taken away.
      if (kindOf(result.violations) !== kind) continue;
      smallest = candidate;
      violations = result.violations;
      isSmaller = true;
      break;
    }
  }
  return { plan: smallest, violations };
}

/** What is wrong, without who, when and with what. */
function kindOf([first = ""]: readonly string[]): string {
  return first.replace(/^\S+: /, "").replace(/\{.*\}|".*"|\S*\d\S*/g, "");
}

function* smallerPlans(plan: Plan): Generator<Plan> {
  for (const roots of without(plan.roots)) if (roots.length > 0) yield { ...plan, roots, ...expectedOf(plan, roots) };
  for (const deploys of without(plan.deploys)) yield { ...plan, deploys };
  const { maxConcurrentActivities, ...unlimited } = plan;
  if (maxConcurrentActivities !== undefined) yield unlimited;
  if ((plan.keys ?? []).length > 0) yield { ...plan, keys: [] };
  for (const faults of smallerFaults(plan.faults)) yield { ...plan, faults };
  const { catalog, ...withoutCatalog } = plan;
  if (catalog !== undefined) yield withoutCatalog;
  for (const smaller of smallerCatalogs(catalog)) yield { ...plan, catalog: smaller };
  const { limits, ...withoutLimits } = plan;
  if (limits !== undefined) yield withoutLimits;
  for (const smaller of withFewerFaults(limits, CATALOG_FAULTS)) yield { ...plan, limits: smaller };
  const { webhooks, ...withoutWebhooks } = plan;
  if (webhooks !== undefined) yield withoutWebhooks;
  for (const smaller of withFewerFaults(webhooks, WEBHOOK_FAULTS)) yield { ...plan, webhooks: smaller };
  for (const [n, root] of plan.roots.entries()) {
    // What is expected of an ID that is used again names its program.
    for (const smaller of smallerRoots(root, plan.expected !== undefined))
      yield { ...plan, roots: plan.roots.with(n, smaller) };
  }
}

function* smallerFaults(faults: Faults): Generator<Faults> {
  for (const name of Object.keys(faults) as (keyof Faults)[]) {
    if (faults[name] !== 0) yield { ...faults, [name]: name === "budget" ? faults.budget - 1 : 0 };
  }
}

function* smallerCatalogs(catalog: CatalogPlan | undefined): Generator<CatalogPlan> {
  if (catalog === undefined) return;
  const { reshard, ...whole } = catalog;
  if (reshard !== undefined) yield whole;
  if (catalog.shards > 1) yield { ...catalog, shards: 1 };
  if (catalog.sinceMs > 0) yield { ...catalog, sinceMs: 0 };
  yield* withFewerFaults(catalog, CATALOG_FAULTS);
}

function* withFewerFaults<N extends string, P extends { readonly budget: number } & Partial<Record<N, number>>>(
  plan: P | undefined,
  names: readonly N[],
): Generator<P> {
  if (plan === undefined) return;
  if (plan.budget > 0) yield { ...plan, budget: plan.budget - 1 };
  for (const name of names) if ((plan[name] ?? 0) > 0) yield { ...plan, [name]: 0 };
}

function expectedOf({ expected }: Plan, roots: readonly Root[]): Pick<Plan, "expected"> {
  if (expected === undefined) return {};
  return {
    expected: expected.filter(({ id }) => roots.some((root) => id === root.id || id.startsWith(`${root.id}-`))),
  };
}

function* smallerRoots(root: Root, keepsProgram: boolean): Generator<Root> {
  if (root.delayMs > 0) yield { ...root, delayMs: 0 };
  // A wait without its event would never end, which is no fault: raises go only together with the step.
  for (const operations of without(root.operations)) {
    if (root.operations.filter(isRaise).length === operations.filter(isRaise).length) yield { ...root, operations };
  }
  if (!keepsProgram) for (const program of smallerPrograms(root.program)) yield { ...root, program };
}

function isRaise({ type }: Operation): boolean {
  return type === "raise" || type === "update";
}

function* smallerPrograms(program: Program): Generator<Program> {
  for (const steps of without(program.steps)) yield { ...program, steps };
  if (program.rounds > 1) yield { ...program, rounds: program.rounds - 1 };
  if (program.fails) yield { ...program, fails: false };
  for (const [n, step] of program.steps.entries()) {
    for (const smaller of smallerSteps(step)) yield { ...program, steps: program.steps.with(n, smaller) };
  }
}

function* smallerSteps(step: Step): Generator<Step> {
  if (step.do === "all" || step.do === "any") {
    for (const of of without(step.of)) if (of.length > 0) yield { ...step, of };
    for (const [n, leaf] of step.of.entries()) {
      for (const smaller of smallerSteps(leaf)) yield { ...step, of: step.of.with(n, smaller as Leaf) };
    }
  }
  if (step.do === "child" || step.do === "detach") {
    for (const program of smallerPrograms(step.program)) yield { ...step, program };
  }
  if (step.do === "strands") {
    for (const of of without(step.of)) if (of.length > 0) yield { ...step, of };
    if (step.with !== undefined) for (const calls of without(step.with)) yield { ...step, with: calls };
    for (const [n, strand] of step.of.entries())
      for (const smaller of smallerStrands(strand)) yield { ...step, of: step.of.with(n, smaller) };
  }
  if (step.do === "asks") {
    for (const values of without(step.values)) yield { ...step, values };
    if (step.cancels) yield { ...step, cancels: false };
  }
  if (step.do === "activity" && step.fails > 0) yield { ...step, fails: 0 };
  if ((step.do === "activity" || step.do === "timer") && step.ms > 1) yield { ...step, ms: 1 };
}

function* smallerStrands(strand: Strand): Generator<Strand> {
  for (const steps of without(strand.steps)) yield { ...strand, steps };
  for (const leaves of without(strand.finally)) yield { ...strand, finally: leaves };
  for (const flag of ["isAsync", "isNamed", "fails", "isStubborn"] as const)
    if (strand[flag]) yield { ...strand, [flag]: false };
  for (const [n, step] of strand.steps.entries())
    for (const smaller of smallerSteps(step)) yield { ...strand, steps: strand.steps.with(n, smaller) };
}

/** The list without each of its items. */
function* without<T>(items: readonly T[]): Generator<T[]> {
  for (const [n] of items.entries()) yield items.toSpliced(n, 1);
}
