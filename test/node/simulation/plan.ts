/**
 * What a simulation does, as data: made from a seed, and small enough to be read, kept in a file and made smaller.
 */
import type { Reuse } from "../../../src/instance/protocol.ts";
import type { JobCall } from "../../../src/jobs/job.ts";
import type { RetentionPolicy } from "../../../src/model/retention.ts";
import type { AttributeChanges, SearchAttributes } from "../../../src/model/search-attributes.ts";
import { Random } from "../random.ts";
import { withStrands } from "./branching.ts";
import { bulk } from "./bulk.ts";
import { expiring } from "./expiring.ts";
import { type LimitsPlan, limitsFrom } from "./limits.ts";
import { type Expected, usedAgain } from "./used-again.ts";
import { type WebhooksPlan, webhooksFrom } from "./webhooks.ts";

/** What one `yield` of a program can wait for. Times are in milliseconds. */
export type Leaf =
  /** Fails as often before it succeeds; three attempts are made. */
  | { readonly do: "activity"; readonly value: number; readonly ms: number; readonly fails: number }
  | { readonly do: "timer"; readonly ms: number }
  | { readonly do: "event"; readonly name: EventName }
  | { readonly do: "child"; readonly program: Program; readonly id?: string }
  | { readonly do: "versioned" }
  /** An activity that fails until it has been repaired: see `Plan.repairedAtMs`. */
  | { readonly do: "repaired"; readonly value: number };

export type Step =
  | Leaf
  | { readonly do: "all"; readonly of: readonly Leaf[] }
  | { readonly do: "any"; readonly of: readonly Leaf[] }
  /** Sends an event to itself, and waits for it. */
  | { readonly do: "self"; readonly value: number }
  | { readonly do: "detach"; readonly program: Program }
  /** Does what the code of the day does here. */
  | { readonly do: "patch" }
  /** Sets search attributes, or takes them away. */
  | { readonly do: "attributes"; readonly set: AttributeChanges }
  /** Sends these to a child of its own, in a pause after the first perhaps, and cancels it, perhaps. */
  | {
      readonly do: "asks";
      readonly values: readonly number[];
      readonly pauseMs: number;
      readonly cancels: boolean;
      readonly id?: string;
    }
  /** Waits until so many updates have been taken. */
  | { readonly do: "updates"; readonly count: number }
  /**
   * Strands side by side, and calls beside them: joined by `whenAll` or `whenAny`; or they go on beside the calls, and then each is waited for,
   * or all but the first are called off, or they are left. `lose`: as `whenAny`, and each is waited for once more.
   */
  | {
      readonly do: "strands";
      readonly id: string;
      readonly join: "all" | "any" | "await" | "call off" | "leave" | "lose";
      readonly of: readonly Strand[];
      readonly with?: readonly Leaf[];
    }
  /** In a strand: waits until another one of the same step has come to its end. */
  | { readonly do: "after"; readonly strand: string };

/** A part of a program that runs side by side with others: a branch. */
export interface Strand {
  /** There is no other with it in the program; what it has made has it before its own. */
  readonly id: string;
  readonly isAsync: boolean;
  /** Its branch has a handle, and the ID as its name. */
  readonly isNamed: boolean;
  readonly steps: readonly Step[];
  /** What it does on its way out, whatever ends it. */
  readonly finally: readonly Leaf[];
  /** Throws in the end. */
  readonly fails: boolean;
  /** Goes on after a cancel. */
  readonly isStubborn: boolean;
  /** Continues as new in the end, as long as there are rounds to come. */
  readonly renews?: boolean;
}

/** `race` is waited for only beside something else; `shared` by several strands; the others by one strand each. */
export type EventName = "a" | "b" | "race" | "shared" | `of ${string}`;

export interface Program {
  /** How many executions: all but the last continue as new. */
  readonly rounds: number;
  readonly steps: readonly Step[];
  /** Throws in the end. */
  readonly fails: boolean;
  /** What fails is not caught: the workflow fails with it, and is there to be rewound. */
  readonly isStrict?: boolean;
  /** Its updates have branches. */
  readonly updatesBranch?: boolean;
}

