// [V7] What the simulation checks of branches: each checker is shown a sound run, of which it says nothing, and the same one with one thing
// broken. And [V37], that the random workflows have what they are to have.
import { afterEach, describe, expect, it, vi } from "vitest";
import { BranchTask } from "../../../src/engine/branch-task.ts";
import { Branches } from "../../../src/engine/branches.ts";
import { Calls } from "../../../src/engine/calls.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { branchFaults, watchingReplays } from "./branch-field.ts";
import { faultsOfOutput } from "./model.ts";
import { type Leaf, leavesOf, type Plan, type Program, planFrom, type Step, type Strand } from "./plan.ts";
import type { Told } from "./program.ts";
import { simulate } from "./run.ts";
import { faultsOfTold, unheardOfCancel } from "./told.ts";

afterEach(() => void vi.restoreAllMocks());

type Strands = Extract<Step, { do: "strands" }>;

const work: Leaf = { do: "activity", value: 7, ms: 0, fails: 0 };
const hour: Leaf = { do: "timer", ms: 3_600_000 };
const program = (...steps: Step[]): Program => ({ rounds: 1, steps, fails: false });
const strand = (id: string, ...steps: Step[]): Strand => ({
  ...{ id, steps, finally: [], fails: false },
  ...{ isAsync: false, isNamed: false, isStubborn: false },
});
const forked = (join: Strands["join"], ...of: Strand[]): Strands => ({ do: "strands", id: "s", join, of });
const failing = (id: string, ...steps: Step[]): Strand => ({ ...strand(id, ...steps), fails: true });
const gave = (id: string, ...results: unknown[]) => ({ strand: id, results });

describe("[V7] the model of strands", () => {
  const both = [strand("s.0", work), strand("s.1", work, hour)];
  const [first, second] = [gave("s.0", 7), gave("s.1", 7, true)];
  const event: Leaf = { do: "event", name: "shared" };
  const rows: readonly [what: string, step: Strands, right: unknown, wrong: unknown, blamed?: string][] = [
    ["all: a result", forked("all", ...both), [first, second], [first, gave("s.1", 7, false)], "gave false"],
    ["all: one is missing", forked("all", ...both), [first, second], [first]],
    ["all: in another order", forked("all", ...both), [first, second], [second, first]],
    ["all: a step is missing", forked("all", ...both), [first, second], [first, gave("s.1", 7)]],
    [
      "all: one that was to fail has not",
      forked("all", ...both, failing("s.2")),
      "failed",
      [first, second, gave("s.2")],
    ],
    ["any: one of them", forked("any", ...both), [-1, second], [-1, gave("s.2", 7)]],
    ["any: what has failed", forked("any", ...both, failing("s.2")), [-1, "failed"], [-1, gave("s.2")]],
    ["any: nobody was to fail", forked("any", ...both), [-1, first], [-1, "failed"]],
    ["any: a call", { ...forked("any", ...both), with: [work] }, [0, 7], [0, 8]],
    ["leave: nobody is heard", forked("leave", ...both), [], [first]],
    ["await: all in the end", forked("await", ...both), [first, second], [first, "called off"]],
    ["call off: all but the first", forked("call off", ...both), [first, "called off"], ["called off", second]],
    ["call off: not in time", forked("call off", ...both), [first, second], [first, "failed"]],
    ["lose: all but one of them", forked("lose", ...both), ["called off", second], ["called off", "called off"]],
    ["lose: to a call", { ...forked("lose", ...both), with: [work] }, ["called off", "called off"], ["called off"]],
    ["in one another", forked("all", strand("s.0", forked("all", strand("t.0")))), [gave("s.0", [gave("t.0")])], [7]],
    ["after another", forked("all", strand("s.0", { do: "after", strand: "s.1" })), [gave("s.0", "after")], "after"],
    [
      "an event for two of them",
      forked("all", strand("s.0", event), strand("s.1", event)),
      [gave("s.0", 2), gave("s.1", 1)],
      [gave("s.0", 1), gave("s.1", 1)],
      "events shared came as 1,1",
    ],
  ];

  it.each(rows)("[V7.14] %s", (_what, step, right, wrong, blamed = "gave") => {
    const faultsWith = (result: unknown) => faultsOfOutput(program(step), { results: [result], updates: [] });
    expect(faultsWith(right)).toEqual([]);
    expect(faultsWith(wrong)).toContainEqual(expect.stringContaining(blamed));
  });

  it("[V7.14] a round that a strand was to end, and the events of one strand over all rounds", () => {
    const own: Leaf = { do: "event", name: "of s.0.0" };
    const renewing = { ...strand("s.1", work), renews: true };
    const whole: Program = { ...program(forked("all", strand("s.0", own), renewing)), rounds: 2 };
    const last = (value: number) => [gave("s.0", value), gave("s.1", 7)];
    const faultsWith = (...results: unknown[]) => faultsOfOutput(whole, { results, updates: [] });
    expect(faultsWith("renewed", last(2))).toEqual([]);
    expect(faultsWith(last(1), last(2))).toEqual([expect.stringMatching(/ gave /)]);
    const twice = { ...program(forked("all", strand("s.0", own))), rounds: 2 };
    const results = [[gave("s.0", 3)], [gave("s.0", 3)]];
    expect(faultsOfOutput(twice, { results, updates: [] })).toEqual(["events of s.0.0 came as 3,3"]);
  });
});

