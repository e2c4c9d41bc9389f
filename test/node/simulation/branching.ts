/** Strands for programs: generators side by side, in one another, that call, wait, fail, lose and go on in whatever way. */
import type { Random } from "../random.ts";
import type { EventName, Leaf, Operation, Plan, Program, Root, Step, Strand } from "./plan.ts";

type Strands = Extract<Step, { do: "strands" }>;

/** Strands are in strands so deep. */
const DEPTH = 3;

/** What those who make a strand let it do. */
interface Place {
  /** Strands that it may make within one another. */
  readonly depth: number;
  /** Clients know of it, and raise what it waits for. */
  readonly mayWait: boolean;
  /** It comes to its end: a child that it has given an ID has ended when the ID is used again. */
  readonly isWhole: boolean;
  /** What fails is there to be rewound: nothing fails that could not be repaired. */
  readonly isStrict: boolean;
  /** In a child that whoever waits for it may leave behind: nobody rewinds what fails there. */
  readonly mayBeLeft?: boolean;
}

/** Puts strands into the programs of a plan, where these are what is wanted and no part of something else. */
export function withStrands(random: Random, plan: Plan): Plan {
  const isOther = plan.expected !== undefined || plan.maxConcurrentActivities !== undefined;
  // What is raised for one may come to another that has its ID, to none where it has failed, or be missing where its history is run again.
  const repeating = ["start", "restart", "rerun", "bulk", "rewind"];
  const mayWait = !plan.roots.some(({ operations }) => operations.some(({ type }) => repeating.includes(type)));
  return isOther ? plan : { ...plan, roots: plan.roots.map((root) => branchingRoot(random, root, mayWait)) };
}

function branchingRoot(random: Random, root: Root, mayWait: boolean): Root {
  const program = branching(random, root.id, root.program, mayWait);
  return { ...root, program, operations: [...root.operations, ...raisesFor(random, root.id, program)] };
}

/** `mayWait`: as in Place. */
function branching(random: Random, id: string, program: Program, mayWait: boolean): Program {
  const isStrict = program.isStrict === true;
  const steps = [...program.steps];
  for (let n = random.between(1, 2); n > 0; n--) {
    const place = { depth: random.between(1, DEPTH), mayWait, isWhole: true, isStrict };
    steps.splice(random.between(0, steps.length), 0, strandsFrom(random, `${id}-s${n}`, place));
  }
  const { updatesBranch = random.chance(0.5) } = program;
  if (program.rounds === 1 || isStrict || random.chance(0.5)) return { ...program, steps, updatesBranch };
  const last = strandsFrom(random, `${id}-s3`, { depth: 1, mayWait, isWhole: false, isStrict: true });
  const renewing = random.below(last.of.length);
  const of = last.of.map((strand, n) => ({ ...strand, ...(n === renewing && { renews: true }) }));
  return { ...program, steps: [...steps, { ...last, join: "all", of }], updatesBranch };
}

function strandsFrom(random: Random, id: string, place: Place): Strands {
  // A rewind takes back the answer at which the workflow has failed: that has to be the one that has failed.
  const heardAtOnce = ["all", "any", "lose"] as const;
  const join = random.of(
    place.isStrict ? heardAtOnce : ([...heardAtOnce, "all", "any", "await", "call off", "leave"] as const),
  );
  const ids = Array.from({ length: random.between(1, 3) }, (_, n) => `${id}.${n}`);
  // Where one may fail, the others end where they wait.
  const mayFail = !place.isStrict && random.chance(0.3);
  const isWhole = place.isWhole && (join === "await" || (join === "all" && !mayFail));
  const of = ids.map((one, n) => strandFrom(random, one, ids.slice(0, n), { ...place, isWhole }, mayFail));
  const work = (): Leaf => ({ do: "activity", value: random.below(1_000), ms: random.of([0, 10, 2_000]), fails: 0 });
  const besides = Array.from({ length: random.of([0, 0, 1, 2]) }, () => (random.chance(0.5) ? work() : timer(random)));
  return { do: "strands", id, join, of, ...(besides.length > 0 && { with: besides }) };
}