/** What a client asks for, one after the other for each sender; `afterMs` is the pause before it. */
export type Operation = { readonly sender: string; readonly to: string; readonly afterMs: number } & (
  | { readonly type: "raise"; readonly name: EventName; readonly value: number }
  | { readonly type: "update"; readonly updateId: string }
  | { readonly type: "suspend" | "resume" | "terminate" | "cancel" | "purge" | "purge by force" | "describe" }
  /** As often as it takes: until the instance has completed. */
  | { readonly type: "rewind" }
  | { readonly type: "version"; readonly version: string }
  | { readonly type: "restart" | "await end" }
  /** Of the source, up to this call. */
  | { readonly type: "rerun"; readonly source: string; readonly eventId: number }
  /** A bulk job with the ID `to`, which is the reason that it gives, too. */
  | { readonly type: "bulk"; readonly call: JobCall; readonly targets: BulkTargets; readonly rps: number }
  /** Where there may be one. `expect`: the answer. */
  | {
      readonly type: "start";
      readonly program: Program;
      readonly reuse: Reuse;
      readonly event?: Raised;
      readonly attributes?: SearchAttributes;
      readonly retentionMs?: number | undefined;
      readonly expect?: string;
    }
);

/** `nobodies`: behind the others so many IDs that no instance can have. */
export type BulkTargets =
  | { readonly instanceIds: readonly string[]; readonly nobodies?: number }
  | { readonly filter: Readonly<Record<string, string>> };

/** What comes with a start. */
export interface Raised {
  readonly name: EventName;
  readonly value: number;
}

export interface Root {
  readonly id: string;
  readonly event?: Raised;
  readonly attributes?: SearchAttributes;
  readonly retentionMs?: number;
  readonly program: Program;
  /** The first turn waits for so long. */
  readonly delayMs: number;
  readonly operations: readonly Operation[];
}

/** How likely each fault is, where it can happen. */
export interface Faults {
  /** Of all together, but for those of time and order. */
  readonly budget: number;
  /** One object is lost; all are. */
  readonly crash: number;
  readonly crashAll: number;
  /** A statement fails, one that writes or one that reads. */
  readonly failWrite: number;
  /** Plans that were pinned before this have none. */
  readonly failRead?: number;
  /** A commit fails, and the object is lost with what it wrote. */
  readonly failCommit: number;
  /** Calls, of clients and of other instances. */
  readonly unreachable: number;
  readonly answerLost: number;
  readonly twice: number;
  readonly twiceLate: number;
  /** The alarm is lost together with the object: somebody has to ask after the instance. */
  readonly loseAlarm: number;
  readonly alarmShiftMs: number;
  readonly ringAgain: number;
  /** The clock of the machine jumps, by at most so much. */
  readonly skew: number;
  readonly skewMs: number;
  readonly latencyMs: number;
}

/** What befalls the shards of the catalog, and what is said to them and by them: it has a budget of its own. */
export interface CatalogPlan {
  readonly shards: number;
  /** Objects that begin a life before this time have code that knows of no catalog; 0: none has. */
  readonly sinceMs: number;
  /** Objects that begin a life after this time announce new instances to so many shards. */
  readonly reshard?: { readonly atMs: number; readonly shards: number };
  readonly confirm: "before-answer" | "background";
  readonly budget: number;
  /** A shard is lost; it cannot be reached for an hour. */
  readonly crash: number;
  readonly dark: number;
  readonly failWrite: number;
  readonly failRead: number;
  readonly failCommit: number;
  readonly unreachable: number;
  readonly answerLost: number;
  readonly twice: number;
  readonly twiceLate: number;
}

export interface Plan {
  /** Of the chance in the run. */
  readonly seed: number;
  readonly roots: readonly Root[];
  readonly faults: Faults;
  /** Whether payloads are encrypted. */
  readonly encrypted: boolean;
  /** Objects that begin a life after this time have these keys: what another one has encrypted they cannot read. */
  readonly keys?: readonly { readonly atMs: number; readonly ids: readonly string[] }[];
  /** How many activities of an instance run at a time; plans that were pinned before this leave it at the default. */
  readonly maxConcurrentActivities?: number;
  /** From here on nothing fails any more that had to be repaired. */
  readonly repairedAtMs?: number;
  /** The catalog; plans that were pinned before this have none. */
  readonly catalog?: CatalogPlan;
  /** Limits across instances; plans that were pinned before this have none. */
  readonly limits?: LimitsPlan;
  /** Those who are told of ends. */
  readonly webhooks?: WebhooksPlan;
  /** How long ended instances are kept, where their start has not said it. */
  readonly retention?: RetentionPolicy;
  /** Two watch each instance that a client starts. */
  readonly watched?: boolean;
  /** Of IDs that are used again. */
  readonly expected?: readonly Expected[];
  /** Objects that begin a life after this time have this code. */
  readonly deploys: readonly { readonly atMs: number; readonly code: "old" | "new" }[];
}