describe("[V7] what strands tell", () => {
  const nested = strand("s.1", { ...forked("all", strand("s.1.0.0", work)), id: "s.1.0" });
  const whole = program(forked("any", strand("s.0", work), nested));
  const told: Told = [
    ...["begin s.0", "step s.0 0", "begin s.1", "step s.1 0", "begin s.1.0.0", "step s.1.0.0 0"],
    ...["end s.0", "out s.0", "over s.0", "out s.1", "over s.1", "out s.1.0.0", "over s.1.0.0", "join s"],
  ];
  const rows: readonly [what: string, lines: Told, says: string][] = [
    ["a finally that runs twice", [...told, "out s.1"], "it is told twice: out s.1"],
    ["a loser that goes on", [...told, "step s.1 1"], "step s.1 1 comes behind its end"],
    ["a loser's own strand that goes on", [...told, "step s.1.0.0 1"], "step s.1.0.0 1 comes behind its end"],
    [
      "a loser that begins too late",
      [...told.filter((line) => !line.includes(" s.1")), "begin s.1"],
      "begin s.1 comes behind its end",
    ],
    [
      "a loser that stays",
      told.filter((line) => !/(out|over) s\.1$/.test(line)),
      "s.1 is not on its way out, and nobody waits for it any more",
    ],
    ["a step behind its own end", told.toSpliced(9, 0, "step s.0 1"), "step s.0 1 comes behind its way out"],
    [
      "a way out of what has not begun",
      told.filter((line) => line !== "begin s.0"),
      "s.0 is on its way out and has not begun",
    ],
    ["an end without a way out", told.filter((line) => line !== "out s.0"), "s.0 is over and was not on its way out"],
  ];

  it.each(rows)("[V7.15] %s", (_what, lines, says) => {
    expect(faultsOfTold(whole, [told, told])).toEqual([]);
    expect(faultsOfTold(whole, [told, lines])).toContain(says);
  });

  it("[V7.15] one that was called off by its handle goes on; after a cancel each may", () => {
    const lines: Told = ["begin s.0", "step s.0 0", "step s.0 1", "off s.0"];
    const handles = program(forked("call off", strand("s.0", work, work, work)));
    expect(faultsOfTold(handles, [lines])).toEqual([]);
    expect(faultsOfTold(handles, [[...lines, "step s.0 2"]])).toEqual(["step s.0 2 comes behind its end"]);
    expect(faultsOfTold(handles, [[...lines, "cancel s.0", "step s.0 2"]])).toEqual([]);
  });

  it("[V7.15] what a winner has made goes on without it, and what a loser has made does not", () => {
    expect(faultsOfTold(whole, [[...told.filter((line) => !line.includes("s.1.0.0")), "begin s.1.0.0"]])).not.toEqual(
      [],
    );
    const won = ["begin s.1", "step s.1 0", "end s.1", "out s.1", "over s.1", "join s", "begin s.1.0.0"];
    expect(faultsOfTold(whole, [won])).toEqual([]);
  });

  it("[V7.16] an open strand that does not hear of a cancel", () => {
    const open = ["begin s.0", "begin s.1", "begin s.2", "out s.1", "cancel s.0"];
    expect(unheardOfCancel(open)).toEqual(["the cancel was not thrown into s.2"]);
    expect(unheardOfCancel([...open, "cancel s.2"])).toEqual([]);
  });
});