function strandFrom(random: Random, id: string, before: readonly string[], place: Place, mayFail: boolean): Strand {
  const steps = Array.from({ length: random.between(0, 3) }, (_, n) => stepFrom(random, `${id}.${n}`, before, place));
  const last = Array.from({ length: place.isStrict ? 0 : random.of([0, 0, 1, 1, 2]) }, () => {
    return random.chance(0.6) ? activity(random, true) : timer(random);
  });
  return {
    id,
    isAsync: random.chance(0.4),
    isNamed: random.chance(0.5),
    steps,
    finally: last,
    fails: mayFail && random.chance(0.5),
    isStubborn: random.chance(0.2),
  };
}

function stepFrom(random: Random, id: string, before: readonly string[], place: Place): Step {
  const { depth, mayWait, isStrict } = place;
  const kind = random.below(20);
  if (kind < 5) return activity(random, !isStrict);
  if (kind < 8) return timer(random);
  if (kind < 11 && mayWait) return { do: "event", name: random.chance(0.3) ? "shared" : `of ${id}` };
  if (kind === 11 && before.length > 0) return { do: "after", strand: random.of(before) };
  // What comes to a workflow that has failed is for nobody.
  if (kind === 12 && !isStrict) return { do: "self", value: random.below(100) };
  if (kind === 13) return random.of<Step>([{ do: "patch" }, { do: "versioned" }, asks(random)]);
  if (kind === 14) return { do: "detach", program: { rounds: 1, steps: [activity(random, false)], fails: false } };
  if (kind === 15) return childFrom(random, id, place);
  if (kind === 16) return { do: "all", of: [activity(random, false), timer(random)] };
  if (kind === 17) return { do: "any", of: [activity(random, false), timer(random)] };
  if (depth > 1) return strandsFrom(random, id, { ...place, depth: depth - 1 });
  if (!isStrict || !random.chance(0.5)) return activity(random, !isStrict);
  const value = random.below(1_000);
  return place.mayBeLeft === true ? { do: "activity", value, ms: 0, fails: 0 } : { do: "repaired", value };
}

function childFrom(random: Random, id: string, { isWhole, isStrict }: Place): Leaf {
  const place = { depth: 1, mayWait: false, isWhole: true, isStrict, mayBeLeft: !isWhole };
  const of = strandsFrom(random, `${id}-s`, place);
  const steps: Step[] = random.chance(0.5) ? [activity(random, !isStrict)] : [of, timer(random)];
  const fails = !isStrict && random.chance(0.1);
  return {
    do: "child",
    program: { rounds: 1, steps, fails, ...(isStrict && { isStrict }) },
    ...(isWhole && random.chance(0.3) && { id: `${id}-child` }),
  };
}

/** All at once: a strand that is ended in a pause would leave the child waiting. */
function asks(random: Random): Step {
  const values = Array.from({ length: random.between(0, 2) }, () => random.below(100));
  return { do: "asks", values, pauseMs: 0, cancels: random.chance(0.5) };
}

function activity(random: Random, mayFail: boolean): Leaf {
  const fails = mayFail && random.chance(0.3) ? random.between(1, 3) : 0;
  return { do: "activity", value: random.below(1_000), ms: random.of([0, 0, 10, 2_000]), fails };
}

function timer(random: Random): Leaf {
  return { do: "timer", ms: random.of([1, 50, 1_000, 60_000]) };
}

/** As many events of each name as strands wait for, whether or not they come to that. */
function raisesFor(random: Random, to: string, { steps, rounds }: Program): Operation[] {
  const names = steps.flatMap(eventsOf);
  return [...new Set(names)].flatMap((name) => {
    const count = names.filter((one) => one === name).length * rounds;
    return Array.from({ length: count }, (_, n): Operation => {
      const afterMs = random.of([0, 0, random.below(100), random.below(8_000)]);
      return { sender: `${to} ${name}`, to, type: "raise", name, value: n + 1, afterMs };
    });
  });
}

/** Those that strands of a step wait for. */
function eventsOf(step: Step): EventName[] {
  if (step.do !== "strands") return [];
  return step.of.flatMap(({ steps }) => steps.flatMap((one) => (one.do === "event" ? one.name : eventsOf(one))));
}