export function planFrom(seed: number): Plan {
  // Chosen by numbers of its own: every seed keeps the rest of its plan.
  const catalog = catalogFrom(new Random(seed ^ 0x5ca7a106));
  const again = new Random(seed ^ 0x0a9a1235);
  const many = new Random(seed ^ 0x0b01c0de);
  const plan = many.chance(0.05)
    ? bulk(many, faultsFrom(many), rewoundTree(many), catalog !== undefined)
    : many.chance(0.05)
      ? expiring(many, faultsFrom(many))
      : again.chance(0.07)
        ? usedAgain(again, faultsFrom(again))
        : askingFrom(new Random(seed ^ 0x0a5c1d5e), withoutCatalog(seed));
  const searched = new Random(seed ^ 0x0a77a1b5);
  const limits = limitsFrom(new Random(seed ^ 0x0c0c0a11));
  const webhooks = webhooksFrom(new Random(seed ^ 0x03eb3eb0));
  const whole: Plan = {
    ...plan,
    ...(plan.expected === undefined &&
      searched.chance(0.15) && { roots: plan.roots.map((r) => searchedFor(searched, r)) }),
    ...(catalog !== undefined && { catalog }),
    ...(limits !== undefined && { limits }),
    ...(webhooks !== undefined && { webhooks }),
    ...(new Random(seed ^ 0x03a7c4ed).chance(0.04) && { watched: true }),
  };
  const branching = new Random(seed ^ 0x0b4a9c4e);
  return branching.chance(0.3) ? withStrands(branching, whole) : whole;
}

/** Some ask something of children of their own. */
function askingFrom(random: Random, plan: Plan): Plan {
  if (!random.chance(0.2)) return plan;
  return { ...plan, roots: plan.roots.map((root) => ({ ...root, program: asking(random, root.program, root.id) })) };
}

/** `mayName`: what is detached in each round may run beside itself, and would use its children's IDs at the same time. */
function asking(random: Random, program: Program, id: string, mayName = true): Program {
  const steps = program.steps.map((step, n): Step => {
    if (step.do !== "child" && step.do !== "detach") return step;
    return { ...step, program: asking(random, step.program, `${id}-asks${n}`, mayName && step.do === "child") };
  });
  for (let n = random.between(1, 2); n > 0; n--) {
    const values = Array.from({ length: random.between(0, 3) }, () => random.below(100));
    const pauseMs = random.of([0, 0, 10, 2_000]);
    // The same ID twice: the child before has ended by then.
    const named = random.chance(0.5) && mayName ? { id: `${id}-asked` } : {};
    const step = { do: "asks", values, pauseMs, cancels: random.chance(0.5), ...named } as const;
    steps.splice(random.between(0, steps.length), 0, step);
  }
  return { ...program, steps };
}

/** With search attributes from the start, and others that its code sets and takes away, its children's too. */
function searchedFor(random: Random, root: Root): Root {
  const attributes = { run: "first", ...root.attributes, ...(random.chance(0.5) && { a: random.below(10) }) };
  return { ...root, attributes, program: settingAttributes(random, root.program) };
}

function settingAttributes(random: Random, program: Program): Program {
  const within = <S extends Step>(step: S): S =>
    step.do === "child" || step.do === "detach" ? { ...step, program: settingAttributes(random, step.program) } : step;
  const steps = program.steps.map(
    (step): Step => (step.do === "all" ? { ...step, of: step.of.map(within) } : within(step)),
  );
  for (let n = random.between(1, 3); n > 0; n--) {
    const value = random.of([null, random.below(10), "text", true, ["b", "c"]] as const);
    const set = { [random.of(["a", "b", "c"])]: value, ...(random.chance(0.2) && { b: null }) };
    steps.splice(random.between(0, steps.length), 0, { do: "attributes", set });
  }
  return { ...program, steps };
}

