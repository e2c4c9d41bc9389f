/** IDs that are used again, and histories: starts where one is there, with an event or not, restarts and reruns. */
import type { Random } from "../random.ts";
import type { Faults, Leaf, Operation, Plan, Program, Root, Step } from "./plan.ts";

/** What has to be in the end. */
export interface Expected {
  readonly id: string;
  readonly program: Program;
  /** How many have had the ID, one after the other; none: as it comes. */
  readonly runs?: number;
}

type Start = Extract<Operation, { type: "start" }>;

export function usedAgain(random: Random, faults: Faults): Plan {
  const kinds = [replaced, replaced, replaced, rerun, rerun, raisedAtOnce, contended];
  const parts = Array.from({ length: random.between(1, 2) }, (_, n) => random.of(kinds)(random, `root-${n}`));
  return {
    seed: random.below(2 ** 31),
    roots: parts.map(({ root }) => root),
    expected: parts.flatMap(({ expected }) => expected),
    // A late copy of what was for the former one comes to the next.
    faults: random.chance(0.5) ? { ...faults, twiceLate: 0.3, latencyMs: 2_000, budget: faults.budget + 6 } : faults,
    encrypted: random.chance(0.2),
    deploys: random.chance(0.3) ? [{ atMs: random.below(8_000), code: "new" }] : [],
  };
}

interface Part {
  readonly root: Root;
  readonly expected: readonly Expected[];
}

/**
 * One that runs, or has ended, and one request for its ID. The event `a` of the former one has another value than that of the next: it
 * would be seen there.
 */
function replaced(random: Random, id: string): Part {
  const control = { sender: `${id} control`, to: id };
  const raise = (name: "a" | "b", value: number): Operation => ({
    ...control,
    type: "raise",
    name,
    value,
    afterMs: pause(random),
  });
  const runs = random.chance(0.6);
  const takesA = random.chance(0.7);
  const program = programFrom(random, id, [...(takesA ? [EVENT_A] : []), ...(runs ? [EVENT_B] : [])]);
  const how = random.of(["restart", "terminate", "terminate", "replace", "reject", "ignore"] as const);
  const isReplaced = how === "restart" || how === "terminate" || (how === "replace" && !runs);
  const hasEvent = how !== "restart" && random.chance(0.5);
  const next = how === "restart" ? program : programFrom(random, id, hasEvent ? [EVENT_A] : []);
  const before: Operation[] = runs ? [] : [{ ...control, type: "await end", afterMs: 0 }];
  const first = isReplaced ? 100 : 1;
  const isGivenA = !runs || random.chance(0.3);
  if (!isGivenA && takesA && isReplaced) before.push(raise("a", first));
  const again = { ...control, afterMs: before.length > 0 && random.chance(0.6) ? random.below(50) : pause(random) };
  const attributes = { run: "next" };
  const start: Omit<Start, "expect"> = { ...again, type: "start", program: next, attributes, reuse: reuseOf(how) };
  // On one that runs and stays, it is what that waits for.
  const event = { name: isReplaced ? ("a" as const) : ("b" as const), value: 1 };
  const operation: Operation =
    how === "restart"
      ? { ...again, type: "restart" }
      : { ...start, ...(hasEvent && { event }), expect: outcomeOf(how, runs, hasEvent) };
  const after: Operation[] = [];
  const staysWithoutA = !isReplaced && runs && takesA && !isGivenA;
  if (takesA && (how === "restart" || staysWithoutA)) after.push(raise("a", 1));
  if (runs && (how === "restart" || (!isReplaced && !hasEvent))) after.push(raise("b", 1));
  const root: Root = {
    id,
    program,
    delayMs: 0,
    attributes: { run: "first" },
    ...(takesA && isGivenA && { event: { name: "a", value: first } }),
    operations: [...before, operation, ...after],
  };
  return { root, expected: [{ id, program: isReplaced ? next : program, runs: isReplaced ? 2 : 1 }] };
}

function reuseOf(how: "restart" | NonNullable<Start["reuse"]>): NonNullable<Start["reuse"]> {
  return how === "restart" ? "terminate" : how;
}

function outcomeOf(how: NonNullable<Start["reuse"]>, runs: boolean, hasEvent: boolean): string {
  if (runs && (how === "replace" || how === "reject")) return hasEvent ? "OK" : "ALREADY_ACTIVE";
  return how === "reject" ? "ALREADY_EXISTS" : "OK";
}

