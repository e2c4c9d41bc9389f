/** Bulk jobs among instances that run, end, are replaced and fail; begun twice, called off, and lost in the middle of it. */

import type { JobCall } from "../../../src/jobs/job.ts";
import { jobId } from "../../../src/model/ids.ts";
import type { Random } from "../random.ts";
import type { BulkTargets, Faults, Operation, Plan, Program, Root, Step } from "./plan.ts";
import { EVENT_A, pause, programFrom } from "./used-again.ts";

/** One after the other. What a rerun is made of has to stay what it is. */
const SERIES: readonly (readonly JobCall[])[] = [
  [{ operation: "terminate", output: '"by many"' }],
  [{ operation: "terminate" }, { operation: "purge" }],
  [{ operation: "terminate" }, { operation: "rerun" }],
  [{ operation: "cancel" }],
  [{ operation: "cancel" }, { operation: "restart" }],
  [{ operation: "pause" }, { operation: "resume" }],
  [{ operation: "purge" }],
  [{ operation: "purge", force: true }],
  [{ operation: "raise", eventName: "a", payload: "1" }],
  [{ operation: "raise", eventName: "a", payload: "1" }],
  [{ operation: "restart" }],
  [{ operation: "rerun" }],
];

export function targetsOf({ instanceIds, nobodies = 0 }: Exclude<BulkTargets, { filter: unknown }>): string[] {
  return [...instanceIds, ...Array.from({ length: nobodies }, (_, n) => job(1_000 + n))];
}

/** `rewound`: where somebody rewinds one by one what many are rewound of as well. */
export function bulk(random: Random, faults: Faults, rewound: Plan, hasCatalog: boolean): Plan {
  const isLate = random.chance(0.4);
  const shaken = isLate ? { ...faults, twiceLate: 0.3, latencyMs: 2_000, budget: faults.budget + 6 } : faults;
  if (random.chance(0.1)) return rewinding(random, shaken, rewound, hasCatalog);
  const calls = random.of(SERIES);
  const isRerun = calls.some(({ operation }) => operation === "rerun");
  const isRaise = calls[0]?.operation === "raise";
  const roots = Array.from({ length: random.between(2, 4) }, (_, n): Root => {
    const id = `root-${n}`;
    const made = programFrom(random, id, isRaise ? [EVENT_A] : []);
    // Of what has been terminated children may run still, whose IDs a rerun would call; and what is handed on may tell of them.
    const program = isRerun ? { ...unnamed(made), ...(calls.length > 1 && { rounds: 1 }) } : made;
    const attributes = { run: random.of(["first", "other"]) };
    const root = { id, program, delayMs: random.chance(0.1) ? pause(random) : 0, attributes };
    return { ...root, operations: isRerun || random.chance(0.6) ? [] : [anew(random, id)] };
  });
  const [first, ...others] = roots as [Root, ...Root[]];
  const operations = [...first.operations, ...jobsFrom(random, calls, roots, hasCatalog)];
  return {
    seed: random.below(2 ** 31),
    roots: [{ ...first, operations }, ...others],
    faults: shaken,
    encrypted: random.chance(0.2),
    deploys: random.chance(0.3) ? [{ atMs: random.below(8_000), code: random.of(["new", "old"]) }] : [],
  };
}

function rewinding(random: Random, faults: Faults, rewound: Plan, hasCatalog: boolean): Plan {
  const [root] = rewound.roots as [Root];
  const operations = [...root.operations, ...jobsFrom(random, [{ operation: "rewind" }], [root], hasCatalog)];
  return { ...rewound, faults, roots: [{ ...root, operations }] };
}

/** Another one takes the ID, before the job begins, or after. */
function anew(random: Random, id: string): Operation {
  const program = programFrom(random, `${id}-anew`, []);
  const reuse = random.of(["terminate", "terminate", "replace"] as const);
  const attributes = { run: "next" };
  return { sender: `${id} anew`, to: id, type: "start", program, reuse, attributes, afterMs: pause(random) };
}

function jobsFrom(random: Random, calls: readonly JobCall[], roots: readonly Root[], hasCatalog: boolean): Operation[] {
  const sender = "operator";
  const ids = roots.map(({ id }) => id);
  const operations: Operation[] = [];
  for (const [n, call] of calls.entries()) {
    const to = job(n);
    const targets = targetsFrom(random, call, ids, hasCatalog);
    const isLong = "nobodies" in targets;
    const rps = random.of(isLong ? [50, 1_000] : [1, 2, 50, 1_000]);
    const afterMs = n === 0 ? pause(random) : 0;
    operations.push({ sender, to, type: "bulk", call, targets, rps, afterMs });
    const soonMs = afterMs + random.of([20, random.below(200), random.below(3_000)]);
    if (n === 0 && random.chance(0.3))
      operations.push({ sender: `${sender} who calls off`, to, type: "cancel", afterMs: soonMs });
    operations.push({ sender, to, type: "await end", afterMs: 0 });
  }
  // What the job has not reached somebody reaches: later than any call of it that is still under way.
  const last = calls.at(-1)?.operation;
  for (const id of ids) {
    if (last === "resume") operations.push({ sender, to: id, type: "resume", afterMs: 5_000 });
    if (last === "raise") operations.push({ sender, to: id, type: "raise", name: "a", value: 1, afterMs: 5_000 });
  }
  return operations;
}

function targetsFrom(random: Random, { operation }: JobCall, ids: readonly string[], hasCatalog: boolean): BulkTargets {
  // Nobody knows which children there are to be resumed in the end.
  const isPause = operation === "pause" || operation === "resume";
  const all = isPause ? [] : [{}, { name: "program" }, { idPrefix: "root-" }];
  if (hasCatalog && random.chance(0.5)) return { filter: random.of([...all, { "attr.run": "first" }]) };
  const others = [
    ...(random.chance(0.3) ? ["nobody"] : []),
    ...(!isPause && random.chance(0.3) ? [`${ids[0]}:0001`] : []),
  ];
  const instanceIds = [...ids, ...others].sort(() => random.below(3) - 1);
  // More than a page: the job goes on in another execution.
  return random.chance(0.1) ? { instanceIds, nobodies: 200 } : { instanceIds };
}

function unnamed(program: Program): Program {
  const leaf = <S extends Step>(step: S): S => {
    if (step.do !== "child") return step;
    const { id, ...child } = step;
    return { ...child, program: unnamed(step.program) } as S;
  };
  const steps = program.steps.map((step) => (step.do === "all" ? { ...step, of: step.of.map(leaf) } : leaf(step)));
  return { ...program, steps };
}

function job(n: number): string {
  return jobId(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`);
}