function catalogFrom(random: Random): CatalogPlan | undefined {
  if (random.chance(0.3)) return undefined;
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  const shards = random.between(1, 3);
  return {
    shards,
    sinceMs: random.chance(0.2) ? random.below(8_000) : 0,
    ...(random.chance(0.2) && { reshard: { atMs: random.below(8_000), shards: random.between(1, 3) } }),
    confirm: random.chance(0.7) ? "before-answer" : "background",
    budget: random.between(0, 12),
    crash: rate(0.05),
    dark: rate(0.02),
    failWrite: rate(0.05),
    failRead: rate(0.05),
    failCommit: rate(0.05),
    unreachable: rate(0.3),
    answerLost: rate(0.3),
    twice: rate(0.3),
    twiceLate: rate(0.3),
  };
}

function withoutCatalog(seed: number): Plan {
  // What came later is chosen by numbers of its own: every other seed keeps its plan.
  const later = new Random(~seed);
  if (later.chance(0.05)) return queuedBehindContinueAsNew(later);
  if (later.chance(0.05)) return purgedAsItReopens(later);
  if (later.chance(0.08)) return rewoundTree(later);
  const random = new Random(seed);
  if (random.chance(0.1)) return purgedTree(random);
  return random.chance(0.05) ? purgedAtItsEnd(random) : mixed(random);
}

/** The only place for an activity is held by one that nobody waits for any more, of an execution that has continued as new. */
function queuedBehindContinueAsNew(random: Random): Plan {
  const id = "root-0";
  const activity = (ms: number): Leaf => ({ do: "activity", value: random.below(1_000), ms, fails: 0 });
  const waited = random.of<Step>([activity(0), activity(10), { do: "all", of: [activity(0), activity(10)] }]);
  const left: Step = { do: "any", of: [activity(random.of([2_000, 60_000])), { do: "timer", ms: random.of([1, 50]) }] };
  const control = { sender: `${id} control`, to: id };
  const operations = random.of<Operation[]>([
    [],
    [],
    [{ ...control, type: "describe", afterMs: random.below(2_000) }],
    [{ ...control, type: random.of(["terminate", "cancel", "purge by force"]), afterMs: random.below(2_000) }],
  ]);
  const program = { rounds: random.between(2, 3), steps: [waited, left], fails: false };
  const deploys = random.chance(0.3) ? [{ atMs: random.below(2_000), code: "new" as const }] : [];
  return {
    seed: random.below(2 ** 31),
    roots: [{ id, program, delayMs: 0, operations }],
    faults: faultsFrom(random),
    encrypted: random.chance(0.2),
    maxConcurrentActivities: 1,
    deploys,
  };
}

/**
 * Purged by force while the first commit of a life that goes on with it goes to disk: what was decided is about to be done. Several
 * at once, because only one order of these steps of many is the one that is meant.
 */
function purgedAsItReopens(random: Random): Plan {
  const afterMs = random.between(50, 200);
  const activity = (): Leaf => ({ do: "activity", value: random.below(1_000), ms: random.of([0, 10]), fails: 0 });
  const roots = Array.from({ length: 4 }, (_, n): Root => {
    const id = `root-${n}`;
    const then = random.of<Step>([activity(), { do: "all", of: [activity(), activity()] }]);
    const program = { rounds: 1, steps: [{ do: "event", name: "a" } as const, then], fails: false };
    const operations: Operation[] = [
      { sender: `${id} a`, to: id, type: "raise", name: "a", value: 1, afterMs },
      { sender: `${id} control`, to: id, type: "purge by force", afterMs: afterMs + random.of([0, 0, 0, 1]) },
    ];
    return { id, program, delayMs: 0, operations };
  });
  return {
    seed: random.below(2 ** 31),
    roots,
    faults: { ...faultsFrom(random), latencyMs: random.of([0, 0, 2]) },
    encrypted: random.chance(0.3),
    deploys: [{ atMs: afterMs - random.between(20, 40), code: "old" }],
  };
}