/** One that has ended is rerun under another ID, once or twice. */
function rerun(random: Random, id: string): Part {
  const takesA = random.chance(0.4);
  const program = { ...programFrom(random, id, takesA ? [EVENT_A] : [], true), fails: random.chance(0.2) };
  const calls = program.steps.reduce((sum, step) => sum + (step.do === "all" ? step.of.length : 1), takesA ? -1 : 0);
  const to = `${id}-again`;
  const operations = Array.from({ length: random.of([1, 1, 2]) }, (_, n): Operation[] => {
    const sender = `${id} rerun ${n}`;
    const raise: Operation = { sender, to, type: "raise", name: "a", value: 1, afterMs: pause(random) };
    return [
      { sender, to: id, type: "await end", afterMs: 0 },
      { sender, to, type: "rerun", source: id, eventId: random.between(0, calls), afterMs: pause(random) },
      ...(takesA ? [raise] : []),
    ];
  });
  const event = takesA ? { event: { name: "a" as const, value: 1 } } : {};
  const root = { id, program, delayMs: 0, ...event, attributes: { run: "first" }, operations: operations.flat() };
  return {
    root,
    expected: [
      { id, program, runs: 1 },
      { id: to, program, runs: 1 },
    ],
  };
}

/** Nobody has the ID: two start it at once, each with an event that it waits for. */
function raisedAtOnce(random: Random, id: string): Part {
  const to = `${id}-both`;
  const program = programFrom(random, to, [EVENT_A, EVENT_B]);
  const operations = (["a", "b"] as const).map((name): Operation => {
    const reuse = random.of(["replace", "ignore", "reject"] as const);
    const event = { name, value: 1 };
    const afterMs = random.of([0, 0, random.below(50)]);
    return { sender: `${to} ${name}`, to, type: "start", program, reuse, event, expect: "OK", afterMs };
  });
  const root = { id, program: programFrom(random, id, []), delayMs: 0, operations };
  return { root, expected: [{ id: to, program, runs: 1 }] };
}

/** Several ask for the same ID at once: whoever comes last has it. */
function contended(random: Random, id: string): Part {
  const operations = Array.from({ length: random.between(2, 4) }, (_, n): Operation => {
    const asked = { sender: `${id} sender ${n}`, to: id, afterMs: pause(random) };
    const reuse = random.of([undefined, "terminate", "replace", "reject", "ignore"] as const);
    if (reuse === undefined) return { ...asked, type: "restart" };
    return { ...asked, type: "start", program: programFrom(random, `${id}-${n}`, []), reuse };
  });
  const program = programFrom(random, id, []);
  return { root: { id, program, delayMs: 0, operations }, expected: [] };
}

export const EVENT_A: Leaf = { do: "event", name: "a" };
const EVENT_B: Leaf = { do: "event", name: "b" };

/** Work, and one wait for each of these events. `isCounted`: each call is one of the history. */
export function programFrom(
  random: Random,
  id: string,
  events: readonly Leaf[],
  isCounted = false,
  depth = 1,
): Program {
  const leaf = (n: number): Leaf => {
    const kind = random.below(4);
    if (kind === 0) return { do: "timer", ms: random.of([1, 50, 1_000, 20_000]) };
    if (kind === 1 && depth > 0) {
      const program = programFrom(random, `${id}-${n}`, [], isCounted, depth - 1);
      return { do: "child", program, ...(random.chance(0.3) && { id: `${id}-${n}-child` }) };
    }
    return { do: "activity", value: random.below(100_000), ms: random.of([0, 10, 2_000, 20_000]), fails: 0 };
  };
  const steps = Array.from({ length: random.between(1, 3) }, (_, n): Step => {
    if (!isCounted && random.chance(0.1)) return { do: "patch" };
    if (random.chance(0.3)) return { do: "all", of: [leaf(10 * n + 10), leaf(10 * n + 11)] };
    return leaf(n);
  });
  for (const event of events) steps.splice(random.between(0, steps.length), 0, event);
  return { rounds: events.length === 0 && random.chance(0.15) ? 2 : 1, steps, fails: false };
}

export function pause(random: Random): number {
  return random.of([0, random.below(50), random.below(3_000), random.below(30_000)]);
}