describe("[V7] of which branch a call is", () => {
  const call = (id: number, strand: string | undefined, branch: string | undefined, more = {}): HistoryEvent => ({
    ...{ type: "TaskScheduled", timestampMs: 1, id, name: "work", input: JSON.stringify({ value: 1, strand }) },
    ...(branch !== undefined && { branch }),
    ...more,
  });
  const pause = (id: number, firstId: number, branch: string | undefined): HistoryEvent => ({
    ...{ type: "TimerCreated", timestampMs: 1, id, fireAtMs: 2, firstId },
    ...(branch !== undefined && { branch }),
  });
  const sound = [
    call(1, undefined, undefined),
    call(2, "s.0", "branch-1"),
    pause(3, 2, "branch-1"),
    call(4, "s.0", "branch-1", { firstId: 2 }),
  ];
  const rows: readonly [what: string, events: HistoryEvent[], says: string][] = [
    [
      "the workflow's own",
      [call(1, undefined, "branch-1")],
      "TaskScheduled 1 is of the branch branch-1, and the workflow's own code has made it",
    ],
    [
      "a strand's",
      [call(5, "s.1", undefined)],
      "TaskScheduled 5 is of the branch undefined, and s.1 has made it, which is undefined",
    ],
    [
      "another's",
      [...sound, call(5, "s.0", "branch-2")],
      "TaskScheduled 5 is of the branch branch-2, and s.0 has made it, which is branch-1",
    ],
    [
      "one of another name",
      [...sound, call(5, "s.2", "s.3")],
      "TaskScheduled 5 is of the branch s.3, which s.2 is not named",
    ],
    [
      "two strands'",
      [...sound, call(5, "s.1", "branch-1")],
      "TaskScheduled 5 is of the branch branch-1, and so is s.0, not s.1 alone",
    ],
    ["a pause's", [...sound, pause(5, 2, undefined)], "TimerCreated 5 is of the branch undefined, and 2 of branch-1"],
  ];

  it.each(rows)("[V7.17] %s", (_what, events, says) => {
    expect(branchFaults(sound)).toEqual([]);
    expect(branchFaults(events)).toEqual([says]);
  });

  it("[V7.18] each replay is watched, and nothing behind it", async () => {
    const confirmed = (branch: string | undefined, of: string | undefined) => {
      const watch = { currentTimeMs: 0, branch: of, instanceId: "i" } as never;
      const calls = new Calls(watch);
      calls.ask(undefined, (id) => ({ type: "ScheduleActivity", id, name: "work", input: undefined }));
      const event = { type: "TaskScheduled", id: 1, name: "work", ...(branch !== undefined && { branch }) } as const;
      return calls.confirm(event, 1);
    };
    const faults: string[] = [];
    await watchingReplays(
      (fault) => faults.push(fault),
      async () => {
        for (const branch of [undefined, "b"]) expect(confirmed(branch, branch)).toBeUndefined();
        expect(faults).toEqual([]);
        expect(confirmed("b", undefined)).toBeUndefined();
      },
    );
    expect(faults).toEqual(["TaskScheduled 1 is of the branch b, and in a replay of undefined"]);
    confirmed("b", undefined);
    expect(faults).toHaveLength(1);
  });
});

describe("[V7] a simulation of strands", () => {
  const planOf = (of: Program, operations: Plan["roots"][number]["operations"] = []): Plan => ({
    ...planFrom(1),
    ...{ catalog: undefined as never, seed: 1, deploys: [], encrypted: false },
    roots: [{ id: "a", program: of, delayMs: 0, operations }],
  });
  const loser: Strand = { ...strand("s.1", { ...work, ms: 10 }, hour), finally: [work] };
  const raced = program(forked("any", strand("s.0", { ...work, ms: 2_000 }), loser), work);

  const cancel = { sender: "client", to: "a", type: "cancel", afterMs: 100 } as const;

  /** What is broken, a plan that shows it, and which checker says so. */
  const rows: readonly [what: string, plan: Plan, spoil: () => void, says: RegExp][] = [
    [
      "a loser that is not ended",
      planOf(raced),
      () => vi.spyOn(BranchTask.prototype, "endWith").mockReturnValue(false),
      /^a: s\.1 is not on its way out, and nobody waits for it any more$/,
    ],
    [
      "a cancel that is not thrown into branches",
      planOf(program(forked("all", strand("s.0", hour))), [cancel]),
      () => vi.spyOn(Branches.prototype, "cancel").mockResolvedValue(),
      /^a: the cancel was not thrown into s\.0$/,
    ],
    [
      "a call of another branch",
      planOf(raced),
      () => askAs((id, branch) => (id === 1 ? undefined : branch)),
      /^a: TaskScheduled 1 is of the branch undefined, and s\.0 has made it/,
    ],
    [
      "a call of another branch in replays",
      planOf(raced),
      () => {
        let first: Calls | undefined;
        askAs((_id, branch, calls) => {
          first ??= calls;
          return calls === first ? branch : branch && "another";
        });
      },
      /^TaskScheduled 1 is of the branch branch-1, and in a replay of another$/,
    ],
  ];

  function askAs(branchOf: (id: number, branch: string | undefined, calls: Calls) => string | undefined): void {
    const { ask } = Calls.prototype;
    vi.spyOn(Calls.prototype, "ask").mockImplementation(function (this: Calls, answered, action, branch) {
      const id = ask.call(this, answered, action, branch);
      const call = this.actions.get(id);
      if (call !== undefined && "branch" in call)
        this.actions.set(id, { ...call, branch: branchOf(id, call.branch, this) });
      return id;
    });
  }

  it.each(rows)("[V7.19] %s", async (_what, plan, spoil, says) => {
    expect((await simulate(plan)).violations).toEqual([]);
    spoil();
    expect((await simulate(plan)).violations).toContainEqual(expect.stringMatching(says));
  });
});