/** A child that is purged by a client in the very moment in which it ends, often in the first turn of its object's life. */
function purgedAtItsEnd(random: Random): Plan {
  const id = "root-0";
  const child = `${id}-0-0-child`;
  const leaf: Program = { rounds: 1, steps: [{ do: "event", name: "a" }], fails: false };
  const steps: Step[] = [{ do: "child", program: leaf, id: child }];
  const afterMs = random.between(50, 200);
  const operations: Operation[] = [
    { sender: `${child} a`, to: child, type: "raise", name: "a", value: 1, afterMs },
    { sender: `${child} control`, to: child, type: "purge", afterMs: afterMs + random.of([0, 0, 0, 1, 2]) },
  ];
  const faults = { ...faultsFrom(random), latencyMs: random.of([0, 0, 2]) };
  const roots = [{ id, program: { rounds: 1, steps, fails: false }, delayMs: 0, operations }];
  const deploys = [{ atMs: afterMs - random.between(0, 30), code: "old" as const }];
  return { seed: random.below(2 ** 31), roots, faults, encrypted: random.chance(0.3), deploys };
}

/** A tree in which something is broken for a while: it fails, is rewound, fails again perhaps, and comes to its end. */
function rewoundTree(random: Random): Plan {
  const id = "root-0";
  const repairedAtMs = random.of([0, 500, 3_000, 20_000]);
  const program = treeFrom(random, id, 2);
  const control = { sender: `${id} control`, to: id };
  const operations: Operation[] = [{ ...control, type: "rewind", afterMs: pause(random) }];
  if (random.chance(0.3))
    operations.push({ ...control, sender: `${id} other`, type: "rewind", afterMs: pause(random) });
  if (random.chance(0.3))
    operations.push({
      sender: `${id} version`,
      to: `${id}:0001`,
      type: "version",
      version: "2",
      afterMs: pause(random),
    });
  if (random.chance(0.2))
    operations.push({ ...control, sender: `${id} who asks`, type: "describe", afterMs: pause(random) });
  const deploys = random.chance(0.4) ? [{ atMs: random.below(8_000), code: "new" as const }] : [];
  const faults = faultsFrom(random);
  return {
    seed: random.below(2 ** 31),
    roots: [{ id, program, delayMs: 0, operations }],
    faults,
    encrypted: random.chance(0.2),
    repairedAtMs,
    deploys,
  };
}

/** Steps of which one at least is to be repaired, here or further down. */
function treeFrom(random: Random, id: string, depth: number): Program {
  const work = (): Leaf => ({ do: "activity", value: random.below(1_000), ms: random.of([0, 10, 2_000]), fails: 0 });
  const broken = (n: number): Leaf => {
    if (depth === 0 || random.chance(0.4)) return { do: "repaired", value: random.below(1_000) };
    const named = random.chance(0.3) ? { id: `${id}-${n}-child` } : {};
    return { do: "child", program: treeFrom(random, `${id}-${n}`, depth - 1), ...named };
  };
  const other = (): Leaf =>
    random.of<() => Leaf>([
      work,
      () => ({ do: "timer", ms: random.of([50, 1_000, 60_000]) }),
      () => ({ do: "versioned" }),
    ])();
  const steps = Array.from({ length: random.between(1, 3) }, (_, n): Step => {
    if (random.chance(0.15)) return { do: "patch" };
    if (random.chance(0.3)) return other();
    if (random.chance(0.5)) return broken(n);
    return { do: "all", of: [broken(n), other(), ...(random.chance(0.5) ? [broken(n + 10)] : [])] };
  });
  if (depth === 2) steps.push(broken(9));
  return { rounds: random.chance(0.15) ? 2 : 1, steps, fails: false, isStrict: true };
}

