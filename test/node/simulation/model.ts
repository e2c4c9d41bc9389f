/**
 * What a program gives back when every effect happens exactly once and nothing ever fails: the reference that a run with
 * faults is compared with. Where a race decides, every outcome that the race allows is right.
 */
import { isDeepStrictEqual } from "node:util";
import type { SearchAttributes } from "../../../src/model/search-attributes.ts";
import type { EventName, Leaf, Program, Step, Strand } from "./plan.ts";
import type { Output } from "./program.ts";
import type { StrandResult } from "./strands.ts";
import { faultsOfTold } from "./told.ts";

/** Whether a program ends well, and not as FAILED. */
export function succeeds(program: Program): boolean {
  return !program.fails;
}

/** What is wrong with an output; empty when the program could have given it. `purged`: children that somebody has purged by force. */
export function faultsOfOutput(program: Program, output: Output, purged: ReadonlySet<string> = new Set()): string[] {
  if (!Array.isArray(output?.results)) return [`${JSON.stringify(output)} is no output`];
  const steps = Array.from({ length: program.rounds }, () => program.steps).flat();
  if (output.results.length !== steps.length) return [`${output.results.length} results of ${steps.length} steps`];
  const taken = new Map<EventName, number[]>();
  const lastRoundAt = steps.length - program.steps.length;
  const faults = steps.flatMap((step, n) => {
    const result = output.results[n];
    if (n < lastRoundAt && renews(step)) return result === "renewed" ? [] : [`${JSON.stringify(step)} gave ${result}`];
    return faultsOfStep(step, result, taken, purged);
  });
  for (const name of ["a", "b"] as const) {
    const values = taken.get(name) ?? [];
    if (values.some((value, n) => value !== n + 1)) faults.push(`events ${name} came as ${values}`);
  }
  for (const [name, values] of taken) {
    if (name === "race" || name.startsWith("of "))
      if (values.some((value, n) => n > 0 && value <= (values[n - 1] ?? 0)))
        faults.push(`events of ${name === "race" ? "races" : name.slice("of ".length)} came as ${values}`);
    if (name === "shared" && new Set(values).size < values.length) faults.push(`events shared came as ${values}`);
  }
  faults.push(...faultsOfTold(program, output.told ?? []));
  if (new Set(output.updates).size !== output.updates.length) faults.push(`updates: ${output.updates}`);
  return faults;
}

/** What its code leaves of the search attributes that it begins with. */
export function attributesOf(program: Program, begun: SearchAttributes = {}): SearchAttributes {
  const left = new Map(Object.entries(begun));
  const steps = Array.from({ length: program.rounds }, () => program.steps).flat();
  for (const step of steps)
    for (const [key, value] of Object.entries(step.do === "attributes" ? step.set : {}))
      if (value == null) left.delete(key);
      else left.set(key, value);
  return Object.fromEntries(left);
}

function faultsOfStep(
  step: Step,
  result: unknown,
  taken: Map<EventName, number[]>,
  purged: ReadonlySet<string>,
): string[] {
  const expected = (isRight: boolean) => (isRight ? [] : [`${JSON.stringify(step)} gave ${JSON.stringify(result)}`]);
  switch (step.do) {
    case "all":
      if (step.of.some(fails)) return expected(result === "failed");
      if (!Array.isArray(result) || result.length !== step.of.length) return expected(false);
      return step.of.flatMap((leaf, n) => faultsOfLeaf(leaf, result[n], taken, purged));
    case "any": {
      const [n, value] = Array.isArray(result) ? result : [];
      const leaf = step.of[n];
      return leaf === undefined ? expected(false) : faultsOfLeaf(leaf, value, taken, purged);
    }
    case "self":
      return expected(result === step.value);
    case "detach":
      return expected(typeof result === "string");
    case "patch":
      return expected(result === "old" || result === "new");
    case "attributes":
      return expected(result === "set");
    case "asks":
      return expected(isDeepStrictEqual(result, step.cancels ? [...step.values, "canceled"] : step.values));
    case "updates":
      return expected(result === "updated");
    case "after":
      return expected(result === "after");
    case "strands":
      return faultsOfStrands(step, result, taken, purged);
    default:
      if (step.do === "child" && step.id !== undefined && purged.has(step.id) && result === "failed") return [];
      return fails(step) ? expected(result === "failed") : faultsOfLeaf(step, result, taken, purged);
  }
}