describe("[V37] the random workflows have branches", () => {
  const plans = Array.from({ length: 1_000 }, (_, n) => planFrom(n + 1));
  const operations = plans.flatMap(({ roots }) => roots.flatMap((root) => root.operations));
  const programs = plans.flatMap(({ roots }) => roots.flatMap(({ program }) => [program, ...childrenOf(program)]));
  const forks = programs.flatMap(({ steps }) => steps.flatMap((step) => forksOf(step, 1)));
  const strands = forks.flatMap(({ fork }) => fork.of);

  it("[V37.1] joined in every way, alone and beside calls, three deep", () => {
    expect(new Set(forks.map(({ fork }) => fork.join))).toEqual(
      new Set(["all", "any", "await", "call off", "leave", "lose"]),
    );
    expect(new Set(forks.map(({ depth }) => depth))).toEqual(new Set([1, 2, 3]));
    expect(new Set(forks.map(({ fork }) => fork.with?.map(({ do: what }) => what).join() ?? ""))).toContain(
      "activity,timer",
    );
  });

  it("[V37.2] of either kind, named and not, that fail, go on after a cancel, continue as new, and call and wait on their way out", () => {
    for (const flag of ["isAsync", "isNamed", "fails", "isStubborn"] as const)
      expect(new Set(strands.map((one) => one[flag]))).toEqual(new Set([true, false]));
    expect(strands.filter(({ renews }) => renews)).not.toEqual([]);
    expect(new Set(strands.flatMap((one) => one.finally.map(({ do: what }) => what)))).toEqual(
      new Set(["activity", "timer"]),
    );
  });

  it("[V37.3] with calls and waits of every kind: retries, events of their own and shared, conditions, one-way calls, children", () => {
    const steps = strands.flatMap((one) => one.steps);
    expect(new Set(steps.map((step) => step.do))).toEqual(
      new Set([
        "activity",
        "timer",
        "event",
        "after",
        "self",
        "patch",
        "versioned",
        "asks",
        "detach",
        "child",
        "all",
        "any",
        "strands",
        "repaired",
      ]),
    );
    expect(new Set(steps.flatMap((step) => (step.do === "activity" ? step.fails : [])))).toEqual(new Set([0, 1, 2, 3]));
    expect(steps.filter((step) => step.do === "event" && step.name === "shared").length).toBeGreaterThan(10);
    expect(steps.filter((step) => step.do === "child" && step.id !== undefined)).not.toEqual([]);
  });

  it("[V37.4] in trees that are rewound, in rounds, beside updates that have branches, and canceled from outside", () => {
    const branching = plans.filter(({ roots }) => roots.some(({ program }) => program.steps.some(isForked)));
    expect(branching.length).toBeGreaterThan(200);
    expect(programs.filter(({ steps, isStrict }) => isStrict && steps.some(isForked)).length).toBeGreaterThan(10);
    expect(programs.filter(({ steps, rounds }) => rounds > 1 && steps.some(isForked)).length).toBeGreaterThan(10);
    expect(programs.filter(({ updatesBranch }) => updatesBranch).length).toBeGreaterThan(10);
    expect(operations.filter(({ type, to }) => type === "cancel" && branchingRoots().has(to)).length).toBeGreaterThan(
      10,
    );
  });

  function branchingRoots(): Set<string> {
    return new Set(
      plans.flatMap(({ roots }) => roots.flatMap(({ id, program }) => (program.steps.some(isForked) ? id : []))),
    );
  }
});

function isForked(step: Step): boolean {
  return step.do === "strands";
}

function forksOf(step: Step, depth: number): { fork: Strands; depth: number }[] {
  if (step.do !== "strands") return [];
  return [{ fork: step, depth }, ...step.of.flatMap(({ steps }) => steps.flatMap((one) => forksOf(one, depth + 1)))];
}

function childrenOf(program: Program): Program[] {
  return leavesOf(program).flatMap((leaf) => (leaf.do === "child" ? [leaf.program, ...childrenOf(leaf.program)] : []));
}