/** A small tree that is purged while it comes into being, by objects that are often lost and calls that come late. */
function purgedTree(random: Random): Plan {
  const program = (...steps: Step[]): Program => ({ rounds: 1, steps, fails: false });
  const leaf = program(...(random.chance(0.5) ? [{ do: "timer", ms: 1_000 } as const] : []));
  const child = { do: "child", program: leaf } as const;
  const steps = random.of<Step[]>([
    [child],
    [child],
    [{ do: "child", program: program(child) }],
    [{ do: "detach", program: leaf }, child],
  ]);
  const id = "root-0";
  const purge = { sender: `${id} control`, to: id, type: "purge by force", afterMs: random.below(4_000) } as const;
  const rate = (most: number) => random.next() * most;
  const faults: Faults = {
    budget: random.between(2, 12),
    crash: rate(0.15),
    crashAll: rate(0.03),
    failWrite: 0,
    failCommit: rate(0.05),
    unreachable: rate(0.2),
    answerLost: rate(0.3),
    twice: rate(0.3),
    twiceLate: rate(0.5),
    loseAlarm: 0,
    alarmShiftMs: 0,
    ringAgain: 0,
    skew: 0,
    skewMs: 0,
    latencyMs: 2_000,
    failRead: 0,
  };
  const roots = [{ id, program: program(...steps), delayMs: 0, operations: [purge] }];
  return { seed: random.below(2 ** 31), roots, faults, encrypted: random.chance(0.2), deploys: [] };
}

function mixed(random: Random): Plan {
  const roots = Array.from({ length: random.between(1, 3) }, (_, n) => rootFrom(random, `root-${n}`));
  const deployedAtMs = Array.from({ length: random.of([0, 0, 1, 3]) }, () => random.between(0, 8_000));
  // The second of three is a rollback.
  const deploys = deployedAtMs
    .sort((a, b) => a - b)
    .map((atMs, n) => ({ atMs, code: n === 1 ? ("old" as const) : ("new" as const) }));
  const encrypted = random.chance(0.2);
  const keys = encrypted && random.chance(0.5) ? keysFrom(random) : [];
  return { seed: random.below(2 ** 31), roots, faults: faultsFrom(random), encrypted, keys, deploys };
}

/** A rotation in which the former key is forgotten at first. */
function keysFrom(random: Random): NonNullable<Plan["keys"]> {
  const atMs = random.between(0, 8_000);
  return [
    { atMs, ids: ["l"] },
    { atMs: atMs + pause(random), ids: ["l", "k"] },
  ];
}

function faultsFrom(random: Random): Faults {
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  return {
    budget: random.between(0, 12),
    crash: rate(0.05),
    crashAll: rate(0.02),
    failWrite: rate(0.03),
    failCommit: rate(0.05),
    unreachable: rate(0.2),
    answerLost: rate(0.2),
    twice: rate(0.3),
    twiceLate: rate(0.3),
    loseAlarm: rate(0.3),
    alarmShiftMs: random.of([0, 0, 50, 5_000]),
    ringAgain: rate(0.3),
    skew: rate(0.05),
    skewMs: random.of([5, 3_000]),
    latencyMs: random.of([0, 5, 2_000]),
    failRead: rate(0.03),
  };
}

function rootFrom(random: Random, id: string): Root {
  const program = programFrom(random, id, 2, true);
  const operations = raisesFor(random, id, program);
  const updates = program.steps.find((step) => step.do === "updates")?.count ?? (random.chance(0.3) ? 2 : 0);
  for (let n = 0; n < updates; n++)
    operations.push({
      sender: `${id} updates`,
      to: id,
      type: "update",
      updateId: `update-${n}`,
      afterMs: pause(random),
    });
  const control = { sender: `${id} control`, to: id };
  if (random.chance(0.3)) {
    operations.push({ ...control, type: "suspend", afterMs: pause(random) });
    operations.push({ ...control, type: "resume", afterMs: pause(random) });
  }
  if (random.chance(0.3)) operations.push({ ...control, type: "describe", afterMs: pause(random) });
  if (random.chance(0.3)) {
    const type = random.of(["terminate", "cancel", "purge", "purge by force"] as const);
    operations.push({ ...control, type, afterMs: pause(random) });
  }
  return { id, program, delayMs: random.chance(0.1) ? pause(random) : 0, operations };
}

function pause(random: Random): number {
  return random.of([0, 0, random.below(100), random.below(8_000)]);
}

/** `mayWait`: a client can know under which ID it is reached, and it is reached once. */
function programFrom(random: Random, id: string, depth: number, mayWait: boolean): Program {
  const rounds = random.chance(0.2) ? random.between(2, 3) : 1;
  const steps = Array.from({ length: random.between(1, 4) }, (_, n) =>
    stepFrom(random, `${id}-${n}`, depth, rounds, mayWait),
  );
  if (mayWait && depth === 2 && rounds === 1 && random.chance(0.15))
    steps.push({ do: "updates", count: random.between(1, 3) });
  return { rounds, steps, fails: random.chance(0.1) };
}