function renews(step: Step): boolean {
  return step.do === "strands" && step.of.some((strand) => strand.renews);
}

/** Which of them is first is open, and with it what becomes of the others where one may be called off. */
function faultsOfStrands(
  step: Extract<Step, { do: "strands" }>,
  result: unknown,
  taken: Map<EventName, number[]>,
  purged: ReadonlySet<string>,
): string[] {
  const { join, of, with: besides = [] } = step;
  const expected = (isRight: boolean) => (isRight ? [] : [`${JSON.stringify(step)} gave ${JSON.stringify(result)}`]);
  const ofStrand = (strand: Strand, value: unknown) => {
    if (strand.fails) return expected(value === "failed");
    const { strand: id, results = [] } = (value ?? {}) as Partial<StrandResult>;
    if (id !== strand.id || results.length !== strand.steps.length) return expected(false);
    return strand.steps.flatMap((one, n) => faultsOfStep(one, results[n], taken, purged));
  };
  const ofCall = (leaf: Leaf, value: unknown) =>
    expected(leaf.do === "timer" ? value === null : value === leafValue(leaf));
  if (join === "all" && of.some((strand) => strand.fails)) return expected(result === "failed");
  if (!Array.isArray(result)) return expected(false);
  if (join === "all") {
    if (result.length !== of.length + besides.length) return expected(false);
    return [
      ...of.flatMap((strand, n) => ofStrand(strand, result[n])),
      ...besides.flatMap((leaf, n) => ofCall(leaf, result[of.length + n])),
    ];
  }
  if (join === "any") {
    const [n, value] = result;
    const leaf = besides[n];
    if (leaf !== undefined) return ofCall(leaf, value);
    const id = (value as Partial<StrandResult>)?.strand;
    const winner = of.find((strand) => (value === "failed" ? strand.fails : strand.id === id));
    return winner === undefined ? expected(false) : ofStrand(winner, value);
  }
  if (join === "leave") return expected(result.length === 0);
  if (result.length !== of.length) return expected(false);
  const isCalledOff = (n: number) => result[n] === "called off" && (join === "lose" || (join === "call off" && n > 0));
  // Who has lost to nobody?
  if (join === "lose" && besides.length === 0 && result.every((_, n) => isCalledOff(n))) return expected(false);
  return of.flatMap((strand, n) => (isCalledOff(n) ? [] : ofStrand(strand, result[n])));
}

function leafValue(leaf: Leaf): unknown {
  return "value" in leaf ? leaf.value : undefined;
}

function faultsOfLeaf(
  leaf: Leaf,
  result: unknown,
  taken: Map<EventName, number[]>,
  purged: ReadonlySet<string>,
): string[] {
  const expected = (isRight: boolean) => (isRight ? [] : [`${JSON.stringify(leaf)} gave ${JSON.stringify(result)}`]);
  switch (leaf.do) {
    case "activity":
    case "repaired":
      return expected(result === leaf.value);
    case "timer":
      return expected(result === true);
    case "event":
      taken.set(leaf.name, [...(taken.get(leaf.name) ?? []), result as number]);
      return expected(typeof result === "number");
    case "versioned":
      return expected(Array.isArray(result) && result[0] === result[1] && ["1", "2"].includes(result[0]));
    case "child":
      return faultsOfOutput(leaf.program, result as Output, purged);
  }
}

function fails(leaf: Leaf): boolean {
  return (leaf.do === "activity" && leaf.fails >= 3) || (leaf.do === "child" && leaf.program.fails);
}