function stepFrom(random: Random, id: string, depth: number, rounds: number, mayWait: boolean): Step {
  const kind = random.below(20);
  const leaf = (n: number, inRace = false) => leafFrom(random, `${id}-${n}`, depth, rounds, mayWait, inRace);
  if (kind < 3) return { do: "all", of: whole(Array.from({ length: random.between(1, 4) }, (_, n) => leaf(n))) };
  if (kind < 5) return { do: "any", of: Array.from({ length: random.between(2, 3) }, (_, n) => leaf(n, true)) };
  if (kind === 5) return { do: "self", value: random.below(100) };
  if (kind === 6) return { do: "patch" };
  if (kind === 7 && depth > 0) return { do: "detach", program: programFrom(random, id, 0, false) };
  return leaf(0);
}

/**
 * One that fails would leave the others behind: what they take would be nobody's, and the ID of a parent whose child still runs is
 * not free. There is no model for that.
 */
function whole(leaves: readonly Leaf[]): readonly Leaf[] {
  if (leaves.every((leaf) => leaf.do === "activity" || leaf.do === "timer")) return leaves;
  return leaves.map((leaf) => {
    if (leaf.do === "activity") return { ...leaf, fails: 0 };
    return leaf.do === "child" ? { ...leaf, program: { ...leaf.program, fails: false } } : leaf;
  });
}

function leafFrom(random: Random, id: string, depth: number, rounds: number, mayWait: boolean, inRace: boolean): Leaf {
  const kind = random.below(inRace ? 6 : 11);
  if (kind < 2) {
    const ms = random.of([0, 0, 10, 2_000]);
    return {
      do: "activity",
      value: random.below(1_000),
      ms,
      fails: inRace || random.chance(0.7) ? 0 : random.between(1, 3),
    };
  }
  if (kind < 4) return { do: "timer", ms: random.of([1, 50, 1_000, 60_000]) };
  if (kind < 7 && mayWait) return { do: "event", name: inRace ? "race" : random.of(["a", "b"] as const) };
  if (kind === 7) return { do: "versioned" };
  if (kind > 7 && depth > 0) {
    const named = random.chance(0.4);
    const program = programFrom(random, id, depth - 1, mayWait && named && rounds === 1);
    // Not a name that a detached workflow gets of itself, which is its caller's with a number behind.
    return { do: "child", program, ...(named && { id: `${id}-child` }) };
  }
  return { do: "activity", value: random.below(1_000), ms: 0, fails: 0 };
}

/** As many events as the program and its named children wait for, in order, from a sender for each name. */
function raisesFor(random: Random, to: string, program: Program): Operation[] {
  const operations: Operation[] = [];
  const leaves = leavesOf(program);
  for (const name of ["a", "b", "race"] as const) {
    const count = leaves.filter((leaf) => leaf.do === "event" && leaf.name === name).length * program.rounds;
    for (let value = 1; value <= count; value++)
      operations.push({ sender: `${to} ${name}`, to, type: "raise", name, value, afterMs: pause(random) });
  }
  for (const leaf of leaves) {
    if (leaf.do !== "child" || leaf.id === undefined || program.rounds > 1) continue;
    operations.push(...raisesFor(random, leaf.id, leaf.program));
    // By somebody who waits for nothing but the child's end.
    const control = { sender: `${leaf.id} control`, to: leaf.id };
    const mayFail = program.steps.includes(leaf);
    if (random.chance(0.2)) operations.push({ ...control, type: "purge", afterMs: pause(random) });
    // By somebody who does not: the workflow gets a failure. In a whenAll that would leave the others behind.
    else if (mayFail && random.chance(0.25))
      operations.push({ ...control, type: "purge by force", afterMs: pause(random) });
  }
  return operations;
}

export function leavesOf({ steps }: Program): Leaf[] {
  return steps.flatMap((step): readonly Leaf[] => {
    if (step.do === "all" || step.do === "any") return step.of;
    return step.do === "self" ||
      step.do === "detach" ||
      step.do === "patch" ||
      step.do === "updates" ||
      step.do === "attributes" ||
      step.do === "asks" ||
      step.do === "strands" ||
      step.do === "after"
      ? []
      : [step];
  });
}
